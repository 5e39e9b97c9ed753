//! The library: emulators in the process of a test.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sectigo_emulator::control::{Account, Fault, Order, SignatureHash, minutes};
use sectigo_emulator::{Emulator, Fixtures, StopError};
use serde_json::json;

use crate::harness::{ALREADY_REVOKED, BEING_ISSUED, Client, Control, Form, REVOKE, SUCCESS, eventually};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A client of the plain listener. It blocks, which a runtime of several threads does not mind.
fn client(emulator: &Emulator) -> Client {
    Client::connect(emulator.http_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_on_free_ports_with_the_built_in_fixtures() {
    let emulator = Emulator::start().await.unwrap();
    let address = |listener: Option<SocketAddr>| listener.unwrap();
    assert_eq!(emulator.url(), format!("https://{}", address(emulator.https_addr())));
    assert_eq!(emulator.http_url(), format!("http://{}", address(emulator.http_addr())));
    assert_eq!(
        emulator.control_url(),
        format!("http://{}", address(emulator.control_addr()))
    );
    assert!(emulator.ca_pem().starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(client(&emulator).revoke(&Form::revoke()).code(), -1);

    let mut control = Client::connect(address(emulator.control_addr()));
    assert_eq!(control.get("/control/v1/tls/ca.pem").text(), emulator.ca_pem());
    drop(control);
    let control = emulator.control().sandbox("default");
    assert_eq!(control.ca_pem().await.unwrap(), emulator.ca_pem());
    let bundle = control.ca_bundle_pem().await.unwrap();
    assert!(bundle.starts_with(emulator.ca_pem()), "{bundle}");
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 3, "{bundle}");
    let stopped: Result<(), StopError> = emulator.stop().await;
    stopped.unwrap();
}

#[test]
fn one_with_its_own_runtime_serves_many_tests() {
    let a_test = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let start = || Emulator::builder().accept_plain_http(true).start_blocking().unwrap();
    // The runtime on which it is started ends before it is called.
    let emulator = a_test().block_on(async { start() });
    client(&emulator).revoke(&Form::revoke()).assert_text(SUCCESS);
    for _ in 0..2 {
        a_test().block_on(emulator.control().health()).unwrap();
    }
    let address = emulator.http_addr().unwrap();
    a_test().block_on(emulator.stop()).unwrap();
    assert!(TcpStream::connect(address).is_err());

    let dropped = start();
    let address = dropped.http_addr().unwrap();
    a_test().block_on(async { drop(dropped) });
    eventually("the port is free", || TcpStream::connect(address).is_err());
    let error = Emulator::builder()
        .https(None)
        .http(None)
        .control(None)
        .start_blocking();
    assert!(error.unwrap_err().to_string().contains("every listener is off"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_duration_is_too_long_or_too_short() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    let start = || {
        Emulator::builder()
            .accept_plain_http(true)
            .read_timeout(Duration::MAX)
            .issuance_delay(Duration::MAX)
            .state_every(Duration::MAX)
            .state_file(&path)
            .start()
    };
    let emulator = start().await.unwrap();
    for address in [emulator.http_addr().unwrap(), emulator.control_addr().unwrap()] {
        let mut slow = Client::connect(address);
        // The body is waited for.
        let (path, kind, body) = match Some(address) == emulator.http_addr() {
            true => (REVOKE, "application/x-www-form-urlencoded", Form::revoke().encode()),
            false => (
                "/control/v1/clock/advance",
                "application/json",
                r#"{"by": "1s"}"#.to_owned(),
            ),
        };
        slow.write(format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        ));
        std::thread::sleep(Duration::from_millis(200));
        slow.write(&body);
        assert_eq!(slow.read().unwrap().status, 200);
    }
    let number = client(&emulator).replace(&Form::replace()).order_number();
    emulator.stop().await.unwrap();
    let again = start().await.unwrap();
    let replace = Form::replace().order(number);
    client(&again).replace(&replace).assert_text(BEING_ISSUED);
    again.stop().await.unwrap();

    let hasty = Emulator::builder().read_timeout(Duration::ZERO).start().await.unwrap();
    hasty.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_the_journal_no_longer_keeps_are_told() {
    let builder = Emulator::builder().accept_plain_http(true).journal(2);
    let emulator = builder.journal_bytes(1 << 20).start().await.unwrap();
    let calls = emulator.control().calls();
    for forgotten in [0, 0, 1, 2] {
        client(&emulator).revoke(&Form::revoke());
        assert_eq!(calls.forgotten().await.unwrap(), forgotten);
    }
    assert_eq!(calls.count().await.unwrap(), 2);
    let missing = calls.at_least(4).expect().await.unwrap_err().to_string();
    assert!(
        missing.contains("found 2; earlier calls that the journal no longer keeps: 2"),
        "{missing}"
    );
    emulator.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_built_as_it_is_told() {
    let fixtures = "[[accounts]]\nloginName = \"a\"\nloginPassword = \"login_password\"\n\
                    [[orders]]\norderNumber = 1\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n\
                    [[orders]]\norderNumber = 2\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n";
    let start = |seed| {
        Emulator::builder()
            .https(None)
            .control(None)
            .http(ANY)
            .accept_plain_http(true)
            .fixtures(Fixtures::parse(fixtures).unwrap())
            .assume("spelling", "british")
            .issuance_delay(Duration::from_secs(3600))
            .seed(seed)
            .max_orders(3)
            .read_timeout(Duration::from_secs(20))
            .start()
    };
    let emulator = start(7).await.unwrap();
    assert!(emulator.https_addr().is_none() && emulator.control_addr().is_none());
    assert!(emulator.ca_pem().starts_with("-----BEGIN CERTIFICATE-----\n"));
    let mut calls = client(&emulator);
    calls
        .revoke(&Form::revoke().add("a", "b"))
        .assert_text("-2\n'a' is an unrecognised argument!\n");
    let number = calls.replace(&Form::replace().by("a").order(1)).order_number();
    calls
        .replace(&Form::replace().by("a").order(number))
        .assert_text(BEING_ISSUED);
    assert_eq!(calls.replace(&Form::replace().by("a").order(2)).status, 503);

    let again = start(7).await.unwrap();
    let same = client(&again).replace(&Form::replace().by("a").order(1)).order_number();
    assert_eq!(same, number);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_own_control_bears_its_token() {
    let emulator = Emulator::builder().control_token("t0ken").start().await.unwrap();
    let orders = emulator.control().orders().list().await.unwrap();
    assert!(!orders.is_empty());
    let stranger = sectigo_emulator::control::Control::connect(&emulator.control_url());
    assert!(stranger.orders().list().await.is_err());
    assert!(!format!("{emulator:?}{:?}", emulator.control()).contains("t0ken"));
}

/// What a client reads and writes again is what the control API answered: no field is lost on the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_typed_client_reads_every_field() {
    let emulator = Emulator::builder().accept_plain_http(true).start().await.unwrap();
    let control = emulator.control();
    let mut json = Control::at(emulator.control_addr().unwrap(), "default");

    let order = Order::code_signing("login_name")
        .number(7)
        .signature_hash(SignatureHash::RequireSha2);
    let made = control.orders().create(order).await.unwrap();
    assert_eq!(made.signature_hash, Some(SignatureHash::RequireSha2));
    let account = Account::new("limited", "secret")
        .call_limit(5, minutes(10))
        .account_id(70);
    control.accounts().create(account).await.unwrap();
    control
        .accounts()
        .create(Account::new("prepaid", "secret").voucher("v").locked())
        .await
        .unwrap();
    let order = Order::code_signing("limited").number(8);
    control.orders().create(order).await.unwrap();
    let fault = Fault::delay(Duration::ZERO)
        .for_login("limited")
        .for_order(8)
        .times(9)
        .heals_after(minutes(5));
    control.faults().add(fault).await.unwrap();
    let revoke = Form::revoke().by("limited").set("loginPassword", "secret").order(8);
    client(&emulator).revoke(&revoke).assert_text(SUCCESS);
    control
        .orders()
        .create(Order::smime("limited").number(9))
        .await
        .unwrap();
    let replace = Form::replace().by("limited").set("loginPassword", "secret").order(9);
    client(&emulator).replace(&replace).order_number();

    let call = control.calls().order(8).list().await.unwrap().remove(0);
    assert_eq!(
        (call.login_name.as_deref(), call.order_number),
        (Some("limited"), Some(8))
    );
    assert!(call.fault.is_some());
    let limit = control.accounts().show("limited").await.unwrap().call_limit.unwrap();
    assert_eq!((limit.calls, limit.counted.len()), (5, 1));
    let revocation = control.orders().show(8).await.unwrap().revocation.unwrap();
    assert!(revocation.at >= call.time);

    let orders = control.orders().list().await.unwrap();
    assert_eq!(json!({"orders": orders}), json.get("/orders"));
    let accounts = control.accounts().list().await.unwrap();
    assert_eq!(json!({"accounts": accounts}), json.get("/accounts"));
    let calls = control.calls().list().await.unwrap();
    assert_eq!(json!({"calls": calls}), json.get("/calls"));
    let sandboxes = control.sandboxes().list().await.unwrap();
    assert_eq!(json!({"sandboxes": sandboxes}), json.get("/sandboxes"));
    // What is left of a time to live goes down between two reads.
    let mut faults = json!({"faults": control.faults().list().await.unwrap()});
    let mut answered = json.get("/faults");
    for list in [&mut faults, &mut answered] {
        let ttl = list["faults"][1].as_object_mut().unwrap().remove("ttl");
        assert!(ttl.is_some_and(|ttl| ttl.is_string()));
    }
    assert_eq!(faults, answered);
    control.clock().freeze().await.unwrap();
    let clock = json!(control.clock().show().await.unwrap());
    let mut names: Vec<_> = clock.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(
        names,
        json.get("/clock").as_object().unwrap().keys().collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_share_nothing() {
    let mut emulators = Vec::new();
    for _ in 0..5 {
        let emulator = Emulator::builder().https(None).accept_plain_http(true).start().await;
        emulators.push(emulator.unwrap());
    }
    for emulator in &emulators {
        client(emulator).revoke(&Form::revoke()).assert_text(SUCCESS);
        client(emulator).revoke(&Form::revoke()).assert_text(ALREADY_REVOKED);
    }
    // One that stops stops alone.
    emulators.pop().unwrap().stop().await.unwrap();
    drop(emulators.pop());
    for emulator in &emulators {
        client(emulator).revoke(&Form::revoke()).assert_text(ALREADY_REVOKED);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_frees_the_ports() {
    let emulator = Emulator::start().await.unwrap();
    let addresses = [emulator.https_addr(), emulator.http_addr(), emulator.control_addr()].map(Option::unwrap);
    let _idle = client(&emulator);
    emulator.stop().await.unwrap();
    for address in addresses {
        assert!(TcpStream::connect(address).is_err());
        TcpListener::bind(address).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_stops() {
    let emulator = Emulator::start().await.unwrap();
    let addresses = [emulator.https_addr(), emulator.http_addr(), emulator.control_addr()].map(Option::unwrap);
    let mut idle = client(&emulator);
    assert_eq!(idle.revoke(&Form::revoke()).code(), -1);
    drop(emulator);
    for address in addresses {
        eventually("the port is free", || TcpStream::connect(address).is_err());
    }
    assert_eq!(idle.read_to_end(), b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_in_flight_is_answered_when_it_stops() {
    let emulator = Emulator::builder()
        .https(None)
        .accept_plain_http(true)
        .start()
        .await
        .unwrap();
    let mut calls = client(&emulator);
    let body = Form::revoke().encode();
    calls.write(format!(
        "POST /products/!autoRevokeCS HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    ));
    assert_eq!(calls.read().unwrap().status, 100);
    let stopping = tokio::spawn(emulator.stop());
    calls.write(body);
    assert_eq!(calls.read().unwrap().text(), SUCCESS);
    stopping.await.unwrap().unwrap();
}

#[test]
fn a_stop_does_not_wait_for_what_is_being_parsed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let body = format!(r#"{{"fixtures":{{"accounts":[{}"#, " ".repeat(12 << 20));
    let mut times = Vec::new();
    for _ in 0..3 {
        let emulator = runtime.block_on(Emulator::start()).unwrap();
        let mut control = Client::connect(emulator.control_addr().unwrap());
        control.write(format!(
            "POST /control/v1/reset HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: \
             {}\r\n\r\n{body}",
            body.len()
        ));
        // Read by now, and being parsed, which takes seconds.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let start = std::time::Instant::now();
        runtime.block_on(emulator.stop()).unwrap();
        times.push(start.elapsed());
        if start.elapsed() < std::time::Duration::from_secs(1) {
            return runtime.shutdown_background();
        }
    }
    panic!("a stop takes {times:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_when_it_starts() {
    let wrong = |builder: sectigo_emulator::Builder| async { builder.start().await.unwrap_err().to_string() };
    let error = wrong(Emulator::builder().assume("spelling", "scots")).await;
    assert!(error.contains("scots") && error.contains("british"), "{error}");
    let fixtures = Fixtures::parse(
        "[[orders]]\norderNumber = 1\nloginName = \"nobody\"\nproduct = \"smime\"\nstate = \"issued\"\n",
    );
    let error = wrong(Emulator::builder().fixtures(fixtures.unwrap())).await;
    assert!(error.contains("line 3, column 13"), "{error}");
    let taken = TcpListener::bind(ANY).unwrap();
    let address = taken.local_addr().unwrap();
    let error = wrong(Emulator::builder().http(address)).await;
    assert!(error.contains(&address.to_string()), "{error}");
    let error = wrong(Emulator::builder().tls_certificate("no-such.pem", "no-such.key")).await;
    assert!(error.contains("no-such.pem"), "{error}");
    assert!(Fixtures::parse("[[account]]").is_err());
}
