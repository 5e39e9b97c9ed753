//! The states that an order reached, what the endpoints would answer about it, and what comes next by the clock.

use serde_json::{Value, json};

use crate::harness::{Control, Form, Server, default_fixtures};

/// The page with the table of states.
const PAGE: &str = include_str!("../../../docs/endpoints.md");

/// What the table says of a state in one of its columns.
struct Cell {
    endpoints: Vec<String>,
    /// Whether it is about calls with `includeInCRL=N`.
    is_quiet: bool,
    says: String,
}

/// The rows of the table: each state with its cells.
fn table() -> Vec<(String, Vec<Cell>)> {
    let table = PAGE.split("## The states of an order\n\n").nth(1).unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = |row: &str| -> Vec<String> {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let rows: Vec<_> = rows.map(cells).collect();
    let mut columns: Vec<(Vec<String>, bool)> = Vec::new();
    for head in &rows[0][1..] {
        let names: Vec<_> = head.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        match head.starts_with("the same with") {
            true => columns.push((columns.last().unwrap().0.clone(), true)),
            false => columns.push((names, false)),
        }
    }
    let of_row = |row: &Vec<String>| {
        let mut cells: Vec<Cell> = Vec::new();
        for (said, (endpoints, is_quiet)) in row[1..].iter().zip(&columns) {
            let says = if said == "the same" {
                &cells.last().unwrap().says
            } else {
                said
            };
            cells.push(Cell {
                says: says.clone(),
                endpoints: endpoints.clone(),
                is_quiet: *is_quiet,
            });
        }
        (row[0].clone(), cells)
    };
    rows[2..].iter().map(of_row).collect()
}

/// Whether an answer is what a cell of the table says: `-26`, `1 or 2`, `0, becomes revoked`.
#[track_caller]
fn assert_is(answer: &Value, cell: &str) {
    let codes: Vec<i64> = cell
        .split([',', ' ', ';'])
        .take_while(|word| *word == "or" || word.parse::<i64>().is_ok())
        .filter_map(|word| word.parse().ok())
        .collect();
    let code = answer["code"].as_i64().unwrap();
    assert!(codes.contains(&code), "{answer} is not {cell:?}");
    let becomes = cell
        .split("becomes ")
        .nth(1)
        .map(|rest| rest.split([',', ' ']).next().unwrap());
    assert_eq!(answer["becomes"].as_str(), becomes, "{answer} is not {cell:?}");
    assert_eq!(
        answer["makes"].is_string(),
        cell.contains("a new order"),
        "{answer} is not {cell:?}"
    );
    assert_eq!(answer["message"].is_string(), code < 0, "{answer}");
    assert_eq!(answer["hint"].is_string(), code < 0, "{answer}");
}

#[test]
fn the_endpoints_answer_what_the_table_of_states_says() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let before = control.get("/snapshot");
    let mut compared = 0;
    for (state, cells) in table() {
        for product in ["smime", "code-signing"] {
            let orders = control.get(&format!("/orders?loginName=login_name&state={state}&product={product}"));
            let number = &orders["orders"][0]["orderNumber"];
            let next = control.get(&format!("/orders/{number}/next"));
            assert_eq!(next["state"], *state);
            let answers = next["endpoints"].as_array().unwrap();
            for cell in &cells {
                let of_cell = |answer: &&Value| {
                    let with = match cell.is_quiet {
                        true => json!({"name": "includeInCRL", "value": "N"}),
                        false => Value::Null,
                    };
                    cell.endpoints.iter().any(|name| answer["endpoint"] == **name) && answer["with"] == with
                };
                for answer in answers.iter().filter(of_cell) {
                    assert_is(answer, &cell.says);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(control.get("/snapshot")["orders"], before["orders"], "it was done");
    assert!(compared > 9 * 10, "only {compared} answers were compared");
}

#[test]
fn the_account_counts_as_well() {
    let mut fixtures = default_fixtures();
    fixtures["messages"] = json!([{"endpoint": "!autoRevokeCS", "code": -16, "message": "No!"}]);
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let mut control = Control::of(&server);
    let mut revoke = || {
        let next = control.get("/orders/2200003/next");
        let answers = next["endpoints"].as_array().unwrap().clone();
        let find = |answer: &&Value| answer["endpoint"] == "!autoRevokeCS";
        (answers.iter().find(find).unwrap().clone(), next)
    };
    let (answer, next) = revoke();
    assert_eq!(
        answer,
        json!({"endpoint": "!autoRevokeCS", "code": 0, "becomes": "revoked"})
    );
    let names: Vec<_> = next["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| &answer["endpoint"])
        .collect();
    assert!(
        names.contains(&&json!("!AutoReplaceCS")) && !names.contains(&&json!("!AutoReplaceSMIME")),
        "{next}"
    );
    let locked = r#"{"locked":true}"#;
    Control::of(&server).expect(("PATCH", "/accounts/login_name", locked), 200, &[]);
    let (answer, next) = revoke();
    assert_eq!((&answer["code"], &answer["message"]), (&json!(-16), &json!("No!")));
    assert!(answer["hint"].as_str().unwrap().contains("locked"), "{answer}");
    assert!(!next.to_string().contains("login_password"), "{next}");
    for number in ["7", "x"] {
        Control::of(&server).expect(("GET", &format!("/orders/{number}/next"), ""), 404, &[]);
    }
}

#[test]
fn a_replacement_says_what_becomes_of_both_orders() {
    let server = Server::plain(&["--issuance-delay", "1h"]);
    let next = Control::of(&server).get("/orders/1100003/next");
    let of_replacement: Vec<_> = next["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|answer| answer["endpoint"] == "!AutoReplaceSMIME")
        .collect();
    let revokes = json!({"name": "revokeOldOrder", "value": "Y"});
    assert_eq!(
        json!(of_replacement),
        json!([
            {"endpoint": "!AutoReplaceSMIME", "code": 0, "becomes": "replaced", "makes": "being-issued"},
            {"endpoint": "!AutoReplaceSMIME", "with": revokes, "code": 0, "becomes": "revoked", "makes": "being-issued"},
        ])
    );
    assert_eq!(server.client().replace(&Form::replace().order(1_100_003)).status, 200);
}

#[test]
fn what_comes_by_the_clock_is_listed_the_soonest_first() {
    let order = |number: u64, fields: Value| {
        let mut order = json!({"orderNumber": number, "loginName": "a", "product": "smime"});
        order
            .as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        order
    };
    let fixtures = json!({
        "clock": {"now": "2030-01-01T00:00:00Z", "frozen": true},
        "accounts": [{"loginName": "a", "loginPassword": "x"}],
        "orders": [
            order(1, json!({"state": "pending"})),
            order(2, json!({"state": "issued", "issued": "-9d", "expires": "+3d"})),
            order(3, json!({"state": "being-issued", "due": "+1d", "expires": "+2d"})),
            order(4, json!({"state": "being-issued", "due": "+1d", "expires": "+2d", "issuanceFails": "pre-sign"})),
            order(5, json!({"state": "revoked", "issued": "-9d", "expires": "+1d"})),
            order(6, json!({"state": "expired", "issued": "-9d", "expires": "-1d"})),
            order(7, json!({"state": "replaced", "issued": "-9d", "expires": "+4d"})),
            order(8, json!({"state": "being-issued"})),
        ],
    });
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let mut control = Control::of(&server);
    let mut events = |query: &str| {
        let due = control.get(&format!("/clock/due{query}"));
        let events = due["events"].as_array().unwrap();
        let event = |event: &Value| {
            assert_eq!((&event["loginName"], &event["product"]), (&json!("a"), &json!("smime")));
            let time = event["time"].as_str().unwrap();
            format!(
                "{} {} {}",
                &time[8..10],
                event["orderNumber"],
                event["event"].as_str().unwrap()
            )
        };
        (
            events.iter().map(event).collect::<Vec<_>>(),
            due["total"].as_u64().unwrap(),
        )
    };
    let all = [
        "02 3 issued",
        "02 4 failed",
        "03 3 expired",
        "04 2 expired",
        "05 7 expired",
    ]
    .map(str::to_owned);
    assert_eq!(events(""), (all.to_vec(), 5));
    assert_eq!(events("?limit=2"), (all[..2].to_vec(), 5));
    Control::of(&server).expect(("POST", "/clock/advance", r#"{"by":"1d"}"#), 200, &[]);
    assert_eq!(
        events("?limit=1000"),
        (all[2..].to_vec(), 3),
        "what is due now has come"
    );
    for limit in ["0", "1001", "x"] {
        let problem = Control::of(&server).ask(("GET", &format!("/clock/due?limit={limit}"), ""), 400);
        assert_eq!(problem["field"], "limit", "{problem}");
    }
}

/// The history of an order, an entry in a line: the day of January 2030, the state, and what brought it there.
#[track_caller]
fn history(control: &mut Control, number: u64) -> Vec<String> {
    let history = control.get(&format!("/orders/{number}/history"));
    assert!(history.get("forgotten").is_none(), "{history}");
    let entries = history["entries"].as_array().unwrap();
    let tell = |entry: &Value| {
        let day = entry["time"].as_str().map_or("?", |time| &time[8..10]);
        let mut told = format!(
            "{day} {} {}",
            entry["state"].as_str().unwrap(),
            entry["how"].as_str().unwrap()
        );
        if let Some(endpoint) = entry["endpoint"].as_str() {
            told += &format!(" {endpoint} {}", entry["call"]);
        }
        told
    };
    entries.iter().map(tell).collect()
}

#[test]
fn the_states_of_an_order_are_told_with_what_brought_them() {
    let mut fixtures = default_fixtures();
    fixtures["clock"] = json!({"now": "2030-01-10T00:00:00Z", "frozen": true});
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &["--issuance-delay", "1d"]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    assert_eq!(history(&mut control, 1_100_001), ["? pending fixtures"]);
    // A call that is refused changes nothing.
    assert_eq!(client.revoke(&Form::revoke().order(2_200_008)).code(), -43);
    assert_eq!(history(&mut control, 2_200_008), ["? on-hold fixtures"]);

    let new = client.replace(&Form::replace().order(1_100_003)).order_number();
    let old = history(&mut control, 1_100_003);
    assert!(old[0].ends_with(" issued fixtures"), "{old:?}");
    assert_eq!(old[1..], ["10 replaced call !AutoReplaceSMIME 2"]);
    assert_eq!(history(&mut control, new), ["10 being-issued call !AutoReplaceSMIME 2"]);
    control.expect(("POST", "/clock/advance", r#"{"by":"5d"}"#), 200, &[]);
    let path = format!("/orders/{new}");
    control.expect(("PATCH", &path, r#"{"state":"on-hold"}"#), 200, &[]);
    control.expect(("PATCH", &path, r#"{"email":"jane@example.com"}"#), 200, &[]);
    let expected = [
        "10 being-issued call !AutoReplaceSMIME 2",
        "11 issued clock",
        "15 on-hold control",
    ];
    assert_eq!(history(&mut control, new), expected);
    // The same after a page of the journal is no longer there.
    control.expect(("DELETE", "/calls", ""), 204, &[]);
    assert_eq!(history(&mut control, new), expected);
    control.expect(("DELETE", &path, ""), 204, &[]);
    control.expect(("GET", &format!("{path}/history"), ""), 404, &[]);
    let again = json!({"orderNumber": new, "loginName": "login_name", "product": "smime", "state": "pending"});
    control.expect(("POST", "/orders", &again.to_string()), 201, &[]);
    assert_eq!(history(&mut control, new), ["15 pending control"]);
    control.expect(("POST", "/reset", ""), 200, &[]);
    assert_eq!(history(&mut control, 1_100_003).len(), 1, "a reset forgets it");
}

#[test]
fn each_sandbox_has_its_own_history() {
    let server = Server::plain(&[]);
    let mut control = Control::of_new_sandbox(&server, "t1");
    control.expect(("PATCH", "/orders/1100001", r#"{"state":"rejected"}"#), 200, &[]);
    assert_eq!(history(&mut control, 1_100_001).len(), 2);
    assert_eq!(history(&mut Control::of(&server), 1_100_001), ["? pending fixtures"]);
    let made = json!({"endpoint": "!autoRevokeCS", "arguments": [
        {"name": "loginName", "value": "login_name"}, {"name": "loginPassword", "value": "login_password"},
        {"name": "orderNumber", "value": "2200001"}, {"name": "revocationReason", "value": "x"},
        {"name": "codeReason", "value": "0"},
    ]});
    let made = control.ask(("POST", "/calls", &made.to_string()), 200);
    let told = history(&mut control, 2_200_001);
    assert!(
        told[1].ends_with(&format!("rejected call !autoRevokeCS {}", made["call"]["id"])),
        "{told:?}"
    );
}
