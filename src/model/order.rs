//! Orders.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::csr::Csr;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, Revocation, RevocationReason, Stage, State, Validity};
use crate::api::order::terms::{ProductCode, SignatureHash, Terms};
use crate::api::world::Accounts;
use crate::ca;
use crate::clock::Timestamp;
use crate::model::account::no_account;
use crate::model::problem::{Problem, check_length};
use crate::model::when::When;
use crate::model::{object, whole};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a certificate is valid where the file does not say.
const LIFE: Duration = DAY.saturating_mul(365);

/// How old an issued certificate is where the file does not say.
const AGE: Duration = DAY.saturating_mul(30);

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

/// The order that an entry describes.
pub(crate) fn build_order(entry: &OrderEntry, accounts: &Accounts, now: Timestamp) -> Result<Order, Problem> {
    let number = OrderNumber::new(entry.order_number).ok_or_else(no_order_number)?;
    let account = accounts.get(&entry.login_name).ok_or_else(|| {
        Problem::at(
            "loginName",
            no_account(&entry.login_name, |text| accounts.is_password(text)),
        )
    })?;
    let csr = match &entry.csr {
        Some(text) => Some(judge_csr(text)?),
        None => None,
    };
    let mut order = Order {
        number,
        login_name: account.login_name.clone(),
        product: entry.product,
        email: entry.email.as_deref().map(Arc::from),
        organization: entry.organization.as_deref().map(Arc::from),
        csr: None,
        terms: build_terms(entry)?,
        stage: build_stage(entry, now)?,
        revocation: build_revocation(entry, now)?,
    };
    give_csr(&mut order, csr)?;
    Ok(order)
}

/// The CSR that an entry brings, no longer than the API takes it.
pub(crate) fn judge_csr(text: &str) -> Result<Csr, Problem> {
    check_length("csr", text, Csr::MAX_TEXT)?;
    Csr::judge(text).map_err(|error| Problem::at("csr", error.to_string()))
}

/// Lets an order have that CSR or none, which makes it complete: a certificate can be made of it, or it is refused here.
pub(crate) fn give_csr(order: &mut Order, csr: Option<Csr>) -> Result<(), Problem> {
    if csr.is_some() && order.terms.keep_key {
        return Err(Problem::at(
            "keepKey",
            "no key is made for an order that has a csr, so there is none to keep",
        ));
    }
    order.csr = csr;
    ca::order::check(order).map_err(|error| match error.field() {
        Some(field) => Problem::at(field, error.to_string()),
        None => Problem::here(error.to_string()),
    })
}

fn build_terms(entry: &OrderEntry) -> Result<Terms, Problem> {
    let is_of_product = |code: &ProductCode| code.product() == entry.product;
    let product_code = match entry.product_code {
        Some(number) => Some(ProductCode::from_number(number).filter(is_of_product).ok_or_else(|| {
            let numbers: Vec<_> = ProductCode::ALL
                .into_iter()
                .filter(is_of_product)
                .map(|code| code.number().to_string())
                .collect();
            Problem::at(
                "productCode",
                format!(
                    "{} order has the productCode {}",
                    entry.product.described(),
                    numbers.join(" or ")
                ),
            )
        })?),
        None => None,
    };
    if entry.ca_certificate_id.is_some() && entry.product != Product::Smime {
        return Err(Problem::at(
            "caCertificateID",
            "only an S/MIME order has a caCertificateID",
        ));
    }
    Ok(Terms {
        product_code,
        signature_hash: entry.signature_hash.unwrap_or_default(),
        ca_certificate_id: entry.ca_certificate_id,
        keep_key: entry.keep_key,
    })
}

fn build_revocation(entry: &OrderEntry, now: Timestamp) -> Result<Option<Box<Revocation>>, Problem> {
    let Some(revocation) = &entry.revocation else {
        return Ok(None);
    };
    let reason = RevocationReason::from_number(revocation.code_reason)
        .ok_or_else(|| Problem::at("codeReason", "a codeReason is 0, 1, 3, 4 or 5").under("revocation"))?;
    Ok(Some(Box::new(Revocation {
        at: revocation.at.from(now),
        reason,
        comment: revocation.revocation_reason.as_str().into(),
    })))
}

