//! Orders.

use std::cmp::Ordering;
use std::mem;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::answers::{Length, MAX_LIST, MAX_MEASURED, answer, most_escaped, up_to};
use super::extract::{JsonBody, PathOrderNumber, PathSandbox, Query, misfit, no_order, resource_base};
use super::fields::{Fields, check_fields, from_object, patched};
use super::window::{Search, window};
use super::{App, Problem};
use crate::api::csr::Csr;
use crate::api::order::book::Book;
use crate::api::order::state::{self as domain, OrderNumber, State, Times};
use crate::api::order::subject::SubjectDetails;
use crate::api::world::Accounts;
use crate::clock::{Timestamp, real_now};
use crate::model::order::{
    NewOrder, Order, OrderFilter, OrderInfo, OrderList, OrderPatch, StageEntry, build_order, certificate_id_taken,
    give_csr, judge_csr, order_number_taken,
};
use crate::model::sort::{OrderField, OrderSort};
use crate::sandbox;

/// The orders of a page where the request does not say.
const PAGE: usize = 1000;

/// The orders, by rising number, a page at a time; or searched, sorted, and from any place on.
#[utoipa::path(get, path = "/orders", tag = "orders", operation_id = "listOrders", params(OrderFilter),
    responses(
        (status = 200, description = "The orders", body = OrderList),
        (status = 503, description = "Too many other long answers are being sent")))]
pub(super) async fn list(
    axum::extract::State(app): axum::extract::State<App>,
    PathSandbox(sandbox): PathSandbox,
    Query(filter): Query<OrderFilter>,
) -> Result<Response, Problem> {
    let limit = filter.limit.unwrap_or(PAGE);
    if !(1..=OrderFilter::MAX_LIMIT).contains(&limit) {
        return Err(Problem::unreadable(
            "limit",
            format!("a page has 1 to {} orders", OrderFilter::MAX_LIMIT),
        ));
    }
    if let Some(after) = filter.after {
        OrderNumber::check_greatest(after).map_err(|why| Problem::unreadable("after", why))?;
    }
    let (book, accounts, now) = {
        let state = sandbox.state();
        let world = &state.world;
        (world.book.clone(), world.accounts.clone(), state.clock.now(real_now()))
    };
    if filter.is_of_window() {
        let page = move || masked_list(window_of(&book, &filter, limit, now), &accounts);
        return answer(&app, Length::Unknown, page).await;
    }
    // Without a filter a page is made quickly; with one, every order may have to be looked at.
    let is_unfiltered = filter.login_name.is_none() && filter.product.is_none() && filter.state.is_none();
    let length = match is_unfiltered && limit.min(book.len()) <= MAX_MEASURED {
        true => Length::Bytes(filtered(&book, &filter, now).take(limit).map(bytes_of).sum()),
        false => Length::Unknown,
    };
    let page = move || {
        let mut found = filtered(&book, &filter, now);
        let page: Vec<_> = found.by_ref().take(limit).collect();
        let orders = described(&page, now);
        let is_last = orders.len() == page.len() && found.next().is_none();
        let next = orders.last().filter(|_| !is_last).map(|order| order.order_number);
        let total = None;
        masked_list(OrderList { orders, next, total }, &accounts)
    };
    answer(&app, length, page).await
}

/// The length of an order in an answer, at most or near enough.
fn bytes_of(order: &domain::Order) -> usize {
    /// What has a bounded length: numbers, times, names of fields.
    const BOUNDED: usize = 512;
    let domain::Order {
        email,
        organization,
        subject,
        csr,
        revocation,
        number: _,
        certificate_id: _,
        login_name: _,
        product: _,
        terms: _,
        stage: _,
        issued_after_polls: _,
        issuance_fails: _,
        mailing: _,
        collected: _,
    } = order;
    let csr = csr.as_ref().map_or(0, |csr| csr.der().len());
    let details = subject.as_deref().map(SubjectDetails::fields);
    let details = details.iter().flatten().filter_map(|(_, text)| *text);
    let texts = [email, organization].into_iter().flatten().map(|text| &**text);
    let texts = texts
        .chain(details)
        .chain(revocation.iter().map(|revocation| &*revocation.comment));
    BOUNDED + csr * 3 / 2 + most_escaped(texts.map(str::len).sum())
}

