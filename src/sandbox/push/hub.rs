//! What the sender of pushes is told by all sandboxes: whose pushes may be taken, and whose orders become due.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use super::message::Push;
use crate::clock::Timestamp;
use crate::lock::lock;

/// How many pushes of all sandboxes may wait.
pub(super) const MAX_WAITING_IN_ALL: usize = 20_000;

/// How many bytes the pushes of all sandboxes that wait may take: most of it goes to the CSRs of their orders.
pub(super) const MAX_BYTES_IN_ALL: usize = 64 << 20;

/// What the sandboxes of an emulator tell the one who sends their pushes.
#[derive(Debug, Default)]
pub(crate) struct PushHub {
    desk: Mutex<Desk>,
    news: Notify,
}

#[derive(Debug, Default)]
pub(super) struct Desk {
    /// How many pushes wait.
    pub(super) waiting: usize,
    /// How many bytes they take.
    pub(super) bytes: usize,
    /// The sandboxes in which a push may be taken, each once.
    ready: VecDeque<Arc<str>>,
    /// Those of `ready`, to be found.
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

    /// Lets a sandbox wait for its turn, as a push of it may be taken.
    pub(crate) fn make_ready(&self, sandbox: &Arc<str>) {
        let mut desk = self.lock();
        if desk.is_ready.insert(sandbox.clone()) {
            desk.ready.push_back(sandbox.clone());
        }
        drop(desk);
        self.news.notify_one();
    }

    pub(super) fn set_alarm(&self, sandbox: &Arc<str>, old: Option<Timestamp>, new: Option<Timestamp>) {
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

    pub(super) fn take_room(&self, bytes: usize) -> Result<(), String> {
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

    pub(super) fn give_room_back<'p>(&self, pushes: impl IntoIterator<Item = &'p Push>) {
        let mut desk = self.lock();
        for push in pushes {
            desk.waiting -= 1;
            desk.bytes -= push.bytes();
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Desk> {
        lock(&self.desk)
    }
}
