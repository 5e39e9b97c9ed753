//! A fixtures file as it is written: the same structs read TOML and JSON, and write the snapshot of a world.

use std::collections::BTreeMap;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::api::fault::Faults;
use crate::api::order::product::Product;
use crate::api::order::state::{Stage, State};
use crate::api::order::terms::SignatureHash;
use crate::api::world::Accounts;
use crate::model::when::{Span, When};
use crate::model::{object, whole};

/// A whole file.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct File {
    #[serde(deserialize_with = "accounts")]
    pub(crate) accounts: Vec<AccountEntry>,
    #[serde(deserialize_with = "object::list")]
    pub(crate) orders: Vec<OrderEntry>,
    #[serde(deserialize_with = "object::list")]
    pub(crate) messages: Vec<MessageEntry>,
    #[serde(deserialize_with = "faults")]
    pub(crate) faults: Vec<FaultEntry>,
    pub(crate) assumptions: BTreeMap<String, String>,
    #[serde(deserialize_with = "object::option", skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<ClockEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuance_delay: Option<Span>,
    #[serde(deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    pub(crate) next_order_number: Option<u64>,
}

fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AccountEntry>, D::Error> {
    object::first(Accounts::MAX + 1, deserializer)
}

fn faults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<FaultEntry>, D::Error> {
    object::first(Faults::MAX + 1, deserializer)
}

/// The time of a sandbox that is not the system's.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClockEntry {
    /// The present, at which it stands still if `frozen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) now: Option<When>,
    /// How far it is ahead of the system's time (`+30d`) or behind (`-30d`), if it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) offset: Option<When>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) frozen: bool,
}

/// An account.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccountEntry {
    pub(crate) login_name: String,
    pub(crate) login_password: Secret,
    /// The number by which a reseller names it.
    #[serde(
        default,
        rename = "accountID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) account_id: Option<u64>,
    /// The loginName of the account that may name it by its accountID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reseller: Option<String>,
    /// A locked account is answered with -16.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) locked: bool,
    /// The endpoints that it may use; all if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) permissions: Option<Vec<String>>,
    /// The caCertificateIDs that it may name; without any, -91 answers one.
    #[serde(
        default,
        rename = "caCertificateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(crate) ca_certificate_ids: Vec<u64>,
    /// The ids of its e-mail templates.
    #[serde(
        default,
        rename = "templateIDs",
        deserialize_with = "whole::list",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub(crate) template_ids: Vec<u64>,
    /// Whether it pays with a voucher, or the voucher's name: then -90 answers a revocation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) voucher: Option<VoucherEntry>,
    /// How many calls it may make in a time; those beyond are answered with -42.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) call_limit: Option<CallLimitEntry>,
}

/// A password; it is never printed, not even when it is of a wrong kind, only written into snapshots.
#[derive(Clone, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Takes a string. Of a number or a boolean, serde's own error would tell the value.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: de::Error>() -> Result<Secret, E> {
        Err(E::custom("a password is a string, in quotes"))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a password in quotes")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret(text.to_owned()))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Secret, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A voucher: that there is one, or its name.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum VoucherEntry {
    Used(bool),
    Named(String),
}

/// Not serde's own: that of an untagged enum keeps all that was sent before it looks at it.
impl<'de> Deserialize<'de> for VoucherEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(VoucherVisitor)
    }
}

struct VoucherVisitor;

impl Visitor<'_> for VoucherVisitor {
    type Value = VoucherEntry;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another value: `voucher` is true, false, or the voucher's name")
    }

    fn visit_bool<E: de::Error>(self, is_used: bool) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Used(is_used))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<VoucherEntry, E> {
        Ok(VoucherEntry::Named(name.to_owned()))
    }
}

/// A limit of calls.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallLimitEntry {
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 1000000)]
    pub(crate) calls: usize,
    pub(crate) per: Span,
    /// When the calls were made that count still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) counted: Vec<When>,
}

