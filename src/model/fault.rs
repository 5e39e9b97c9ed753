//! Faults.

use std::borrow::Cow;
use std::ops::Deref;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::api::account::LoginName;
use crate::api::endpoints::Endpoint;
use crate::api::fault::{self as domain, Action};
use crate::api::order::state::OrderNumber;
use crate::api::protocol::code::PLACEHOLDER;
use crate::clock::Timestamp;
use crate::model::answer::from_value;
use crate::model::endpoint::{code_of, codes_of_any, entry_endpoint};
use crate::model::order::no_order_number;
use crate::model::value_error::{ValueError, check_length};
use crate::model::when::{Span, optional_span};
use crate::model::whole::is_zero;
use crate::model::{object, whole};

/// The longest that a fault delays a reply: nobody waits for longer, and what waits is kept.
const MAX_DELAY: Duration = Duration::from_secs(10 * 60);

/// The longest body of a fault: each call that it meets keeps it in the journal.
const MAX_STATUS_BODY: usize = 64 << 10;

/// The HTTP statuses that a fault can answer and whose responses have no body.
const WITHOUT_BODY: [u16; 3] = [204, 205, 304];

/// A fault as users write it, in fixtures and to the control API: what happens, and to which calls. If it does not say to
/// which, it happens to every call.
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
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[must_use]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = FaultEntry)]
pub struct Fault {
    /// Calls of this endpoint; any if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Calls with this loginName; any if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_name: Option<String>,
    /// Calls with this orderNumber; any if left out.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 999999999999999999u64)]
    pub order_number: Option<u64>,
    /// So many of these calls are let through first.
    #[serde(default, deserialize_with = "whole::one", skip_serializing_if = "is_zero")]
    pub skip: u64,
    /// So many meet it then; all if left out.
    #[serde(default, deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Each meets it with this probability, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// It is gone after this time; never if left out.
    #[serde(default, with = "optional_span", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Span>)]
    pub ttl: Option<Duration>,
    /// What happens to a call that meets it.
    #[serde(deserialize_with = "object::one")]
    pub(crate) then: Then,
}

/// What a fault does: exactly one of `code`, `delay`, `status`, `disconnect`, `garble`, `throttle`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ThenEntry)]
pub(crate) struct Then {
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
    pub(crate) disconnect: Option<Disconnect>,
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
#[schema(as = DisconnectEntry)]
pub(crate) enum Disconnect {
    /// Before its first byte.
    Before,
    /// In its body.
    MidBody,
}

/// A fault as the control API answers it: with its number. Its counts and its time to live are what is left of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FaultInfo {
    /// Its number.
    pub id: u64,
    /// What it does, and to which calls.
    #[serde(flatten)]
    pub(crate) fault: Fault,
    /// How many calls it met.
    #[serde(skip_serializing_if = "is_zero")]
    pub hits: u64,
    /// When it is gone by itself, in real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Faults as the control API answers them, in their order: the first that matches a call meets it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Faults)]
pub(crate) struct FaultList {
    pub(crate) faults: Vec<FaultInfo>,
}

impl FaultInfo {
    /// A fault with that number that met so many calls.
    pub(crate) fn new(id: u64, fault: &domain::Fault, hits: u64, real_now: Timestamp) -> Self {
        Self {
            id,
            fault: Fault::describe(fault, real_now),
            hits,
            until: fault.until,
        }
    }

    /// What it does, as the control API writes it: `{"code": -14}`.
    pub fn then(&self) -> String {
        json!(self.fault.then).to_string()
    }
}

impl Deref for FaultInfo {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.fault
    }
}

impl<'de> Deserialize<'de> for FaultInfo {
    /// For clients alone: fields that are not known are left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::<String, Value>::deserialize(deserializer)?;
        let id = fields.remove("id").ok_or_else(|| D::Error::missing_field("id"))?;
        let hits = fields.remove("hits").unwrap_or_else(|| 0.into());
        let until = fields.remove("until").unwrap_or_default();
        Ok(Self {
            id: from_value(id).map_err(D::Error::custom)?,
            hits: from_value(hits).map_err(D::Error::custom)?,
            until: from_value(until).map_err(D::Error::custom)?,
            fault: from_value(fields.into()).map_err(D::Error::custom)?,
        })
    }
}

