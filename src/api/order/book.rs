//! All orders of a sandbox, by number.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use crate::api::order::state::{Order, OrderNumber};

/// The book holds as many orders as it may.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("there may be at most {capacity} orders (--max-orders)")]
pub struct BookFull {
    /// How many it may hold.
    pub capacity: usize,
}

/// The orders of a sandbox.
///
/// Cloning it is cheap: clones share their orders until one of them changes them.
#[derive(Clone, Debug)]
pub struct Book {
    // Apart from the tree, which leaves near half of its slots empty when numbers rise, as new ones do; and shared, so
    // that who looks at many orders holds nobody up.
    orders: Arc<BTreeMap<OrderNumber, Arc<Order>>>,
    capacity: usize,
    next_number: OrderNumber,
    changes: u64,
}

impl Book {
    /// An empty book for at most `capacity` orders; new orders are numbered from `first_number` on.
    pub fn new(capacity: usize, first_number: OrderNumber) -> Self {
        Self {
            orders: Arc::default(),
            capacity,
            next_number: first_number,
            changes: 0,
        }
    }

    /// The order of that number.
    pub fn get(&self, number: OrderNumber) -> Option<&Order> {
        self.orders.get(&number).map(|order| &**order)
    }

    /// The order of that number, to change it.
    pub fn get_mut(&mut self, number: OrderNumber) -> Option<&mut Order> {
        self.changes += 1;
        Arc::make_mut(&mut self.orders).get_mut(&number).map(Arc::make_mut)
    }

    /// Enters an order under its own number, in place of one that has it already.
    ///
    /// # Errors
    /// The book is full; it is as it was.
    pub fn insert(&mut self, order: Order) -> Result<(), BookFull> {
        if self.orders.len() >= self.capacity && !self.orders.contains_key(&order.number) {
            return Err(BookFull {
                capacity: self.capacity,
            });
        }
        self.changes += 1;
        Arc::make_mut(&mut self.orders).insert(order.number, Arc::new(order));
        Ok(())
    }

    /// Enters an order under a number that no order has, and gives that number.
    ///
    /// # Errors
    /// The book is full; it is as it was.
    pub fn insert_new(&mut self, order: Order) -> Result<OrderNumber, BookFull> {
        let number = self.free_number();
        self.insert(Order { number, ..order })?;
        self.next_number = successor(number);
        Ok(number)
    }

    /// The number from which on the next new order gets one.
    pub fn next_number(&self) -> OrderNumber {
        self.next_number
    }

    /// Numbers new orders from that number on.
    pub fn number_from(&mut self, number: OrderNumber) {
        self.next_number = number;
    }

    /// Takes an order out.
    pub fn remove(&mut self, number: OrderNumber) -> Option<Order> {
        self.changes += 1;
        Arc::make_mut(&mut self.orders)
            .remove(&number)
            .map(Arc::unwrap_or_clone)
    }

    /// How often it may have changed: where two looks at the same book find the same, nothing has.
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

    /// Every order, by rising number, to be kept while the book goes on.
    pub fn shared(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.values()
    }

    /// The orders above that number, by rising number.
    pub fn above(&self, number: u64) -> impl Iterator<Item = &Order> {
        let start = OrderNumber::new(number.saturating_add(1));
        let orders = start.map(|start| self.orders.range(start..));
        orders.into_iter().flatten().map(|(_, order)| &**order)
    }

    fn free_number(&self) -> OrderNumber {
        let mut number = self.next_number;
        while self.orders.contains_key(&number) {
            number = successor(number);
        }
        number
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
    fn new_numbers_step_over_those_in_use() {
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
    fn a_full_book_takes_nothing_and_loses_nothing() {
        let mut book = Book::new(2, number(5));
        book.insert_new(order(1)).unwrap();
        book.insert_new(order(1)).unwrap();
        assert_eq!(book.insert_new(order(1)), Err(BookFull { capacity: 2 }));
        assert_eq!(book.iter().map(|order| order.number.get()).collect::<Vec<_>>(), [5, 6]);
        book.insert(order(6)).unwrap();
        assert_eq!(book.len(), 2);
    }
}
