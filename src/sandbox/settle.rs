//! What follows from a change of a sandbox, before anybody else sees it: history, mails, pushes, and the memory that is counted.

use crate::api::endpoints::mailing;
use crate::clock::{self, Clock, Timestamp};
use crate::sandbox::budget::Share;
use crate::sandbox::history::{By, CallChanges};
use crate::sandbox::push::{self, Tried};
use crate::sandbox::{Sandbox, State};

/// A moment, by the sandbox's clock and by the system's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) now: Timestamp,
    pub(super) real_now: Timestamp,
}

impl Moment {
    /// The present of that clock.
    pub(super) fn of(clock: &Clock) -> Self {
        let real_now = clock::real_now();
        Self {
            now: clock.now(real_now),
            real_now,
        }
    }
}

impl Sandbox {
    /// Draws the consequences of what was changed at that moment since the last time: it is noted in the history and
    /// pushed, the mails follow it and are bounded; what has become due is pushed as well. Whoever has changed the state
    /// calls it before the state is unlocked, and gets the changes of orders that were noted.
    pub(super) fn settle(&self, state: &mut State, at: Moment, by: By) -> Option<CallChanges> {
        let noted = self.note_changes(state, at.now, by);
        self.count_memory(state);
        self.bound_mails(state);
        self.push_changes(state, at, by);
        noted
    }

    /// Lets the changes since the last time wait to be pushed, and has the sandbox looked after when the next is due.
    fn push_changes(&self, state: &mut State, Moment { now, real_now }: Moment, by: By) {
        // Every call comes here, and in most sandboxes nobody is pushed to.
        if state.dues.is_none() && !state.world.accounts.has_push() {
            return;
        }
        let had_dues = state.dues.is_some();
        let pushes = push::changes(&mut state.world, &mut state.dues, now, by);
        if had_dues || state.dues.is_some() {
            let due = push::next_due(state.dues.as_ref()).filter(|due| !state.clock.is_frozen() || *due <= now);
            self.pushes.set_alarm(due.map(|due| real_now.after(due.since(now))));
        }
        for push in pushes {
            if let Err((push, why)) = self.pushes.enqueue(push) {
                let tried = Tried {
                    number: 0,
                    times: [now, real_now],
                    status: 0,
                    took_us: 0,
                    hint: why,
                };
                self.enter_push(&push, tried, push.masked(&push.parameters));
            }
        }
    }

    /// Has the mails follow the changes of orders' states since the last time, and notes them in the history.
    fn note_changes(&self, state: &mut State, now: Timestamp, by: By) -> Option<CallChanges> {
        let changes = state.world.take_lifecycle_changes();
        mailing::follow(&changes, &mut state.world, now);
        self.history.note(changes, now, by)
    }

    /// Counts the memory of its orders, accounts and faults. Whoever adds one has looked whether there is any left.
    pub(super) fn count_memory(&self, state: &mut State) {
        let changes = state.world.book.changes();
        let other_bytes = state.world.accounts.memory() + state.faults.bytes();
        if changes == state.counted_changes && other_bytes == state.counted_other_bytes {
            return;
        }
        state.counted_changes = changes;
        state.counted_other_bytes = other_bytes;
        state.uncounted_bytes = state.uncounted_bytes.min(state.world_bytes());
        let bytes = state.counted_bytes();
        let share = state
            .memory_share
            .get_or_insert_with(|| Share::of(self.memory_budget.clone()));
        share.set(bytes);
    }

    /// Counts the memory of its mails, and forgets the oldest where none is left; the newest stays.
    fn bound_mails(&self, state: &mut State) {
        let taken = state.world.outbox.memory();
        if taken == state.mail_share.as_ref().map_or(0, Share::taken) {
            return;
        }
        let share = state
            .mail_share
            .get_or_insert_with(|| Share::of(self.mail_budget.clone()));
        while share.set(state.world.outbox.memory()) && state.world.outbox.len() > 1 {
            state.world.outbox_mut().forget_oldest();
        }
    }
}
