//! Any sequence of operations leaves a world that its snapshot makes again.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use serde_json::json;

use crate::harness::{Control, Form, REPLACE, REVOKE, STATES, Server, in_sandbox};

/// Days around the start, on which the clock stands.
const DAYS: std::ops::Range<i64> = -800..800;

/// The orders that are operated on: of each product one in each state, and two that the operations may make.
const ORDERS: std::ops::Range<usize> = 0..18;

/// What is done to a sandbox.
#[derive(Clone, Debug)]
enum Operation {
    /// Sets the clock to that day.
    Clock(i64),
    /// Changes an order into a state.
    State(usize, &'static str),
    /// Changes a time of an order.
    Time(usize, &'static str, Option<i64>),
    /// Makes an order in a state, or finds that it is there.
    Make(usize, &'static str),
    /// Deletes an order.
    Delete(usize),
    /// Replaces an order, with its old one revoked or not.
    Replace(usize, bool),
    /// Revokes an order, into the CRL or not.
    Revoke(usize, bool),
    /// Makes a fault.
    Fault(u16),
}

fn operation() -> impl Strategy<Value = Operation> {
    let state = || prop::sample::select(&STATES[..]);
    let time = prop::sample::select(&["issued", "expires", "due"][..]);
    prop_oneof![
        DAYS.prop_map(Operation::Clock),
        (ORDERS, state()).prop_map(|(order, state)| Operation::State(order, state)),
        (ORDERS, time, prop::option::weighted(0.9, DAYS))
            .prop_map(|(order, time, day)| Operation::Time(order, time, day)),
        (16..18_usize, state()).prop_map(|(order, state)| Operation::Make(order, state)),
        ORDERS.prop_map(Operation::Delete),
        (ORDERS, any::<bool>()).prop_map(|(order, revokes)| Operation::Replace(order, revokes)),
        (ORDERS, any::<bool>()).prop_map(|(order, in_crl)| Operation::Revoke(order, in_crl)),
        (200..600_u16).prop_map(Operation::Fault),
    ]
}

fn number(order: usize) -> u64 {
    match order {
        0..8 => 1_100_001 + order as u64,
        8..16 => 2_200_001 + (order - 8) as u64,
        _ => order as u64,
    }
}

/// A time of that day; the start is that of 2031.
fn time(day: i64) -> String {
    let start = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_924_992_000);
    let days = std::time::Duration::from_secs(day.unsigned_abs() * 86_400);
    let time = if day < 0 { start - days } else { start + days };
    humantime::format_rfc3339(time).to_string()
}

/// Does it; where it is refused, nothing changes.
fn operate(server: &Server, sandbox: &str, operation: &Operation) {
    let mut control = Control::at(server.control(), sandbox);
    let order = |order: usize| format!("/orders/{}", number(order));
    let (method, path, body) = match operation {
        Operation::Clock(day) => ("PUT", "/clock".to_owned(), json!({"now": time(*day)})),
        Operation::State(number, state) => ("PATCH", order(*number), json!({"state": state})),
        Operation::Time(number, field, day) => ("PATCH", order(*number), json!({*field: day.map(time)})),
        Operation::Make(order, state) => {
            let body = json!({"orderNumber": number(*order), "loginName": "login_name", "product": "smime",
                "state": state});
            ("POST", "/orders".to_owned(), body)
        }
        Operation::Delete(number) => ("DELETE", order(*number), json!(null)),
        Operation::Fault(status) => {
            let body = json!({"loginName": "nobody", "times": 2, "then": {"status": status}});
            ("POST", "/faults".to_owned(), body)
        }
        Operation::Replace(order, revokes) => {
            let form = Form::replace()
                .order(number(*order))
                .add("revokeOldOrder", letter(*revokes));
            server.client().post(&in_sandbox(sandbox, REPLACE), &form.encode());
            return;
        }
        Operation::Revoke(order, in_crl) => {
            let form = Form::revoke()
                .order(number(*order))
                .add("includeInCRL", letter(*in_crl));
            server.client().post(&in_sandbox(sandbox, REVOKE), &form.encode());
            return;
        }
    };
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let answer = control.send(method, &path, &body);
    assert!(answer.status < 500, "{operation:?}: {answer:?}");
}

fn letter(yes: bool) -> &'static str {
    if yes { "Y" } else { "N" }
}

#[test]
fn any_operations_leave_a_world_that_its_snapshot_makes_again() {
    let server = Server::plain(&["--issuance-delay", "20d", "--log", "off"]);
    let cases = AtomicU32::new(0);
    let operations = prop::collection::vec(operation(), 1..24);
    let config = ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(operations in operations)| {
        let name = format!("case-{}", cases.fetch_add(1, Ordering::Relaxed));
        let copy_name = format!("{name}-copy");
        let mut original = Control::of_new_sandbox(&server, &name);
        let now = json!({"now": time(0), "frozen": true}).to_string();
        original.expect(("PUT", "/clock", &now), 200, &[]);
        for operation in &operations {
            operate(&server, &name, operation);
        }
        let text = original.expect(("GET", "/snapshot", ""), 200, &[]);
        let mut copy = Control::of_new_sandbox(&server, &copy_name);
        copy.expect(("PUT", "/snapshot", &text), 200, &[]);
        prop_assert_eq!(copy.expect(("GET", "/snapshot", ""), 200, &[]), text);
        for day in [-900, -30, -1, 0, 1, 30, 400, 1600] {
            let now = json!({"now": time(day)}).to_string();
            for control in [&mut original, &mut copy] {
                control.expect(("PUT", "/clock", &now), 200, &[]);
            }
            prop_assert_eq!(copy.get("/orders"), original.get("/orders"), "on day {}", day);
        }
        for name in [name, copy_name] {
            Control::of(&server).expect(("DELETE", &format!("/sandboxes/{name}"), ""), 204, &[]);
        }
    });
    server.assert_well();
}
