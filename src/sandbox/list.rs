//! The list of sandboxes, by name and by the login names that they claim.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use thiserror::Error;

use crate::api::account::LoginName;
use crate::api::order::book::{BookFull, CountedMemory as _};
use crate::api::protocol::assumption::{AssumptionError, Assumptions};
use crate::api::world::World;
use crate::clock::{Timestamp, real_now};
use crate::lock::{self, lock};
use crate::model::sandbox::DEFAULT_SANDBOX;
use crate::model::{Built, Fixtures, FixturesError, Start};
use crate::random::Random;
use crate::sandbox::budget::Budget;
use crate::sandbox::certificates::Issuance;
use crate::sandbox::history::{self, History};
use crate::sandbox::journal::Journal;
use crate::sandbox::push::PushHub;
use crate::sandbox::{Records, Sandbox, State};
use crate::shown::shown;

/// The settings that all sandboxes share.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The fixtures of a sandbox that is created without fixtures.
    pub(crate) fixtures: Arc<Fixtures>,
    /// Assumptions that override those of fixtures, but not those of a snapshot.
    pub(crate) assumptions: Vec<(String, String)>,
    /// How long a new order is in the state being-issued.
    pub(crate) issuance_delay: Duration,
    /// How many orders a sandbox may hold.
    pub(crate) max_orders: usize,
    /// How many bytes the orders and accounts of all sandboxes may take together.
    pub(crate) max_order_bytes: usize,
    /// How many calls a journal keeps.
    pub(crate) journal: usize,
    /// How many bytes the calls of all journals may take together.
    pub(crate) journal_bytes: usize,
    /// How many sandboxes there may be beside the default one.
    pub(crate) max_sandboxes: usize,
    /// The seed that makes order numbers and the random choices of faults repeatable.
    pub(crate) seed: Option<u64>,
}

/// What a new sandbox is created with.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewSandbox {
    /// Its name; if None, one is chosen.
    pub(crate) name: Option<String>,
    /// Its fixtures; if None, those of the emulator.
    pub(crate) fixtures: Option<Arc<Fixtures>>,
    /// The login names whose calls to `/products/...` go to it.
    pub(crate) logins: Vec<String>,
    /// How long it lives after its last use; if None, for ever.
    pub(crate) ttl: Option<Duration>,
}

