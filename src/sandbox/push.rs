//! What a sandbox pushes: the changes of orders whose accounts name a URL, in a queue, until they are sent.
//!
//! Who sends them is told by the [`PushHub`] that all sandboxes share. Everything is bounded: what waits, in a sandbox and in
//! all, and what is on its way. No call waits for a push.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use crate::api::account::{Account, LoginName, PushTarget};
use crate::api::masking::MASK;
use crate::api::order::book::{Book, Touched};
use crate::api::order::state::{Order, OrderNumber};
use crate::api::passwords::MIN_OF_ACCOUNT;
use crate::api::push::PushEvent;
use crate::api::world::{Accounts, World};
use crate::clock::Timestamp;
use crate::sandbox::history::By;
use crate::sandbox::journal::{Entry, PushTry, Subject};

/// The target of the log lines about pushes.
pub(crate) const LOG: &str = "sectigo_emulator::push";

/// How many pushes of a sandbox may wait.
const MAX_WAITING: usize = 1000;

/// How many pushes of all sandboxes may wait.
const MAX_WAITING_IN_ALL: usize = 20_000;

/// How many bytes the pushes of all sandboxes that wait may take: most of it goes to the CSRs of their orders.
const MAX_BYTES_IN_ALL: usize = 64 << 20;

/// How many pushes of a sandbox may be on their way at once.
const MAX_BUSY: usize = 4;

/// How many orders that have become due are looked at while the sandbox is locked; the others are soon after.
const MAX_DUE_AT_ONCE: usize = 1000;

/// A change of an order that is to be pushed.
#[derive(Debug)]
pub(crate) struct Push {
    /// The order.
    pub(crate) order_number: OrderNumber,
    /// Where it is sent.
    pub(crate) target: Arc<PushTarget>,
    /// Its parameters, without the certificate.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// The order whose certificate comes with it, and the time at which the order was so.
    pub(crate) certificate_of: Option<(Box<Order>, Timestamp)>,
    login_name: LoginName,
    code: i32,
    /// The name of the parameter that holds a secret, if one does.
    untold: Option<&'static str>,
}

/// How a try to send a push ended, for the journal.
#[derive(Debug)]
pub(crate) struct Tried {
    /// The number of the try, from 1; 0 if it was never tried.
    pub(crate) number: u32,
    /// When it was made, by the sandbox's clock and by the system's.
    pub(crate) times: [Timestamp; 2],
    /// The HTTP status of the response; 0 if there was none.
    pub(crate) status: u16,
    /// How long it took, in microseconds.
    pub(crate) took_us: u64,
    /// What came of it.
    pub(crate) hint: String,
}

impl Push {
    fn new(event: PushEvent, order: &Order, now: Timestamp, accounts: &Accounts) -> Option<Self> {
        let account = accounts.get(order.login_name.as_str())?;
        let target = account.push.clone()?;
        let parameters = event.parameters(order);
        let has_certificate = target.delivers_certificate && event.has_certificate();
        let comment = order.revocation.as_ref().map_or("", |revocation| &revocation.comment);
        let untold = parameters
            .iter()
            .find(|(_, value)| holds_secret(value, account))
            .map(|(name, _)| *name)
            .or(accounts.is_password(comment.trim()).then_some("statusDesc"));
        Some(Self {
            order_number: order.number,
            target,
            parameters,
            certificate_of: has_certificate.then(|| (Box::new(order.clone()), now)),
            login_name: order.login_name.clone(),
            code: event.status_code(),
            untold,
        })
    }

    /// How much memory it takes, in bytes, near enough.
    fn bytes(&self) -> usize {
        let parameters: usize = self.parameters.iter().map(|(_, value)| value.len()).sum();
        let order = self.certificate_of.as_ref().map_or(0, |(order, _)| order.memory());
        size_of::<Self>() + self.parameters.capacity() * size_of::<(&str, String)>() + parameters + order
    }

