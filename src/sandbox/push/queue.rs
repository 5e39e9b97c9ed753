//! The pushes of a sandbox that wait for their turn or are on their way.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;

use super::hub::PushHub;
use super::message::Push;
use crate::api::order::state::OrderNumber;
use crate::clock::Timestamp;
use crate::lock::lock;

/// How many pushes of a sandbox may wait.
pub(super) const MAX_WAITING: usize = 1000;

/// How many pushes of a sandbox may be on their way at once.
const MAX_BUSY: usize = 4;

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

/// What comes of looking for a push to send.
#[derive(Debug)]
pub(crate) enum NextPush {
    /// This one is on its way now.
    Taken(Taken),
    /// One could be sent, but has to wait for a place.
    HeldBack,
    /// None waits that could be sent.
    Nothing,
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

    /// Takes the first push that waits and may be sent: of its order none is on its way, not too many of the sandbox are, and
    /// `has_place` finds a place for it. `has_place` is given how many pushes of the sandbox are on their way, and the push.
    pub(crate) fn take(&self, mut has_place: impl FnMut(usize, &Push) -> bool) -> NextPush {
        let mut queue = self.lock();
        if queue.busy.len() >= MAX_BUSY {
            return NextPush::Nothing;
        }
        // The pushes of an order go in their order: behind one that is held back, none of them is looked at.
        let mut held_back = HashSet::new();
        let is_free = |push: &Push| {
            let is_first = !queue.busy.contains(&push.order_number) && !held_back.contains(&push.order_number);
            let goes = is_first && has_place(queue.busy.len(), push);
            if is_first && !goes {
                held_back.insert(push.order_number);
            }
            goes
        };
        let place = queue.waiting.iter().position(is_free);
        let Some(push) = place.and_then(|place| queue.waiting.remove(place)) else {
            return match held_back.is_empty() {
                true => NextPush::Nothing,
                false => NextPush::HeldBack,
            };
        };
        queue.busy.insert(push.order_number);
        self.hub.give_room_back([&push]);
        let era = self.era.subscribe();
        let number = *era.borrow();
        NextPush::Taken(Taken { push, number, era })
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
        lock(&self.queue)
    }
}

impl Drop for Pushes {
    fn drop(&mut self) {
        self.hub.give_room_back(&self.lock().waiting);
    }
}
