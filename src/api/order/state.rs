//! An order, its state at a given time, and all that is true of each state.

use std::borrow::Cow;
use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::account::LoginName;
use crate::api::csr::Csr;
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::mailing::{MailKind, Mailing, Wording};
use crate::api::order::product::Product;
use crate::api::order::subject::SubjectDetails;
use crate::api::order::terms::{ProductCode, Terms};
use crate::api::protocol::argument::parse_integer;
use crate::clock::Timestamp;

/// An order number: digits without a leading zero, 1 to 18 of them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OrderNumber(NonZeroU64);

impl OrderNumber {
    /// The greatest number.
    pub const MAX: u64 = 999_999_999_999_999_999;

    /// The order number with that value, if it is from 1 to [`MAX`](Self::MAX).
    pub fn new(value: u64) -> Option<Self> {
        NonZeroU64::new(value)
            .filter(|value| value.get() <= Self::MAX)
            .map(Self)
    }

    /// The order number in a text, if it is written without a sign, leading zeros or spaces.
    pub fn parse(text: &str) -> Option<Self> {
        parse_integer(text).and_then(Self::new)
    }

    /// Refuses a number that is greater than any order number.
    ///
    /// # Errors
    /// It is; the sentence says what is taken.
    pub(crate) fn check_greatest(number: u64) -> Result<(), String> {
        match number <= Self::MAX {
            true => Ok(()),
            false => Err(format!("an order number is at most {}", Self::MAX)),
        }
    }

    /// Its value.
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The certificateID that follows from it: of 16 digits for all usual numbers, so that it is not taken for the order
    /// number. Order numbers up to [`CertificateId::MAX`] have different ones.
    pub(crate) fn certificate_id(self) -> CertificateId {
        let falling = CertificateId::MAX - (self.get() - 1) % CertificateId::MAX;
        CertificateId::new(falling).expect("it is from 1 to the greatest")
    }

    /// The only order number up to [`CertificateId::MAX`] from which that certificateID follows.
    pub(crate) fn of_certificate(id: CertificateId) -> Self {
        Self::new(CertificateId::MAX - id.get() + 1).expect("it is from 1 to the greatest certificateID")
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Makes, from one list, the enum of the states, the list of them all, and their names.
macro_rules! states {
    ($($(#[$doc:meta])+ $State:ident = $name:literal,)+) => {
        /// The state of an order at a time.
        // The names are written by rule, for the schema does not see through a name that a macro was given; a test holds
        // them against those of the list.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum State {
            $($(#[$doc])+ $State,)+
        }

        impl State {
            /// Every state, in the order of the documentation's table.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$State),+];

            /// The name in fixtures and in the control API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$State => $name,)+
                }
            }
        }
    };
}

states! {
    /// Ordered, not yet issued.
    Pending = "pending",
    /// Between being ordered and being issued.
    BeingIssued = "being-issued",
    /// Issued and valid.
    Issued = "issued",
    /// Marked as replaced: still valid, not in the CRL.
    Replaced = "replaced",
    /// Revoked.
    Revoked = "revoked",
    /// Rejected before it was issued.
    Rejected = "rejected",
    /// Issued or replaced, and past its end.
    Expired = "expired",
    /// On hold: neither a replacement nor a revocation is allowed.
    OnHold = "on-hold",
    /// Ordered, not yet paid for.
    Unpaid = "unpaid",
}

/// Which times an order has, as fixtures and the control API give them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Times {
    /// None.
    None,
    /// `due`, when it will be issued, and `expires`; or neither, if it never will.
    Due,
    /// `issued` and `expires`.
    Issued,
}

/// What `!AutoReplaceSMIME` does to an order in a state that allows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReplaceStep {
    /// The CSR is replaced in the order itself, which is not issued yet.
    InPlace,
    /// A new order is made; the old one is marked as replaced or is revoked.
    NewOrder,
}

/// What `!autoRevokeCS` does to an order in a state that allows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevokeStep {
    /// The order, which is not issued yet, is rejected.
    Reject,
    /// The certificate is marked as replaced and stays out of the CRL.
    Replace,
    /// The certificate is revoked and goes into the CRL.
    Revoke,
}

