//! `!AutoApplyOrder`: orders an S/MIME or a code-signing certificate.
//!
//! Source: the endpoint's two pages, for S/MIME and for code signing, of whose tables only the beginning is public; its
//! sibling `!AutoApplySSL`; and what public clients send and parse. Where they are silent, `docs/endpoints.md` lists what is
//! assumed.

use crate::api::account::{Account, LoginName, Payment};
use crate::api::csr::spkac::Spkac;
use crate::api::csr::{Csr, CsrError, Key, Spaces};
use crate::api::endpoints::credentials::{Credentials, LOGIN_NAME, LOGIN_PASSWORD};
use crate::api::endpoints::mailing::{self, LANGUAGE_NAME};
use crate::api::endpoints::replacing::{check_ca_certificate, check_kept_length, signature_hash};
use crate::api::endpoints::{Body, Failure, Rules, Success, await_polls, check_permission, csr_spaces, refuse_new_csr};
use crate::api::order::collection_code::collection_code;
use crate::api::order::mailbox::check_mailbox;
use crate::api::order::mailing::Mailing;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, Stage, State};
use crate::api::order::subject::{SubjectDetails, is_country};
use crate::api::order::terms::{ProductCode, SignatureHash, Terms};
use crate::api::protocol::Mark;
use crate::api::protocol::argument::{Argument, Arguments, Kind};
use crate::api::protocol::assumption::{ApplyOrderJson, Assumptions, CodeSigningRsa};
use crate::api::protocol::code::{self, Code};
use crate::api::protocol::format::{Format, RESPONSE_FORMAT, RESPONSE_FORMATS};
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::Timestamp;
use crate::der::oid;

pub(super) struct AutoApplyOrder;

impl Rules for AutoApplyOrder {
    const NAME: &'static str = "!AutoApplyOrder";
    const SUMMARY: &'static str = "Orders an S/MIME or a code-signing certificate.";
    const ARGUMENTS: &'static [Argument] = ARGUMENTS;
    const CODES: &'static [&'static Code] = CODES;
    const EXAMPLE: &'static [(&'static str, &'static str)] = &[
        ("loginName", "login_name"),
        ("loginPassword", "login_password"),
        ("product", "794"),
        ("days", "365"),
        ("csr", "@csr.pem"),
        ("sanEmailAddress", "jane@example.com"),
        ("responseFormat", "1"),
    ];
    const TABLE_IS_WHOLE: bool = false;
    const HAS_JSON: fn(&Assumptions) -> bool = |assumptions| assumptions.apply_order_json == ApplyOrderJson::Given;

    type Values<'f> = Values<'f>;

    fn read<'f>(arguments: &Arguments<'f>) -> Result<Values<'f>, Refusal> {
        let wanted = Wanted::read(arguments.text("product"))?;
        let csr = arguments.get("csr").map(|text| csr(text, csr_spaces(arguments)));
        if let Some(csr) = &csr {
            check_kept_length(csr, "csr")?;
        }
        let holder = Holder::read(arguments, csr.as_ref().and_then(|csr| csr.as_ref().ok()), wanted.code)?;
        Ok(Values {
            credentials: Credentials::read(arguments),
            days: arguments
                .integer("days")
                .and_then(|days| days.try_into().ok())
                .unwrap_or_default(),
            csr,
            holder,
            signature_hash: signature_hash(arguments),
            ca_certificate_id: arguments.integer("caCertificateID"),
            is_test: arguments.yes("test"),
            mailing: match wanted.code.product() {
                Product::Smime => mailing::read(arguments)?,
                Product::CodeSigning => Mailing::default(),
            },
            wanted,
            shown: Shown {
                format: arguments.response_format(Format::Lines),
                certificate_id: arguments.yes("showCertificateID"),
                certificate_state: arguments.yes("showCertificateState"),
                collection_code: arguments.yes("showCollectionCode"),
                unique_value: unique_value(arguments)?,
                foreign_order_number: foreign_order_number(arguments)?,
            },
        })
    }

    fn handle(values: Values<'_>, world: &mut World, now: Timestamp) -> Result<Success, Failure> {
        let assumptions = world.conventions.assumptions;
        values.shown.check(&assumptions)?;
        let account = values.credentials.log_in(world, &code::LOGIN_DETAILS)?;
        check_permission(world, account, Self::NAME)?;
        check_ca_certificate(account, values.ca_certificate_id)?;
        mailing::check_templates(account, &values.mailing)?;
        values.check_price(account)?;
        let csr = values.csr.clone().transpose().map_err(|error| refuse_new_csr(&error))?;
        values.check_key(csr.as_ref(), &assumptions)?;
        // It may come from the CSR, which is judged behind the login.
        check_country(values.holder.details.country.as_deref())?;
        if account.payment == Payment::NoCredit && !values.is_test {
            return Err(Refusal::new(&code::NO_CREDIT, "the account has no credit (payment=no-credit)").into());
        }
        let is_paid = account.payment != Payment::Later || values.is_test;
        let mut order = values.order(account.login_name.clone(), csr, world.book.next_number());
        if is_paid {
            order.pay(now, world.issuance_delay);
        }
        let number = world.book_mut().insert_new(order)?;
        await_polls(world, number);
        mailing::announce(number, world, now);
        let order = world.book.get(number).expect("it was just made");
        let state = order.state_at(now);
        let (status, mut hint) = (i32::from(!is_paid), format!("order {number} was made, and is {state}"));
        if let Some(more) = values.cut(order) {
            hint.push_str(&more);
        }
        Ok(Success {
            code: status,
            body: Some(values.reply(order, status, state, &assumptions)),
            order_number: Some(number),
            hint: hint.into(),
            ..Success::default()
        })
    }
}