/// These orders as they are answered, or the first of them that fit a list.
fn described(orders: &[&domain::Order], now: Timestamp) -> Vec<OrderInfo> {
    up_to(MAX_LIST, orders, |order| bytes_of(order))
        .map(|order| OrderInfo::describe(order, now))
        .collect()
}

/// An order as it is answered: without a password that somebody wrote into a text of it.
fn masked(mut info: OrderInfo, accounts: &Accounts) -> OrderInfo {
    let mask = |text: &mut String| *text = accounts.masked(mem::take(text)).into_owned();
    let OrderInfo {
        email,
        organization,
        state_or_province_name,
        locality_name,
        organization_identifier,
        revocation,
        // Nobody can write a text of their own into the others.
        order_number: _,
        certificate_id: _,
        collection_code: _,
        login_name: _,
        product: _,
        state: _,
        stage: _,
        issued: _,
        expires: _,
        due: _,
        country_name: _,
        days: _,
        test: _,
        csr: _,
        product_code: _,
        signature_hash: _,
        ca_certificate_id: _,
        keep_key: _,
        issued_after_polls: _,
        issuance_fails: _,
        language_name: _,
        smime_verification_template_id: _,
        smime_request_template_id: _,
        smime_collection_template_id: _,
        collected: _,
    } = &mut info;
    if let Some(revocation) = revocation {
        mask(&mut revocation.revocation_reason);
    }
    let texts = [
        organization,
        state_or_province_name,
        locality_name,
        organization_identifier,
    ];
    texts.into_iter().flatten().for_each(mask);
    if let Some(email) = email {
        *email = accounts.masked_email(mem::take(email)).into_owned();
    }
    info
}

fn masked_list(list: OrderList, accounts: &Accounts) -> OrderList {
    let orders = list.orders.into_iter().map(|info| masked(info, accounts)).collect();
    OrderList { orders, ..list }
}

/// The orders that pass the filter, by rising number.
fn filtered<'b>(book: &'b Book, filter: &OrderFilter, now: Timestamp) -> impl Iterator<Item = &'b domain::Order> {
    book.above(filter.after.unwrap_or_default()).filter(move |order| {
        filter
            .login_name
            .as_deref()
            .is_none_or(|name| order.login_name.as_str() == name)
            && filter.product.is_none_or(|product| order.product == product)
            && filter.state.is_none_or(|state| order.state_at(now) == state)
    })
}

/// What of an order it is sorted by.
#[derive(Eq, Ord, PartialEq, PartialOrd)]
enum SortKey<'o> {
    Number(i64),
    Text(&'o str),
}

impl<'o> SortKey<'o> {
    /// That of an order; none if it has nothing there.
    fn of(order: &'o domain::Order, field: OrderField, now: Timestamp) -> Option<Self> {
        let times = || order.times_at(now);
        let time = |time: Option<Timestamp>| time.map(|time| Self::Number(time.unix_millis()));
        match field {
            OrderField::Number => i64::try_from(order.number.get()).ok().map(Self::Number),
            OrderField::LoginName => Some(Self::Text(order.login_name.as_str())),
            OrderField::Product => Some(Self::Text(order.product.as_str())),
            OrderField::State => {
                let state = order.state_at(now);
                let place = State::ALL.iter().position(|listed| *listed == state);
                place.and_then(|place| i64::try_from(place).ok()).map(Self::Number)
            }
            OrderField::Issued => time(times().issued),
            OrderField::Expires => time(times().expires),
            OrderField::Due => time(times().due),
        }
    }

