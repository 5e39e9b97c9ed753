//! A sandbox: a world of its own behind one lock, with its clock, its faults, its dice and its journal.

pub(crate) mod certificates;
pub(crate) mod journal;
pub(crate) mod list;
pub(crate) mod state_file;

use std::ops::Deref;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::api::account::LoginName;
use crate::api::endpoints::{Answer, Call, Done, Endpoint, Failure};
use crate::api::fault::{Action, Faults, Met};
use crate::api::order::book::{Book, BookFull};
use crate::api::order::state::{Order, OrderNumber};
use crate::api::protocol::argument::glimpse;
use crate::api::protocol::code;
use crate::api::protocol::form::Form;
use crate::api::protocol::refusal::Refusal;
use crate::api::world::World;
use crate::clock::{self, Clock, Timestamp};
use crate::model::{Built, Fixtures, Snapshot};
use crate::random::Random;
use crate::sandbox::certificates::{BookReader, Certificate, Certificates, Issuance, NoCertificate};
use crate::sandbox::journal::{Journal, UnknownName, Untold};

/// The name of the sandbox that always is.
pub(crate) const DEFAULT: &str = "default";

/// A world of its own: accounts, orders, clock, faults, dice, journal.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Its last calls.
    pub(crate) journal: Journal,
    /// The certificates of its orders.
    pub(crate) certificates: Arc<Certificates>,
    /// How long it lives since its last use; without a time, for ever.
    pub(crate) ttl: Option<Duration>,
    /// The login names whose calls at the plain path are its, sorted.
    pub(crate) logins: Vec<LoginName>,
    /// The fixtures that it started with, if they are its own.
    pub(crate) fixtures: Option<Arc<Fixtures>>,
    last_used: AtomicI64,
    users: AtomicUsize,
    state: Mutex<State>,
}

/// A use of a sandbox that takes its time: until it ends, the sandbox is not over, and then its time to live begins.
#[derive(Debug)]
pub(crate) struct Using(Arc<Sandbox>);

impl Using {
    /// Begins to use it.
    pub(crate) fn new(sandbox: Arc<Sandbox>) -> Self {
        sandbox.users.fetch_add(1, Ordering::SeqCst);
        sandbox.touch(clock::real_now());
        Self(sandbox)
    }
}

impl Deref for Using {
    type Target = Arc<Sandbox>;

    fn deref(&self) -> &Arc<Sandbox> {
        &self.0
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        self.0.touch(clock::real_now());
        self.0.users.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What changes in a sandbox.
#[derive(Debug)]
pub(crate) struct State {
    /// Orders, accounts, assumptions.
    pub(crate) world: World,
    /// Its time.
    pub(crate) clock: Clock,
    /// Its faults.
    pub(crate) faults: Faults,
    /// Its dice.
    pub(crate) random: Random,
}

impl State {
    /// The state in which a sandbox begins.
    pub(crate) fn new(built: Built, random: Random) -> Self {
        Self {
            world: built.world,
            clock: built.clock,
            faults: built.faults,
            random,
        }
    }
}

impl Sandbox {
    /// A sandbox that begins with that state.
    pub(crate) fn new(name: &str, state: State, journal: Journal, issuance: Arc<Issuance>) -> Self {
        let name: Arc<str> = name.into();
        Self {
            certificates: Arc::new(Certificates::new(issuance, name.clone(), path(&name))),
            name,
            journal,
            ttl: None,
            logins: Vec::new(),
            fixtures: None,
            last_used: AtomicI64::new(clock::real_now().unix_millis()),
            users: AtomicUsize::new(0),
            state: Mutex::new(state),
        }
    }

    /// What stands before the API's path: `/sandboxes/t1`; nothing for the default sandbox.
    pub(crate) fn path(&self) -> String {
        path(&self.name)
    }

    /// What it holds, locked. Nothing that runs under the lock panics by design; should it, the state is still the
    /// best there is.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The present by its clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.state().clock.now(clock::real_now())
    }

    /// The fixtures that make it as it is now.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let real_now = clock::real_now();
        let (world, clock, faults) = {
            let state = self.state();
            (state.world.clone(), state.clock, state.faults.clone())
        };
        Snapshot::new(world, clock, &faults, real_now)
    }

    /// Starts its time to live anew.
    pub(crate) fn touch(&self, real_now: Timestamp) {
        self.last_used.store(real_now.unix_millis(), Ordering::Relaxed);
    }

    /// Begins again in that state, with nothing in the journal.
    pub(crate) fn reset(&self, state: State) {
        self.put(state, |_, _| {});
        self.journal.clear();
    }

    /// Goes on in that state, with the dice as they lie.
    pub(crate) fn replace(&self, state: State) {
        self.put(state, |old, new| std::mem::swap(&mut old.random, &mut new.random));
    }

    fn put(&self, mut new: State, keep: impl FnOnce(&mut State, &mut State)) {
        let book = new.world.book.clone();
        let old = {
            let mut state = self.state();
            new.faults.number_after(&state.faults);
            keep(&mut state, &mut new);
            std::mem::replace(&mut *state, new)
        };
        // It may be large, and goes where nobody waits for it.
        drop(old);
        self.certificates.sweep(&book);
    }

    /// The certificate of an order.
    ///
    /// # Errors
    /// There is no such order, or none was issued for it.
    pub(crate) async fn certificate(&self, number: OrderNumber) -> Result<(Order, Arc<Certificate>), NoCertificate> {
        let (order, now) = {
            let state = self.state();
            let order = state.world.book.get(number).ok_or(NoCertificate::NoOrder)?;
            (order.clone(), state.clock.now(clock::real_now()))
        };
        let certificate = self.certificates.of(&order, now).await?;
        Ok((order, certificate))
    }