pub(super) struct Values<'f> {
    credentials: Credentials<'f>,
    wanted: Wanted,
    days: u16,
    csr: Option<Result<Csr, CsrError>>,
    holder: Holder<'f>,
    signature_hash: SignatureHash,
    ca_certificate_id: Option<u64>,
    is_test: bool,
    mailing: Mailing,
    shown: Shown<'f>,
}

impl Values<'_> {
    /// Whether the account has a price for what is ordered (-115).
    fn check_price(&self, account: &Account) -> Result<(), Refusal> {
        let number = self.wanted.code.number();
        let no_price = |hint: String| Err(Refusal::naming(&code::NO_PRICE, number.to_string(), hint));
        if !terms(self.wanted.code.product()).contains(&self.days) {
            return no_price(format!("product {number} has no term of so many days"));
        }
        if account.unpriced.contains(&number) {
            return no_price(format!("{number} is among the account's `unpriced` products"));
        }
        Ok(())
    }

    /// Whether the key is as long as code signing demands (-13).
    fn check_key(&self, csr: Option<&Csr>, assumptions: &Assumptions) -> Result<(), Refusal> {
        const LEAST: u16 = 3072;
        let is_code_signing = self.wanted.code.product() == Product::CodeSigning;
        match csr.map(Csr::key) {
            Some(Key::Rsa { bits })
                if is_code_signing && bits < LEAST && assumptions.code_signing_rsa == CodeSigningRsa::AtLeast3072 =>
            {
                Err(Refusal::new(
                    &code::NEW_CSR_KEY_SIZE,
                    format!(
                        "an RSA key of {bits} bits; code signing takes {LEAST} or more (assumption code-signing-rsa)"
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    /// The order, which waits for its payment. The book gives it its number.
    fn order(&self, login_name: LoginName, csr: Option<Csr>, number: OrderNumber) -> Order {
        let on_token = self.wanted.is_on_token && csr.is_none();
        Order {
            number,
            certificate_id: None,
            login_name,
            product: self.wanted.code.product(),
            email: self.holder.email.map(Into::into),
            organization: self.holder.organization.as_deref().map(Into::into),
            subject: self.holder.details.clone().boxed(),
            csr,
            terms: Terms {
                product_code: Some(self.wanted.code),
                signature_hash: self.signature_hash,
                ca_certificate_id: self
                    .ca_certificate_id
                    .filter(|_| self.wanted.code.product() == Product::Smime),
                keep_key: on_token,
                days: Some(self.days),
                is_test: self.is_test,
            },
            stage: Stage::Unpaid,
            revocation: None,
            issued_after_polls: None,
            issuance_fails: None,
            mailing: self.mailing.boxed(),
            collected: false,
        }
    }

    /// What is said where the certificate is valid for fewer days than were ordered.
    fn cut(&self, order: &Order) -> Option<String> {
        let most = order.product_code().most_days();
        (self.days > most).then(|| format!("; its certificate is valid for {most} days, the most that the CPS allows"))
    }

    fn reply(&self, order: &Order, status: i32, state: State, assumptions: &Assumptions) -> Body {
        let shown = &self.shown;
        let price = match self.is_test {
            true => 0,
            false => price(self.wanted.code, self.days),
        };
        let mut fields = vec![
            ("totalCost", format!("{price}.00")),
            ("expectedDeliveryTime", "1".to_owned()),
        ];
        if shown.certificate_id {
            fields.push(("certificateID", order.certificate_id().to_string()));
        }
        if shown.certificate_state {
            fields.push(("certificateStatus", state.in_words().to_owned()));
        }
        if let Some(value) = shown.unique_value {
            fields.push(("uniqueValue", value.to_owned()));
        }
        if let Some(value) = shown.foreign_order_number {
            fields.push(("foreignOrderNumber", value.to_owned()));
        }
        if shown.collection_code {
            fields.push(("collectionCode", collection_code(order.number)));
        }
        let text = shown
            .format
            .render_fields(status, order.number.get(), &fields, assumptions);
        Body::text(shown.format.content_type(assumptions), text)
    }
}

/// The CSR in a text: a PKCS#10 request, else a SPKAC, with or without `SPKAC=` before it.
fn csr(text: &str, spaces: Spaces) -> Result<Csr, CsrError> {
    match Csr::parse_either(text, spaces) {
        Err(CsrError::NotPkcs10(why)) => match Spkac::parse(text, spaces) {
            Err(CsrError::NotPkcs10(_)) => Err(CsrError::NotPkcs10(why)),
            judged => judged.map(Csr::from),
        },
        judged => judged,
    }
}

/// What is shown in the reply, and how.
struct Shown<'f> {
    format: Format,
    certificate_id: bool,
    certificate_state: bool,
    collection_code: bool,
    unique_value: Option<&'f str>,
    foreign_order_number: Option<&'f str>,
}

impl Shown<'_> {
    fn check(&self, assumptions: &Assumptions) -> Result<(), Refusal> {
        if self.format == Format::Json && !(AutoApplyOrder::HAS_JSON)(assumptions) {
            return Err(Refusal::invalid(
                RESPONSE_FORMAT,
                "JSON is refused (assumption apply-order-json=refused)",
            ));
        }
        Ok(())
    }
}

/// What the argument `product` names.
struct Wanted {
    code: ProductCode,
    /// Whether a token is shipped, with the key on it.
    is_on_token: bool,
}

impl Wanted {
    /// The product that is sent, if it is valid; if it is not, `read` says so.
    fn sent(arguments: &Arguments<'_>) -> Option<Self> {
        Self::read(std::str::from_utf8(arguments.sent("product")?).ok()?).ok()
    }

    /// Reads product codes with commas between them: one kind of certificate, and for code signing perhaps a token.
    fn read(text: &str) -> Result<Self, Refusal> {
        let refuse = |hint: String| Err(Refusal::invalid("product", hint));
        let (mut codes, mut is_on_token) = (Vec::new(), false);
        for part in text.split(',') {
            match part.trim() {
                "706" | "577" | "163" => is_on_token = true,
                // The older number of the same kind of certificate.
                "551" => codes.push(ProductCode::CodeSigning),
                part => match part.parse().ok().and_then(ProductCode::from_number) {
                    Some(code) if code.number().to_string() == part => codes.push(code),
                    _ => return refuse("product takes 794, 795 or 796, or 8, 530 or 551, and 706, 577, 163".into()),
                },
            }
        }
        match codes[..] {
            [code] if is_on_token && code.product() == Product::Smime => {
                refuse("706, 577 and 163 belong to code signing".into())
            }
            [code] => Ok(Self { code, is_on_token }),
            _ => refuse(format!(
                "product names {} kinds of certificates; one is taken",
                codes.len()
            )),
        }
    }
}

/// Whom the certificate shall name.
struct Holder<'f> {
    email: Option<&'f str>,
    organization: Option<String>,
    details: SubjectDetails,
}

impl<'f> Holder<'f> {
    /// Reads it from the arguments and from the CSR, of which the one outweighs the other by `prioritiseCSRValues`.
    fn read(arguments: &Arguments<'f>, csr: Option<&Csr>, wanted: ProductCode) -> Result<Self, Refusal> {
        let email = arguments.get("sanEmailAddress");
        if let Some(Err(problem)) = email.map(check_mailbox) {
            return Err(Refusal::invalid("sanEmailAddress", problem));
        }
        check_country(arguments.get("countryName"))?;
        let prefers_csr = arguments.yes("prioritiseCSRValues");
        let chosen = |name: &'static str, attribute: &[u8], max: usize| {
            let own = arguments.get(name).map(|text| text.trim().to_owned());
            if own.as_deref().is_some_and(|text| !is_name(text)) {
                return Err(Refusal::invalid(name, "it is blank or has control characters"));
            }
            let in_csr = csr
                .and_then(|csr| csr.subject_value(attribute))
                .map(|text| text.trim().to_owned())
                .filter(|text| is_name(text) && text.chars().count() <= max);
            Ok(match prefers_csr {
                true => in_csr.or(own),
                false => own.or(in_csr),
            })
        };
        if !names_organization(wanted) {
            return Ok(Self {
                email,
                organization: None,
                details: SubjectDetails::default(),
            });
        }
        let organization = chosen("organizationName", oid::ORGANIZATION, 64)?;
        if organization.is_none() {
            return Err(Refusal::missing(
                "organizationName",
                "neither organizationName was sent, nor has the CSR an organization",
            ));
        }
        let identifier = arguments.get("organizationIdentifier").map(str::trim);
        if identifier.is_some_and(|text| !is_name(text)) {
            return Err(Refusal::invalid(
                "organizationIdentifier",
                "it is blank or has control characters",
            ));
        }
        Ok(Self {
            email,
            organization,
            details: SubjectDetails {
                country: chosen("countryName", oid::COUNTRY, 2)?.map(Into::into),
                state_or_province: chosen("stateOrProvinceName", oid::STATE, 128)?.map(Into::into),
                locality: chosen("localityName", oid::LOCALITY, 128)?.map(Into::into),
                organization_identifier: identifier.map(Into::into),
            },
        })
    }
}

/// Whether a certificate can contain it.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(char::is_control)
}

