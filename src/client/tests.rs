//! The client against a server that answers what it is told.

use super::*;
use crate::client::stub::Stub;

const SANDBOX: &str = r#"{"name":"calm-otter","path":"/sandboxes/calm-otter","logins":["a"],"ttl":"10m",
    "expiresIn":"9m 58s","orders":1,"accounts":2,"calls":3}"#;

#[tokio::test]
async fn a_sandbox_is_made_and_driven() {
    let stub = Stub::answering(201, SANDBOX).await;
    let control = Control::connect(stub.url()).token("t0ken");
    let sandbox = control
        .sandboxes()
        .create(NewSandbox::unnamed().ttl(minutes(10)).claim("a"))
        .await
        .unwrap();
    assert_eq!(
        (sandbox.name(), &*sandbox.path()),
        ("calm-otter", "/sandboxes/calm-otter")
    );
    let info = sandbox.info().await.unwrap();
    assert_eq!((info.ttl, info.expires_in), (Some(minutes(10)), Some(seconds(598))));
    sandbox.reset_to("[[accounts]]").await.unwrap();
    sandbox.orders().delete(7).await.unwrap();
    sandbox.sandbox("default").faults().clear().await.unwrap();
    assert_eq!(
        stub.asked(),
        [
            r#"POST /control/v1/sandboxes {"logins":["a"],"ttl":"10m"} [Bearer t0ken]"#,
            "GET /control/v1/sandboxes/calm-otter [Bearer t0ken]",
            r#"POST /control/v1/sandboxes/calm-otter/reset {"fixtures":"[[accounts]]"} [Bearer t0ken]"#,
            "DELETE /control/v1/sandboxes/calm-otter/orders/7 [Bearer t0ken]",
            "DELETE /control/v1/faults [Bearer t0ken]",
        ]
    );
    assert!(!format!("{control:?}").contains("t0ken"));
}

#[tokio::test]
async fn a_refusal_says_what_the_emulator_says() {
    let problem = r#"{"type":"about:blank","title":"Unprocessable Content","status":422,
        "detail":"no endpoint answers 5","field":"then.code"}"#;
    let stub = Stub::answering(422, problem).await;
    let refused = Control::connect(stub.url()).faults().add(Fault::answer(5)).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "`then.code`: no endpoint answers 5 (HTTP status 422 Unprocessable Content)"
    );
}

#[tokio::test]
async fn what_is_no_emulator_is_told_apart() {
    let other = Stub::answering(200, "<html>").await;
    let unexpected = Control::connect(other.url()).clock().show().await.unwrap_err();
    assert!(matches!(unexpected, ControlError::Unexpected { .. }), "{unexpected}");

    let missing = Control::connect("http://127.0.0.1:1").clock().show().await.unwrap_err();
    assert!(matches!(missing, ControlError::Unreachable { .. }), "{missing}");
    assert!(missing.to_string().contains("http://127.0.0.1:1"), "{missing}");

    for url in ["localhost", "https://localhost:1", "http://x:1/control"] {
        let bad = Control::connect(url).clock().show().await.unwrap_err();
        assert!(matches!(bad, ControlError::Url { .. }), "{bad}");
    }
    let token = Control::connect(other.url()).token("a\nb").health().await.unwrap_err();
    assert!(!token.to_string().contains("a\nb"), "{token}");
}

#[tokio::test]
async fn a_state_that_an_order_does_not_reach_is_not_waited_for() {
    for (state, is_final) in [
        ("revoked", true),
        ("rejected", true),
        ("expired", true),
        ("on-hold", false),
    ] {
        let order = format!(r#"{{"orderNumber":7,"loginName":"l","product":"smime","state":"{state}"}}"#);
        let stub = Stub::answering(200, &order).await;
        let orders = Control::connect(stub.url());
        // Where there is something to wait for, the time must have an end.
        let within = if is_final { hours(1) } else { seconds(0) };
        match orders.orders().wait(7, State::Issued, within).await.unwrap_err() {
            ControlError::NeverReached {
                number,
                expected,
                found,
            } => assert_eq!(
                (number, expected, found.as_str(), is_final),
                (7, State::Issued, state, true)
            ),
            ControlError::NotReached { found, .. } => assert_eq!((found.as_str(), is_final), (state, false)),
            other => panic!("{state}: {other}"),
        }
        assert_eq!(stub.asked(), ["GET /control/v1/orders/7"]);
    }
}

#[tokio::test]
async fn calls_are_expected() {
    let stub = Stub::answering(200, r#"{"count":2,"reached":true,"nearest":[]}"#).await;
    let calls = Control::connect(stub.url()).sandbox("t 1").calls().code(0);
    assert_eq!(calls.count().await.unwrap(), 2);
    assert_eq!(calls.at_least(2).within(seconds(5)).expect().await.unwrap(), 2);
    assert_eq!(
        stub.asked(),
        [
            r#"POST /control/v1/sandboxes/t%201/calls/count {"code":0}"#,
            r#"POST /control/v1/sandboxes/t%201/calls/count {"code":0,"atLeast":2,"within":"5s"}"#,
        ]
    );
    let none = Stub::answering(200, r#"{"count":0,"reached":false,"nearest":[]}"#).await;
    let missing = Control::connect(none.url()).calls().expect().await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "expected at least 1 call, found 0; nothing was called at all"
    );
}
