//! Serving: the ready lines, the listeners, the variables.

use crate::harness::{Client, Form, SUCCESS, Server, eventually, run, write_file};

#[test]
fn a_line_for_each_listener_and_then_ready() {
    let server = Server::start(&[]);
    let expected = format!(
        "https https://{}\nhttp http://{}\ncontrol http://{}\nready\n",
        server.https(),
        server.http(),
        server.control()
    );
    assert_eq!(server.stdout(), expected);
    for address in [server.https(), server.http(), server.control()] {
        assert!(address.ip().is_loopback() && address.port() != 0);
    }
}

#[test]
fn a_listener_that_is_off_has_no_line() {
    let server = Server::start(&["--https", "off"]);
    assert!(server.https.is_none() && server.http.is_some() && server.control.is_some());
    assert_eq!(server.stdout().lines().count(), 3);
    // The root is above the certificates of the orders as well.
    let ca = Client::connect(server.control()).get("/control/v1/tls/ca.pem");
    assert!(ca.text().starts_with("-----BEGIN CERTIFICATE-----\n"), "{ca:?}");

    let server = Server::start(&["--http", "off", "--control", "off"]);
    assert_eq!(server.stdout(), format!("https https://{}\nready\n", server.https()));
}

#[test]
fn serve_may_be_said() {
    let server = Server::start_with(
        &[
            "serve",
            "--https",
            "off",
            "--http",
            "127.0.0.1:0",
            "--control",
            "127.0.0.1:0",
        ],
        &[],
    );
    assert!(server.http.is_some());
    // Options stand before it or behind it; the last one counts.
    let mut server = Server::start_with(
        &["--plain-http", "accept", "--log", "info", "serve", "--log", "off"],
        &[],
    );
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    server.stop("TERM");
    assert_eq!(server.log(), "");
}

#[test]
fn a_variable_that_is_unknown_is_warned_of() {
    let server = Server::start_with(
        &["--https", "off"],
        &[
            ("SECTIGO_EMULATOR_FIXTURE", "s3cret"),
            ("SECTIGO_EMULATOR_SANDBOX", "t1"),
        ],
    );
    server.wait_for_log(&[
        "WARN",
        "SECTIGO_EMULATOR_FIXTURE is unknown",
        "there is SECTIGO_EMULATOR_FIXTURES",
    ]);
    let log = server.log();
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(!log.contains("s3cret"), "{log}");
}

#[test]
fn every_option_has_its_variable() {
    let dir = tempfile::tempdir().unwrap();
    let fixtures = write_file(&dir, "fixtures.toml", include_str!("../../../fixtures/default.toml"));
    let tls_dir = dir.path().join("tls");
    let server = Server::start_with(
        &[],
        &[
            ("SECTIGO_EMULATOR_HTTPS", "127.0.0.1:0"),
            ("SECTIGO_EMULATOR_HTTP", "127.0.0.1:0"),
            ("SECTIGO_EMULATOR_CONTROL", "127.0.0.1:0"),
            ("SECTIGO_EMULATOR_PLAIN_HTTP", "accept"),
            ("SECTIGO_EMULATOR_FIXTURES", fixtures.to_str().unwrap()),
            ("SECTIGO_EMULATOR_ISSUANCE_DELAY", "1h"),
            ("SECTIGO_EMULATOR_ASSUME", "final-newline=no,spelling=british"),
            ("SECTIGO_EMULATOR_SEED", "7"),
            ("SECTIGO_EMULATOR_TLS_DIR", tls_dir.to_str().unwrap()),
            ("SECTIGO_EMULATOR_TLS_NAME", "one.example,two.example"),
            ("SECTIGO_EMULATOR_READ_TIMEOUT", "10s"),
            ("SECTIGO_EMULATOR_MAX_ORDERS", "100"),
            ("SECTIGO_EMULATOR_LOG", "info"),
            ("SECTIGO_EMULATOR_LOG_FORMAT", "json"),
        ],
    );
    let mut client = server.client();
    client
        .revoke(&Form::revoke().add("a", "b"))
        .assert_text("-2\n'a' is an unrecognised argument!");
    let answer = client.replace(&Form::replace());
    let number: u64 = answer.text().strip_prefix("0\n").unwrap().parse().unwrap();
    assert_eq!(client.replace(&Form::replace().order(number)).code(), -26);
    eventually("a log in JSON", || server.log().starts_with('{'));
    assert!(tls_dir.read_dir().unwrap().count() > 1);

    let seeded = Server::plain(&["--seed", "7"]);
    assert_eq!(seeded.client().replace(&Form::replace()).order_number(), number);
}

/// As `${NAME:-}` in a compose file makes them.
#[test]
fn a_variable_that_is_empty_counts_as_none() {
    const TOKENS: [&str; 2] = ["SECTIGO_EMULATOR_CONTROL_TOKEN", "SECTIGO_EMULATOR_CONTROL_TOKEN_FILE"];
    let help = run(&["--help"], &[]).stdout;
    let variables: Vec<_> = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| rest.split_once('=').map(|(name, _)| name))
        .filter(|name| !TOKENS.contains(name))
        .map(|name| (name, ""))
        .collect();
    assert!(variables.len() > 30, "{variables:?}");
    let listeners = [
        "--https",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        "--control",
        "127.0.0.1:0",
    ];
    let server = Server::start_with(&listeners, &variables);
    assert_eq!(server.client().revoke(&Form::revoke()).code(), -1);
    assert_eq!(
        server.log().lines().filter(|line| line.contains("WARN")).count(),
        0,
        "{}",
        server.log()
    );

    let control = server.control().to_string();
    let empty = [("SECTIGO_EMULATOR_SANDBOX", ""), ("SECTIGO_EMULATOR_JSON", "")];
    let shown = run(&["ctl", "orders", "show", "1234567", "--control", &control], &empty);
    assert_eq!((shown.code, &*shown.stderr), (Some(0), ""), "{shown:?}");
    run(&["check"], &[("SECTIGO_EMULATOR_AGAINST", "")]).assert_refused(2, &["--against"]);

    // The help names them all the same, and who meant to set a token must not go without.
    assert_eq!(run(&["--help"], &variables).stdout, help);
    for token in TOKENS {
        run(&listeners, &[(token, "")]).assert_refused(2, &[token]);
    }
}

#[test]
fn an_option_outweighs_its_variable() {
    let server = Server::start_with(
        &["--https", "off", "--plain-http", "accept"],
        &[
            ("SECTIGO_EMULATOR_HTTPS", "nonsense:0"),
            ("SECTIGO_EMULATOR_PLAIN_HTTP", "refuse"),
        ],
    );
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
}

#[test]
fn ipv6_and_localhost_can_be_listened_on() {
    let server = Server::plain(&["--control", "localhost:0"]);
    assert!(server.control().ip().is_loopback());
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let server = Server::plain(&["--http", "[::1]:0"]);
        assert!(server.stdout().contains("http http://[::1]:"), "{}", server.stdout());
        server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    }
}