/// Whether it is a country (-7), if there is any.
fn check_country(country: Option<&str>) -> Result<(), Refusal> {
    let is_shown = |c: char| c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ';
    match country {
        // The reply repeats the country, so it must be something that can be shown.
        Some(country) if !country.chars().all(is_shown) => Err(Refusal::invalid(
            "countryName",
            "it has characters that cannot be shown",
        )),
        Some(country) if !is_country(country) => Err(Refusal::naming(
            &code::NOT_A_COUNTRY,
            country,
            "a country is two capital letters of ISO 3166",
        )),
        Some(_) | None => Ok(()),
    }
}

/// What the page of the S/MIME certificates calls required (-3).
fn for_smime(name: &'static str, arguments: &Arguments<'_>) -> Option<String> {
    needed_for(Product::Smime, name, arguments)
}

/// What the page of code signing calls required (-3).
fn for_code_signing(name: &'static str, arguments: &Arguments<'_>) -> Option<String> {
    needed_for(Product::CodeSigning, name, arguments)
}

fn needed_for(product: Product, name: &'static str, arguments: &Arguments<'_>) -> Option<String> {
    let is_of_product = Wanted::sent(arguments)?.code.product() == product;
    is_of_product.then(|| format!("{} order needs {name}", product.described()))
}

/// Whether the certificate names an organization, and no CSR is sent that might have it (-3).
fn without_csr(_: &'static str, arguments: &Arguments<'_>) -> Option<String> {
    let is_needed = arguments.sent("csr").is_none() && names_organization(Wanted::sent(arguments)?.code);
    is_needed.then(|| "neither organizationName nor a csr with an organization was sent".to_owned())
}

