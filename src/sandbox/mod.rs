//! A sandbox: a world of its own behind one lock, with its clock, its faults, its dice and its journal.

mod answering;
pub(crate) mod budget;
pub(crate) mod call;
pub(crate) mod certificates;
pub(crate) mod history;
pub(crate) mod journal;
pub(crate) mod list;
pub(crate) mod push;
mod settle;
mod state;
pub(crate) mod state_file;

use std::ops::Deref;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::api::account::LoginName;
use crate::api::order::book::{Book, BookFull, CountedMemory as _};
use crate::api::order::state::{Order, OrderNumber};
use crate::api::protocol::assumption::Assumptions;
use crate::api::world::Accounts;
use crate::clock::{self, Timestamp};
use crate::lock::lock;
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::model::{Fixtures, Snapshot};
use crate::sandbox::budget::{Budget, Share};
use crate::sandbox::certificates::{BookReader, Certificate, Certificates, Issuance, NoCertificate};
use crate::sandbox::history::{By, History, ReachedStates};
use crate::sandbox::journal::Journal;
use crate::sandbox::push::{Push, PushHub, Pushes, Taken, Tried};
use crate::sandbox::settle::Moment;

pub(crate) use self::answering::AnsweredCall;
pub(crate) use self::state::State;

/// A world of its own: accounts, orders, clock, faults, dice, journal.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// The journal of its calls.
    pub(crate) journal: Journal,
    /// The last changes of its orders' states.
    history: History,
    /// The memory that the mails of all sandboxes may take.
    mail_budget: Arc<Budget>,
    /// The memory that the orders, accounts, faults, certificates and own fixtures of all sandboxes may take.
    memory_budget: Arc<Budget>,
    /// The journal of the tries to send its pushes.
    pub(crate) push_journal: Journal,
    /// Its pushes that wait or are on their way.
    pub(crate) pushes: Pushes,
    /// The certificates of its orders.
    pub(crate) certificates: Arc<Certificates>,
    /// How long it lives since its last use; without a time, for ever.
    pub(crate) ttl: Option<Duration>,
    /// The login names whose calls at the plain path are its, sorted.
    pub(crate) logins: Vec<LoginName>,
    /// The fixtures that it started with, if they are its own.
    fixtures: Option<KeptFixtures>,
    last_used: AtomicI64,
    users: AtomicUsize,
    state: Mutex<State>,
}

/// Fixtures that a sandbox keeps, and what they take of the memory that is counted for all sandboxes.
#[derive(Debug)]
struct KeptFixtures {
    fixtures: Arc<Fixtures>,
    _share: Share,
}

/// What a sandbox keeps of the past, and the memory that it shares with all others.
#[derive(Debug)]
pub(crate) struct Records {
    /// The journal of its calls.
    pub(crate) calls: Journal,
    /// The journal of its pushes.
    pub(crate) pushes: Journal,
    /// The changes of its orders' states.
    pub(crate) history: History,
    /// The memory that the mails of all sandboxes may take.
    pub(crate) mail_budget: Arc<Budget>,
    /// The memory that the orders, accounts, faults, certificates and own fixtures of all sandboxes may take.
    pub(crate) memory_budget: Arc<Budget>,
}

/// A use of a sandbox that takes its time: until it ends, the sandbox is not over, and then its time to live begins.
#[derive(Debug)]
pub(crate) struct Using(Arc<Sandbox>);

