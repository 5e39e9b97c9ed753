//! What a sandbox holds, shown and changed by `ctl`.

use serde_json::Value;

use super::{assert_rows, ctl, json, printed};
use crate::harness::{Client, Form, Server, default_fixtures, eventually, run, run_in_background, write_file};

#[test]
fn orders() {
    let server = Server::plain(&[]);
    let list = printed(&server, "orders list");
    assert_rows(
        &list,
        &["NUMBER LOGIN PRODUCT STATE", "1234567 login_name smime issued"],
    );
    assert_eq!(list.lines().count(), 23);
    assert_eq!(printed(&server, "orders list --state revoked").lines().count(), 3);
    assert_eq!(
        json(&server, "orders list --login reseller_account --product code-signing")["orders"][0]["orderNumber"],
        2_200_101
    );
    assert_rows(
        &printed(&server, "orders show 1234567"),
        &["orderNumber 1234567", "state issued"],
    );

    let made = json(
        &server,
        "orders create --number 7 --login login_name --product code-signing --expires +10d",
    );
    assert_eq!((&made["orderNumber"], &made["state"]), (&7.into(), &"issued".into()));
    assert_rows(
        &printed(&server, "orders create --state pending --email a@example.com"),
        &["state pending", "email a@example.com"],
    );
    assert_rows(
        &printed(&server, "orders set 7 state=expired expires=-1d"),
        &["state expired"],
    );
    assert_eq!(server.client().revoke(&Form::revoke().order(7)).code(), -35);
    assert_eq!(
        json(&server, "orders set 7 state=issued organization=Ltd")["organization"],
        "Ltd"
    );
    assert!(json(&server, "orders set 7 organization=")["organization"].is_null());
    let dir = tempfile::TempDir::new().unwrap();
    let csr = write_file(&dir, "x.csr", "no CSR");
    ctl(&server, &format!("orders set 7 csr=@{}", csr.display())).assert_refused(1, &["csr"]);
    ctl(&server, "orders set 7 csr=@/nowhere/at/all").assert_refused(1, &["/nowhere/at/all"]);
    ctl(&server, "orders set 7 csr=nope.pem")
        .assert_refused(1, &["; csr=@FILE or --csr FILE reads a file (HTTP status 422"]);
    let armoured = ctl(&server, "orders set 7 csr=-----BEGIN");
    assert!(!armoured.stderr.contains("reads a file"), "{armoured:?}");
    assert_eq!(printed(&server, "orders delete 7"), "");
    ctl(&server, "orders show 7").assert_refused(1, &["404", "order"]);
    ctl(&server, "orders set 1234567 state=lost").assert_refused(1, &["state", "unknown variant", "being-issued"]);
    ctl(&server, "orders list --state lost").assert_refused(2, &["lost", "being-issued", "on-hold"]);
    ctl(&server, "orders create --product tls").assert_refused(2, &["tls", "smime", "code-signing"]);
}

#[test]
fn certificates() {
    let server = Server::plain(&[]);
    let is_pem = |line: &str, label: &str, count: usize| {
        let text = printed(&server, line);
        assert!(
            text.starts_with(&format!("-----BEGIN {label}-----\n")),
            "{line}: {text}"
        );
        assert!(text.ends_with(&format!("-----END {label}-----\n")), "{line}: {text}");
        assert_eq!(text.matches("-----BEGIN").count(), count, "{line}: {text}");
    };
    is_pem("orders certificate 1234567", "CERTIFICATE", 1);
    is_pem("orders chain 1234567", "CERTIFICATE", 2);
    is_pem("ca", "CERTIFICATE", 3);
    let told = json(&server, "orders certificate 1234567");
    assert_eq!(
        told["pem"].as_str(),
        Some(&*printed(&server, "orders certificate 1234567"))
    );
    let as_json = printed(&server, "orders certificate 1234567 --format json");
    assert!(as_json.ends_with("}\n"), "{as_json}");
    assert_eq!(json(&server, "ca")["certificates"].as_array().unwrap().len(), 3);

    let control = server.control().to_string();
    let der = std::process::Command::new(env!("CARGO_BIN_EXE_sectigo-emulator"))
        .args([
            "ctl",
            "--control",
            &control,
            "orders",
            "certificate",
            "1234567",
            "--format",
            "der",
        ])
        .output()
        .unwrap();
    let (_, certificate) = x509_parser::parse_x509_certificate(&der.stdout).expect("it is DER");
    let serial = certificate.raw_serial_as_string().replace(':', "").to_uppercase();
    assert_eq!(told["serialNumber"], serial);
    ctl(&server, "orders key 1234567").assert_refused(1, &["404", "keepKey"]);
    ctl(&server, "orders csr 1").assert_refused(1, &["404"]);
    ctl(&server, "orders certificate 1").assert_refused(1, &["404", "order"]);
}