impl PartialSchema for FaultInfo {
    /// That of a fault that is written with its id, in one piece: that one allows nothing beside its own fields.
    fn schema() -> RefOr<Schema> {
        let mut schema = Fault::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.description = Some("A fault as it is answered: with its number.".to_owned());
            for (name, schema, is_always_there) in [
                ("id", u64::schema(), true),
                ("hits", u64::schema(), false),
                ("until", date_time(), false),
            ] {
                object.properties.insert(name.to_owned(), schema);
                object.required.extend(is_always_there.then(|| name.to_owned()));
            }
        }
        schema
    }
}

fn date_time() -> RefOr<Schema> {
    let date_time = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(date_time))
        .into()
}

impl ToSchema for FaultInfo {
    fn name() -> Cow<'static, str> {
        "Fault".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Fault::schemas(schemas);
    }
}

impl Fault {
    /// The API answers that code, one that the endpoint has, in the format that the call asks for.
    pub fn answer(code: i32) -> Self {
        Self::new(Then {
            code: Some(code),
            ..Then::default()
        })
    }

    /// The answer takes so much longer.
    pub fn delay(by: Duration) -> Self {
        Self::new(Then {
            delay: Some(Span(by)),
            ..Then::default()
        })
    }

    /// A gateway in front of the API answers that HTTP status.
    pub fn status(status: u16) -> Self {
        Self::new(Then {
            status: Some(status),
            ..Then::default()
        })
    }

    /// The connection is closed before the first byte of the answer.
    pub fn disconnect() -> Self {
        Self::new(Then {
            disconnect: Some(Disconnect::Before),
            ..Then::default()
        })
    }

    /// The connection is closed in the middle of the answer's body.
    pub fn disconnect_mid_body() -> Self {
        Self::new(Then {
            disconnect: Some(Disconnect::MidBody),
            ..Then::default()
        })
    }

    /// The answer comes garbled.
    pub fn garble() -> Self {
        Self::new(Then {
            garble: true,
            ..Then::default()
        })
    }

    /// The answer comes at so many bytes a second.
    pub fn throttle(bytes_per_second: u32) -> Self {
        Self::new(Then {
            throttle: Some(bytes_per_second),
            ..Then::default()
        })
    }

