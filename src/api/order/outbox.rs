//! The mails that Sectigo would have sent about orders: kept instead of sent, up to a limit.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::api::order::mailing::{MailKind, Wording};
use crate::api::order::state::OrderNumber;
use crate::clock::Timestamp;

/// A mail that would have been sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mail {
    /// When, by the sandbox's clock. A mail about a certificate that is still being issued has the time of its issuance.
    pub time: Timestamp,
    /// What it is for.
    pub kind: MailKind,
    /// The address that it goes to.
    pub to: Box<str>,
    /// The order that it is about.
    pub order_number: OrderNumber,
    /// What it is written with.
    pub wording: Wording,
}

impl Mail {
    fn is_to_come(&self, number: OrderNumber, now: Timestamp) -> bool {
        self.order_number == number && self.kind == MailKind::Collection && self.time > now
    }
}

/// The mails of a sandbox, the oldest first. Of more than it may hold, the last are kept.
///
/// Cloning it is cheap: clones share their mails.
#[derive(Clone, Debug)]
pub struct Outbox {
    mails: VecDeque<(u64, Arc<Mail>)>,
    /// How many bytes the addresses have.
    bytes: usize,
    kept: u64,
    forgotten: u64,
    /// No mail has a later time: nearly always there is nothing to come, and nothing to look through.
    last: Timestamp,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            mails: VecDeque::new(),
            bytes: 0,
            kept: 0,
            forgotten: 0,
            last: Timestamp::FIRST,
        }
    }
}

impl Outbox {
    /// The most mails.
    pub const MAX_MAILS: usize = 1000;

    /// The most bytes of all addresses together.
    pub const MAX_BYTES: usize = 100_000;

    /// Keeps a mail, and forgets the oldest where there are more than may be.
    pub fn keep(&mut self, mail: Mail) {
        self.bytes += mail.to.len();
        self.kept += 1;
        self.last = self.last.max(mail.time);
        self.mails.push_back((self.kept, Arc::new(mail)));
        while self.mails.len() > Self::MAX_MAILS || self.bytes > Self::MAX_BYTES {
            self.forget_oldest();
        }
    }

    /// Forgets the oldest mail.
    pub fn forget_oldest(&mut self) {
        if let Some((_, oldest)) = self.mails.pop_front() {
            self.bytes -= oldest.to.len();
            self.forgotten += 1;
        }
        // One that once had many gives back what it no longer needs.
        if self.mails.len() < self.mails.capacity() / 4 {
            self.mails.shrink_to(2 * self.mails.len());
        }
    }

    /// How many mails there are, sent or not.
    pub fn len(&self) -> usize {
        self.mails.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.mails.is_empty()
    }

    /// How much memory it takes, in bytes, near enough.
    pub fn memory(&self) -> usize {
        /// A mail with the counters of its `Arc`.
        const MAIL: usize = size_of::<Mail>() + 2 * size_of::<usize>();
        self.mails.capacity() * size_of::<(u64, Arc<Mail>)>() + self.mails.len() * MAIL + self.bytes
    }

    /// Sends now what is to be sent later about the certificate of an order, because it was issued sooner. Returns whether
    /// there is such a mail.
    pub fn bring_forward(&mut self, number: OrderNumber, now: Timestamp) -> bool {
        let later = self.mails.iter_mut().filter(|(_, mail)| mail.is_to_come(number, now));
        later.map(|(_, mail)| Arc::make_mut(mail).time = now).count() > 0
    }

    /// Forgets what is to be sent later about the certificate of an order, because it will not be issued then. What was sent
    /// stays.
    pub fn call_off(&mut self, number: OrderNumber, now: Timestamp) {
        let Self { mails, bytes, .. } = self;
        mails.retain(|(_, mail)| {
            let is_called_off = mail.is_to_come(number, now);
            *bytes -= if is_called_off { mail.to.len() } else { 0 };
            !is_called_off
        });
    }

    /// When a mail about the certificate of an order is to be sent later, if one is.
    pub fn to_come(&self, number: OrderNumber, now: Timestamp) -> Option<Timestamp> {
        if self.last <= now {
            return None;
        }
        let mut mails = self.mails.iter().map(|(_, mail)| mail);
        mails.find(|mail| mail.is_to_come(number, now)).map(|mail| mail.time)
    }

    /// The mails that are sent by that time, each with its number: 1 for the first of the sandbox.
    pub fn sent(&self, now: Timestamp) -> impl Iterator<Item = (u64, &Mail)> {
        let mails = self.mails.iter().map(|(id, mail)| (*id, &**mail));
        mails.filter(move |(_, mail)| mail.time <= now)
    }

