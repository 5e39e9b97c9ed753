//! The journal: the last calls of a sandbox, with passwords masked on the way in.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::api::account::{LoginName, Password};
use crate::api::endpoints::Endpoint;
use crate::api::order::state::OrderNumber;
use crate::api::protocol::form::Form;
use crate::api::world::Accounts;
use crate::clock::Timestamp;

/// The argument that is never kept.
const PASSWORD: &str = "loginPassword";

/// The argument that is kept if an account has its value.
const LOGIN_NAME: &str = "loginName";

/// Arguments of a call that are kept.
const MAX_ARGUMENTS: usize = u64::BITS as usize;

/// Bytes of a value that may be a password or a loginName: as many as the longest password has, and some white space.
const MAX_LOOKED_UP: usize = 4 * Password::MAX + 64;

/// Bytes of a value that are kept; the longest CSR that the API takes has fewer.
const MAX_VALUE: usize = 40 << 10;

/// Bytes of a reply that are kept.
const MAX_REPLY: usize = 64 << 10;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

/// A call, as it came and as it was answered.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its number in the journal, from 1, rising by 1.
    pub(crate) id: u64,
    /// When it arrived, by the sandbox's clock.
    pub(crate) time: Timestamp,
    /// When it arrived.
    pub(crate) real_time: Timestamp,
    /// Its endpoint.
    pub(crate) endpoint: &'static str,
    /// The loginName that counted, if an account has it. Another may be a password in the wrong place.
    pub(crate) login_name: Option<LoginName>,
    /// The loginName that counted, if no account has it: known again, but not told.
    pub(crate) unknown_name: Option<UnknownName>,
    /// The order number that counted, if it was one.
    pub(crate) order_number: Option<OrderNumber>,
    /// Its arguments in their order, secrets masked.
    pub(crate) arguments: Vec<(String, String)>,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The API's code, if it answered one.
    pub(crate) code: Option<i32>,
    /// The body of the reply, as it was meant.
    pub(crate) reply: String,
    /// How long the answer took to make, in microseconds.
    pub(crate) took_us: u64,
    /// The fault that met it.
    pub(crate) fault: Option<u64>,
    /// Why it was answered so.
    pub(crate) hint: String,
}

