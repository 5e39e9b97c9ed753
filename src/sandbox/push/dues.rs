//! What is to be pushed: changes of orders, and orders that have become due.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::message::Push;
use crate::api::order::book::{Book, Touched};
use crate::api::order::state::{Order, OrderNumber};
use crate::api::push::PushEvent;
use crate::api::world::World;
use crate::clock::Timestamp;
use crate::sandbox::history::By;

/// How many orders that have become due are looked at while the sandbox is locked; the others are soon after.
pub(super) const MAX_DUE_AT_ONCE: usize = 1000;

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

    /// Follows the clock back to that time: what was issued is being issued again. What is still due stays to be looked at.
    fn set_back(&mut self, book: &Book, now: Timestamp) {
        let late: Vec<_> = self
            .by_time
            .iter()
            .take_while(|(due, _)| *due <= now)
            .copied()
            .collect();
        *self = Self::of(book, now);
        for (due, number) in late {
            self.plan(number, Some(due));
        }
    }
}

/// What is to be pushed of what has changed in a world, and by time, since the last look; `dues` is kept for the next one.
///
/// An order that a call makes is pushed; one that the control API makes is not, only what becomes of it. The book is watched
/// only as long as an account has a push.
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
        dues.set_back(&world.book, now);
    }
    dues.seen = now;
    pushes
}

/// When the next order is due, by the sandbox's clock.
pub(crate) fn next_due(dues: Option<&Dues>) -> Option<Timestamp> {
    dues.and_then(Dues::next)
}
