//! Accounts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::answers::{Length, MAX_MEASURED, answer};
use super::extract::{JsonBody, PathLoginName, PathSandbox, Query, resource_base};
use super::fields::{Fields, check_fields, patched};
use super::window::Search;
use super::{App, Problem};
use crate::api::account as domain;
use crate::api::order::book::Book;
use crate::api::world::Accounts;
use crate::aside::aside;
use crate::clock::real_now;
use crate::model::account::{
    Account, AccountAnswer, AccountFilter, AccountInfo, AccountList, AccountPatch, account_id_taken, build_account,
    login_name_taken, no_account,
};
use crate::sandbox::{self, Sandbox};

/// How often orders are checked while others may change them. If they were changed each time, the sandbox is locked for the
/// last check.
const UNLOCKED_CHECKS: usize = 3;

/// The accounts, by loginName; no passwords.
#[utoipa::path(get, path = "/accounts", tag = "accounts", operation_id = "listAccounts", params(AccountFilter),
    responses((status = 200, description = "The accounts", body = AccountList)))]
pub(super) async fn list(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<AccountFilter>,
) -> Result<Response, Problem> {
    let accounts = sandbox.state().world.accounts.clone();
    let limit = filter.limit.unwrap_or(usize::MAX);
    let length = match accounts.len() <= MAX_MEASURED {
        true => Length::Bytes(accounts.iter().map(bytes_of).sum()),
        false => Length::Unknown,
    };
    let page = move || {
        let search = filter.search.as_deref().map(Search::new);
        let is_searched = |account: &&domain::Account| {
            let Some(search) = &search else { return true };
            search.is_in(account.login_name.as_str()) || account.account_id.is_some_and(|id| search.is_in_number(id))
        };
        let found: Vec<_> = accounts.iter().filter(is_searched).collect();
        let page = found.iter().skip(filter.offset.unwrap_or_default()).take(limit);
        AccountList {
            accounts: page.map(|account| AccountInfo::answer(account)).collect(),
            total: filter.is_of_window().then_some(found.len()),
        }
    };
    answer(&app, length, page).await
}

/// The length of an account in an answer, near enough.
fn bytes_of(account: &domain::Account) -> usize {
    let numbers = account.ca_certificate_ids.len() + account.template_ids.len() + account.unpriced.len();
    let permissions = account.permissions.as_ref().map_or(0, Vec::len);
    let push = account.push.as_ref().map_or(0, |push| push.url.as_str().len());
    512 + 20 * numbers + 40 * permissions + push
}

/// Makes an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", operation_id = "createAccount",
    request_body = Account,
    responses(
        (status = 201, description = "Made", body = AccountAnswer, headers(("Location" = String))),
        (status = 409, description = "The loginName or the accountID is taken"),
        (status = 503, description = "There are as many as there may be, or there is no memory for it (--max-order-bytes)")))]
pub(super) async fn create(
    PathSandbox(sandbox): PathSandbox,
    JsonBody(entry): JsonBody<Account>,
) -> Result<impl IntoResponse, Problem> {
    let reply = sandbox.change(|state| add_account(&sandbox, state, &entry))?;
    let name = utf8_percent_encode(&reply.login_name, NON_ALPHANUMERIC);
    let location = format!("{}/accounts/{name}", resource_base(&sandbox));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)))
}

fn add_account(sandbox: &Sandbox, state: &mut sandbox::State, entry: &Account) -> Result<AccountInfo, Problem> {
    let account = build_account(entry, state.clock.now(real_now()))?;
    let accounts = &state.world.accounts;
    if accounts.get(account.login_name.as_str()).is_some() {
        return Err(Problem::conflict(
            "loginName",
            login_name_taken(account.login_name.as_str(), is_password_beside(&account, accounts)),
        ));
    }
    if accounts.len() >= Accounts::MAX {
        return Err(Problem::full(format!(
            "there are {} accounts already, which is all that may be",
            Accounts::MAX
        )));
    }
    check(&account, accounts)?;
    sandbox.check_memory(account.memory())?;
    let reply = AccountInfo::answer(&account);
    state.world.accounts_mut().insert(account);
    Ok(reply)
}

/// One account; not its password.
#[utoipa::path(get, path = "/accounts/{loginName}", tag = "accounts", operation_id = "readAccount",
    params(("loginName" = String, Path, description = "Its loginName")),
    responses((status = 200, description = "The account", body = AccountAnswer), (status = 404, description = "There is none")))]
