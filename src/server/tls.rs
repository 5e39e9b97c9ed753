//! TLS for the HTTPS listener, with a certificate that is made at the start, kept in a directory, or given by the user.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, DnsName, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ServerSessionMemoryCache;
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use time::{Duration, OffsetDateTime};
use tracing::warn;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::ca::key_files::KeyFiles;
use crate::ca::root::Root;
use crate::ca::{CaKey, parse_key, random_serial};
use crate::der::pem;
use crate::files::{FileError, Store, read};

/// The name of the files of a kept server certificate: `server.key` and `server.pem`.
const FILES: &str = "server";

/// How long a new server certificate is valid: the longest that browsers accepted for years.
const LIFE: Duration = Duration::days(397);

/// A kept certificate is replaced when it expires sooner than this.
const RENEW: Duration = Duration::days(30);

/// How many TLS sessions are kept for resumption. Resumption saves little here, and each session costs memory.
const SESSIONS: usize = 64;

/// The listener's certificate: made, kept or given.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsOptions {
    /// The directory in which the server certificate is kept.
    pub(crate) dir: Option<PathBuf>,
    /// The certificate to use instead of making one.
    pub(crate) own: Option<OwnCertificate>,
    /// Names for a new certificate besides the default ones: DNS names, wildcards or IP addresses.
    pub(crate) names: Vec<String>,
}

/// A certificate that the user gives.
#[derive(Clone, Debug)]
pub(crate) struct OwnCertificate {
    /// PEM: the certificate, then its chain.
    pub(crate) cert: PathBuf,
    /// PEM: the private key, in PKCS#8, PKCS#1 or SEC1.
    pub(crate) key: PathBuf,
}

/// Why TLS cannot be set up, in one line. Never contains anything of a private key.
#[derive(Debug, Error)]
pub(crate) enum TlsError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate cannot be made.
    #[error("cannot make a TLS certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// A name cannot be in a certificate.
    #[error(
        "`{0}` cannot stand in a certificate: give a DNS name (international ones as xn--...), *.name, or an IP address"
    )]
    Name(String),
    /// rustls refuses the certificate or the key.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// The configuration of the TLS listener, and the certificate that its clients need.
#[derive(Debug)]
pub(crate) struct Tls {
    /// The listener's configuration: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    pub(crate) config: Arc<ServerConfig>,
    /// The certificate that clients should trust, in PEM. None if the user's own certificate was
    /// given without its root.
    pub(crate) ca_pem: Option<String>,
}

impl Tls {
    /// Makes, keeps or loads the certificate. A new one is issued by `root` and valid at `now`.
    ///
    /// # Errors
    /// One line that names the file and what is wrong with it, or the name that cannot be in a certificate.
    pub(crate) fn load(options: &TlsOptions, root: &Root, now: OffsetDateTime) -> Result<Self, TlsError> {
        // Not the default of the process, which belongs to the program whose tests use this library.
        let provider = Arc::new(aws_lc_rs::default_provider());
        if let Some(own) = &options.own {
            return load_own(own, provider, now);
        }
        let names = Name::all(&options.names)?;
        if let Some(dir) = &options.dir {
            return keep(dir, root, &names, provider, now);
        }
        let key = CaKey::EcP256.generate()?;
        let chain = vec![certify(root, &key, &names, now)?];
        Ok(Self {
            config: config(chain, key.into(), provider)?,
            ca_pem: Some(root.pem()),
        })
    }
}

/// Loads the certificate from the directory. Makes what is missing, and replaces a certificate that [`is_accepted`] no
/// longer accepts.
fn keep(
    dir: &Path,
    root: &Root,
    names: &[Name],
    provider: Arc<CryptoProvider>,
    now: OffsetDateTime,
) -> Result<Tls, TlsError> {
    let store = Store::open(dir)?;
    let files = KeyFiles::new(&store, FILES);
    let key = files.key_for_any_certificate(CaKey::EcP256)?;
    let ca_pem = Some(root.pem());
    if let Some(chain) = files.chain()?
        && is_accepted(&chain, root, names, provider.clone(), now)
        && let Ok(config) = config(chain, der(&key), provider.clone())
    {
        return Ok(Tls { config, ca_pem });
    }
    let certificate = certify(root, &key, names, now)?;
    files.replace_certificate(&certificate)?;
    Ok(Tls {
        config: config(vec![certificate], der(&key), provider)?,
        ca_pem,
    })
}

