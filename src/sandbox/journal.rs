//! The journal: the last calls of a sandbox, and the last pushes. Calls are kept as they came; secrets are masked when a call is
//! read.

mod entry;
mod filter;
mod kept_form;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use tokio::sync::watch;

use crate::clock::Timestamp;
use crate::lock::lock;
use crate::sandbox::budget::{Budget, Share};

pub(crate) use self::entry::{Caller, Entry, PushTry, Subject};
pub(crate) use self::filter::{Difference, Filter};
pub(crate) use self::kept_form::{ArgumentsToMask, KeptForm};

/// Bytes of a reply that are kept.
const MAX_REPLY: usize = 64 << 10;

/// The last calls of a sandbox.
#[derive(Debug)]
pub(crate) struct Journal {
    ring: Mutex<Ring>,
    capacity: usize,
    /// Whether it is closed. Whoever watches this is also woken by each new call.
    closed: watch::Sender<bool>,
}

#[derive(Debug)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    /// What the entries take of the memory of all journals.
    share: Share,
    /// The number of the newest call; 0 before the first.
    last_id: u64,
    /// How often the journal was cleared.
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
    fn new(budget: Arc<Budget>) -> Self {
        Self {
            entries: VecDeque::new(),
            share: Share::of(budget),
            last_id: 0,
            clears: 0,
            forgotten: Vec::new(),
        }
    }

    fn after(&self, id: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let start = self.entries.partition_point(|entry| entry.id <= id);
        self.entries.range(start..)
    }

    fn before(&self, id: u64) -> impl Iterator<Item = &Arc<Entry>> {
        let end = self.entries.partition_point(|entry| entry.id < id);
        self.entries.range(..end)
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
    /// The calls, the oldest first.
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
    /// How often the journal had been cleared, which was the last call, and how many were forgotten, when it last counted.
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
    /// A journal of at most `capacity` calls, whose memory counts in that budget.
    pub(crate) fn new(capacity: usize, budget: Arc<Budget>) -> Self {
        Self {
            ring: Mutex::new(Ring::new(budget)),
            capacity,
            closed: watch::Sender::new(false),
        }
    }

    /// Whether it keeps anything at all.
    pub(crate) fn is_kept(&self) -> bool {
        self.capacity > 0
    }

    /// Enters a call, and gives it back with its number. Where no calls are kept, it is only counted.
    pub(crate) fn enter(&self, mut entry: Entry) -> Arc<Entry> {
        if !self.is_kept() {
            entry.id = self.count_only(entry.subject.name(), entry.time);
            return Arc::new(entry);
        }
        cut(&mut entry.reply);
        let mut ring = self.lock();
        ring.last_id += 1;
        entry.id = ring.last_id;
        let entry = Arc::new(entry);
        let mut bytes = ring.share.taken() + entry.bytes();
        ring.entries.push_back(entry.clone());
        // The newest stays, however long it is.
        while (ring.share.set(bytes) || ring.entries.len() > self.capacity) && ring.entries.len() > 1 {
            let Some(oldest) = ring.entries.pop_front() else { break };
            bytes -= oldest.bytes();
            ring.forget(oldest.subject.name(), oldest.time);
        }
        drop(ring);
        if self.closed.receiver_count() > 0 {
            self.closed.send_modify(|_| {});
        }
        entry
    }

    /// Gives a call that is not kept its number.
    fn count_only(&self, endpoint: &'static str, time: Timestamp) -> u64 {
        let mut ring = self.lock();
        ring.last_id += 1;
        ring.forget(endpoint, time);
        ring.last_id
    }

    /// The call of that number, if it is still kept.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Entry>> {
        let before = id.checked_sub(1)?;
        self.lock().after(before).next().filter(|entry| entry.id == id).cloned()
    }

    /// The calls that are asked for, of those before the one of that number.
    pub(crate) fn find(&self, filter: &Filter, before: u64) -> Found {
        let (mut calls, forgotten) = {
            let ring = self.lock();
            (ring.before(before).cloned().collect::<Vec<_>>(), ring.forgotten(filter))
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
        ring.share.set(0);
        ring.entries.clear();
        ring.forgotten.clear();
        ring.clears += 1;
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
        lock(&self.ring)
    }
}

