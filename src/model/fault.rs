//! Faults.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::account::LoginName;
use crate::api::endpoints::Endpoint;
use crate::api::fault::{Action, Fault};
use crate::api::order::state::OrderNumber;
use crate::api::protocol::code::PLACEHOLDER;
use crate::clock::Timestamp;
use crate::model::endpoint::{code_of, codes_of_any, entry_endpoint};
use crate::model::order::no_order_number;
use crate::model::problem::{Problem, check_length};
use crate::model::when::Span;
use crate::model::whole::is_zero;
use crate::model::{object, whole};

/// The longest that a fault delays a reply: nobody waits for longer, and what waits is kept.
const MAX_DELAY: Duration = Duration::from_secs(10 * 60);

/// The longest body of a fault: each call that it meets keeps it in the journal.
const MAX_STATUS_BODY: usize = 64 << 10;

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

/// The fault that an entry describes; its time to live begins now.
pub(crate) fn build_fault(entry: &FaultEntry, real_now: Timestamp) -> Result<Fault, Problem> {
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
        return Err(Problem::at("probability", "a probability is a number from 0 to 1"));
    }
    if let Some(login_name) = &entry.login_name {
        check_length("loginName", login_name, LoginName::MAX)?;
    }
    if entry.ttl.is_some_and(|ttl| ttl.0.is_zero()) {
        return Err(Problem::at(
            "ttl",
            "a fault that is gone at once is none; leave `ttl` out for one that stays",
        ));
    }
    if entry.times == Some(0) {
        return Err(Problem::at(
            "times",
            "a fault that is met no times is none; leave `times` out for every time",
        ));
    }
    Ok(Fault {
        endpoint: endpoint.map(|endpoint| endpoint.name),
        login_name: entry.login_name.as_deref().map(LoginName::new),
        order_number,
        skip: entry.skip,
        times: entry.times,
        probability: entry.probability,
        until: entry.ttl.map(|ttl| real_now.after(ttl.0)),
        then: build_action(&entry.then, endpoint).map_err(|problem| problem.under("then"))?,
    })
}

fn build_action(entry: &ThenEntry, endpoint: Option<&Endpoint>) -> Result<Action, Problem> {
    let ThenEntry {
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
        return Err(Problem::here(
            "a fault does exactly one thing: `code`, `delay`, `status`, `disconnect`, `garble` or `throttle`",
        ));
    }
    if argument.is_some() && code.is_none() {
        return Err(Problem::at("argument", "only a `code` has an `argument`"));
    }
    if body.is_some() && status.is_none() {
        return Err(Problem::at("body", "only a `status` has a `body`"));
    }
    if body.as_ref().is_some_and(|body| body.len() > MAX_STATUS_BODY) {
        return Err(Problem::at(
            "body",
            format!("the body of a fault has {MAX_STATUS_BODY} bytes at most"),
        ));
    }
    Ok(match (code, delay, status, disconnect, throttle) {
        (Some(code), ..) => {
            let rows = match endpoint {
                Some(endpoint) => vec![code_of(endpoint, *code)?],
                None => codes_of_any(*code)?,
            };
            let to_fill = rows.iter().find(|row| row.message.contains(PLACEHOLDER));
            if let (Some(row), None) = (to_fill, argument) {
                return Err(Problem::at(
                    "code",
                    format!(
                        "the message of {code} is \"{}\": say with `argument` what stands for {PLACEHOLDER}",
                        row.message
                    ),
                ));
            }
            Action::Answer {
                code: *code,
                argument: argument.clone(),
            }
        }
        (_, Some(delay), ..) if delay.0 > MAX_DELAY => {
            return Err(Problem::at("delay", "a reply is delayed by 10m at most"));
        }
        (_, Some(delay), ..) => Action::Delay(delay.0),
        (_, _, Some(status), ..) if !(200..=599).contains(status) => {
            return Err(Problem::at("status", "an HTTP status is a number from 200 to 599"));
        }
        (_, _, Some(status), ..) => Action::Status {
            status: *status,
            body: body.clone().unwrap_or_default(),
        },
        (_, _, _, Some(DisconnectEntry::Before), _) => Action::DisconnectBefore,
        (_, _, _, Some(DisconnectEntry::MidBody), _) => Action::DisconnectMidBody,
        (.., Some(0)) => return Err(Problem::at("throttle", "at least 1 byte a second")),
        (.., Some(bytes_per_second)) => Action::Throttle {
            bytes_per_second: *bytes_per_second,
        },
        _ => Action::Garble,
    })
}

impl FaultEntry {
    /// The entry that makes this fault again; its time to live is what is left of it.
    pub(crate) fn describe(fault: &Fault, real_now: Timestamp) -> Self {
        Self {
            endpoint: fault.endpoint.map(str::to_owned),
            login_name: fault.login_name.as_ref().map(ToString::to_string),
            order_number: fault.order_number.map(|number| number.get()),
            skip: fault.skip,
            times: fault.times,
            probability: fault.probability,
            ttl: fault.until.map(|until| Span(until.since(real_now))),
            then: ThenEntry::describe(&fault.then),
        }
    }
}

impl ThenEntry {
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
                body: Some(body.clone()).filter(|body| !body.is_empty()),
                ..nothing
            },
            Action::DisconnectBefore => Self {
                disconnect: Some(DisconnectEntry::Before),
                ..nothing
            },
            Action::DisconnectMidBody => Self {
                disconnect: Some(DisconnectEntry::MidBody),
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
