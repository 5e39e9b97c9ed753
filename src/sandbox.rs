//! A sandbox: one world behind one lock, with its clock and its faults.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::account::LoginName;
use crate::clock::Clock;
use crate::endpoints::{Answer, Call, Endpoint};
use crate::fault::{self, Fault};
use crate::order::book::BookFull;
use crate::order::state::OrderNumber;
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
        let (conventions, login_name) = {
            let world = self.world();
            let sent = glimpse(
                "loginName",
                LoginName::MAX,
                request.form,
                &world.conventions.assumptions,
            );
            let login_name = sent
                .filter(|sent| world.accounts.get(sent).is_some() || is_plain(sent))
                .map(|sent| LoginName::new(&sent));
            (world.conventions.clone(), login_name)
        };
        let assumptions = &conventions.assumptions;
        let order_number =
            glimpse("orderNumber", 20, request.form, assumptions).and_then(|sent| OrderNumber::parse(&sent));
        let call = Call {
            over_https: request.over_https,
            is_post: request.is_post,
            form: request.form,
            conventions: &conventions,
            fault: fault::meet(&self.faults, endpoint, request.form, assumptions),
        };
        let answer = endpoint.answer(&call, |prepared| {
            // The time is taken under the lock, so that no call sees an earlier one than the call before it.
            let mut world = self.world();
            prepared(&mut world, self.clock.now())
        });
        Outcome {
            login_name,
            order_number,
            answer,
        }
    }

    /// Nothing that runs under the lock panics by design; should it, the world is still the best there is.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a text has nothing in it that separates arguments or belongs into an encoded body.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@'))
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
    /// The loginName that it sent, if an account has it or it looks like one: a form that was put together wrongly may
    /// have the password in its place.
    pub(crate) login_name: Option<LoginName>,
    /// The order number that it names, if it is one.
    pub(crate) order_number: Option<OrderNumber>,
    /// The answer, unless the order that it would make has no room.
    pub(crate) answer: Result<Answer, BookFull>,
}