#[test]
fn orders_of_many_pages_are_listed_once() {
    let mut fixtures = default_fixtures();
    let orders = (1..=2500).map(|number| {
        serde_json::json!({"orderNumber": number, "loginName": "login_name", "product": "smime", "state": "issued"})
    });
    fixtures["orders"] = orders.collect();
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let table = printed(&server, "orders list");
    for number in ["1", "1000", "1001", "2500"] {
        let is_it = |line: &&str| line.split_whitespace().next() == Some(number);
        assert_eq!(table.lines().filter(is_it).count(), 1, "{number}");
    }
}

#[test]
fn accounts() {
    let server = Server::plain(&[]);
    assert_rows(
        &printed(&server, "accounts list"),
        &["LOGIN ID RESELLER LOCKED", "reseller_account 2000 login_name false"],
    );
    let made = printed(&server, "accounts create new secret123 callLimit=2/1h locked=true");
    assert_rows(&made, &["loginName new", "locked true"]);
    assert!(!made.contains("secret123"));
    assert_rows(
        &printed(&server, "accounts set new locked=false permissions=!autoRevokeCS"),
        &["locked false", "permissions !autoRevokeCS"],
    );
    let form = Form::replace().by("new").set("loginPassword", "secret123");
    assert_eq!(server.client().replace(&form).code(), -91);
    assert!(json(&server, "accounts set new permissions=")["permissions"].is_null());
    assert_eq!([(); 2].map(|()| server.client().replace(&form).code()), [-4, -42]);
    assert_eq!(json(&server, "accounts show new")["callLimit"]["calls"], 2);
    assert_rows(
        &printed(&server, "accounts create q secret123 permissions="),
        &["permissions none"],
    );
    assert_rows(&printed(&server, "accounts list"), &["q false none"]);
    assert_eq!(json(&server, "accounts show q")["permissions"], serde_json::json!([]));
    let form = Form::replace().by("q").set("loginPassword", "secret123");
    assert_eq!(server.client().replace(&form).code(), -91);
    printed(&server, "accounts delete q");
    assert_eq!(printed(&server, "accounts delete new"), "");
    ctl(&server, "accounts show new").assert_refused(1, &["404"]);
    ctl(&server, "accounts set login_name templateIDs=x").assert_refused(1, &["templateIDs", "number"]);
}

