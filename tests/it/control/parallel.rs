//! Two sandboxes hammered at the same time: neither notices the other, and nothing is lost.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Control, Form, REPLACE, REVOKE, SUCCESS, Server, in_sandbox};

/// How often each of the two does what it does.
const ROUNDS: u64 = 150;

/// One of the two sandboxes, and who works in it.
struct Side {
    name: &'static str,
    client: Client,
    control: Control,
}

impl Side {
    #[track_caller]
    fn call(&mut self, path: &str, form: &Form) -> Answer {
        self.client.post(&in_sandbox(self.name, path), &form.encode())
    }

    #[track_caller]
    fn change(&mut self, method: &str, path: &str, body: &str) {
        let answer = self.control.send(method, path, body);
        assert!(
            matches!(answer.status, 200 | 201 | 204),
            "{method} {path} {body}: {answer:?}"
        );
    }

    /// How many calls its journal has, all of them its own, answered with that code.
    #[track_caller]
    fn count(&mut self, code: i32) -> u64 {
        let calls = self.control.get(&format!("/calls?code={code}"));
        let calls = calls["calls"].as_array().unwrap();
        assert!(calls.iter().all(|call| call["sandbox"] == self.name));
        calls.len() as u64
    }

    /// The numbers of its orders in that state.
    #[track_caller]
    fn orders(&mut self, state: &str) -> Vec<u64> {
        let orders = self.control.get(&format!("/orders?state={state}"));
        let orders = orders["orders"].as_array().unwrap();
        orders
            .iter()
            .map(|order| order["orderNumber"].as_u64().unwrap())
            .collect()
    }
}

/// Lets both work at the same time, and gives both back. The default sandbox has no part in it.
#[track_caller]
fn side_by_side(first: impl Fn(u64, &mut Side) + Sync, second: impl Fn(u64, &mut Side) + Sync) -> (Server, [Side; 2]) {
    let server = Server::plain(&["--log", "off"]);
    let mut sides = ["one", "two"].map(|name| Side {
        name,
        client: server.client(),
        control: Control::of_new_sandbox(&server, name),
    });
    let before = Control::of(&server).get("/snapshot");
    let start = Barrier::new(2);
    let [one, two] = &mut sides;
    thread::scope(|scope| {
        scope.spawn(|| {
            start.wait();
            (1..=ROUNDS).for_each(|round| first(round, one));
        });
        start.wait();
        (1..=ROUNDS).for_each(|round| second(round, two));
    });
    assert_eq!(Control::of(&server).get("/snapshot"), before);
    assert_eq!(Control::of(&server).get("/calls"), json!({"calls": []}));
    server.assert_well();
    (server, sides)
}

