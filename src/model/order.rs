//! Orders.

mod build;
mod change;
mod describe;
mod list;
mod stage;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::order::product::Product;
use crate::api::order::state::{IssuanceFailure, State};
use crate::api::order::terms::SignatureHash;
use crate::clock::Timestamp;
use crate::model::same_schema::same_schema;
use crate::model::when::When;
use crate::model::whole::is_zero;
use crate::model::{object, whole};

pub(super) use self::build::no_order_number;
pub(crate) use self::build::{build_order, certificate_id_taken, give_csr, judge_csr, order_number_taken};
pub use self::change::OrderChange;
pub(crate) use self::list::{OrderFilter, OrderList};
pub(crate) use self::stage::StageEntry;

/// An order as users write it, in fixtures and to the control API, where times may be relative to the present of the
/// sandbox. The control API answers with an [`OrderInfo`], whose times are absolute.
///
/// ```
/// use sectigo_emulator::control::{Order, days, minutes};
///
/// let order = Order::smime("login_name").issued().number(7).expires_in(days(3)).email("a@example.com");
/// let another = Order::code_signing("login_name").being_issued_for(minutes(10));
/// # drop((order, another));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    bound(deserialize = "T: Deserialize<'de>")
)]
#[schema(as = OrderEntry, bound = "")]
pub struct Order<T = When> {
    /// Its number. In an order to be made, 0 or no number takes the next free one.
    #[serde(deserialize_with = "whole::one", skip_serializing_if = "is_zero")]
    #[schema(minimum = 1, maximum = 999999999999999999u64, required = true)]
    pub order_number: u64,
    /// The number of its certificate, issued or not; left out: one that follows from the order number.
    #[serde(
        default,
        rename = "certificateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(minimum = 1, maximum = 9999999999999999u64)]
    pub certificate_id: Option<u64>,
    /// The code by which `download/RequestAndCollectSMIME` finds it without a login. It follows from the order number: left
    /// out, or this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 16)]
    pub collection_code: Option<String>,
    /// The loginName of its account.
    pub login_name: String,
    /// What is ordered.
    pub product: Product,
    /// Its state, by the sandbox's clock.
    pub state: State,
    /// What the state follows from as time goes by. A snapshot says it, and `state` is then the one at the time when the
    /// snapshot was taken. Left out: what `state` says now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<StageEntry>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub issued: Option<T>,
    /// When it expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub expires: Option<T>,
    /// When it is issued, if it is being-issued; left out: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<When>)]
    pub due: Option<T>,
    /// The mailbox that an S/MIME certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The organization that the certificate names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The country of the organization, two capital letters of ISO 3166.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_name: Option<String>,
    /// The state or province of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_or_province_name: Option<String>,
    /// The city of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality_name: Option<String>,
    /// The registered number of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_identifier: Option<String>,
    /// For how many days the certificate is valid, from when it is issued by a call.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 65535)]
    pub days: Option<u16>,
    /// Whether it is a test order, whose certificate the CA `test` issues.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// A PKCS#10 request, in PEM or Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csr: Option<String>,
    /// Sectigo's number of the kind of certificate: 794, 795 or 796 for S/MIME, 8 or 530 for code signing.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 65535)]
    pub product_code: Option<u16>,
    /// The hash that the certificate's signature is made with; left out: no preference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_hash: Option<SignatureHash>,
    /// The CA that issues it: each number is a CA of its own.
    #[serde(
        default,
        rename = "caCertificateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub ca_certificate_id: Option<u64>,
    /// Keep the private key that is made where no CSR is given, so that it can be fetched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_key: bool,
    /// What the caller of its revocation said. Only an order that is revoked, rejected or replaced has one, or that expired
    /// after it was replaced.
    #[serde(
        default,
        deserialize_with = "object::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Revocation>)]
    pub revocation: Option<Revocation<T>>,
    /// If it is being-issued: the call that collects it with this number, counted from now, finds it issued.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 4294967295u64)]
    pub issued_after_polls: Option<u32>,
    /// How its issuance fails when it is due, or at the last of the polls; it stays being-issued then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuance_fails: Option<IssuanceFailure>,
    /// The language of its mails, the two letters of ISO 639-1 in lower case; left out: English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_name: Option<String>,
    /// The template of mails that verify its address.
    #[serde(
        default,
        rename = "SMIMEVerificationTemplateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub smime_verification_template_id: Option<u64>,
    /// The template of mails that invite to send a CSR.
    #[serde(
        default,
        rename = "SMIMERequestTemplateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub smime_request_template_id: Option<u64>,
    /// The template of mails that tell of a certificate to collect.
    #[serde(
        default,
        rename = "SMIMECollectionTemplateID",
        deserialize_with = "whole::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub smime_collection_template_id: Option<u64>,
    /// Its certificate was collected, which is pushed once; noted only if its account has a `push`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub collected: bool,
}

