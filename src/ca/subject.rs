//! The subject and the alternative name of a certificate.

use std::borrow::Cow;

use super::CaError;
use super::profile::SubjectKind;
use crate::api::order::mailbox::check_mailbox;
use crate::api::order::subject::{SubjectDetails, is_country};
use crate::der::oid;
use crate::der::tag::{IA5_STRING, PRINTABLE_STRING, SEQUENCE, SET, UTF8_STRING, context, implicit};
use crate::der::write::{oid, sequence, tlv};

/// The longest organization and common name, in characters (RFC 5280, appendix A.1).
const MAX_NAME: usize = 64;

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
        check_mailbox(text).map_err(error)?;
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

/// Whom the certificate of an order names. What the order leaves open has a default.
#[derive(Clone, Debug)]
pub(crate) struct CertificateNames<'o> {
    /// The email address; default: `order-NUMBER@example.com`.
    pub(crate) email: Cow<'o, str>,
    /// The organization; default: `Example Organization`.
    pub(crate) organization: &'o str,
    /// Whether the order gave the email address itself, so that a code-signing certificate names it.
    pub(crate) has_email: bool,
    /// What else is known about the organization, for the attributes of its place and its identifier.
    pub(crate) details: Option<&'o SubjectDetails>,
}

/// The subject and the alternative names of one certificate, in DER.
pub(super) struct Subject {
    /// The `Name`. It is empty if the email address fits into none of its attributes.
    pub(super) name: Vec<u8>,
    /// The `GeneralNames`, if there are any.
    pub(super) alternative_names: Option<Vec<u8>>,
}

impl Subject {
    /// The subject of that kind for those names. What the certificate needs of the organization's place (see [`place`]) and its
    /// identifier are made up where they are not known.
    ///
    /// # Errors
    /// The email address or the organization, if it is used, cannot be in a certificate.
    pub(super) fn new(kind: SubjectKind, names: &CertificateNames<'_>) -> Result<Self, CaError> {
        let (email, organization) = (&*names.email, names.organization);
        let mailbox = match kind {
            SubjectKind::Publisher if !names.has_email => None,
            SubjectKind::Mailbox | SubjectKind::OrganizationMailbox | SubjectKind::Publisher => {
                Some(Mailbox::parse(email)?)
            }
        };
        let organization = match kind {
            SubjectKind::OrganizationMailbox | SubjectKind::Publisher => parse_organization(organization)?,
            SubjectKind::Mailbox => "",
        };
        let mut name = Vec::new();
        if kind != SubjectKind::Mailbox {
            place(&mut name, names.details)?;
            attribute(&mut name, oid::ORGANIZATION, UTF8_STRING, organization);
        }
        match kind {
            SubjectKind::Mailbox if email.chars().count() <= MAX_NAME => {
                attribute(&mut name, oid::COMMON_NAME, UTF8_STRING, email);
            }
            SubjectKind::Mailbox => {}
            SubjectKind::OrganizationMailbox => {
                let identifier = names
                    .details
                    .and_then(|details| details.organization_identifier.as_deref());
                let identifier = identifier.unwrap_or("NTRGB-12345678");
                attribute(&mut name, oid::ORGANIZATION_IDENTIFIER, UTF8_STRING, identifier);
                attribute(&mut name, oid::COMMON_NAME, UTF8_STRING, organization);
            }
            SubjectKind::Publisher => attribute(&mut name, oid::COMMON_NAME, UTF8_STRING, organization),
        }
        if mailbox.is_some() && email.is_ascii() && kind != SubjectKind::Publisher {
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

/// The country, the state and the city of an organization. A country is made up where there is none, and a state where there
/// is neither a state nor a city.
fn place(name: &mut Vec<u8>, details: Option<&SubjectDetails>) -> Result<(), CaError> {
    let none = SubjectDetails::default();
    let details = details.unwrap_or(&none);
    for (field, value) in details.fields() {
        let is_bad = |value: &str| value.trim().is_empty() || value.contains(char::is_control);
        if value.is_some_and(is_bad) {
            return Err(CaError::Detail(field));
        }
    }
    let country = details.country.as_deref().unwrap_or("GB");
    if !is_country(country) {
        return Err(CaError::Detail("countryName"));
    }
    attribute(name, oid::COUNTRY, PRINTABLE_STRING, country);
    let made_up = details.locality.is_none().then_some("Test State");
    if let Some(state) = details.state_or_province.as_deref().or(made_up) {
        attribute(name, oid::STATE, UTF8_STRING, state);
    }
    if let Some(locality) = &details.locality {
        attribute(name, oid::LOCALITY, UTF8_STRING, locality);
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
            "l".repeat(65),
            "d".repeat(63),
            "d".repeat(63),
            "d".repeat(56)
        );
        assert_eq!(longest.len(), 255);
        let too_long = format!("l{longest}");
        let long_local_part = format!("{}@a.test", "l".repeat(248));
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
            (&long_local_part, ""),
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
            ("@b.test", "nothing before"),
            (&too_long, "255 characters"),
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
    fn a_state_is_made_up_where_there_is_no_city_either() {
        let has_it = |details: &SubjectDetails| {
            let mut name = Vec::new();
            place(&mut name, Some(details)).unwrap();
            String::from_utf8_lossy(&name).contains("Test State")
        };
        let mut details = SubjectDetails {
            country: Some("RO".into()),
            ..SubjectDetails::default()
        };
        assert!(has_it(&details));
        details.locality = Some("Iasi".into());
        assert!(!has_it(&details));
        (details.locality, details.state_or_province) = (None, Some("Iasi".into()));
        assert!(!has_it(&details));
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
