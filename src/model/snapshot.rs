//! From a world back to a fixtures file that describes it.

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::api::fault::Faults;
use crate::api::world::World;
use crate::clock::{Clock, Timestamp};
use crate::model::account::Account;
use crate::model::clock::describe_clock;
use crate::model::fault::Fault;
use crate::model::fixtures::File;
use crate::model::message::MessageEntry;
use crate::model::order::OrderInfo;
use crate::model::when::Span;

/// The fixtures file that makes a world again, with every password in it. The entries of its accounts and orders are
/// made while it is written, as there may be a million of them.
#[derive(Debug)]
pub(crate) struct Snapshot {
    world: World,
    now: Timestamp,
    /// All but the accounts and the orders.
    rest: File,
    /// When each of the faults ends.
    fault_ends: Vec<Option<Timestamp>>,
}

impl Snapshot {
    /// The file for this world at that time.
    pub(crate) fn new(world: World, clock: Clock, faults: &Faults, real_now: Timestamp) -> Self {
        let now = clock.now(real_now);
        let assumptions = world.conventions.assumptions.values();
        let rest = File {
            accounts: Vec::new(),
            orders: Vec::new(),
            clock: describe_clock(clock, now),
            issuance_delay: Some(Span(world.issuance_delay)),
            next_order_number: Some(world.book.next_number().get()),
            messages: world
                .conventions
                .messages()
                .map(|(endpoint, code, message)| MessageEntry {
                    endpoint: endpoint.to_owned(),
                    code,
                    message: message.to_owned(),
                })
                .collect(),
            faults: faults
                .iter(real_now)
                .map(|active| Fault::describe(&active.fault, real_now))
                .collect(),
            assumptions: assumptions
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let fault_ends = faults.iter(real_now).map(|active| active.fault.until).collect();
        Self {
            world,
            now,
            rest,
            fault_ends,
        }
    }

    /// This snapshot for a comparison: it changes with the state, and not with the time that is left of a fault.
    pub(crate) fn comparable(&self) -> Comparable<'_> {
        Comparable(self)
    }

    fn serialize_with<S: Serializer>(&self, serializer: S, faults: &impl Serialize) -> Result<S::Ok, S::Error> {
        let File {
            accounts: _,
            orders: _,
            messages,
            faults: _,
            assumptions,
            clock,
            issuance_delay,
            next_order_number,
        } = &self.rest;
        let accounts = || self.world.accounts.iter().map(Account::record);
        let orders = || {
            let orders = self.world.book.iter();
            orders.map(|order| OrderInfo::record(order, self.now))
        };
        let mut file = serializer.serialize_map(None)?;
        file.serialize_entry("accounts", &Each(accounts))?;
        file.serialize_entry("orders", &Each(orders))?;
        file.serialize_entry("messages", messages)?;
        file.serialize_entry("faults", faults)?;
        file.serialize_entry("assumptions", assumptions)?;
        if let Some(clock) = clock {
            file.serialize_entry("clock", clock)?;
        }
        if let Some(delay) = issuance_delay {
            file.serialize_entry("issuanceDelay", delay)?;
        }
        if let Some(number) = next_order_number {
            file.serialize_entry("nextOrderNumber", number)?;
        }
        file.end()
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize_with(serializer, &self.rest.faults)
    }
}

/// A snapshot with the time at which each fault ends in the place of its time to live; see [`Snapshot::comparable`].
#[derive(Debug)]
pub(crate) struct Comparable<'s>(&'s Snapshot);

impl Serialize for Comparable<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let faults = self.0.rest.faults.iter().zip(&self.0.fault_ends);
        let faults: Vec<_> = faults
            .map(|(entry, end)| {
                (
                    Fault {
                        ttl: None,
                        ..entry.clone()
                    },
                    end.map(Timestamp::unix_millis),
                )
            })
            .collect();
        self.0.serialize_with(serializer, &faults)
    }
}

/// A list whose entries are made while it is written.
struct Each<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
