//! Orders: how they shall be, and how they are.

use std::time::Duration;

use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::order::product::Product;
use crate::api::order::state::State;
use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::time::{self, ago, from_now};
use crate::clock::Timestamp;

/// The orders of a sandbox; see [`Control::orders`].
#[derive(Clone, Copy, Debug)]
pub struct Orders<'c>(pub(super) &'c Control);

impl Orders<'_> {
    /// Makes an order.
    ///
    /// # Errors
    /// Its number is taken, its account is not there, or what it says contradicts itself.
    pub async fn create(self, order: Order) -> Result<OrderInfo, ControlError> {
        self.0.remote().send(Method::POST, &self.0.at("/orders"), &order).await
    }

    /// The order of that number.
    ///
    /// # Errors
    /// There is none.
    pub async fn show(self, number: u64) -> Result<OrderInfo, ControlError> {
        self.0.remote().get(&self.path(number)).await
    }

    /// Every order, by number.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn list(self) -> Result<Vec<OrderInfo>, ControlError> {
        #[derive(Deserialize)]
        struct Page {
            orders: Vec<OrderInfo>,
            next: Option<u64>,
        }
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let path = self.0.at(&format!("/orders?limit=10000{after}"));
            let page: Page = self.0.remote().get(&path).await?;
            all.extend(page.orders);
            let Some(next) = page.next else { return Ok(all) };
            after = format!("&after={next}");
        }
    }

    /// Changes an order: into any state, whatever the API would allow.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::{OrderChange, State, days};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let change = OrderChange::to(State::Expired).expires_ago(days(1));
    /// let order = emulator.control().orders().change(1234567, change).await?;
    /// assert_eq!(order.state, State::Expired);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// There is no such order, or the change contradicts itself.
    pub async fn change(self, number: u64, change: OrderChange) -> Result<OrderInfo, ControlError> {
        self.0.remote().send(Method::PATCH, &self.path(number), &change).await
    }

    /// Deletes an order.
    ///
    /// # Errors
    /// There is none of that number.
    pub async fn delete(self, number: u64) -> Result<(), ControlError> {
        self.0.remote().tell(Method::DELETE, &self.path(number)).await
    }

    fn path(self, number: u64) -> String {
        self.0.at(&format!("/orders/{number}"))
    }
}

/// An order to make. What it does not say, the emulator does: the next free number, issued 30 days ago.
///
/// ```
/// use sectigo_emulator::control::{Order, days, minutes};
///
/// let order = Order::smime("login_name").issued().number(7).expires_in(days(3)).email("a@example.com");
/// let another = Order::code_signing("login_name").being_issued_for(minutes(10));
/// # drop((order, another));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
#[serde(transparent)]
pub struct Order(Map<String, Value>);

/// What shall be another way with an order; the rest stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[must_use]
#[serde(transparent)]
pub struct OrderChange(Map<String, Value>);

/// What an order to make and a change of one can say alike.
macro_rules! fields {
    () => {
        /// Issued so long ago.
        pub fn issued_ago(self, before: Duration) -> Self {
            self.with("issued", ago(before))
        }

        /// Issued at that time.
        pub fn issued_at(self, time: Timestamp) -> Self {
            self.with("issued", time.to_string())
        }

        /// Expires so long from now, by the sandbox's clock.
        pub fn expires_in(self, after: Duration) -> Self {
            self.with("expires", from_now(after))
        }

        /// Expired so long ago, by the sandbox's clock.
        pub fn expires_ago(self, before: Duration) -> Self {
            self.with("expires", ago(before))
        }

        /// Expires at that time.
        pub fn expires_at(self, time: Timestamp) -> Self {
            self.with("expires", time.to_string())
        }

        /// Goes on being issued so long from now, by the sandbox's clock.
        pub fn due_in(self, after: Duration) -> Self {
            self.with("due", from_now(after))
        }

        /// With that e-mail address.
        pub fn email(self, address: &str) -> Self {
            self.with("email", address)
        }

        /// Of this kind: 794, 795 or 796 for S/MIME, 8 or 530 for code signing.
        pub fn product_code(self, number: u16) -> Self {
            self.with("productCode", number)
        }

        /// Issued by the CA of this caCertificateID.
        pub fn ca_certificate_id(self, id: u64) -> Self {
            self.with("caCertificateID", id)
        }

        /// With a made key that can be fetched, in place of a CSR.
        pub fn keep_key(self) -> Self {
            self.with("keepKey", true)
        }

        /// With that organization.
        pub fn organization(self, name: &str) -> Self {
            self.with("organization", name)
        }

        /// With that CSR, PEM.
        pub fn csr(self, pem: &str) -> Self {
            self.with("csr", pem)
        }

        fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
            self.0.insert(field.to_owned(), value.into());
            self
        }
    };
}

impl Order {
    /// An S/MIME order of the account with that loginName.
    pub fn smime(login_name: &str) -> Self {
        Self::of(login_name, Product::Smime)
    }

    /// A code-signing order of the account with that loginName.
    pub fn code_signing(login_name: &str) -> Self {
        Self::of(login_name, Product::CodeSigning)
    }