    fn new(then: Then) -> Self {
        Self {
            endpoint: None,
            login_name: None,
            order_number: None,
            skip: 0,
            times: None,
            probability: None,
            ttl: None,
            then,
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
        self.then.argument = Some(name.to_owned());
        self
    }

    /// The body that comes with the HTTP status, plain text.
    pub fn body(mut self, text: &str) -> Self {
        self.then.body = Some(text.to_owned());
        self
    }

    /// Only calls of that endpoint, such as `!autoRevokeCS`.
    pub fn on(self, endpoint: &str) -> Self {
        Self {
            endpoint: Some(endpoint.to_owned()),
            ..self
        }
    }

    /// Only calls that name that order.
    pub fn for_order(self, number: u64) -> Self {
        Self {
            order_number: Some(number),
            ..self
        }
    }

    /// Only calls with that loginName.
    pub fn for_login(self, login_name: &str) -> Self {
        Self {
            login_name: Some(login_name.to_owned()),
            ..self
        }
    }

    /// Only so many times.
    pub fn times(self, times: u64) -> Self {
        Self {
            times: Some(times),
            ..self
        }
    }

    /// Not the first so many calls that it would fit.
    pub fn skip(self, calls: u64) -> Self {
        Self { skip: calls, ..self }
    }

    /// Only so often, from 0 to 1, by the sandbox's dice.
    pub fn probability(self, probability: f64) -> Self {
        Self {
            probability: Some(probability),
            ..self
        }
    }

    /// It goes away by itself so long after it was added, in real time.
    pub fn heals_after(self, span_of_time: Duration) -> Self {
        Self {
            ttl: Some(span_of_time),
            ..self
        }
    }
}

/// The fault that an entry describes; its time to live begins now.
pub(crate) fn build_fault(entry: &Fault, real_now: Timestamp) -> Result<domain::Fault, ValueError> {
    let endpoint = match &entry.endpoint {
        Some(name) => Some(entry_endpoint("endpoint", name)?),
        None => None,
    };
    let order_number = match entry.order_number {
        Some(number) => Some(OrderNumber::new(number).ok_or_else(no_order_number)?),
        None => None,
    };
    if entry
        .probability
        .is_some_and(|probability| !(0.0..=1.0).contains(&probability))
    {
        return Err(ValueError::at("probability", "a probability is a number from 0 to 1"));
    }
    if let Some(login_name) = &entry.login_name {
        check_length("loginName", login_name, LoginName::MAX)?;
    }
    if entry.ttl.is_some_and(|ttl| ttl.is_zero()) {
        return Err(ValueError::at(
            "ttl",
            "a fault that is gone at once is none; leave `ttl` out for one that stays",
        ));
    }
    if entry.times == Some(0) {
        return Err(ValueError::at(
            "times",
            "a fault that is met no times is none; leave `times` out for every time",
        ));
    }
    Ok(domain::Fault {
        endpoint: endpoint.map(|endpoint| endpoint.name),
        login_name: entry.login_name.as_deref().map(LoginName::new),
        order_number,
        skip: entry.skip,
        times: entry.times,
        probability: entry.probability,
        until: entry.ttl.map(|ttl| real_now.after(ttl)),
        then: build_action(&entry.then, endpoint).map_err(|error| error.under("then"))?,
    })
}

fn build_action(entry: &Then, endpoint: Option<&Endpoint>) -> Result<Action, ValueError> {
    let Then {
        code,
        argument,
        delay,
        status,
        body,
        disconnect,
        garble,
        throttle,
    } = entry;
    let given = [
        code.is_some(),
        delay.is_some(),
        status.is_some(),
        disconnect.is_some(),
        *garble,
        throttle.is_some(),
    ];
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        return Err(not_one_thing());
    }
    if argument.is_some() && code.is_none() {
        return Err(ValueError::at("argument", "only a `code` has an `argument`"));
    }
    if body.is_some() && status.is_none() {
        return Err(ValueError::at("body", "only a `status` has a `body`"));
    }
    if let Some(code) = code {
        return build_answer(*code, argument.as_deref(), endpoint);
    }
    if let Some(status) = status {
        return build_status(*status, body.as_deref());
    }
    if let Some(delay) = delay {
        return match delay.0 {
            delay if delay > MAX_DELAY => Err(ValueError::at("delay", "a reply is delayed by 10m at most")),
            delay => Ok(Action::Delay(delay)),
        };
    }
    if let Some(disconnect) = disconnect {
        return Ok(match disconnect {
            Disconnect::Before => Action::DisconnectBefore,
            Disconnect::MidBody => Action::DisconnectMidBody,
        });
    }
    if let Some(bytes_per_second) = *throttle {
        return match bytes_per_second {
            0 => Err(ValueError::at("throttle", "at least 1 byte a second")),
            _ => Ok(Action::Throttle { bytes_per_second }),
        };
    }
    if *garble {
        return Ok(Action::Garble);
    }
    Err(not_one_thing())
}

fn not_one_thing() -> ValueError {
    ValueError::new("a fault does exactly one thing: `code`, `delay`, `status`, `disconnect`, `garble` or `throttle`")
}

/// The action that answers a code, of that endpoint or of any that has it.
fn build_answer(code: i32, argument: Option<&str>, endpoint: Option<&Endpoint>) -> Result<Action, ValueError> {
    let rows = match endpoint {
        Some(endpoint) => code_of(endpoint, code).map(|row| vec![row]),
        None => codes_of_any(code),
    };
    let rows = rows.map_err(|error| ValueError {
        message: format!("{}; `status` 200 with a `body` answers anything else", error.message),
        ..error
    })?;
    let to_fill = rows.iter().find(|row| row.message.contains(PLACEHOLDER));
    if let (Some(row), None) = (to_fill, argument) {
        return Err(ValueError::at(
            "code",
            format!(
                "the message of {code} is \"{}\": say with `argument` what stands for {PLACEHOLDER}",
                row.message
            ),
        ));
    }
    Ok(Action::Answer {
        code,
        argument: argument.map(str::to_owned),
    })
}

