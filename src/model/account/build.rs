//! From entries to the accounts of `api`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::{Account, CallLimit, Push, VoucherInfo};
use crate::api::account::{self as domain, LoginName, Password, PushCredentials, PushTarget, Voucher};
use crate::api::http_url::{HttpUrl, HttpUrlError};
use crate::clock::Timestamp;
use crate::model::endpoint::entry_endpoint;
use crate::model::value_error::{ValueError, check_length};
use crate::shown::shown;

/// The account that an entry describes, which need not fit the others.
pub(crate) fn build_account(entry: &Account, now: Timestamp) -> Result<domain::Account, ValueError> {
    check_length("loginName", &entry.login_name, LoginName::MAX)?;
    check_length("loginPassword", &entry.login_password.0, Password::MAX)?;
    check_lists(entry)?;
    let permissions = entry.permissions.as_deref().map(build_permissions).transpose()?;
    let call_limit = entry.call_limit.as_ref().map(|limit| build_call_limit(limit, now));
    let call_limit = call_limit.transpose()?;
    let polling = entry.strict_polling.map(build_polling).transpose()?;
    Ok(domain::Account {
        login_name: LoginName::new(&entry.login_name),
        login_password: Password::new(entry.login_password.0.as_str()),
        account_id: entry.account_id,
        reseller: entry.reseller.as_deref().map(LoginName::new),
        locked: entry.locked,
        permissions,
        ca_certificate_ids: entry.ca_certificate_ids.clone(),
        template_ids: entry.template_ids.clone(),
        payment: entry.payment,
        unpriced: entry.unpriced.clone(),
        voucher: entry.voucher.as_ref().map(|voucher| match voucher {
            VoucherInfo::Unnamed => Voucher(None),
            VoucherInfo::Named(name) => Voucher(Some(name.clone())),
        }),
        call_limit,
        polling,
        issued_after_polls: build_polls(entry.issued_after_polls)?,
        push: match &entry.push {
            Some(push) => Some(Arc::new(build_push(push).map_err(|error| error.under("push"))?)),
            None => None,
        },
    })
}

/// The endpoints that an account may use.
fn build_permissions(names: &[String]) -> Result<Vec<&'static str>, ValueError> {
    let endpoint = |name: &String| entry_endpoint("permissions", name).map(|endpoint| endpoint.name);
    names.iter().map(endpoint).collect()
}

fn build_call_limit(limit: &CallLimit, now: Timestamp) -> Result<domain::CallLimit, ValueError> {
    if limit.calls > domain::CallLimit::MAX_CALLS || limit.per.is_zero() {
        return Err(ValueError::at(
            "callLimit",
            format!(
                "takes at most {} calls, in a span longer than zero",
                domain::CallLimit::MAX_CALLS
            ),
        ));
    }
    let counted = limit.counted.iter().map(|when| when.from(now));
    Ok(domain::CallLimit::new(limit.calls, limit.per, counted))
}

fn build_polling(interval: Duration) -> Result<domain::Polling, ValueError> {
    if interval.is_zero() {
        return Err(ValueError::at("strictPolling", "takes a span longer than zero"));
    }
    Ok(domain::Polling::new(interval))
}

/// The longest list that an account may have, and the longest name of its voucher, in characters.
const MAX_LIST: usize = 1000;

/// Whether the lists and the names of an account are as long as they may be.
fn check_lists(entry: &Account) -> Result<(), ValueError> {
    let lists = [
        ("permissions", entry.permissions.as_ref().map_or(0, Vec::len)),
        ("caCertificateIDs", entry.ca_certificate_ids.len()),
        ("templateIDs", entry.template_ids.len()),
        ("unpriced", entry.unpriced.len()),
    ];
    if let Some((name, _)) = lists.into_iter().find(|(_, length)| *length > MAX_LIST) {
        return Err(ValueError::at(name, format!("a list has at most {MAX_LIST} values")));
    }
    match &entry.voucher {
        Some(VoucherInfo::Named(name)) if name.chars().count() > MAX_LIST => Err(ValueError::at(
            "voucher",
            format!("the name of a voucher has at most {MAX_LIST} characters"),
        )),
        Some(VoucherInfo::Named(_) | VoucherInfo::Unnamed) | None => Ok(()),
    }
}

/// A number of polls that are waited for.
pub(in crate::model) fn build_polls(polls: Option<u32>) -> Result<Option<NonZeroU32>, ValueError> {
    let at_least_one =
        |polls| NonZeroU32::new(polls).ok_or_else(|| ValueError::at("issuedAfterPolls", "it takes 1 poll or more"));
    polls.map(at_least_one).transpose()
}

/// What is wrong with the URL of a receiver of pushes, and what is taken.
fn url_problem(error: HttpUrlError) -> &'static str {
    match error {
        HttpUrlError::Form => "give a URL such as http://127.0.0.1:9000/push or https://receiver.local/push",
        HttpUrlError::Length => "a URL has at most 2000 bytes",
        HttpUrlError::Characters => "a URL is of printable ASCII, percent-encoded, and has no fragment",
        HttpUrlError::Credentials => "a URL has no credentials here; give them as `user` and `password`",
    }
}

fn build_push(entry: &Push) -> Result<PushTarget, ValueError> {
    let url = HttpUrl::parse(&entry.url).map_err(|error| ValueError::at("url", url_problem(error)))?;
    let credentials = match (&entry.user, &entry.password) {
        (None, None) => None,
        (Some(user), Some(password)) => {
            check_length("user", &user.0, Password::MAX)?;
            check_length("password", &password.0, Password::MAX)?;
            if user.0.contains(':') {
                return Err(ValueError::at(
                    "user",
                    "a user name of HTTP basic authentication has no colon",
                ));
            }
            Some(PushCredentials {
                user_name: user.0.as_str().into(),
                password: Password::new(password.0.as_str()),
            })
        }
        (None, Some(_)) => return Err(ValueError::at("user", "a password needs a user name")),
        (Some(_), None) => return Err(ValueError::at("password", "a user name needs a password")),
    };
    Ok(PushTarget {
        url,
        credentials,
        delivers_certificate: entry.certificate,
        tells_of_collection: entry.collection,
    })
}

/// Says that an account is not there.
pub(crate) fn no_account(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("no account has {}", this_login_name(login_name, is_password))
}

/// Says that a loginName is taken.
pub(crate) fn login_name_taken(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    format!("another account has {}", this_login_name(login_name, is_password))
}

/// A loginName in a message. It is left out if it is a password in the wrong place.
fn this_login_name(login_name: &str, is_password: impl Fn(&str) -> bool) -> String {
    match is_password(login_name) || is_password(login_name.trim()) {
        true => "this loginName".to_owned(),
        false => format!("the loginName `{}`", shown(login_name)),
    }
}

/// Says that an accountID is taken.
pub(crate) fn account_id_taken(account_id: u64) -> String {
    format!("another account has the accountID {account_id}")
}
