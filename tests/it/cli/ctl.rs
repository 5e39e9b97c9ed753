//! `ctl`, as it is typed against an emulator that runs.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Control, Form, Run, Server, default_fixtures, eventually, run, run_in_background, write_file};

/// Runs `ctl` with these words against a server.
#[track_caller]
fn ctl(server: &Server, line: &str) -> Run {
    let control = server.control().to_string();
    let words: Vec<_> = ["ctl", "--control", &control]
        .into_iter()
        .chain(line.split(' '))
        .collect();
    run(&words, &[])
}

/// The same; it succeeds and says nothing on stderr. What it prints.
#[track_caller]
fn printed(server: &Server, line: &str) -> String {
    let run = ctl(server, line);
    assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{line}: {run:?}");
    run.stdout
}

/// The same with `--json`.
#[track_caller]
fn json(server: &Server, line: &str) -> Value {
    let text = printed(server, &format!("{line} --json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error}: {text}"))
}

/// A table has these lines, whatever the spaces between its cells.
#[track_caller]
fn assert_rows(table: &str, rows: &[&str]) {
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .collect();
    for row in rows {
        let cells: Vec<_> = row.split_whitespace().collect();
        let has_it = lines
            .iter()
            .any(|line| line.windows(cells.len()).any(|part| part == cells));
        assert!(has_it, "no {row:?} in\n{table}");
    }
}

#[test]
fn orders() {
    let server = Server::plain(&[]);
    let list = printed(&server, "orders list");
    assert_rows(
        &list,
        &["NUMBER LOGIN PRODUCT STATE", "1234567 login_name smime issued"],
    );
    assert_eq!(list.lines().count(), 21);
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
    assert_eq!(printed(&server, "orders delete 7"), "");
    ctl(&server, "orders show 7").assert_refused(1, &["404", "order"]);
    ctl(&server, "orders set 1234567 state=lost").assert_refused(1, &["state", "lost"]);
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
    assert_eq!(json(&server, "clock unfreeze")["frozen"], false);
    assert_eq!(json(&server, "clock freeze")["frozen"], true);
    ctl(&server, "clock set tomorrow").assert_refused(1, &["now", "tomorrow"]);
    ctl(&server, "clock advance soon").assert_refused(2, &["soon"]);
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
    ctl(&server, "faults add --code 7").assert_refused(1, &["then.code", "7"]);
    ctl(&server, "faults add --login a").assert_refused(2, &["--code"]);
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
            "ID TIME ENDPOINT STATUS CODE HINT",
            "!autoRevokeCS 200 0",
            "!AutoReplaceSMIME 200 -4",
        ],
    );
    for (words, ids) in [
        ("--endpoint !autoRevokeCS", &[1][..]),
        ("--code -4", &[2]),
        ("--order 2200003", &[1]),
        ("--login login_name", &[1, 2]),
        ("--login nobody", &[]),
        ("--since 2020-01-01T00:00:00Z", &[1, 2]),
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
    assert_eq!(printed(&server, "calls --clear"), "");
    assert_eq!(printed(&server, "calls").lines().count(), 1);
}

