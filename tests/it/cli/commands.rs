//! `health`, `endpoints`, `openapi`, `--help` and `--version`.

use std::net::TcpListener;
use std::thread;

use crate::harness::{Client, Server, run};

#[test]
fn health_says_yes_where_it_serves() {
    let server = Server::start(&["--https", "off"]);
    let address = server.control().to_string();
    for control in [
        address.clone(),
        format!("http://{address}"),
        format!("http://{address}/"),
    ] {
        let run = run(&["health", "--control", &control, "--wait", "500000000000y"], &[]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    }
    let by_variable = run(&["health"], &[("SECTIGO_EMULATOR_CONTROL", &address)]);
    assert_eq!(by_variable.code, Some(0), "{by_variable:?}");
}

#[test]
fn health_says_no_where_nothing_serves() {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = probe.local_addr().unwrap().to_string();
    drop(probe);
    const HINT: &str = "; `sectigo-emulator` starts an emulator, and --control says where one is";
    for command in [&["health"][..], &["health", "--wait", "200ms"], &["env"]] {
        run(&[command, &["--control", &address]].concat(), &[]).assert_refused(1, &[&address, HINT]);
    }
}

#[test]
fn health_says_no_where_something_else_serves() {
    let server = Server::start(&["--https", "off"]);
    let address = server.http().to_string();
    run(&["health", "--control", &address], &[]).assert_refused(1, &[&address]);
    run(&["health", "--control", "nowhere"], &[]).assert_refused(2, &["HOST:PORT"]);
}

#[test]
fn health_waits_for_a_server_that_is_still_to_come() {
    // An address of its own, so that no other test is given the port in between.
    let Ok(probe) = TcpListener::bind("127.86.75.30:0") else {
        return;
    };
    let address = probe.local_addr().unwrap().to_string();
    drop(probe);
    thread::scope(|scope| {
        let health = scope.spawn(|| run(&["health", "--control", &address, "--wait", "25s"], &[]));
        let _server = Server::start(&["--https", "off", "--control", &address]);
        let run = health.join().unwrap();
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    });
}

const REPLACE_CODES: [i64; 12] = [-1, -2, -3, -4, -13, -16, -17, -21, -26, -42, -91, -122];
const REVOKE_CODES: [i64; 15] = [-1, -2, -3, -4, -14, -16, -17, -20, -21, -26, -34, -35, -43, -90, -91];

#[test]
fn the_catalogue_is_json_that_names_every_code() {
    let run = run(&["endpoints", "--format", "json"], &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let catalogue: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for (place, name, codes) in [
        (0, "!AutoReplaceSMIME", &REPLACE_CODES[..]),
        (1, "!autoRevokeCS", &REVOKE_CODES),
    ] {
        let endpoint = &catalogue["endpoints"][place];
        assert_eq!(endpoint["name"], name);
        let rows = endpoint["codes"].as_array().unwrap();
        for code in codes {
            let row = rows.iter().find(|row| row["code"] == *code);
            let row = row.unwrap_or_else(|| panic!("{name} has no {code}"));
            assert!(row["message"].is_string() && row["numberMark"].is_string(), "{row}");
        }
    }
    let names: Vec<_> = catalogue["endpoints"][0]["arguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "loginName",
            "loginPassword",
            "orderNumber",
            "csr",
            "signatureHash",
            "caCertificateID",
            "revokeOldOrder",
            "responseFormat",
            "languageName",
            "SMIMEVerificationTemplateID",
            "SMIMERequestTemplateID",
            "SMIMECollectionTemplateID"
        ]
    );
    assert_eq!(catalogue["assumptions"].as_array().unwrap().len(), 39);
}

#[test]
fn the_control_listener_gives_the_same_catalogue() {
    let server = Server::start(&["--https", "off"]);
    let answer = Client::connect(server.control()).get("/control/v1/endpoints");
    let served: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
    let printed = run(&["endpoints", "--format", "json"], &[]).stdout;
    assert_eq!(served, serde_json::from_str::<serde_json::Value>(&printed).unwrap());
}

#[test]
fn the_printed_openapi_document_is_the_one_that_is_served() {
    let server = Server::start(&["--https", "off"]);
    let answer = Client::connect(server.control()).get("/control/v1/openapi.json");
    let served: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
    let printed = run(&["openapi"], &[]);
    assert_eq!((printed.code, &*printed.stderr), (Some(0), ""));
    assert_eq!(
        served,
        serde_json::from_str::<serde_json::Value>(&printed.stdout).unwrap()
    );
}

#[test]
fn the_catalogue_is_markdown_for_people() {
    let markdown = run(&["endpoints"], &[]);
    assert_eq!(markdown.code, Some(0));
    assert_eq!(markdown.stdout, run(&["endpoints", "--format", "markdown"], &[]).stdout);
    for words in [
        "## `!AutoReplaceSMIME`",
        "## `!autoRevokeCS`",
        "| -122 | The Certificate is in wrong state. |",
        "| -90 | Permission denied for using “voucher” with 'xxxx' |",
        "| `revocationReason` | required | string | 497 |",
        "| `csr` | required | string | 32767 |",
        "## Assumptions",
        "`duplicate-argument`",
        "`code-reason`",
    ] {
        assert!(markdown.stdout.contains(words), "no {words:?}");
    }
}

#[test]
fn help_names_every_option_and_its_variable() {
    let help = run(&["--help"], &[]);
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for option in [
        "https",
        "http",
        "plain-http",
        "control",
        "fixtures",
        "issuance-delay",
        "assume",
        "seed",
        "tls-dir",
        "tls-cert",
        "tls-key",
        "tls-name",
        "read-timeout",
        "max-orders",
        "max-order-bytes",
        "log",
        "log-format",
    ] {
        let variable = format!("SECTIGO_EMULATOR_{}", option.to_uppercase().replace('-', "_"));
        assert!(help.stdout.contains(&format!("--{option} ")), "no {option}");
        assert!(help.stdout.contains(&variable), "no {variable}");
    }
    let version = run(&["--version"], &[]);
    assert_eq!(version.code, Some(0));
    assert_eq!(
        version.stdout,
        concat!("sectigo-emulator ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