    /// The parameters as the journal has them, of those that were sent.
    pub(crate) fn masked(&self, sent: &[(&'static str, String)]) -> Arc<[(&'static str, String)]> {
        let tell = |(name, value): &(&'static str, String)| match self.untold == Some(*name) {
            true => (*name, MASK.to_owned()),
            false => (*name, value.clone()),
        };
        sent.iter().map(tell).collect()
    }

    /// The entry of the journal for a try, with the parameters that are told.
    pub(crate) fn entry(&self, tried: Tried, parameters: Arc<[(&'static str, String)]>) -> Entry {
        Entry {
            id: 0,
            time: tried.times[0],
            real_time: tried.times[1],
            subject: Subject::Push(PushTry {
                url: self.target.url.without_query().to_owned(),
                number: tried.number,
                parameters,
            }),
            login_name: Some(self.login_name.clone()),
            unknown_name: None,
            order_number: Some(self.order_number),
            status: tried.status,
            code: Some(self.code),
            reply: Bytes::new(),
            took_us: tried.took_us,
            fault: None,
            hint: tried.hint.into(),
        }
    }
}

/// Whether a value that is pushed holds a password of the account.
fn holds_secret(value: &str, account: &Account) -> bool {
    let credentials = account.push.as_ref().and_then(|push| push.credentials.as_ref());
    let passwords = [
        Some(&account.login_password),
        credentials.map(|credentials| &credentials.password),
    ];
    let is_held = |secret: &str| secret.len() >= MIN_OF_ACCOUNT && value.contains(secret);
    passwords
        .into_iter()
        .flatten()
        .any(|password| is_held(password.expose()))
}

/// Which orders of a watched book are still to be issued, and when.
#[derive(Debug)]
pub(crate) struct Dues {
    by_time: BTreeSet<(Timestamp, OrderNumber)>,
    by_order: HashMap<OrderNumber, Timestamp>,
    /// The time of the last look.
    seen: Timestamp,
}

impl Dues {
    /// Those of a book, after that time.
    fn of(book: &Book, now: Timestamp) -> Self {
        let mut dues = Self {
            by_time: BTreeSet::new(),
            by_order: HashMap::new(),
            seen: now,
        };
        for order in book.iter() {
            dues.plan(order.number, order.issuance_due().filter(|due| *due > now));
        }
        dues
    }

    /// The earliest time at which an order is due.
    fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(due, _)| *due)
    }

    fn plan(&mut self, number: OrderNumber, due: Option<Timestamp>) {
        let old = match due {
            Some(due) => self.by_order.insert(number, due),
            None => self.by_order.remove(&number),
        };
        if let Some(old) = old {
            self.by_time.remove(&(old, number));
        }
        if let Some(due) = due {
            self.by_time.insert((due, number));
        }
    }

    /// Takes an order out if it is due by that time.
    fn take_if_due(&mut self, number: OrderNumber, now: Timestamp) -> bool {
        let is_due = self.by_order.get(&number).is_some_and(|due| *due <= now);
        if is_due {
            self.plan(number, None);
        }
        is_due
    }

    /// Takes the next order out that is due by that time.
    fn take_next(&mut self, now: Timestamp) -> Option<OrderNumber> {
        let (_, number) = self.by_time.first().copied().filter(|(due, _)| *due <= now)?;
        self.plan(number, None);
        Some(number)
    }
}

/// What is to be pushed of what has changed in a world, and by time, since the last look; `dues` is kept for the next one.
/// An order that a call makes is a change that is pushed; one that the control API makes is there as it is. The book is watched only as long as an account has a push.
pub(crate) fn changes(world: &mut World, dues: &mut Option<Dues>, now: Timestamp, by: By) -> Vec<Push> {
    if !world.accounts.has_push() {
        if dues.take().is_some() {
            world.book_mut().watch(false);
        }
        return Vec::new();
    }
    let Some(dues) = dues else {
        world.book_mut().watch(true);
        *dues = Some(Dues::of(&world.book, now));
        return Vec::new();
    };
    let touched = match world.book.is_touched() {
        true => world.book_mut().take_touched(),
        false => Vec::new(),
    };
    let mut pushes = Vec::new();
    let mut seen = HashSet::new();
    let mut push = |event, order: &Order| pushes.extend(Push::new(event, order, now, &world.accounts));
    for Touched { number, before } in touched {
        if !seen.insert(number) {
            continue;
        }
        if let Some(before) = before.as_deref().filter(|_| dues.take_if_due(number, now)) {
            push(PushEvent::of_issuance(before), before);
        }
        let after = world.book.get(number);
        dues.plan(number, after.and_then(Order::issuance_due).filter(|due| *due > now));
        if let Some(after) = after.filter(|_| before.is_some() || matches!(by, By::Call(..)))
            && let Some(event) = PushEvent::of_change(before.as_deref(), after, now)
        {
            push(event, after);
        }
    }
    for _ in 0..MAX_DUE_AT_ONCE {
        let Some(number) = dues.take_next(now) else { break };
        if let Some(order) = world.book.get(number) {
            push(PushEvent::of_issuance(order), order);
        }
    }
    if now < dues.seen {
        // The clock was set back: what was issued is being issued again. What is still due stays to be looked at.
        let late: Vec<_> = dues
            .by_time
            .iter()
            .take_while(|(due, _)| *due <= now)
            .copied()
            .collect();
        *dues = Dues::of(&world.book, now);
        for (due, number) in late {
            dues.plan(number, Some(due));
        }
    }
    dues.seen = now;
    pushes
}

/// When the next order is due, by the sandbox's clock.
pub(crate) fn next_due(dues: Option<&Dues>) -> Option<Timestamp> {
    dues.and_then(Dues::next)
}

/// The pushes of a sandbox that wait or are on their way.
#[derive(Debug)]
pub(crate) struct Pushes {
    sandbox: Arc<str>,
    hub: Arc<PushHub>,
    queue: Mutex<Queue>,
    /// Changes when all that waits or is on its way is given up.
    era: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Push>,
    /// The orders of which a push is on its way.
    busy: HashSet<OrderNumber>,
    is_closed: bool,
    alarm: Option<Timestamp>,
}

/// A push on its way.
#[derive(Debug)]
pub(crate) struct Taken {
    /// The push.
    pub(crate) push: Push,
    number: u64,
    era: watch::Receiver<u64>,
}

impl Taken {
    /// Tells when it is given up.
    pub(crate) fn giving_up(&self) -> GivingUp {
        GivingUp(self.era.clone())
    }
}

/// Tells when a push on its way is given up.
#[derive(Debug)]
pub(crate) struct GivingUp(watch::Receiver<u64>);

impl GivingUp {
    /// Waits until it is given up: its sandbox was reset, restored or deleted.
    pub(crate) async fn given_up(&mut self) {
        // An error means that the sandbox is gone.
        let _ = self.0.changed().await;
    }
}

impl Pushes {
    /// None yet, of the sandbox of that name.
    pub(crate) fn new(sandbox: Arc<str>, hub: Arc<PushHub>) -> Self {
        Self {
            sandbox,
            hub,
            queue: Mutex::default(),
            era: watch::Sender::new(0),
        }
    }