impl Entry {
    /// The first value of an argument, whatever the case of its name.
    pub(crate) fn argument(&self, name: &str) -> Option<&str> {
        self.arguments
            .iter()
            .find(|(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    /// Whether that loginName counted, be it an account's or not.
    fn is_by(&self, login_name: &str) -> bool {
        match (&self.login_name, self.unknown_name) {
            (Some(counted), _) => counted.as_str() == login_name,
            (None, Some(unknown)) => unknown == UnknownName::new(login_name),
            (None, None) => false,
        }
    }

    /// Whether it named the order whose number is written so.
    fn is_of_order(&self, number: &str) -> bool {
        match self.order_number {
            Some(counted) => OrderNumber::parse(number) == Some(counted),
            None => self.argument("orderNumber") == Some(number),
        }
    }

    /// How much memory it takes, near enough.
    pub(crate) fn bytes(&self) -> usize {
        let arguments: usize = self
            .arguments
            .iter()
            .map(|(name, value)| name.len() + value.len() + 48)
            .sum();
        arguments + self.reply.len() + self.hint.len() + size_of::<Self>()
    }
}

/// A loginName that no account has, of which only a hash is kept: those who know the name find its calls, and nobody
/// else learns it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct UnknownName(u64);

impl UnknownName {
    /// The name that was sent so.
    pub(crate) fn new(sent: &str) -> Self {
        static KEYS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(KEYS.hash_one(sent))
    }
}

/// Which of a call's arguments are not told, whatever else the call holds: a bit for each that is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Untold(u64);

impl Untold {
    /// Those that are the password of any account, and each loginName that no account has.
    pub(crate) fn find(form: &Form<'_>, accounts: &Accounts) -> Self {
        let mut untold = 0;
        for (place, pair) in form.pairs().iter().take(MAX_ARGUMENTS).enumerate() {
            // What is not UTF-8 is neither a password nor a loginName, and longer values need not be looked up.
            let value = std::str::from_utf8(&pair.value)
                .ok()
                .filter(|value| value.len() <= MAX_LOOKED_UP);
            let is_untold = match value {
                value if pair.name.eq_ignore_ascii_case(LOGIN_NAME.as_bytes()) => {
                    value.is_none_or(|value| accounts.get(value).is_none())
                }
                Some(value) => accounts.is_password(value) || accounts.is_password(value.trim()),
                None => false,
            };
            untold |= u64::from(is_untold) << place;
        }
        Self(untold)
    }

    fn contains(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// The arguments of a call as the journal keeps them: nothing that is, or may hold, a password, but for the loginName
/// that an account has.
pub(crate) fn mask(
    form: &Form<'_>,
    endpoint: &Endpoint,
    login_name: Option<&LoginName>,
    untold: Untold,
) -> Vec<(String, String)> {
    let passwords: Vec<_> = form
        .pairs()
        .iter()
        .filter(|pair| pair.name.eq_ignore_ascii_case(PASSWORD.as_bytes()))
        .map(|pair| &*pair.value)
        .filter(|value| value.len() >= 4)
        .take(MAX_ARGUMENTS)
        .collect();
    form.pairs()
        .iter()
        .take(MAX_ARGUMENTS)
        .enumerate()
        .map(|(place, pair)| {
            let known = endpoint
                .arguments
                .iter()
                .find(|argument| pair.name.eq_ignore_ascii_case(argument.name.as_bytes()));
            // A name that is none may be the rest of a password with an unescaped `&` in it.
            let Some(argument) = known else {
                return ("?".to_owned(), MASK.to_owned());
            };
            let value = String::from_utf8_lossy(&pair.value[..pair.value.len().min(MAX_VALUE)]);
            let holds_password = argument.name == PASSWORD
                || passwords.iter().any(|password| contains(&pair.value, password))
                || [&b"assword"[..], b"ASSWORD"]
                    .iter()
                    .any(|word| contains(&pair.value, word));
            let may_be_told = argument.name == LOGIN_NAME
                && login_name.is_some_and(|login_name| login_name.as_str().as_bytes() == &*pair.value);
            let value = if untold.contains(place) || holds_password && !may_be_told {
                MASK.to_owned()
            } else {
                value.into_owned()
            };
            (argument.name.to_owned(), value)
        })
        .collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Which calls are asked for; a field that is not set asks for any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Of this endpoint.
    pub(crate) endpoint: Option<&'static str>,
    /// With this loginName.
    pub(crate) login_name: Option<String>,
    /// With this orderNumber, as it was written.
    pub(crate) order_number: Option<String>,
    /// Answered with this code.
    pub(crate) code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    pub(crate) since: Option<Timestamp>,
}

/// A field in which a call differs from what was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Difference {
    /// The field, as the API and the control API spell it.
    pub(crate) field: &'static str,
    /// What was asked for.
    pub(crate) wanted: String,
    /// What the call has, if anything.
    pub(crate) found: Option<String>,
}

impl Filter {
    /// Whether it asks for this call.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        self.endpoint.is_none_or(|name| name == entry.endpoint)
            && self.code.is_none_or(|code| entry.code == Some(code))
            && self.since.is_none_or(|since| entry.time >= since)
            && self.login_name.as_deref().is_none_or(|name| entry.is_by(name))
            && self
                .order_number
                .as_deref()
                .is_none_or(|number| entry.is_of_order(number))
    }

    /// The fields in which a call differs from what is asked for.
    pub(crate) fn differences(&self, entry: &Entry) -> Vec<Difference> {
        let text = |value: &str| value.to_owned();
        let login_name = entry.login_name.as_ref().map(LoginName::as_str);
        let order_number = entry.order_number.map(|number| number.to_string());
        let fields = [
            ("endpoint", self.endpoint.map(text), Some(text(entry.endpoint))),
            (
                "loginName",
                self.login_name.clone(),
                match &self.login_name {
                    // It may be masked in the entry.
                    Some(wanted) if entry.is_by(wanted) => Some(wanted.clone()),
                    _ => login_name.or_else(|| entry.argument(LOGIN_NAME)).map(text),
                },
            ),
            (
                "orderNumber",
                self.order_number.clone(),
                order_number.or_else(|| entry.argument("orderNumber").map(text)),
            ),
            (
                "code",
                self.code.map(|code| code.to_string()),
                entry.code.map(|code| code.to_string()),
            ),
        ];
        let mut differences: Vec<_> = fields
            .into_iter()
            .filter_map(|(field, wanted, found)| {
                let wanted = wanted?;
                (found.as_deref() != Some(&*wanted)).then_some(Difference { field, wanted, found })
            })
            .collect();
        if let Some(since) = self.since.filter(|since| entry.time < *since) {
            differences.push(Difference {
                field: "since",
                wanted: since.to_string(),
                found: Some(entry.time.to_string()),
            });
        }
        differences
    }
}

/// The bytes that the calls in all journals of an emulator take, and may take.
#[derive(Debug)]
pub(crate) struct Room {
    bytes: usize,
    taken: AtomicUsize,
}

impl Room {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            bytes,
            taken: AtomicUsize::new(0),
        }
    }

    fn take(&self, bytes: usize) {
        self.taken.fetch_add(bytes, Ordering::Relaxed);
    }

    fn give_back(&self, bytes: usize) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn is_overfull(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > self.bytes
    }
}

/// The last calls of a sandbox.
#[derive(Debug)]
pub(crate) struct Journal {
    ring: Mutex<Ring>,
    capacity: usize,
    room: Arc<Room>,
    /// Whether it is closed; each new call is a change.
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    last_id: u64,
    clears: u64,
    forgotten: Vec<Forgotten>,
}

/// The calls of an endpoint that are no longer kept, since the start or since the journal was cleared.
#[derive(Debug)]
struct Forgotten {
    endpoint: &'static str,
    calls: u64,
    /// The latest time that one of them has.
    until: Timestamp,
}

impl Ring {
    fn after(&self, id: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let start = self.entries.partition_point(|entry| entry.id <= id);
        self.entries.range(start..)
    }

