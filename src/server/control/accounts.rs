//! Accounts.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::extract::{JsonBody, PathLoginName, PathSandbox, Query, resource_base};
use super::fields::{Fields, check_fields, patched};
use super::window::Search;
use super::{App, Problem};
use crate::api::account as domain;
use crate::api::world::Accounts;
use crate::clock::real_now;
use crate::model::account::{
    Account, AccountAnswer, AccountFilter, AccountInfo, AccountList, AccountPatch, account_id_taken, build_account,
    login_name_taken, no_account,
};
use crate::sandbox::push::Came;

/// The accounts, by loginName; no passwords.
#[utoipa::path(get, path = "/accounts", tag = "accounts", operation_id = "listAccounts", params(AccountFilter),
    responses((status = 200, description = "The accounts", body = AccountList)))]
pub(super) async fn list(PathSandbox(sandbox): PathSandbox, Query(filter): Query<AccountFilter>) -> Json<AccountList> {
    let accounts = sandbox.state().world.accounts.clone();
    let search = filter.search.as_deref().map(Search::new);
    let is_searched = |account: &&domain::Account| {
        let Some(search) = &search else { return true };
        search.is_in(account.login_name.as_str()) || account.account_id.is_some_and(|id| search.is_in_number(id))
    };
    let found: Vec<_> = accounts.iter().filter(is_searched).collect();
    let page = found
        .iter()
        .skip(filter.offset.unwrap_or_default())
        .take(filter.limit.unwrap_or(usize::MAX));
    Json(AccountList {
        accounts: page.map(|account| AccountInfo::answer(account)).collect(),
        total: filter.is_of_window().then_some(found.len()),
    })
}

/// Makes an account.
#[utoipa::path(post, path = "/accounts", tag = "accounts", operation_id = "createAccount",
    request_body = Account,
    responses(
        (status = 201, description = "Made", body = AccountAnswer, headers(("Location" = String))),
        (status = 409, description = "The loginName or the accountID is taken"),
        (status = 503, description = "There are as many as there may be")))]
pub(super) async fn create(
    State(_): State<App>,
    PathSandbox(sandbox): PathSandbox,
    JsonBody(entry): JsonBody<Account>,
) -> Result<impl IntoResponse, Problem> {
    let mut state = sandbox.state();
    let account = build_account(&entry, state.clock.now(real_now()))?;
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
    let reply = AccountInfo::answer(&account);
    state.world.accounts_mut().insert(account);
    sandbox.settle(&mut state, Came::Placed);
    drop(state);
    let name = utf8_percent_encode(&reply.login_name, NON_ALPHANUMERIC);
    let location = format!("{}/accounts/{name}", resource_base(&sandbox));
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)))
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
        (status = 409, description = "The accountID is taken")))]
pub(super) async fn change(
    PathSandbox(sandbox): PathSandbox,
    PathLoginName(name): PathLoginName,
    JsonBody(Fields(patch)): JsonBody<Fields>,
) -> Result<Json<AccountInfo>, Problem> {
    check_fields::<Account>(&patch)?;
    let mut state = sandbox.state();
    let now = state.clock.now(real_now());
    let accounts = &state.world.accounts;
    let old = accounts.get(&name).ok_or_else(no_such_account)?;
    let entry: Account = patched(&Account::record(old), patch)?;
    if entry.login_name != name {
        return Err(Problem::unfit(
            "loginName",
            "a loginName cannot change; make another account",
        ));
    }
    let account = build_account(&entry, now)?;
    check(&account, accounts)?;
    let reply = AccountInfo::answer(&account);
    state.world.accounts_mut().insert(account);
    sandbox.settle(&mut state, Came::Placed);
    Ok(Json(reply))
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
    let mut state = sandbox.state();
    state.world.accounts.get(&name).ok_or_else(no_such_account)?;
    if let Some(order) = state.world.book.iter().find(|order| order.login_name.as_str() == name) {
        return Err(Problem::conflict(
            "",
            format!("the account has orders, {} among them: delete them first", order.number),
        ));
    }
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
        ));
    }
    state.world.accounts_mut().remove(&name);
    sandbox.settle(&mut state, Came::Placed);
    Ok(StatusCode::NO_CONTENT)
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
