//! The orders of a sandbox.

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::model::order::{Order, OrderChange, OrderFilter, OrderInfo, OrderList};

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

    /// Every order, by number.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(self) -> Result<Vec<OrderInfo>, ControlError> {
        let mut all = Vec::new();
        let mut filter = OrderFilter {
            limit: Some(10_000),
            ..OrderFilter::default()
        };
        loop {
            let path = self.0.at(&format!("/orders{}", filter.query()));
            let page: OrderList = self.0.remote().get(&path).await?;
            all.extend(page.orders);
            if page.next.is_none() {
                return Ok(all);
            }
            filter.after = page.next;
        }
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
