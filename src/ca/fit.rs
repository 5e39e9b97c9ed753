//! Whether a CA's certificate will do: what the root and the issuing CAs have in common.

use rcgen::{KeyPair, PublicKeyData as _};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Parses the certificate of a CA, with `check` between what it is and what it fits. `key_name` and `anew` are how the key
/// is called and what a person does about an expired one.
///
/// # Errors
/// What is wrong with it, behind a file's name.
pub(super) fn check<'a>(
    certificate: &'a [u8],
    key: &KeyPair,
    key_name: &str,
    anew: &str,
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
        return Err(format!("expired at {not_after}; {anew}"));
    }
    if now < not_before.to_datetime() {
        return Err(format!("is not valid before {not_before}"));
    }
    Ok(parsed)
}