    /// Lets a push wait for its turn.
    ///
    /// # Errors
    /// Too many wait already; the push comes back with a sentence about it.
    pub(crate) fn enqueue(&self, push: Push) -> Result<(), (Push, String)> {
        let mut queue = self.lock();
        if queue.is_closed {
            return Ok(());
        }
        if queue.waiting.len() >= MAX_WAITING {
            let why = format!("never sent: {MAX_WAITING} pushes of the sandbox wait already");
            return Err((push, why));
        }
        if let Err(why) = self.hub.take_room(push.bytes()) {
            return Err((push, why));
        }
        queue.waiting.push_back(push);
        drop(queue);
        self.hub.make_ready(&self.sandbox);
        Ok(())
    }

    /// Takes the first push that waits and may be sent: of an order none is on its way, and not too many of the sandbox are.
    pub(crate) fn take(&self) -> Option<Taken> {
        let mut queue = self.lock();
        if queue.busy.len() >= MAX_BUSY {
            return None;
        }
        let is_free = |push: &Push| !queue.busy.contains(&push.order_number);
        let place = queue.waiting.iter().position(is_free)?;
        let push = queue.waiting.remove(place)?;
        queue.busy.insert(push.order_number);
        self.hub.give_room_back([&push]);
        let era = self.era.subscribe();
        let number = *era.borrow();
        Some(Taken { push, number, era })
    }

    /// Does something for a push that was taken, unless it was given up.
    pub(crate) fn unless_given_up(&self, taken: &Taken, work: impl FnOnce()) {
        let _queue = self.lock();
        if *self.era.borrow() == taken.number {
            work();
        }
    }

    /// A push that was taken is over: the next of its order may be sent.
    pub(crate) fn finish(&self, taken: &Taken) {
        let mut queue = self.lock();
        if *self.era.borrow() == taken.number {
            queue.busy.remove(&taken.push.order_number);
        }
        let is_ready = !queue.waiting.is_empty();
        drop(queue);
        if is_ready {
            self.hub.make_ready(&self.sandbox);
        }
    }