/// Why a state does not allow a replacement or a revocation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// -20: it is rejected already.
    AlreadyRejected,
    /// -21: it is revoked already.
    AlreadyRevoked,
    /// -26: it is being issued.
    BeingIssued,
    /// -34: it is replaced already, and the call only asks to mark it as replaced.
    AlreadyReplaced,
    /// -35: it is expired.
    Expired,
    /// -43: it is in a state that cannot be revoked.
    NotRevocable,
    /// -122: it is in a state that cannot be replaced.
    WrongState,
}

/// What is true of each state.
impl State {
    /// How replies word it: `showCertificateState` and `showExtStatus`. Only `Issued` and the words of what is awaited are
    /// documented.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Unpaid => "Awaiting Payment",
            Self::Pending => "Awaiting Validation",
            Self::BeingIssued => "Awaiting Issuance",
            Self::Issued => "Issued",
            Self::Replaced => "Replaced",
            Self::Revoked => "Revoked",
            Self::Rejected => "Rejected",
            Self::Expired => "Expired",
            Self::OnHold => "On Hold",
        }
    }

    /// Which times an order in this state has.
    pub(crate) fn times(self) -> Times {
        match self {
            Self::Pending | Self::Rejected | Self::OnHold | Self::Unpaid => Times::None,
            Self::BeingIssued => Times::Due,
            Self::Issued | Self::Replaced | Self::Revoked | Self::Expired => Times::Issued,
        }
    }

    /// Whether a certificate was issued for an order in this state, valid or not.
    pub(crate) fn has_certificate(self) -> bool {
        match self {
            Self::Issued | Self::Replaced | Self::Revoked | Self::Expired => true,
            Self::Pending | Self::BeingIssued | Self::Rejected | Self::OnHold | Self::Unpaid => false,
        }
    }

    /// Whether the certificate of an order in this state is valid: issued, not revoked, not past its end.
    pub(crate) fn is_valid(self) -> bool {
        match self {
            Self::Issued | Self::Replaced => true,
            Self::Pending
            | Self::BeingIssued
            | Self::Revoked
            | Self::Rejected
            | Self::Expired
            | Self::OnHold
            | Self::Unpaid => false,
        }
    }

    /// Whether an order in this state stays in it, whatever is called and however much time passes. Only the control API
    /// takes it out of it again. On hold is not final: whoever put the order there by the control API is expected to
    /// release it.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Revoked | Self::Rejected | Self::Expired => true,
            Self::Pending | Self::BeingIssued | Self::Issued | Self::Replaced | Self::OnHold | Self::Unpaid => false,
        }
    }

    /// Whether an order in this state may have a [`Revocation`]: `!autoRevokeCS` brings orders into it, or, of those that are
    /// expired, has marked some as replaced before.
    pub(crate) fn may_have_revocation(self) -> bool {
        match self {
            Self::Replaced | Self::Revoked | Self::Rejected | Self::Expired => true,
            Self::Pending | Self::BeingIssued | Self::Issued | Self::OnHold | Self::Unpaid => false,
        }
    }

    /// What `!AutoReplaceSMIME` does to an order in this state.
    ///
    /// # Errors
    /// The state does not allow it.
    pub(crate) fn replace(self) -> Result<ReplaceStep, Refused> {
        match self {
            Self::Pending => Ok(ReplaceStep::InPlace),
            Self::Issued => Ok(ReplaceStep::NewOrder),
            Self::BeingIssued => Err(Refused::BeingIssued),
            Self::Revoked => Err(Refused::AlreadyRevoked),
            Self::Replaced | Self::Rejected | Self::Expired | Self::OnHold | Self::Unpaid => Err(Refused::WrongState),
        }
    }

    /// What `!AutoReplaceCS` does to an order in this state.
    ///
    /// # Errors
    /// The state does not allow it.
    pub(crate) fn replace_code_signing(self) -> Result<ReplaceStep, Refused> {
        match self {
            Self::Pending => Ok(ReplaceStep::InPlace),
            Self::Issued => Ok(ReplaceStep::NewOrder),
            Self::BeingIssued => Err(Refused::BeingIssued),
            Self::Replaced | Self::Unpaid => Err(Refused::WrongState),
            Self::Revoked => Err(Refused::AlreadyRevoked),
            Self::Rejected => Err(Refused::AlreadyRejected),
            Self::Expired => Err(Refused::Expired),
            Self::OnHold => Err(Refused::NotRevocable),
        }
    }

    /// What `!autoRevokeCS` does to an order in this state.
    ///
    /// # Errors
    /// The state does not allow it.
    pub(crate) fn revoke(self, include_in_crl: bool) -> Result<RevokeStep, Refused> {
        match (self, include_in_crl) {
            (Self::Pending | Self::Unpaid, _) => Ok(RevokeStep::Reject),
            (Self::Issued | Self::Replaced, true) => Ok(RevokeStep::Revoke),
            (Self::Issued, false) => Ok(RevokeStep::Replace),
            (Self::Replaced, false) => Err(Refused::AlreadyReplaced),
            (Self::BeingIssued, _) => Err(Refused::BeingIssued),
            (Self::Revoked, _) => Err(Refused::AlreadyRevoked),
            (Self::Rejected, _) => Err(Refused::AlreadyRejected),
            (Self::Expired, _) => Err(Refused::Expired),
            (Self::OnHold, _) => Err(Refused::NotRevocable),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The period in which a certificate is valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// When it is issued.
    pub issued: Timestamp,
    /// When it expires: at this time it is no longer valid.
    pub expires: Timestamp,
}

/// What is stored of an order's state. The state follows from it and from the time: see [`Order::state_at`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// Waits for Sectigo or for its owner.
    Pending,
    /// Becomes issued at `Validity::issued`, or never if there is none.
    BeingIssued(Option<Validity>),
    /// Was issued.
    Issued(Validity),
    /// Was issued, then marked as replaced.
    Replaced(Validity),
    /// Was issued, then revoked.
    Revoked(Validity),
    /// Was never issued and never will be.
    Rejected,
    /// Is on hold, and stays so.
    OnHold,
    /// Waits for its payment.
    Unpaid,
}

