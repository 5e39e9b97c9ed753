//! Why an emulator did not start.

use std::io;
use std::net::SocketAddr;

use thiserror::Error;

use crate::api::protocol::assumption::AssumptionError;
use crate::model::FixturesError;
use crate::sandbox::state_file::StateError;

/// Why an emulator did not start, in one line for the person who started it.
#[derive(Debug, Error)]
pub enum StartError {
    /// Every listener was turned off.
    #[error("every listener is off, so there is nothing to serve (--https, --http, --control)")]
    AllOff,
    /// The fixtures are invalid.
    #[error("bad fixtures: {0}")]
    Fixtures(#[from] FixturesError),
    /// The saved state cannot be loaded.
    #[error("saved state: {0}")]
    State(#[from] StateError),
    /// The state file cannot be written.
    #[error("cannot save the state: {0} (--state)")]
    StateFile(String),
    /// The token of the control API cannot be used.
    #[error("the token of the control API: {0} (--control-token, --control-token-file)")]
    ControlToken(String),
    /// A name for the control listener is not a host name.
    #[error("{0} (--control-host)")]
    ControlHost(String),
    /// There is no assumption of that name, or it does not accept the value.
    #[error(transparent)]
    Assumption(#[from] AssumptionError),
    /// A file of the certificate authority cannot be used.
    #[error("{0}")]
    Ca(String),
    /// The base of the URLs in certificates is not a URL.
    #[error("`{0}` cannot begin the URLs in certificates; give one such as http://sectigo-emulator:8080 (--http-url)")]
    HttpUrl(String),
    /// The runtime or its threads cannot be started.
    #[error("cannot make a runtime: {0}")]
    Runtime(io::Error),
    /// The certificate of the HTTPS listener cannot be made or read.
    #[error("{0}")]
    Tls(String),
    /// The certificates that receivers of pushes are trusted by cannot be used.
    #[error("{0} (--push-ca)")]
    PushCa(String),
    /// Two listeners were given one address.
    #[error("--{first} and --{second} name one address, {address}: give each its own; port 0 takes a free port")]
    SameAddress {
        /// One of them: `https` or `http`.
        first: &'static str,
        /// The other one: `http` or `control`.
        second: &'static str,
        /// The address.
        address: SocketAddr,
    },
    /// Listeners cannot be bound: each that cannot.
    #[error("{}", cannot_listen(.0))]
    Bind(Vec<Unbound>),
}

/// A listener that cannot be bound.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unbound {
    /// Which one: `https`, `http` or `control`.
    pub listener: &'static str,
    /// Its address.
    pub address: SocketAddr,
    /// The error of the system.
    pub source: io::Error,
}

impl StartError {
    /// The options that it names, without their dashes.
    #[cfg(feature = "cli")]
    pub(crate) fn options(&self) -> Vec<&'static str> {
        match self {
            Self::AllOff => vec!["https", "http", "control"],
            Self::Fixtures(error) | Self::State(StateError::Bad(error)) => error.option.into_iter().collect(),
            Self::StateFile(_) => vec!["state"],
            Self::ControlToken(_) => vec!["control-token", "control-token-file"],
            Self::ControlHost(_) => vec!["control-host"],
            Self::HttpUrl(_) => vec!["http-url"],
            Self::PushCa(_) => vec!["push-ca"],
            Self::SameAddress { first, second, .. } => vec![first, second],
            Self::Bind(unbound) => unbound.iter().map(|unbound| unbound.listener).collect(),
            Self::State(StateError::Unreadable { .. } | StateError::Empty { .. })
            | Self::Assumption(_)
            | Self::Ca(_)
            | Self::Runtime(_)
            | Self::Tls(_) => Vec::new(),
        }
    }
}

/// Which listeners cannot be bound, and why, each reason and advice once.
fn cannot_listen(unbound: &[Unbound]) -> String {
    let groups = unbound.chunk_by(|one, other| one.source.kind() == other.source.kind());
    let of_group = |group: &[Unbound]| {
        let place = |unbound: &Unbound| format!("{} (--{})", unbound.address, unbound.listener);
        let places: Vec<_> = group.iter().map(place).collect();
        let source = &group[0].source;
        format!("{}: {source}{}", places.join(", "), advice(source))
    };
    format!(
        "cannot listen on {}",
        groups.map(of_group).collect::<Vec<_>>().join("; nor on ")
    )
}

/// What to do if an address cannot be bound.
fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => "; is another emulator running there? Port 0 takes a free port",
        io::ErrorKind::PermissionDenied => {
            "; a port below 1024 needs root, or on Linux the setting net.ipv4.ip_unprivileged_port_start"
        }
        _ => "",
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_those_that_the_text_names() {
        let text = || "x".to_owned();
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let source = || io::Error::from(io::ErrorKind::AddrInUse);
        let same = |first, second| StartError::SameAddress { first, second, address };
        let bind = |listeners: &[&'static str]| {
            let unbound = |&listener| Unbound {
                listener,
                address,
                source: source(),
            };
            StartError::Bind(listeners.iter().map(unbound).collect())
        };
        for error in [
            StartError::AllOff,
            StartError::StateFile(text()),
            StartError::ControlToken(text()),
            StartError::ControlHost(text()),
            StartError::Ca(text()),
            StartError::HttpUrl(text()),
            StartError::Runtime(source()),
            StartError::Tls(text()),
            StartError::PushCa(text()),
            same("https", "control"),
            bind(&["http"]),
            bind(&["https", "http", "control"]),
        ] {
            let said = error.to_string();
            let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '-';
            let named: Vec<_> = said
                .split("--")
                .skip(1)
                .map(|rest| rest.split(|letter| !is_of_name(letter)).next().unwrap_or_default())
                .collect();
            assert_eq!(error.options(), named, "{said}");
        }
    }

    #[test]
    fn a_reason_stands_behind_all_listeners_that_it_holds_for() {
        let unbound = |listener, kind| Unbound {
            listener,
            address: SocketAddr::from(([127, 0, 0, 1], 80)),
            source: io::Error::new(kind, format!("{kind}")),
        };
        let error = StartError::Bind(vec![
            unbound("https", io::ErrorKind::AddrInUse),
            unbound("http", io::ErrorKind::AddrInUse),
            unbound("control", io::ErrorKind::AddrNotAvailable),
        ]);
        assert_eq!(
            error.to_string(),
            "cannot listen on 127.0.0.1:80 (--https), 127.0.0.1:80 (--http): address in use; is another emulator running \
             there? Port 0 takes a free port; nor on 127.0.0.1:80 (--control): address not available"
        );
    }
}