    /// How long it lives on if nobody uses it.
    pub(crate) fn expires_in(&self, real_now: Timestamp) -> Option<Duration> {
        // Its time begins when the use that goes on now has ended.
        if self.users.load(Ordering::SeqCst) > 0 {
            return self.ttl;
        }
        let last_used = Timestamp::from_unix_millis(self.last_used.load(Ordering::Relaxed));
        self.ttl.map(|ttl| last_used.after(ttl).since(real_now))
    }

    /// Whether it was unused for as long as it lives.
    pub(crate) fn is_over(&self, real_now: Timestamp) -> bool {
        if self.users.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let last_used = Timestamp::from_unix_millis(self.last_used.load(Ordering::Relaxed));
        self.ttl.is_some_and(|ttl| real_now >= last_used.after(ttl))
    }

    /// Answers a call of an endpoint.
    ///
    /// It is locked for a moment to see what it assumes and which fault is met, and again to do what was asked;
    /// whatever takes time happens between the two.
    pub(crate) async fn answer(&self, endpoint: &'static Endpoint, request: &Request<'_>) -> Outcome {
        let real_now = clock::real_now();
        self.touch(real_now);
        let (conventions, tellable, met, before) = {
            let mut state = self.state();
            let State {
                world,
                clock,
                faults,
                random,
            } = &mut *state;
            let assumptions = &world.conventions.assumptions;
            let met = faults.meet(endpoint, request.form, assumptions, real_now, random);
            let tellable = Tellable::of(world, request.form);
            (world.conventions.clone(), tellable, met, clock.now(real_now))
        };
        let call = Call {
            over_https: request.over_https,
            is_post: request.is_post,
            form: request.form,
            conventions: &conventions,
            fault: met.as_ref().and_then(|met| met.then.refusal(endpoint)),
        };
        let result = match met.as_ref().map(|met| &met.then) {
            Some(Action::Status { status, body }) => Err(NotAnswered::Gateway {
                status: *status,
                body: body.clone(),
            }),
            _ => {
                let mut now = before;
                let done = endpoint.act(&call, |prepared| {
                    // The time is taken under the lock, so that no call sees an earlier one than the call before it.
                    let mut state = self.state();
                    now = state.clock.now(clock::real_now());
                    prepared(&mut state.world, now)
                });
                let done = self.attach_certificates(done, now).await;
                endpoint.reply(&call, done).map_err(NotAnswered::BookFull)
            }
        };
        Outcome {
            time: before,
            real_time: real_now,
            tellable,
            met,
            result,
        }
    }

    /// Attaches the certificates that a call collects, which takes time: nothing is locked meanwhile.
    async fn attach_certificates(&self, done: Result<Done, Failure>, now: Timestamp) -> Result<Done, Failure> {
        let mut done = done?;
        if let Some(collection) = done.collection() {
            let collected = self.certificates.collect(collection, now).await;
            let collected = collected.map_err(|why| Refusal::new(&code::NOT_MADE, why.to_string()))?;
            done.attach(&collected.lines, collected.attachment, collected.hint.as_deref());
        }
        Ok(done)
    }
}

impl BookReader for Sandbox {
    fn read_book<T>(&self, read: impl FnOnce(&Book, Timestamp) -> T) -> T {
        let state = self.state();
        read(&state.world.book, state.clock.now(clock::real_now()))
    }
}

/// What a call names that may be tellable, to the log and to the journal. A form that was put together wrongly may have a
/// password in any place.
#[derive(Clone, Debug)]
pub(crate) struct Tellable {
    /// The loginName that counts, if an account has it.
    pub(crate) login_name: Option<LoginName>,
    /// The loginName that counts, if no account has it.
    pub(crate) unknown_name: Option<UnknownName>,
    /// The order number that counts, if it is one and not a password.
    pub(crate) order_number: Option<OrderNumber>,
    /// The arguments that may not be told.
    pub(crate) untold: Untold,
}

impl Tellable {
    fn of(world: &World, form: &Form<'_>) -> Self {
        let assumptions = &world.conventions.assumptions;
        let accounts = &world.accounts;
        let name = glimpse("loginName", LoginName::MAX, form, assumptions);
        let account = name.as_deref().and_then(|name| accounts.get(name));
        let order_number = glimpse("orderNumber", 20, form, assumptions).and_then(|sent| {
            OrderNumber::parse(&sent).filter(|number| world.book.get(*number).is_some() || !accounts.is_password(&sent))
        });
        Self {
            login_name: account.map(|account| account.login_name.clone()),
            unknown_name: name.filter(|_| account.is_none()).map(|name| UnknownName::new(&name)),
            order_number,
            untold: Untold::find(form, accounts),
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
    /// When, by the sandbox's clock.
    pub(crate) time: Timestamp,
    /// When.
    pub(crate) real_time: Timestamp,
    /// What it names that may be told.
    pub(crate) tellable: Tellable,
    /// The fault that met it.
    pub(crate) met: Option<Met>,
    /// The answer, if the API gave one.
    pub(crate) result: Result<Answer, NotAnswered>,
}

/// Why the API itself gave no answer.
#[derive(Clone, Debug)]
pub(crate) enum NotAnswered {
    /// The order that the call would make has no room.
    BookFull(BookFull),
    /// A fault answered as a gateway would.
    Gateway {
        /// The HTTP status.
        status: u16,
        /// The body, plain text.
        body: String,
    },
}

/// What stands before the API's path for the sandbox of that name.
fn path(name: &str) -> String {
    match name {
        DEFAULT => String::new(),
        name => format!("/sandboxes/{name}"),
    }
}
