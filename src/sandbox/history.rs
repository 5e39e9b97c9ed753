//! The history of a sandbox's orders: the last changes of their states, and what follows from them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::api::endpoints::Endpoint;
use crate::api::order::book::LifecycleChange;
use crate::api::order::lifecycle::Lifecycle;
use crate::api::order::state::{Order, Stage, State};
use crate::clock::Timestamp;
use crate::lock::lock;
use crate::sandbox::budget::{Budget, Share};

/// The most changes that a sandbox keeps.
const MAX_CHANGES: usize = 1024;

/// The bytes that the changes of all sandboxes may take: more than a thousand sandboxes can fill.
pub(super) const MAX_BYTES: usize = 256 << 20;

/// The most states that are answered of an order: its last ones.
const MAX_STATES: usize = 100;

/// The last changes of the orders' states.
#[derive(Debug)]
pub(crate) struct History(Mutex<Changes>);

#[derive(Debug)]
struct Changes {
    kept: VecDeque<Change>,
    share: Share,
    /// How many were dropped to make room.
    forgotten: u64,
    /// How many there ever were before the first that is kept.
    before: u64,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    lifecycle: LifecycleChange,
    time: Timestamp,
    by: By,
}

/// What changed an order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    /// A call of that endpoint, and its number in the journal, once it has one.
    Call(&'static Endpoint, Option<u64>),
    /// The control API.
    Control,
}

/// The changes that a call has made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallChanges {
    first: u64,
    count: usize,
}

/// A state that an order reached.
#[derive(Clone, Debug)]
pub(crate) struct ReachedState {
    /// When, if that is known.
    pub(crate) time: Option<Timestamp>,
    /// The state.
    pub(crate) state: State,
    /// What brought it there.
    pub(crate) cause: Cause,
}

/// What brought an order into a state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    /// It was so when the sandbox began.
    Fixtures,
    /// It was so before the changes that are kept.
    Earlier,
    /// The time.
    Clock,
    /// A change.
    Change(By),
}

/// The states that an order reached, the earliest first.
#[derive(Debug)]
pub(crate) struct ReachedStates {
    /// The states.
    pub(crate) states: Vec<ReachedState>,
    /// How many more there may have been.
    pub(crate) forgotten: u64,
}

