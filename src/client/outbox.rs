//! The mails that would have been sent.

use hyper::Method;

use crate::client::Control;
use crate::client::error::ControlError;
use crate::model::MailKind;
use crate::model::mail::{MailFilter, MailInfo, MailList};

/// The mails that a sandbox would have sent, narrowed word by word; see [`Control::outbox`].
///
/// ```
/// # use sectigo_emulator::Emulator;
/// use sectigo_emulator::control::MailKind;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = Emulator::start().await?;
/// let mails = emulator.control().outbox().order(1100001).kind(MailKind::Verification);
/// assert!(mails.list().await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Outbox {
    control: Control,
    filter: MailFilter,
}

impl Outbox {
    pub(super) fn of(control: Control) -> Self {
        Self {
            control,
            filter: MailFilter::default(),
        }
    }

    /// Only those about that order.
    pub fn order(mut self, number: u64) -> Self {
        self.filter.order_number = Some(number);
        self
    }

    /// Only those of that kind.
    pub fn kind(mut self, kind: MailKind) -> Self {
        self.filter.kind = Some(kind);
        self
    }

    /// The mails, the oldest first. Of more than the sandbox keeps, the last.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn list(&self) -> Result<Vec<MailInfo>, ControlError> {
        Ok(self.read().await?.mails)
    }

    /// How many more there may have been which the outbox no longer keeps, since the start or since it was cleared.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn forgotten(&self) -> Result<u64, ControlError> {
        Ok(self.read().await?.forgotten)
    }

    /// Forgets every mail of the sandbox, these or not.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn clear(&self) -> Result<(), ControlError> {
        let path = self.control.at("/outbox");
        self.control.remote().send_empty(Method::DELETE, &path).await
    }

    async fn read(&self) -> Result<MailList, ControlError> {
        let path = self.control.at(&format!("/outbox{}", self.filter.query()));
        self.control.remote().get(&path).await
    }
}