fn build_stage(entry: &OrderEntry, now: Timestamp) -> Result<Stage, Problem> {
    let unless_given = |given: &[(&'static str, bool)]| match given.iter().find(|(_, is_given)| *is_given) {
        Some((key, _)) => Err(Problem::at(
            key,
            format!("an order that is {} has no `{key}`", entry.state),
        )),
        None => Ok(()),
    };
    let (issued, expires, due) = (entry.issued.is_some(), entry.expires.is_some(), entry.due.is_some());
    match entry.state {
        State::Pending | State::Rejected | State::OnHold => {
            unless_given(&[("issued", issued), ("expires", expires), ("due", due)])?;
        }
        State::BeingIssued => unless_given(&[("issued", issued), ("expires", expires && !due)])?,
        State::Issued | State::Replaced | State::Revoked | State::Expired => unless_given(&[("due", due)])?,
    }
    if let Some(stage) = entry.stage {
        return build_recorded_stage(entry, stage, now);
    }
    Ok(match entry.state {
        State::Pending => Stage::Pending,
        State::Rejected => Stage::Rejected,
        State::OnHold => Stage::OnHold,
        State::BeingIssued => being_issued(entry, now)?,
        State::Issued => Stage::Issued(validity_with_end(entry, now, false)?),
        State::Replaced => Stage::Replaced(validity_with_end(entry, now, false)?),
        State::Expired => Stage::Issued(validity_with_end(entry, now, true)?),
        State::Revoked => Stage::Revoked(validity(entry, now, AGE)?),
    })
}

fn being_issued(entry: &OrderEntry, now: Timestamp) -> Result<Stage, Problem> {
    let due = entry.due.map(|_| validity(entry, now, AGE)).transpose()?;
    Ok(Stage::BeingIssued(due))
}

/// The stage that the entry names. Its state is that of another time, perhaps, but one that the stage comes by.
fn build_recorded_stage(entry: &OrderEntry, stage: StageEntry, now: Timestamp) -> Result<Stage, Problem> {
    if !stage.states().contains(&entry.state) {
        let states: Vec<_> = stage.states().iter().map(|state| state.as_str()).collect();
        return Err(Problem::at(
            "stage",
            format!(
                "with this stage an order is {}, never {}; leave `stage` out where `state` says it all",
                states.join(" or "),
                entry.state
            ),
        ));
    }
    match (stage, entry.state) {
        (StageEntry::BeingIssued, State::BeingIssued) => being_issued(entry, now),
        (StageEntry::BeingIssued, _) => Ok(Stage::BeingIssued(Some(validity(entry, now, AGE)?))),
        (StageEntry::Issued, _) => Ok(Stage::Issued(validity(entry, now, AGE)?)),
        (StageEntry::Replaced, _) => Ok(Stage::Replaced(validity(entry, now, AGE)?)),
    }
}

/// The validity of an order whose state says whether its end is past.
fn validity_with_end(entry: &OrderEntry, now: Timestamp, is_past: bool) -> Result<Validity, Problem> {
    let validity = validity(entry, now, if is_past { LIFE + DAY } else { AGE })?;
    match (validity.expires <= now, is_past) {
        (true, false) => Err(Problem::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            format!(
                "an order that is {} has its end in the future; one past its end is expired",
                entry.state
            ),
        )),
        (false, true) => Err(Problem::at(
            if entry.expires.is_some() { "expires" } else { "issued" },
            "an order that is expired has its end in the past",
        )),
        _ => Ok(validity),
    }
}

/// The validity that the entry gives; what it does not give follows from the other end or from `age`.
fn validity(entry: &OrderEntry, now: Timestamp, age: Duration) -> Result<Validity, Problem> {
    let issued = entry.due.or(entry.issued).map(|when| when.from(now));
    let expires = entry.expires.map(|when| when.from(now));
    check_validity(match (issued, expires) {
        (Some(issued), Some(expires)) => Validity { issued, expires },
        (Some(issued), None) => Validity {
            issued,
            expires: issued.after(LIFE),
        },
        (None, Some(expires)) => Validity {
            issued: now.before(age).min(expires.before(LIFE)),
            expires,
        },
        (None, None) => Validity {
            issued: now.before(age),
            expires: now.before(age).after(LIFE),
        },
    })
}