pub(super) async fn read(
    PathSandbox(sandbox): PathSandbox,
    PathLoginName(name): PathLoginName,
) -> Result<Json<AccountInfo>, Problem> {
    let state = sandbox.state();
    let account = state.world.accounts.get(&name).ok_or_else(no_such_account)?;
    Ok(Json(AccountInfo::answer(account)))
}

/// Changes an account: the fields that are sent, null removes one.
#[utoipa::path(patch, path = "/accounts/{loginName}", tag = "accounts", operation_id = "changeAccount",
    params(("loginName" = String, Path, description = "Its loginName")),
    request_body = AccountPatch,
    responses(
        (status = 200, description = "Changed", body = AccountAnswer),
        (status = 404, description = "There is none"),
        (status = 409, description = "The accountID is taken"),
        (status = 503, description = "There is no memory for it (--max-order-bytes)")))]
pub(super) async fn change(
    PathSandbox(sandbox): PathSandbox,
    PathLoginName(name): PathLoginName,
    JsonBody(Fields(patch)): JsonBody<Fields>,
) -> Result<Json<AccountInfo>, Problem> {
    check_fields::<Account>(&patch)?;
    sandbox
        .change(|state| change_account(&sandbox, state, &name, patch))
        .map(Json)
}

fn change_account(
    sandbox: &Sandbox,
    state: &mut sandbox::State,
    name: &str,
    patch: Map<String, Value>,
) -> Result<AccountInfo, Problem> {
    let now = state.clock.now(real_now());
    let accounts = &state.world.accounts;
    let old = accounts.get(name).ok_or_else(no_such_account)?;
    let entry: Account = patched(&Account::record(old), patch)?;
    if entry.login_name != name {
        return Err(Problem::unfit(
            "loginName",
            "a loginName cannot change; make another account",
        ));
    }
    let account = build_account(&entry, now)?;
    check(&account, accounts)?;
    sandbox.check_memory(account.memory().saturating_sub(old.memory()))?;
    let reply = AccountInfo::answer(&account);
    state.world.accounts_mut().insert(account);
    Ok(reply)
}

/// Deletes an account that has no orders and is nobody's reseller.
#[utoipa::path(delete, path = "/accounts/{loginName}", tag = "accounts", operation_id = "deleteAccount",
    params(("loginName" = String, Path, description = "Its loginName")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 404, description = "There is none"),
        (status = 409, description = "It has orders, or is a reseller")))]
pub(super) async fn delete(
    PathSandbox(sandbox): PathSandbox,
    PathLoginName(name): PathLoginName,
) -> Result<StatusCode, Problem> {
    aside(move || delete_account(&sandbox, &name)).await?
}

fn delete_account(sandbox: &Sandbox, name: &str) -> Result<StatusCode, Problem> {
    if sandbox.accounts().get(name).is_none() {
        return Err(no_such_account());
    }
    change_checked(
        sandbox,
        |book| check_without_orders_of(book, name),
        |state| remove_account(state, name),
    )?;
    Ok(StatusCode::NO_CONTENT)
}

fn remove_account(state: &mut sandbox::State, name: &str) -> Result<(), Problem> {
    // Another may have deleted it meanwhile.
    state.world.accounts.get(name).ok_or_else(no_such_account)?;
    let is_under = |account: &&domain::Account| {
        account
            .reseller
            .as_ref()
            .is_some_and(|reseller| reseller.as_str() == name)
            && account.login_name.as_str() != name
    };
    if let Some(account) = state.world.accounts.iter().find(is_under) {
        return Err(Problem::conflict(
            "",
            format!(
                "the account is the reseller of {}: change that first",
                account.login_name
            ),
        )
        .logged("the account is the reseller of another"));
    }
    state.world.accounts_mut().remove(name);
    Ok(())
}

/// Changes a sandbox whose orders pass a check. It may have to look at many, so they are checked before the sandbox is locked,
/// and again if they were changed meanwhile.
fn change_checked<T>(
    sandbox: &Sandbox,
    mut check: impl FnMut(&Book) -> Result<(), Problem>,
    change: impl Fn(&mut sandbox::State) -> Result<T, Problem>,
) -> Result<T, Problem> {
    for _ in 0..UNLOCKED_CHECKS {
        let book = sandbox.state().world.book.clone();
        check(&book)?;
        let changed = sandbox.change(|state| {
            // Whoever changes a book that is also kept here changes a copy.
            Arc::ptr_eq(&book, &state.world.book).then(|| change(state))
        });
        if let Some(changed) = changed {
            return changed;
        }
    }
    sandbox.change(|state| {
        check(&state.world.book)?;
        change(state)
    })
}

