//! The book of a sandbox's orders, by number.

use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::api::chunks::ChunkedMap;
use crate::api::csr::Csr;
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::lifecycle::Lifecycle;
use crate::api::order::state::{Order, OrderNumber};

/// There is no room for an order, or for its CSR.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BookFull {
    /// The book has as many orders as it may.
    #[error("there may be at most {capacity} orders (--max-orders)")]
    Orders {
        /// The most orders that it may have.
        capacity: usize,
    },
    /// The orders of all books, and what else counts with them, take as much memory as they may.
    #[error(
        "the orders and accounts of all sandboxes take the {bytes} bytes that they may: delete orders or sandboxes, or allow more \
         (--max-order-bytes)"
    )]
    Memory {
        /// The most bytes that they may take.
        bytes: usize,
    },
}

impl BookFull {
    /// The option that sets the limit, without its dashes.
    pub(crate) fn option(&self) -> &'static str {
        match self {
            Self::Orders { .. } => "max-orders",
            Self::Memory { .. } => "max-order-bytes",
        }
    }
}

/// The memory for the orders of all books and for what else counts with them, which somebody else keeps account of.
pub trait CountedMemory: fmt::Debug + Send + Sync {
    /// Whether there is room for so many more bytes.
    ///
    /// # Errors
    /// There is not.
    fn check(&self, bytes: usize) -> Result<(), BookFull>;
}

/// The orders of a sandbox.
///
/// Cloning it is cheap, and so is changing it while clones are read: they share all orders but those that are changed,
/// and some that are next to these.
#[derive(Clone, Debug)]
pub struct Book {
    orders: ChunkedMap<OrderNumber, Arc<Order>>,
    /// The orders that are not found by what their certificateID follows from.
    by_certificate_id: ChunkedMap<CertificateId, OrderNumber>,
    capacity: usize,
    next_number: OrderNumber,
    changes: u64,
    /// If the book is watched: the orders that were touched, and how each was before.
    touched: Option<Vec<Touched>>,
    /// How many bytes its orders take, but for the one that was touched last, which may have been changed since.
    bytes: usize,
    last_touched: Option<OrderNumber>,
    /// What bounds the bytes of the orders of all books, and of what else counts, once this one is in a sandbox.
    memory: Option<Arc<dyn CountedMemory>>,
    /// If it keeps account of states: the lifecycle of each order that was touched, before the first touch.
    lifecycles: Option<Vec<(OrderNumber, Option<Lifecycle>)>>,
}

/// An order that was changed, made or deleted.
#[derive(Clone, Debug)]
pub struct Touched {
    /// Its number.
    pub number: OrderNumber,
    /// How it was before, if it was there.
    pub before: Option<Arc<Order>>,
}

/// A change of what an order's state follows from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LifecycleChange {
    /// Its number.
    pub number: OrderNumber,
    /// How it was before, if it was there.
    pub before: Option<Lifecycle>,
    /// How it is now, if it is there.
    pub after: Option<Lifecycle>,
}

impl Book {
    /// An empty book for at most `capacity` orders; new orders get numbers from `first_number` on.
    pub fn new(capacity: usize, first_number: OrderNumber) -> Self {
        Self {
            orders: ChunkedMap::default(),
            by_certificate_id: ChunkedMap::default(),
            capacity,
            next_number: first_number,
            changes: 0,
            touched: None,
            bytes: 0,
            last_touched: None,
            memory: None,
            lifecycles: None,
        }
    }

    /// Adds orders from now on only while there is memory for them.
    pub fn bound_memory(&mut self, memory: Arc<dyn CountedMemory>) {
        self.memory = Some(memory);
    }

    /// How many bytes its orders take, near enough.
    pub fn bytes(&self) -> usize {
        self.bytes + self.last_touched.map_or(0, |number| self.bytes_of(number))
    }

    fn bytes_of(&self, number: OrderNumber) -> usize {
        self.get(number).map_or(0, Order::memory)
    }

    /// Whether there is memory for that CSR in place of the one that an order has.
    ///
    /// # Errors
    /// There is not.
    pub fn check_csr(&self, number: OrderNumber, csr: &Csr) -> Result<(), BookFull> {
        let old = self.get(number).and_then(|order| order.csr.as_ref());
        self.check_growth(old.map_or(0, Csr::memory), csr.memory())
    }

    /// Whether there is memory for so many more bytes.
    ///
    /// # Errors
    /// There is not.
    pub fn check_more(&self, bytes: usize) -> Result<(), BookFull> {
        self.check_growth(0, bytes)
    }

