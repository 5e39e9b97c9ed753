//! The checks of a CA's certificate that the root and the issuing CAs share.

use rcgen::{KeyPair, PublicKeyData as _};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Parses the certificate of a CA and checks that it is one, that `check` accepts it, that it is for `key`, and that it
/// is valid at `now`. Messages call the key `key_name`, and end with `advice` if the certificate is expired.
///
/// # Errors
/// What is wrong with it; follows a file's name.
pub(super) fn check<'a>(
    certificate: &'a [u8],
    key: &KeyPair,
    key_name: &str,
    advice: &str,
    now: OffsetDateTime,
    check: impl FnOnce(&X509Certificate<'a>) -> Result<(), String>,
) -> Result<X509Certificate<'a>, String> {
    let (rest, parsed) = X509Certificate::from_der(certificate).map_err(|_| "holds a broken certificate".to_owned())?;
    if !rest.is_empty() {
        return Err("holds a broken certificate".into());
    }
    if !parsed.is_ca() {
        return Err("is not the certificate of a CA (no basicConstraints with CA:TRUE)".into());
    }
    check(&parsed)?;
    if parsed.public_key().raw != key.subject_public_key_info() {
        return Err(format!("does not fit {key_name}"));
    }
    let (not_before, not_after) = (parsed.validity().not_before, parsed.validity().not_after);
    if now > not_after.to_datetime() {
        return Err(format!("expired at {not_after}; {advice}"));
    }
    if now < not_before.to_datetime() {
        return Err(format!("is not valid before {not_before}"));
    }
    Ok(parsed)
}
