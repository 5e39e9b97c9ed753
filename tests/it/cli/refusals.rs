//! What cannot be served: one line on stderr, nothing on stdout, exit code 2.

use std::net::TcpListener;

use crate::harness::{Run, run};

/// Runs with ports that would be free, if it came to that.
fn start(args: &[&str]) -> Run {
    let free = [
        "--https",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        "--control",
        "127.0.0.1:0",
    ];
    let given = |option: &str| args.contains(&option);
    let mut all: Vec<&str> = Vec::new();
    for pair in free.chunks(2) {
        if !given(pair[0]) {
            all.extend(pair);
        }
    }
    all.extend(args);
    run(&all, &[])
}

#[test]
fn a_port_that_is_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for listener in ["--https", "--http", "--control"] {
        start(&[listener, &address]).assert_refused(2, &[&address, listener]);
    }
}

#[test]
fn every_port_that_is_in_use_is_named() {
    let taken: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let addresses: Vec<_> = taken
        .iter()
        .map(|taken| taken.local_addr().unwrap().to_string())
        .collect();
    let options = ["--https", "--http", "--control"];
    let named: Vec<_> = options
        .iter()
        .zip(&addresses)
        .map(|(option, address)| format!("{address} ({option})"))
        .collect();
    let args: Vec<_> = options
        .iter()
        .zip(&addresses)
        .flat_map(|(option, address)| [*option, address])
        .collect();
    start(&args).assert_refused(2, &named.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn one_port_for_two_listeners() {
    // The port is free when the first of the two takes it.
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = probe.local_addr().unwrap().to_string();
    drop(probe);
    start(&["--https", "off", "--http", &address, "--control", &address]).assert_refused(2, &[&address]);
}

#[test]
fn an_address_that_is_not_this_machines() {
    start(&["--http", "192.0.2.1:0"]).assert_refused(2, &["192.0.2.1"]);
}

#[test]
fn options_that_are_wrong() {
    for (args, word) in [
        (&["--nonsense"][..], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["--https"], "--https"),
        (&["--https", "nowhere"], "nowhere"),
        (&["--http", "127.0.0.1"], "127.0.0.1"),
        (&["--http", "127.0.0.1:99999"], "99999"),
        (&["--control", ""], "--control"),
        (&["--plain-http", "maybe"], "accept"),
        (&["--issuance-delay", "soon"], "10m"),
        (&["--issuance-delay", "-1s"], "-1"),
        (&["--seed", "x"], "--seed"),
        (&["--max-orders", "-1"], "-1"),
        (&["--max-order-bytes", "1g"], "1g"),
        (&["--read-timeout", "0s"], "--read-timeout"),
        (&["--log-format", "xml"], "json"),
        (&["--tls-cert", "a.pem"], "--tls-key"),
        (&["--tls-key", "a.pem"], "--tls-cert"),
        (
            &["--tls-cert", "a.pem", "--tls-key", "b.pem", "--tls-dir", "c"],
            "--tls-dir",
        ),
        (
            &["--tls-cert", "no-such.pem", "--tls-key", "no-such.key"],
            "no-such.pem",
        ),
        (&["--tls-name", "not a name"], "not a name"),
    ] {
        start(args).assert_refused(2, &[word]);
    }
}

#[test]
fn two_listeners_at_one_address() {
    const ADDRESS: &str = "127.0.0.1:18443";
    const OFF: &str = "off";
    for (https, http, control, named) in [
        (
            ADDRESS,
            ADDRESS,
            OFF,
            "--https and --http name one address, 127.0.0.1:18443",
        ),
        (
            ADDRESS,
            OFF,
            "localhost:18443",
            "--https and --control name one address",
        ),
        (OFF, ADDRESS, ADDRESS, "--http and --control name one address"),
    ] {
        start(&["--https", https, "--http", http, "--control", control]).assert_refused(2, &[named]);
    }
}

/// The values of options that take a number, as `--help` names them.
const NUMBERS: [&str; 2] = ["N", "BYTES"];

#[test]
fn numbers_that_are_wrong() {
    let help = run(&["--help"], &[]).stdout;
    let options: Vec<_> = help
        .lines()
        .filter_map(|line| {
            let (option, value) = line.trim().strip_prefix("--")?.split_once(" <")?;
            let (value, _) = value.split_once('>')?;
            NUMBERS.contains(&value).then_some(option)
        })
        .collect();
    assert_eq!(options.len(), 7, "{options:?}");
    for option in options {
        for number in ["x", "-1", "1.5", "1k", "99999999999999999999"] {
            run(&[&format!("--{option}={number}")], &[]).assert_refused(
                2,
                &[
                    &format!("--{option}"),
                    "give a whole number from 0 to 18446744073709551615",
                ],
            );
        }
    }
}

#[test]
fn variables_that_are_wrong() {
    run(&[], &[("SECTIGO_EMULATOR_HTTPS", "nowhere")]).assert_refused(2, &["nowhere"]);
    run(&[], &[("SECTIGO_EMULATOR_ASSUME", "spelling=scots")]).assert_refused(2, &["scots"]);
    run(&["health"], &[("SECTIGO_EMULATOR_CONTROL", "off")]).assert_refused(2, &["off"]);
}

#[test]
fn a_wrong_value_of_a_variable_names_the_variable() {
    let from = |option: &str, variable: &str| {
        format!(
            "the value of --{option} came from the environment variable SECTIGO_EMULATOR_{variable} (sectigo-emulator"
        )
    };
    for (args, variable, value, option) in [
        (&[][..], "SEED", "x", "seed"),
        (&["serve"], "HTTPS", "nowhere", "https"),
        (&[], "ASSUME", "spelling=scots", "assume"),
        (&[], "PUSH_ANYWHERE", "maybe", "push-anywhere"),
        (&[], "CONTROL", "http://elsewhere:8081", "control"),
        (&["--tls-cert", "x", "--tls-key", "x"], "TLS_DIR", "x", "tls-dir"),
        (&[], "CONTROL_TOKEN", " t0ken", "control-token"),
        (&["ctl", "clock", "show"], "JSON", "maybe", "json"),
        (&["ctl", "clock", "show"], "CONTROL_TOKEN", " t0ken", "control-token"),
        (&["health"], "WAIT", "soon", "wait"),
        (&["check"], "AGAINST", "nowhere", "against"),
    ] {
        let name = format!("SECTIGO_EMULATOR_{variable}");
        let refused = run(args, &[(&name, value)]);
        refused.assert_refused(2, &[&from(option, variable)]);
        assert!(!refused.stderr.contains("t0ken"), "{refused:?}");
    }
    // What only shows at the start.
    let missing = tempfile::tempdir().unwrap().path().join("--http").display().to_string();
    let plain = ["--http", "127.0.0.1:0", "--https", "off", "--control", "off"];
    for (args, variable, value, options) in [
        (
            &["--https", "off", "--http", "off"][..],
            "CONTROL",
            "off",
            &["control"][..],
        ),
        (&plain, "PUSH_CA", &missing, &["push-ca"]),
        (&plain, "CONTROL_TOKEN_FILE", &missing, &["control-token-file"]),
        (&plain, "MAX_ORDERS", "1", &["max-orders"]),
        (&plain, "CA_DIR", "/dev/null/ca", &[]),
        // A path in the error is no option.
        (
            &["--https", "off", "--control", "off", "--fixtures", &missing],
            "HTTP",
            "127.0.0.1:0",
            &[],
        ),
    ] {
        let refused = run(args, &[(&format!("SECTIGO_EMULATOR_{variable}"), value)]);
        let origins = options.iter().map(|option| {
            format!("; the value of --{option} came from the environment variable SECTIGO_EMULATOR_{variable}\n")
        });
        let origins: Vec<_> = origins.collect();
        refused.assert_refused(2, &origins.iter().map(String::as_str).collect::<Vec<_>>());
        let named = refused.stderr.matches("environment variable").count();
        assert_eq!(named, options.len(), "{refused:?}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let listen = ["--https", "off", "--control", "off"];
    run(&listen, &[("SECTIGO_EMULATOR_HTTP", &address)]).assert_refused(
        2,
        &[
            &address,
            "; the value of --http came from the environment variable SECTIGO_EMULATOR_HTTP\n",
        ],
    );
    let by_option = run(
        &["--https", "off", "--control", "off", "--http", &address],
        &[("SECTIGO_EMULATOR_HTTP", "off")],
    );
    assert!(!by_option.stderr.contains("variable"), "{by_option:?}");
    // The variable has no part in what the command line says.
    for args in [&["--seed", "x"][..], &["--seed=x"], &["--sed", "5"]] {
        let refused = run(args, &[("SECTIGO_EMULATOR_SEED", "7")]);
        refused.assert_refused(2, &["--se"]);
        assert!(!refused.stderr.contains("SECTIGO_EMULATOR_SEED"), "{refused:?}");
    }
    let refused = run(
        &["ctl", "--token", " x", "clock", "show"],
        &[("SECTIGO_EMULATOR_CONTROL_TOKEN", "t0ken")],
    );
    refused.assert_refused(2, &["white space"]);
    assert!(!refused.stderr.contains("SECTIGO_EMULATOR"), "{refused:?}");
}

#[test]
fn a_token_that_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let file = crate::harness::write_file(&dir, "t0ken", "\n");
    let file = file.to_str().unwrap();
    const TOKEN: &str = "SECTIGO_EMULATOR_CONTROL_TOKEN";
    const FILE: &str = "SECTIGO_EMULATOR_CONTROL_TOKEN_FILE";
    let set_but_empty =
        |name| format!("the environment variable {name} is set, but empty: give it a value, or unset it (");
    for command in [&[][..], &["ctl", "clock", "show"]] {
        let run = |args: &[&str], environment| run(&[command, args].concat(), environment);
        let by_option = run(&["--control-token", ""], &[]);
        by_option.assert_refused(
            2,
            &["'--control-token <TOKEN>': a token is not empty; to go without one, leave it out ("],
        );
        run(&[], &[(TOKEN, "")]).assert_refused(2, &["a token is not empty", &set_but_empty(TOKEN)]);
        run(&["--control-token-file", ""], &[]).assert_refused(2, &["'--control-token-file <FILE>'"]);
        run(&[], &[(FILE, "")]).assert_refused(2, &["'--control-token-file <FILE>'", &set_but_empty(FILE)]);
    }
    let empty = "t0ken: is empty; the token is the only line of its file";
    start(&["--control-token-file", file]).assert_refused(2, &["the token of the control API: ", empty]);
    run(&["ctl", "--control-token-file", file, "clock", "show"], &[]).assert_refused(1, &[empty]);
}

#[test]
fn a_certificate_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let path = crate::harness::write_file(&dir, "x.pem", "nonsense");
    let path = path.to_str().unwrap();
    start(&["--tls-cert", path, "--tls-key", path]).assert_refused(2, &["x.pem"]);
    start(&["--tls-dir", path]).assert_refused(2, &["x.pem"]);
}

#[test]
fn every_listener_off() {
    start(&["--https", "off", "--http", "off", "--control", "off"]).assert_refused(2, &["off"]);
}

#[test]
fn a_level_that_is_misspelt() {
    start(&["--log", "inof"]).assert_refused(2, &["inof", "info"]);
}
