//! The orders of a sandbox.

use std::time::Duration;

use hyper::Method;
use tokio::time::{Instant, sleep_until};

use crate::client::Control;
use crate::client::error::ControlError;
use crate::model::answer::read_answer;
use crate::model::history::HistoryInfo;
use crate::model::next::NextInfo;
use crate::model::order::{Order, OrderChange, OrderFilter, OrderInfo, OrderList};
use crate::model::sort::{OrderField, OrderSort};
use crate::model::{Product, State};

/// The pause between two looks at an order that is waited for.
const PAUSE: Duration = Duration::from_millis(100);

/// Which orders a page shall have; see [`Orders::page`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct OrderQuery(OrderFilter);

impl OrderQuery {
    /// With that text in the orderNumber, loginName, email or organization, whatever its case.
    pub fn search(mut self, text: &str) -> Self {
        self.0.search = Some(text.to_owned());
        self
    }

    /// Sorted by a field; those that have nothing there come last. By default, they are sorted by number.
    pub fn sort(self, field: OrderField) -> Self {
        self.sorted(field, false)
    }

    /// Sorted by a field, the greatest first; those that have nothing there come last.
    pub fn sort_falling(self, field: OrderField) -> Self {
        self.sorted(field, true)
    }

    /// Without the first so many.
    pub fn offset(mut self, orders: usize) -> Self {
        self.0.offset = Some(orders);
        self
    }

    /// At most so many, from 1 to 10,000; 1,000 by default.
    pub fn limit(mut self, orders: usize) -> Self {
        self.0.limit = Some(orders);
        self
    }

    /// Those of that account.
    pub fn login(mut self, login_name: &str) -> Self {
        self.0.login_name = Some(login_name.to_owned());
        self
    }

    /// Those that are in that state.
    pub fn state(mut self, state: State) -> Self {
        self.0.state = Some(state);
        self
    }

    /// Those of that product.
    pub fn product(mut self, product: Product) -> Self {
        self.0.product = Some(product);
        self
    }

    fn sorted(mut self, field: OrderField, is_falling: bool) -> Self {
        self.0.sort = Some(OrderSort { field, is_falling });
        self
    }
}

/// A page of orders.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OrderPage {
    /// The orders of the page.
    pub orders: Vec<OrderInfo>,
    /// How many there are on all pages.
    pub total: usize,
}

/// The orders of a sandbox; see [`Control::orders`].
#[derive(Clone, Copy, Debug)]
pub struct Orders<'c>(pub(super) &'c Control);

