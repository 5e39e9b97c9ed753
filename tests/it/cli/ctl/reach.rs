//! Which emulator and which sandbox `ctl` reaches, and what it carries from one to the other.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::{assert_rows, ctl, json, printed};
use crate::harness::{Control, Server, program_path, run, write_file};

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
    for (url, code) in [("/control/v1", 0), ("/control/v1/", 0), ("/control", 2)] {
        let url = format!("http://{control}{url}");
        let run = run(
            &["ctl", "--control", &url, "clock", "show"],
            &[("SECTIGO_EMULATOR_JSON", "")],
        );
        assert_eq!(run.code, Some(code), "{url}: {run:?}");
        assert!(!run.stdout.contains('{'), "{run:?}");
    }
    let maybe = run(&["ctl", "clock", "show"], &[("SECTIGO_EMULATOR_JSON", "maybe")]);
    maybe.assert_refused(2, &["maybe", "give true or false"]);
    let reset = printed(&server, "reset --sandbox t1");
    assert_rows(&reset, &["name t1"]);
    // A field without a value has no row.
    let cells = |line: &str| line.split_whitespace().count();
    assert!(
        reset
            .lines()
            .chain(printed(&server, "reset").lines())
            .all(|line| cells(line) > 1),
        "{reset}"
    );
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
    for line in ["orders list --sandbox t1", "calls --follow --sandbox t1"] {
        ctl(&server, line).assert_refused(1, &["\"t1\"", "404", "Make one"]);
    }
}

#[test]
fn errors_name_commands_and_not_requests() {
    let server = Server::plain(&[]);
    printed(&server, "sandboxes create t1");
    let dir = TempDir::new().unwrap();
    let long = write_file(&dir, "long.json", &format!("{{\"x\": \"{}\"}}", "x".repeat(17 << 20)));
    let few = write_file(&dir, "few.toml", "[assumptions]\n");
    let (long, few) = (long.display(), few.display());
    for (line, command) in [
        ("orders list --sandbox t2", "sandboxes create NAME"),
        ("orders show 99 --sandbox t2", "sandboxes create NAME"),
        ("restore few.toml --sandbox t2", "sandboxes create NAME"),
        ("sandboxes delete t2", "sandboxes create NAME"),
        ("sandboxes delete default", "reset"),
        ("orders show 99", "orders list"),
        ("orders delete 99 --sandbox t1", "--sandbox t1 orders list"),
        ("orders create --number 1234567", "orders set NUMBER"),
        ("orders create --login nobody", "accounts create LOGIN PASSWORD"),
        ("orders certificate 1100001", "orders set NUMBER --state issued"),
        ("orders key 1100003", "orders create --keep-key"),
        ("accounts create login_name x", "accounts set LOGIN FIELD=VALUE"),
        ("accounts show nobody", "accounts list"),
        ("accounts set nobody locked=true", "accounts list"),
        ("faults remove 99", "faults list"),
        ("calls 99", "calls"),
        ("reset --fixtures long.json", "restore FILE"),
    ] {
        let line = line
            .replace("long.json", &long.to_string())
            .replace("few.toml", &few.to_string());
        let refused = ctl(&server, &line);
        refused.assert_refused(1, &[&format!("`sectigo-emulator ctl {command}`"), " (HTTP status 4"]);
        assert!(!refused.stderr.contains("control/v1"), "{refused:?}");
    }
    for (line, hint) in [
        (
            "orders create --state revoked --revoked -1d",
            "; --code-reason gives it\n",
        ),
        (
            "orders create --state revoked --code-reason 1",
            "; --revoked gives it\n",
        ),
    ] {
        ctl(&server, line).assert_refused(1, &[hint]);
    }
    // What is wrong in a file is not mended by a command.
    let orphan = write_file(
        &dir,
        "orphan.toml",
        "[[orders]]\norderNumber = 1\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n",
    );
    for command in ["reset --fixtures", "restore", "sandboxes create --fixtures"] {
        let refused = ctl(&server, &format!("{command} {}", orphan.display()));
        refused.assert_refused(1, &["no account has the loginName `a`"]);
        assert!(!refused.stderr.contains("ctl accounts"), "{refused:?}");
    }
    ctl(&server, "orders create --due +10m").assert_refused(
        1,
        &[
            "error: `due`: ",
            " (HTTP status 422 Unprocessable Entity); only one with `--state being-issued` has it\n",
        ],
    );
}