/// An order of a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its number.
    pub number: OrderNumber,
    /// The certificateID of its certificate, if it is not the one that follows from its number.
    pub certificate_id: Option<CertificateId>,
    /// The account that it belongs to.
    pub login_name: LoginName,
    /// The product that was ordered.
    pub product: Product,
    /// The email address of an S/MIME certificate.
    pub email: Option<Arc<str>>,
    /// The organization that the certificate names.
    pub organization: Option<Arc<str>>,
    /// What else the certificate says about the organization, if anything is given.
    pub subject: Option<Box<SubjectDetails>>,
    /// The CSR, if one was given.
    pub csr: Option<Csr>,
    /// What else the order says about its certificate.
    pub terms: Terms,
    /// What its state follows from.
    pub stage: Stage,
    /// The call that revoked, rejected or replaced it, if there was one.
    pub revocation: Option<Box<Revocation>>,
    /// After how many more polls it is issued, if it is being issued.
    pub issued_after_polls: Option<NonZeroU32>,
    /// How its issuance fails, instead of being done, when it is due.
    pub issuance_fails: Option<IssuanceFailure>,
    /// What its mails are written with, if anything was asked for.
    pub mailing: Option<Box<Mailing>>,
    /// Whether its certificate was collected; noted only for accounts to which this is pushed.
    pub collected: bool,
}