    /// Which of two orders comes first; one that has nothing there comes last in either direction.
    fn compare(one: &Option<Self>, other: &Option<Self>, is_falling: bool) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if is_falling => other.cmp(one),
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        }
    }
}

/// A part of the orders that are searched for, sorted, and how many there are.
fn window_of(book: &Book, filter: &OrderFilter, limit: usize, now: Timestamp) -> OrderList {
    let search = filter.search.as_deref().map(Search::new);
    let is_searched = |order: &&domain::Order| {
        let Some(search) = &search else { return true };
        let texts = [
            Some(order.login_name.as_str()),
            order.email.as_deref(),
            order.organization.as_deref(),
        ];
        search.is_in_number(order.number.get()) || texts.into_iter().flatten().any(|text| search.is_in(text))
    };
    let OrderSort { field, is_falling } = filter.sort.unwrap_or(OrderSort::DEFAULT);
    let offset = filter.offset.unwrap_or_default();
    let found = filtered(book, filter, now).filter(is_searched);
    if matches!(field, OrderField::Number) && !is_falling {
        return in_book_order(found, offset, limit, now);
    }
    let keyed = found.map(|order| (SortKey::of(order, field, now), order));
    let (window, total) = window(keyed, offset, limit, |one, other| {
        SortKey::compare(&one.0, &other.0, is_falling).then(one.1.number.cmp(&other.1.number))
    });
    let window: Vec<_> = window.into_iter().map(|(_, order)| order).collect();
    OrderList {
        orders: described(&window, now),
        next: None,
        total: Some(total),
    }
}

/// The window of orders as the book has them, by rising number: nothing is sorted.
fn in_book_order<'b>(
    mut found: impl Iterator<Item = &'b domain::Order>,
    offset: usize,
    limit: usize,
    now: Timestamp,
) -> OrderList {
    let before = found.by_ref().take(offset).count();
    let page: Vec<_> = found.by_ref().take(limit).collect();
    let total = Some(before + page.len() + found.count());
    OrderList {
        orders: described(&page, now),
        next: None,
        total,
    }
}

/// Makes an order.
#[utoipa::path(post, path = "/orders", tag = "orders", operation_id = "createOrder", request_body = NewOrder,
    responses(
        (status = 201, description = "Made", body = OrderInfo, headers(("Location" = String))),
        (status = 409, description = "The orderNumber is taken"),
        (status = 503, description = "There are as many as there may be (--max-orders), or there is no memory for it (--max-order-bytes)")))]
pub(super) async fn create(
    PathSandbox(sandbox): PathSandbox,
    JsonBody(Fields(mut object)): JsonBody<Fields>,
) -> Result<impl IntoResponse, Problem> {
    let is_numbered = object.contains_key("orderNumber");
    // It stands for the number that the book gives.
    object.entry("orderNumber").or_insert(json!(1));
    object.entry("state").or_insert(json!(State::Issued));
    let csr = take_csr(&mut object)?.flatten();
    let entry: Order = from_object(object)?;
    let reply = sandbox.change(|state| add_order(state, entry, csr, is_numbered))?;
    let location = format!("{}/orders/{}", resource_base(&sandbox), reply.order_number);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(reply)))
}

fn add_order(
    state: &mut sandbox::State,
    mut entry: Order,
    csr: Option<Csr>,
    is_numbered: bool,
) -> Result<OrderInfo, Problem> {
    let now = state.clock.now(real_now());
    if !is_numbered {
        entry.order_number = state.world.book.free_number().get();
    }
    let mut order = build_order(&entry, &state.world.accounts, now)?;
    give_csr(&mut order, csr)?;
    if is_numbered && state.world.book.get(order.number).is_some() {
        return Err(Problem::conflict("orderNumber", order_number_taken(order.number)));
    }
    check_certificate_id(&order, &state.world.book)?;
    let number = order.number;
    let book = state.world.book_mut();
    let number = match is_numbered {
        true => book.insert(order).map(|()| number)?,
        false => book.insert_new(order)?,
    };
    Ok(describe(state, number, now))
}