/// An order.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OrderEntry {
    #[serde(deserialize_with = "whole::one")]
    #[schema(minimum = 1, maximum = 999999999999999999u64)]
    pub(crate) order_number: u64,
    pub(crate) login_name: String,
    pub(crate) product: Product,
    pub(crate) state: State,
    /// What the state follows from as time goes by. A snapshot says it, and `state` is then the one at the time when the
    /// snapshot was taken. Left out: what `state` says now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<StageEntry>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued: Option<When>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<When>,
    /// When it is issued, if it is being-issued; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<When>,
    /// The mailbox that an S/MIME certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    /// The organization that the certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<String>,
    /// A PKCS#10 request, in PEM or Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) csr: Option<String>,
    /// Sectigo's number of the kind of certificate: 794, 795 or 796 for S/MIME, 8 or 530 for code signing.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 65535)]
    pub(crate) product_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature_hash: Option<SignatureHash>,
    /// The CA that issues it: each number is a CA of its own.
    #[serde(
        default,
        rename = "caCertificateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) ca_certificate_id: Option<u64>,
    /// Keep the private key that is made where no CSR is given, so that it can be fetched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) keep_key: bool,
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) revocation: Option<RevocationEntry>,
}

/// What was done to an order whose state changes with time alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StageEntry {
    /// It was ordered: being-issued until it is due, then issued, expired after its end.
    BeingIssued,
    /// It was issued: issued until its end, then expired.
    Issued,
    /// It was replaced: replaced until its end, then expired.
    Replaced,
}

impl StageEntry {
    /// The stage of an order whose state changes with time alone.
    pub(crate) fn of(stage: Stage) -> Option<Self> {
        match stage {
            Stage::BeingIssued(Some(_)) => Some(Self::BeingIssued),
            Stage::Issued(_) => Some(Self::Issued),
            Stage::Replaced(_) => Some(Self::Replaced),
            Stage::Pending | Stage::BeingIssued(None) | Stage::Revoked(_) | Stage::Rejected | Stage::OnHold => None,
        }
    }

    /// The states that it comes by.
    pub(crate) fn states(self) -> &'static [State] {
        match self {
            Self::BeingIssued => &[State::BeingIssued, State::Issued, State::Expired],
            Self::Issued => &[State::Issued, State::Expired],
            Self::Replaced => &[State::Replaced, State::Expired],
        }
    }
}

/// What the caller of a revocation said.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RevocationEntry {
    pub(crate) at: When,
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 5)]
    pub(crate) code_reason: u8,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) revocation_reason: String,
}

/// Another wording of a code.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageEntry {
    pub(crate) endpoint: String,
    #[serde(deserialize_with = "whole::one")]
    pub(crate) code: i32,
    pub(crate) message: String,
}

/// A fault.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FaultEntry {
    /// Calls of this endpoint; any if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// Calls with this loginName; any if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) login_name: Option<String>,
    /// Calls with this orderNumber; any if left out.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 999999999999999999u64)]
    pub(crate) order_number: Option<u64>,
    /// So many of these calls are let through first.
    #[serde(default, deserialize_with = "whole::one", skip_serializing_if = "is_zero")]
    pub(crate) skip: u64,
    /// So many meet it then; all if left out.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u64>,
    /// Each meets it with this probability, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<f64>,
    /// It is gone after this time; never if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ttl: Option<Span>,
    /// What happens to a call that meets it.
    #[serde(deserialize_with = "object::one")]
    pub(crate) then: ThenEntry,
}

/// What a fault does: exactly one of `code`, `delay`, `status`, `disconnect`, `garble`, `throttle`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ThenEntry {
    /// Answer this code of the endpoint in the format asked for; the call does nothing.
    #[serde(deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<i32>,
    /// What fills the `xxxx` of the code's message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) argument: Option<String>,
    /// Send the reply so much later; the call is done at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay: Option<Span>,
    /// Answer this HTTP status, as a gateway would; the call does nothing.
    #[serde(deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 200, maximum = 599)]
    pub(crate) status: Option<u16>,
    /// The body under that status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// Close the connection `before` the reply or `mid-body`; the call is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) disconnect: Option<DisconnectEntry>,
    /// Send as many bytes, but wrong ones; the call is done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) garble: bool,
    /// Send the reply at so many bytes a second; the call is done.
    #[serde(deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4294967295u64)]
    pub(crate) throttle: Option<u32>,
}

/// Where a reply breaks off.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DisconnectEntry {
    Before,
    MidBody,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