/// An order as the control API answers it, in its state at present.
pub type OrderInfo = Order<Timestamp>;

/// What the caller of a revocation said.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = RevocationEntry, bound = "")]
pub struct Revocation<T = When> {
    /// When it was asked for.
    #[schema(value_type = When)]
    pub at: T,
    /// The `codeReason`.
    #[serde(deserialize_with = "whole::one")]
    #[schema(maximum = 5)]
    pub code_reason: u8,
    /// The `revocationReason`, empty if there was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revocation_reason: String,
}

/// A revocation as the control API answers it.
pub type RevocationInfo = Revocation<Timestamp>;

same_schema! {
    /// The schema of an order to be made: without an orderNumber it is given one, without a state it is issued.
    NewOrder as Order;

    /// The schema of the fields of an order that shall change; null removes one.
    OrderPatch as Order;
}

impl Order {
    /// An S/MIME order of the account with that loginName: issued 30 days ago for a year, with the next free number,
    /// unless more is said.
    #[must_use]
    pub fn smime(login_name: &str) -> Self {
        Self::new(login_name, Product::Smime)
    }

    /// A code-signing order of the account with that loginName: issued 30 days ago for a year, with the next free number,
    /// unless more is said.
    #[must_use]
    pub fn code_signing(login_name: &str) -> Self {
        Self::new(login_name, Product::CodeSigning)
    }

    fn new(login_name: &str, product: Product) -> Self {
        Self {
            order_number: 0,
            certificate_id: None,
            collection_code: None,
            login_name: login_name.to_owned(),
            product,
            state: State::Issued,
            stage: None,
            issued: None,
            expires: None,
            due: None,
            email: None,
            organization: None,
            country_name: None,
            state_or_province_name: None,
            locality_name: None,
            organization_identifier: None,
            days: None,
            test: false,
            csr: None,
            product_code: None,
            signature_hash: None,
            ca_certificate_id: None,
            keep_key: false,
            revocation: None,
            issued_after_polls: None,
            issuance_fails: None,
            language_name: None,
            smime_verification_template_id: None,
            smime_request_template_id: None,
            smime_collection_template_id: None,
            collected: false,
        }
    }

    /// In that state.
    #[must_use]
    pub fn state(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Not yet issued.
    #[must_use]
    pub fn pending(self) -> Self {
        self.state(State::Pending)
    }

    /// Being issued, for ever.
    #[must_use]
    pub fn being_issued(self) -> Self {
        self.state(State::BeingIssued)
    }

    /// Being issued for so long from now, by the sandbox's clock; issued then.
    #[must_use]
    pub fn being_issued_for(self, span: Duration) -> Self {
        self.being_issued().due_in(span)
    }

    /// Issued and valid.
    #[must_use]
    pub fn issued(self) -> Self {
        self.state(State::Issued)
    }

    /// Replaced.
    #[must_use]
    pub fn replaced(self) -> Self {
        self.state(State::Replaced)
    }

    /// Revoked.
    #[must_use]
    pub fn revoked(self) -> Self {
        self.state(State::Revoked)
    }

    /// Rejected.
    #[must_use]
    pub fn rejected(self) -> Self {
        self.state(State::Rejected)
    }

    /// Past its end.
    #[must_use]
    pub fn expired(self) -> Self {
        self.state(State::Expired)
    }

    /// On hold.
    #[must_use]
    pub fn on_hold(self) -> Self {
        self.state(State::OnHold)
    }

    /// Ordered, not yet paid for.
    #[must_use]
    pub fn unpaid(self) -> Self {
        self.state(State::Unpaid)
    }

    /// With that order number.
    #[must_use]
    pub fn number(self, number: u64) -> Self {
        Self {
            order_number: number,
            ..self
        }
    }

    /// Of an organization in that country, state and city.
    #[must_use]
    pub fn place(self, country: &str, state_or_province: &str, locality: &str) -> Self {
        Self {
            country_name: Some(country.to_owned()),
            state_or_province_name: Some(state_or_province.to_owned()),
            locality_name: Some(locality.to_owned()),
            ..self
        }
    }

    /// Of an organization with that registered number.
    #[must_use]
    pub fn organization_identifier(self, identifier: &str) -> Self {
        Self {
            organization_identifier: Some(identifier.to_owned()),
            ..self
        }
    }

    /// For so many days, from when it is issued by a call.
    #[must_use]
    pub fn days(self, days: u16) -> Self {
        Self {
            days: Some(days),
            ..self
        }
    }

    /// A test order.
    #[must_use]
    pub fn test(self) -> Self {
        Self { test: true, ..self }
    }

    /// Being issued until it is collected for the time with that number.
    #[must_use]
    pub fn issued_after_polls(self, polls: u32) -> Self {
        Self {
            issued_after_polls: Some(polls),
            ..self.being_issued()
        }
    }
}

#[cfg(test)]
mod tests;
