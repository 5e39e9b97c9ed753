//! Which email addresses a certificate can name.

use rustls::pki_types::DnsName;

/// The longest email address that a certificate names, in characters: `ub-emailaddress-length` of RFC 5280, appendix A.1. RFC
/// 5321, section 4.5.3.1, advises against addresses as long as that and does not forbid them.
const MAX_EMAIL: usize = 255;

/// Checks a `Mailbox` of RFC 5321, section 4.1.2, of at most 255 characters.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_mailbox(text: &str) -> Result<(), &'static str> {
    if text.chars().count() > MAX_EMAIL {
        return Err("an address has at most 255 characters");
    }
    let (local, domain) = text.rsplit_once('@').ok_or("there is no @ in it")?;
    check_local_part(local)?;
    check_domain(domain)
}

/// Checks a `Dot-string` of RFC 5321: atoms with single dots between them.
fn check_local_part(local: &str) -> Result<(), &'static str> {
    if local.is_empty() {
        return Err("there is nothing before the @");
    }
    if local.starts_with('"') {
        return Err("a part before the @ in quotation marks is not taken");
    }
    if !local.chars().all(|c| c == '.' || is_atext(c)) {
        return Err("the part before the @ has a character that is not taken outside of quotation marks");
    }
    if local.split('.').any(str::is_empty) {
        return Err("a dot before the @ must stand between two other characters");
    }
    Ok(())
}

/// Whether an atom may contain a character: `atext` of RFC 5322, section 3.2.3, with the additions of RFC 6531.
fn is_atext(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        false => !c.is_control() && !c.is_whitespace(),
    }
}

/// Checks a `Domain` of RFC 5321: letters, digits and hyphens. It must not look like an IP address.
fn check_domain(domain: &str) -> Result<(), &'static str> {
    if !domain.is_ascii() {
        return Err("write its domain in the xn-- form");
    }
    // Host names may contain what mail domains may not: underscores, and a dot at the end.
    if DnsName::try_from(domain).is_err() || domain.contains('_') || domain.ends_with('.') {
        return Err("the part behind the @ is no domain");
    }
    Ok(())
}