impl Order {
    /// An S/MIME order of the account `a` of which nothing else is said.
    #[cfg(test)]
    pub(crate) fn plain(number: OrderNumber, stage: Stage) -> Self {
        Self {
            number,
            certificate_id: None,
            login_name: LoginName::new("a"),
            product: Product::Smime,
            email: None,
            organization: None,
            subject: None,
            csr: None,
            terms: Terms::default(),
            stage,
            revocation: None,
            issued_after_polls: None,
            issuance_fails: None,
            mailing: None,
            collected: false,
        }
    }

    /// How much memory it takes, in bytes, near enough.
    pub fn memory(&self) -> usize {
        /// Its place in the book, and what is allocated beside it.
        const PLACE: usize = 96;
        /// Its place in the index of certificateIDs.
        const INDEXED: usize = 64;
        let texts = [&self.email, &self.organization].into_iter().flatten();
        let indexed = self.certificate_id.map_or(0, |_| INDEXED);
        let details = self.subject.as_ref().map_or(0, |subject| subject.memory());
        let comment = self
            .revocation
            .as_ref()
            .map_or(0, |revocation| size_of::<Revocation>() + revocation.comment.len());
        size_of::<Self>()
            + PLACE
            + indexed
            + self.csr.as_ref().map_or(0, Csr::memory)
            + texts.map(|text| text.len()).sum::<usize>()
            + details
            + comment
            + self.mailing.as_ref().map_or(0, |_| size_of::<Mailing>())
    }

    /// The certificateID of its certificate, issued or not.
    pub fn certificate_id(&self) -> CertificateId {
        self.certificate_id.unwrap_or_else(|| self.number.certificate_id())
    }

    /// The email address that its mails go to, and that an S/MIME certificate names; default:
    /// `order-NUMBER@example.com`.
    pub fn email_address(&self) -> Cow<'_, str> {
        let default_email = || format!("order-{}@example.com", self.number).into();
        self.email.as_deref().map_or_else(default_email, Cow::Borrowed)
    }

    /// What a mail of that kind about it is written with.
    pub(crate) fn wording(&self, kind: MailKind) -> Wording {
        self.mailing.as_deref().copied().unwrap_or_default().wording(kind)
    }

    /// The kind of its certificate: its own, or the default of its product.
    pub fn product_code(&self) -> ProductCode {
        let default = || ProductCode::default_for(self.product, self.organization.is_some());
        self.terms.product_code.unwrap_or_else(default)
    }
}

/// How the issuance of an order fails.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum IssuanceFailure {
    /// Before the certificate is signed.
    PreSign,
    /// After the certificate was signed.
    PostSign,
}

/// What the caller of `!autoRevokeCS` said about a revocation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revocation {
    /// When the call was made.
    pub at: Timestamp,
    /// The reason, as a CRL states it.
    pub reason: RevocationReason,
    /// The argument `revocationReason`, a comment.
    pub comment: Box<str>,
}

/// The reasons for a revocation that the argument `codeReason` accepts, with the numbers of RFC 5280, section 5.3.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationReason {
    /// 0: no reason is given.
    Unspecified,
    /// 1: the private key is compromised.
    KeyCompromise,
    /// 3: the name or another fact about the subject has changed.
    AffiliationChanged,
    /// 4: another certificate takes its place.
    Superseded,
    /// 5: it is no longer needed.
    CessationOfOperation,
}