impl Using {
    /// Begins to use it.
    pub(crate) fn new(sandbox: Arc<Sandbox>) -> Self {
        sandbox.users.fetch_add(1, Ordering::SeqCst);
        sandbox.touch();
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
        self.0.touch();
        self.0.users.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Sandbox {
    /// A sandbox that begins with that state, which is still to be [settled](Self::settle).
    pub(crate) fn new(
        name: &str,
        mut state: State,
        records: Records,
        issuance: Arc<Issuance>,
        hub: Arc<PushHub>,
    ) -> Self {
        let name: Arc<str> = name.into();
        let certificates = Arc::new(Certificates::new(
            issuance,
            name.clone(),
            path(&name),
            records.memory_budget.clone(),
        ));
        state.world.serials = Some(certificates.clone());
        state.world.book_mut().bound_memory(records.memory_budget.clone());
        Self {
            certificates,
            pushes: Pushes::new(name.clone(), hub),
            name,
            journal: records.calls,
            history: records.history,
            mail_budget: records.mail_budget,
            memory_budget: records.memory_budget,
            push_journal: records.pushes,
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

    /// What it holds, locked, to be read.
    pub(crate) fn state(&self) -> impl Deref<Target = State> {
        self.lock()
    }

    /// Changes what it holds as the control API does, and [settles](Self::settle) it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let done = change(&mut state);
        let at = Moment::of(&state.clock);
        self.settle(&mut state, at, By::Control);
        done
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// What it assumes of the API.
    pub(crate) fn assumptions(&self) -> Assumptions {
        self.state().world.conventions.assumptions
    }

    /// Its accounts.
    pub(crate) fn accounts(&self) -> Arc<Accounts> {
        self.state().world.accounts.clone()
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

    /// The states that an order has reached; none if there is no such order.
    pub(crate) fn reached_states(&self, number: OrderNumber) -> Option<ReachedStates> {
        // Whoever changes an order notes it in the history under the same lock.
        let state = self.state();
        let order = state.world.book.get(number)?;
        Some(self.history.of(order, state.clock.now(clock::real_now())))
    }

    /// Starts its time to live anew, if it has one.
    pub(crate) fn touch(&self) {
        if self.ttl.is_some() {
            self.last_used.store(clock::real_now().unix_millis(), Ordering::Relaxed);
        }
    }

    /// Keeps fixtures that take so many bytes, to begin again with them.
    pub(crate) fn keep_fixtures(&mut self, fixtures: Arc<Fixtures>, bytes: usize) {
        let mut share = Share::of(self.memory_budget.clone());
        share.set(bytes);
        self.fixtures = Some(KeptFixtures {
            fixtures,
            _share: share,
        });
    }

    /// The fixtures that it started with, if they are its own.
    pub(crate) fn fixtures(&self) -> Option<&Arc<Fixtures>> {
        self.fixtures.as_ref().map(|kept| &kept.fixtures)
    }

    /// Whether there is memory for so many more bytes of its orders, accounts and faults.
    ///
    /// # Errors
    /// There is not.
    pub(crate) fn check_memory(&self, bytes: usize) -> Result<(), BookFull> {
        self.memory_budget.check(bytes)
    }

    /// Begins again in that state, with nothing in the journal.
    ///
    /// # Errors
    /// There is no memory for it. Nothing is changed.
    pub(crate) fn reset(&self, state: State) -> Result<(), BookFull> {
        self.put(state, |_, _| {
            // While nobody can call the new world yet, and after the pushes of the old one were given up.
            self.journal.clear();
            self.push_journal.clear();
        })
    }

    /// Goes on in that state, with the dice as they lie.
    ///
    /// # Errors
    /// There is no memory for it. Nothing is changed.
    pub(crate) fn replace(&self, mut state: State) -> Result<(), BookFull> {
        // The orders and accounts that come back in a snapshot count as little as before.
        state.uncounted_bytes = self.state().uncounted_bytes.min(state.world_bytes());
        self.put(state, |old, new| {
            std::mem::swap(&mut old.random, &mut new.random);
            // The journal stays, and what was a secret in it stays one.
            new.world.accounts_mut().remember_passwords(&old.world.accounts);
        })
    }

    /// Puts a state in the place of the old one; before it does, `before_it_is_put` sees both, under the lock.
    fn put(&self, mut new: State, before_it_is_put: impl FnOnce(&mut State, &mut State)) -> Result<(), BookFull> {
        new.world.serials = Some(self.certificates.clone());
        new.world.book_mut().bound_memory(self.memory_budget.clone());
        let book = new.world.book.clone();
        let old = {
            let mut state = self.lock();
            // What they take instead of those of before.
            if let Some(more) = new.counted_bytes().checked_sub(state.counted_bytes()) {
                self.memory_budget.check(more)?;
            }
            state.memory_share = None;
            new.faults.number_after(&state.faults);
            // What happened to the orders of before is not pushed any more.
            self.pushes.clear();
            self.history.clear();
            before_it_is_put(&mut state, &mut new);
            let old = std::mem::replace(&mut *state, new);
            let at = Moment::of(&state.clock);
            self.settle(&mut state, at, By::Control);
            old
        };
        // It may be large, and goes where nobody waits for it.
        drop(old);
        self.certificates.sweep(&book);
        Ok(())
    }

    /// [Settles](Self::settle) what has become due, when the alarm that was set for it goes off.
    pub(crate) fn look_after(&self) {
        self.pushes.forget_alarm();
        self.settle_now();
    }

    /// [Settles](Self::settle) what has become due, and what was there from the beginning.
    pub(super) fn settle_now(&self) {
        self.change(|_| {});
    }

    /// Enters a try to send a push in the journal, unless it was given up meanwhile.
    pub(crate) fn note_push(&self, taken: &Taken, tried: Tried, masked: Arc<[(&'static str, String)]>) {
        self.pushes
            .unless_given_up(taken, || self.enter_push(&taken.push, tried, masked));
    }

    fn enter_push(&self, push: &Push, tried: Tried, masked: Arc<[(&'static str, String)]>) {
        let entry = push.entry(tried, masked);
        call::log_push(&entry, &self.name);
        self.push_journal.enter(entry);
    }

    /// Ends all that waits for what comes, and gives up its pushes: the sandbox is deleted.
    pub(crate) fn close(&self) {
        self.journal.close();
        self.push_journal.close();
        self.pushes.close();
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
        match self.end_of_life() {
            Some(end) => Some(end.since(real_now)),
            None => self.ttl,
        }
    }

    /// Whether it was unused for as long as it lives.
    pub(crate) fn is_over(&self, real_now: Timestamp) -> bool {
        self.end_of_life().is_some_and(|end| real_now >= end)
    }

    /// When its time to live is over, if it has one that has begun: while it is used, it has not.
    fn end_of_life(&self) -> Option<Timestamp> {
        if self.users.load(Ordering::SeqCst) > 0 {
            return None;
        }
        let last_used = Timestamp::from_unix_millis(self.last_used.load(Ordering::Relaxed));
        self.ttl.map(|ttl| last_used.after(ttl))
    }
}

impl BookReader for Sandbox {
    fn read_book<T>(&self, read: impl FnOnce(&Arc<Book>, Timestamp) -> T) -> T {
        let state = self.state();
        read(&state.world.book, state.clock.now(clock::real_now()))
    }
}

/// What stands before the API's path for the sandbox of that name.
fn path(name: &str) -> String {
    match name {
        DEFAULT_SANDBOX => String::new(),
        name => format!("/sandboxes/{name}"),
    }
}
