//! From a fixtures file to a world: the checks between entries, and the times made absolute.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::api::fault::Faults;
use crate::api::order::book::Book;
use crate::api::order::state::OrderNumber;
use crate::api::protocol::assumption::Assumptions;
use crate::api::world::{Accounts, Conventions, World};
use crate::clock::{Clock, Timestamp};
use crate::model::account::{account_id_taken, build_account, login_name_taken, no_account};
use crate::model::clock::build_clock;
use crate::model::fault::build_fault;
use crate::model::fixtures::{Fixtures, FixturesError};
use crate::model::locate::Step::{Key, Name};
use crate::model::message::message_endpoint;
use crate::model::order::{Order, build_order, certificate_id_taken, order_number_taken};
use crate::model::value_error::ValueError;
use crate::random::Random;

/// What a world starts with beside its fixtures.
#[derive(Debug)]
pub(crate) struct Start {
    /// The system's time.
    pub(crate) real_now: Timestamp,
    /// How long a new order is being issued.
    pub(crate) issuance_delay: Duration,
    /// How many orders there may be.
    pub(crate) max_orders: usize,
}

/// A world as fixtures describe it, with its time and its faults.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
}

impl Fixtures {
    /// The world that these fixtures describe.
    ///
    /// # Errors
    /// An entry does not fit another, or holds what the API cannot hold.
    pub(crate) fn build(&self, start: &Start, random: &mut Random) -> Result<Built, FixturesError> {
        self.at_its_place(self.build_world(&self.file.orders, start, random))
    }