impl Orders<'_> {
    /// Makes an order.
    ///
    /// # Errors
    /// Its number is taken, its account is not there, or what it says contradicts itself.
    pub async fn create(self, order: Order) -> Result<OrderInfo, ControlError> {
        self.0.remote().send(Method::POST, &self.0.at("/orders"), &order).await
    }

    /// The order of that number.
    ///
    /// # Errors
    /// No order has that number.
    pub async fn show(self, number: u64) -> Result<OrderInfo, ControlError> {
        self.0.remote().get(&self.path(number)).await
    }

    /// The states that an order reached, the earliest first: when, and by which call.
    ///
    /// # Errors
    /// No order has that number.
    pub async fn history(self, number: u64) -> Result<HistoryInfo, ControlError> {
        self.0.remote().get(&format!("{}/history", self.path(number))).await
    }

    /// What each endpoint would answer about an order now, if its account sent a call that is as it should be.
    ///
    /// # Errors
    /// No order has that number.
    pub async fn next(self, number: u64) -> Result<NextInfo, ControlError> {
        self.0.remote().get(&format!("{}/next", self.path(number))).await
    }

    /// Every order, by number.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(self) -> Result<Vec<OrderInfo>, ControlError> {
        let mut filter = OrderFilter {
            limit: Some(OrderFilter::MAX_LIMIT),
            ..OrderFilter::default()
        };
        let path = |filter: &OrderFilter| self.0.at(&format!("/orders{}", filter.query()));
        let first = path(&filter);
        let next = |page: &OrderList| {
            filter.after = page.next;
            page.next.map(|_| path(&filter))
        };
        let (pages, _) = self.0.remote().pages(first, next).await?;
        Ok(pages.into_iter().flat_map(|page| page.orders).collect())
    }

    /// Waits until an order is in a state, for so long at most, in real time. The emulator is asked every 100 ms: a state
    /// that does not last that long may be missed. The clock of the sandbox is not moved. An order that is revoked, rejected
    /// or expired stays so, and no other state is waited for.
    ///
    /// An order that does not exist is an error at once. To wait for one that a client will order, wait for its call first:
    /// [`Calls::expect`](crate::control::Calls::expect).
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::{Order, State, minutes, seconds};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let control = emulator.control();
    /// let order = control.orders().create(Order::smime("login_name").being_issued().due_in(minutes(10))).await?;
    /// control.clock().advance(minutes(10)).await?;
    /// let order = control.orders().wait(order.order_number, State::Issued, seconds(60)).await?;
    /// assert_eq!(order.state, State::Issued);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ControlError::NotReached`] if it is in another state when the time is over, [`ControlError::NeverReached`] as soon
    /// as it is in one that it does not leave; no order has that number.
    pub async fn wait(self, number: u64, state: State, within: Duration) -> Result<OrderInfo, ControlError> {
        self.wait_for_answer(number, state, within)
            .await
            .map(|(_, order)| order)
    }

    /// As [`wait`](Self::wait), and returns the order as the emulator writes it too.
    pub(crate) async fn wait_for_answer(
        self,
        number: u64,
        state: State,
        within: Duration,
    ) -> Result<(String, OrderInfo), ControlError> {
        // A wait that has no end in sight has no deadline.
        let deadline = Instant::now().checked_add(within);
        loop {
            let answer = self.0.remote().exchange(Method::GET, &self.path(number), None).await?;
            let order: OrderInfo =
                read_answer(answer.as_bytes()).map_err(|error| self.0.remote().unexpected(error.to_string()))?;
            let now = Instant::now();
            if order.state == state {
                return Ok((answer, order));
            }
            if order.state.is_final() {
                return Err(ControlError::NeverReached {
                    number,
                    expected: state,
                    found: order.state,
                });
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Err(ControlError::NotReached {
                    number,
                    expected: state,
                    found: order.state,
                    within,
                    due: order.due,
                });
            }
            let next = now + PAUSE;
            sleep_until(deadline.map_or(next, |deadline| deadline.min(next))).await;
        }
    }

    /// A page of the orders that are searched for, sorted, and how many there are.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::{OrderField, OrderQuery, State};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let query = OrderQuery::default().search("LOGIN_").state(State::Issued).sort_falling(OrderField::Expires).limit(2);
    /// let page = emulator.control().orders().page(query).await?;
    /// assert_eq!(page.orders.len(), 2);
    /// assert!(page.total > 2 && page.orders[0].expires >= page.orders[1].expires);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A page is not so long.
    pub async fn page(self, query: OrderQuery) -> Result<OrderPage, ControlError> {
        let filter = OrderFilter {
            // Without any of search, sort and offset there is no total.
            offset: query.0.offset.or(Some(0)),
            ..query.0
        };
        let path = self.0.at(&format!("/orders{}", filter.query()));
        let page: OrderList = self.0.remote().get(&path).await?;
        Ok(OrderPage {
            orders: page.orders,
            total: page.total.unwrap_or_default(),
        })
    }

    /// Changes an order: into any state, whatever the API would allow.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::{OrderChange, State, days};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let change = OrderChange::to(State::Expired).expires_ago(days(1));
    /// let order = emulator.control().orders().change(1234567, change).await?;
    /// assert_eq!(order.state, State::Expired);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// No order has that number, or the change contradicts itself.
    pub async fn change(self, number: u64, change: OrderChange) -> Result<OrderInfo, ControlError> {
        self.0.remote().send(Method::PATCH, &self.path(number), &change).await
    }

    /// Deletes an order.
    ///
    /// # Errors
    /// No order has that number.
    pub async fn delete(self, number: u64) -> Result<(), ControlError> {
        self.0.remote().send_empty(Method::DELETE, &self.path(number)).await
    }

    fn path(self, number: u64) -> String {
        self.0.at(&format!("/orders/{number}"))
    }
}