fn check_without_orders_of(book: &Book, login_name: &str) -> Result<(), Problem> {
    match book.iter().find(|order| order.login_name.as_str() == login_name) {
        None => Ok(()),
        Some(order) => Err(Problem::conflict(
            "",
            format!("the account has orders, {} among them: delete them first", order.number),
        )
        .logged("the account has orders")),
    }
}

/// Whether a text is the password of that account, which need not be among the others, or of one of them.
fn is_password_beside(account: &domain::Account, accounts: &Accounts) -> impl Fn(&str) -> bool {
    move |text| accounts.is_password(text) || account.login_password.expose() == text
}

/// Whether an account fits the others.
fn check(account: &domain::Account, accounts: &Accounts) -> Result<(), Problem> {
    if let Some(reseller) = &account.reseller
        && *reseller != account.login_name
        && accounts.get(reseller.as_str()).is_none()
    {
        return Err(Problem::unfit(
            "reseller",
            no_account(reseller.as_str(), is_password_beside(account, accounts)),
        ));
    }
    if let Some(account_id) = account.account_id
        && let Some(other) = accounts.of_account_id(account_id)
        && other.login_name != account.login_name
    {
        return Err(Problem::conflict("accountID", account_id_taken(account_id)));
    }
    Ok(())
}

fn no_such_account() -> Problem {
    Problem::not_found("no account of this sandbox has that loginName")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::order::state::{Order, OrderNumber, Stage};
    use crate::ca::{Authority, CaOptions};
    use crate::clock::system_now;
    use crate::model::Fixtures;
    use crate::sandbox::certificates::Issuance;
    use crate::sandbox::list::{Sandboxes, Settings};

    /// A list with the default sandbox, which has an account `a`.
    fn sandboxes() -> Sandboxes {
        let fixtures = "[[accounts]]\nloginName = \"a\"\nloginPassword = \"p\"\n";
        let settings = Settings {
            max_order_bytes: 1 << 30,
            ..Settings::small(Fixtures::parse(fixtures).unwrap())
        };
        let authority = Authority::open(&CaOptions::default(), system_now()).unwrap();
        Sandboxes::new(settings, None, Arc::new(Issuance::new(authority))).unwrap()
    }

    /// Adds an order of `a`.
    fn add_order(sandbox: &Sandbox, number: u64) {
        let order = Order::plain(OrderNumber::new(number).unwrap(), Stage::Pending);
        sandbox.change(|state| state.world.book_mut().insert(order)).unwrap();
    }

    #[test]
    fn an_order_that_comes_while_orders_are_checked_is_checked_too() {
        let sandboxes = sandboxes();
        let sandbox = sandboxes.default_sandbox();
        let mut checks = 0;
        let check = |book: &Book| {
            let checked = check_without_orders_of(book, "a");
            if checks == 0 {
                add_order(sandbox, 7);
            }
            checks += 1;
            checked
        };
        let refused = change_checked(sandbox, check, |_| Ok(())).unwrap_err();
        assert_eq!(refused.into_response().status(), StatusCode::CONFLICT);
        assert_eq!(checks, 2);
        assert!(delete_account(sandbox, "a").is_err());
        sandbox.change(|state| state.world.book_mut().remove(OrderNumber::new(7).unwrap()));
        assert_eq!(delete_account(sandbox, "a").ok(), Some(StatusCode::NO_CONTENT));
        assert!(delete_account(sandbox, "a").is_err());
    }

    #[test]
    fn orders_that_change_all_the_time_are_checked_while_the_sandbox_is_locked() {
        let sandboxes = sandboxes();
        let sandbox = sandboxes.default_sandbox();
        let mut checked = Vec::new();
        let check = |book: &Book| {
            checked.push(book.len());
            if checked.len() <= UNLOCKED_CHECKS {
                add_order(sandbox, checked.len() as u64);
            }
            Ok(())
        };
        let found = change_checked(sandbox, check, |state| Ok(state.world.book.len()));
        assert_eq!(found.ok(), Some(UNLOCKED_CHECKS));
        assert_eq!(checked, (0..=UNLOCKED_CHECKS).collect::<Vec<_>>());
    }
}