#[test]
fn clock() {
    let server = Server::plain(&[]);
    assert_rows(&printed(&server, "clock show"), &["frozen false"]);
    assert_rows(
        &printed(&server, "clock freeze 2030-01-01T00:00:00Z"),
        &["frozen true", "now 2030-01-01T00:00:00Z"],
    );
    assert_rows(&printed(&server, "clock advance 30d"), &["now 2030-01-31T00:00:00Z"]);
    assert_eq!(json(&server, "clock set -1d")["now"], "2030-01-30T00:00:00Z");
    assert_eq!(json(&server, "clock set 2031-02-03")["now"], "2031-02-03T00:00:00Z");
    ctl(&server, "clock set 2031-02-30").assert_refused(1, &["now", "2031-02-30"]);
    assert_eq!(json(&server, "clock unfreeze")["frozen"], false);
    assert_eq!(json(&server, "clock freeze")["frozen"], true);
    ctl(&server, "clock set tomorrow").assert_refused(1, &["now", "tomorrow"]);
    ctl(&server, "clock advance soon").assert_refused(2, &["soon"]);
    ctl(&server, "clock advance -1d").assert_refused(2, &["it only moves on", "`clock set -1d` moves back"]);
    printed(&server, "clock freeze 2030-01-01T00:00:00Z");
    let real = json(&server, "clock set real");
    let [now, real_now] = ["now", "realNow"].map(|field| real[field].as_str().unwrap()[..16].to_owned());
    assert!(
        real["frozen"] == false && now <= real_now && !now.starts_with("2030"),
        "{real}"
    );
}

#[test]
fn faults() {
    let server = Server::plain(&[]);
    let cases = [
        (
            "--code -14 --order 2200003 --times 2",
            r#"{"id":2,"orderNumber":2200003,"times":2,"then":{"code":-14}}"#,
        ),
        (
            "--code -91 --argument x --endpoint !autoRevokeCS",
            r#"{"id":3,"endpoint":"!autoRevokeCS","then":{"code":-91,"argument":"x"}}"#,
        ),
        (
            "--delay 300ms --login a --skip 1",
            r#"{"id":4,"loginName":"a","skip":1,"then":{"delay":"300ms"}}"#,
        ),
        (
            "--status 502 --body gateway --login a",
            r#"{"id":5,"loginName":"a","then":{"status":502,"body":"gateway"}}"#,
        ),
        (
            "--disconnect mid-body --login a",
            r#"{"id":6,"loginName":"a","then":{"disconnect":"mid-body"}}"#,
        ),
        (
            "--garble --probability 0.5 --login a",
            r#"{"id":7,"loginName":"a","probability":0.5,"then":{"garble":true}}"#,
        ),
        (
            "--throttle 9 --login a",
            r#"{"id":8,"loginName":"a","then":{"throttle":9}}"#,
        ),
    ];
    for (words, expected) in cases {
        let fault = json(&server, &format!("faults add {words}"));
        assert_eq!(fault, serde_json::from_str::<Value>(expected).unwrap(), "{words}");
    }
    assert_rows(
        &printed(&server, "faults list"),
        &["ID ENDPOINT LOGIN ORDER", "2 2200003", "disconnect=mid-body"],
    );
    assert_eq!(server.client().revoke(&Form::revoke()).code(), -14);
    assert_eq!(printed(&server, "faults remove 2"), "");
    ctl(&server, "faults remove 2").assert_refused(1, &["404"]);
    assert_eq!(printed(&server, "faults clear"), "");
    assert_eq!(json(&server, "faults list")["faults"], serde_json::json!([]));
    for (words, named) in [
        ("--code 7", "`--code 7`: no endpoint"),
        (
            "--code -14 --endpoint foo",
            "`--endpoint foo`: there is no such endpoint",
        ),
        ("--garble --endpoint foo", "`--endpoint foo`: there is no such endpoint"),
        ("--code -14 --order 0", "`--order 0`: an order number"),
        ("--status 99", "`--status 99`: an HTTP status"),
        (
            "--garble --login a --probability 2",
            "`--probability 2`: a probability is a number from 0 to 1",
        ),
        (
            "--garble --login a --probability -0.5",
            "`--probability -0.5`: a probability",
        ),
        (
            "--garble --login a --times 0",
            "`--times 0`: a fault that is met no times",
        ),
        ("--code -14 --ttl 0s", "error: `ttl`: a fault that is gone at once"),
    ] {
        ctl(&server, &format!("faults add {words}")).assert_refused(1, &[named]);
    }
    ctl(&server, "faults add --login a").assert_refused(2, &["--code"]);
    for text in ["nan", "inf", "often"] {
        ctl(&server, &format!("faults add --garble --login a --probability {text}"))
            .assert_refused(2, &["--probability", text, "from 0 to 1"]);
    }
    assert_eq!(json(&server, "faults list")["faults"], serde_json::json!([]));
}