    fn forget(&mut self, endpoint: &'static str, time: Timestamp) {
        match self.forgotten.iter_mut().find(|of| of.endpoint == endpoint) {
            Some(of) => {
                of.calls += 1;
                of.until = of.until.max(time);
            }
            None => self.forgotten.push(Forgotten {
                endpoint,
                calls: 1,
                until: time,
            }),
        }
    }

    /// How many calls after the one of that number are no longer kept.
    fn missed_after(&self, id: u64) -> u64 {
        let oldest = self.entries.front().map_or(self.last_id + 1, |entry| entry.id);
        oldest.saturating_sub(id + 1)
    }

    /// How many calls that may have been asked for are no longer kept.
    fn forgotten(&self, filter: &Filter) -> u64 {
        let may_match = |of: &&Forgotten| {
            filter.endpoint.is_none_or(|name| name == of.endpoint) && filter.since.is_none_or(|since| of.until >= since)
        };
        self.forgotten.iter().filter(may_match).map(|of| of.calls).sum()
    }
}

/// Calls that were asked for.
#[derive(Debug)]
pub(crate) struct Found {
    /// They, the oldest first.
    pub(crate) calls: Vec<Arc<Entry>>,
    /// How many more may have been among them, but are no longer kept.
    pub(crate) forgotten: u64,
}

/// How far somebody has counted who goes on with the calls that come. It starts over where the journal is cleared.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// How many calls there were.
    pub(crate) count: usize,
    /// How many more there may have been, which were no longer kept when they would have been counted.
    pub(crate) forgotten: u64,
    clears: u64,
    last_id: u64,
    forgotten_before: u64,
}

/// Tells of new calls, and of the journal's end.
#[derive(Debug)]
pub(crate) struct News(watch::Receiver<bool>);

/// The journal is closed: its sandbox was deleted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed;

impl News {
    /// Waits until calls have come since the last time.
    ///
    /// # Errors
    /// The journal is closed, whatever came before.
    pub(crate) async fn come(&mut self) -> Result<(), Closed> {
        if !*self.0.borrow() {
            self.0.changed().await.map_err(|_| Closed)?;
        }
        if *self.0.borrow_and_update() {
            Err(Closed)
        } else {
            Ok(())
        }
    }

    /// Takes the calls that have come already for news.
    pub(crate) fn mark_changed(&mut self) {
        self.0.mark_changed();
    }
}

impl Journal {
    /// A journal of at most `capacity` calls, for which there is that room.
    pub(crate) fn new(capacity: usize, room: Arc<Room>) -> Self {
        Self {
            ring: Mutex::default(),
            capacity,
            room,
            closed: watch::Sender::new(false),
        }
    }

    /// Whether it keeps anything at all.
    pub(crate) fn is_kept(&self) -> bool {
        self.capacity > 0
    }

    /// Enters a call; its number is given here.
    pub(crate) fn enter(&self, entry: Entry) {
        let reply = match entry.reply.char_indices().find(|(start, _)| *start >= MAX_REPLY) {
            Some((end, _)) => entry.reply[..end].to_owned(),
            None => entry.reply,
        };
        let mut ring = self.lock();
        ring.last_id += 1;
        let entry = Entry {
            id: ring.last_id,
            reply,
            ..entry
        };
        self.room.take(entry.bytes());
        ring.bytes += entry.bytes();
        ring.entries.push_back(Arc::new(entry));
        // The newest stays, however long it is.
        while ring.entries.len() > 1 && (ring.entries.len() > self.capacity || self.room.is_overfull()) {
            let Some(oldest) = ring.entries.pop_front() else { break };
            self.room.give_back(oldest.bytes());
            ring.bytes -= oldest.bytes();
            ring.forget(oldest.endpoint, oldest.time);
        }
        drop(ring);
        if self.closed.receiver_count() > 0 {
            self.closed.send_modify(|_| {});
        }
    }