/// Cuts a reply that is longer than what is kept of one, before a character.
fn cut(reply: &mut Bytes) {
    if reply.len() > MAX_REPLY {
        let is_start = |place: &usize| reply[*place] & 0xC0 != 0x80;
        let end = (0..=MAX_REPLY).rev().find(is_start).unwrap_or(MAX_REPLY);
        *reply = Bytes::copy_from_slice(&reply[..end]);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::api::endpoints::{Endpoint, Transport};
    use crate::api::protocol::form::Form;
    use crate::api::world::Accounts;

    const BUDGET: usize = 8 << 20;

    const HTTPS_POST: Transport = Transport {
        is_https: true,
        is_post: true,
    };

    fn journal(capacity: usize) -> Journal {
        Journal::new(capacity, Arc::new(Budget::new(BUDGET)))
    }

    fn entry(order_number: &str, code: i32) -> Entry {
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        let mut form = Form::default();
        form.push(&b"ORDERNUMBER"[..], order_number.as_bytes());
        Entry {
            id: 0,
            time: Timestamp::EPOCH,
            real_time: Timestamp::EPOCH,
            subject: Subject::Call(
                endpoint,
                HTTPS_POST,
                KeptForm::new(&form, endpoint, ArgumentsToMask::default()),
            ),
            caller: Caller::Unnamed,
            order_number: None,
            status: 200,
            code: Some(code),
            reply: Bytes::from_static(b"0\n"),
            took_us: 1,
            fault: None,
            hint: Cow::default(),
        }
    }

    #[test]
    fn a_call_is_found_by_its_number() {
        let journal = journal(2);
        let entered: Vec<_> = (0..3).map(|_| journal.enter(entry("7", 0)).id).collect();
        assert_eq!(entered, [1, 2, 3]);
        let found = [0, 1, 2, 3, 4, u64::MAX].map(|id| journal.get(id).map(|entry| entry.id));
        assert_eq!(found, [None, None, Some(2), Some(3), None, None]);
    }

    #[test]
    fn the_oldest_go_first() {
        let journal = journal(2);
        for number in ["1", "2", "3"] {
            journal.enter(entry(number, 0));
        }
        let kept: Vec<_> = journal
            .find(&Filter::default(), u64::MAX)
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
    fn only_calls_before_the_one_of_that_number_are_found() {
        let journal = journal(4);
        for code in [0, -1, 0, -1, 0, 0] {
            journal.enter(entry("7", code));
        }
        let found = |code, before| {
            let filter = Filter {
                code,
                ..Filter::default()
            };
            let found = journal.find(&filter, before).calls;
            found.iter().map(|entry| entry.id).collect::<Vec<_>>()
        };
        assert_eq!(found(None, 5), [3, 4]);
        assert_eq!(found(Some(0), 6), [3, 5]);
        assert_eq!(found(Some(0), u64::MAX), [3, 5, 6]);
        let nothing = [found(None, 0), found(None, 3), found(Some(-1), 4)];
        assert!(nothing.iter().all(Vec::is_empty), "{nothing:?}");
    }

    #[test]
    fn many_bytes_count_as_many_calls() {
        let journal = journal(1000);
        for _ in 0..1000 {
            journal.enter(entry(&"1".repeat(1 << 20), 0));
        }
        let taken = journal.lock().share.taken();
        assert!(taken <= BUDGET && taken > BUDGET / 2);
    }

    #[test]
    fn what_went_is_told_where_it_may_have_been_asked_for() {
        let journal = journal(1);
        let at = |millis| Timestamp::from_unix_millis(millis);
        for (endpoint, time) in [("!autoRevokeCS", 1), ("!autoRevokeCS", 5), ("!AutoReplaceSMIME", 3)] {
            journal.enter(Entry {
                subject: Subject::Call(Endpoint::named(endpoint).unwrap(), HTTPS_POST, KeptForm::default()),
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
            journal.find(&filter, u64::MAX).forgotten
        };
        assert_eq!(forgotten(None, None), 2);
        assert_eq!(forgotten(Some("!autoRevokeCS"), Some(5)), 2);
        assert_eq!(forgotten(Some("!autoRevokeCS"), Some(6)), 0);
        assert_eq!(forgotten(Some("!AutoReplaceSMIME"), None), 0);
        journal.clear();
        assert_eq!(forgotten(None, None), 0);
    }

    #[test]
    fn journals_share_their_memory_and_give_it_back() {
        let bytes = 3 * entry(&"1".repeat(1000), 0).bytes();
        let budget = Arc::new(Budget::new(bytes));
        let taken = || budget.taken();
        let [one, other] = [(); 2].map(|()| Journal::new(1000, budget.clone()));
        let fill = |journal: &Journal| drop(journal.enter(entry(&"1".repeat(1000), 0)));
        (0..2).for_each(|_| fill(&one));
        (0..2).for_each(|_| fill(&other));
        // Whoever enters a call for which there is no memory left gives up its own.
        assert_eq!((one.len(), other.len()), (2, 1));
        assert_eq!(taken(), bytes);
        drop(one);
        (0..3).for_each(|_| fill(&other));
        assert_eq!(other.len(), 3);
        other.clear();
        assert_eq!(taken(), 0);
    }

    #[test]
    fn the_newest_stays_and_its_reply_is_cut() {
        let journal = Journal::new(1000, Arc::new(Budget::new(1000)));
        let long = "1".repeat(2000);
        for reply in ["0\n".to_owned(), "é".repeat(MAX_REPLY)] {
            journal.enter(Entry {
                reply: reply.into(),
                ..entry(&long, 0)
            });
        }
        let kept = journal.find(&Filter::default(), u64::MAX).calls;
        assert_eq!(kept.iter().map(|entry| entry.id).collect::<Vec<_>>(), [2]);
        assert_eq!(kept[0].masked(&Accounts::default()).reply, "é".repeat(MAX_REPLY / 2));
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
        assert!(journal.find(&wanted, u64::MAX).calls.is_empty());
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