#[test]
fn calls_are_followed_as_they_come() {
    let mut server = Server::plain(&[]);
    let control = server.control().to_string();
    let followers = [&["--code", "0"][..], &["--json", "--endpoint", "!AutoReplaceSMIME"]]
        .map(|words| run_in_background(&[&["ctl", "--control", &control, "calls", "--follow"], words].concat()));
    // Whether a follower listens is known by what it prints, so calls are made until each has printed one.
    let mut client = server.client();
    eventually("both print calls", || {
        client.revoke(&Form::revoke().set("test", "Y"));
        client.replace(&Form::replace().order(1));
        followers.iter().all(|follower| follower.stdout().ends_with('\n'))
    });
    server.stop("TERM");
    let [for_people, as_json] = followers.map(|follower| follower.wait());
    for line in for_people.stdout.lines() {
        assert!(line.contains("!autoRevokeCS  200  0  "), "{line}");
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
fn sandboxes() {
    let server = Server::plain(&[]);
    assert_rows(
        &printed(&server, "sandbox create t1 --ttl 10m --claim a --claim b"),
        &["name t1", "path /sandboxes/t1", "ttl 10m", "logins a,b"],
    );
    let name = json(&server, "sandbox create")["name"].as_str().unwrap().to_owned();
    assert_rows(
        &printed(&server, "sandbox list"),
        &["NAME PATH LOGINS", "default", "t1 /sandboxes/t1 a,b 10m", &name],
    );
    // Each command goes to the sandbox that is named.
    printed(&server, "--sandbox t1 orders set 1234567 state=on-hold");
    assert_eq!(json(&server, "orders show 1234567 --sandbox t1")["state"], "on-hold");
    assert_eq!(json(&server, "orders show 1234567")["state"], "issued");
    let control = server.control().to_string();
    let by_variable = run(
        &["ctl", "orders", "show", "1234567"],
        &[
            ("SECTIGO_EMULATOR_CONTROL", &control),
            ("SECTIGO_EMULATOR_SANDBOX", "t1"),
            ("SECTIGO_EMULATOR_JSON", "1"),
        ],
    );
    assert!(by_variable.stdout.contains(r#""state":"on-hold""#), "{by_variable:?}");
    assert_rows(&printed(&server, "reset --sandbox t1"), &["name t1"]);
    assert_eq!(json(&server, "orders show 1234567 --sandbox t1")["state"], "issued");
    ctl(&server, "sandbox create t1").assert_refused(1, &["t1", "409"]);
    assert_eq!(printed(&server, "sandbox delete t1"), "");
    for line in [
        "orders list --sandbox t1",
        "calls --sandbox t1",
        "calls --follow --sandbox t1",
        "snapshot --sandbox t1",
    ] {
        let run = ctl(&server, line);
        assert_eq!(run.code, Some(1), "{line}: {run:?}");
        assert_eq!(
            (run.stdout.as_str(), run.stderr.lines().count()),
            ("", 1),
            "{line}: {run:?}"
        );
    }
    ctl(&server, "orders list --sandbox t1").assert_refused(1, &["\"t1\"", "404", "Make one"]);
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
fn snapshots_and_resets() {
    let (server, other) = (Server::plain(&[]), Server::plain(&[]));
    printed(&server, "clock freeze");
    printed(&server, "orders set 1234567 state=on-hold");
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("snapshot.json");
    let path = path.to_str().unwrap();
    assert_eq!(printed(&server, &format!("snapshot --output {path}")), "");
    assert_eq!(fs::read_to_string(path).unwrap(), printed(&server, "snapshot"));
    assert_rows(&printed(&other, &format!("restore {path}")), &["orders 20"]);
    assert_eq!(printed(&other, "snapshot"), printed(&server, "snapshot"));
    printed(&other, &format!("sandbox create copy --fixtures {path}"));
    assert_eq!(json(&other, "orders show 1234567 --sandbox copy")["state"], "on-hold");

    assert_eq!(json(&server, "reset")["orders"], 20);
    assert_eq!(json(&server, "orders show 1234567")["state"], "issued");
    let toml = write_file(
        &dir,
        "few.toml",
        "[[accounts]]\nloginName = \"a\"\nloginPassword = \"b\"\n",
    );
    assert_eq!(
        json(&server, &format!("reset --fixtures {}", toml.display()))["accounts"],
        1
    );
    let bad = write_file(&dir, "bad.toml", "[[accounts]]\nloginName = 7\n");
    ctl(&server, &format!("reset --fixtures {}", bad.display())).assert_refused(1, &["line 2"]);
    for command in ["reset --fixtures", "restore", "sandbox create --fixtures"] {
        ctl(&server, &format!("{command} /nowhere/at/all")).assert_refused(1, &["/nowhere/at/all"]);
    }
}

#[test]
fn where_nothing_answers_it_says_so() {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = probe.local_addr().unwrap().to_string();
    drop(probe);
    let server = Server::plain(&[]);
    let api = server.http().to_string();
    for command in [
        &["orders", "list"][..],
        &["clock", "advance", "1d"],
        &["calls", "--follow"],
        &["reset"],
    ] {
        let at = |control: &str| run(&[&["ctl", "--control", control], command].concat(), &[]);
        at(&nobody).assert_refused(1, &[&nobody]);
        at(&format!("http://{nobody}")).assert_refused(1, &[&nobody]);
        // Another listener of the same emulator is no control listener.
        at(&api).assert_refused(1, &[&api]);
        at("no-such-host.invalid:8081").assert_refused(1, &["no-such-host.invalid:8081"]);
        at("off").assert_refused(2, &["--control"]);
        at("https://127.0.0.1:1").assert_refused(2, &["--control"]);
        at("localhost").assert_refused(2, &["HOST:PORT"]);
    }
}

#[test]
fn a_token_is_sent_where_one_is_demanded() {
    let server = Server::start_with(
        &["--https", "off", "--http", "off"],
        &[("SECTIGO_EMULATOR_CONTROL_TOKEN", "t0ken")],
    );
    ctl(&server, "orders list").assert_refused(1, &["401", "--control-token"]);
    ctl(&server, "calls --follow").assert_refused(1, &["401"]);
    assert_eq!(ctl(&server, "orders list --control-token wrong").code, Some(1));
    assert_rows(
        &printed(&server, "orders list --control-token t0ken"),
        &["1234567 login_name"],
    );
    let control = server.control().to_string();
    let by_variable = run(
        &["ctl", "orders", "list"],
        &[
            ("SECTIGO_EMULATOR_CONTROL", &control),
            ("SECTIGO_EMULATOR_CONTROL_TOKEN", "t0ken"),
        ],
    );
    assert_eq!(by_variable.code, Some(0), "{by_variable:?}");
}

#[test]
fn shells_are_told_how_to_complete() {
    for (shell, words) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef sectigo-emulator"),
        ("fish", "complete -c sectigo-emulator"),
    ] {
        let run = run(&["completions", shell], &[]);
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{shell}");
        assert!(run.stdout.contains(words), "{shell}: {}", run.stdout);
        for command in ["health", "orders", "advance", "--sandbox"] {
            // fish writes an option without its dashes.
            assert!(
                run.stdout.contains(command.trim_start_matches('-')),
                "{shell} has no {command}"
            );
        }
    }
    let script = run(&["completions", "bash"], &[]).stdout;
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .expect("cannot run bash");
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
    // What bash then offers behind some words.
    for (words, offered) in [
        ("he", "health help"),
        ("ctl cl", "clock"),
        ("ctl clock adv", "advance"),
        ("ctl orders create --exp", "--expires"),
        ("completions f", "fish"),
    ] {
        let ask = format!(
            "{script}\nspec=$(complete -p sectigo-emulator); spec=${{spec##*-F }}\n\
             COMP_WORDS=(sectigo-emulator {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             ${{spec%% *}} sectigo-emulator \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"\n\
             echo \"${{COMPREPLY[@]}}\""
        );
        let run = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&run.stdout).trim(), offered, "{words}: {run:?}");
    }
    run(&["completions", "cobol"], &[]).assert_refused(2, &["cobol", "bash"]);
}

#[test]
fn it_does_to_the_emulator_what_the_control_api_does() {
    let server = Server::plain(&[]);
    let mut control = Control::of(&server);
    printed(&server, "clock freeze 2030-01-01T00:00:00Z");
    for (line, path) in [
        ("orders list", "/orders"),
        ("accounts list", "/accounts"),
        ("faults list", "/faults"),
        ("calls", "/calls"),
        ("assumptions", "/assumptions"),
        ("sandbox list", "/sandboxes"),
        ("snapshot", "/snapshot"),
    ] {
        assert_eq!(json(&server, line), control.get(path), "{line}");
    }
}
