//! What a client of TLS trusts: the certificates of a file, or others.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

use crate::der::pem;
use crate::files::{FileError, read};

/// Trusts the certificates of a text in PEM too.
///
/// # Errors
/// It has none, or one that cannot be a root.
pub(crate) fn add_pem(roots: &mut RootCertStore, text: &str) -> Result<(), String> {
    for certificate in pem::certificates(text).map_err(str::to_owned)? {
        roots
            .add(certificate)
            .map_err(|error| format!("holds a certificate that cannot be trusted: {error}"))?;
    }
    Ok(())
}

/// Trusts the certificates of a file too.
///
/// # Errors
/// It cannot be read, or as [`add_pem`].
pub(crate) fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), FileError> {
    let text = read(path)?.ok_or_else(|| FileError::new(path, "there is no such file"))?;
    add_pem(roots, &text).map_err(|problem| FileError::new(path, problem))
}

/// A client that trusts these.
///
/// # Errors
/// rustls refuses its settings.
pub(crate) fn client(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
