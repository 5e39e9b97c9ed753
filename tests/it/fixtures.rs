//! Fixtures files: TOML and JSON, messages and faults, and what is wrong with a bad one.

use tempfile::TempDir;

use crate::harness::{Form, Run, SUCCESS, Server, run, run_on_a_free_port, write_file};

const TOML: &str = r#"
[[accounts]]
loginName = "a"
loginPassword = "login_password"

[[orders]]
orderNumber = 1
loginName = "a"
product = "code-signing"
state = "issued"
issued = "-30d"
expires = 2099-12-31T23:59:59Z
"#;

const JSON: &str = r#"{
  "accounts": [{"loginName": "a", "loginPassword": "login_password"}],
  "orders": [
    {"orderNumber": 1, "loginName": "a", "product": "code-signing", "state": "issued",
     "issued": "2020-01-31T12:00:00+01:00", "expires": "+335d"}
  ],
  "assumptions": {"final-newline": "no"}
}"#;

#[test]
fn a_file_that_is_not_utf_8_is_named_as_such() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("utf-16.toml");
    let utf_16: Vec<_> = TOML.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&path, [&[0xFF, 0xFE][..], &utf_16].concat()).unwrap();
    run(&["--fixtures", path.to_str().unwrap()], &[]).assert_refused(2, &["utf-16.toml: it is not UTF-8"]);
}

#[test]
fn toml_and_json_say_the_same() {
    let form = Form::revoke().by("a").order(1);
    let server = Server::plain_with_fixtures(TOML, &[]);
    server.client().revoke(&form).assert_text(SUCCESS);
    let server = Server::plain_with_fixtures(JSON, &[]);
    server.client().revoke(&form).assert_text("0");
}

#[test]
fn a_message_can_be_worded_in_another_way() {
    let fixtures = r#"
        [[messages]]
        endpoint = "!AutoReplaceSMIME"
        code = -17
        message = "Request used “GET” & not POST!"

        [[messages]]
        endpoint = "!autoRevokeCS"
        code = -3
        message = "Where is 'xxxx'?"
        "#;
    let server = Server::plain_with_fixtures(fixtures, &[]);
    let mut client = server.client();
    client
        .get("/products/!AutoReplaceSMIME")
        .assert_text("-17\nRequest used “GET” & not POST!\n");
    client.get("/products/!AutoReplaceSMIME?responseFormat=1").assert_reply(
        "application/x-www-form-urlencoded",
        "errorCode=-17&errorMessage=Request+used+%E2%80%9CGET%E2%80%9D+%26+not+POST%21",
    );
    client.get("/products/!AutoReplaceSMIME?responseFormat=2").assert_reply(
        "application/json",
        r#"{"errorCode":-17,"errorMessage":"Request used “GET” & not POST!"}"#,
    );
    client
        .get("/products/!autoRevokeCS")
        .assert_text("-17\nRequest used GET rather than POST!\n");
    client
        .revoke(&Form::default())
        .assert_text("-3\nWhere is 'loginName'?\n");
    client
        .replace(&Form::default())
        .assert_text("-3\nThe 'loginName' argument is missing!\n");
}

#[test]
fn a_fault_answers_what_it_is_told_to() {
    let fixtures = r#"
        [[faults]]
        loginName = "a"
        then = { code = -4, argument = "csr" }

        [[faults]]
        endpoint = "!autoRevokeCS"
        then = { code = -14 }
        "#;
    let server = Server::plain_with_fixtures(fixtures, &[]);
    let mut client = server.client();
    client
        .replace(&Form::replace().by("a").add("responseFormat", "2"))
        .assert_reply(
            "application/json",
            r#"{"errorCode":-4,"errorMessage":"The value of the 'csr' argument is invalid!"}"#,
        );
    client
        .revoke(&Form::revoke())
        .assert_text("-14\nAn unknown error occurred!\n");
    assert_eq!(client.replace(&Form::replace()).code(), -16);
}

fn start_with(text: &str) -> Run {
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "my-fixtures", text);
    run_on_a_free_port(&["--fixtures", path.to_str().unwrap()])
}

const ACCOUNT: &str = "[[accounts]]\nloginName = \"a\"\nloginPassword = \"b\"\n";