#[test]
fn calls() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client.revoke(&Form::revoke());
    client.replace(&Form::replace().order(1));
    let table = printed(&server, "calls");
    assert_rows(
        &table,
        &[
            "ID TIME ENDPOINT LOGIN ORDER STATUS CODE HINT",
            "!autoRevokeCS login_name 2200003 200 0",
            "!AutoReplaceSMIME login_name 1 200 -4",
        ],
    );
    for (words, ids) in [
        ("--endpoint !autoRevokeCS", &[1][..]),
        ("--code -4", &[2]),
        ("--order 2200003", &[1]),
        ("--login login_name", &[1, 2]),
        ("--login nobody", &[]),
        ("--since 2020-01-01T00:00:00Z", &[1, 2]),
        ("--since -5m", &[1, 2]),
        ("--since +5m", &[]),
    ] {
        let calls = json(&server, &format!("calls {words}"));
        let found: Vec<_> = calls["calls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["id"].clone())
            .collect();
        assert_eq!(found, ids.to_vec(), "{words}");
    }
    assert_rows(
        &printed(&server, "calls 2"),
        &[
            "arguments loginName=login_name",
            "loginPassword=***",
            "code -4",
            "reply -4",
            "endpoint !AutoReplaceSMIME",
        ],
    );
    assert_eq!(json(&server, "calls 1")["id"], 1);
    ctl(&server, "calls 3").assert_refused(1, &["404", "no call of that id"]);
    ctl(&server, "calls 1 --code 0").assert_refused(2, &["--code"]);
    assert_rows(
        &printed(&server, "orders history 2200003"),
        &[
            "TIME STATE HOW ENDPOINT CALL",
            "issued fixtures",
            "revoked call !autoRevokeCS 1",
        ],
    );
    assert_eq!(printed(&server, "calls --clear"), "");
    assert_eq!(printed(&server, "calls").lines().count(), 1);
}

#[test]
fn what_comes_next() {
    let server = Server::plain(&[]);
    assert_rows(
        &printed(&server, "orders next 2200003"),
        &[
            "!autoRevokeCS 0 revoked",
            "!autoRevokeCS includeInCRL=N 0 replaced",
            "!AutoReplaceCS",
        ],
    );
    assert_eq!(json(&server, "orders next 2200003")["state"], "issued");
    assert_rows(
        &printed(&server, "clock due"),
        &["TIME EVENT ORDER LOGIN PRODUCT", "expires 1234567 login_name smime"],
    );
    let found = printed(&server, "orders list --search 22000");
    assert_eq!(found.lines().count(), 11, "{found}");
    ctl(&server, "orders next 5").assert_refused(1, &["404"]);
}

#[test]
fn a_body_that_begins_with_a_hyphen_is_no_option() {
    let server = Server::plain(&[]);
    let control = server.control().to_string();
    let words = [
        "ctl",
        "faults",
        "add",
        "--control",
        &control,
        "--status",
        "200",
        "--body",
        "-99\nNo",
    ];
    let added = run(&words, &[]);
    assert_eq!(added.code, Some(0), "{added:?}");
    assert_eq!(server.client().revoke(&Form::revoke()).text(), "-99\nNo");
    assert_rows(
        &printed(&server, "faults list"),
        &["THEN HITS", "body=-99 No status=200 1"],
    );
}

#[test]
fn orders_that_are_searched_for_are_listed_beyond_a_page() {
    let order = |number: usize| {
        format!("[[orders]]\norderNumber = {number}\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n")
    };
    let orders: String = (1..=1234).map(order).collect();
    let fixtures = format!("[[accounts]]\nloginName = \"a\"\nloginPassword = \"b\"\n{orders}");
    let server = Server::plain_with_fixtures(&fixtures, &[]);
    assert_eq!(printed(&server, "orders list --search a").lines().count(), 1235);
}

