//! From a world back to a fixtures file that describes it.

use std::time::Duration;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::api::account::Account;
use crate::api::csr::Csr;
use crate::api::fault::{Action, Fault, Faults};
use crate::api::order::state::{Order, Times};
use crate::api::order::terms::{ProductCode, SignatureHash};
use crate::api::world::World;
use crate::clock::{Clock, Timestamp};
use crate::model::file::{
    AccountEntry, CallLimitEntry, ClockEntry, DisconnectEntry, FaultEntry, File, MessageEntry, OrderEntry,
    RevocationEntry, Secret, StageEntry, ThenEntry, VoucherEntry,
};
use crate::model::when::{Span, When};

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
                .map(|(_, fault)| FaultEntry::describe(fault, real_now))
                .collect(),
            assumptions: assumptions
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        let fault_ends = faults.iter(real_now).map(|(_, fault)| fault.until).collect();
        Self {
            world,
            now,
            rest,
            fault_ends,
        }
    }

    /// The same to compare: it changes with the state, and not with the time that is left of a fault.
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
        let accounts = || self.world.accounts.iter().map(AccountEntry::describe);
        let orders = || {
            let orders = self.world.book.iter();
            orders.map(|order| OrderEntry::record(order, self.now))
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
                    FaultEntry {
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

fn describe_clock(clock: Clock, now: Timestamp) -> Option<ClockEntry> {
    let ahead = Duration::from_millis(clock.offset_millis().unsigned_abs());
    if clock.is_frozen() {
        return Some(ClockEntry {
            now: Some(When::At(now)),
            offset: None,
            frozen: true,
        });
    }
    (!ahead.is_zero()).then_some(ClockEntry {
        now: None,
        offset: Some(if clock.offset_millis() > 0 {
            When::After(ahead)
        } else {
            When::Before(ahead)
        }),
        frozen: false,
    })
}

impl AccountEntry {
    /// The entry that makes this account again.
    pub(crate) fn describe(account: &Account) -> Self {
        Self {
            login_name: account.login_name.to_string(),
            login_password: Secret(account.login_password.expose().to_owned()),
            account_id: account.account_id,
            reseller: account.reseller.as_ref().map(ToString::to_string),
            locked: account.locked,
            permissions: account
                .permissions
                .as_ref()
                .map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            ca_certificate_ids: account.ca_certificate_ids.clone(),
            template_ids: account.template_ids.clone(),
            voucher: account.voucher.as_ref().map(|voucher| match &voucher.0 {
                Some(name) => VoucherEntry::Named(name.clone()),
                None => VoucherEntry::Used(true),
            }),
            call_limit: account.call_limit.as_ref().map(|limit| CallLimitEntry {
                calls: limit.calls(),
                per: Span(limit.per()),
                counted: limit.counted().map(When::At).collect(),
            }),
        }
    }
}

impl OrderEntry {
    /// The entry that makes this order again, whatever the time is then.
    pub(crate) fn record(order: &Order, now: Timestamp) -> Self {
        Self {
            stage: StageEntry::of(order.stage),
            ..Self::describe(order, now)
        }
    }

    /// The entry that says how this order is now.
    pub(crate) fn describe(order: &Order, now: Timestamp) -> Self {
        let state = order.state_at(now);
        let validity = order.validity();
        let is_due = state.times() == Times::Due;
        Self {
            order_number: order.number.get(),
            login_name: order.login_name.to_string(),
            product: order.product,
            state,
            stage: None,
            issued: validity.filter(|_| !is_due).map(|validity| When::At(validity.issued)),
            expires: validity.map(|validity| When::At(validity.expires)),
            due: validity.filter(|_| is_due).map(|validity| When::At(validity.issued)),
            email: order.email.as_deref().map(str::to_owned),
            organization: order.organization.as_deref().map(str::to_owned),
            csr: order.csr.as_ref().map(describe_csr),
            product_code: order.terms.product_code.map(ProductCode::number),
            signature_hash: Some(order.terms.signature_hash).filter(|hash| *hash != SignatureHash::default()),
            ca_certificate_id: order.terms.ca_certificate_id,
            keep_key: order.terms.keep_key,
            revocation: order.revocation.as_ref().map(|revocation| RevocationEntry {
                at: When::At(revocation.at),
                code_reason: revocation.reason.number(),
                revocation_reason: revocation.comment.to_string(),
            }),
        }
    }
}

/// A CSR in PEM; bare where only its armour would make it longer than a CSR may be.
fn describe_csr(csr: &Csr) -> String {
    Some(csr.to_pem())
        .filter(|pem| pem.len() <= Csr::MAX_TEXT)
        .unwrap_or_else(|| csr.to_base64())
}

impl FaultEntry {
    /// The entry that makes this fault again; its time to live is what is left of it.
    pub(crate) fn describe(fault: &Fault, real_now: Timestamp) -> Self {
        Self {
            endpoint: fault.endpoint.map(str::to_owned),
            login_name: fault.login_name.as_ref().map(ToString::to_string),
            order_number: fault.order_number.map(|number| number.get()),
            skip: fault.skip,
            times: fault.times,
            probability: fault.probability,
            ttl: fault.until.map(|until| Span(until.since(real_now))),
            then: ThenEntry::describe(&fault.then),
        }
    }
}

impl ThenEntry {
    fn describe(action: &Action) -> Self {
        let nothing = Self::default();
        match action {
            Action::Answer { code, argument } => Self {
                code: Some(*code),
                argument: argument.clone(),
                ..nothing
            },
            Action::Delay(delay) => Self {
                delay: Some(Span(*delay)),
                ..nothing
            },
            Action::Status { status, body } => Self {
                status: Some(*status),
                body: Some(body.clone()).filter(|body| !body.is_empty()),
                ..nothing
            },
            Action::DisconnectBefore => Self {
                disconnect: Some(DisconnectEntry::Before),
                ..nothing
            },
            Action::DisconnectMidBody => Self {
                disconnect: Some(DisconnectEntry::MidBody),
                ..nothing
            },
            Action::Garble => Self {
                garble: true,
                ..nothing
            },
            Action::Throttle { bytes_per_second } => Self {
                throttle: Some(*bytes_per_second),
                ..nothing
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::account::LoginName;
    use crate::api::order::product::Product;
    use crate::api::order::state::{OrderNumber, Stage, Validity};
    use crate::api::world::Accounts;
    use crate::model::entry::build_order;

    const DAY: Duration = Duration::from_secs(86_400);

    fn day(number: u32) -> Timestamp {
        Timestamp::EPOCH.after(number * DAY)
    }

    fn order(stage: Stage) -> Order {
        Order {
            number: OrderNumber::new(7).unwrap(),
            login_name: LoginName::new("a"),
            product: Product::Smime,
            email: None,
            organization: None,
            csr: None,
            terms: Default::default(),
            stage,
            revocation: None,
        }
    }

    #[test]
    fn a_recorded_order_is_the_same_whenever_it_was_recorded_and_is_read() {
        let mut accounts = Accounts::default();
        accounts.insert(Account::plain("a", "p"));
        let validity = Validity {
            issued: day(10),
            expires: day(20),
        };
        for stage in [
            Stage::Pending,
            Stage::BeingIssued(None),
            Stage::BeingIssued(Some(validity)),
            Stage::Issued(validity),
            Stage::Replaced(validity),
            Stage::Revoked(validity),
            Stage::Rejected,
            Stage::OnHold,
        ] {
            for (recorded, read) in (0..6).flat_map(|recorded| (0..6).map(move |read| (recorded * 5, read * 5))) {
                let entry = OrderEntry::record(&order(stage), day(recorded));
                let text = serde_json::to_string(&entry).unwrap();
                let entry = serde_json::from_str(&text).unwrap();
                let found = build_order(&entry, &accounts, day(read)).unwrap();
                assert_eq!(
                    found,
                    order(stage),
                    "recorded on day {recorded}, read on day {read}: {text}"
                );
            }
        }
    }
}