impl RevocationReason {
    /// The reason with that number, if the API accepts it.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Unspecified),
            1 => Some(Self::KeyCompromise),
            3 => Some(Self::AffiliationChanged),
            4 => Some(Self::Superseded),
            5 => Some(Self::CessationOfOperation),
            _ => None,
        }
    }

    /// Its number, 0 to 5.
    pub fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }

    /// Its name in RFC 5280.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_schema_are_those_of_the_list() {
        let names: Vec<_> = State::ALL.map(State::as_str).into();
        let written: Vec<_> = State::ALL.map(|state| serde_json::to_value(state).unwrap()).into();
        assert_eq!(written, names);
        let schema = serde_json::to_value(<State as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::json!(names));
    }

    #[test]
    fn a_certificate_id_follows_from_the_order_number() {
        for (number, expected) in [
            (1, 9_999_999_999_999_999),
            (1_234_567, 9_999_999_998_765_433),
            (CertificateId::MAX, 1),
            (CertificateId::MAX + 1, CertificateId::MAX),
        ] {
            let number = OrderNumber::new(number).unwrap();
            let id = number.certificate_id();
            assert_eq!(id.get(), expected);
            assert_eq!(
                OrderNumber::of_certificate(id) == number,
                number.get() <= CertificateId::MAX
            );
        }
    }

    #[test]
    fn an_order_number_is_written_in_one_way() {
        for text in [
            "",
            "0",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "abc",
            "1000000000000000000",
            "１",
        ] {
            assert_eq!(OrderNumber::parse(text), None, "{text}");
        }
        for text in ["1", "1234567", "999999999999999999"] {
            assert_eq!(OrderNumber::parse(text).unwrap().to_string(), text);
        }
    }

    type Revoked = Result<RevokeStep, Refused>;

    /// The table of the documentation: state, replace, revoke with includeInCRL=Y, with N.
    #[rustfmt::skip]
    const TABLE: &[(State, Result<ReplaceStep, Refused>, Revoked, Revoked)] = &[
        (State::Pending, Ok(ReplaceStep::InPlace), Ok(RevokeStep::Reject), Ok(RevokeStep::Reject)),
        (State::BeingIssued, Err(Refused::BeingIssued), Err(Refused::BeingIssued), Err(Refused::BeingIssued)),
        (State::Issued, Ok(ReplaceStep::NewOrder), Ok(RevokeStep::Revoke), Ok(RevokeStep::Replace)),
        (State::Replaced, Err(Refused::WrongState), Ok(RevokeStep::Revoke), Err(Refused::AlreadyReplaced)),
        (State::Revoked, Err(Refused::AlreadyRevoked), Err(Refused::AlreadyRevoked), Err(Refused::AlreadyRevoked)),
        (State::Rejected, Err(Refused::WrongState), Err(Refused::AlreadyRejected), Err(Refused::AlreadyRejected)),
        (State::Expired, Err(Refused::WrongState), Err(Refused::Expired), Err(Refused::Expired)),
        (State::OnHold, Err(Refused::WrongState), Err(Refused::NotRevocable), Err(Refused::NotRevocable)),
        (State::Unpaid, Err(Refused::WrongState), Ok(RevokeStep::Reject), Ok(RevokeStep::Reject)),
    ];

    #[test]
    fn a_state_is_final_if_nothing_can_be_done_to_its_orders() {
        for state in State::ALL {
            let replacements = [state.replace().is_err(), state.replace_code_signing().is_err()];
            let revocations = [true, false].map(|include_in_crl| state.revoke(include_in_crl).is_err());
            let is_stuck = [replacements, revocations]
                .concat()
                .iter()
                .all(|is_refused| *is_refused);
            // One that is being issued is issued in the end, one on hold is released, one that is unpaid is authorized.
            let is_left = matches!(state, State::BeingIssued | State::OnHold | State::Unpaid);
            assert_eq!(state.is_final(), is_stuck && !is_left, "{state}");
        }
    }

    #[test]
    fn every_state_answers_every_event_as_the_table_says() {
        let states: Vec<_> = TABLE.iter().map(|row| row.0).collect();
        assert_eq!(states, State::ALL);
        for (state, replaced, revoked, revoked_quietly) in TABLE {
            assert_eq!(state.replace(), *replaced, "{state}");
            assert_eq!(state.revoke(true), *revoked, "{state}");
            assert_eq!(state.revoke(false), *revoked_quietly, "{state}");
        }
    }
}
