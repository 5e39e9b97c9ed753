//! What is asked of lists: filters, pages, and counts that name what came nearest.

use std::thread;

use serde_json::{Value, json};

use crate::harness::{Control, Form, REVOKE, STATES, Server, default_fixtures, eventually, in_sandbox, run};

/// Six calls of all kinds, numbered from 1, the last an hour after the others, on a clock that stands.
fn server_with_calls() -> (Server, Control) {
    let mut fixtures = default_fixtures();
    fixtures["clock"] = json!({"now": "2030-01-01T00:00:00Z", "frozen": true});
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    let codes = [
        client.revoke(&Form::revoke()),
        client.revoke(&Form::revoke()),
        client.replace(&Form::replace().order(1_100_008)),
        client.replace(&Form::replace().by("locked_account")),
        client.revoke(&Form::revoke().without("loginName")),
    ]
    .map(|answer| answer.code());
    assert_eq!(codes, [0, -21, -122, -16, -3]);
    control.expect(("POST", "/clock/advance", r#"{"by":"1h"}"#), 200, &[]);
    assert_eq!(client.revoke(&Form::revoke().order(2_200_006)).code(), -20);
    (server, control)
}

fn ids(list: &Value) -> Vec<u64> {
    let calls = list["calls"].as_array().unwrap();
    calls.iter().map(|call| call["id"].as_u64().unwrap()).collect()
}

#[test]
fn calls_are_filtered_by_every_field() {
    let (_server, mut control) = server_with_calls();
    for (query, expected) in [
        ("", &[1, 2, 3, 4, 5, 6][..]),
        ("?endpoint=!autoRevokeCS", &[1, 2, 5, 6]),
        ("?endpoint=%21AutoReplaceSMIME", &[3, 4]),
        ("?loginName=login_name", &[1, 2, 3, 6]),
        ("?loginName=locked_account", &[4]),
        ("?loginName=LOGIN_NAME", &[]),
        ("?orderNumber=2200003", &[1, 2, 5]),
        ("?orderNumber=220000", &[]),
        ("?code=0", &[1]),
        ("?code=-122", &[3]),
        ("?since=2030-01-01T00:00:00Z", &[1, 2, 3, 4, 5, 6]),
        ("?since=2030-01-01T00:00:00.001Z", &[6]),
        ("?since=2030-01-01T02:00:00%2B01:00", &[6]),
        ("?since=-30m", &[6]),
        ("?since=2030-01-01T01:00:00.001Z", &[]),
        ("?limit=2", &[5, 6]),
        ("?limit=0", &[]),
        (
            "?endpoint=!autoRevokeCS&loginName=login_name&orderNumber=2200003&code=-21",
            &[2],
        ),
        ("?endpoint=!autoRevokeCS&code=-122", &[]),
        ("?orderNumber=2200003&limit=1", &[5]),
    ] {
        assert_eq!(ids(&control.get(&format!("/calls{query}"))), expected, "{query}");
    }
    for (query, status, field) in [
        ("?endpoint=!Nothing", 422, "endpoint"),
        ("?code=none", 400, "code"),
        ("?since=yesterday", 400, "since"),
        ("?limit=-1", 400, "limit"),
        ("?order=7", 400, "order"),
    ] {
        let problem = control.ask(("GET", &format!("/calls{query}"), ""), status);
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
}

#[test]
fn calls_are_found_by_what_counted_even_where_it_is_masked() {
    let mut fixtures = default_fixtures();
    let mut account = fixtures["accounts"][0].clone();
    account["loginName"] = json!("my-password-2200");
    account["loginPassword"] = json!("2200");
    account.as_object_mut().unwrap().remove("accountID");
    fixtures["accounts"].as_array_mut().unwrap().push(account);
    fixtures["assumptions"] = json!({"duplicate-argument": "last"});
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let mut control = Control::of(&server);
    let form = Form::revoke()
        .add("loginName", "my-password-2200")
        .add("orderNumber", "2200001");
    let form = form.set("loginPassword", "2200");
    assert_ne!(server.client().revoke(&form).code(), -16);
    for (query, expected) in [
        ("?loginName=my-password-2200", &[1][..]),
        ("?orderNumber=2200001", &[1]),
        ("?loginName=login_name", &[]),
        ("?orderNumber=2200003", &[]),
    ] {
        assert_eq!(ids(&control.get(&format!("/calls{query}"))), expected, "{query}");
    }
    let calls = control.get("/calls");
    let call = &calls["calls"][0];
    assert_eq!(
        (&call["loginName"], &call["orderNumber"]),
        (&json!("my-password-2200"), &json!(2_200_001))
    );
    let values: Vec<_> = call["arguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["value"])
        .collect();
    assert!(
        values.contains(&&json!("my-password-2200")) && !values.contains(&&json!("2200001")),
        "{call}"
    );
    assert!(!values.contains(&&json!("2200")), "{call}");
}

/// A loginName that no account has may be a password; those who know it find its calls all the same.
#[test]
fn a_login_name_that_no_account_has_is_masked_and_found() {
    let mut fixtures = default_fixtures();
    fixtures["accounts"][1]["loginPassword"] = json!("424242424242");
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    client.revoke(&Form::revoke().by("nobody"));
    client.revoke(&Form::revoke().set("orderNumber", "424242424242"));
    for (query, expected) in [
        ("?loginName=nobody", &[1][..]),
        ("?loginName=***", &[]),
        ("?loginName=login_name", &[2]),
        ("?orderNumber=424242424242", &[]),
    ] {
        assert_eq!(ids(&control.get(&format!("/calls{query}"))), expected, "{query}");
    }
    let calls = control.get("/calls").to_string();
    assert!(!calls.contains("nobody") && !calls.contains("4242424242"), "{calls}");
    let call = &control.get("/calls?loginName=nobody")["calls"][0];
    assert!(call.get("loginName").is_none(), "{call}");
    let arguments = call["arguments"].as_array().unwrap();
    assert!(
        arguments.contains(&json!({"name": "loginName", "value": "***"})),
        "{call}"
    );

    let body = r#"{"loginName":"nobody","code":0}"#;
    let counted = control.ask(("POST", "/calls/count", body), 200);
    let nearest = &counted["nearest"][0];
    assert_eq!(nearest["call"]["id"], 1, "{counted}");
    let differences = nearest["differs"].as_array().unwrap();
    assert!(
        differences.iter().all(|difference| difference["field"] != "loginName"),
        "{counted}"
    );
    server.wait_for_log(&["code=-16"]);
    assert!(
        !server.log().contains("nobody") && !server.log().contains("4242424242"),
        "{}",
        server.log()
    );
}

fn numbers(list: &Value) -> Vec<u64> {
    let orders = list["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["orderNumber"].as_u64().unwrap())
        .collect()
}

#[test]
fn orders_are_filtered_by_every_field() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for (place, state) in (1..).zip(STATES) {
        let orders = control.get(&format!("/orders?state={state}"));
        let beside: &[u64] = if state == "issued" {
            &[1_100_101, 1_234_567, 2_200_009, 2_200_101]
        } else {
            &[]
        };
        let code_signing = if state == "unpaid" {
            2_200_010
        } else {
            2_200_000 + place
        };
        let mut expected = [&[1_100_000 + place, code_signing], beside].concat();
        expected.sort_unstable();
        assert_eq!(numbers(&orders), expected, "{state}");
    }
    for (query, expected) in [
        ("?loginName=reseller_account", &[2_200_101][..]),
        ("?loginName=nobody", &[]),
        ("?product=smime&state=issued", &[1_100_003, 1_100_101, 1_234_567]),
        (
            "?product=code-signing&state=issued&loginName=login_name",
            &[2_200_003, 2_200_009],
        ),
        ("?after=2200008", &[2_200_009, 2_200_010, 2_200_101]),
        ("?after=2200101", &[]),
        ("?after=1100101&limit=2", &[1_234_567, 2_200_001]),
    ] {
        assert_eq!(numbers(&control.get(&format!("/orders{query}"))), expected, "{query}");
    }
    // An order is found in the state that it is in now.
    control.expect(("POST", "/clock/advance", r#"{"by":"1000d"}"#), 200, &[]);
    assert_eq!(numbers(&control.get("/orders?state=issued")), [0; 0]);
    for (query, field) in [
        ("?state=lost", "state"),
        ("?product=tls", "product"),
        ("?limit=0", "limit"),
        ("?limit=10001", "limit"),
        ("?after=x", "after"),
        ("?login=a", "login"),
    ] {
        let problem = control.ask(("GET", &format!("/orders{query}"), ""), 400);
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
}

#[test]
fn pages_have_every_order_once() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let whole = control.get("/orders");
    assert_eq!(numbers(&whole).len(), 22);
    assert!(whole["next"].is_null());
    for limit in [1, 7, 10, 20, 22] {
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let page = control.get(&format!("/orders?limit={limit}&after={after}"));
            let page_numbers = numbers(&page);
            assert!((1..=limit).contains(&page_numbers.len()), "{page}");
            found.extend(page_numbers);
            match page["next"].as_u64() {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!(found, numbers(&whole), "pages of {limit}");
    }
}

#[test]
fn a_count_asks_for_the_same_fields() {
    let (_server, mut control) = server_with_calls();
    for (question, count, reached) in [
        ("", 6, true),
        (r#"{"endpoint":"!autoRevokeCS"}"#, 4, true),
        (r#"{"orderNumber":2200003}"#, 3, true),
        (r#"{"orderNumber":"2200003"}"#, 3, true),
        (r#"{"loginName":"login_name","atLeast":4}"#, 4, true),
        (r#"{"loginName":"login_name","atLeast":5}"#, 4, false),
        (r#"{"code":-122,"atLeast":2,"within":"20ms"}"#, 1, false),
        (r#"{"since":"-30m"}"#, 1, true),
        (r#"{"code":7}"#, 0, false),
        (r#"{"code":7,"atLeast":0}"#, 0, true),
    ] {
        let answer = control.ask(("POST", "/calls/count", question), 200);
        assert_eq!(
            (&answer["count"], &answer["reached"]),
            (&json!(count), &json!(reached)),
            "{question}"
        );
        assert_eq!(answer["nearest"].is_null(), reached, "{question}: {answer}");
    }
    for (question, status, field) in [
        (r#"{"endpoint":"!Nothing"}"#, 422, "endpoint"),
        (r#"{"within":"61s"}"#, 422, "within"),
        (r#"{"within":"soon"}"#, 400, "within"),
        (r#"{"atLeast":-1}"#, 400, "atLeast"),
        (r#"{"orderNumber":1.5}"#, 400, "orderNumber"),
        (r#"{"limit":1}"#, 400, "limit"),
    ] {
        let problem = control.ask(("POST", "/calls/count", question), status);
        assert_eq!(problem["field"], field, "{question}: {problem}");
    }
}

/// The calls that an answer names, each with the fields in which it differs, what was wanted and what was found.
fn nearest(answer: &Value) -> Vec<(u64, Vec<[&str; 3]>)> {
    let near = answer["nearest"].as_array().unwrap();
    near.iter()
        .map(|near| {
            let differs = near["differs"].as_array().unwrap();
            let fields = differs
                .iter()
                .map(|differs| ["field", "wanted", "found"].map(|name| differs[name].as_str().unwrap_or("nothing")));
            (near["call"]["id"].as_u64().unwrap(), fields.collect())
        })
        .collect()
}

#[test]
fn a_count_names_the_nearest_calls_and_how_they_differ() {
    let (_server, mut control) = server_with_calls();
    let mut ask = |question: &str| control.ask(("POST", "/calls/count", question), 200);
    let wanted = r#"{"endpoint":"!autoRevokeCS","loginName":"login_name","orderNumber":2200003,"code":-35}"#;
    assert_eq!(
        nearest(&ask(wanted)),
        [
            (2, vec![["code", "-35", "-21"]]),
            (1, vec![["code", "-35", "0"]]),
            (6, vec![["orderNumber", "2200003", "2200006"], ["code", "-35", "-20"]]),
        ]
    );
    // An argument that was not sent was not found, and a time counts as a field.
    assert_eq!(
        nearest(&ask(
            r#"{"loginName":"login_name","code":-3,"since":"2030-01-01T00:00:00Z"}"#
        ))[0],
        (6, vec![["code", "-3", "-20"]])
    );
    assert_eq!(
        nearest(&ask(
            r#"{"orderNumber":2200003,"code":-3,"loginName":"login_name","endpoint":"!autoRevokeCS"}"#
        ))[0],
        (5, vec![["loginName", "login_name", "nothing"]])
    );
    assert_eq!(
        nearest(&ask(r#"{"code":-21,"since":"2030-01-01T00:30:00Z"}"#))[..2],
        [
            (6, vec![["code", "-21", "-20"]]),
            (2, vec![["since", "2030-01-01T00:30:00Z", "2030-01-01T00:00:00Z"]]),
        ]
    );
    // Of calls that are as wanted, but too few, none is near.
    let few = ask(r#"{"code":0,"atLeast":2}"#);
    assert!(nearest(&few).iter().all(|(id, _)| *id != 1), "{few}");
}

#[test]
fn the_journal_keeps_as_many_calls_as_it_says_however_long_they_are() {
    let server = Server::plain(&["--log", "off"]);
    let mut client = server.client();
    let form = Form::revoke().set("revocationReason", "x".repeat(30_000)).encode();
    for _ in 0..1000 {
        assert_eq!(client.post(REVOKE, &form).code(), -4);
    }
    let mut control = Control::of(&server);
    let count = control.ask(("POST", "/calls/count", ""), 200);
    assert_eq!(count, json!({"count": 1000, "reached": true}));
    client.post(REVOKE, &form);
    let count = control.ask(("POST", "/calls/count", ""), 200);
    assert_eq!(count, json!({"count": 1000, "reached": true, "forgotten": 1}));
}

#[test]
fn calls_that_are_no_longer_kept_are_told() {
    let server = Server::plain(&["--journal", "3"]);
    let mut client = server.client();
    let mut control = Control::of(&server);
    for _ in 0..5 {
        client.revoke(&Form::revoke());
    }
    let mut forgotten = |query: &str| control.get(&format!("/calls{query}"))["forgotten"].clone();
    assert_eq!(forgotten(""), 2);
    assert_eq!(forgotten("?orderNumber=1"), 2);
    assert_eq!(forgotten("?limit=4"), 2);
    // Where enough is there, nothing is missing; nor where nothing that went can have been meant.
    for query in ["?limit=3", "?endpoint=!AutoReplaceSMIME", "?since=%2B5m"] {
        assert!(forgotten(query).is_null(), "{query}");
    }
    let mut count = |question: &str| control.ask(("POST", "/calls/count", question), 200);
    assert_eq!(count(r#"{"atLeast":5}"#)["forgotten"], 2);
    assert_eq!(count(r#"{"code":0}"#)["forgotten"], 2);
    assert!(count(r#"{"endpoint":"!AutoReplaceSMIME"}"#)["forgotten"].is_null());
    control.expect(("DELETE", "/calls", ""), 204, &[]);
    assert_eq!(control.ask(("POST", "/calls/count", ""), 200)["forgotten"], json!(null));

    let server = Server::plain(&["--journal", "0"]);
    server.client().revoke(&Form::revoke());
    let count = Control::of(&server).ask(("POST", "/calls/count", ""), 200);
    assert_eq!(count, json!({"count": 0, "reached": false, "forgotten": 1}));
}

#[test]
fn the_bytes_of_all_journals_are_bounded() {
    let server = Server::plain(&["--journal-bytes", "200000"]);
    let mut control = Control::of_new_sandbox(&server, "t1");
    let mut client = server.client();
    let form = Form::revoke().set("revocationReason", "x".repeat(30_000)).encode();
    for path in [REVOKE.to_owned(), in_sandbox("t1", REVOKE)] {
        for _ in 0..5 {
            client.post(&path, &form);
        }
    }
    let whole = Control::of(&server).ask(("POST", "/calls/count", ""), 200);
    assert_eq!(whole, json!({"count": 5, "reached": true}));
    let part = control.ask(("POST", "/calls/count", ""), 200);
    assert_eq!(part, json!({"count": 1, "reached": true, "forgotten": 4}));
    Control::of(&server).expect(("DELETE", "/calls", ""), 204, &[]);
    for _ in 0..4 {
        client.post(&in_sandbox("t1", REVOKE), &form);
    }
    assert_eq!(control.get("/calls")["calls"].as_array().unwrap().len(), 5);
}

#[test]
fn a_count_answers_as_soon_as_there_are_enough() {
    let server = Server::plain(&[]);
    let address = server.control();
    let waiting: Vec<_> = [1_u64, 2, 3]
        .map(|at_least| {
            thread::spawn(move || {
                let question = format!(r#"{{"endpoint":"!autoRevokeCS","atLeast":{at_least},"within":"60s"}}"#);
                Control::at(address, "default").ask(("POST", "/calls/count", &question), 200)
            })
        })
        .into();
    let mut client = server.client();
    for enough in 1..=3 {
        client.revoke(&Form::revoke());
        // Calls of another endpoint do not count.
        client.replace(&Form::replace().order(1));
        eventually("whoever waited for so many is answered", || {
            waiting[enough - 1].is_finished()
        });
        assert!(
            waiting[enough..].iter().all(|thread| !thread.is_finished()),
            "too early after {enough}"
        );
    }
    for thread in waiting {
        assert_eq!(thread.join().unwrap()["reached"], true);
    }
}

fn order_numbers(list: &Value) -> Vec<u64> {
    let orders = list["orders"].as_array().unwrap();
    orders
        .iter()
        .map(|order| order["orderNumber"].as_u64().unwrap())
        .collect()
}

/// Four orders and nothing else, on a clock that stands.
fn server_with_four_orders() -> (Server, Control) {
    let fixtures = json!({
        "clock": {"now": "2030-01-01T00:00:00Z", "frozen": true},
        "accounts": [{"loginName": "alice", "loginPassword": "x", "accountID": 4711}, {"loginName": "Bob", "loginPassword": "y"}],
        "orders": [
            {"orderNumber": 10, "loginName": "alice", "product": "smime", "state": "pending", "email": "Jane@Example.com"},
            {"orderNumber": 21, "loginName": "Bob", "product": "code-signing", "state": "issued",
             "issued": "-2d", "expires": "+5d", "organization": "Café Ltd"},
            {"orderNumber": 32, "loginName": "alice", "product": "smime", "state": "issued", "issued": "-1d", "expires": "+3d"},
            {"orderNumber": 100, "loginName": "Bob", "product": "smime", "state": "being-issued", "due": "+1d", "expires": "+9d"},
        ],
    });
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let control = Control::of(&server);
    (server, control)
}

#[test]
fn orders_are_searched_sorted_and_taken_from_any_place() {
    let (_server, mut control) = server_with_four_orders();
    for (query, expected, total) in [
        ("sort=orderNumber", &[10, 21, 32, 100][..], 4),
        ("sort=-orderNumber", &[100, 32, 21, 10], 4),
        // Those of one account by their number.
        ("sort=loginName", &[21, 100, 10, 32], 4),
        ("sort=-loginName", &[10, 32, 21, 100], 4),
        ("sort=product", &[21, 10, 32, 100], 4),
        ("sort=state", &[10, 100, 21, 32], 4),
        ("sort=-state", &[21, 32, 100, 10], 4),
        // What has not that time comes last, in either direction.
        ("sort=issued", &[21, 32, 10, 100], 4),
        ("sort=-issued", &[32, 21, 10, 100], 4),
        ("sort=expires", &[32, 21, 100, 10], 4),
        ("sort=-expires", &[100, 21, 32, 10], 4),
        ("sort=due", &[100, 10, 21, 32], 4),
        ("offset=0", &[10, 21, 32, 100], 4),
        ("offset=1&limit=2", &[21, 32], 4),
        ("offset=3&limit=2", &[100], 4),
        ("offset=4", &[], 4),
        ("offset=18446744073709551615&limit=10000", &[], 4),
        ("search=", &[10, 21, 32, 100], 4),
        ("search=1", &[10, 21, 100], 3),
        ("search=10&limit=1", &[10], 2),
        ("search=BOB", &[21, 100], 2),
        ("search=jane@", &[10], 1),
        ("search=CAF%C3%89", &[21], 1),
        ("search=nobody", &[], 0),
        ("search=alice&state=issued", &[32], 1),
        ("search=b&product=smime&sort=-expires", &[100], 1),
        ("sort=orderNumber&after=21&loginName=Bob", &[100], 1),
    ] {
        let list = control.get(&format!("/orders?{query}"));
        assert_eq!(order_numbers(&list), expected, "{query}");
        assert_eq!(list["total"], total, "{query}");
        assert!(list.get("next").is_none(), "{query}: {list}");
    }
    let page = control.get("/orders?limit=2");
    assert_eq!((page.get("total"), &page["next"]), (None, &json!(21)), "{page}");
    for (query, field) in [
        ("sort=csr", "sort"),
        ("sort=--due", "sort"),
        ("offset=-1", "offset"),
        ("search=a&limit=0", "limit"),
        ("search=a&search=b", "search"),
    ] {
        let problem = control.ask(("GET", &format!("/orders?{query}"), ""), 400);
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
}

#[test]
fn accounts_are_searched_and_taken_from_any_place() {
    let (_server, mut control) = server_with_four_orders();
    for (query, expected, total) in [
        ("?offset=0", &["Bob", "alice"][..], 2),
        ("?search=LI", &["alice"], 1),
        ("?search=471", &["alice"], 1),
        ("?search=x", &[], 0),
        ("?offset=1", &["alice"], 2),
        ("?limit=1", &["Bob"], 2),
        ("?search=b&limit=0", &[], 1),
    ] {
        let list = control.get(&format!("/accounts{query}"));
        let names: Vec<_> = list["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|account| account["loginName"].as_str().unwrap())
            .collect();
        assert_eq!(names, expected, "{query}");
        assert_eq!(list["total"], total, "{query}");
    }
    for (query, field) in [("limit=x", "limit"), ("name=a", "name")] {
        let problem = control.ask(("GET", &format!("/accounts?{query}"), ""), 400);
        assert_eq!(problem["field"], field, "{query}: {problem}");
    }
}

#[test]
fn a_list_of_calls_has_at_most_16_mib_and_says_how_it_goes_on() {
    const CALLS: u64 = 30;
    let server = Server::plain(&["--log", "off", "--journal", &CALLS.to_string()]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    let reason = "x".repeat(40 << 10);
    let long = (0..20).fold(Form::revoke(), |form, _| form.add("revocationReason", &reason));
    // Two are no longer kept.
    for _ in 0..CALLS + 2 {
        assert_eq!(client.revoke(&long).code(), -4);
    }
    let mut path = "/calls".to_owned();
    let mut found = Vec::new();
    loop {
        let answer = control.send("GET", &path, "");
        assert!(
            (1 << 20..16 << 20).contains(&answer.text().len()),
            "{path}: {}",
            answer.text().len()
        );
        let list: Value = serde_json::from_slice(answer.bytes()).unwrap();
        let page = ids(&list);
        found.splice(0..0, page.iter().copied());
        let Some(next) = list["next"].as_u64() else {
            assert_eq!(list["forgotten"], 2, "{path}");
            break;
        };
        assert_eq!((next, &list["forgotten"]), (page[0], &Value::Null), "{path}");
        path = format!("/calls?before={next}");
    }
    assert_ne!(path, "/calls");
    assert_eq!(found, (3..=CALLS + 2).collect::<Vec<_>>());
    // A limit goes on in the same way.
    let list = control.get("/calls?limit=2&before=9");
    assert_eq!((ids(&list), &list["next"]), (vec![7, 8], &json!(7)));
    let list = control.get("/calls?limit=2&before=4");
    assert_eq!(
        (ids(&list), &list["next"], &list["forgotten"]),
        (vec![3], &Value::Null, &json!(2))
    );
    for query in ["/calls?before=x", "/calls/stream?before=7"] {
        assert_eq!(control.ask(("GET", query, ""), 400)["field"], "before", "{query}");
    }
    // Who asks ctl asks for all.
    let address = server.control().to_string();
    let printed = run(&["ctl", "calls", "--json"], &[("SECTIGO_EMULATOR_CONTROL", &address)]);
    let list: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(
        (ids(&list), &list["next"], &list["forgotten"]),
        (found, &Value::Null, &json!(2))
    );
}