    /// Has the sandbox looked after at that time of the system's clock, instead of the time set before.
    pub(crate) fn set_alarm(&self, at: Option<Timestamp>) {
        let mut queue = self.lock();
        if !queue.is_closed && queue.alarm != at {
            self.hub.set_alarm(&self.sandbox, queue.alarm, at);
            queue.alarm = at;
        }
    }

    /// No longer has the sandbox looked after at the time set before: the alarm went off, or the sandbox is deleted.
    pub(crate) fn forget_alarm(&self) {
        let mut queue = self.lock();
        if let Some(alarm) = queue.alarm.take() {
            self.hub.set_alarm(&self.sandbox, Some(alarm), None);
        }
    }

    /// Gives up all that waits or is on its way.
    pub(crate) fn clear(&self) {
        let mut queue = self.lock();
        self.hub.give_room_back(&queue.waiting);
        queue.waiting.clear();
        queue.busy.clear();
        self.era.send_modify(|era| *era += 1);
    }

    /// Gives up everything, now and later: the sandbox is deleted.
    pub(crate) fn close(&self) {
        // Closed first: whoever settles meanwhile adds nothing to what is given up.
        self.lock().is_closed = true;
        self.forget_alarm();
        self.clear();
    }

    /// How many wait or are on their way.
    pub(crate) fn len(&self) -> usize {
        let queue = self.lock();
        queue.waiting.len() + queue.busy.len()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pushes {
    fn drop(&mut self) {
        self.hub.give_room_back(&self.lock().waiting);
    }
}

/// What the sandboxes of an emulator tell the one who sends their pushes.
#[derive(Debug, Default)]
pub(crate) struct PushHub {
    desk: Mutex<Desk>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Desk {
    /// How many pushes wait.
    waiting: usize,
    /// How many bytes they take.
    bytes: usize,
    /// The sandboxes in which a push may be taken, each once.
    ready: VecDeque<Arc<str>>,
    /// The same, to be found.
    is_ready: HashSet<Arc<str>>,
    /// The sandboxes that are to be looked after, by the system's time.
    alarms: BTreeSet<(Timestamp, Arc<str>)>,
}

impl PushHub {
    /// The sandbox that waits longest for its pushes to be taken.
    pub(crate) fn next_ready(&self) -> Option<Arc<str>> {
        let mut desk = self.lock();
        let next = desk.ready.pop_front()?;
        desk.is_ready.remove(&next);
        Some(next)
    }

    /// A sandbox that is to be looked after by that time.
    pub(crate) fn next_due(&self, real_now: Timestamp) -> Option<Arc<str>> {
        let mut desk = self.lock();
        let due = desk.alarms.first().filter(|(at, _)| *at <= real_now).cloned()?;
        desk.alarms.remove(&due);
        Some(due.1)
    }

    /// When the next sandbox is to be looked after.
    pub(crate) fn next_alarm(&self) -> Option<Timestamp> {
        self.lock().alarms.first().map(|(at, _)| *at)
    }

    /// Waits until a sandbox is ready or an alarm was set, since the last time.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    fn make_ready(&self, sandbox: &Arc<str>) {
        let mut desk = self.lock();
        if desk.is_ready.insert(sandbox.clone()) {
            desk.ready.push_back(sandbox.clone());
        }
        drop(desk);
        self.news.notify_one();
    }

    fn set_alarm(&self, sandbox: &Arc<str>, old: Option<Timestamp>, new: Option<Timestamp>) {
        let mut desk = self.lock();
        if let Some(old) = old {
            desk.alarms.remove(&(old, sandbox.clone()));
        }
        if let Some(new) = new {
            desk.alarms.insert((new, sandbox.clone()));
        }
        drop(desk);
        self.news.notify_one();
    }

    fn take_room(&self, bytes: usize) -> Result<(), String> {
        let mut desk = self.lock();
        if desk.waiting >= MAX_WAITING_IN_ALL {
            return Err(format!(
                "never sent: {MAX_WAITING_IN_ALL} pushes of all sandboxes wait already"
            ));
        }
        if desk.bytes + bytes > MAX_BYTES_IN_ALL {
            let most = MAX_BYTES_IN_ALL >> 20;
            return Err(format!(
                "never sent: the pushes of all sandboxes that wait take {most} MiB already"
            ));
        }
        desk.waiting += 1;
        desk.bytes += bytes;
        Ok(())
    }

    fn give_room_back<'p>(&self, pushes: impl IntoIterator<Item = &'p Push>) {
        let mut desk = self.lock();
        for push in pushes {
            desk.waiting -= 1;
            desk.bytes -= push.bytes();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::endpoints::ENDPOINTS;
    use crate::api::http_url::HttpUrl;
    use crate::api::order::state::{Stage, Validity};
    use crate::api::world::Conventions;

    const BY_CALL: By = By::Call(&ENDPOINTS[0], None);

    fn at(second: u64) -> Timestamp {
        Timestamp::EPOCH.after(Duration::from_secs(second))
    }

    fn number(value: u64) -> OrderNumber {
        OrderNumber::new(value).unwrap()
    }

    fn due_at(order: u64, second: u64) -> Order {
        let validity = Validity {
            issued: at(second),
            expires: at(second + 10),
        };
        Order::plain(number(order), Stage::BeingIssued(Some(validity)))
    }

    /// A world with the account `a`, whose orders are pushed.
    fn world() -> World {
        let mut account = Account::plain("a", "s3cret");
        account.push = Some(Arc::new(PushTarget {
            url: HttpUrl::parse("http://127.0.0.1:1/push?key=1").unwrap(),
            credentials: None,
            delivers_certificate: false,
            tells_of_collection: true,
        }));
        let mut accounts = Accounts::default();
        accounts.insert(account);
        World {
            book: Arc::new(Book::new(100, number(1))),
            accounts: Arc::new(accounts),
            conventions: Arc::new(Conventions::default()),
            issuance_delay: Duration::ZERO,
            serials: None,
            outbox: Default::default(),
        }
    }

    fn codes(pushes: &[Push]) -> Vec<(u64, i32)> {
        pushes.iter().map(|push| (push.order_number.get(), push.code)).collect()
    }

    #[test]
    fn due_times_are_pushed_in_their_order_once_and_again_when_the_clock_was_set_back() {
        let mut world = world();
        for order in [due_at(1, 30), due_at(2, 20), due_at(3, 5), due_at(4, 40)] {
            world.book_mut().insert(order).unwrap();
        }
        let mut dues = None;
        let mut look = |world: &mut World, second| codes(&changes(world, &mut dues, at(second), BY_CALL));
        // What was there, and what was due before, is not pushed.
        assert_eq!(look(&mut world, 10), []);
        assert_eq!(look(&mut world, 19), []);
        world.book_mut().get_mut(number(4)).unwrap().stage = Stage::Rejected;
        // It was issued, and has expired since, which is not pushed.
        assert_eq!(look(&mut world, 35), [(4, 7), (2, 9), (1, 9)]);
        assert_eq!(look(&mut world, 1000), []);
        assert_eq!(look(&mut world, 25), []);
        assert_eq!(look(&mut world, 31), [(1, 9)]);
    }

    #[test]
    fn many_orders_that_are_due_are_looked_at_one_part_after_the_other() {
        let mut world = world();
        let count = 2 * MAX_DUE_AT_ONCE as u64 + 1;
        world.book = Arc::new(Book::new(10_000, number(1)));
        for order in 1..=count {
            world.book_mut().insert(due_at(order, 30)).unwrap();
        }
        let mut dues = None;
        let mut look = |world: &mut World, second| {
            let pushes = changes(world, &mut dues, at(second), By::Control);
            (pushes.len(), next_due(dues.as_ref()))
        };
        assert_eq!(look(&mut world, 1), (0, Some(at(30))));
        assert_eq!(look(&mut world, 31), (MAX_DUE_AT_ONCE, Some(at(30))));
        // One that is changed meanwhile is pushed with its change.
        world.book_mut().get_mut(number(count)).unwrap().stage = Stage::Rejected;
        assert_eq!(look(&mut world, 32), (MAX_DUE_AT_ONCE + 2, None));
    }

    #[test]
    fn orders_that_are_still_due_are_pushed_after_the_clock_was_set_back() {
        let mut world = world();
        let count = 2 * MAX_DUE_AT_ONCE as u64 + 1;
        world.book = Arc::new(Book::new(10_000, number(1)));
        for order in 1..=count {
            world.book_mut().insert(due_at(order, 30)).unwrap();
        }
        world.book_mut().insert(due_at(count + 1, 60)).unwrap();
        let mut dues = None;
        let looks = [1, 100, 50, 50, 50, 60].map(|second| {
            let pushes = changes(&mut world, &mut dues, at(second), By::Control);
            (pushes.len(), next_due(dues.as_ref()))
        });
        assert_eq!(
            looks,
            [
                (0, Some(at(30))),
                (MAX_DUE_AT_ONCE, Some(at(30))),
                (MAX_DUE_AT_ONCE, Some(at(30))),
                (1, Some(at(60))),
                (0, Some(at(60))),
                (1, None),
            ]
        );
    }

    #[test]
    fn an_order_that_is_due_and_then_revoked_is_pushed_twice() {
        let mut world = world();
        world.book_mut().insert(due_at(1, 30)).unwrap();
        let mut dues = None;
        assert_eq!(codes(&changes(&mut world, &mut dues, at(1), BY_CALL)), []);
        let order = world.book_mut().get_mut(number(1)).unwrap();
        order.stage = Stage::Revoked(order.validity().unwrap());
        let pushes = changes(&mut world, &mut dues, at(31), BY_CALL);
        assert_eq!(codes(&pushes), [(1, 9), (1, 8)]);
    }

    #[test]
    fn what_is_placed_is_no_change_and_without_a_target_nothing_is_watched() {
        let mut world = world();
        let mut dues = None;
        assert_eq!(codes(&changes(&mut world, &mut dues, at(1), By::Control)), []);
        let issued = |order| Order {
            stage: Stage::Issued(Validity {
                issued: at(0),
                expires: at(100),
            }),
            ..due_at(order, 1)
        };
        world.book_mut().insert(issued(1)).unwrap();
        assert_eq!(codes(&changes(&mut world, &mut dues, at(1), By::Control)), []);
        world.book_mut().insert(issued(2)).unwrap();
        assert_eq!(codes(&changes(&mut world, &mut dues, at(1), BY_CALL)), [(2, 9)]);
        world.accounts_mut().remove("a");
        assert_eq!(codes(&changes(&mut world, &mut dues, at(1), BY_CALL)), []);
        world.book_mut().insert(issued(3)).unwrap();
        assert!(dues.is_none() && !world.book.is_touched());
    }

    /// How many pushes wait, and how many bytes they take.
    fn waiting(hub: &PushHub) -> (usize, usize) {
        let desk = hub.lock();
        (desk.waiting, desk.bytes)
    }

    fn pushes_of(world: &World, orders: impl IntoIterator<Item = u64>) -> Vec<Push> {
        let push = |order| Push::new(PushEvent::Issued, &due_at(order, 1), at(1), &world.accounts).unwrap();
        orders.into_iter().map(push).collect()
    }

    #[test]
    fn pushes_of_an_order_go_one_after_the_other_and_few_of_a_sandbox_at_once() {
        let hub = Arc::new(PushHub::default());
        let pushes = Pushes::new("default".into(), hub.clone());
        for push in pushes_of(&world(), [1, 1, 2, 3, 4, 5]) {
            pushes.enqueue(push).unwrap();
        }
        assert_eq!(hub.next_ready().as_deref(), Some("default"));
        assert_eq!(hub.next_ready(), None);
        let mut taken: Vec<_> = std::iter::from_fn(|| pushes.take()).collect();
        let order = |taken: &Taken| taken.push.order_number.get();
        assert_eq!(taken.iter().map(order).collect::<Vec<_>>(), [1, 2, 3, 4]);
        pushes.finish(&taken.remove(0));
        assert_eq!(hub.next_ready().as_deref(), Some("default"));
        let again = pushes.take().unwrap();
        assert_eq!(order(&again), 1);
        assert!(pushes.take().is_none());
        pushes.clear();
        let mut current = 0;
        pushes.unless_given_up(&again, || current += 1);
        assert_eq!((current, pushes.len(), hub.lock().waiting), (0, 0, 0));
        // What was given up does not free what came later.
        for push in pushes_of(&world(), [1, 1]) {
            pushes.enqueue(push).unwrap();
        }
        let later = pushes.take().unwrap();
        pushes.finish(&again);
        assert!(pushes.take().is_none());
        pushes.unless_given_up(&later, || current += 1);
        assert_eq!(current, 1);
    }

    #[test]
    fn what_waits_is_bounded() {
        let hub = Arc::new(PushHub::default());
        let world = world();
        let sandboxes: Vec<_> = (0..MAX_WAITING_IN_ALL / MAX_WAITING + 1)
            .map(|name| Pushes::new(name.to_string().into(), hub.clone()))
            .collect();
        let fill = |pushes: &Pushes| {
            pushes_of(&world, (1..=MAX_WAITING as u64 + 1).collect::<Vec<_>>())
                .into_iter()
                .map(|push| pushes.enqueue(push).map_err(|(_, why)| why))
                .filter(Result::is_err)
                .count()
        };
        let (last, first) = sandboxes.split_last().unwrap();
        assert!(first.iter().all(|pushes| fill(pushes) == 1));
        assert_eq!(fill(last), MAX_WAITING + 1);
        drop(sandboxes);
        assert_eq!(waiting(&hub), (0, 0));
    }

    #[test]
    fn the_bytes_of_what_waits_are_bounded() {
        let hub = Arc::new(PushHub::default());
        let pushes = Pushes::new("default".into(), hub.clone());
        let mut world = world();
        let account = world.accounts.get("a").unwrap().clone();
        let target = PushTarget {
            delivers_certificate: true,
            ..PushTarget::clone(account.push.as_ref().unwrap())
        };
        world.accounts_mut().insert(Account {
            push: Some(Arc::new(target)),
            ..account
        });
        let comment = "x".repeat(MAX_BYTES_IN_ALL / 10);
        let push = || {
            let mut order = due_at(1, 1);
            order.revocation = Some(Box::new(crate::api::order::state::Revocation {
                at: at(1),
                reason: crate::api::order::state::RevocationReason::Unspecified,
                comment: comment.as_str().into(),
            }));
            Push::new(PushEvent::Issued, &order, at(1), &world.accounts).unwrap()
        };
        let refused: Vec<_> = (0..12)
            .filter_map(|_| pushes.enqueue(push()).err())
            .map(|(_, why)| why)
            .collect();
        assert_eq!(
            refused,
            ["never sent: the pushes of all sandboxes that wait take 64 MiB already"; 3]
        );
        pushes.take().unwrap();
        assert!(pushes.enqueue(push()).is_ok() && pushes.enqueue(push()).is_err());
        pushes.clear();
        assert_eq!(waiting(&hub), (0, 0));
    }

    #[test]
    fn a_secret_in_a_reason_is_not_told() {
        let mut order = due_at(1, 1);
        order.revocation = Some(Box::new(crate::api::order::state::Revocation {
            at: at(1),
            reason: crate::api::order::state::RevocationReason::Unspecified,
            comment: "it is s3cret".into(),
        }));
        let push = Push::new(PushEvent::Rejected, &order, at(1), &world().accounts).unwrap();
        let masked = push.masked(&push.parameters);
        assert_eq!(masked.last().unwrap(), &("statusDesc", MASK.to_owned()));
        assert_eq!(push.parameters.last().unwrap().1, "Rejected: it is s3cret");
    }

    #[test]
    fn an_alarm_is_moved_and_goes_off_once() {
        let hub = Arc::new(PushHub::default());
        let pushes = Pushes::new("default".into(), hub.clone());
        pushes.set_alarm(Some(at(10)));
        pushes.set_alarm(Some(at(5)));
        assert_eq!(hub.next_alarm(), Some(at(5)));
        assert_eq!(hub.next_due(at(4)), None);
        assert_eq!(hub.next_due(at(6)).as_deref(), Some("default"));
        assert_eq!((hub.next_due(at(100)), hub.next_alarm()), (None, None));
        pushes.set_alarm(Some(at(20)));
        pushes.close();
        assert_eq!(hub.next_alarm(), None);
    }

    #[test]
    fn what_comes_while_pushes_are_closed_leaves_nothing_behind() {
        let hub = Arc::new(PushHub::default());
        let world = world();
        for _ in 0..200 {
            let pushes = Pushes::new("default".into(), hub.clone());
            let coming = pushes_of(&world, 1..=100);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    for (second, push) in (1..).zip(coming) {
                        pushes.enqueue(push).unwrap();
                        pushes.set_alarm(Some(at(second)));
                    }
                });
                while pushes.len() == 0 {
                    std::hint::spin_loop();
                }
                pushes.close();
            });
            assert_eq!((waiting(&hub), hub.next_alarm()), ((0, 0), None));
        }
    }
}