    fn check_growth(&self, old: usize, new: usize) -> Result<(), BookFull> {
        match &self.memory {
            Some(memory) if new > old => memory.check(new - old),
            Some(_) | None => Ok(()),
        }
    }

    /// Keeps account of the orders whose state is changed from now on, until they are taken.
    pub fn note_lifecycles(&mut self) {
        self.lifecycles.get_or_insert_default();
    }

    /// Whether it keeps account of the orders whose state is changed.
    pub fn notes_lifecycles(&self) -> bool {
        self.lifecycles.is_some()
    }

    /// Whether orders were touched since the changes were taken.
    pub fn has_lifecycle_changes(&self) -> bool {
        self.lifecycles
            .as_ref()
            .is_some_and(|lifecycles| !lifecycles.is_empty())
    }

    /// The orders whose state was changed since the last time, the first first.
    pub fn take_lifecycle_changes(&mut self) -> Vec<LifecycleChange> {
        let touched = self.lifecycles.as_mut().map(std::mem::take).unwrap_or_default();
        let changes = touched.into_iter().map(|(number, before)| LifecycleChange {
            number,
            before,
            after: self.get(number).map(Order::lifecycle),
        });
        changes.filter(|change| change.before != change.after).collect()
    }

    /// Notes which orders are touched from now on, or no longer does. What was noted is forgotten.
    pub fn watch(&mut self, is_watched: bool) {
        self.touched = is_watched.then(Vec::new);
    }

    /// Whether orders were touched since the last time they were taken.
    pub fn is_touched(&self) -> bool {
        self.touched.as_ref().is_some_and(|touched| !touched.is_empty())
    }

    /// The orders that were touched since the last time, the first first; one may come several times.
    pub fn take_touched(&mut self) -> Vec<Touched> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn touch(&mut self, number: OrderNumber) {
        self.changes += 1;
        self.bytes = self.bytes() - self.bytes_of(number);
        self.last_touched = Some(number);
        if let Some(touched) = &mut self.touched {
            let before = self.orders.get(&number).cloned();
            touched.push(Touched { number, before });
        }
        if let Some(lifecycles) = &mut self.lifecycles
            && lifecycles.iter().all(|(known, _)| *known != number)
        {
            lifecycles.push((number, self.orders.get(&number).map(|order| order.lifecycle())));
        }
    }

    /// The order with that number.
    pub fn get(&self, number: OrderNumber) -> Option<&Order> {
        self.orders.get(&number).map(|order| &**order)
    }

    /// The order whose certificate has that number.
    pub fn by_certificate_id(&self, id: CertificateId) -> Option<&Order> {
        let number = self.by_certificate_id.get(&id).copied();
        self.get(number.unwrap_or_else(|| OrderNumber::of_certificate(id)))
            .filter(|order| order.certificate_id() == id)
    }

    /// The order with that number, to change it: all but its number and its certificateID. Counts as a
    /// [change](Self::changes).
    pub fn get_mut(&mut self, number: OrderNumber) -> Option<&mut Order> {
        self.touch(number);
        self.orders.get_mut(&number).map(Arc::make_mut)
    }

    /// Adds an order under its own number, and replaces the order that has this number. No other order may have its
    /// certificateID.
    ///
    /// # Errors
    /// The book is full. Nothing is changed.
    pub fn insert(&mut self, order: Order) -> Result<(), BookFull> {
        if self.orders.len() >= self.capacity && !self.orders.contains_key(&order.number) {
            return Err(BookFull::Orders {
                capacity: self.capacity,
            });
        }
        self.check_growth(self.bytes_of(order.number), order.memory())?;
        let (number, id) = (order.number, order.certificate_id());
        self.touch(number);
        let old = self.orders.insert(number, Arc::new(order));
        if let Some(old) = old {
            self.forget_certificate_id(&old);
        }
        if OrderNumber::of_certificate(id) != number {
            self.by_certificate_id.insert(id, number);
        }
        Ok(())
    }

    /// Adds an order under the [free number](Self::free_number), and returns this number.
    ///
    /// # Errors
    /// The book is full. Nothing is changed.
    pub fn insert_new(&mut self, order: Order) -> Result<OrderNumber, BookFull> {
        let number = self.free_number();
        self.insert(Order { number, ..order })?;
        self.next_number = successor(number);
        Ok(number)
    }

