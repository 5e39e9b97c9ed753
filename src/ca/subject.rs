//! Whom a certificate names: its subject, and its alternative name.

use rustls::pki_types::DnsName;

use super::CaError;
use super::asn1::{IA5_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, context, implicit, oid, sequence, tlv};
use super::profile::SubjectShape;

const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
const COUNTRY: &[u64] = &[2, 5, 4, 6];
const STATE: &[u64] = &[2, 5, 4, 8];
const ORGANIZATION: &[u64] = &[2, 5, 4, 10];
const ORGANIZATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];
const EMAIL_ADDRESS: &[u64] = &[1, 2, 840, 113_549, 1, 9, 1];
const SMTP_UTF8_MAILBOX: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 8, 9];

/// The upper bound of an organization's and of a common name, in characters (RFC 5280, appendix A.1).
const MAX_NAME: usize = 64;

/// The upper bound of an email address in a name; one in the alternative name has none.
const MAX_EMAIL: usize = 255;

/// An email address that a certificate can hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mailbox<'a>(&'a str);

impl<'a> Mailbox<'a> {
    /// Judges an address. One whose part before the @ is not ASCII can stand in a certificate (RFC 9598), a domain that is
    /// not must be written in its xn-- form.
    ///
    /// # Errors
    /// Quotes the address, cut, and says what is wrong with it.
    pub(crate) fn parse(text: &'a str) -> Result<Self, CaError> {
        let error = |problem| {
            let shown = text.chars().take(MAX_NAME).collect::<String>();
            CaError::Email(shown.escape_debug().to_string(), problem)
        };
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| error("there is no @ in it"))?;
        if local.is_empty() || local.len() > 64 {
            return Err(error("the part before the @ must have 1 to 64 bytes"));
        }
        if local.contains(|c: char| c.is_control() || c.is_whitespace() || c == '@') {
            return Err(error("the part before the @ has a character that none may have"));
        }
        if !domain.is_ascii() {
            return Err(error("write its domain in the xn-- form"));
        }
        if DnsName::try_from(domain).is_err() {
            return Err(error("the part behind the @ is no domain"));
        }
        Ok(Self(text))
    }

    /// A `GeneralName`: rfc822Name, or SmtpUTF8Mailbox where it is not ASCII.
    fn general_name(self) -> Vec<u8> {
        match self.0.is_ascii() {
            true => tlv(implicit(1), &[self.0.as_bytes()]),
            false => {
                let mailbox = tlv(UTF8_STRING, &[self.0.as_bytes()]);
                tlv(context(0), &[&oid(SMTP_UTF8_MAILBOX), &tlv(context(0), &[&mailbox])])
            }
        }
    }
}

/// Whom one certificate names.
pub(super) struct Subject {
    /// The `Name`. It may be empty, if the mailbox fits none of its attributes.
    pub(super) name: Vec<u8>,
    /// The `GeneralNames`, if it has any.
    pub(super) alternative_names: Option<Vec<u8>>,
}

impl Subject {
    /// What a subject of that shape says of the email address and the organization. Where the organization stands is made
    /// up.
    ///
    /// # Errors
    /// The one of the two that the shape needs will not do.
    pub(super) fn new(shape: SubjectShape, email: &str, organization: &str) -> Result<Self, CaError> {
        let mailbox = match shape {
            SubjectShape::Mailbox | SubjectShape::OrganizationMailbox => Some(Mailbox::parse(email)?),
            SubjectShape::Publisher => None,
        };
        let organization = match shape {
            SubjectShape::OrganizationMailbox | SubjectShape::Publisher => cut(organization)?,
            SubjectShape::Mailbox => "",
        };
        let mut name = Vec::new();
        if shape != SubjectShape::Mailbox {
            attribute(&mut name, COUNTRY, PRINTABLE_STRING, "GB");
            attribute(&mut name, STATE, UTF8_STRING, "Test State");
            attribute(&mut name, ORGANIZATION, UTF8_STRING, organization);
        }
        match shape {
            SubjectShape::Mailbox if email.chars().count() <= MAX_NAME => {
                attribute(&mut name, COMMON_NAME, UTF8_STRING, email);
            }
            SubjectShape::Mailbox => {}
            SubjectShape::OrganizationMailbox => {
                attribute(&mut name, ORGANIZATION_IDENTIFIER, UTF8_STRING, "NTRGB-12345678");
                attribute(&mut name, COMMON_NAME, UTF8_STRING, organization);
            }
            SubjectShape::Publisher => attribute(&mut name, COMMON_NAME, UTF8_STRING, organization),
        }
        if mailbox.is_some() && email.is_ascii() && email.len() <= MAX_EMAIL {
            attribute(&mut name, EMAIL_ADDRESS, IA5_STRING, email);
        }
        Ok(Self {
            name: tlv(SEQUENCE, &[&name]),
            alternative_names: mailbox.map(|mailbox| sequence(&[&mailbox.general_name()])),
        })
    }

    /// Whether the alternative name alone says whom it names, so that it must be critical.
    pub(super) fn is_empty(&self) -> bool {
        self.name.len() == 2
    }
}

/// An organization, cut to the characters that a certificate may hold of it: orders take longer ones, and a client under
/// test is better served by a certificate than by none.
fn cut(organization: &str) -> Result<&str, CaError> {
    let end = organization
        .char_indices()
        .nth(MAX_NAME)
        .map_or(organization.len(), |(at, _)| at);
    let cut = organization[..end].trim();
    if cut.is_empty() || cut.contains(char::is_control) {
        Err(CaError::Organization)
    } else {
        Ok(cut)
    }
}

fn attribute(name: &mut Vec<u8>, id: &[u64], tag: u8, value: &str) {
    let pair = sequence(&[&oid(id), &tlv(tag, &[value.as_bytes()])]);
    name.extend(tlv(SET, &[&pair]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let long = format!("{}@a.test", "l".repeat(65));
        for (address, problem) in [
            ("a@b.test", ""),
            ("first.last+tag@sub.b.test", ""),
            ("jürgen@b.test", ""),
            ("a@b.test\0", "no domain"),
            ("a\0@b.test", "a character"),
            ("a b@b.test", "a character"),
            ("a@b@c.test", "a character"),
            ("b.test", "no @"),
            ("", "no @"),
            ("@b.test", "1 to 64"),
            (&long, "1 to 64"),
            ("a@", "no domain"),
            ("a@-", "no domain"),
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
    fn organizations_are_cut_between_characters() {
        assert_eq!(cut(" Ökö GmbH ").unwrap(), "Ökö GmbH");
        assert_eq!(cut(&"ö".repeat(65)).unwrap(), "ö".repeat(64));
        for empty in ["", "  ", "a\0b", "a\nb"] {
            assert!(matches!(cut(empty), Err(CaError::Organization)));
        }
    }
}
