//! Changes of orders, and what sets the fields of an order and of a change alike.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Order;
use crate::api::order::product::Product;
use crate::api::order::state::{IssuanceFailure, State};
use crate::api::order::terms::SignatureHash;
use crate::clock::Timestamp;
use crate::model::settable::settable;
use crate::model::when::When;

/// A change of an order; the fields that it does not name stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[must_use]
#[serde(transparent)]
pub struct OrderChange(Map<String, Value>);

impl OrderChange {
    /// An empty change, to which fields are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// A change into that state. Times that the state cannot have go, those that it needs come.
    pub fn to(state: State) -> Self {
        Self::new().with("state", state)
    }

    /// Gives it to the account with that loginName.
    pub fn login_name(self, login_name: &str) -> Self {
        self.with("loginName", login_name)
    }

    /// Makes it one of that product.
    pub fn product(self, product: Product) -> Self {
        self.with("product", product)
    }

    /// Takes a field away, such as `email`.
    pub fn without(self, field: &str) -> Self {
        self.with(field, Value::Null)
    }

    /// Issued when it is collected for the time with that number, if it is being issued.
    pub fn issued_after_polls(self, polls: u32) -> Self {
        self.with("issuedAfterPolls", polls)
    }

    fn with(mut self, field: &str, value: impl Serialize) -> Self {
        self.0.insert(field.to_owned(), json!(value));
        self
    }
}

settable! { Order, OrderChange:
    /// With that certificateID.
    certificate_id(id: u64) sets certificate_id, "certificateID": Some(id);

    /// Issued so long ago.
    issued_ago(before: Duration) sets issued, "issued": Some(When::Before(before));

    /// Issued at that time.
    issued_at(time: Timestamp) sets issued, "issued": Some(When::At(time));

    /// Expires so long from now, by the sandbox's clock.
    expires_in(after: Duration) sets expires, "expires": Some(When::After(after));

    /// Expired so long ago, by the sandbox's clock.
    expires_ago(before: Duration) sets expires, "expires": Some(When::Before(before));

    /// Expires at that time.
    expires_at(time: Timestamp) sets expires, "expires": Some(When::At(time));

    /// Goes on being issued so long from now, by the sandbox's clock.
    due_in(after: Duration) sets due, "due": Some(When::After(after));

    /// With that e-mail address.
    email(address: &str) sets email, "email": Some(address.to_owned());

    /// With that organization.
    organization(name: &str) sets organization, "organization": Some(name.to_owned());

    /// With that CSR, PEM.
    csr(pem: &str) sets csr, "csr": Some(pem.to_owned());

    /// Of this kind: 794, 795 or 796 for S/MIME, 8 or 530 for code signing.
    product_code(number: u16) sets product_code, "productCode": Some(number);

    /// With a signature that is made with this hash.
    signature_hash(hash: SignatureHash) sets signature_hash, "signatureHash": Some(hash);

    /// Issued by the CA of this caCertificateID.
    ca_certificate_id(id: u64) sets ca_certificate_id, "caCertificateID": Some(id);

    /// With a made key that can be fetched, in place of a CSR.
    keep_key() sets keep_key, "keepKey": true;

    /// Its issuance fails when it is due.
    issuance_fails(how: IssuanceFailure) sets issuance_fails, "issuanceFails": Some(how);
}
