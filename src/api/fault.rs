//! Faults: calls that go wrong on purpose. Without a fault, nothing is ever faulty.
//!
//! Pure: which fault meets which call, and what shall happen then. What happens on the wire is the server's matter.

use std::time::Duration;

use bytes::Bytes;

use crate::api::account::LoginName;
use crate::api::endpoints::{ENDPOINTS, Endpoint};
use crate::api::order::state::OrderNumber;
use crate::api::protocol::refusal::Refusal;
use crate::clock::Timestamp;
use crate::random::Random;

/// A fault: the calls that it meets, how often, and what happens to them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// Only calls of this endpoint.
    pub endpoint: Option<&'static str>,
    /// Only calls that name this account.
    pub login_name: Option<LoginName>,
    /// Only calls that name this order.
    pub order_number: Option<OrderNumber>,
    /// So many calls that match are let through before.
    pub skip: u64,
    /// So many calls are met before the fault is gone; without a number, every one.
    pub times: Option<u64>,
    /// How likely a call that matches is met, from 0 to 1; without a number, it is.
    pub probability: Option<f64>,
    /// When the fault is gone by itself, in real time.
    pub until: Option<Timestamp>,
    /// What happens.
    pub then: Action,
}

/// What a fault does to a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// A code is answered, in the format asked for, and the call is not done.
    Answer {
        /// The code, one of the endpoint's; calls of endpoints that do not have it are not met.
        code: i32,
        /// What fills the message's placeholder.
        argument: Option<String>,
    },
    /// The call is done; the reply comes so much later.
    Delay(Duration),
    /// An HTTP status is answered, as a gateway would, and the call is not done.
    Status {
        /// The status, 200 to 599.
        status: u16,
        /// The body, plain text.
        body: Bytes,
    },
    /// The call is done; the connection is closed before a byte of the reply.
    DisconnectBefore,
    /// The call is done; the connection is closed in the middle of the reply's body.
    DisconnectMidBody,
    /// The call is done; bytes of the reply's body are changed.
    Garble,
    /// The call is done; the reply's body comes so many bytes a second.
    Throttle {
        /// At least 1.
        bytes_per_second: u32,
    },
}

impl Action {
    /// How many bytes the body has that it answers with.
    pub(crate) fn body_length(&self) -> usize {
        match self {
            Self::Status { body, .. } => body.len(),
            Self::Answer { .. }
            | Self::Delay(_)
            | Self::DisconnectBefore
            | Self::DisconnectMidBody
            | Self::Garble
            | Self::Throttle { .. } => 0,
        }
    }
}

/// The faults of a sandbox, in their order, each with a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Active>,
    last_id: u64,
    /// For each endpoint of [`ENDPOINTS`], the places of those faults that its calls may meet.
    of_endpoint: Vec<Vec<usize>>,
    /// When the first of them is gone by itself.
    first_end: Option<Timestamp>,
    /// How many bytes their bodies have.
    bytes: usize,
}

/// A fault that calls may meet.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    /// Its number.
    pub id: u64,
    /// The fault, with what is left of its counts.
    pub fault: Fault,
    /// How many calls it met.
    pub hits: u64,
}

/// What of a call its faults look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'n> {
    /// The loginName that counts.
    pub login_name: Option<&'n str>,
    /// The orderNumber that counts, if it is one.
    pub order_number: Option<OrderNumber>,
}

/// A fault that a call met.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MetFault {
    /// The fault's number.
    pub id: u64,
    /// What it does.
    pub then: Action,
}

impl Faults {
    /// The most faults that a sandbox holds.
    pub(crate) const MAX: usize = 1000;

    /// Adds a fault behind the others and gives its number, or nothing if there are [`Self::MAX`] already.
    ///
    /// Those that are gone by now make room only when a call or [`Self::sweep`] finds them.
    pub(crate) fn add(&mut self, fault: Fault) -> Option<u64> {
        if self.list.len() >= Self::MAX {
            return None;
        }
        self.last_id += 1;
        self.list.push(Active {
            id: self.last_id,
            fault,
            hits: 0,
        });
        self.index_from(self.list.len() - 1);
        Some(self.last_id)
    }

    /// Removes the fault of that number, if it is there.
    pub(crate) fn remove(&mut self, id: u64) -> Option<Fault> {
        let place = self.list.iter().position(|active| active.id == id)?;
        let removed = self.list.remove(place);
        self.index();
        Some(removed.fault)
    }

    /// Removes the faults that are gone by `real_now`.
    pub(crate) fn sweep(&mut self, real_now: Timestamp) {
        self.list.retain(|active| !active.fault.is_over(real_now));
        self.index();
    }