/// One order, in the state that it is in now.
#[utoipa::path(get, path = "/orders/{orderNumber}", tag = "orders", operation_id = "readOrder",
    params(("orderNumber" = u64, Path, description = "Its number")),
    responses((status = 200, description = "The order", body = OrderInfo), (status = 404, description = "There is none")))]
pub(super) async fn read(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
) -> Result<Json<OrderInfo>, Problem> {
    let state = sandbox.state();
    let now = state.clock.now(real_now());
    let order = state
        .world
        .book
        .get(number)
        .ok_or_else(|| no_order(&sandbox.name, number))?;
    Ok(Json(masked(OrderInfo::describe(order, now), &state.world.accounts)))
}

/// Changes an order: the fields that are sent, null removes one. Any state can be set; times that it cannot have are
/// dropped, those that it must have and are not sent are made up. Without a state, it follows from the times.
#[utoipa::path(patch, path = "/orders/{orderNumber}", tag = "orders", operation_id = "changeOrder",
    params(("orderNumber" = u64, Path, description = "Its number")),
    request_body = OrderPatch,
    responses(
        (status = 200, description = "Changed", body = OrderInfo),
        (status = 404, description = "There is none"),
        (status = 503, description = "There is no memory for it (--max-order-bytes)")))]
pub(super) async fn change(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
    JsonBody(Fields(mut patch)): JsonBody<Fields>,
) -> Result<Json<OrderInfo>, Problem> {
    let csr = take_csr(&mut patch)?;
    check_fields::<Order>(&patch)?;
    sandbox
        .change(|state| change_order(state, &sandbox.name, number, csr, patch))
        .map(Json)
}

fn change_order(
    state: &mut sandbox::State,
    sandbox: &str,
    number: OrderNumber,
    csr: Option<Option<Csr>>,
    patch: Map<String, Value>,
) -> Result<OrderInfo, Problem> {
    let now = state.clock.now(real_now());
    let old = state.world.book.get(number).ok_or_else(|| no_order(sandbox, number))?;
    let wanted = wanted_state(&patch)?;
    let mut entry = OrderInfo::describe(old, now);
    entry.csr = None;
    let sends = |field| patch.contains_key(field);
    let (sends_issued, sends_expires, sends_due) = (sends("issued"), sends("expires"), sends("due"));
    match wanted {
        Some(wanted) if wanted != entry.state => drop_what_it_cannot_have(&mut entry, old, wanted, now),
        // A state that comes with times must fit them.
        Some(_) if sends_issued || sends_expires || sends_due => {}
        _ => entry.stage = stage_under(old, &entry, sends_issued),
    }
    let mut entry: Order = patched(&entry, patch)?;
    if wanted.is_none() && sends_expires && !sends_issued {
        drop_issued_after_the_end(&mut entry, now);
    }
    if entry.order_number != number.get() {
        return Err(Problem::unfit(
            "orderNumber",
            "an orderNumber cannot change; make another order",
        ));
    }
    let mut order = build_order(&entry, &state.world.accounts, now)?;
    give_csr(&mut order, csr.unwrap_or_else(|| old.csr.clone()))?;
    check_certificate_id(&order, &state.world.book)?;
    let book = state.world.book_mut();
    book.insert(order)?;
    Ok(describe(state, number, now))
}

/// Deletes an order.
#[utoipa::path(delete, path = "/orders/{orderNumber}", tag = "orders", operation_id = "deleteOrder",
    params(("orderNumber" = u64, Path, description = "Its number")),
    responses((status = 204, description = "Deleted"), (status = 404, description = "There is none")))]