/// Why a sandbox cannot be made.
#[derive(Debug, Error)]
pub(crate) enum SandboxError {
    /// The name has an invalid character, or is too long or empty.
    #[error("`{0}` cannot name a sandbox: take 1 to 64 of a-z, A-Z, 0-9, - and _")]
    Name(String),
    /// Another sandbox has this name.
    #[error("there is a sandbox `{0}` already")]
    NameTaken(String),
    /// A login name is empty or too long, or there are too many.
    #[error(
        "a sandbox claims at most {MAX_LOGINS} login names, each of 1 to {} characters",
        LoginName::MAX
    )]
    Logins,
    /// Its time to live is zero.
    #[error("a sandbox lives for longer than 0s; without a `ttl`, for ever")]
    Ttl,
    /// A login name is claimed by another sandbox.
    #[error("the loginName `{login_name}` is claimed by the sandbox `{by}` already")]
    LoginTaken {
        /// The login name.
        login_name: String,
        /// The name of the sandbox that claims it.
        by: String,
    },
    /// The limit of sandboxes is reached.
    #[error("there are {0} sandboxes already, which is all that may be (--max-sandboxes)")]
    TooMany(usize),
    /// There is no memory for its orders.
    #[error(transparent)]
    Memory(#[from] BookFull),
    /// Its fixtures are invalid.
    #[error("bad fixtures: {0}")]
    Fixtures(#[from] FixturesError),
}

/// The sandboxes of an emulator.
#[derive(Debug)]
pub(crate) struct Sandboxes {
    settings: Settings,
    issuance: Arc<Issuance>,
    budgets: Budgets,
    hub: Arc<PushHub>,
    default: Arc<Sandbox>,
    recent: RecentWorld,
    others: RwLock<Others>,
}

/// The memory for what all sandboxes keep: of the past, and what they hold now.
#[derive(Debug)]
struct Budgets {
    journals: Arc<Budget>,
    histories: Arc<Budget>,
    outboxes: Arc<Budget>,
    /// For orders, accounts, faults, certificates and own fixtures.
    memory: Arc<Budget>,
}

/// The sandboxes besides the default one, those whose time to live is over among them until they are removed.
#[derive(Debug, Default)]
struct Others {
    by_name: HashMap<Arc<str>, Arc<Sandbox>>,
    /// By the login names that they claim.
    by_login_name: HashMap<LoginName, Arc<Sandbox>>,
    /// How many were ever made.
    made: u64,
    /// When those whose time to live is over were last searched for.
    last_sweep: Option<Timestamp>,
}

/// The world that the emulator's fixtures make, kept for [`WORLD_SHARED_FOR`]: sandboxes that are created within this time share
/// it until they change it.
#[derive(Debug, Default)]
struct RecentWorld(Mutex<Option<(Timestamp, World)>>);

/// The bytes that the mails in all outboxes may take: more than a thousand sandboxes can fill.
const MAX_OUTBOX_BYTES: usize = 256 << 20;

/// The most login names that a sandbox may claim.
const MAX_LOGINS: usize = 1000;

/// How long after it was made a world may be shared.
const WORLD_SHARED_FOR: Duration = Duration::from_secs(1);

/// How long there is no search for sandboxes whose time to live is over after the last one.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

impl Sandboxes {
    /// A list with the default sandbox, which begins with the `saved` state, or with the fixtures of the settings if
    /// there is none.
    ///
    /// # Errors
    /// The fixtures or the state are invalid.
    pub(crate) fn new(
        settings: Settings,
        saved: Option<Fixtures>,
        issuance: Arc<Issuance>,
    ) -> Result<Self, FixturesError> {
        let state = match saved {
            Some(saved) => settings
                .state_of_snapshot(saved, real_now())?
                .without_counting_its_world(),
            None => settings.first_state(real_now())?,
        };
        let budgets = Budgets::new(&settings);
        let hub = Arc::new(PushHub::default());
        let default = Sandbox::new(
            DEFAULT_SANDBOX,
            state,
            budgets.records(&settings),
            issuance.clone(),
            hub.clone(),
        );
        default.settle_now();
        Ok(Self {
            settings,
            issuance,
            budgets,
            hub,
            default: Arc::new(default),
            recent: RecentWorld::default(),
            others: RwLock::default(),
        })
    }

    /// The settings that all sandboxes share.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What tells of the pushes of all sandboxes.
    pub(crate) fn push_hub(&self) -> Arc<PushHub> {
        self.hub.clone()
    }

    /// The default sandbox, which always exists.
    pub(crate) fn default_sandbox(&self) -> &Arc<Sandbox> {
        &self.default
    }

    /// The sandbox with that name, unless its time to live is over.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Sandbox>> {
        self.free_memory();
        if name == DEFAULT_SANDBOX {
            return Some(self.default.clone());
        }
        let sandbox = self.read().by_name.get(name)?.clone();
        (!sandbox.is_over(real_now())).then_some(sandbox)
    }

    /// The sandbox that a call to `/products/...` with that login name goes to: the one that claims it, or the default
    /// one.
    pub(crate) fn for_login_name<'n>(&self, login_name: impl FnOnce() -> Option<Cow<'n, str>>) -> Arc<Sandbox> {
        self.free_memory();
        let claimed = {
            let others = self.read();
            // Most emulators have none that claims a name, and then nobody needs to read it.
            let name = if others.by_login_name.is_empty() {
                None
            } else {
                login_name()
            };
            name.and_then(|name| others.by_login_name.get(&*name).cloned())
        };
        claimed
            .filter(|sandbox| !sandbox.is_over(real_now()))
            .unwrap_or_else(|| self.default.clone())
    }

    /// Every sandbox: the default one, then the others by name. Frees those whose time to live is over, which takes
    /// long if they are large.
    pub(crate) fn list(&self) -> Vec<Arc<Sandbox>> {
        let real_now = real_now();
        let over = self.write().sweep_now_and_then(real_now);
        drop(over);
        let mut sandboxes: Vec<_> = self.read().by_name.values().cloned().collect();
        sandboxes.retain(|sandbox| !sandbox.is_over(real_now));
        sandboxes.sort_by(|one, other| one.name.cmp(&other.name));
        sandboxes.insert(0, self.default.clone());
        sandboxes
    }

    /// Makes a sandbox.
    ///
    /// # Errors
    /// Its name or one of its login names is invalid or taken, there are too many sandboxes, or its fixtures are
    /// invalid or too large for the memory that is left.
    pub(crate) fn create(&self, new: NewSandbox) -> Result<Arc<Sandbox>, SandboxError> {
        let real_now = real_now();
        let name = new.name.map(check_name).transpose()?;
        let logins = check_logins(&new.logins)?;
        if new.ttl.is_some_and(|ttl| ttl.is_zero()) {
            return Err(SandboxError::Ttl);
        }
        // Made before the list is locked, because it takes long.
        let state = match &new.fixtures {
            Some(fixtures) => self.settings.state_of(fixtures, real_now)?,
            None => self.recent.state(&self.settings, real_now)?,
        };
        let fixtures_bytes = new.fixtures.as_ref().map_or(0, |fixtures| fixtures.memory());
        let bytes = state.counted_bytes() + fixtures_bytes;
        self.check_memory(bytes, real_now)?;
        let records = self.budgets.records(&self.settings);
        // Declared before the lock, so that it is freed after the lock is released.
        let mut over;
        let mut others = self.write();
        over = others.sweep_now_and_then(real_now);
        if others.by_name.len() >= self.settings.max_sandboxes {
            over.extend(others.sweep(real_now));
        }
        if others.by_name.len() >= self.settings.max_sandboxes {
            return Err(SandboxError::TooMany(self.settings.max_sandboxes));
        }
        let name = name.unwrap_or_else(|| others.new_name());
        others.check_names(&name, &logins, real_now, &mut over)?;
        let mut sandbox = Sandbox::new(&name, state, records, self.issuance.clone(), self.hub.clone());
        sandbox.ttl = new.ttl;
        if let Some(fixtures) = new.fixtures {
            sandbox.keep_fixtures(fixtures, fixtures_bytes);
        }
        sandbox.logins = logins;
        let sandbox = Arc::new(sandbox);
        // Locked before others find it, and settled after the list is unlocked: that takes long if there are many orders.
        sandbox.change(|_| {
            others.enter(sandbox.clone());
            drop(others);
        });
        Ok(sandbox)
    }

    /// Deletes the sandbox with that name, and returns whether it existed. The default sandbox is never deleted. Frees
    /// its data, which takes long if it is large.
    pub(crate) fn delete(&self, name: &str) -> bool {
        let deleted = self.write().remove(name);
        deleted.is_some_and(|deleted| !deleted.is_over(real_now()))
    }

    /// Whether there is memory for so many more bytes, be it that of sandboxes whose time to live is over.
    fn check_memory(&self, bytes: usize, real_now: Timestamp) -> Result<(), BookFull> {
        if self.budgets.memory.check(bytes).is_ok() {
            return Ok(());
        }
        let over = self.write().sweep(real_now);
        drop(over);
        self.budgets.memory.check(bytes)
    }

    /// Frees the sandboxes whose time to live is over, if anything was refused for want of memory since the last time.
    fn free_memory(&self) {
        if self.budgets.memory.take_refused() {
            let over = self.write().sweep_now_and_then(real_now());
            drop(over);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Others> {
        lock::read(&self.others)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Others> {
        lock::write(&self.others)
    }
}

/// Removed sandboxes may be large, so they are returned: the caller frees them after it has unlocked the list.
impl Others {
    fn enter(&mut self, sandbox: Arc<Sandbox>) {
        self.made += 1;
        for login_name in &sandbox.logins {
            self.by_login_name.insert(login_name.clone(), sandbox.clone());
        }
        self.by_name.insert(sandbox.name.clone(), sandbox);
    }

    fn remove(&mut self, name: &str) -> Option<Arc<Sandbox>> {
        let removed = self.by_name.remove(name)?;
        removed.close();
        for login_name in &removed.logins {
            self.by_login_name.remove(login_name);
        }
        Some(removed)
    }

    /// Whether a new sandbox may have that name and claim these login names. Sandboxes that have them, but whose time to live
    /// is over, are removed and added to `removed`.
    fn check_names(
        &mut self,
        name: &str,
        logins: &[LoginName],
        real_now: Timestamp,
        removed: &mut Vec<Arc<Sandbox>>,
    ) -> Result<(), SandboxError> {
        let has_name = self.by_name.get(name).cloned();
        if name == DEFAULT_SANDBOX || self.unless_over(has_name, real_now, removed).is_some() {
            return Err(SandboxError::NameTaken(name.to_owned()));
        }
        for login_name in logins {
            let claimed_by = self.by_login_name.get(login_name).cloned();
            if let Some(by) = self.unless_over(claimed_by, real_now, removed) {
                return Err(SandboxError::LoginTaken {
                    login_name: login_name.to_string(),
                    by: by.name.to_string(),
                });
            }
        }
        Ok(())
    }

    /// The sandbox that has a name or a login name which is wanted for a new one. If its time to live is over, it is
    /// removed instead, and added to `removed`.
    fn unless_over(
        &mut self,
        sandbox: Option<Arc<Sandbox>>,
        real_now: Timestamp,
        removed: &mut Vec<Arc<Sandbox>>,
    ) -> Option<Arc<Sandbox>> {
        let sandbox = sandbox?;
        if sandbox.is_over(real_now) {
            removed.extend(self.remove(&sandbox.name));
            return None;
        }
        Some(sandbox)
    }

    /// Removes sandboxes whose time to live is over, but only if [`SWEEP_PAUSE`] has passed since the last time: creating
    /// many sandboxes should not search through all of them each time.
    fn sweep_now_and_then(&mut self, real_now: Timestamp) -> Vec<Arc<Sandbox>> {
        let is_clean = |swept: Timestamp| real_now >= swept && real_now < swept.after(SWEEP_PAUSE);
        if self.last_sweep.is_some_and(is_clean) {
            return Vec::new();
        }
        self.sweep(real_now)
    }

    /// Removes sandboxes whose time to live is over.
    fn sweep(&mut self, real_now: Timestamp) -> Vec<Arc<Sandbox>> {
        self.last_sweep = Some(real_now);
        let is_over = |_: &_, sandbox: &mut Arc<Sandbox>| sandbox.is_over(real_now);
        let removed: Vec<_> = self.by_name.extract_if(is_over).map(|(_, sandbox)| sandbox).collect();
        for sandbox in &removed {
            sandbox.close();
        }
        let Self {
            by_name, by_login_name, ..
        } = self;
        by_login_name.retain(|_, sandbox| by_name.contains_key(&sandbox.name));
        removed
    }

    /// A name for a sandbox that is given none.
    fn new_name(&self) -> String {
        (self.made + 1..)
            .map(|number| format!("sandbox-{number}"))
            .find(|name| !self.by_name.contains_key(&**name))
            .expect("there are more numbers than sandboxes")
    }
}

impl RecentWorld {
    /// The first state of a sandbox without fixtures of its own.
    fn state(&self, settings: &Settings, real_now: Timestamp) -> Result<State, FixturesError> {
        let is_recent = |made: Timestamp| real_now >= made && real_now < made.after(WORLD_SHARED_FOR);
        // Locked while it is made, so that others wait and share it.
        let mut recent = lock(&self.0);
        let world = match &*recent {
            Some((made, world)) if is_recent(*made) => world.clone(),
            _ => {
                let state = settings.first_state(real_now)?;
                *recent = Some((real_now, state.world.clone()));
                return Ok(state);
            }
        };
        drop(recent);
        let start = settings.start(real_now);
        let built = settings.fixtures.build_around(&world, &start, &mut settings.random())?;
        Ok(State::new(built, settings.random()).without_counting_its_world())
    }
}

impl Settings {
    /// The first state of a sandbox with the emulator's fixtures at that time.
    ///
    /// # Errors
    /// The fixtures are invalid.
    pub(crate) fn first_state(&self, real_now: Timestamp) -> Result<State, FixturesError> {
        Ok(self.state_of(&self.fixtures, real_now)?.without_counting_its_world())
    }

    /// The first state of a sandbox with fixtures of its own at that time.
    ///
    /// # Errors
    /// The fixtures are invalid.
    pub(crate) fn state_of(&self, fixtures: &Fixtures, real_now: Timestamp) -> Result<State, FixturesError> {
        let built = self.build(fixtures, real_now)?;
        Ok(State::new(built, self.random()))
    }

    /// The state of a sandbox that is restored from a snapshot, with the assumptions of the snapshot.
    ///
    /// # Errors
    /// The snapshot is invalid.
    pub(crate) fn state_of_snapshot(&self, snapshot: Fixtures, real_now: Timestamp) -> Result<State, FixturesError> {
        let built = snapshot.build_and_free(&self.start(real_now), &mut self.random())?;
        Ok(State::new(built, self.random()))
    }

    fn start(&self, real_now: Timestamp) -> Start {
        Start {
            real_now,
            issuance_delay: self.issuance_delay,
            max_orders: self.max_orders,
        }
    }

    fn build(&self, fixtures: &Fixtures, real_now: Timestamp) -> Result<Built, FixturesError> {
        let mut built = fixtures.build(&self.start(real_now), &mut self.random())?;
        if !self.assumptions.is_empty() {
            let conventions = Arc::make_mut(&mut built.world.conventions);
            for (name, value) in &self.assumptions {
                conventions
                    .assumptions
                    .set(name, value)
                    .expect("they were checked before the first sandbox was made");
            }
        }
        Ok(built)
    }

    /// Checks the assumptions.
    ///
    /// # Errors
    /// There is no assumption of that name, or it does not accept the value.
    pub(crate) fn check_assumptions(&self) -> Result<(), AssumptionError> {
        let mut assumptions = Assumptions::default();
        self.assumptions
            .iter()
            .try_for_each(|(name, value)| assumptions.set(name, value))
    }

    fn random(&self) -> Random {
        self.seed.map_or_else(Random::from_system, Random::from_seed)
    }
}

impl Budgets {
    fn new(settings: &Settings) -> Self {
        let budget = |bytes| Arc::new(Budget::new(bytes));
        Self {
            journals: budget(settings.journal_bytes),
            histories: budget(history::MAX_BYTES),
            outboxes: budget(MAX_OUTBOX_BYTES),
            memory: budget(settings.max_order_bytes),
        }
    }

    /// What a new sandbox keeps of the past: nothing yet.
    fn records(&self, settings: &Settings) -> Records {
        let journal = || Journal::new(settings.journal, self.journals.clone());
        Records {
            calls: journal(),
            pushes: journal(),
            history: History::new(self.histories.clone()),
            mail_budget: self.outboxes.clone(),
            memory_budget: self.memory.clone(),
        }
    }
}

/// The login names that a sandbox claims, sorted.
fn check_logins(logins: &[String]) -> Result<Vec<LoginName>, SandboxError> {
    let is_invalid = |login_name: &String| !(1..=LoginName::MAX).contains(&login_name.chars().count());
    if logins.len() > MAX_LOGINS || logins.iter().any(is_invalid) {
        return Err(SandboxError::Logins);
    }
    let mut logins: Vec<_> = logins.iter().map(|login_name| LoginName::new(login_name)).collect();
    logins.sort();
    logins.dedup();
    Ok(logins)
}

/// Checks the name of a sandbox, which must need no escaping in a URL.
fn check_name(name: String) -> Result<String, SandboxError> {
    let is_name = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_name {
        Ok(name)
    } else {
        Err(SandboxError::Name(shown(&name).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::order::mailing::{MailKind, Wording};
    use crate::api::order::outbox::Mail;
    use crate::api::order::state::{Order, OrderNumber, Stage};
    use crate::api::protocol::assumption::Spelling;
    use crate::ca::{Authority, CaOptions};
    use crate::clock::system_now;
    use crate::model::fault::Fault;

    impl Settings {
        /// Settings of a test: these fixtures, and room for little.
        pub(crate) fn small(fixtures: Fixtures) -> Self {
            Self {
                fixtures: Arc::new(fixtures),
                assumptions: Vec::new(),
                issuance_delay: Duration::ZERO,
                max_orders: 10,
                max_order_bytes: 1 << 20,
                journal: 10,
                journal_bytes: 1 << 20,
                max_sandboxes: 1,
                seed: None,
            }
        }
    }

    fn settings(fixtures: &str) -> Settings {
        Settings {
            assumptions: vec![("spelling".to_owned(), "british".to_owned())],
            max_sandboxes: 10,
            ..Settings::small(Fixtures::parse(fixtures).unwrap())
        }
    }

    #[test]
    fn removed_sandboxes_are_returned_to_be_freed_later() {
        let issuance = || {
            let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
            Arc::new(Issuance::new(authority))
        };
        let sandboxes = Sandboxes::new(settings(""), None, issuance()).unwrap();
        for name in ["a", "b", "c"] {
            let new = NewSandbox {
                name: Some(name.to_owned()),
                logins: vec![name.to_owned()],
                ttl: Some(Duration::from_secs(60)),
                ..NewSandbox::default()
            };
            sandboxes.create(new).unwrap();
        }
        let later = real_now().after(Duration::from_secs(60));
        let mut others = sandboxes.write();
        let mut removed = Vec::new();
        let claims_a = others.by_login_name.get("a").cloned();
        assert!(others.unless_over(claims_a, later, &mut removed).is_none());
        removed.extend(others.remove("b"));
        removed.extend(others.sweep_now_and_then(later));
        assert!(others.by_name.is_empty() && others.by_login_name.is_empty());
        let names: Vec<_> = removed.iter().map(|sandbox| &*sandbox.name).collect();
        assert_eq!(names, ["a", "b", "c"]);
        assert!(
            removed.iter().all(|sandbox| Arc::strong_count(sandbox) == 1),
            "nobody else frees them"
        );
        assert!(others.sweep_now_and_then(later).is_empty());
    }

    #[test]
    fn a_sandbox_that_pushes_knows_from_the_start_when_its_orders_are_due() {
        let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
        let issuance = Arc::new(Issuance::new(authority));
        let settings = settings(
            "[[accounts]]\nloginName = \"a\"\nloginPassword = \"p\"\npush = { url = \"http://127.0.0.1:1/\" }\n\
             [[orders]]\norderNumber = 7\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"being-issued\"\n\
             due = \"+10m\"\n",
        );
        let sandboxes = Sandboxes::new(settings, None, issuance).unwrap();
        let made = sandboxes.create(NewSandbox::default()).unwrap();
        let hub = sandboxes.push_hub();
        for sandbox in [sandboxes.default_sandbox(), &made] {
            assert!(sandbox.state().dues.is_some(), "{}", sandbox.name);
        }
        let later = real_now().after(Duration::from_secs(601));
        let mut due: Vec<_> = std::iter::from_fn(|| hub.next_due(later)).collect();
        due.sort();
        assert_eq!(due, [Arc::from(DEFAULT_SANDBOX), made.name.clone()]);
    }

    #[test]
    fn outboxes_share_their_memory_and_give_it_back() {
        let settings = settings("");
        let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
        let issuance = Arc::new(Issuance::new(authority));
        let budgets = Budgets {
            outboxes: Arc::new(Budget::new(10_000)),
            ..Budgets::new(&settings)
        };
        let state = || settings.state_of(&settings.fixtures, real_now()).unwrap();
        let [one, other] = ["one", "other"].map(|name| {
            let records = budgets.records(&settings);
            Sandbox::new(name, state(), records, issuance.clone(), Arc::default())
        });
        let keep = |sandbox: &Sandbox, count| {
            sandbox.change(|state| {
                for _ in 0..count {
                    state.world.outbox_mut().keep(Mail {
                        time: Timestamp::EPOCH,
                        kind: MailKind::Collection,
                        to: "a@b.de".into(),
                        order_number: OrderNumber::new(7).unwrap(),
                        wording: Wording::Language("en"),
                    });
                }
            });
            let outbox = &sandbox.state().world.outbox;
            (outbox.len(), outbox.forgotten())
        };
        assert_eq!(keep(&one, 32), (32, 0));
        let (kept, forgotten) = keep(&one, 500);
        assert!(
            (16..200).contains(&kept) && forgotten == 532 - kept as u64,
            "{kept} {forgotten}"
        );
        // Whoever keeps a mail for which there is no memory left gives up its own, but for the newest.
        let (kept, _) = keep(&other, 500);
        assert!((1..100).contains(&kept) && budgets.outboxes.taken() < 11_000, "{kept}");
        one.reset(state()).unwrap();
        let (kept, _) = keep(&other, 30);
        assert!(kept >= 31, "{kept}");
        drop((one, other));
        assert_eq!(budgets.outboxes.taken(), 0);
    }

    #[test]
    fn an_order_that_comes_and_goes_has_states_whenever_it_is_there() {
        let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
        let issuance = Arc::new(Issuance::new(authority));
        let sandboxes = Sandboxes::new(settings(""), None, issuance).unwrap();
        let sandbox = sandboxes.default_sandbox();
        let number = OrderNumber::new(7).unwrap();
        let change = || {
            sandbox.change(|state| {
                let book = state.world.book_mut();
                if book.remove(number).is_none() {
                    book.insert(Order::plain(number, Stage::Pending)).unwrap();
                }
            });
        };
        std::thread::scope(|scope| {
            let changes = scope.spawn(|| (0..20_000).for_each(|_| change()));
            while !changes.is_finished() {
                let found = sandbox.reached_states(number);
                assert!(found.is_none_or(|found| !found.states.is_empty()));
            }
        });
    }

    #[test]
    fn sandboxes_of_one_second_share_their_world_and_nothing_else() {
        let settings = settings(
            "clock = { offset = \"-1h\" }\n\
             [[accounts]]\nloginName = \"a\"\nloginPassword = \"p\"\n\
             [[faults]]\nttl = \"10m\"\nthen = { garble = true }\n",
        );
        let recent = RecentWorld::default();
        let start = Timestamp::from_unix_millis(1_800_000_000_000);
        let mut numbers = Vec::new();
        let mut shared = Vec::new();
        for millis in [0, 400, 999, 1000] {
            let now = start.after(Duration::from_millis(millis));
            let state = recent.state(&settings, now).unwrap();
            let ttls: Vec<_> = state
                .faults
                .iter(now)
                .filter_map(|active| Fault::describe(&active.fault, now).ttl)
                .collect();
            assert_eq!(ttls, [Duration::from_secs(600)], "after {millis} ms");
            assert_eq!(state.clock.now(now), now.before(Duration::from_secs(3600)));
            assert_eq!(
                state.world.conventions.assumptions.spelling,
                Spelling::British,
                "after {millis} ms"
            );
            numbers.push(state.world.book.next_number());
            shared.push(state.world.accounts.clone());
        }
        assert!(Arc::ptr_eq(&shared[0], &shared[2]) && !Arc::ptr_eq(&shared[0], &shared[3]));
        numbers.sort();
        numbers.dedup();
        assert_eq!(numbers.len(), 4);
    }
}