#[test]
fn one_variable_says_where_to_listen_and_where_to_ask() {
    let address = "127.0.0.1:0";
    for control in [address.to_owned(), format!("http://{address}")] {
        let environment = [("SECTIGO_EMULATOR_CONTROL", &*control)];
        let server = Server::start_with(&["--https", "off"], &environment);
        let address = server.control();
        let port = address.port();
        for asked in [
            address.to_string(),
            format!("http://{address}"),
            format!("http://{address}/"),
            format!("localhost:{port}"),
            format!("http://localhost:{port}"),
        ] {
            for line in [&["health"][..], &["ctl", "clock", "show"]] {
                let run = run(line, &[("SECTIGO_EMULATOR_CONTROL", &asked)]);
                assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{line:?} {asked}: {run:?}");
            }
        }
    }
    // Elsewhere one can ask, but not listen.
    let elsewhere = [("SECTIGO_EMULATOR_CONTROL", "http://no-such-host.invalid:8081")];
    run(&["health"], &elsewhere).assert_refused(1, &["no-such-host.invalid"]);
    run(&["serve"], &elsewhere).assert_refused(2, &["no-such-host.invalid", "--control", "IP:PORT"]);
    run(&[], &elsewhere).assert_refused(2, &["no-such-host.invalid", "--control", "IP:PORT"]);
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
    // What stood there before, for everybody to read, goes.
    fs::write(path, "x".repeat(1 << 20)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(printed(&server, &format!("snapshot --output {path}")), "");
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(path).unwrap(), printed(&server, "snapshot"));
    assert_eq!(printed(&server, "snapshot --output /dev/null"), "");
    // For people, it has a line for each value.
    let for_people = printed(&server, "snapshot");
    let as_json = printed(&server, "snapshot --json");
    assert!(
        for_people.starts_with("{\n  \"accounts\": [\n    {\n      \"loginName\": \""),
        "{for_people}"
    );
    assert_eq!(as_json.lines().count(), 1);
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(parsed(&for_people), parsed(&as_json));
    assert_eq!(printed(&server, &format!("snapshot --json --output {path}")), "");
    assert_eq!(fs::read_to_string(path).unwrap(), as_json);
    assert_rows(&printed(&other, &format!("restore {path}")), &["orders 22"]);
    assert_eq!(printed(&other, "snapshot"), printed(&server, "snapshot"));
    printed(&other, &format!("sandbox create copy --fixtures {path}"));
    assert_eq!(json(&other, "orders show 1234567 --sandbox copy")["state"], "on-hold");

    assert_eq!(json(&server, "reset")["orders"], 22);
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
    printed(&server, "reset");
    assert_eq!(json(&server, &format!("restore {}", toml.display()))["accounts"], 1);
    let bad = write_file(&dir, "bad.toml", "[[accounts]]\nloginName = 7\n");
    for command in ["reset", "sandbox create"] {
        let option = format!("--fixtures {}", bad.display());
        ctl(&server, &format!("{command} {option}")).assert_refused(1, &["line 2", &format!("`{option}`")]);
    }
    let misspelt = write_file(
        &dir,
        "misspelt.toml",
        "\n[[accounts]]\nloginName = \"a\"\nloginPasword = \"b\"\n",
    );
    ctl(&server, &format!("restore {}", misspelt.display())).assert_refused(1, &["misspelt.toml, line 4, column 1"]);
    let unfit = write_file(
        &dir,
        "unfit.toml",
        "[[accounts]]\nloginName = \"\"\nloginPassword = \"b\"\n",
    );
    ctl(&server, &format!("restore {}", unfit.display()))
        .assert_refused(1, &["unfit.toml`: ", "`accounts.0.loginName`"]);
    let yaml = write_file(&dir, "world.yaml", "accounts:\n- loginName: a\n");
    for command in ["reset --fixtures", "restore", "sandbox create --fixtures"] {
        ctl(&server, &format!("{command} {}", yaml.display())).assert_refused(1, &["looks like YAML"]);
    }
    for command in ["reset --fixtures", "restore", "sandbox create --fixtures"] {
        ctl(&server, &format!("{command} /nowhere/at/all")).assert_refused(1, &["/nowhere/at/all"]);
    }
}

#[test]
fn a_person_at_a_terminal_is_asked_before_all_is_replaced() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let server = Server::plain(&[]);
    let dir = TempDir::new().unwrap();
    let few = write_file(
        &dir,
        "few.toml",
        "[[accounts]]\nloginName = \"few\"\nloginPassword = \"b\"\n",
    );
    let restore = format!(
        "{} ctl --control {} restore {}",
        program_path().display(),
        server.control(),
        few.display()
    );
    let count = || json(&server, "accounts list")["accounts"].as_array().unwrap().len();
    let before = count();
    for (command, answer, is_restored) in [
        (restore.clone(), "n\n", false),
        (restore.clone(), "\n", false),
        (format!("{restore} --yes"), "", true),
        (restore.clone(), "y\n", true),
    ] {
        printed(&server, "reset");
        // `script` gives its command a terminal. Where it is not installed, nothing is tested; CI installs it.
        let Ok(mut script) = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        else {
            return;
        };
        script.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = script.wait_with_output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.success(), is_restored, "{shown}");
        assert_eq!(count(), if is_restored { 1 } else { before }, "{shown}");
        let asks = "Everything in the sandbox `default` but its journal is replaced";
        assert_eq!(shown.contains(asks), !command.ends_with("--yes"), "{shown}");
        assert_eq!(shown.contains("nothing was restored"), !is_restored, "{shown}");
    }
}

#[test]
fn a_snapshot_comes_from_stdin() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let server = Server::plain(&[]);
    let mut restore = Command::new(env!("CARGO_BIN_EXE_sectigo-emulator"))
        .args(["ctl", "--control", &server.control().to_string(), "restore", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = restore.stdin.take().unwrap();
    stdin
        .write_all(b"[[accounts]]\nloginName = \"piped\"\nloginPassword = \"b\"\n")
        .unwrap();
    drop(stdin);
    assert!(restore.wait().unwrap().success());
    assert_rows(&printed(&server, "accounts list"), &["piped false"]);
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
        at(&nobody).assert_refused(1, &[&nobody, "`sectigo-emulator` starts an emulator"]);
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
    ctl(&server, "orders list").assert_refused(1, &["401", "--control-token-file: give that token with one of them"]);
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