    /// As [`build`](Self::build), of fixtures that are not needed any more: each order's entry is freed once the order is
    /// made, as there may be a million of them.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub(crate) fn build_and_free(mut self, start: &Start, random: &mut Random) -> Result<Built, FixturesError> {
        let orders = std::mem::take(&mut self.file.orders);
        self.at_its_place(self.build_world(orders, start, random))
    }

    /// As [`build`](Self::build), with a world that they made not long ago, which it shares until one of them changes it.
    /// Clock, faults and the number of the first new order are its own.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub(crate) fn build_around(
        &self,
        world: &World,
        start: &Start,
        random: &mut Random,
    ) -> Result<Built, FixturesError> {
        let mut built = Built {
            world: world.clone(),
            clock: self.at_its_place(self.build_clock(start.real_now))?,
            faults: self.at_its_place(self.build_faults(start.real_now))?,
        };
        let first = self.at_its_place(self.first_new_number(random))?;
        built.world.book_mut().number_from(first);
        Ok(built)
    }

    fn at_its_place<T>(&self, built: Result<T, ValueError>) -> Result<T, FixturesError> {
        built.map_err(|error| FixturesError {
            option: error.option,
            ..self.text.error_at(&error.path, &error.message)
        })
    }

    fn build_world(
        &self,
        orders: impl IntoIterator<Item: Borrow<Order>>,
        start: &Start,
        random: &mut Random,
    ) -> Result<Built, ValueError> {
        let clock = self.build_clock(start.real_now)?;
        let now = clock.now(start.real_now);
        let accounts = self.build_accounts(now)?;
        let book = self.build_book(orders, start, now, &accounts, random)?;
        let conventions = self.build_conventions()?;
        Ok(Built {
            world: World {
                book: Arc::new(book),
                accounts: Arc::new(accounts),
                conventions: Arc::new(conventions),
                issuance_delay: self.file.issuance_delay.map_or(start.issuance_delay, |span| span.0),
                outbox: Arc::default(),
                serials: None,
            },
            clock,
            faults: self.build_faults(start.real_now)?,
        })
    }

    fn build_faults(&self, real_now: Timestamp) -> Result<Faults, ValueError> {
        let mut faults = Faults::default();
        for (index, entry) in self.file.faults.iter().enumerate() {
            let fault = build_fault(entry, real_now).map_err(|error| error.within("faults", index))?;
            faults.add(fault).ok_or_else(|| {
                ValueError::new(format!("there are {} faults at most", Faults::MAX)).within("faults", index)
            })?;
        }
        Ok(faults)
    }

    fn build_clock(&self, real_now: Timestamp) -> Result<Clock, ValueError> {
        match &self.file.clock {
            Some(entry) => build_clock(entry, real_now).map_err(|error| error.under("clock")),
            None => Ok(Clock::default()),
        }
    }

    fn build_accounts(&self, now: Timestamp) -> Result<Accounts, ValueError> {
        // Of all accounts, those that are still to come as well.
        let is_password = |text: &str| {
            let mut entries = self.file.accounts.iter();
            entries.any(|entry| entry.login_password.0 == text)
        };
        let mut accounts = Accounts::default();
        for (index, entry) in self.file.accounts.iter().enumerate() {
            if index >= Accounts::MAX {
                let message = format!("there may be at most {} accounts", Accounts::MAX);
                return Err(ValueError::new(message).within("accounts", index));
            }
            let account = build_account(entry, now).map_err(|error| error.within("accounts", index))?;
            if accounts.get(&entry.login_name).is_some() {
                return Err(
                    ValueError::at("loginName", login_name_taken(&entry.login_name, is_password))
                        .within("accounts", index),
                );
            }
            accounts.insert(account);
        }
        let mut ids = HashMap::new();
        for (index, entry) in self.file.accounts.iter().enumerate() {
            let error = match (&entry.reseller, entry.account_id) {
                (Some(reseller), _) if accounts.get(reseller).is_none() => {
                    ValueError::at("reseller", no_account(reseller, |text| accounts.is_password(text)))
                }
                (_, Some(id)) if ids.insert(id, index).is_some() => ValueError::at("accountID", account_id_taken(id)),
                _ => continue,
            };
            return Err(error.within("accounts", index));
        }
        Ok(accounts)
    }

    fn build_book(
        &self,
        orders: impl IntoIterator<Item: Borrow<Order>>,
        start: &Start,
        now: Timestamp,
        accounts: &Accounts,
        random: &mut Random,
    ) -> Result<Book, ValueError> {
        let mut book = Book::new(start.max_orders, self.first_new_number(random)?);
        for (index, entry) in orders.into_iter().enumerate() {
            let within = |error: ValueError| error.within("orders", index);
            let order = build_order(entry.borrow(), accounts, now).map_err(within)?;
            if book.get(order.number).is_some() {
                return Err(within(ValueError::at("orderNumber", order_number_taken(order.number))));
            }
            let id = order.certificate_id();
            if book.by_certificate_id(id).is_some() {
                return Err(within(ValueError::at("certificateID", certificate_id_taken(id))));
            }
            book.insert(order).map_err(|full| {
                within(ValueError {
                    option: Some(full.option()),
                    ..ValueError::at("orderNumber", full.to_string())
                })
            })?;
        }
        Ok(book)
    }

    fn first_new_number(&self, random: &mut Random) -> Result<OrderNumber, ValueError> {
        let number = self
            .file
            .next_order_number
            .unwrap_or_else(|| random.first_order_number());
        OrderNumber::new(number).ok_or_else(|| ValueError::at("nextOrderNumber", "this is no order number"))
    }

    fn build_conventions(&self) -> Result<Conventions, ValueError> {
        let mut assumptions = Assumptions::default();
        for (name, value) in &self.file.assumptions {
            assumptions.set(name, value).map_err(|error| ValueError {
                path: vec![Key("assumptions"), Name(name.clone())],
                ..ValueError::new(error.without_value())
            })?;
        }
        let mut conventions = Conventions::from(assumptions);
        for (index, entry) in self.file.messages.iter().enumerate() {
            let endpoint = message_endpoint(entry).map_err(|error| error.within("messages", index))?;
            conventions.reword(endpoint.name, entry.code, entry.message.clone());
        }
        Ok(conventions)
    }
}
