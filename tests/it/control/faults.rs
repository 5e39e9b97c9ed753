//! Which calls a fault meets, how often, and what the API says then.

use serde_json::Value;

use crate::harness::{
    Client, Control, Form, REPLACE, REVOKE, SUCCESS, Server, default_fixtures, eventually, in_sandbox,
};

/// A call that changes nothing and succeeds.
fn revoke() -> Form {
    Form::revoke().set("test", "Y")
}

/// A replacement that is refused with -122, so that it can be repeated.
fn replace() -> Form {
    Form::replace().order(1_100_008)
}

fn add(control: &mut Control, fault: &str) {
    control.expect(("POST", "/faults", fault), 201, &[]);
}

fn clear(control: &mut Control) {
    control.expect(("DELETE", "/faults", ""), 204, &[]);
}

/// What a sandbox is given that has fixtures of its own with this fault in them.
fn fixtures_with(fault: &str) -> String {
    let mut fixtures = default_fixtures();
    fixtures["faults"] = serde_json::from_str(&format!("[{fault}]")).unwrap();
    fixtures.to_string()
}

#[test]
fn what_a_fault_holds_is_bounded() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let (long, longest) = ("x".repeat((64 << 10) + 1), "x".repeat(64 << 10));
    for (fault, field) in [
        (format!(r#"{{"then":{{"status":503,"body":"{long}"}}}}"#), "then.body"),
        (r#"{"then":{"delay":"10m 1ms"}}"#.to_owned(), "then.delay"),
        (
            format!(r#"{{"loginName":"{}","then":{{"garble":true}}}}"#, "x".repeat(65)),
            "loginName",
        ),
        (r#"{"loginName":"","then":{"garble":true}}"#.to_owned(), "loginName"),
    ] {
        let problem = control.ask(("POST", "/faults", &fault), 422);
        assert_eq!(problem["field"], field, "{problem}");
        let body = format!(r#"{{"fixtures":{}}}"#, fixtures_with(&fault));
        let problem = control.ask(("POST", "/reset", &body), 422);
        assert_eq!(problem["field"], format!("fixtures.faults.0.{field}"), "{problem}");
    }
    add(&mut control, r#"{"then":{"delay":"10m"}}"#);
    add(
        &mut control,
        &format!(r#"{{"then":{{"status":503,"body":"{longest}"}}}}"#),
    );
    let many = vec![r#"{"then":{"garble":true}}"#; 1001].join(",");
    let problem = control.ask(
        ("POST", "/reset", &format!(r#"{{"fixtures":{}}}"#, fixtures_with(&many))),
        422,
    );
    assert_eq!(problem["field"], "fixtures.faults.1000", "{problem}");
}

/// Which of the next so many calls the sandbox's dice let a fault meet.
fn rolls(server: &Server, sandbox: &str, calls: usize) -> Vec<bool> {
    let mut client = server.client();
    let path = in_sandbox(sandbox, REVOKE);
    (0..calls)
        .map(|_| client.post(&path, &revoke().encode()).status == 418)
        .collect()
}

#[test]
fn seeded_dice_say_the_same_in_each_sandbox() {
    let server = Server::plain(&["--seed", "7"]);
    let mut control = Control::of(&server);
    let fault = r#"{"probability":0.5,"then":{"status":418}}"#;
    let body = format!(r#"{{"name":"own","fixtures":{}}}"#, fixtures_with(fault));
    control.expect(("POST", "/sandboxes", &body), 201, &[]);
    // The second is made of the same world as the first.
    for name in ["one", "two"] {
        add(&mut Control::of_new_sandbox(&server, name), fault);
    }
    add(&mut control, fault);
    let expected = rolls(&server, "default", 64);
    for name in ["own", "one", "two"] {
        assert_eq!(rolls(&server, name, 64), expected, "{name}");
    }
}

#[test]
fn a_snapshot_lets_the_dice_lie_and_numbers_faults_on() {
    let server = Server::plain(&["--seed", "7"]);
    let fault = r#"{"probability":0.5,"then":{"status":418}}"#;
    add(&mut Control::of(&server), fault);
    let expected = rolls(&server, "default", 64);

    let mut control = Control::of_new_sandbox(&server, "t1");
    let ids = |control: &mut Control| -> Vec<u64> {
        let faults = control.get("/faults");
        let ids = faults["faults"].as_array().unwrap().iter();
        ids.map(|fault| fault["id"].as_u64().unwrap()).collect()
    };
    add(&mut control, fault);
    assert_eq!(ids(&mut control), [1, 2]);
    let mut rolled = rolls(&server, "t1", 32);
    let text = control.expect(("GET", "/snapshot", ""), 200, &[]);
    control.expect(("PUT", "/snapshot", &text), 200, &[]);
    assert_eq!(ids(&mut control), [3, 4]);
    rolled.extend(rolls(&server, "t1", 32));
    assert_eq!(rolled, expected);
    // What begins again has its dice as at the start, and no number twice.
    control.expect(("POST", "/reset", ""), 200, &[]);
    assert_eq!(ids(&mut control), [5]);
    add(&mut control, fault);
    assert_eq!(ids(&mut control), [5, 6]);
    assert_eq!(rolls(&server, "t1", 64), expected);
}

/// A fault, and which of the calls below it meets.
struct Matcher {
    fault: &'static str,
    meets: [bool; 4],
}

/// Endpoint, account and order differ in them.
fn calls() -> [(&'static str, Form); 4] {
    [
        (REVOKE, revoke()),
        (REVOKE, revoke().order(2_200_008)),
        (REVOKE, revoke().by("locked_account")),
        (REPLACE, replace()),
    ]
}

const MATCHERS: [Matcher; 8] = [
    Matcher {
        fault: r#"{"then":{"status":418}}"#,
        meets: [true, true, true, true],
    },
    Matcher {
        fault: r#"{"endpoint":"!autoRevokeCS","then":{"status":418}}"#,
        meets: [true, true, true, false],
    },
    Matcher {
        fault: r#"{"endpoint":"!AutoReplaceSMIME","then":{"status":418}}"#,
        meets: [false, false, false, true],
    },
    Matcher {
        fault: r#"{"loginName":"locked_account","then":{"status":418}}"#,
        meets: [false, false, true, false],
    },
    Matcher {
        fault: r#"{"loginName":"LOCKED_ACCOUNT","then":{"status":418}}"#,
        meets: [false; 4],
    },
    Matcher {
        fault: r#"{"orderNumber":2200008,"then":{"status":418}}"#,
        meets: [false, true, false, false],
    },
    Matcher {
        fault: r#"{"endpoint":"!autoRevokeCS","loginName":"login_name","orderNumber":2200003,"then":{"status":418}}"#,
        meets: [true, false, false, false],
    },
    // Only endpoints that have the code are met.
    Matcher {
        fault: r#"{"then":{"code":-14}}"#,
        meets: [true, true, true, false],
    },
];

#[test]
fn a_fault_meets_the_calls_that_it_names_and_no_others() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    let mut client = server.client();
    let mut answers = |sandbox: &str| {
        calls().map(|(path, form)| {
            let answer = client.post(&in_sandbox(sandbox, path), &form.encode());
            (answer.status, answer.text().to_owned())
        })
    };
    clear(&mut control);
    let healthy = answers("default");
    for (number, matcher) in MATCHERS.iter().enumerate() {
        add(&mut control, matcher.fault);
        let name = format!("t{number}");
        let body = format!(r#"{{"name":"{name}","fixtures":{}}}"#, fixtures_with(matcher.fault));
        control.expect(("POST", "/sandboxes", &body), 201, &[]);
        for sandbox in ["default", &name] {
            let met = answers(sandbox);
            for place in 0..4 {
                assert_eq!(
                    met[place] != healthy[place],
                    matcher.meets[place],
                    "{} in {sandbox}, call {place}: {:?}",
                    matcher.fault,
                    met[place]
                );
            }
        }
        clear(&mut control);
        assert_eq!(answers("default"), healthy, "it is over");
    }
}

#[test]
fn skip_times_and_order_are_kept() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    clear(&mut control);
    add(
        &mut control,
        r#"{"skip":2,"times":2,"orderNumber":2200003,"then":{"code":-14}}"#,
    );
    add(
        &mut control,
        r#"{"skip":1,"times":2,"then":{"code":-91,"argument":"xyz"}}"#,
    );
    let mut client = server.client();
    // The second skips one of the first two, which the first lets through, and meets the other.
    let codes = [(); 7].map(|()| client.revoke(&revoke()).code());
    assert_eq!(codes, [0, -91, -14, -14, -91, 0, 0]);
    assert_eq!(control.get("/faults"), serde_json::json!({"faults": []}));

    // The first of two is taken for as long as it is there, whatever the second says.
    add(&mut control, r#"{"then":{"code":-14}}"#);
    add(&mut control, r#"{"orderNumber":2200003,"then":{"code":-21}}"#);
    assert_eq!(client.revoke(&revoke()).code(), -14);
    let first = &control.get("/faults")["faults"][0]["id"];
    control.expect(("DELETE", &format!("/faults/{first}"), ""), 204, &[]);
    assert_eq!(client.revoke(&revoke()).code(), -21);
    assert_eq!(client.revoke(&revoke().order(2_200_008)).code(), -43);
}

#[test]
fn what_is_left_of_a_fault_is_told() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    clear(&mut control);
    add(&mut control, r#"{"skip":2,"times":3,"ttl":"1h","then":{"code":-14}}"#);
    let mut client = server.client();
    let mut left = || {
        let fault = control.get("/faults")["faults"][0].clone();
        let ttl = humantime::parse_duration(fault["ttl"].as_str().unwrap()).unwrap();
        assert!(ttl.as_secs() <= 3600 && ttl.as_secs() > 3000, "{fault}");
        (fault["skip"].as_u64(), fault["times"].as_u64())
    };
    assert_eq!(left(), (Some(2), Some(3)));
    client.revoke(&revoke());
    assert_eq!(left(), (Some(1), Some(3)));
    client.revoke(&revoke());
    client.revoke(&revoke());
    assert_eq!(left(), (None, Some(2)));
}

/// Which of many calls meet a fault that is taken one time in two.
fn dice_of(server: &Server, sandbox: &str) -> Vec<bool> {
    let mut client = server.client();
    let path = in_sandbox(sandbox, REVOKE);
    let form = revoke().encode();
    (0..100).map(|_| client.post(&path, &form).code() == -14).collect()
}

#[test]
fn dice_are_repeatable_by_their_seed() {
    let fault = r#"{"orderNumber":2200003,"probability":0.5,"then":{"code":-14}}"#;
    let rolls = |seed: &str, is_in_fixtures: bool| {
        let mut args = vec!["--log", "off"];
        if !seed.is_empty() {
            args.extend(["--seed", seed]);
        }
        let server = if is_in_fixtures {
            Server::plain_with_fixtures(&fixtures_with(fault), &args)
        } else {
            let server = Server::plain(&args);
            add(&mut Control::of(&server), fault);
            server
        };
        dice_of(&server, "default")
    };
    let first = rolls("7", false);
    let met = first.iter().filter(|met| **met).count();
    assert!((20..=80).contains(&met), "{met} of 100");
    assert_eq!(rolls("7", false), first);
    assert_eq!(rolls("7", true), first);
    assert_ne!(rolls("8", false), first);
    assert_ne!(rolls("", false), rolls("", false), "without a seed they are random");
}

#[test]
fn probability_is_none_and_all_at_its_ends() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    for (probability, met) in [("0", 0), ("0.0", 0), ("1", 100)] {
        clear(&mut control);
        add(
            &mut control,
            &format!(r#"{{"probability":{probability},"then":{{"code":-14}}}}"#),
        );
        let rolls = dice_of(&server, "default");
        assert_eq!(rolls.iter().filter(|met| **met).count(), met, "{probability}");
    }
    for probability in ["-0.1", "1.1"] {
        let fault = format!(r#"{{"probability":{probability},"then":{{"code":-14}}}}"#);
        control.expect(("POST", "/faults", &fault), 422, &[r#""field":"probability""#]);
    }
}

#[test]
fn a_code_is_answered_in_the_format_asked_for() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    add(&mut control, r#"{"then":{"code":-91,"argument":"caCertificateID"}}"#);
    let mut client = server.client();
    for (format, content_type, body) in [
        ("0", "text/plain", "-91\nPermission denied for 'caCertificateID'\n"),
        (
            "1",
            "application/x-www-form-urlencoded",
            "errorCode=-91&errorMessage=Permission+denied+for+%27caCertificateID%27",
        ),
        (
            "2",
            "application/json",
            r#"{"errorCode":-91,"errorMessage":"Permission denied for 'caCertificateID'"}"#,
        ),
    ] {
        let answer = client.replace(&replace().set("responseFormat", format));
        assert_eq!(answer.header("content-type"), Some(content_type), "{answer:?}");
        assert_eq!(answer.text().trim_end(), body.trim_end(), "format {format}");
    }
    client
        .revoke(&revoke())
        .assert_text("-91\nPermission denied for 'caCertificateID'\n");
    let call = &control.get("/calls?limit=1")["calls"][0];
    assert_eq!((&call["fault"], &call["code"]), (&Value::from(2), &Value::from(-91)));
    // A call that a code is answered to is not done.
    client.revoke(&Form::revoke());
    assert_eq!(control.get("/orders/2200003")["state"], "issued");
}

#[test]
fn a_fault_heals_by_itself() {
    let server = Server::plain_with_fixtures(&fixtures_with(r#"{"ttl":"50ms","then":{"status":500}}"#), &[]);
    let mut control = Control::of(&server);
    add(&mut control, r#"{"ttl":"50ms","then":{"status":500}}"#);
    let mut client = server.client();
    eventually("both faults heal", || client.revoke(&revoke()).status == 200);
    assert_eq!(control.get("/faults"), serde_json::json!({"faults": []}));
}

#[test]
fn without_a_fault_nothing_is_faulty() {
    let server = Server::plain(&["--log", "off"]);
    let mut control = Control::of_new_sandbox(&server, "t1");
    clear(&mut control);
    let mut client: Client = server.client();
    let form = revoke().encode();
    for _ in 0..1000 {
        client.post(&in_sandbox("t1", REVOKE), &form).assert_text(SUCCESS);
    }
    let calls = control.get("/calls");
    let calls = calls["calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1000);
    assert!(calls.iter().all(|call| call["fault"].is_null() && call["code"] == 0));
}

#[test]
fn a_fault_names_what_it_does_not_take() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    clear(&mut control);
    for (fault, status, field) in [
        (r#"{"then":{}}"#, 422, "then"),
        (r#"{"then":{"code":-14,"delay":"1s"}}"#, 422, "then"),
        (r#"{"then":{"code":-9999}}"#, 422, "then.code"),
        (
            r#"{"endpoint":"!AutoReplaceSMIME","then":{"code":-14}}"#,
            422,
            "then.code",
        ),
        (r#"{"then":{"code":-2}}"#, 422, "then.code"),
        (r#"{"then":{"status":99}}"#, 422, "then.status"),
        (r#"{"then":{"status":204,"body":"x"}}"#, 422, "then.body"),
        (r#"{"then":{"status":304,"body":"x"}}"#, 422, "then.body"),
        (r#"{"then":{"throttle":0}}"#, 422, "then.throttle"),
        (r#"{"endpoint":"!Nothing","then":{"code":-14}}"#, 422, "endpoint"),
        (r#"{"orderNumber":0,"then":{"code":-14}}"#, 422, "orderNumber"),
        (r#"{"skip":-1,"then":{"code":-14}}"#, 400, "skip"),
        (r#"{"ttl":"soon","then":{"code":-14}}"#, 400, "ttl"),
        (r#"{"then":{"disconnect":"after"}}"#, 400, "then.disconnect"),
        (r#"{"when":"now","then":{"code":-14}}"#, 400, "when"),
        ("{}", 400, "then"),
    ] {
        let problem = control.ask(("POST", "/faults", fault), status);
        assert_eq!(problem["field"], field, "{fault}: {problem}");
    }
    assert_eq!(control.get("/faults"), serde_json::json!({"faults": []}));
}

#[test]
fn a_fault_says_how_many_calls_it_met_and_when_it_is_gone() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    clear(&mut control);
    let made = control.ask(
        ("POST", "/faults", r#"{"times":3,"ttl":"1h","then":{"code":-21}}"#),
        201,
    );
    assert!(made.get("hits").is_none(), "{made}");
    assert!(
        made["until"].as_str().is_some_and(|until| until.ends_with('Z')),
        "{made}"
    );
    add(&mut control, r#"{"then":{"status":418}}"#);
    let mut client = server.client();
    for expected in 1..3 {
        assert_eq!(client.revoke(&revoke()).code(), -21);
        let faults = control.get("/faults");
        assert_eq!(faults["faults"][0]["hits"], expected, "{faults}");
        assert_eq!(faults["faults"][0]["until"], made["until"]);
        assert!(faults["faults"][1].get("until").is_none(), "{faults}");
        assert!(faults["faults"][1].get("hits").is_none(), "{faults}");
    }
    assert_eq!(control.get("/faults")["faults"][0]["times"], 1);
    client.revoke(&revoke());
    assert_eq!(client.revoke(&revoke()).status, 418);
    let faults = control.get("/faults");
    assert_eq!(
        (&faults["faults"][0]["hits"], &faults["faults"][1]),
        (&1.into(), &Value::Null)
    );
}
