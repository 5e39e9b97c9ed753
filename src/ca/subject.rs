//! The subject and the alternative name of a certificate.

use rustls::pki_types::DnsName;

use super::CaError;
use super::profile::SubjectKind;
use crate::der::oid;
use crate::der::tag::{IA5_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, context, implicit};
use crate::der::write::{oid, sequence, tlv};

/// The longest organization and common name, in characters (RFC 5280, appendix A.1).
const MAX_NAME: usize = 64;

/// The longest part of an email address before its @, in bytes (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// The longest email address, in bytes: a path of RFC 5321, section 4.5.3.1.3, without its angle brackets.
const MAX_EMAIL: usize = 254;

/// An email address that can be in a certificate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mailbox<'a>(&'a str);

impl<'a> Mailbox<'a> {
    /// Parses a `Mailbox` of RFC 5321, section 4.1.2, whose part before the @ is a `Dot-string`; quoted strings and
    /// address literals are not accepted. That part may contain characters that are not ASCII (RFC 6531 and RFC 9598);
    /// a domain that is not ASCII must be written in its xn-- form.
    ///
    /// # Errors
    /// Quotes the address, shortened, and says what is wrong with it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, CaError> {
        let error = |problem| {
            let shown = text.chars().take(MAX_NAME).collect::<String>();
            CaError::Email(shown.escape_debug().to_string(), problem)
        };
        if text.len() > MAX_EMAIL {
            return Err(error("an address has at most 254 bytes"));
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| error("there is no @ in it"))?;
        check_local_part(local).map_err(error)?;
        check_domain(domain).map_err(error)?;
        Ok(Self(text))
    }

    /// A `GeneralName`: rfc822Name, or SmtpUTF8Mailbox if it is not ASCII.
    fn general_name(self) -> Vec<u8> {
        match self.0.is_ascii() {
            true => tlv(implicit(1), &[self.0.as_bytes()]),
            false => {
                let mailbox = tlv(UTF8_STRING, &[self.0.as_bytes()]);
                tlv(
                    context(0),
                    &[&oid(oid::SMTP_UTF8_MAILBOX), &tlv(context(0), &[&mailbox])],
                )
            }
        }
    }
}

/// The subject and the alternative names of one certificate, in DER.
pub(super) struct Subject {
    /// The `Name`. It is empty if the email address fits into none of its attributes.
    pub(super) name: Vec<u8>,
    /// The `GeneralNames`, if there are any.
    pub(super) alternative_names: Option<Vec<u8>>,
}

impl Subject {
    /// The subject of that kind for an email address and an organization. The country and the state of the organization
    /// are made up.
    ///
    /// # Errors
    /// The email address or the organization, if it is used, cannot be in a certificate.
    pub(super) fn new(kind: SubjectKind, email: &str, organization: &str) -> Result<Self, CaError> {
        let mailbox = match kind {
            SubjectKind::Mailbox | SubjectKind::OrganizationMailbox => Some(Mailbox::parse(email)?),
            SubjectKind::Publisher => None,
        };
        let organization = match kind {
            SubjectKind::OrganizationMailbox | SubjectKind::Publisher => parse_organization(organization)?,
            SubjectKind::Mailbox => "",
        };
        let mut name = Vec::new();
        if kind != SubjectKind::Mailbox {
            attribute(&mut name, oid::COUNTRY, PRINTABLE_STRING, "GB");
            attribute(&mut name, oid::STATE, UTF8_STRING, "Test State");
            attribute(&mut name, oid::ORGANIZATION, UTF8_STRING, organization);
        }
        match kind {
            SubjectKind::Mailbox if email.chars().count() <= MAX_NAME => {
                attribute(&mut name, oid::COMMON_NAME, UTF8_STRING, email);
            }
            SubjectKind::Mailbox => {}
            SubjectKind::OrganizationMailbox => {
                attribute(&mut name, oid::ORGANIZATION_IDENTIFIER, UTF8_STRING, "NTRGB-12345678");
                attribute(&mut name, oid::COMMON_NAME, UTF8_STRING, organization);
            }
            SubjectKind::Publisher => attribute(&mut name, oid::COMMON_NAME, UTF8_STRING, organization),
        }
        if mailbox.is_some() && email.is_ascii() {
            attribute(&mut name, oid::EMAIL_ADDRESS, IA5_STRING, email);
        }
        Ok(Self {
            name: tlv(SEQUENCE, &[&name]),
            alternative_names: mailbox.map(|mailbox| sequence(&[&mailbox.general_name()])),
        })
    }

