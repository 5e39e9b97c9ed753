//! A URL of HTTP or HTTPS to which requests can be sent.

use std::net::Ipv6Addr;
use std::sync::Arc;

/// A URL to which requests can be sent: `http://` or `https://`, without credentials and without a fragment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HttpUrl {
    text: Arc<str>,
    authority_end: usize,
    port: u16,
}

impl HttpUrl {
    /// The most bytes of a URL.
    pub const MAX: usize = 2000;

    const HTTP: &'static str = "http://";
    const HTTPS: &'static str = "https://";

    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, HttpUrlError> {
        let scheme = [Self::HTTP, Self::HTTPS]
            .into_iter()
            .find(|scheme| text.starts_with(scheme))
            .ok_or(HttpUrlError::Form)?;
        if text.len() > Self::MAX {
            return Err(HttpUrlError::Length);
        }
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !br##""#<>\^`{|}"##.contains(&byte);
        if !text.bytes().all(is_plain) {
            return Err(HttpUrlError::Characters);
        }
        let rest = &text[scheme.len()..];
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(HttpUrlError::Credentials);
        }
        let default_port = if scheme == Self::HTTPS { 443 } else { 80 };
        let (host, port) = split_port(authority);
        let port = port.map_or(Some(default_port), read_port).ok_or(HttpUrlError::Form)?;
        is_host(host).then_some(()).ok_or(HttpUrlError::Form)?;
        Ok(Self {
            text: text.into(),
            authority_end: scheme.len() + authority.len(),
            port,
        })
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is an `https://` URL.
    pub fn is_https(&self) -> bool {
        self.text.starts_with(Self::HTTPS)
    }

    /// The host and the port as they were written: the header `Host`.
    pub fn authority(&self) -> &str {
        let start = if self.is_https() { Self::HTTPS } else { Self::HTTP }.len();
        &self.text[start..self.authority_end]
    }

    /// The host: a name or an IP address, this without brackets.
    pub fn host(&self) -> &str {
        let (host, _) = split_port(self.authority());
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path and the query, from the slash on.
    pub fn path_and_query(&self) -> String {
        match &self.text[self.authority_end..] {
            path if path.starts_with('/') => path.to_owned(),
            query => format!("/{query}"),
        }
    }

    /// The URL without its query, in which there may be a secret.
    pub fn without_query(&self) -> &str {
        self.text.split('?').next().unwrap_or_default()
    }
}

/// Why a text is no such URL. The text itself is not kept, as it may contain credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HttpUrlError {
    /// It has another scheme, or no host, or a port that is none.
    Form,
    /// It has more than [`HttpUrl::MAX`] bytes.
    Length,
    /// It has characters that a URL is not written with, or a fragment.
    Characters,
    /// It has credentials.
    Credentials,
}

/// Takes `HOST` or `HOST:PORT` apart, as it stands in a URL and in the header `Host`: an IPv6 address is in brackets, and
/// keeps them. Neither part is checked.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let address_end = authority.find(']').map_or(0, |end| end + 1);
    match authority[address_end..].rsplit_once(':') {
        None => (authority, None),
        Some((host, port)) => (&authority[..address_end + host.len()], Some(port)),
    }
}

fn read_port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port != 0)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=253).contains(&host.len()) && host.bytes().all(is_of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_its_port_are_taken_apart() {
        for (text, host, port) in [
            ("a.local", "a.local", None),
            ("a.local:80", "a.local", Some("80")),
            ("a:80:81", "a:80", Some("81")),
            ("[::1]", "[::1]", None),
            ("[::1]:80", "[::1]", Some("80")),
            ("[::1]x:80", "[::1]x", Some("80")),
            ("a:", "a", Some("")),
            ("", "", None),
        ] {
            assert_eq!(split_port(text), (host, port), "{text}");
        }
    }

    #[test]
    fn a_url_is_taken_apart() {
        for (text, host, port, path) in [
            ("http://127.0.0.1:9000/push", "127.0.0.1", 9000, "/push"),
            ("https://a.local", "a.local", 443, "/"),
            ("http://a.local?x=1", "a.local", 80, "/?x=1"),
            ("http://[::1]/p?x=%20", "::1", 80, "/p?x=%20"),
            ("http://[::1]:81/", "::1", 81, "/"),
        ] {
            let url = HttpUrl::parse(text).unwrap();
            assert_eq!(
                (url.host(), url.port(), &*url.path_and_query()),
                (host, port, path),
                "{text}"
            );
            assert_eq!(url.is_https(), text.starts_with("https"));
            assert!(text.contains(url.authority()) && url.authority().contains(host));
            assert!(!url.without_query().contains('?'));
        }
        let long = format!("http://a/{}", "x".repeat(HttpUrl::MAX));
        for text in [
            "",
            "a.local",
            "ftp://a.local/",
            "file:///etc/passwd",
            "HTTP://a/",
            "http://",
            "http:///p",
            "http://:80/",
            "http://user:secret@a/",
            "http://a:0/",
            "http://a:65536/",
            "http://a:+1/",
            "http://a:80:80/",
            "http://[::1/",
            "http://[::g]/",
            "http://[::1]x/",
            "http://a/ b",
            "http://a/\r\nHost: b",
            "http://a/#f",
            "http://ä/",
            &long,
        ] {
            assert!(HttpUrl::parse(text).is_err(), "{text}");
        }
        assert_eq!(HttpUrl::parse("http://u:secret@a/"), Err(HttpUrlError::Credentials));
    }
}