fn new_order(number: u64, product: &str) -> String {
    format!(r#"{{"orderNumber":{number},"loginName":"login_name","product":"{product}","expires":"+100d"}}"#)
}

#[test]
fn orders() {
    // The one makes and revokes orders, the other replaces orders with the same numbers.
    let (_server, [mut one, mut two]) = side_by_side(
        |round, side| {
            side.change("POST", "/orders", &new_order(round, "code-signing"));
            side.call(REVOKE, &Form::revoke().order(round)).assert_text(SUCCESS);
        },
        |round, side| {
            side.change("POST", "/orders", &new_order(round, "smime"));
            side.call(REPLACE, &Form::replace().order(round)).order_number();
        },
    );
    let first: Vec<_> = (1..=ROUNDS).collect();
    let beside = |built_in: [u64; 2]| [&first[..], &built_in].concat();
    assert_eq!(one.orders("revoked"), beside([1_100_005, 2_200_005]));
    assert_eq!(one.orders("replaced"), [1_100_004, 2_200_004]);
    assert_eq!(two.orders("replaced"), beside([1_100_004, 2_200_004]));
    assert_eq!(two.orders("revoked"), [1_100_005, 2_200_005]);
    // Each replacement made one order more, issued as the built-in five are.
    assert_eq!(two.orders("issued").len(), one.orders("issued").len() + first.len());
    assert_eq!((one.count(0), two.count(0)), (ROUNDS, ROUNDS));
}

#[test]
fn clocks() {
    let order = new_order(7, "code-signing");
    let form = Form::revoke().order(7).set("test", "Y");
    let (_server, [mut one, mut two]) = side_by_side(
        |round, side| {
            if round == 1 {
                side.change("PUT", "/clock", r#"{"frozen":true}"#);
                side.change("POST", "/orders", &order);
            }
            side.change("POST", "/clock/advance", r#"{"by":"1d"}"#);
            let expected = if round < 100 { 0 } else { -35 };
            assert_eq!(side.call(REVOKE, &form).code(), expected, "on day {round}");
        },
        |round, side| {
            if round == 1 {
                side.change("POST", "/orders", &order);
            }
            assert_eq!(side.call(REVOKE, &form).code(), 0);
        },
    );
    assert_eq!((one.count(0), one.count(-35)), (99, ROUNDS - 99));
    assert_eq!((two.count(0), two.count(-35)), (ROUNDS, 0));
    let clock = two.control.get("/clock");
    assert_eq!((&clock["now"], &clock["frozen"]), (&clock["realNow"], &json!(false)));
    assert_eq!(one.control.get("/clock")["frozen"], true);
}

#[test]
fn faults() {
    let form = Form::revoke().set("test", "Y");
    let (_server, [mut one, mut two]) = side_by_side(
        |round, side| {
            // Faults come and go, and each meets its one call.
            match round % 3 {
                0 => side.change("POST", "/faults", r#"{"times":1,"then":{"code":-14}}"#),
                1 => side.change("POST", "/faults", r#"{"times":1,"then":{"status":502}}"#),
                _ => side.change("DELETE", "/faults", ""),
            }
            let answer = side.call(REVOKE, &form);
            let expected = [(200, "-14\n"), (502, ""), (200, "0\n")][usize::try_from(round % 3).unwrap()];
            assert_eq!(answer.status, expected.0);
            assert!(answer.text().starts_with(expected.1), "{answer:?}");
        },
        |_, side| side.call(REVOKE, &form).assert_text(SUCCESS),
    );
    assert_eq!((one.count(0), one.count(-14)), (ROUNDS / 3, ROUNDS / 3));
    assert_eq!((two.count(0), two.count(-14)), (ROUNDS, 0));
    // The built-in fault alone is there still.
    assert_eq!(two.control.get("/faults")["faults"].as_array().map(Vec::len), Some(1));
}

#[test]
fn accounts_and_assumptions() {
    let form = Form::revoke().set("test", "Y");
    let unknown = Form::revoke().add("colour", "red");
    let american = "-2\n'colour' is an unrecognized argument!\n";
    let british = "-2\n'colour' is an unrecognised argument!\n";
    let (_server, [mut one, mut two]) = side_by_side(
        |_, side| {
            side.change("PATCH", "/accounts/login_name", r#"{"locked":true}"#);
            assert_eq!(side.call(REVOKE, &form).code(), -16);
            side.change(
                "PATCH",
                "/accounts/login_name",
                r#"{"locked":false,"loginPassword":"login_password"}"#,
            );
            side.call(REVOKE, &form).assert_text(SUCCESS);
            side.change("PATCH", "/assumptions", r#"{"spelling":"british"}"#);
            side.call(REVOKE, &unknown).assert_text(british);
            side.change("PATCH", "/assumptions", r#"{"spelling":"american"}"#);
        },
        |_, side| {
            side.call(REVOKE, &form).assert_text(SUCCESS);
            side.call(REVOKE, &unknown).assert_text(american);
        },
    );
    assert_eq!((one.count(-16), one.count(0), one.count(-2)), (ROUNDS, ROUNDS, ROUNDS));
    assert_eq!((two.count(-16), two.count(0), two.count(-2)), (0, ROUNDS, ROUNDS));
    assert_eq!(one.control.get("/assumptions"), two.control.get("/assumptions"));
}

#[test]
fn journals() {
    let count = |side: &mut Side, order: u64| {
        let question = format!(r#"{{"orderNumber":{order},"atLeast":1}}"#);
        side.control.ask(("POST", "/calls/count", &question), 200)["count"].as_u64()
    };
    let (_server, [mut one, mut two]) = side_by_side(
        |round, side| {
            side.call(REVOKE, &Form::revoke().order(round));
            assert_eq!(count(side, round), Some(1));
            if round == ROUNDS / 2 {
                side.change("DELETE", "/calls", "");
            }
        },
        |round, side| {
            side.call(REVOKE, &Form::revoke().order(round));
            assert_eq!(count(side, round), Some(1));
        },
    );
    assert_eq!((one.count(-4), two.count(-4)), (ROUNDS - ROUNDS / 2, ROUNDS));
    let numbers = |side: &mut Side| -> Vec<Value> {
        let calls = side.control.get("/calls");
        calls["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["id"].clone())
            .collect()
    };
    // Numbers go on where a journal was emptied, without a gap.
    assert_eq!(
        numbers(&mut one),
        (ROUNDS / 2 + 1..=ROUNDS).map(Value::from).collect::<Vec<_>>()
    );
    assert_eq!(numbers(&mut two), (1..=ROUNDS).map(Value::from).collect::<Vec<_>>());
}

#[test]
fn snapshots_and_resets() {
    let (_server, [mut one, mut two]) = side_by_side(
        |round, side| {
            side.call(REVOKE, &Form::revoke()).assert_text(SUCCESS);
            if round % 2 == 0 {
                side.change("POST", "/reset", "");
            } else {
                let mut snapshot = side.control.get("/snapshot");
                let orders = snapshot["orders"].as_array_mut().unwrap();
                let order = orders
                    .iter_mut()
                    .find(|order| order["orderNumber"] == 2_200_003)
                    .unwrap();
                assert_eq!(order["state"], "revoked");
                order["state"] = json!("issued");
                order.as_object_mut().unwrap().remove("revocation");
                side.change("PUT", "/snapshot", &snapshot.to_string());
            }
        },
        |round, side| {
            // Each order is the successor of the one before: none may get lost.
            let calls = side.control.get("/calls?limit=1");
            let last = calls["calls"][0]["reply"].as_str().map_or(1_234_567, |reply| {
                reply.trim_start_matches("0\n").trim_end().parse().unwrap()
            });
            assert_eq!(round == 1, last == 1_234_567);
            side.call(REPLACE, &Form::replace().order(last)).order_number();
        },
    );
    assert_eq!(one.control.get("/orders/2200003")["state"], "issued");
    assert_eq!(
        one.control.get("/snapshot")["orders"].as_array().map(Vec::len),
        Some(22)
    );
    assert_eq!(two.orders("replaced").len() as u64, ROUNDS + 2);
    assert_eq!(two.count(0), ROUNDS);
}

#[test]
fn claims_at_the_plain_path() {
    let server = Server::plain(&["--log", "off"]);
    for (name, login) in [("one", "login_name"), ("two", "agreement_account")] {
        let body = format!(r#"{{"name":"{name}","logins":["{login}"]}}"#);
        Control::of(&server).expect(("POST", "/sandboxes", &body), 201, &[]);
    }
    thread::scope(|scope| {
        for (login, order) in [("login_name", 1_100_003), ("agreement_account", 1_100_101)] {
            let mut client = server.client();
            scope.spawn(move || {
                let mut last = order;
                for _ in 0..ROUNDS {
                    last = client.replace(&Form::replace().by(login).order(last)).order_number();
                }
            });
        }
    });
    for (name, calls) in [("one", ROUNDS), ("two", ROUNDS), ("default", 0)] {
        let question = r#"{"code":0}"#;
        let count = Control::at(server.control(), name).ask(("POST", "/calls/count", question), 200);
        assert_eq!(count["count"], calls, "{name}");
    }
}
