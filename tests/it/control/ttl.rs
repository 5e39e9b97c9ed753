//! How long a sandbox lives.

use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::harness::{Control, Form, REVOKE, Server, eventually, in_sandbox};

/// The sandbox of that name in the list, which is no use of it.
fn listed(control: &mut Control, name: &str) -> Option<Value> {
    let list = control.get("/sandboxes");
    let sandboxes = list["sandboxes"].as_array().unwrap();
    sandboxes.iter().find(|sandbox| sandbox["name"] == name).cloned()
}

/// The emulator's real time.
fn real_now(control: &mut Control) -> SystemTime {
    let clock = control.get("/clock");
    humantime::parse_rfc3339(clock["realNow"].as_str().unwrap()).unwrap()
}

fn expires_in(control: &mut Control, name: &str) -> Duration {
    let sandbox = listed(control, name).expect("it is gone");
    let span = sandbox["expiresIn"].as_str().expect("it lives for ever");
    humantime::parse_duration(span).unwrap()
}

#[test]
fn an_unused_sandbox_goes_away_and_its_claims_with_it() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let request = r#"{"name":"brief","ttl":"300ms","logins":["login_name"]}"#;
    control.expect(
        ("POST", "/sandboxes", request),
        201,
        &[r#""ttl":"300ms""#, r#""expiresIn":"#],
    );
    // A look at the list would clear it away, and a look at the sandbox would be a use of it: the time alone is asked.
    let made = real_now(&mut control);
    eventually("its time is over", || {
        real_now(&mut control) >= made + Duration::from_millis(300)
    });

    let mut client = server.client();
    let answer = client.post("/sandboxes/brief/products/!autoRevokeCS", &Form::revoke().encode());
    assert_eq!(answer.status, 404);
    for words in [
        "no sandbox `brief`",
        "unused",
        "POST /control/v1/sandboxes",
        "{\"name\": ...}",
    ] {
        assert!(answer.text().contains(words), "no {words:?} in {}", answer.text());
    }
    let words = ["unused", "POST /control/v1/sandboxes"];
    for (method, path) in [("GET", ""), ("GET", "/orders"), ("DELETE", "")] {
        let path = format!("/sandboxes/brief{path}");
        control.expect((method, &path, ""), 404, &words);
    }
    // What it claimed is the default sandbox's again.
    assert_eq!(client.post(REVOKE, &Form::revoke().encode()).code(), 0);
    assert_eq!(control.get("/orders/2200003")["state"], "revoked");
    assert!(listed(&mut control, "brief").is_none());
    // It is free to be claimed and named anew.
    control.expect(
        ("POST", "/sandboxes", r#"{"name":"brief","logins":["login_name"]}"#),
        201,
        &[],
    );
    assert_eq!(client.post(REVOKE, &Form::revoke().encode()).code(), 0);
    control.expect(("GET", "/sandboxes/brief/orders/2200003", ""), 200, &["revoked"]);
}

/// One way to use a sandbox.
type Use = fn(&Server);

#[test]
fn each_use_starts_its_time_anew() {
    let uses: [(&str, Use); 3] = [
        ("its API", |server| {
            let answer = server.client().post("/sandboxes/t1/products/!autoRevokeCS", "");
            assert_eq!(answer.code(), -3);
        }),
        ("the plain path with a login that it claims", |server| {
            assert_eq!(server.client().post(REVOKE, "loginName=claimed").code(), -3);
        }),
        ("its control API", |server| {
            Control::at(server.control(), "t1").get("/clock");
        }),
    ];
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let request = r#"{"name":"t1","ttl":"10m","logins":["claimed"]}"#;
    control.expect(("POST", "/sandboxes", request), 201, &[]);
    for (what, use_it) in uses {
        eventually("some of its time is over", || {
            expires_in(&mut control, "t1") < Duration::from_millis(599_900)
        });
        let before = expires_in(&mut control, "t1");
        // What is left falls unless it starts anew. A slow machine may need several turns to see that.
        eventually(what, || {
            use_it(&server);
            expires_in(&mut control, "t1") > before
        });
    }
    // A list, or a call of somebody else, is no use of it.
    let before = expires_in(&mut control, "t1");
    eventually("a list is no use", || {
        server.client().revoke(&Form::revoke());
        let now = expires_in(&mut control, "t1");
        assert!(now <= before);
        now < before
    });
}

#[test]
fn what_takes_its_time_keeps_it_alive() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for name in ["waited", "delayed"] {
        let body = format!(r#"{{"name":"{name}","ttl":"300ms"}}"#);
        control.expect(("POST", "/sandboxes", &body), 201, &[]);
    }
    let delay = r#"{"then":{"delay":"1s"}}"#;
    control.expect(("POST", "/sandboxes/delayed/faults", delay), 201, &[]);
    thread::scope(|scope| {
        scope.spawn(|| {
            let answer = server.client().post(&in_sandbox("delayed", REVOKE), "");
            assert_eq!(answer.code(), -3);
            assert!(listed(&mut Control::of(&server), "delayed").is_some());
        });
        let count = Control::at(server.control(), "waited").ask(("POST", "/calls/count", r#"{"within":"1s"}"#), 200);
        assert_eq!(count["reached"], false);
        assert!(listed(&mut control, "waited").is_some());
    });
    for name in ["waited", "delayed"] {
        eventually("its time is over", || listed(&mut control, name).is_none());
    }
}

#[test]
fn one_without_a_life_is_refused() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let problem = control.ask(("POST", "/sandboxes", r#"{"name":"t1","ttl":"0s"}"#), 422);
    assert_eq!(problem["field"], "ttl");
    let problem = control.ask(("POST", "/faults", r#"{"ttl":"0s","then":{"garble":true}}"#), 422);
    assert_eq!(problem["field"], "ttl");
}

#[test]
fn without_a_time_it_lives_for_ever() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    control.expect(("POST", "/sandboxes", r#"{"name":"t1"}"#), 201, &[]);
    for name in ["t1", "default"] {
        let sandbox = listed(&mut control, name).unwrap();
        assert!(sandbox["ttl"].is_null() && sandbox["expiresIn"].is_null(), "{sandbox}");
    }
    // Its own clock has no say in how long it lives.
    control.expect(("POST", "/sandboxes", r#"{"name":"t2","ttl":"10m"}"#), 201, &[]);
    control.expect(("POST", "/sandboxes/t2/clock/advance", r#"{"by":"30d"}"#), 200, &[]);
    assert!(listed(&mut control, "t2").is_some());
}