fn names_organization(code: ProductCode) -> bool {
    code.product() == Product::CodeSigning || code == ProductCode::OrganizationMultipurpose
}

/// Letters and digits of the caller's, which the reply repeats.
fn unique_value<'f>(arguments: &Arguments<'f>) -> Result<Option<&'f str>, Refusal> {
    let value = arguments.get("uniqueValue");
    match value {
        Some(value) if !value.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Err(Refusal::invalid("uniqueValue", "uniqueValue takes letters and digits"))
        }
        value => Ok(value),
    }
}

/// The caller's own number of the order, which the reply repeats in a line of its own.
fn foreign_order_number<'f>(arguments: &Arguments<'f>) -> Result<Option<&'f str>, Refusal> {
    const NAME: &str = "foreignOrderNumber";
    match arguments.get(NAME) {
        Some(value) if value.contains(char::is_control) => {
            Err(Refusal::invalid(NAME, "foreignOrderNumber has control characters"))
        }
        value => Ok(value),
    }
}

/// The terms in days that a product is sold for.
fn terms(product: Product) -> &'static [u16] {
    match product {
        Product::Smime => &[365, 730],
        Product::CodeSigning => &[365, 730, 1095],
    }
}

/// A price for a year, times the years: made up, since what an account pays is between it and Sectigo.
fn price(code: ProductCode, days: u16) -> u32 {
    let a_year = match code {
        ProductCode::MailboxMultipurpose | ProductCode::MailboxStrict => 20,
        ProductCode::OrganizationMultipurpose => 60,
        ProductCode::CodeSigning => 210,
        ProductCode::CodeSigningEv => 280,
    };
    a_year * u32::from(days / 365)
}

