//! Certificates of orders, and of the CAs above them.

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::client::order::Orders;

impl Orders<'_> {
    /// The certificate of an order, PEM: made when it is first read.
    ///
    /// ```
    /// # use sectigo_emulator::Emulator;
    /// # use sectigo_emulator::control::Order;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = Emulator::start().await?;
    /// let control = emulator.control();
    /// let order = Order::smime("login_name").email("jane@example.com").keep_key();
    /// let number = control.orders().create(order).await?.order_number;
    ///
    /// let certificate = control.orders().certificate(number).await?;
    /// let key = control.orders().key(number).await?;
    /// assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    /// assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// No order has that number, it was not issued, or the CA cannot make the certificate.
    pub async fn certificate(self, number: u64) -> Result<String, ControlError> {
        self.read(number, "certificate?format=pem").await
    }

    /// The CAs above the certificate of an order, PEM: the one that signed it, then the root.
    ///
    /// # Errors
    /// As [`certificate`](Self::certificate).
    pub async fn chain(self, number: u64) -> Result<String, ControlError> {
        self.read(number, "chain?format=pem").await
    }

    /// The private key that was made for an order without a CSR, PEM, where [`keep_key`](super::Order::keep_key) asked to
    /// keep it.
    ///
    /// # Errors
    /// As [`certificate`](Self::certificate), or the key is not kept.
    pub async fn key(self, number: u64) -> Result<String, ControlError> {
        self.read(number, "key").await
    }

    async fn read(self, number: u64, what: &str) -> Result<String, ControlError> {
        let path = self.0.at(&format!("/orders/{number}/{what}"));
        self.0.remote().exchange(Method::GET, &path, None).await
    }
}

impl Control {
    /// The certificate that clients of the API should trust, PEM: the same as
    /// [`Emulator::ca_pem`](crate::Emulator::ca_pem).
    ///
    /// # Errors
    /// The HTTPS listener has a certificate of its own that came without its CA (`--tls-cert`), or as every request:
    /// [`ControlError`].
    pub async fn ca_pem(&self) -> Result<String, ControlError> {
        // Every sandbox has the same one.
        self.remote().exchange(Method::GET, "/tls/ca.pem", None).await
    }

    /// Every CA, PEM: the root first, then the issuing CAs, for those who verify certificates of orders.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn ca_bundle_pem(&self) -> Result<String, ControlError> {
        self.remote()
            .exchange(Method::GET, &self.at("/ca?format=pem"), None)
            .await
    }
}