/// Whether a client that trusts the root accepts this certificate for every name, now and for [`RENEW`].
fn is_accepted(
    chain: &[CertificateDer<'static>],
    root: &Root,
    names: &[Name],
    provider: Arc<CryptoProvider>,
    now: OffsetDateTime,
) -> bool {
    let mut roots = RootCertStore::empty();
    let Ok(()) = roots.add(root.certificate().clone()) else {
        return false;
    };
    let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build() else {
        return false;
    };
    let (leaf, rest) = (&chain[0], &chain[1..]);
    let takes = |name: &Name, at| {
        verifier
            .verify_server_cert(leaf, rest, &name.example(), &[], at)
            .is_ok()
    };
    names.iter().all(|name| takes(name, unix(now + RENEW))) && takes(&names[0], unix(now))
}

fn unix(at: OffsetDateTime) -> UnixTime {
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or(0);
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

fn certify(
    root: &Root,
    key: &KeyPair,
    names: &[Name],
    now: OffsetDateTime,
) -> Result<CertificateDer<'static>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.subject_alt_names = names.iter().map(Name::san).collect::<Result<_, _>>()?;
    params.serial_number = Some(random_serial()?);
    params.not_before = now - Duration::DAY;
    params.not_after = (params.not_before + LIFE).min(root.not_after());
    // This variant writes a subject key identifier.
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params.signed_by(key, root.issuer())?.into())
}

fn load_own(own: &OwnCertificate, provider: Arc<CryptoProvider>, now: OffsetDateTime) -> Result<Tls, TlsError> {
    let text = |path: &Path| read(path)?.ok_or_else(|| FileError::new(path, "there is no such file"));
    let chain = pem::certificates(&text(&own.cert)?).map_err(|problem| FileError::new(&own.cert, problem))?;
    let key = text(&own.key)?;
    // The reader of the CA's keys says what is wrong; rustls accepts more kinds of keys than rcgen can sign with.
    let key = pem::private_key(&key).ok_or_else(|| {
        let problem = parse_key(&key).err();
        FileError::new(
            &own.key,
            problem.unwrap_or_else(|| "holds no private key in PEM".into()),
        )
    })?;
    let broken = || FileError::new(&own.cert, "holds a broken certificate");
    let (_, leaf) = X509Certificate::from_der(&chain[0]).map_err(|_| broken())?;
    let (_, last) = X509Certificate::from_der(&chain[chain.len() - 1]).map_err(|_| broken())?;
    let not_after = leaf.validity().not_after;
    if now > not_after.to_datetime() {
        // It is served all the same: a user may want to see what a client does then.
        warn!(target: "sectigo_emulator::http", file = %own.cert.display(), "the TLS certificate expired at {not_after}");
    }
    let trust = last.is_ca() || last.subject().as_raw() == last.issuer().as_raw();
    let ca_pem = trust.then(|| pem::encode(pem::CERTIFICATE, &chain[chain.len() - 1]));
    let config = config(chain.clone(), key, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => FileError::new(
            &own.key,
            format!("does not fit the certificate in {}", own.cert.display()),
        ),
        error => FileError::new(&own.key, format!("cannot be used: {error}")),
    })?;
    Ok(Tls { config, ca_pem })
}

fn der(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(key.serialize_der().into())
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), b"http/1.0".to_vec()];
    config.session_storage = ServerSessionMemoryCache::new(SESSIONS);
    Ok(Arc::new(config))
}

/// A name in a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Dns(DnsName<'static>),
    /// A wildcard, as one of the names that it covers: `w.example.com` stands for `*.example.com`.
    Wildcard(DnsName<'static>),
    Ip(IpAddr),
}

impl Name {
    /// The names of a new certificate: the default ones, the machine's, and `more`; each once.
    fn all(more: &[String]) -> Result<Vec<Self>, TlsError> {
        let default = [
            "localhost",
            "sectigo-emulator",
            "secure.trust-provider.com",
            "secure.sectigo.com",
            "secure.comodo.net",
            "secure.comodo.com",
        ];
        let mut names = vec![];
        for name in default {
            names.extend(Self::parse(name));
        }
        names.push(Self::Ip(Ipv4Addr::LOCALHOST.into()));
        names.push(Self::Ip(Ipv6Addr::LOCALHOST.into()));
        // The name of a machine may be one that cannot be in a certificate.
        names.extend(hostname::get().ok().and_then(|name| Self::parse(name.to_str()?)));
        for name in more {
            names.push(Self::parse(name).ok_or_else(|| TlsError::Name(name.escape_debug().to_string()))?);
        }
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        Ok(names)
    }

    fn parse(text: &str) -> Option<Self> {
        if let Ok(ip) = text.parse() {
            return Some(Self::Ip(ip));
        }
        let lower = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        match lower.strip_prefix("*.") {
            Some(parent) => DnsName::try_from(format!("w.{parent}")).ok().map(Self::Wildcard),
            None => DnsName::try_from(lower).ok().map(Self::Dns),
        }
    }

    fn san(&self) -> Result<SanType, rcgen::Error> {
        Ok(match self {
            Self::Dns(_) | Self::Wildcard(_) => SanType::DnsName(self.to_string().try_into()?),
            Self::Ip(ip) => SanType::IpAddress(*ip),
        })
    }

    /// A name that a client checks and that this name covers.
    fn example(&self) -> ServerName<'static> {
        match self {
            Self::Dns(name) | Self::Wildcard(name) => ServerName::DnsName(name.clone()),
            Self::Ip(ip) => ServerName::from(*ip),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name.as_ref()),
            Self::Wildcard(name) => write!(f, "*{}", &name.as_ref()[1..]),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