    /// Whether the subject is empty, so that the alternative name must be critical (RFC 5280, section 4.2.1.6).
    pub(super) fn is_empty(&self) -> bool {
        self.name.len() == 2
    }
}

/// Checks a `Dot-string` of RFC 5321: atoms with single dots between them.
fn check_local_part(local: &str) -> Result<(), &'static str> {
    if local.is_empty() || local.len() > MAX_LOCAL_PART {
        return Err("the part before the @ must have 1 to 64 bytes");
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

/// The organization for a certificate, without the spaces around it.
fn parse_organization(organization: &str) -> Result<&str, CaError> {
    let organization = organization.trim();
    if organization.is_empty() || organization.contains(char::is_control) {
        return Err(CaError::Organization(
            "is empty or has control characters, and the certificate needs one".into(),
        ));
    }
    let characters = organization.chars().count();
    if characters > MAX_NAME {
        return Err(CaError::Organization(format!(
            "has {characters} characters; a certificate takes {MAX_NAME} at most"
        )));
    }
    Ok(organization)
}

fn attribute(name: &mut Vec<u8>, id: &[u8], tag: u8, value: &str) {
    let pair = sequence(&[&oid(id), &tlv(tag, &[value.as_bytes()])]);
    name.extend(tlv(SET, &[&pair]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let longest = format!(
            "{}@{}.{}.{}.test",
            "l".repeat(64),
            "d".repeat(63),
            "d".repeat(63),
            "d".repeat(56)
        );
        assert_eq!(longest.len(), 254);
        let too_long = format!("l{longest}");
        let long = format!("{}@a.test", "l".repeat(65));
        let long_label = format!("a@{}.test", "d".repeat(64));
        for (address, problem) in [
            ("a@b.test", ""),
            ("first.last+tag@sub.b.test", ""),
            ("!#$%&'*+-/=?^_`{|}~@b.test", ""),
            ("1@1b.test", ""),
            ("a@b", ""),
            ("a@xn--bcher-kva.test", ""),
            ("jürgen@b.test", ""),
            (&longest, ""),
            ("a@b.test\0", "no domain"),
            ("a\0@b.test", "a character"),
            ("a b@b.test", "a character"),
            ("a@b@c.test", "a character"),
            ("a\u{a0}b@b.test", "a character"),
            ("a,b@b.test", "a character"),
            ("a(b)@b.test", "a character"),
            ("<a@b.test", "a character"),
            ("a\"b@b.test", "a character"),
            ("a\\b@b.test", "a character"),
            ("\"a b\"@b.test", "quotation marks"),
            (".a@b.test", "a dot"),
            ("a.@b.test", "a dot"),
            ("a..b@b.test", "a dot"),
            (".@b.test", "a dot"),
            ("b.test", "no @"),
            ("", "no @"),
            ("@b.test", "1 to 64"),
            (&long, "1 to 64"),
            (&too_long, "254 bytes"),
            ("a@", "no domain"),
            ("a@-", "no domain"),
            ("a@-b.test", "no domain"),
            ("a@b-.test", "no domain"),
            ("a@b..test", "no domain"),
            ("a@b.test.", "no domain"),
            ("a@b_c.test", "no domain"),
            ("a@b c.test", "no domain"),
            ("a@[127.0.0.1]", "no domain"),
            ("a@127.0.0.1", "no domain"),
            (&long_label, "no domain"),
            ("a@bücher.test", "xn--"),
        ] {
            match Mailbox::parse(address) {
                Ok(_) => assert_eq!(problem, "", "{address}"),
                Err(error) => {
                    let error = error.to_string();
                    assert!(!problem.is_empty() && error.contains(problem), "{address}: {error}");
                    assert!(error.len() < 200 && !error.contains('\0'), "{error}");
                }
            }
        }
    }

    #[test]
    fn organizations() {
        assert_eq!(parse_organization(" Ökö GmbH ").unwrap(), "Ökö GmbH");
        let longest = "ö".repeat(64);
        assert_eq!(parse_organization(&format!("{longest} ")).unwrap(), longest);
        let error = parse_organization(&"ö".repeat(65)).unwrap_err().to_string();
        assert_eq!(
            error,
            "the organization has 65 characters; a certificate takes 64 at most"
        );
        for empty in ["", "  ", "a\0b", "a\nb"] {
            let error = parse_organization(empty).unwrap_err().to_string();
            assert!(error.contains("is empty or has control characters"), "{error}");
        }
    }
}