    /// The number that the next new order gets: one that no order has, and whose certificateID no order has.
    pub fn free_number(&self) -> OrderNumber {
        let mut number = self.next_number;
        let is_taken = |number: OrderNumber| {
            self.orders.contains_key(&number) || self.by_certificate_id(number.certificate_id()).is_some()
        };
        while is_taken(number) {
            number = successor(number);
        }
        number
    }

    /// The number that the next new order gets, if it is free.
    pub fn next_number(&self) -> OrderNumber {
        self.next_number
    }

    /// Gives new orders numbers from that number on.
    pub fn number_from(&mut self, number: OrderNumber) {
        self.next_number = number;
    }

    /// Removes an order, and returns it.
    pub fn remove(&mut self, number: OrderNumber) -> Option<Order> {
        self.touch(number);
        let removed = self.orders.remove(&number)?;
        self.forget_certificate_id(&removed);
        Some(Arc::unwrap_or_clone(removed))
    }

    /// A number that rises with each possible change: as long as it is the same, nothing has changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Every order, by rising number.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().map(|order| &**order)
    }

    /// The orders above that number, by rising number.
    pub fn above(&self, number: u64) -> impl Iterator<Item = &Order> {
        let start = OrderNumber::new(number.saturating_add(1));
        let orders = start.map(|start| self.orders.values_from(&start));
        orders.into_iter().flatten().map(|order| &**order)
    }

    fn forget_certificate_id(&mut self, order: &Order) {
        let id = order.certificate_id();
        if self.by_certificate_id.get(&id) == Some(&order.number) {
            self.by_certificate_id.remove(&id);
        }
    }
}

