//! From the accounts of `api` to what is answered and what a snapshot records.

use std::num::NonZeroU32;

use super::{Account, AccountInfo, CallLimit, NoPassword, Push, Secret, VoucherInfo};
use crate::api::account as domain;
use crate::clock::Timestamp;

impl Account {
    /// The account as a snapshot records it, with its password.
    pub(crate) fn record(account: &domain::Account) -> Account<Timestamp> {
        let mut recorded = Account::describe(account, Secret(account.login_password.expose().to_owned()));
        let credentials = account.push.as_ref().and_then(|push| push.credentials.as_ref());
        recorded.push = recorded.push.map(|push| match credentials {
            Some(credentials) => push.basic(&credentials.user_name, credentials.password.expose()),
            None => push,
        });
        recorded
    }
}

impl AccountInfo {
    /// The account as it is answered.
    pub(crate) fn answer(account: &domain::Account) -> Self {
        Self::describe(account, NoPassword)
    }
}

impl<P> Account<Timestamp, P> {
    fn describe(account: &domain::Account, login_password: P) -> Self {
        Self {
            login_name: account.login_name.to_string(),
            login_password,
            account_id: account.account_id,
            reseller: account.reseller.as_ref().map(ToString::to_string),
            locked: account.locked,
            permissions: account
                .permissions
                .as_ref()
                .map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            ca_certificate_ids: account.ca_certificate_ids.clone(),
            template_ids: account.template_ids.clone(),
            payment: account.payment,
            unpriced: account.unpriced.clone(),
            voucher: account.voucher.as_ref().map(|voucher| match &voucher.0 {
                Some(name) => VoucherInfo::Named(name.clone()),
                None => VoucherInfo::Unnamed,
            }),
            call_limit: account.call_limit.as_ref().map(|limit| CallLimit {
                calls: limit.calls(),
                per: limit.per(),
                counted: limit.counted().collect(),
            }),
            strict_polling: account.polling.as_ref().map(domain::Polling::interval),
            issued_after_polls: account.issued_after_polls.map(NonZeroU32::get),
            push: account.push.as_ref().map(|target| Push {
                certificate: target.delivers_certificate,
                collection: target.tells_of_collection,
                ..Push::to(target.url.as_str())
            }),
        }
    }
}