    /// Numbers its faults on from the last number that `before` gave, so that none means two faults.
    pub(crate) fn number_after(&mut self, before: &Self) {
        for active in &mut self.list {
            active.id += before.last_id;
        }
        self.last_id += before.last_id;
    }

    /// Removes every fault.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.index();
    }

    /// How many bytes their bodies have, which is nearly all that can be much of them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The faults that are not gone by `real_now`.
    pub(crate) fn iter(&self, real_now: Timestamp) -> impl Iterator<Item = &Active> {
        self.list.iter().filter(move |active| !active.fault.is_over(real_now))
    }

    /// The first fault that meets the call, if one does. Faults that have done all they should are removed.
    pub(crate) fn meet(
        &mut self,
        endpoint: &'static Endpoint,
        names: Names<'_>,
        real_now: Timestamp,
        dice: &mut Random,
    ) -> Option<MetFault> {
        if self.first_end.is_some_and(|end| real_now >= end) {
            self.sweep(real_now);
        }
        let places = self.of_endpoint.get(place_of(endpoint))?;
        let list = &mut self.list;
        let place = *places.iter().find(|place| {
            let fault = &mut list[**place].fault;
            fault.matches(names) && fault.is_due(dice)
        })?;
        let Active { id, fault, hits } = &mut list[place];
        *hits += 1;
        let met = MetFault {
            id: *id,
            then: fault.then.clone(),
        };
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                self.list.remove(place);
                self.index();
            }
        }
        Some(met)
    }

    /// Finds the faults of each endpoint again, after some are gone.
    fn index(&mut self) {
        self.first_end = None;
        self.bytes = 0;
        self.of_endpoint.clear();
        self.index_from(0);
    }

    /// Enters the faults from that place on with their endpoints.
    fn index_from(&mut self, first: usize) {
        self.of_endpoint.resize_with(ENDPOINTS.len(), Vec::new);
        for (place, Active { fault, .. }) in self.list.iter().enumerate().skip(first) {
            self.first_end = self.first_end.into_iter().chain(fault.until).min();
            self.bytes += fault.then.body_length();
            for (places, endpoint) in self.of_endpoint.iter_mut().zip(ENDPOINTS) {
                if fault.may_meet(endpoint) {
                    places.push(place);
                }
            }
        }
    }
}

/// The place of an endpoint in [`ENDPOINTS`].
fn place_of(endpoint: &'static Endpoint) -> usize {
    ENDPOINTS
        .iter()
        .position(|of_list| of_list.name == endpoint.name)
        .expect("the list has every endpoint")
}

impl Fault {
    fn is_over(&self, real_now: Timestamp) -> bool {
        self.times == Some(0) || self.until.is_some_and(|until| real_now >= until)
    }

    /// Whether calls of that endpoint may meet it.
    fn may_meet(&self, endpoint: &Endpoint) -> bool {
        let has_code = match self.then {
            Action::Answer { code, .. } => endpoint.code(code).is_some(),
            Action::Delay(_)
            | Action::Status { .. }
            | Action::DisconnectBefore
            | Action::DisconnectMidBody
            | Action::Garble
            | Action::Throttle { .. } => true,
        };
        has_code && self.endpoint.is_none_or(|name| name == endpoint.name)
    }

    /// Whether it is meant for a call of these names.
    fn matches(&self, names: Names<'_>) -> bool {
        let is_of_order = self
            .order_number
            .is_none_or(|number| names.order_number == Some(number));
        let is_by = |login_name: &LoginName| names.login_name == Some(login_name.as_str());
        self.times != Some(0) && is_of_order && self.login_name.as_ref().is_none_or(is_by)
    }

    /// Counts a call that matches: whether it is past those that are skipped, and whether the dice say so.
    fn is_due(&mut self, dice: &mut Random) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.probability.is_none_or(|probability| dice.roll(probability))
    }
}

impl Action {
    /// Whether the reply comes later, or more slowly, than it could.
    pub(crate) fn takes_time(&self) -> bool {
        match self {
            Self::Delay(_) | Self::Throttle { .. } => true,
            Self::Answer { .. }
            | Self::Status { .. }
            | Self::DisconnectBefore
            | Self::DisconnectMidBody
            | Self::Garble => false,
        }
    }

    /// What is answered in the endpoint's place, if this action answers a code.
    pub(crate) fn refusal(&self, endpoint: &Endpoint) -> Option<Refusal> {
        let Self::Answer { code, argument } = self else {
            return None;
        };
        Some(Refusal {
            code: endpoint.code(*code)?,
            name: argument.clone(),
            hint: "a fault answered".into(),
        })
    }