    fn of(login_name: &str, product: Product) -> Self {
        Self(Map::new())
            .with("loginName", login_name)
            .with("product", product.as_str())
    }

    /// In that state.
    pub fn state(self, state: State) -> Self {
        self.with("state", state.as_str())
    }

    /// Not yet issued.
    pub fn pending(self) -> Self {
        self.state(State::Pending)
    }

    /// Being issued, for ever.
    pub fn being_issued(self) -> Self {
        self.state(State::BeingIssued)
    }

    /// Being issued for so long from now, by the sandbox's clock; issued then.
    pub fn being_issued_for(self, span: Duration) -> Self {
        self.being_issued().due_in(span)
    }

    /// Issued and valid.
    pub fn issued(self) -> Self {
        self.state(State::Issued)
    }

    /// Replaced.
    pub fn replaced(self) -> Self {
        self.state(State::Replaced)
    }

    /// Revoked.
    pub fn revoked(self) -> Self {
        self.state(State::Revoked)
    }

    /// Rejected.
    pub fn rejected(self) -> Self {
        self.state(State::Rejected)
    }

    /// Past its end.
    pub fn expired(self) -> Self {
        self.state(State::Expired)
    }

    /// On hold.
    pub fn on_hold(self) -> Self {
        self.state(State::OnHold)
    }

    /// With that order number.
    pub fn number(self, number: u64) -> Self {
        self.with("orderNumber", number)
    }

    fields!();
}

impl OrderChange {
    /// A change of nothing, to be told what.
    pub fn new() -> Self {
        Self::default()
    }

    /// A change into that state. Times that the state cannot have go, those that it needs come.
    pub fn to(state: State) -> Self {
        Self::new().with("state", state.as_str())
    }

    /// Gives it to the account with that loginName.
    pub fn login_name(self, login_name: &str) -> Self {
        self.with("loginName", login_name)
    }

    /// Makes it one of that product.
    pub fn product(self, product: Product) -> Self {
        self.with("product", product.as_str())
    }

    /// Takes a field away, such as `email`.
    pub fn without(self, field: &str) -> Self {
        self.with(field, Value::Null)
    }

    fields!();
}

/// An order as it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct OrderInfo {
    /// Its number.
    pub order_number: u64,
    /// The loginName of its account.
    pub login_name: String,
    /// What was ordered.
    pub product: Product,
    /// Its state at present, by the sandbox's clock.
    pub state: State,
    /// When it was issued.
    #[serde(default, deserialize_with = "time::read_some")]
    pub issued: Option<Timestamp>,
    /// When it expires.
    #[serde(default, deserialize_with = "time::read_some")]
    pub expires: Option<Timestamp>,
    /// When it is no longer being issued.
    #[serde(default, deserialize_with = "time::read_some")]
    pub due: Option<Timestamp>,
    /// Its e-mail address.
    pub email: Option<String>,
    /// Its organization.
    pub organization: Option<String>,
    /// Its CSR, PEM.
    pub csr: Option<String>,
    /// Its kind of certificate, if it says one.
    pub product_code: Option<u16>,
    /// The CA that issues it, if it says one.
    #[serde(rename = "caCertificateID")]
    pub ca_certificate_id: Option<u64>,
    /// Whether its made key is kept.
    #[serde(default)]
    pub keep_key: bool,
    /// What the caller of its revocation said.
    pub revocation: Option<RevocationInfo>,
}

/// What the caller of a revocation said.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct RevocationInfo {
    /// When.
    #[serde(deserialize_with = "time::read")]
    pub at: Timestamp,
    /// The `codeReason`.
    pub code_reason: u8,
    /// The `revocationReason`, empty if there was none.
    #[serde(default)]
    pub revocation_reason: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::{days, minutes};

    #[test]
    fn an_order_is_written_as_a_fixtures_entry() {
        let order = Order::smime("l").issued().number(7).expires_in(days(3)).email("a@b.de");
        assert_eq!(
            json!(order),
            json!({"loginName": "l", "product": "smime", "state": "issued", "orderNumber": 7, "expires": "+3d",
                   "email": "a@b.de"})
        );
        assert_eq!(
            json!(Order::code_signing("l").being_issued_for(minutes(10))),
            json!({"loginName": "l", "product": "code-signing", "state": "being-issued", "due": "+10m"})
        );
        assert_eq!(
            json!(OrderChange::to(State::OnHold).without("email")),
            json!({"state": "on-hold", "email": null})
        );
    }

    #[test]
    fn an_order_is_read() {
        let order: OrderInfo = serde_json::from_value(json!({
            "orderNumber": 7, "loginName": "l", "product": "smime", "state": "revoked",
            "issued": "1970-01-01T00:00:01Z", "revocation": {"at": "1970-01-01T00:00:02Z", "codeReason": 1},
            "later": "versions may say more"
        }))
        .unwrap();
        assert_eq!(order.issued, Some(Timestamp::from_unix_millis(1000)));
        assert_eq!((order.expires, order.state), (None, State::Revoked));
        assert_eq!(order.revocation.unwrap().code_reason, 1);
    }
}
