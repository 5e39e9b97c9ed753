//! Faults: what shall go wrong, and when.

use std::time::Duration;

use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::time::span;

/// The faults of a sandbox; see [`Control::faults`].
#[derive(Clone, Copy, Debug)]
pub struct Faults<'c>(pub(super) &'c Control);

impl Faults<'_> {
    /// Adds a fault behind those that are there; the first that fits a call is met.
    ///
    /// # Errors
    /// A field is not what is taken.
    pub async fn add(self, fault: Fault) -> Result<FaultInfo, ControlError> {
        self.0.remote().send(Method::POST, &self.0.at("/faults"), &fault).await
    }

    /// Every fault, in the order in which they are tried.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn list(self) -> Result<Vec<FaultInfo>, ControlError> {
        #[derive(Deserialize)]
        struct Answer {
            faults: Vec<FaultInfo>,
        }
        let answer: Answer = self.0.remote().get(&self.0.at("/faults")).await?;
        Ok(answer.faults)
    }

    /// Takes a fault away.
    ///
    /// # Errors
    /// There is none with that number.
    pub async fn remove(self, id: u64) -> Result<(), ControlError> {
        let path = self.0.at(&format!("/faults/{id}"));
        self.0.remote().tell(Method::DELETE, &path).await
    }

    /// Takes every fault away.
    ///
    /// # Errors
    /// As every question: [`ControlError`].
    pub async fn clear(self) -> Result<(), ControlError> {
        self.0.remote().tell(Method::DELETE, &self.0.at("/faults")).await
    }
}

/// A fault to add: what happens, then to which calls. Without a word about those, every call meets it.
///
/// ```
/// use sectigo_emulator::control::{Fault, minutes, seconds};
///
/// let outage = Fault::status(503).body("upstream is gone").heals_after(minutes(1));
/// let flaky = Fault::disconnect_mid_body().on("!autoRevokeCS").probability(0.5);
/// let third = Fault::answer(-14).for_order(7).skip(2).times(1);
/// let slow = Fault::delay(seconds(2)).for_login("login_name");
/// # drop((outage, flaky, third, slow));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
pub struct Fault {
    #[serde(flatten)]
    which: Map<String, Value>,
    then: Map<String, Value>,
}

impl Fault {
    /// The API answers that code, one that the endpoint has, in the format that the call asks for.
    pub fn answer(code: i32) -> Self {
        Self::then("code", code)
    }

    /// The answer takes so much longer.
    pub fn delay(by: Duration) -> Self {
        Self::then("delay", span(by))
    }

    /// A gateway in front of the API answers that HTTP status.
    pub fn status(status: u16) -> Self {
        Self::then("status", status)
    }

    /// The connection is closed before the first byte of the answer.
    pub fn disconnect() -> Self {
        Self::then("disconnect", "before")
    }

    /// The connection is closed in the middle of the answer's body.
    pub fn disconnect_mid_body() -> Self {
        Self::then("disconnect", "mid-body")
    }

    /// The answer comes garbled.
    pub fn garble() -> Self {
        Self::then("garble", true)
    }

    /// The answer comes at so many bytes a second.
    pub fn throttle(bytes_per_second: u32) -> Self {
        Self::then("throttle", bytes_per_second)
    }

    fn then(action: &str, value: impl Into<Value>) -> Self {
        Self {
            which: Map::new(),
            then: Map::from_iter([(action.to_owned(), value.into())]),
        }
    }

    /// What stands for `xxxx` in the message of the answered code, such as the argument that is missing (-3). A code whose
    /// message has that place needs it; with the others it has no effect.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::Fault;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// # let control = emulator.control();
    /// // Answers "The 'csr' argument is missing!".
    /// control.faults().add(Fault::answer(-3).argument("csr")).await?;
    /// assert!(control.faults().add(Fault::answer(-3)).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn argument(mut self, name: &str) -> Self {
        self.then.insert("argument".to_owned(), name.into());
        self
    }

    /// The body that comes with the HTTP status, plain text.
    pub fn body(mut self, text: &str) -> Self {
        self.then.insert("body".to_owned(), text.into());
        self
    }

    /// Only calls of that endpoint, such as `!autoRevokeCS`.
    pub fn on(self, endpoint: &str) -> Self {
        self.with("endpoint", endpoint)
    }

    /// Only calls that name that order.
    pub fn for_order(self, number: u64) -> Self {
        self.with("orderNumber", number)
    }

    /// Only calls with that loginName.
    pub fn for_login(self, login_name: &str) -> Self {
        self.with("loginName", login_name)
    }

    /// Only so many times.
    pub fn times(self, times: u64) -> Self {
        self.with("times", times)
    }

    /// Not the first so many calls that it would fit.
    pub fn skip(self, calls: u64) -> Self {
        self.with("skip", calls)
    }

    /// Only so often, from 0 to 1, by the sandbox's dice.
    pub fn probability(self, probability: f64) -> Self {
        self.with("probability", probability)
    }

    /// It goes away by itself so long after it was added, in real time.
    pub fn heals_after(self, span_of_time: Duration) -> Self {
        self.with("ttl", span(span_of_time))
    }

    fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.which.insert(field.to_owned(), value.into());
        self
    }
}

/// A fault as it is.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct FaultInfo {
    /// Its number.
    pub id: u64,
    /// Only calls of that endpoint.
    pub endpoint: Option<String>,
    /// Only calls with that loginName.
    pub login_name: Option<String>,
    /// Only calls that name that order.
    pub order_number: Option<u64>,
    /// So many calls that it would fit still pass.
    #[serde(default)]
    pub skip: u64,
    /// It is met so many times more.
    pub times: Option<u64>,
    /// How often it is met where it fits.
    pub probability: Option<f64>,
    /// How long it still is there.
    #[serde(default, deserialize_with = "crate::client::time::read_some_span")]
    pub ttl: Option<Duration>,
    then: Value,
}

impl FaultInfo {
    /// What it does, as the control API writes it: `{"code": -14}`.
    pub fn then(&self) -> String {
        self.then.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::minutes;

    #[test]
    fn a_fault_is_written_as_a_fixtures_entry() {
        let which = Fault::answer(-2)
            .argument("csr")
            .on("!autoRevokeCS")
            .for_order(7)
            .for_login("x")
            .times(2)
            .skip(1)
            .probability(0.5)
            .heals_after(minutes(1));
        assert_eq!(
            json!(which),
            json!({"endpoint": "!autoRevokeCS", "orderNumber": 7, "loginName": "x", "times": 2, "skip": 1,
                   "probability": 0.5, "ttl": "1m", "then": {"code": -2, "argument": "csr"}})
        );
        for (fault, then) in [
            (Fault::delay(minutes(1)), json!({"delay": "1m"})),
            (Fault::status(503).body("x"), json!({"status": 503, "body": "x"})),
            (Fault::disconnect(), json!({"disconnect": "before"})),
            (Fault::disconnect_mid_body(), json!({"disconnect": "mid-body"})),
            (Fault::garble(), json!({"garble": true})),
            (Fault::throttle(10), json!({"throttle": 10})),
        ] {
            assert_eq!(json!(fault), json!({"then": then}));
        }
    }
}
