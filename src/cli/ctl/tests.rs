//! Each command against a server that answers what it is told and keeps what it is asked.

use clap::Parser as _;

use super::*;
use crate::cli::args::{Command, Config};
use crate::client::stub::Stub;

async fn ctl(stub: &Stub, line: &str) -> Result<String, CtlError> {
    let words = ["sectigo-emulator", "ctl", "--control", stub.url()];
    let config = Config::try_parse_from(words.into_iter().chain(line.split(' '))).expect(line);
    let Command::Ctl(args) = config.into_command() else {
        panic!("{line} is no ctl")
    };
    let mut out = Vec::new();
    run(&args, &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn asks_what_is_agreed() {
    for (line, expected) in [
        ("orders show 7", "GET /control/v1/orders/7"),
        (
            "orders delete 7 --sandbox t1",
            "DELETE /control/v1/sandboxes/t1/orders/7",
        ),
        ("orders list --login a&b", "GET /control/v1/orders?loginName=a%26b"),
        (
            "orders create --number 7 --expires +3d",
            r#"POST /control/v1/orders {"expires":"+3d","loginName":"login_name","orderNumber":7,"product":"smime"}"#,
        ),
        (
            "orders create --login a --state revoked --product-code 795 --signature-hash REQUIRE_SHA2 --ca-certificate-id 1 \
             --keep-key --revoked -1d --code-reason 1 --revocation-reason lost due=",
            r#"POST /control/v1/orders {"caCertificateID":1,"due":null,"keepKey":true,"loginName":"a","product":"smime","productCode":795,"revocation":{"at":"-1d","codeReason":1,"revocationReason":"lost"},"signatureHash":"REQUIRE_SHA2","state":"revoked"}"#,
        ),
        (
            "orders create product=code-signing loginName=a",
            r#"POST /control/v1/orders {"loginName":"a","product":"code-signing"}"#,
        ),
        (
            "orders set 7 --state expired --expires -1d --keep-key=false --code-reason 4 email=",
            r#"PATCH /control/v1/orders/7 {"email":null,"expires":"-1d","keepKey":false,"revocation":{"codeReason":4},"state":"expired"}"#,
        ),
        (
            "orders set 7 state=expired email=",
            r#"PATCH /control/v1/orders/7 {"email":null,"state":"expired"}"#,
        ),
        (
            "accounts create a b locked=true callLimit=100/1h accountID=7 permissions=!autoRevokeCS",
            r#"POST /control/v1/accounts {"accountID":7,"callLimit":{"calls":100,"per":"1h"},"locked":true,"loginName":"a","loginPassword":"b","permissions":["!autoRevokeCS"]}"#,
        ),
        (
            "orders certificate 7",
            "GET /control/v1/orders/7/certificate?format=pem",
        ),
        (
            "orders certificate 7 --format der --json",
            "GET /control/v1/orders/7/certificate?format=der",
        ),
        ("orders chain 7 --json", "GET /control/v1/orders/7/chain?format=json"),
        ("orders key 7 --sandbox t1", "GET /control/v1/sandboxes/t1/orders/7/key"),
        ("orders csr 7", "GET /control/v1/orders/7/csr"),
        ("ca --format json", "GET /control/v1/ca?format=json"),
        (
            "accounts create a b permissions=",
            r#"POST /control/v1/accounts {"loginName":"a","loginPassword":"b","permissions":[]}"#,
        ),
        (
            "accounts set a permissions=",
            r#"PATCH /control/v1/accounts/a {"permissions":null}"#,
        ),
        (
            "accounts set a permissions=none",
            r#"PATCH /control/v1/accounts/a {"permissions":[]}"#,
        ),
        (
            "orders set 7 orderNumber=5 productCode=9 caCertificateID=3 keepKey=true email=8",
            r#"PATCH /control/v1/orders/7 {"caCertificateID":3,"email":"8","keepKey":true,"orderNumber":5,"productCode":9}"#,
        ),
        ("calls --since -5m", "GET /control/v1/calls?since=-5m"),
        ("accounts delete a/b", "DELETE /control/v1/accounts/a%2Fb"),
        ("clock advance +30d", r#"POST /control/v1/clock/advance {"by":"30d"}"#),
        ("clock advance 30d", r#"POST /control/v1/clock/advance {"by":"30d"}"#),
        ("clock set -30d", r#"PUT /control/v1/clock {"now":"-30d"}"#),
        ("clock freeze", r#"PUT /control/v1/clock {"frozen":true}"#),
        (
            "faults add --code -14 --order 7 --times 2",
            r#"POST /control/v1/faults {"orderNumber":7,"then":{"code":-14},"times":2}"#,
        ),
        (
            "faults add --disconnect mid-body --probability 0.5",
            r#"POST /control/v1/faults {"probability":0.5,"then":{"disconnect":"mid-body"}}"#,
        ),
        ("faults remove 3", "DELETE /control/v1/faults/3"),
        (
            "calls --code -4 --order 07",
            "GET /control/v1/calls?orderNumber=07&code=-4",
        ),
        ("calls --clear", "DELETE /control/v1/calls"),
        (
            "outbox --order 7 --kind collection",
            "GET /control/v1/outbox?orderNumber=7&kind=collection",
        ),
        ("outbox --clear --sandbox t1", "DELETE /control/v1/sandboxes/t1/outbox"),
        ("reset", "POST /control/v1/reset {}"),
        (
            "sandboxes create t1 --ttl 10m --claim a --sandbox t2",
            r#"POST /control/v1/sandboxes {"logins":["a"],"name":"t1","ttl":"10m"}"#,
        ),
        ("sandboxes delete t1", "DELETE /control/v1/sandboxes/t1"),
        ("sandbox delete t1", "DELETE /control/v1/sandboxes/t1"),
        ("assumptions", "GET /control/v1/assumptions"),
        (
            "assumptions spelling=british",
            r#"PATCH /control/v1/assumptions {"spelling":"british"}"#,
        ),
    ] {
        let stub = Stub::answering(200, "{}").await;
        ctl(&stub, line).await.expect(line);
        assert_eq!(stub.asked(), [expected], "{line}");
    }
}

#[tokio::test]
async fn the_clock_goes_back_to_real_time() {
    let clock = r#"{"now":"2026-01-01T00:00:00Z","frozen":true,"realNow":"2025-01-01T00:00:00Z"}"#;
    for word in ["real", "now"] {
        let stub = Stub::answering(200, clock).await;
        ctl(&stub, &format!("clock set {word}")).await.unwrap();
        assert_eq!(
            stub.asked(),
            [
                "GET /control/v1/clock",
                r#"PUT /control/v1/clock {"frozen":false,"now":"2025-01-01T00:00:00Z"}"#
            ]
        );
    }
}

#[tokio::test]
async fn prints_a_table_or_the_json_as_it_came() {
    let clock = r#"{"now":"2026-01-01T00:00:00Z","frozen":true,"realNow":"2025-01-01T00:00:00Z"}"#;
    let stub = Stub::answering(200, clock).await;
    assert_eq!(
        ctl(&stub, "clock show").await.unwrap(),
        "frozen   true\nnow      2026-01-01T00:00:00Z\nrealNow  2025-01-01T00:00:00Z\n"
    );
    assert_eq!(ctl(&stub, "clock show --json").await.unwrap(), format!("{clock}\n"));
}

#[tokio::test]
async fn pem_is_printed_as_it_is_or_in_json() {
    let stub = Stub::answering(200, "-----BEGIN X-----\n").await;
    for what in ["csr", "key"] {
        let line = format!("orders {what} 7");
        assert_eq!(ctl(&stub, &line).await.unwrap(), "-----BEGIN X-----\n");
        let json = ctl(&stub, &format!("{line} --json")).await.unwrap();
        assert_eq!(json, "{\"pem\":\"-----BEGIN X-----\\n\"}\n");
    }
}

#[tokio::test]
async fn shows_the_calls_that_are_wanted_as_they_come() {
    let events = "id: 1\nevent: call\ndata: {\"id\":1,\"endpoint\":\"!autoRevokeCS\",\"loginName\":\"a\",\"orderNumber\":7,\"code\":-4,\"hint\":\"x\"}\n\n\
                  : still here\n\nid: 2\nevent: call\ndata: {\"id\":2,\"endpoint\":\"!autoRevokeCS\",\"code\":0}\n\n";
    let stub = Stub::answering(200, events).await;
    let shown = ctl(&stub, "calls --follow --code -4 --endpoint !autoRevokeCS")
        .await
        .unwrap();
    let shown: Vec<Vec<_>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        shown,
        [
            &[
                "ID", "TIME", "ENDPOINT", "LOGIN", "ORDER", "STATUS", "CODE", "FAULT", "HINT"
            ][..],
            &["1", "!autoRevokeCS", "a", "7", "-4", "x"],
            &["2", "!autoRevokeCS", "0"],
        ]
    );
    // Which calls are wanted, the emulator judges.
    assert_eq!(
        stub.asked(),
        ["GET /control/v1/calls/stream?endpoint=%21autoRevokeCS&code=-4"]
    );
    assert_eq!(ctl(&stub, "calls --follow --json").await.unwrap().lines().count(), 2);
}

#[tokio::test]
async fn a_snapshot_is_written_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let stub = Stub::answering(200, r#"{"orders":0,"accounts":0}"#).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("snapshot.json");
    ctl(&stub, &format!("snapshot --json --output {}", path.display()))
        .await
        .unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    ctl(&stub, &format!("restore --yes {}", path.display())).await.unwrap();
    assert_eq!(
        stub.asked()[1],
        "PUT /control/v1/snapshot {\"orders\":0,\"accounts\":0}\n"
    );
    let missing = ctl(&stub, "restore --yes /nowhere/x").await.unwrap_err();
    assert!(missing.to_string().contains("/nowhere/x"), "{missing}");
}

#[tokio::test]
async fn toml_is_restored_as_json() {
    let stub = Stub::answering(200, r#"{"orders":1,"accounts":0}"#).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world");
    let restore = format!("restore --yes {}", path.display());
    std::fs::write(
        &path,
        "[[orders]]\norderNumber = 7\nissued = 2026-01-01T00:00:00Z\nkeepKey = true\n",
    )
    .unwrap();
    ctl(&stub, &restore).await.unwrap();
    assert_eq!(
        stub.asked(),
        [r#"PUT /control/v1/snapshot {"orders":[{"issued":"2026-01-01T00:00:00Z","keepKey":true,"orderNumber":7}]}"#]
    );
    for (text, expected) in [
        ("{\"orders\": [", "JSON"),
        ("[[orders]]\norderNumber = = 7\n", "line 2"),
        ("no snapshot at all", "line 1"),
        ("", "nothing stands in it"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = ctl(&stub, &restore).await.unwrap_err().to_string();
        let says = format!("{}: neither JSON nor TOML: ", path.display());
        assert!(error.starts_with(&says) && error.contains(expected), "{text}: {error}");
        assert!(!error.contains('\n'), "{text}: {error}");
    }
    assert_eq!(stub.asked().len(), 1);
}

/// Editors on Windows put the mark in front.
#[tokio::test]
async fn a_byte_order_mark_is_not_restored() {
    let stub = Stub::answering(200, r#"{"orders":0,"accounts":0}"#).await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world");
    let restore = format!("restore --yes {}", path.display());
    for text in ["\u{feff}{\"orders\":[]}", "\u{feff}orders = []\n"] {
        std::fs::write(&path, text).unwrap();
        ctl(&stub, &restore).await.unwrap();
    }
    assert_eq!(stub.asked(), [r#"PUT /control/v1/snapshot {"orders":[]}"#; 2]);
}

#[tokio::test]
async fn a_bad_field_is_named_before_anything_is_asked() {
    let stub = Stub::answering(200, "{}").await;
    for (line, expected) in [
        ("accounts set a locked=perhaps", "true or false"),
        ("accounts set a callLimit=5", "CALLS/DURATION"),
        ("accounts set a accountID=x", "accountID: give a number"),
        ("orders set 7 state=issued state=revoked", "state is given twice"),
        ("orders set 7 --state issued state=revoked", "state is given twice"),
        (
            "accounts create a s3cret loginPassword=b",
            "loginPassword is given twice",
        ),
        ("accounts create a s3cret loginName=b", "loginName is given twice"),
        ("orders create --number 7 orderNumber=8", "orderNumber is given twice"),
        ("orders create --csr /nowhere/x", "/nowhere/x"),
        ("orders set 7 orderNumber=x", "orderNumber: give a number"),
        ("orders set 7 csr=@/nowhere/x", "/nowhere/x"),
    ] {
        let error = ctl(&stub, line).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{line}: {error}");
    }
    assert!(stub.asked().is_empty());
}