    /// What it does to the reply of a call that was done all the same, for the log.
    pub(crate) fn done_to_reply(&self) -> Option<String> {
        Some(match self {
            Self::Answer { .. } | Self::Status { .. } => return None,
            Self::Delay(delay) => format!("a fault holds the reply back for {delay:?}"),
            Self::DisconnectBefore => "a fault closes the connection before the reply".to_owned(),
            Self::DisconnectMidBody => "a fault cuts the reply in the middle".to_owned(),
            Self::Garble => "a fault garbles the reply".to_owned(),
            Self::Throttle { bytes_per_second } => format!("a fault sends {bytes_per_second} bytes of it a second"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::EPOCH;

    /// A fault that meets every call of the sandbox.
    fn answer(code: i32) -> Fault {
        Fault {
            endpoint: None,
            login_name: None,
            order_number: None,
            skip: 0,
            times: None,
            probability: None,
            until: None,
            then: Action::Answer { code, argument: None },
        }
    }

    const NOBODY: Names<'_> = Names {
        login_name: None,
        order_number: None,
    };

    fn meet(faults: &mut Faults, endpoint: &str, names: Names<'_>) -> Option<u64> {
        let endpoint = Endpoint::named(endpoint).unwrap();
        let mut dice = Random::from_seed(1);
        faults.meet(endpoint, names, START, &mut dice).map(|met| met.id)
    }

    #[test]
    fn the_first_that_matches_is_taken() {
        let mut faults = Faults::default();
        faults.add(Fault {
            endpoint: Some("!AutoReplaceSMIME"),
            order_number: OrderNumber::new(7),
            ..answer(-26)
        });
        faults.add(Fault {
            login_name: Some(LoginName::new("a")),
            order_number: OrderNumber::new(7),
            ..answer(-14)
        });
        faults.add(Fault {
            order_number: OrderNumber::new(8),
            ..answer(-21)
        });
        for (endpoint, login_name, order_number, expected) in [
            ("!autoRevokeCS", Some("a"), Some(7), Some(2)),
            ("!autoRevokeCS", Some("ab"), Some(7), None),
            ("!autoRevokeCS", None, Some(8), Some(3)),
            ("!AutoReplaceSMIME", None, Some(7), Some(1)),
            ("!AutoReplaceSMIME", None, Some(77), None),
            ("!AutoReplaceSMIME", None, None, None),
        ] {
            let names = Names {
                login_name,
                order_number: order_number.and_then(OrderNumber::new),
            };
            assert_eq!(meet(&mut faults, endpoint, names), expected, "{endpoint} {names:?}");
        }
    }

    #[test]
    fn an_endpoint_never_answers_a_code_that_it_does_not_have() {
        let mut faults = Faults::default();
        faults.add(answer(-14));
        assert_eq!(meet(&mut faults, "!AutoReplaceSMIME", NOBODY), None);
        assert_eq!(meet(&mut faults, "!autoRevokeCS", NOBODY), Some(1));
    }

    #[test]
    fn skips_then_counts_then_goes() {
        let mut faults = Faults::default();
        faults.add(Fault {
            skip: 2,
            times: Some(2),
            ..answer(-21)
        });
        let met: Vec<_> = (0..6)
            .map(|_| meet(&mut faults, "!autoRevokeCS", NOBODY).is_some())
            .collect();
        assert_eq!(met, [false, false, true, true, false, false]);
        assert_eq!(faults.iter(START).count(), 0);
    }

    #[test]
    fn those_that_are_met_count_their_calls() {
        let mut faults = Faults::default();
        faults.add(Fault { skip: 1, ..answer(-14) });
        faults.add(answer(-21));
        for _ in 0..3 {
            meet(&mut faults, "!autoRevokeCS", NOBODY);
        }
        let hits: Vec<_> = faults.iter(START).map(|active| active.hits).collect();
        assert_eq!(hits, [2, 1]);
    }

    #[test]
    fn heals_by_itself() {
        let mut faults = Faults::default();
        faults.add(Fault {
            until: Some(START),
            ..answer(-21)
        });
        assert_eq!(faults.iter(START).count(), 0);
        assert_eq!(meet(&mut faults, "!autoRevokeCS", NOBODY), None);
    }

    #[test]
    fn a_seed_repeats_what_the_dice_say() {
        let rolls = |seed| {
            let mut faults = Faults::default();
            faults.add(Fault {
                probability: Some(0.5),
                ..answer(-21)
            });
            let mut dice = Random::from_seed(seed);
            let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
            (0..64)
                .map(|_| faults.meet(endpoint, NOBODY, START, &mut dice).is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        let met = rolls(1).iter().filter(|met| **met).count();
        assert!((16..48).contains(&met), "{met} of 64");
    }

    #[test]
    fn a_list_is_bounded() {
        let mut faults = Faults::default();
        let added = (0..2 * Faults::MAX)
            .filter(|_| faults.add(answer(-21)).is_some())
            .count();
        assert_eq!(added, Faults::MAX);
    }
}