/// A row of which no more is known than that siblings have it.
const fn taken(name: &'static str, max: usize, doc: &'static str) -> Argument {
    Argument::optional(name, Kind::String, doc).max(max).mark(Mark::Assumed)
}

/// A row about a template, as that of `!AutoReplaceSMIME`.
const fn template(name: &'static str, doc: &'static str) -> Argument {
    Argument::optional(name, Kind::Integer, doc).mark(Mark::Assumed)
}

const NO_EFFECT: &str = "Taken, and without effect.";
const IN_NO_CERTIFICATE: &str = "Taken, and in no certificate: its profile does not have it.";
const ABOUT_MAILS: &str = "Taken, and without effect: it is about e-mails.";
const ABOUT_SHIPPING: &str = "Code signing: taken, and without effect: nothing is shipped.";

const ARGUMENTS: &[Argument] = &[
    LOGIN_NAME,
    LOGIN_PASSWORD,
    Argument::required(
        "days",
        Kind::Integer,
        "For how many days: 365 or 730, for code signing also 1095. A code-signing certificate is valid for 460 at most.",
    )
    .choices(&["365", "730", "1095"]),
    Argument::required(
        "product",
        Kind::String,
        "794, 795 or 796 for S/MIME; 8, 530 or 551 for code signing, perhaps with 706, 577 or 163 for a token behind a \
         comma: then no CSR is needed.",
    )
    .max(64),
    Argument::optional(
        "csr",
        Kind::String,
        "The PKCS#10 request, Base64, with or without BEGIN and END lines, or a SPKAC as `!AutoReplaceCS` takes it. Without \
         one, the order is pending until it gets one.",
    )
    .max(32767),
    Argument::conditional(
        "sanEmailAddress",
        Kind::String,
        "The e-mail address that the certificate names. Required for S/MIME.",
    )
    .max(255)
    .where_needed(for_smime),
    Argument::yes_or_no("showCollectionCode", "Y: the collectionCode, last."),
    Argument::optional(
        "organizationIdentifier",
        Kind::String,
        "The registered number of the organization, for 796.",
    )
    .max(100),
    Argument::conditional(
        "organizationName",
        Kind::String,
        "The organization. Required for 796 and for code signing, unless the CSR has one.",
    )
    .max(64)
    .where_needed(without_csr),
    Argument::conditional(
        "stateOrProvinceName",
        Kind::String,
        "The state or province of the organization.",
    )
    .max(128),
    Argument::conditional(
        "countryName",
        Kind::String,
        "The country of the organization, ISO 3166 in capital letters.",
    )
    .max(2),
    Argument::optional("appRepForename", Kind::String, IN_NO_CERTIFICATE).max(64),
    Argument::optional("appRepSurname", Kind::String, IN_NO_CERTIFICATE).max(64),
    taken("appRepTelephone", 32, IN_NO_CERTIFICATE),
    Argument::conditional(
        "isCustomerValidated",
        Kind::Char,
        "Whether the customer validates the documents. Required for code signing.",
    )
    .max(1)
    .choices(&["Y", "N"])
    .where_needed(for_code_signing),
    Argument::conditional(
        "appRepEmailAddress",
        Kind::String,
        "Whom Sectigo calls back. Required for code signing.",
    )
    .max(255)
    .where_needed(for_code_signing),
    Argument::optional("isAppRepValidated", Kind::Char, NO_EFFECT)
        .max(1)
        .choices(&["Y", "N"]),
    Argument::optional("contactEmailAddress", Kind::String, ABOUT_MAILS).max(255),
    Argument::optional("organizationalUnitName", Kind::String, IN_NO_CERTIFICATE).max(64),
    taken("localityName", 128, "The city of the organization."),
    taken("postalCode", 40, IN_NO_CERTIFICATE),
    taken("postOfficeBox", 40, IN_NO_CERTIFICATE),
    taken("streetAddress1", 128, IN_NO_CERTIFICATE),
    taken("streetAddress2", 128, IN_NO_CERTIFICATE),
    taken("streetAddress3", 128, IN_NO_CERTIFICATE),
    taken("dunsNumber", 20, IN_NO_CERTIFICATE),
    taken("companyNumber", 64, IN_NO_CERTIFICATE),
    Argument::yes_or_no(
        "prioritiseCSRValues",
        "Y: organization, country, state and city of the CSR outweigh those of the arguments.",
    )
    .default("Y")
    .mark(Mark::Assumed),
    Argument::optional(
        "signatureHash",
        Kind::String,
        "The hash of the certificate's signature.",
    )
    .max(64)
    .choices(SignatureHash::NAMES)
    .default("NO_PREFERENCE")
    .mark(Mark::Assumed),
    Argument::optional(
        "caCertificateID",
        Kind::Integer,
        "The issuing CA, for S/MIME; only by special agreement of the account.",
    )
    .mark(Mark::Assumed),
    taken(
        LANGUAGE_NAME,
        2,
        "The language of e-mails about an S/MIME order, ISO 639-1 in lower case; English if left out. Not together with a \
         template id.",
    ),
    template(Mailing::TEMPLATES[0], "A verification e-mail template of the account."),
    template(Mailing::TEMPLATES[1], "A request e-mail template of the account."),
    template(Mailing::TEMPLATES[2], "A collection e-mail template of the account."),
    taken("keyAttestation", 32767, "Code signing: taken, and not checked."),
    taken("hsmType", 64, "Code signing: taken, and not checked."),
    taken("shippingTitle", 64, ABOUT_SHIPPING),
    taken("shippingForename", 64, ABOUT_SHIPPING),
    taken("shippingSurname", 64, ABOUT_SHIPPING),
    taken("shippingEmailAddress", 255, ABOUT_SHIPPING),
    taken("shippingTelephone", 32, ABOUT_SHIPPING),
    Argument::optional("shippingTemplateID", Kind::Integer, ABOUT_SHIPPING).mark(Mark::Assumed),
    taken("foreignOrderNumber", 64, "The caller's own number of the order; the reply repeats it.").repeated(),
    taken("uniqueValue", 20, "Letters and digits; the reply repeats them.").repeated(),
    Argument::yes_or_no("showCertificateID", "Y: the certificateID."),
    Argument::yes_or_no("showCertificateState", "Y: the state of the certificate, behind the certificateID."),
    Argument::yes_or_no(
        "test",
        "Y: a test order. It costs nothing, and the CA `test` issues its certificate.",
    )
    .mark(Mark::Assumed),
    Argument::optional(
        RESPONSE_FORMAT,
        Kind::Integer,
        "0 lines of text, 1 URL-encoded, 2 JSON (assumption `apply-order-json`).",
    )
    .choices(RESPONSE_FORMATS)
    .default("0"),
];

const CODES: &[&Code] = &[
    &code::NOT_HTTPS_LOWER_CASE,
    &code::UNRECOGNIZED_ARGUMENT_ASSUMED,
    &code::MISSING_ARGUMENT,
    &code::INVALID_ARGUMENT,
    &code::NOT_A_COUNTRY,
    &code::CSR_FIELD_MISSING,
    &code::NEW_CSR_NOT_BASE64,
    &code::NEW_CSR_NOT_DECODED,
    &code::NEW_CSR_ALGORITHM,
    &code::NEW_CSR_SIGNATURE,
    &code::NEW_CSR_KEY_SIZE,
    &code::UNKNOWN_ERROR,
    &code::NO_CREDIT,
    &code::LOGIN_DETAILS,
    &code::NOT_POST,
    &code::CSR_KEY_COMPROMISED,
    &code::NOT_PERMITTED,
    &code::NO_PRICE,
];