    /// Counts a call that is not kept, where none is.
    pub(crate) fn pass(&self, endpoint: &'static str, time: Timestamp) {
        let mut ring = self.lock();
        ring.last_id += 1;
        ring.forget(endpoint, time);
    }

    /// The calls that are asked for.
    pub(crate) fn find(&self, filter: &Filter) -> Found {
        let (mut calls, forgotten) = {
            let ring = self.lock();
            (ring.after(0).cloned().collect::<Vec<_>>(), ring.forgotten(filter))
        };
        calls.retain(|entry| filter.matches(entry));
        Found { calls, forgotten }
    }

    /// Goes on counting, with the calls that came since: how many there are now.
    pub(crate) fn count_on(&self, filter: &Filter, counted: &mut Counted) -> usize {
        let new = {
            let ring = self.lock();
            if ring.clears != counted.clears {
                *counted = Counted {
                    clears: ring.clears,
                    ..Counted::default()
                };
            }
            // Of the calls that went since the last time, those that were counted then are none the less counted.
            let forgotten = ring.forgotten(filter);
            let missed = ring.missed_after(counted.last_id);
            counted.forgotten += missed.min(forgotten - counted.forgotten_before);
            counted.forgotten_before = forgotten;
            ring.after(counted.last_id).cloned().collect::<Vec<_>>()
        };
        if let Some(newest) = new.last() {
            counted.last_id = newest.id;
        }
        counted.count += new.iter().filter(|entry| filter.matches(entry)).count();
        counted.count
    }

    /// The calls that differ least from what is asked for, at most `most`, the nearest and newest first.
    pub(crate) fn nearest(&self, filter: &Filter, most: usize) -> Vec<(Arc<Entry>, Vec<Difference>)> {
        let mut near: Vec<_> = self
            .after(0, usize::MAX)
            .into_iter()
            .rev()
            .map(|entry| {
                let differences = filter.differences(&entry);
                (entry, differences)
            })
            .filter(|(_, differences)| !differences.is_empty())
            .collect();
        near.sort_by_key(|(_, differences)| differences.len());
        near.truncate(most);
        near
    }

    /// The calls after the one of that number, the oldest first, at most `most`.
    pub(crate) fn after(&self, id: u64, most: usize) -> Vec<Arc<Entry>> {
        self.lock().after(id).take(most).cloned().collect()
    }

    /// How many calls it holds.
    pub(crate) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// The number of the newest call; 0 before the first.
    pub(crate) fn last_id(&self) -> u64 {
        self.lock().last_id
    }

    /// Forgets every call; numbers go on.
    pub(crate) fn clear(&self) {
        let mut ring = self.lock();
        self.room.give_back(ring.bytes);
        ring.entries.clear();
        ring.forgotten.clear();
        ring.clears += 1;
        ring.bytes = 0;
    }

    /// Tells of each new call from now on.
    pub(crate) fn watch(&self) -> News {
        News(self.closed.subscribe())
    }

