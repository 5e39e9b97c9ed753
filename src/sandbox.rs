//! A sandbox: one world behind one lock, with its clock and its faults.

use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;
use crate::endpoints::{Answer, Call, Endpoint};
use crate::fault::{self, Fault};
use crate::order::book::BookFull;
use crate::protocol::argument::glimpse;
use crate::protocol::form::Form;
use crate::world::World;

/// A world of its own: accounts, orders, clock, faults, assumptions.
#[derive(Debug)]
pub(crate) struct Sandbox {
    world: Mutex<World>,
    clock: Clock,
    faults: Vec<Fault>,
}

impl Sandbox {
    /// A sandbox that begins with that world.
    pub(crate) fn new(world: World, faults: Vec<Fault>) -> Self {
        Self {
            world: Mutex::new(world),
            clock: Clock::default(),
            faults,
        }
    }

    /// Answers a call of an endpoint.
    ///
    /// The world is locked for a moment to see what it assumes, and again to do what was asked; whatever takes time
    /// happens between the two.
    pub(crate) fn answer(&self, endpoint: &'static Endpoint, request: &Request<'_>) -> Outcome {
        let conventions = self
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .conventions
            .clone();
        let assumptions = &conventions.assumptions;
        let call = Call {
            over_https: request.over_https,
            is_post: request.is_post,
            form: request.form,
            conventions: &conventions,
            fault: fault::meet(&self.faults, endpoint, request.form, assumptions),
        };
        let glimpse = |name, max| glimpse(name, max, request.form, assumptions).map(String::from);
        Outcome {
            login_name: glimpse("loginName", 64),
            order_number: glimpse("orderNumber", 32),
            answer: endpoint.answer(&call, &self.world, self.clock.now()),
        }
    }
}

/// A call as it came over HTTP.
#[derive(Debug)]
pub(crate) struct Request<'f> {
    /// Whether it came over HTTPS, or counts as if it had.
    pub(crate) over_https: bool,
    /// Whether its method is POST.
    pub(crate) is_post: bool,
    /// Its arguments.
    pub(crate) form: &'f Form<'f>,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The loginName that it sent, cut to a length for the log.
    pub(crate) login_name: Option<String>,
    /// The orderNumber that it sent, cut to a length for the log.
    pub(crate) order_number: Option<String>,
    /// The answer, unless the order that it would make has no room.
    pub(crate) answer: Result<Answer, BookFull>,
}