fn check_validity(validity: Validity) -> Result<Validity, Problem> {
    // An order may be over at the moment that it is issued: so is one that replaces an order in its last minutes.
    if validity.expires < validity.issued {
        return Err(Problem::at("expires", "an order does not expire before it is issued"));
    }
    Ok(validity)
}

impl OrderEntry {
    /// The entry that makes this order again, whatever the time is then.
    pub(crate) fn record(order: &Order, now: Timestamp) -> Self {
        Self {
            stage: StageEntry::of(order.stage),
            ..Self::describe(order, now)
        }
    }

    /// The entry that says how this order is now.
    pub(crate) fn describe(order: &Order, now: Timestamp) -> Self {
        let state = order.state_at(now);
        let validity = order.validity();
        let is_due = state == State::BeingIssued;
        Self {
            order_number: order.number.get(),
            login_name: order.login_name.to_string(),
            product: order.product,
            state,
            stage: None,
            issued: validity.filter(|_| !is_due).map(|validity| When::At(validity.issued)),
            expires: validity.map(|validity| When::At(validity.expires)),
            due: validity.filter(|_| is_due).map(|validity| When::At(validity.issued)),
            email: order.email.as_deref().map(str::to_owned),
            organization: order.organization.as_deref().map(str::to_owned),
            csr: order.csr.as_ref().map(describe_csr),
            product_code: order.terms.product_code.map(ProductCode::number),
            signature_hash: Some(order.terms.signature_hash).filter(|hash| *hash != SignatureHash::default()),
            ca_certificate_id: order.terms.ca_certificate_id,
            keep_key: order.terms.keep_key,
            revocation: order.revocation.as_ref().map(|revocation| RevocationEntry {
                at: When::At(revocation.at),
                code_reason: revocation.reason.number(),
                revocation_reason: revocation.comment.to_string(),
            }),
        }
    }
}

/// A CSR in PEM; bare where only its armour would make it longer than a CSR may be.
fn describe_csr(csr: &Csr) -> String {
    Some(csr.to_pem())
        .filter(|pem| pem.len() <= Csr::MAX_TEXT)
        .unwrap_or_else(|| csr.to_base64())
}

/// Says that an order number is taken.
pub(crate) fn order_number_taken(number: OrderNumber) -> String {
    format!("another order has the orderNumber {number}")
}

pub(super) fn no_order_number() -> Problem {
    Problem::at(
        "orderNumber",
        format!("an order number is between 1 and {}", OrderNumber::MAX),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::account::{Account, LoginName};

    const DAY: Duration = Duration::from_secs(86_400);

    fn day(number: u32) -> Timestamp {
        Timestamp::EPOCH.after(number * DAY)
    }

    fn order(stage: Stage) -> Order {
        Order {
            number: OrderNumber::new(7).unwrap(),
            login_name: LoginName::new("a"),
            product: Product::Smime,
            email: None,
            organization: None,
            csr: None,
            terms: Default::default(),
            stage,
            revocation: None,
        }
    }

    #[test]
    fn a_recorded_order_is_the_same_whenever_it_was_recorded_and_is_read() {
        let mut accounts = Accounts::default();
        accounts.insert(Account::plain("a", "p"));
        let validity = Validity {
            issued: day(10),
            expires: day(20),
        };
        for stage in [
            Stage::Pending,
            Stage::BeingIssued(None),
            Stage::BeingIssued(Some(validity)),
            Stage::Issued(validity),
            Stage::Replaced(validity),
            Stage::Revoked(validity),
            Stage::Rejected,
            Stage::OnHold,
        ] {
            for (recorded, read) in (0..6).flat_map(|recorded| (0..6).map(move |read| (recorded * 5, read * 5))) {
                let entry = OrderEntry::record(&order(stage), day(recorded));
                let text = serde_json::to_string(&entry).unwrap();
                let entry = serde_json::from_str(&text).unwrap();
                let found = build_order(&entry, &accounts, day(read)).unwrap();
                assert_eq!(
                    found,
                    order(stage),
                    "recorded on day {recorded}, read on day {read}: {text}"
                );
            }
        }
    }
}