/// The action that answers an HTTP status, as a gateway would.
fn build_status(status: u16, body: Option<&str>) -> Result<Action, ValueError> {
    if body.is_some_and(|body| body.len() > MAX_STATUS_BODY) {
        return Err(ValueError::at(
            "body",
            format!("the body of a fault has {MAX_STATUS_BODY} bytes at most"),
        ));
    }
    if !(200..=599).contains(&status) {
        return Err(ValueError::at("status", "an HTTP status is a number from 200 to 599"));
    }
    if WITHOUT_BODY.contains(&status) && body.is_some_and(|body| !body.is_empty()) {
        return Err(ValueError::at(
            "body",
            format!("a response with HTTP status {status} has no body"),
        ));
    }
    Ok(Action::Status {
        status,
        body: body.unwrap_or_default().to_owned().into(),
    })
}

impl Fault {
    /// The fault as it is; its counts and its time to live are what is left of them.
    pub(crate) fn describe(fault: &domain::Fault, real_now: Timestamp) -> Self {
        Self {
            endpoint: fault.endpoint.map(str::to_owned),
            login_name: fault.login_name.as_ref().map(ToString::to_string),
            order_number: fault.order_number.map(|number| number.get()),
            skip: fault.skip,
            times: fault.times,
            probability: fault.probability,
            ttl: fault.until.map(|until| until.since(real_now)),
            then: Then::describe(&fault.then),
        }
    }
}

impl Then {
    fn describe(action: &Action) -> Self {
        let nothing = Self::default();
        match action {
            Action::Answer { code, argument } => Self {
                code: Some(*code),
                argument: argument.clone(),
                ..nothing
            },
            Action::Delay(delay) => Self {
                delay: Some(Span(*delay)),
                ..nothing
            },
            Action::Status { status, body } => Self {
                status: Some(*status),
                body: Some(String::from_utf8_lossy(body).into_owned()).filter(|body| !body.is_empty()),
                ..nothing
            },
            Action::DisconnectBefore => Self {
                disconnect: Some(Disconnect::Before),
                ..nothing
            },
            Action::DisconnectMidBody => Self {
                disconnect: Some(Disconnect::MidBody),
                ..nothing
            },
            Action::Garble => Self {
                garble: true,
                ..nothing
            },
            Action::Throttle { bytes_per_second } => Self {
                throttle: Some(*bytes_per_second),
                ..nothing
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::answer::read_answer;

    const MINUTE: Duration = Duration::from_secs(60);

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
            .heals_after(MINUTE);
        assert_eq!(
            json!(which),
            json!({"endpoint": "!autoRevokeCS", "orderNumber": 7, "loginName": "x", "times": 2, "skip": 1,
                   "probability": 0.5, "ttl": "1m", "then": {"code": -2, "argument": "csr"}})
        );
        for (fault, then) in [
            (Fault::delay(MINUTE), json!({"delay": "1m"})),
            (Fault::status(503).body("x"), json!({"status": 503, "body": "x"})),
            (Fault::disconnect(), json!({"disconnect": "before"})),
            (Fault::disconnect_mid_body(), json!({"disconnect": "mid-body"})),
            (Fault::garble(), json!({"garble": true})),
            (Fault::throttle(10), json!({"throttle": 10})),
        ] {
            assert_eq!(json!(fault), json!({"then": then}));
        }
    }

    #[test]
    fn a_fault_is_read() {
        let answer = json!({"faults": [{"id": 3, "ttl": "1m", "skip": 1, "then": {"code": -14, "new": 1}, "new": 2}]});
        let FaultList { faults } = read_answer(answer.to_string().as_bytes()).unwrap();
        let [fault] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((fault.id, fault.ttl, fault.skip), (3, Some(MINUTE), 1));
        assert_eq!(fault.then(), r#"{"code":-14}"#);
        assert_eq!(
            json!(fault),
            json!({"id": 3, "ttl": "1m", "skip": 1, "then": {"code": -14}})
        );
        assert!(read_answer::<FaultList>(br#"{"faults": [{"then": {"code": 1}}]}"#).is_err());
    }
}