impl History {
    /// No changes yet; the histories of all sandboxes share that budget.
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        Self(Mutex::new(Changes {
            kept: VecDeque::new(),
            share: Share::of(budget),
            forgotten: 0,
            before: 0,
        }))
    }

    /// Notes changes, which came at that time.
    pub(crate) fn note(&self, reached: Vec<LifecycleChange>, time: Timestamp, by: By) -> Option<CallChanges> {
        if reached.is_empty() {
            return None;
        }
        let mut changes = self.lock();
        let noted = CallChanges {
            first: changes.before + changes.kept.len() as u64,
            count: reached.len(),
        };
        for lifecycle in reached {
            if changes.kept.len() == MAX_CHANGES {
                changes.forget_first();
            }
            changes.kept.push_back(Change { lifecycle, time, by });
        }
        // Whoever notes a change for which there is no memory left gives up its own; the newest stays.
        while changes.take_share() && changes.kept.len() > 1 {
            changes.forget_first();
        }
        Some(noted)
    }

    /// Gives the number of the call that has made them to changes, as far as they are still kept.
    pub(crate) fn number_call(&self, noted: CallChanges, id: u64) {
        let mut changes = self.lock();
        let end = noted.first + noted.count as u64;
        for number in noted.first.max(changes.before)..end {
            let place = usize::try_from(number - changes.before).unwrap_or(usize::MAX);
            if let Some(Change {
                by: By::Call(_, call @ None),
                ..
            }) = changes.kept.get_mut(place)
            {
                *call = Some(id);
            }
        }
    }

    /// Forgets everything: the sandbox begins again.
    pub(crate) fn clear(&self) {
        let mut changes = self.lock();
        changes.before += changes.kept.len() as u64;
        changes.kept = VecDeque::new();
        changes.take_share();
        changes.forgotten = 0;
    }

    /// The states that an order has reached by `now`.
    pub(crate) fn of(&self, order: &Order, now: Timestamp) -> ReachedStates {
        let (changes, forgotten) = {
            let changes = self.lock();
            let of_order = changes
                .kept
                .iter()
                .filter(|change| change.lifecycle.number == order.number);
            (of_order.copied().collect::<Vec<_>>(), changes.forgotten)
        };
        let mut states = reached_states(&changes, forgotten > 0, order, now);
        let cut = states.len().saturating_sub(MAX_STATES);
        states.drain(..cut);
        ReachedStates {
            states,
            forgotten: forgotten + cut as u64,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Changes> {
        lock(&self.0)
    }
}

impl Changes {
    fn forget_first(&mut self) {
        self.kept.pop_front();
        self.forgotten += 1;
        self.before += 1;
        // One that once had many gives back what it no longer needs.
        if self.kept.len() < self.kept.capacity() / 4 {
            self.kept.shrink_to(2 * self.kept.len());
        }
    }

    /// Takes its share of the budget, and returns whether that is exceeded.
    fn take_share(&mut self) -> bool {
        self.share.set(self.kept.capacity() * size_of::<Change>())
    }
}

/// The states of an order with these changes, and between them those that the time brings.
fn reached_states(changes: &[Change], has_forgotten: bool, order: &Order, now: Timestamp) -> Vec<ReachedState> {
    let (began, revoked_at) = match changes.first() {
        Some(change) => (change.lifecycle.before, None),
        None => (
            Some(order.lifecycle()),
            order.revocation.as_ref().map(|revocation| revocation.at),
        ),
    };
    let mut states = Vec::new();
    let ends = changes.iter().skip(1).map(|change| change.time).chain([now]);
    if let Some(lifecycle) = began {
        let cause = if has_forgotten { Cause::Earlier } else { Cause::Fixtures };
        let end = changes.first().map_or(now, |change| change.time);
        states.extend(beginning(lifecycle, cause, revoked_at));
        states.extend(state_changes(lifecycle, Timestamp::EPOCH, end));
    }
    for (change, end) in changes.iter().zip(ends) {
        let Some(after) = change.lifecycle.after else {
            // It was deleted; another has its number now.
            states.clear();
            continue;
        };
        states.push(ReachedState {
            time: Some(change.time),
            state: after.state_at(change.time),
            cause: Cause::Change(change.by),
        });
        states.extend(state_changes(after, change.time, end));
    }
    states
}

/// The states of an order of which it is only known how it was at the beginning.
fn beginning(lifecycle: Lifecycle, cause: Cause, revoked_at: Option<Timestamp>) -> Vec<ReachedState> {
    let reached = |state, time| ReachedState { time, state, cause };
    match lifecycle.stage {
        Stage::Pending => vec![reached(State::Pending, None)],
        Stage::BeingIssued(_) => vec![reached(State::BeingIssued, None)],
        Stage::Issued(validity) => vec![reached(State::Issued, Some(validity.issued))],
        Stage::Replaced(validity) => vec![
            reached(State::Issued, Some(validity.issued)),
            reached(State::Replaced, revoked_at),
        ],
        Stage::Revoked(validity) => vec![
            reached(State::Issued, Some(validity.issued)),
            reached(State::Revoked, revoked_at),
        ],
        Stage::Rejected => vec![reached(State::Rejected, revoked_at)],
        Stage::OnHold => vec![reached(State::OnHold, None)],
        Stage::Unpaid => vec![reached(State::Unpaid, None)],
    }
}

/// The states that the time brings behind `start`, up to `end`.
fn state_changes(lifecycle: Lifecycle, start: Timestamp, end: Timestamp) -> impl Iterator<Item = ReachedState> {
    let is_between = move |time: &Timestamp| *time > start && *time <= end;
    lifecycle
        .state_changes()
        .filter(is_between)
        .map(move |time| ReachedState {
            time: Some(time),
            state: lifecycle.state_at(time),
            cause: Cause::Clock,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::order::state::{OrderNumber, Validity};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_millis(1000 * second)
    }

    fn number(value: u64) -> OrderNumber {
        OrderNumber::new(value).unwrap()
    }

    fn lifecycle(stage: Stage) -> Option<Lifecycle> {
        Some(Lifecycle { stage, fails: false })
    }

    fn validity(issued: i64, expires: i64) -> Validity {
        Validity {
            issued: at(issued),
            expires: at(expires),
        }
    }

    fn history() -> History {
        History::new(Arc::new(Budget::new(MAX_BYTES)))
    }

    fn change(value: u64, before: Option<Lifecycle>, after: Option<Lifecycle>) -> Vec<LifecycleChange> {
        vec![LifecycleChange {
            number: number(value),
            before,
            after,
        }]
    }

    /// Each state with its time in seconds and what brought it.
    fn told(history: &History, stage: Stage, now: i64) -> Vec<String> {
        let found = history.of(&Order::plain(number(7), stage), at(now));
        let tell = |reached: &ReachedState| {
            let time = reached
                .time
                .map_or("?".to_owned(), |time| (time.unix_millis() / 1000).to_string());
            let how = match reached.cause {
                Cause::Fixtures => "fixtures".to_owned(),
                Cause::Earlier => "earlier".to_owned(),
                Cause::Clock => "clock".to_owned(),
                Cause::Change(By::Control) => "control".to_owned(),
                Cause::Change(By::Call(endpoint, id)) => format!("{}#{}", endpoint.name, id.unwrap_or_default()),
            };
            format!("{time} {} {how}", reached.state)
        };
        found.states.iter().map(tell).collect()
    }

    #[test]
    fn what_nobody_changed_is_as_it_began_and_as_the_time_made_it() {
        let history = history();
        for (stage, now, expected) in [
            (Stage::Pending, 5, &["? pending fixtures"][..]),
            (Stage::BeingIssued(None), 5, &["? being-issued fixtures"]),
            (
                Stage::BeingIssued(Some(validity(3, 6))),
                5,
                &["? being-issued fixtures", "3 issued clock"],
            ),
            (
                Stage::BeingIssued(Some(validity(3, 6))),
                6,
                &["? being-issued fixtures", "3 issued clock", "6 expired clock"],
            ),
            (Stage::Issued(validity(3, 6)), 5, &["3 issued fixtures"]),
            (
                Stage::Replaced(validity(3, 6)),
                9,
                &["3 issued fixtures", "? replaced fixtures", "6 expired clock"],
            ),
            (
                Stage::Revoked(validity(3, 6)),
                9,
                &["3 issued fixtures", "? revoked fixtures"],
            ),
        ] {
            assert_eq!(told(&history, stage, now), expected, "{stage:?} at {now}");
        }
    }

    #[test]
    fn changes_stand_between_what_the_time_brought() {
        let history = history();
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        let waits = lifecycle(Stage::BeingIssued(Some(validity(3, 20))));
        let (issued, revoked) = (
            lifecycle(Stage::Issued(validity(3, 20))),
            Stage::Revoked(validity(3, 20)),
        );
        history.note(change(7, None, waits), at(1), By::Control);
        history.note(change(8, None, waits), at(2), By::Control);
        let noted = history.note(change(7, waits, issued), at(4), By::Call(endpoint, None));
        history.note(change(7, issued, lifecycle(revoked)), at(30), By::Control);
        history.number_call(noted.unwrap(), 17);
        assert!(history.note(Vec::new(), at(5), By::Control).is_none());
        let expected = [
            "1 being-issued control",
            "3 issued clock",
            "4 issued !autoRevokeCS#17",
            "20 expired clock",
            "30 revoked control",
        ];
        assert_eq!(told(&history, revoked, 40), expected);
        history.note(change(7, lifecycle(revoked), None), at(41), By::Control);
        history.note(change(7, None, lifecycle(Stage::Unpaid)), at(42), By::Control);
        assert_eq!(told(&history, Stage::Unpaid, 50), ["42 unpaid control"]);
        history.clear();
        assert_eq!(told(&history, Stage::Unpaid, 50), ["? unpaid fixtures"]);
        // A call that was under way when everything was forgotten does not number a later one.
        let stale = history.note(change(7, waits, issued), at(4), By::Call(endpoint, None));
        history.clear();
        history.note(change(7, waits, issued), at(4), By::Call(endpoint, None));
        history.number_call(stale.unwrap(), 18);
        let expected = ["? being-issued fixtures", "3 issued clock", "4 issued !autoRevokeCS#0"];
        assert_eq!(told(&history, Stage::Issued(validity(3, 20)), 5), expected);
    }

    #[test]
    fn a_history_takes_no_more_than_the_documents_say() {
        assert!(
            MAX_CHANGES * size_of::<Change>() <= 128 << 10,
            "{}",
            size_of::<Change>()
        );
    }

    #[test]
    fn the_last_changes_are_kept() {
        let history = history();
        let [pending, held] = [lifecycle(Stage::Pending), lifecycle(Stage::OnHold)];
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        let first = history.note(change(7, pending, held), at(1), By::Call(endpoint, None));
        for second in 2..=MAX_CHANGES as i64 + 2 {
            history.note(change(8, pending, held), at(second), By::Control);
        }
        // It is no longer there.
        history.number_call(first.unwrap(), 1);
        let found = history.of(&Order::plain(number(7), Stage::OnHold), at(9999));
        assert_eq!(found.forgotten, 2);
        assert_eq!(told(&history, Stage::OnHold, 9999), ["? on-hold earlier"]);
        let found = history.of(&Order::plain(number(8), Stage::OnHold), at(9999));
        assert_eq!(found.states.len(), MAX_STATES);
        assert_eq!(found.states[MAX_STATES - 1].time, Some(at(MAX_CHANGES as i64 + 2)));
        assert!(matches!(found.states[0].cause, Cause::Change(By::Control)));
        assert_eq!(history.lock().kept.len(), MAX_CHANGES);
    }

    #[test]
    fn histories_share_their_memory_and_give_it_back() {
        let budget = Arc::new(Budget::new(MAX_CHANGES * size_of::<Change>()));
        let note = |history: &History, count| {
            for _ in 0..count {
                history.note(change(1, None, lifecycle(Stage::Pending)), at(1), By::Control);
            }
        };
        let kept = |history: &History| history.lock().kept.len();
        let histories: Vec<_> = (0..20).map(|_| History::new(budget.clone())).collect();
        note(&histories[0], MAX_CHANGES);
        assert_eq!((kept(&histories[0]), budget.is_exceeded()), (MAX_CHANGES, false));
        // A history without memory left keeps only its newest change.
        for other in &histories[1..] {
            note(other, 100);
            assert_eq!(kept(other), 1);
        }
        assert!(budget.taken() < (MAX_CHANGES + 20 * 8) * size_of::<Change>());
        note(&histories[0], 1);
        assert!((100..MAX_CHANGES).contains(&kept(&histories[0])) && !budget.is_exceeded());
        histories[0].clear();
        note(&histories[1], 100);
        assert!(kept(&histories[1]) > 100);
        drop(histories);
        assert_eq!(budget.taken(), 0);
    }
}
