//! The URLs of listeners: the base of those in certificates, at which others reach the HTTP listener, and those that
//! people are told.

use std::net::SocketAddr;

use rustls::pki_types::DnsName;
use tracing::{info, warn};

/// The base of the URLs for a listener at that address, without a slash at its end. If the address means every
/// interface, the log says what is used instead. None if the host name cannot be used for it.
pub(crate) fn of_listener(address: SocketAddr) -> Option<String> {
    let host_name = hostname::get().ok().and_then(|name| name.into_string().ok());
    let url = base_url(address, host_name.as_deref());
    if is_wildcard(address) {
        match &url {
            Some(url) => info!(
                "the HTTP listener is on every interface, so the URLs in certificates begin with this machine's host name: \
                 {url} (--http-url sets another)"
            ),
            None => warn!(
                "the HTTP listener is on every interface, and this machine's host name cannot stand in a URL, so certificates \
                 hold no URLs (--http-url sets one)"
            ),
        }
    }
    url
}

/// Other machines cannot connect to an address that means every interface, so the host name is used instead, if it is a
/// DNS name.
fn base_url(address: SocketAddr, host_name: Option<&str>) -> Option<String> {
    if !is_wildcard(address) {
        return Some(format!("http://{address}"));
    }
    let host_name = DnsName::try_from(host_name?).ok()?;
    Some(format!("http://{}:{}", host_name.as_ref(), address.port()))
}

/// The URL of a listener for somebody who reaches this machine by that host, which takes the place of an address that
/// means every interface.
pub(crate) fn url(scheme: &str, address: SocketAddr, host: &str) -> String {
    match is_wildcard(address) {
        true => format!("{scheme}://{host}:{}", address.port()),
        false => format!("{scheme}://{address}"),
    }
}

fn is_wildcard(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_whoever_asks_stands_for_every_interface() {
        for (address, host, expected) in [
            ("127.0.0.1:8443", "ci", "https://127.0.0.1:8443"),
            ("[::1]:1", "ci", "https://[::1]:1"),
            ("0.0.0.0:8443", "ci", "https://ci:8443"),
            ("[::]:8443", "[::1]", "https://[::1]:8443"),
        ] {
            assert_eq!(
                url("https", address.parse().unwrap(), host),
                expected,
                "{address} {host}"
            );
        }
    }

    #[test]
    fn only_a_wildcard_address_is_replaced_by_the_host_name() {
        for (address, host_name, expected) in [
            ("127.0.0.1:8080", Some("box"), Some("http://127.0.0.1:8080")),
            ("[::1]:8080", Some("box"), Some("http://[::1]:8080")),
            ("10.1.2.3:80", None, Some("http://10.1.2.3:80")),
            ("0.0.0.0:8080", Some("box"), Some("http://box:8080")),
            (
                "[::]:8080",
                Some("box.example.com"),
                Some("http://box.example.com:8080"),
            ),
            ("[::ffff:0.0.0.0]:8080", Some("box"), Some("http://box:8080")),
            ("0.0.0.0:8080", Some("(none)"), None),
            ("0.0.0.0:8080", Some("a/b"), None),
            ("0.0.0.0:8080", Some(""), None),
            ("0.0.0.0:8080", None, None),
        ] {
            let address = address.parse().expect("it is an address");
            let url = base_url(address, host_name);
            assert_eq!(url.as_deref(), expected, "{address} {host_name:?}");
        }
    }
}
