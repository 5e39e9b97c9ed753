//! What each endpoint would answer about an order now: its own rules, carried out on a copy of the order and its account.

use std::borrow::Cow;
use std::sync::Arc;

use crate::api::account::Account;
use crate::api::endpoints::{Call, ENDPOINTS, EXAMPLE_CSR, Endpoint, Failure, Transport};
use crate::api::order::book::Book;
use crate::api::order::state::{Order, OrderNumber, State};
use crate::api::protocol::argument::{Arguments, ORDER_NUMBER};
use crate::api::protocol::code::INVALID_ARGUMENT;
use crate::api::protocol::form::Form;
use crate::api::world::{Accounts, World};
use crate::clock::Timestamp;

/// Arguments by which an endpoint does something else to the order; each makes a row of its own.
const VARIANTS: [(&str, &str); 2] = [("includeInCRL", "N"), ("revokeOldOrder", "Y")];

/// What an endpoint would answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NextAnswer {
    /// The endpoint.
    pub(crate) endpoint: &'static str,
    /// The argument by which it does something else, if it is sent.
    pub(crate) with: Option<(&'static str, &'static str)>,
    /// The code.
    pub(crate) code: i32,
    /// The message of a code that is an error.
    pub(crate) message: Option<Cow<'static, str>>,
    /// Why it is an error.
    pub(crate) hint: Option<Cow<'static, str>>,
    /// The state that the order would be in, if it is another one.
    pub(crate) becomes: Option<State>,
    /// The state of the order that it would make.
    pub(crate) makes: Option<State>,
}

/// A world with a single order and its account, in which anything can be tried.
#[derive(Debug)]
pub(crate) struct Trial {
    world: World,
    number: OrderNumber,
    owner: Account,
}

impl Trial {
    /// A copy of an order and its account; none if one of them is not there.
    pub(crate) fn of(world: &World, number: OrderNumber) -> Option<Self> {
        let order = world.book.get(number)?;
        let owner = world.accounts.get(order.login_name.as_str())?.clone();
        // Room for the order and the one that replaces it.
        let mut book = Book::new(2, world.book.next_number());
        book.insert(order.clone()).ok()?;
        let mut accounts = Accounts::default();
        accounts.insert(owner.clone());
        let world = World {
            book: Arc::new(book),
            accounts: Arc::new(accounts),
            conventions: world.conventions.clone(),
            issuance_delay: world.issuance_delay,
            outbox: Arc::default(),
            serials: None,
        };
        Some(Self { world, number, owner })
    }

    /// The state of the order.
    pub(crate) fn state(&self, now: Timestamp) -> Option<State> {
        state_in(&self.world, self.number, now)
    }

    /// What each endpoint that takes an order of its product would answer its owner's call now.
    pub(crate) fn answers(&self, now: Timestamp) -> Vec<NextAnswer> {
        let takes = |endpoint: &Endpoint, name| endpoint.arguments.iter().any(|argument| argument.name == name);
        let of_orders = ENDPOINTS.iter().filter(|endpoint| takes(endpoint, ORDER_NUMBER));
        of_orders
            .flat_map(|endpoint| {
                let variants = VARIANTS.into_iter().filter(|(name, _)| takes(endpoint, name));
                let variants = variants.map(Some);
                std::iter::once(None)
                    .chain(variants)
                    .filter_map(|with| self.answer(endpoint, with, now))
            })
            .collect()
    }

    /// What an endpoint would answer; nothing if it does not know orders of that product.
    fn answer(
        &self,
        endpoint: &'static Endpoint,
        with: Option<(&'static str, &'static str)>,
        now: Timestamp,
    ) -> Option<NextAnswer> {
        let number = self.number.to_string();
        let form = self.form(endpoint, &number, with);
        let conventions = self.world.conventions.clone();
        let mut call = Call {
            transport: Transport {
                is_https: true,
                is_post: true,
            },
            arguments: Arguments::sort(endpoint.arguments, &form, &conventions.assumptions),
            conventions: conventions.clone(),
            fault: None,
        };
        let mut world = self.world.clone();
        let done = endpoint.act(&mut call, |prepared| prepared(&mut world, now));
        let mut answer = NextAnswer {
            endpoint: endpoint.name,
            with,
            code: 0,
            message: None,
            hint: None,
            becomes: None,
            makes: None,
        };
        match done {
            Ok(done) => {
                answer.code = done.code;
                answer.becomes = state_in(&world, self.number, now).filter(|state| Some(*state) != self.state(now));
                let made = done.order_number.filter(|made| *made != self.number);
                answer.makes = made.and_then(|made| state_in(&world, made, now));
            }
            Err(Failure::Refused(refusal)) => {
                let is_of_other_product =
                    refusal.code.number == INVALID_ARGUMENT.number && refusal.name.as_deref() == Some(ORDER_NUMBER);
                if is_of_other_product {
                    return None;
                }
                answer.code = refusal.code.number;
                answer.message = Some(conventions.message(endpoint.name, &refusal));
                answer.hint = Some(refusal.hint);
            }
            Err(Failure::BookFull(_)) => return None,
        }
        Some(answer)
    }

    /// The endpoint's example, as its owner would send it about this order.
    fn form<'f>(
        &'f self,
        endpoint: &'static Endpoint,
        number: &'f str,
        with: Option<(&'static str, &'static str)>,
    ) -> Form<'f> {
        let is_variant = |name: &str| VARIANTS.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut form = Form::default();
        for (name, value) in endpoint.example.iter().filter(|(name, _)| !is_variant(name)) {
            let value = match *name {
                "loginName" => self.owner.login_name.as_str(),
                "loginPassword" => self.owner.login_password.expose(),
                ORDER_NUMBER => number,
                _ if value.starts_with('@') => EXAMPLE_CSR,
                _ => value,
            };
            form.push(name.as_bytes(), value.as_bytes());
        }
        if let Some((name, value)) = with {
            form.push(name.as_bytes(), value.as_bytes());
        }
        form
    }
}

fn state_in(world: &World, number: OrderNumber, now: Timestamp) -> Option<State> {
    world.book.get(number).map(|order: &Order| order.state_at(now))
}