    /// How many mails were forgotten because there was no more room, since the start or since it was cleared.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Forgets every mail, also those that are still to be sent. Their numbers are not given again.
    pub fn clear(&mut self) {
        *self = Self {
            kept: self.kept,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn mail(second: u64, to: &str) -> Mail {
        Mail {
            time: Timestamp::EPOCH.after(Duration::from_secs(second)),
            kind: MailKind::Collection,
            to: to.into(),
            order_number: OrderNumber::new(7).unwrap(),
            wording: Wording::Language("en"),
        }
    }

    fn ids(outbox: &Outbox) -> Vec<u64> {
        outbox
            .sent(Timestamp::EPOCH.after(Duration::from_secs(1000)))
            .map(|(id, _)| id)
            .collect()
    }

    #[test]
    fn the_oldest_go_first() {
        let mut outbox = Outbox::default();
        for _ in 0..Outbox::MAX_MAILS + 2 {
            outbox.keep(mail(0, "a@b.de"));
        }
        assert_eq!(ids(&outbox).len(), Outbox::MAX_MAILS);
        assert_eq!((ids(&outbox)[0], outbox.forgotten()), (3, 2));
        let long = "a".repeat(Outbox::MAX_BYTES - 6);
        outbox.keep(mail(0, &long));
        assert_eq!(ids(&outbox), [1002, 1003]);
        outbox.keep(mail(0, &long));
        assert_eq!(ids(&outbox), [1004]);
        outbox.keep(mail(0, &"a".repeat(Outbox::MAX_BYTES + 1)));
        assert_eq!((ids(&outbox), outbox.bytes), (vec![], 0));
    }

    #[test]
    fn a_mail_is_there_when_its_time_has_come() {
        let mut outbox = Outbox::default();
        outbox.keep(mail(10, "a@b.de"));
        outbox.keep(mail(5, "c@d.de"));
        let at = |second| {
            let now = Timestamp::EPOCH.after(Duration::from_secs(second));
            outbox.sent(now).map(|(id, _)| id).collect::<Vec<_>>()
        };
        assert_eq!((at(4), at(5), at(10)), (vec![], vec![2], vec![1, 2]));
    }

    #[test]
    fn a_mail_about_a_certificate_comes_sooner_if_it_is_issued_sooner() {
        let at = |second| Timestamp::EPOCH.after(Duration::from_secs(second));
        let mut outbox = Outbox::default();
        outbox.keep(mail(3, "a@b.de"));
        outbox.keep(Mail {
            kind: MailKind::Invitation,
            ..mail(10, "a@b.de")
        });
        outbox.keep(Mail {
            order_number: OrderNumber::new(8).unwrap(),
            ..mail(10, "a@b.de")
        });
        outbox.keep(mail(10, "a@b.de"));
        let number = OrderNumber::new(7).unwrap();
        assert!(outbox.bring_forward(number, at(5)));
        assert!(!outbox.bring_forward(number, at(5)), "it is sent");
        let times: Vec<_> = outbox.sent(at(10)).map(|(_, mail)| mail.time).collect();
        assert_eq!(times, [at(3), at(10), at(10), at(5)]);
    }

    #[test]
    fn what_is_called_off_is_not_sent_and_what_was_sent_stays() {
        let at = |second| Timestamp::EPOCH.after(Duration::from_secs(second));
        let mut outbox = Outbox::default();
        for (second, number) in [(3, 7), (10, 7), (10, 8)] {
            outbox.keep(Mail {
                order_number: OrderNumber::new(number).unwrap(),
                ..mail(second, "a@b.de")
            });
        }
        let number = OrderNumber::new(7).unwrap();
        assert_eq!(
            (outbox.to_come(number, at(5)), outbox.to_come(number, at(10))),
            (Some(at(10)), None)
        );
        outbox.call_off(number, at(5));
        assert_eq!(outbox.to_come(number, at(5)), None);
        assert_eq!((ids(&outbox), outbox.bytes, outbox.forgotten()), (vec![1, 3], 12, 0));
    }

    #[test]
    fn numbers_are_not_given_again() {
        let mut outbox = Outbox::default();
        outbox.keep(mail(0, "a@b.de"));
        outbox.clear();
        assert_eq!((ids(&outbox), outbox.bytes), (vec![], 0));
        outbox.keep(mail(0, "a@b.de"));
        assert_eq!(ids(&outbox), [2]);
    }
}