#[test]
fn a_bad_file_is_refused_with_line_and_column() {
    for (text, line, column, words) in [
        (
            "[[accounts]]\nloginName = \"a\"\nloginPasword = \"b\"\n",
            3,
            1,
            &["loginPasword", "loginPassword"][..],
        ),
        ("[[accounts]]\nloginPassword = \"b\"\n", 1, 1, &["loginName"]),
        ("[[account]]\n", 1, 3, &["account", "a similar name exists: `accounts`"]),
        ("accounts = 7\n", 1, 12, &[]),
        ("[[accounts]\n", 1, 12, &[]),
        (&format!("{ACCOUNT}locked = \"yes\"\n"), 4, 10, &["string", "boolean"]),
        (
            &format!("{ACCOUNT}callLimit = {{ calls = 1, per = \"soon\" }}\n"),
            4,
            32,
            &["string", "10m"],
        ),
        (
            &format!("{ACCOUNT}permissions = [\"!Nothing\"]\n"),
            4,
            15,
            &["no such endpoint", "!autoRevokeCS"],
        ),
        (&format!("{ACCOUNT}reseller = \"nobody\"\n"), 4, 12, &[]),
        (&format!("{ACCOUNT}{ACCOUNT}"), 5, 13, &["loginName"]),
        (
            &format!(
                "{ACCOUNT}[[orders]]\norderNumber = 0\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n"
            ),
            5,
            15,
            &["order"],
        ),
        (
            &format!(
                "{ACCOUNT}[[orders]]\norderNumber = 1\nloginName = \"b\"\nproduct = \"smime\"\nstate = \"issued\"\n"
            ),
            6,
            13,
            &["account"],
        ),
        (
            &format!(
                "{ACCOUNT}[[orders]]\norderNumber = 1\nloginName = \"a\"\nproduct = \"tls\"\nstate = \"issued\"\n"
            ),
            7,
            11,
            &["unknown variant", "smime", "code-signing"],
        ),
        (
            &format!(
                "{ACCOUNT}[[orders]]\norderNumber = 1\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"Issued\"\n"
            ),
            8,
            9,
            &["unknown variant", "issued", "on-hold"],
        ),
        (
            "[assumptions]\nspelling = \"scots\"\n",
            2,
            12,
            &["spelling", "american", "british"],
        ),
        (
            "[[messages]]\nendpoint = \"!autoRevokeCS\"\ncode = -122\nmessage = \"\"\n",
            3,
            8,
            &["does not answer -122", "-91"],
        ),
        (
            "{\n  \"accounts\": [],\n  \"order\": []\n}\n",
            3,
            9,
            &["order", "orders"],
        ),
        ("{\n  \"accounts\": [\n", 3, 0, &[]),
    ] {
        let place = format!("line {line}, column ");
        let run = start_with(text);
        run.assert_refused(2, &["my-fixtures", &place]);
        for word in words {
            assert!(run.stderr.contains(word), "no {word:?} in {run:?}");
        }
        // JSON's reader points at the end of what it does not like, TOML's at its beginning.
        if !text.starts_with('{') {
            let place = format!("{place}{column}:");
            assert!(run.stderr.contains(&place), "not at {place:?} for {text:?}: {run:?}");
        }
    }
}

#[test]
fn yaml_is_refused_as_such() {
    const HINT: &str = "this looks like YAML, but TOML or JSON is expected";
    let dir = TempDir::new().unwrap();
    for (name, text, is_yaml) in [
        ("a", "accounts:\n  - loginName: a\n    loginPassword: b\n", true),
        ("b", "# Accounts\n\n---\naccounts: []\n", true),
        ("c", "- loginName: a\n", true),
        ("d", "\"accounts\": []\n", true),
        // By the name of the file.
        ("e.yaml", "{accounts: []}\n", true),
        ("f.yml", "? accounts\n", true),
        ("g.yaml", "[[accounts]]\nloginNam = \"a\"\n", false),
        ("h.yaml", "{\"account\": []}\n", false),
        ("i", "[[accounts]]\nloginName = a: b\n", false),
        ("j", "accounts = : []\n", false),
    ] {
        let path = write_file(&dir, name, text);
        let path = path.to_str().unwrap();
        let run = run_on_a_free_port(&["--fixtures", path]);
        run.assert_refused(2, &[path, "line "]);
        assert_eq!(run.stderr.contains(HINT), is_yaml, "{run:?}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_its_name() {
    run(&["--fixtures", "no/such/file.toml"], &[]).assert_refused(2, &["no/such/file.toml"]);
    run(&["--fixtures", "/"], &[]).assert_refused(2, &["/"]);
}

#[test]
fn an_empty_file_is_an_empty_world() {
    let server = Server::plain_with_fixtures("", &[]);
    assert_eq!(server.client().replace(&Form::replace()).code(), -16);
}