#[test]
fn orders_of_many_pages_are_one_list() {
    let entry = |number: u64| serde_json::json!({"orderNumber": number, "loginName": "a", "product": "smime", "state": "pending"});
    let orders: Vec<_> = (1..=2500).map(entry).collect();
    let fixtures = serde_json::json!({"accounts": [{"loginName": "a", "loginPassword": "b"}], "orders": orders});
    let server = Server::plain_with_fixtures(&fixtures.to_string(), &[]);
    let list = json(&server, "orders list");
    let numbers: Vec<_> = list["orders"]
        .as_array()
        .unwrap()
        .iter()
        .map(|order| &order["orderNumber"])
        .collect();
    assert_eq!(numbers.len(), 2500);
    assert_eq!(
        (numbers[0], numbers[2499]),
        (&serde_json::json!(1), &serde_json::json!(2500))
    );
    let table = printed(&server, "orders list");
    assert_eq!((table.lines().count(), table.matches("NUMBER").count()), (2501, 1));
}

#[test]
fn an_endpoint_that_is_none_is_not_followed() {
    let server = Server::plain(&[]);
    for line in ["calls --endpoint !Nothing", "calls --follow --endpoint !Nothing"] {
        ctl(&server, line).assert_refused(1, &["!Nothing", "!autoRevokeCS"]);
    }
}

#[test]
fn calls_are_followed_as_they_come() {
    let mut server = Server::plain(&[]);
    let control = server.control().to_string();
    let followers = [&["--code", "0"][..], &["--json", "--endpoint", "!autoreplacesmime"]]
        .map(|words| run_in_background(&[&["ctl", "--control", &control, "calls", "--follow"], words].concat()));
    // Whether a follower listens is known by what it prints, so calls are made until each has printed one.
    let mut client = server.client();
    eventually("both print calls", || {
        client.revoke(&Form::revoke().set("test", "Y"));
        client.replace(&Form::replace().order(1));
        let [for_people, as_json] = followers
            .each_ref()
            .map(|follower| follower.stdout().matches('\n').count());
        // The first line for people is the head.
        for_people > 1 && as_json > 0
    });
    server.stop("TERM");
    let [for_people, as_json] = followers.map(|follower| follower.wait());
    let mut lines = for_people.stdout.lines();
    let head = lines.next().unwrap();
    for line in lines {
        let cells: Vec<_> = line.split_whitespace().skip(2).take(5).collect();
        assert_eq!(cells, ["!autoRevokeCS", "login_name", "2200003", "200", "0"], "{line}");
        assert_eq!(line.find("2200003"), head.find("ORDER"), "{head}\n{line}");
    }
    for line in as_json.stdout.lines() {
        let call: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&call["endpoint"], &call["code"]),
            (&"!AutoReplaceSMIME".into(), &(-4).into())
        );
    }
}

#[test]
fn who_follows_is_told_that_the_emulator_was_killed() {
    let mut server = Server::plain(&[]);
    let control = server.control().to_string();
    let follower = run_in_background(&["ctl", "--control", &control, "calls", "--follow"]);
    eventually("it listens", || follower.stdout().contains('\n'));
    server.stop("KILL");
    let run = follower.wait();
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(
        run.stderr.contains(" ended, or the connection to it was cut: "),
        "{run:?}"
    );
}