fn successor(number: OrderNumber) -> OrderNumber {
    OrderNumber::new(number.get() + 1)
        .or(OrderNumber::new(1))
        .expect("1 is an order number")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::order::state::Stage;

    fn number(value: u64) -> OrderNumber {
        OrderNumber::new(value).unwrap()
    }

    fn order(value: u64) -> Order {
        Order::plain(number(value), Stage::Pending)
    }

    #[test]
    fn new_numbers_skip_those_in_use() {
        let mut book = Book::new(10, number(5));
        book.insert(order(6)).unwrap();
        let given: Vec<_> = (0..3).map(|_| book.insert_new(order(1)).unwrap().get()).collect();
        assert_eq!(given, [5, 7, 8]);
        assert_eq!(book.len(), 4);
    }

    #[test]
    fn numbers_start_over_at_the_end() {
        let mut book = Book::new(10, number(OrderNumber::MAX));
        book.insert(order(1)).unwrap();
        let given: Vec<_> = (0..2).map(|_| book.insert_new(order(1)).unwrap().get()).collect();
        assert_eq!(given, [OrderNumber::MAX, 2]);
    }

    #[test]
    fn an_order_is_found_by_its_certificate_id() {
        let mut book = Book::new(10, number(5));
        let id = |value| CertificateId::new(value).unwrap();
        let found = |book: &Book, id| book.by_certificate_id(id).map(|order| order.number.get());
        let usual = |value| number(value).certificate_id();
        book.insert(order(6)).unwrap();
        book.insert(Order {
            certificate_id: Some(usual(8)),
            ..order(7)
        })
        .unwrap();
        assert_eq!(
            (found(&book, usual(6)), found(&book, usual(7)), found(&book, usual(8))),
            (Some(6), None, Some(7))
        );
        let given: Vec<_> = (0..2).map(|_| book.insert_new(order(1)).unwrap().get()).collect();
        assert_eq!(given, [5, 9], "8 would have the certificateID of 7");
        book.insert(Order {
            certificate_id: Some(id(3)),
            ..order(7)
        })
        .unwrap();
        assert_eq!((found(&book, usual(8)), found(&book, id(3))), (None, Some(7)));
        book.insert(order(OrderNumber::MAX)).unwrap();
        assert_eq!(found(&book, usual(OrderNumber::MAX)), Some(OrderNumber::MAX));
        book.remove(number(7));
        book.remove(number(OrderNumber::MAX));
        assert_eq!(
            (found(&book, id(3)), found(&book, usual(OrderNumber::MAX))),
            (None, None)
        );
        assert!(book.by_certificate_id.is_empty());
    }

    #[test]
    fn a_watched_book_knows_how_what_was_touched_was_before() {
        let mut book = Book::new(10, number(5));
        book.insert(order(1)).unwrap();
        assert!(!book.is_touched());
        book.watch(true);
        book.get_mut(number(1)).unwrap().stage = Stage::OnHold;
        book.insert_new(order(1)).unwrap();
        book.remove(number(1));
        let touched: Vec<_> = book
            .take_touched()
            .into_iter()
            .map(|touched| (touched.number.get(), touched.before.map(|before| before.stage)))
            .collect();
        assert_eq!(
            touched,
            [(1, Some(Stage::Pending)), (5, None), (1, Some(Stage::OnHold))]
        );
        assert!(!book.is_touched());
    }

    #[test]
    fn account_is_kept_of_states_that_change() {
        let mut book = Book::new(10, number(5));
        book.insert(order(1)).unwrap();
        book.insert(order(2)).unwrap();
        assert!(book.take_lifecycle_changes().is_empty());
        book.note_lifecycles();
        // One that is touched twice is one change, and one that stays as it is none.
        book.get_mut(number(1)).unwrap().stage = Stage::OnHold;
        book.get_mut(number(1)).unwrap().stage = Stage::Rejected;
        book.get_mut(number(2)).unwrap().collected = true;
        book.insert_new(order(1)).unwrap();
        book.note_lifecycles();
        assert!(book.has_lifecycle_changes());
        let life = |stage| Some(Lifecycle { stage, fails: false });
        let change = |value, before, after| LifecycleChange {
            number: number(value),
            before,
            after,
        };
        assert_eq!(
            book.take_lifecycle_changes(),
            [
                change(1, life(Stage::Pending), life(Stage::Rejected)),
                change(5, None, life(Stage::Pending))
            ]
        );
        book.remove(number(5));
        assert_eq!(book.take_lifecycle_changes(), [change(5, life(Stage::Pending), None)]);
        assert!(!book.has_lifecycle_changes() && book.notes_lifecycles());
    }

    #[test]
    fn a_full_book_takes_nothing_and_loses_nothing() {
        let mut book = Book::new(2, number(5));
        book.insert_new(order(1)).unwrap();
        book.insert_new(order(1)).unwrap();
        assert_eq!(book.insert_new(order(1)), Err(BookFull::Orders { capacity: 2 }));
        assert_eq!(book.iter().map(|order| order.number.get()).collect::<Vec<_>>(), [5, 6]);
        book.insert(order(6)).unwrap();
        assert_eq!(book.len(), 2);
    }

    /// Memory for so many more bytes.
    #[derive(Debug)]
    struct Free(usize);

    impl CountedMemory for Free {
        fn check(&self, bytes: usize) -> Result<(), BookFull> {
            let is_free = bytes <= self.0;
            is_free.then_some(()).ok_or(BookFull::Memory { bytes: self.0 })
        }
    }

    #[test]
    fn the_bytes_of_its_orders_are_counted_however_they_are_changed() {
        let mut book = Book::new(10, number(5));
        let with_email = |value, length: usize| Order {
            email: Some("x".repeat(length).into()),
            ..order(value)
        };
        let plain = order(1).memory();
        assert_eq!(book.bytes(), 0);
        book.insert(with_email(1, 100)).unwrap();
        assert_eq!(book.bytes(), plain + 100);
        book.insert_new(order(1)).unwrap();
        book.insert(with_email(1, 30)).unwrap();
        assert_eq!(book.bytes(), 2 * plain + 30);
        book.get_mut(number(5)).unwrap().email = Some("abc".into());
        assert_eq!(book.bytes(), 2 * plain + 33);
        book.get_mut(number(5)).unwrap().email = None;
        assert!(book.get_mut(number(7)).is_none() && book.remove(number(8)).is_none());
        assert_eq!(book.bytes(), 2 * plain + 30);
        book.remove(number(1));
        assert_eq!(book.bytes(), plain);
        book.remove(number(5));
        assert_eq!(book.bytes(), 0);
    }

    #[test]
    fn without_memory_nothing_is_added_and_nothing_is_lost() {
        let mut book = Book::new(10, number(5));
        book.insert(order(1)).unwrap();
        book.bound_memory(Arc::new(Free(0)));
        let full = Err(BookFull::Memory { bytes: 0 });
        assert_eq!(book.insert(order(2)), full);
        let longer = Order {
            email: Some("a@b.de".into()),
            ..order(1)
        };
        assert_eq!(book.insert(longer.clone()), full);
        book.insert(order(1)).unwrap();
        assert_eq!((book.len(), book.bytes()), (1, order(1).memory()));
        book.bound_memory(Arc::new(Free(6)));
        book.insert(longer).unwrap();
        assert_eq!(book.bytes(), order(1).memory() + 6);
    }
}