pub(super) async fn delete(
    PathSandbox(sandbox): PathSandbox,
    PathOrderNumber(number): PathOrderNumber,
) -> Result<StatusCode, Problem> {
    let removed = sandbox.change(|state| {
        state.world.book.get(number)?;
        state.world.book_mut().remove(number)?;
        sandbox.certificates.forget(number);
        Some(())
    });
    removed.ok_or_else(|| no_order(&sandbox.name, number))?;
    Ok(StatusCode::NO_CONTENT)
}

/// An order that was just made or changed, as it is answered.
fn describe(state: &sandbox::State, number: OrderNumber, now: Timestamp) -> OrderInfo {
    let order = state.world.book.get(number).expect("it was just put in");
    masked(OrderInfo::describe(order, now), &state.world.accounts)
}

/// The CSR that is sent, judged: that takes its time, so it is done before the sandbox is locked.
fn take_csr(object: &mut Map<String, Value>) -> Result<Option<Option<Csr>>, Problem> {
    match object.remove("csr") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(judge_csr(&text)?))),
        Some(_) => Err(Problem::unreadable("csr", "a CSR is a string, in PEM")),
    }
}

/// The state that a patch sets, if it sets one.
fn wanted_state(patch: &Map<String, Value>) -> Result<Option<State>, Problem> {
    match patch.get("state") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_path_to_error::deserialize(value).map_err(|error| misfit(&error).below("state")),
    }
}

/// Whether no other order has its certificateID.
fn check_certificate_id(order: &domain::Order, book: &Book) -> Result<(), Problem> {
    let id = order.certificate_id();
    match book.by_certificate_id(id) {
        Some(owner) if owner.number != order.number => {
            Err(Problem::conflict("certificateID", certificate_id_taken(id)))
        }
        Some(_) | None => Ok(()),
    }
}

/// Drops the times of an order that it cannot have in its new state; the fixtures' defaults take their place.
fn drop_what_it_cannot_have(entry: &mut OrderInfo, old: &domain::Order, state: State, now: Timestamp) {
    let is_past = |time: Option<Timestamp>| time.is_some_and(|time| time <= now);
    let issued = old.validity().map(|validity| validity.issued);
    let expires = old.validity().map(|validity| validity.expires);
    entry.due = None;
    let keeps_times = match state {
        State::Pending | State::Rejected | State::OnHold | State::BeingIssued | State::Unpaid => false,
        State::Issued | State::Replaced => is_past(issued) && !is_past(expires),
        State::Expired => is_past(expires),
        State::Revoked => is_past(issued),
    };
    if !keeps_times {
        entry.issued = None;
        // What is issued now is so until the end that was foreseen.
        if !state.is_valid() || is_past(expires) {
            entry.expires = None;
        }
    }
    // Of what expires, only what was replaced before keeps it.
    let was_replaced = matches!(old.stage, domain::Stage::Replaced(_));
    if !state.may_have_revocation() || state == State::Expired && !was_replaced {
        entry.revocation = None;
    }
    if state != State::BeingIssued {
        entry.issued_after_polls = None;
    }
}

/// The stage that an order keeps under other times. To say when it was issued is to say that it was.
fn stage_under(old: &domain::Order, entry: &OrderInfo, sends_issued: bool) -> Option<StageEntry> {
    match StageEntry::of(old.stage)? {
        StageEntry::BeingIssued if sends_issued && entry.state.times() != Times::Due => Some(StageEntry::Issued),
        stage => Some(stage),
    }
}

/// Drops when an order was issued where it ends before that now; the fixtures' default takes its place.
fn drop_issued_after_the_end(entry: &mut Order, now: Timestamp) {
    let (issued, expires) = (entry.issued, entry.expires);
    if let (Some(_), Some(issued), Some(expires)) = (entry.stage, issued, expires)
        && expires.from(now) < issued.from(now)
    {
        entry.issued = None;
    }
}
