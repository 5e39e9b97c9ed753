//! The client under test, as small as it can be: HTTPS, one call.

use std::error::Error;
use std::io;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Calls the API as the account `login_name`.
pub(crate) struct Client {
    host: String,
    path: String,
    tls: TlsConnector,
}

impl Client {
    /// A client of the API at `url`, `https://HOST:PORT` and the path of a sandbox, which trusts the CA `ca_pem` alone.
    pub(crate) fn new(url: &str, ca_pem: &str) -> Result<Self, Box<dyn Error>> {
        let mut trusted = RootCertStore::empty();
        trusted.add(CertificateDer::from_pem_slice(ca_pem.as_bytes())?)?;
        let config = ClientConfig::builder()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        let address = url.trim_start_matches("https://");
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        Ok(Self {
            host: host.to_owned(),
            path: path.to_owned(),
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// Calls an endpoint, and gives the whole answer, head and body.
    pub(crate) async fn call(&self, endpoint: &str, arguments: &[(&str, &str)]) -> io::Result<String> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("loginName", "login_name"), ("loginPassword", "login_password")])
            .extend_pairs(arguments)
            .finish();
        let (host, path, length) = (&self.host, &self.path, body.len());
        let request = format!(
            "POST {path}/products/{endpoint} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let name = host.rsplit_once(':').map_or(&**host, |(name, _)| name).to_owned();
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        let mut connection = self.tls.connect(name, TcpStream::connect(host).await?).await?;
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