#[test]
fn calls_are_followed_as_the_list_finds_them() {
    let mut server = Server::plain(&[]);
    let control = server.control().to_string();
    let followers = [["--login", "nobody"], ["--order", "007"]].map(|words| {
        run_in_background(
            &[
                &["ctl", "--control", &control, "calls", "--follow", "--json"],
                &words[..],
            ]
            .concat(),
        )
    });
    let mut client = server.client();
    eventually("both print calls", || {
        client.revoke(&Form::revoke().set("loginName", "nobody"));
        client.revoke(&Form::revoke().set("orderNumber", "007"));
        client.revoke(&Form::revoke().order(7));
        followers.iter().all(|follower| !follower.stdout().is_empty())
    });
    server.stop("TERM");
    let [by_nobody, of_order] = followers.map(|follower| follower.wait().stdout);
    let calls = |lines: &str| -> Vec<Value> { lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    assert!(
        calls(&by_nobody)
            .iter()
            .all(|call| call["id"].as_u64().unwrap() % 3 == 1),
        "{by_nobody}"
    );
    assert!(
        calls(&of_order)
            .iter()
            .all(|call| call["id"].as_u64().unwrap() % 3 == 2),
        "{of_order}"
    );
}

#[test]
fn an_order_is_waited_for() {
    let server = Server::plain(&["--log", "debug"]);
    printed(&server, "orders create --number 7 --state being-issued --due +500ms");
    let issued = json(&server, "orders wait 7");
    assert_eq!(
        (&issued["orderNumber"], &issued["state"]),
        (&7.into(), &"issued".into())
    );
    assert_rows(
        &printed(&server, "orders wait 7 --timeout 0s"),
        &["orderNumber 7", "state issued"],
    );

    // It waits for what others do meanwhile.
    let control = server.control().to_string();
    printed(&server, "orders create --number 6");
    let waiting = run_in_background(&[
        "ctl",
        "--control",
        &control,
        "orders",
        "wait",
        "6",
        "--state",
        "revoked",
    ]);
    server.wait_for_log(&["DEBUG", "order=6"]);
    printed(&server, "orders set 6 --state revoked");
    let run = waiting.wait();
    assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{run:?}");
    assert_rows(&run.stdout, &["state revoked"]);

    printed(&server, "clock freeze 2030-01-01T00:00:00Z");
    printed(&server, "orders create --number 8 --state being-issued --due +10m");
    ctl(&server, "orders wait 8 --timeout 200ms").assert_refused(
        1,
        &["order 8 is being-issued after 200ms, not issued; by the clock of its sandbox it is due at 2030-01-01T00:10:00Z"],
    );
    // One that stays as it is is not waited for, however much time there is.
    for (state, words) in [
        (
            "revoked",
            "order 6 is revoked and stays so: it does not become issued\n",
        ),
        ("rejected", "order 6 is rejected and stays so"),
        ("expired", "order 6 is expired and stays so"),
    ] {
        printed(&server, &format!("orders set 6 --state {state}"));
        for timeout in ["0s", "1d"] {
            ctl(&server, &format!("orders wait 6 --timeout {timeout}")).assert_refused(3, &[words]);
        }
        printed(&server, &format!("orders wait 6 --state {state} --timeout 0s"));
    }
    printed(&server, "orders set 6 --state on-hold");
    ctl(&server, "orders wait 6 --timeout 0s").assert_refused(1, &["order 6 is on-hold after 0s, not issued\n"]);
    ctl(&server, "orders wait 99").assert_refused(
        1,
        &[
            "404",
            "99; only one that exists is waited for: `sectigo-emulator ctl calls --follow` ",
        ],
    );
    ctl(&server, "orders wait 7 --state lost").assert_refused(2, &["lost", "being-issued"]);
}

#[test]
fn a_misspelt_name_is_told_with_the_one_that_was_meant() {
    let server = Server::plain(&[]);
    for (line, meant) in [
        ("orders create stat=issued", "state"),
        ("orders set 1234567 stat=issued", "state"),
        ("accounts create new secret123 locekd=true", "locked"),
        ("accounts set login_name loginPasword=secret123", "loginPassword"),
        ("accounts set login_name permissions=autoRevokCS", "!autoRevokeCS"),
        ("faults add --garble --endpoint CollectSMIM", "download/CollectSMIME"),
        ("calls --endpoint autoRevokCS", "!autoRevokeCS"),
        ("assumptions speling=british", "spelling"),
    ] {
        let refused = ctl(&server, line);
        refused.assert_refused(1, &[&format!("; a similar name exists: `{meant}`")]);
        // The place is one in a body that nobody sees.
        assert!(!refused.stderr.contains(" line "), "{refused:?}");
    }
    for line in ["orders set 1234567 colour=red", "calls --endpoint nonsense"] {
        let refused = ctl(&server, line);
        refused.assert_refused(1, &["(HTTP status 4"]);
        assert!(!refused.stderr.contains("similar"), "{refused:?}");
    }
}

#[test]
fn what_may_be_a_password_in_the_place_of_a_field_is_not_repeated() {
    let server = Server::plain(&[]);
    for line in [
        "accounts create new my secret123",
        "accounts set login_name secret123",
        "accounts set login_name loginPassword:secret123",
    ] {
        let refused = ctl(&server, line);
        refused.assert_refused(2, &["FIELD=VALUE", "in quotes"]);
        assert!(!refused.stderr.contains("secret123"), "{refused:?}");
    }
}

#[test]
fn an_order_that_is_not_there_is_told_with_its_sandbox() {
    let server = Server::plain(&[]);
    printed(&server, "sandbox create t1");
    for command in [
        "show",
        "delete",
        "csr",
        "key",
        "certificate",
        "chain",
        "history",
        "next",
    ] {
        ctl(&server, &format!("orders {command} 99"))
            .assert_refused(1, &["no order of the sandbox `default` has the number 99"]);
    }
    ctl(&server, "orders set 99 state=issued --sandbox t1")
        .assert_refused(1, &["no order of the sandbox `t1` has the number 99"]);
    // What can be no number is none of an order either.
    ctl(&server, "orders show 0").assert_refused(1, &["no order of the sandbox `default` has the number 0"]);
    let path = "/control/v1/sandboxes/t1/orders/nonsense";
    let answer = Client::connect(server.control()).get(path);
    assert_eq!(answer.status, 404);
    let text = answer.text();
    assert!(text.contains("no order of the sandbox `t1` has the number"), "{text}");
    assert!(!text.contains("nonsense"), "{text}");
}

#[test]
fn assumptions() {
    let server = Server::plain(&[]);
    assert_rows(&printed(&server, "assumptions"), &["spelling american", "charset none"]);
    let set = printed(&server, "assumptions spelling=british charset=utf-8");
    assert_rows(&set, &["spelling british", "charset utf-8"]);
    assert_eq!(json(&server, "assumptions")["assumptions"]["spelling"], "british");
    ctl(&server, "assumptions spelling=welsh").assert_refused(1, &["spelling", "welsh", "american"]);
}

#[test]
fn mails() {
    let server = Server::plain(&[]);
    let form = Form::replace().order(1_100_001).add("languageName", "de");
    server.client().replace(&form).assert_text("0\n");
    assert_rows(
        &printed(&server, "outbox"),
        &[
            "ID TIME KIND TO ORDER LANGUAGE COLLECTION CODE",
            "verification pending@example.com 1100001 de",
            "invitation pending@example.com 1100001 de",
        ],
    );
    assert_eq!(printed(&server, "outbox --kind invitation").lines().count(), 2);
    assert_eq!(
        json(&server, "outbox --order 1100001")["mails"][0]["kind"],
        "verification"
    );
    let code = json(&server, "orders show 1100001")["collectionCode"].clone();
    let code = code.as_str().unwrap();
    assert!(printed(&server, "outbox").contains(code) && printed(&server, "orders show 1100001").contains(code));
    assert_eq!(json(&server, "outbox --order 7")["mails"], Value::Array(vec![]));
    ctl(&server, "outbox --kind letter").assert_refused(2, &["letter", "verification"]);
    ctl(&server, "outbox --clear --order 7").assert_refused(2, &["--clear"]);
    assert_eq!(printed(&server, "outbox --clear"), "");
    assert_eq!(json(&server, "outbox")["mails"], Value::Array(vec![]));
}