    /// Ends what waits for calls, now and later: none is to come.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let bytes = self.lock().bytes;
        self.room.give_back(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: usize = 8 << 20;

    fn journal(capacity: usize) -> Journal {
        Journal::new(capacity, Arc::new(Room::new(ROOM)))
    }

    fn entry(order_number: &str, code: i32) -> Entry {
        Entry {
            id: 0,
            time: Timestamp::EPOCH,
            real_time: Timestamp::EPOCH,
            endpoint: "!autoRevokeCS",
            login_name: None,
            unknown_name: None,
            order_number: None,
            arguments: vec![("ORDERNUMBER".to_owned(), order_number.to_owned())],
            status: 200,
            code: Some(code),
            reply: "0\n".to_owned(),
            took_us: 1,
            fault: None,
            hint: String::new(),
        }
    }

    #[test]
    fn the_oldest_go_first() {
        let journal = journal(2);
        for number in ["1", "2", "3"] {
            journal.enter(entry(number, 0));
        }
        let kept: Vec<_> = journal
            .find(&Filter::default())
            .calls
            .iter()
            .map(|entry| entry.id)
            .collect();
        assert_eq!(kept, [2, 3]);
        assert_eq!(journal.after(2, 9).len(), 1);
        journal.clear();
        journal.enter(entry("4", 0));
        assert_eq!(journal.after(0, 9)[0].id, 4);
    }

    #[test]
    fn many_bytes_count_as_many_calls() {
        let journal = journal(1000);
        for _ in 0..100 {
            journal.enter(entry(&"1".repeat(1 << 20), 0));
        }
        assert!(journal.lock().bytes <= ROOM && !journal.lock().entries.is_empty());
    }

    #[test]
    fn what_went_is_told_where_it_may_have_been_asked_for() {
        let journal = journal(1);
        let at = |millis| Timestamp::from_unix_millis(millis);
        for (endpoint, time) in [("!autoRevokeCS", 1), ("!autoRevokeCS", 5), ("!AutoReplaceSMIME", 3)] {
            journal.enter(Entry {
                endpoint,
                time: at(time),
                ..entry("7", 0)
            });
        }
        let forgotten = |endpoint, since: Option<i64>| {
            let filter = Filter {
                endpoint,
                since: since.map(at),
                ..Filter::default()
            };
            journal.find(&filter).forgotten
        };
        assert_eq!(forgotten(None, None), 2);
        assert_eq!(forgotten(Some("!autoRevokeCS"), Some(5)), 2);
        assert_eq!(forgotten(Some("!autoRevokeCS"), Some(6)), 0);
        assert_eq!(forgotten(Some("!AutoReplaceSMIME"), None), 0);
        journal.clear();
        assert_eq!(forgotten(None, None), 0);
    }

    #[test]
    fn journals_share_their_room_and_give_it_back() {
        let room = Arc::new(Room::new(3 * entry(&"1".repeat(1000), 0).bytes()));
        let taken = || room.taken.load(Ordering::Relaxed);
        let [one, other] = [(); 2].map(|()| Journal::new(1000, room.clone()));
        let fill = |journal: &Journal| journal.enter(entry(&"1".repeat(1000), 0));
        (0..2).for_each(|_| fill(&one));
        (0..2).for_each(|_| fill(&other));
        // Whoever enters a call for which there is no room gives up its own.
        assert_eq!((one.len(), other.len()), (2, 1));
        assert_eq!(taken(), room.bytes);
        drop(one);
        (0..3).for_each(|_| fill(&other));
        assert_eq!(other.len(), 3);
        other.clear();
        assert_eq!(taken(), 0);
    }

    #[test]
    fn the_newest_stays_and_its_reply_is_cut() {
        let journal = journal(1000);
        let long = "1".repeat(2 * ROOM);
        for reply in ["0\n".to_owned(), "é".repeat(MAX_REPLY)] {
            journal.enter(Entry {
                reply,
                ..entry(&long, 0)
            });
        }
        let kept = journal.find(&Filter::default()).calls;
        assert_eq!(kept.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2]);
        assert_eq!(kept[0].reply, "é".repeat(MAX_REPLY / 2));
    }

    #[test]
    fn counting_goes_on_from_where_it_was() {
        let journal = journal(2);
        let (filter, mut counted) = (Filter::default(), Counted::default());
        for number in 1..=3 {
            journal.enter(entry("7", 0));
            assert_eq!(journal.count_on(&filter, &mut counted), number);
        }
        // All were counted when they came.
        assert_eq!(counted.forgotten, 0);
        let mut late = Counted::default();
        assert_eq!(journal.count_on(&filter, &mut late), 2);
        assert_eq!(late.forgotten, 1);
        for _ in 0..3 {
            journal.enter(entry("7", 0));
        }
        assert_eq!(journal.count_on(&filter, &mut late), 4);
        assert_eq!(late.forgotten, 2);
        journal.clear();
        assert_eq!(journal.count_on(&filter, &mut counted), 0);
        journal.enter(entry("7", 0));
        assert_eq!(journal.count_on(&filter, &mut counted), 1);
    }

    #[test]
    fn names_the_nearest_and_how_it_differs() {
        let journal = journal(10);
        journal.enter(entry("7", -21));
        journal.enter(entry("8", -4));
        let wanted = Filter {
            order_number: Some("7".to_owned()),
            code: Some(0),
            ..Filter::default()
        };
        assert!(journal.find(&wanted).calls.is_empty());
        let near = journal.nearest(&wanted, 1);
        assert_eq!(near[0].0.id, 1);
        assert_eq!(
            near[0].1,
            [Difference {
                field: "code",
                wanted: "0".to_owned(),
                found: Some("-21".to_owned()),
            }]
        );
    }
}
