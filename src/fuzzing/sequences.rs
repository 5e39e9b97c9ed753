//! Any sequence of calls of all endpoints, of moves of the clock and of changes over the control API leaves a sandbox
//! consistent: its orders, certificates, CRLs, OCSP responses and mails agree, and a call changes only what it may.

mod rules;
mod seen;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::{Method, Request};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tokio::runtime::Runtime;
use tower_service::Service as _;

use self::rules::check_call;
use self::seen::{ISSUERS, Seen};
use crate::api::endpoints::{ENDPOINTS, EXAMPLE_CSR, Endpoint, Transport};
use crate::api::order::collection_code::collection_code;
use crate::api::order::mailing::MailKind;
use crate::api::order::product::Product;
use crate::api::order::state::{Order, OrderNumber, State};
use crate::api::protocol::assumption::ASSUMPTIONS;
use crate::api::protocol::form::Form;
use crate::ca::{Authority, CaOptions};
use crate::clock::system_now;
use crate::model::Fixtures;
use crate::model::sandbox::CONTROL_BASE;
use crate::sandbox::call::IncomingCall;
use crate::sandbox::certificates::Issuance;
use crate::sandbox::list::{Sandboxes, Settings};
use crate::sandbox::{AnsweredCall, Sandbox};
use crate::server::control::{AnswerTurns, BodyMemory, Control, Listeners, OwnNames, WaitTurns};
use crate::server::stop::Stopper;

const CSRS: [&str; 2] = [EXAMPLE_CSR, include_str!("../../fixtures/csr/rsa-3072.pem")];

/// Of another key than the CSRs.
const SPKAC: &str = include_str!("../../fixtures/spkac/p256-sha256.txt");

/// A few more orders than the built-in fixtures make, so that the book gets full now and then.
const MAX_ORDERS: usize = 40;

/// The accounts that order: they pay at once, later, or cannot, or choose their CA.
const BUYERS: [&str; 4] = ["login_name", "pays_later", "no_credit", "agreement_account"];

/// What is done to the sandbox.
#[derive(Clone, Debug)]
enum Operation {
    /// Calls an endpoint about an order.
    Call(&'static str, Index, Choices),
    /// Moves the clock, perhaps back.
    Clock(i64),
    /// Changes something over the control API.
    Change(Change),
}

/// What decides the arguments of a call.
#[derive(Clone, Debug)]
struct Choices {
    flags: [bool; 5],
    number: usize,
    is_by_another: bool,
}

#[derive(Clone, Debug)]
enum Change {
    State(Index, State),
    Make(Product, State),
    Delete(Index),
    Email(Index, Option<&'static str>),
    /// Gives an order the certificateID that the next new order would have, or one that no order would have.
    CertificateId(Index, bool),
    Csr(Index, Option<bool>),
    Polls(Option<u8>, bool),
    Assume(usize, Index),
    Restore,
}

fn operation() -> impl Strategy<Value = Operation> {
    let index = any::<Index>;
    let flags = any::<[bool; 5]>();
    let choices = (flags, 0..60_usize, prop::bool::weighted(0.1)).prop_map(|(flags, number, is_by_another)| Choices {
        flags,
        number,
        is_by_another,
    });
    let state = || select(&State::ALL[..]);
    let product = select(&[Product::Smime, Product::CodeSigning][..]);
    let email = select(&[None, Some("a@example.com"), Some("b@example.com")][..]);
    let change = prop_oneof![
        (index(), state()).prop_map(|(order, state)| Change::State(order, state)),
        (product, state()).prop_map(|(product, state)| Change::Make(product, state)),
        index().prop_map(Change::Delete),
        (index(), email).prop_map(|(order, email)| Change::Email(order, email)),
        (index(), any::<bool>()).prop_map(|(order, is_next)| Change::CertificateId(order, is_next)),
        (index(), any::<Option<bool>>()).prop_map(|(order, csr)| Change::Csr(order, csr)),
        (prop::option::of(1..3_u8), any::<bool>()).prop_map(|(polls, is_strict)| Change::Polls(polls, is_strict)),
        (0..ASSUMPTIONS.len(), index()).prop_map(|(place, value)| Change::Assume(place, value)),
        Just(Change::Restore),
    ];
    let endpoint = (0..ENDPOINTS.len()).prop_map(|place| ENDPOINTS[place].name);
    prop_oneof![
        8 => (endpoint, index(), choices).prop_map(|(endpoint, order, choices)| Operation::Call(endpoint, order, choices)),
        1 => (-20..40_i64).prop_map(Operation::Clock),
        1 => (-900..900_i64).prop_map(Operation::Clock),
        2 => change.prop_map(Operation::Change),
    ]
}

/// An emulator without listeners.
struct Rig {
    runtime: Runtime,
    sandbox: Arc<Sandbox>,
    control: Router,
    // Its end would end the streams of the control API.
    _stopper: Stopper,
}

impl Rig {
    fn new() -> Self {
        let authority = Authority::open(&CaOptions::default(), system_now()).expect("it is made without files");
        for name in ISSUERS {
            authority.issuing_ca(name).expect("there are few of them");
        }
        let settings = Settings {
            fixtures: Arc::new(Fixtures::default()),
            assumptions: Vec::new(),
            issuance_delay: Duration::from_secs(3 * 24 * 60 * 60),
            max_orders: MAX_ORDERS,
            max_order_bytes: 1 << 30,
            journal: 10,
            journal_bytes: 1 << 20,
            max_sandboxes: 1,
            seed: Some(1),
        };
        let sandboxes = Sandboxes::new(settings, None, Arc::new(Issuance::new(authority)));
        let sandboxes = Arc::new(sandboxes.expect("the built-in fixtures are tested"));
        let stopper = Stopper::new();
        let control = Control {
            ca_pem: None,
            catalogue: None,
            sandboxes: sandboxes.clone(),
            token: None,
            own_names: OwnNames::new(([127, 0, 0, 1], 1).into(), &[]),
            read_timeout: Duration::from_secs(30),
            max_snapshot: 1 << 30,
            body_memory: BodyMemory::default(),
            answer_turns: AnswerTurns::default(),
            wait_turns: WaitTurns::of_half(2),
            accept_plain_http: false,
            listeners: Listeners {
                https: None,
                http: None,
                control: None,
            },
            stop: stopper.signal(),
        };
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be made"),
            sandbox: sandboxes.default_sandbox().clone(),
            control: control.router(),
            _stopper: stopper,
        }
    }

    /// Asks the control API, and returns the status and the body of its answer.
    fn control(&mut self, method: Method, path: &str, body: &str) -> (u16, String) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{CONTROL_BASE}{path}"))
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Body::from(body.to_owned()))
            .expect("the request is well formed");
        self.runtime.block_on(async {
            let Ok(response) = self.control.call(request).await;
            let status = response.status().as_u16();
            let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
            let body = body.expect("the answer has an end").to_vec();
            (status, String::from_utf8(body).expect("the answer is text"))
        })
    }

    /// The answer of the control API to a request that succeeds.
    fn expect(&mut self, method: Method, path: &str, body: &str) -> String {
        let (status, answer) = self.control(method, path, body);
        assert!((200..300).contains(&status), "{path} {body}: {status} {answer}");
        answer
    }

    fn see(&self) -> Seen {
        self.runtime.block_on(Seen::of(&self.sandbox))
    }

    fn pick(&self, which: &Index) -> Option<Order> {
        let book = self.sandbox.state().world.book.clone();
        let place = (!book.is_empty()).then(|| which.index(book.len()))?;
        book.iter().nth(place).cloned()
    }

    fn call(&self, endpoint: &'static Endpoint, order: &Order, choices: &Choices, before: &Seen, case: &mut Case) {
        let arguments = arguments(endpoint, order, choices, before);
        let mut form = Form::default();
        for (name, value) in &arguments {
            form.push(name.as_bytes(), value.as_bytes());
        }
        let transport = Transport {
            is_https: true,
            is_post: true,
        };
        let incoming = IncomingCall::of_emulator(endpoint, transport, &form);
        let AnsweredCall { answer, .. } = self.runtime.block_on(self.sandbox.answer(&incoming));
        let after = self.see();
        case.done += usize::from(answer.code == Some(0));
        check_call(endpoint, order.number, &arguments, &answer, [before, &after]);
        after.check_that_entries_stay(before, |_| false);
    }

    /// Returns the number of the order that may be another after it.
    fn change(&mut self, change: &Change) -> Option<u64> {
        let path = |order: &Order| format!("/orders/{}", order.number);
        let patch = |rig: &mut Self, which: &Index, body: String| {
            let order = rig.pick(which)?;
            let (status, answer) = rig.control(Method::PATCH, &path(&order), &body);
            assert!(status < 500, "{body}: {answer}");
            Some(order.number.get())
        };
        match change {
            Change::State(which, state) => return patch(self, which, format!(r#"{{"state":"{state}"}}"#)),
            Change::Email(which, email) => {
                let email = serde_json::to_string(email).expect("text is JSON");
                return patch(self, which, format!(r#"{{"email":{email}}}"#));
            }
            Change::Csr(which, csr) => {
                let csr = csr.map(|second| CSRS[usize::from(second)]);
                let csr = serde_json::to_string(&csr).expect("text is JSON");
                return patch(self, which, format!(r#"{{"csr":{csr}}}"#));
            }
            Change::CertificateId(which, is_next) => {
                let next = self.sandbox.state().world.book.next_number();
                let id = if *is_next { next.certificate_id().get() } else { 1 };
                return patch(self, which, format!(r#"{{"certificateID":{id}}}"#));
            }
            Change::Delete(which) => {
                let order = self.pick(which)?;
                self.expect(Method::DELETE, &path(&order), "");
                return Some(order.number.get());
            }
            Change::Make(product, state) => {
                let product = product.as_str();
                let body = format!(r#"{{"loginName":"login_name","product":"{product}","state":"{state}"}}"#);
                let (status, answer) = self.control(Method::POST, "/orders", &body);
                assert!(matches!(status, 201 | 503), "{answer}");
            }
            Change::Polls(polls, is_strict) => {
                let polls = serde_json::to_string(polls).expect("a number is JSON");
                let strict = if *is_strict { r#""1m""# } else { "null" };
                let body = format!(r#"{{"issuedAfterPolls":{polls},"strictPolling":{strict}}}"#);
                self.expect(Method::PATCH, "/accounts/login_name", &body);
            }
            Change::Assume(place, value) => {
                let row = ASSUMPTIONS[*place];
                let value = row.values[value.index(row.values.len())];
                let body = format!(r#"{{"{}":"{value}"}}"#, row.name);
                self.expect(Method::PATCH, "/assumptions", &body);
            }
            Change::Restore => {
                let snapshot = self.expect(Method::GET, "/snapshot", "");
                self.expect(Method::PUT, "/snapshot", &snapshot);
            }
        }
        None
    }
}

/// What a case has seen so far.
#[derive(Default)]
struct Case {
    /// What each serial number was given to.
    certificates: HashMap<String, Vec<u8>>,
    /// How many calls were answered with 0.
    done: usize,
}

/// The arguments of a call about that order.
fn arguments(
    endpoint: &'static Endpoint,
    order: &Order,
    choices: &Choices,
    before: &Seen,
) -> Vec<(&'static str, String)> {
    let letter = |flag: usize| if choices.flags[flag] { "Y" } else { "N" }.to_owned();
    let one_of = |values: &[&str]| values[choices.number % values.len()].to_owned();
    let csr = || CSRS[choices.number % CSRS.len()].to_owned();
    let login_name = match (endpoint.name, choices.is_by_another) {
        ("!AutoApplyOrder", _) => BUYERS[choices.number % BUYERS.len()],
        (_, true) => "reseller_account",
        (_, false) => order.login_name.as_str(),
    };
    let mut arguments = vec![
        ("loginName", login_name.to_owned()),
        ("loginPassword", "login_password".to_owned()),
    ];
    let mut add = |name: &'static str, value: String| arguments.push((name, value));
    let number = ("orderNumber", order.number.to_string());
    let named = !matches!(
        endpoint.name,
        "!AutoApplyOrder" | "!autoRevokeCertificate" | "download/RequestAndCollectSMIME"
    );
    if named {
        add(number.0, number.1.clone());
    }
    match endpoint.name {
        "!AutoApplyOrder" => {
            add("product", one_of(&["794", "795", "796", "8", "530"]));
            add("days", one_of(&["365", "730", "1095", "1"]));
            add("sanEmailAddress", "jane@example.com".to_owned());
            add("organizationName", "Example Ltd".to_owned());
            add("countryName", "GB".to_owned());
            add("isCustomerValidated", "N".to_owned());
            add("appRepEmailAddress", "joe@example.com".to_owned());
            add("test", letter(1));
            if choices.flags[0] {
                let csr = if choices.flags[3] { SPKAC.to_owned() } else { csr() };
                add("csr", csr);
            }
            if choices.flags[2] && login_name == "agreement_account" {
                add("caCertificateID", "1".to_owned());
            }
        }
        "!AutoReplaceSMIME" => {
            add("csr", csr());
            add("revokeOldOrder", letter(0));
            if order.login_name.as_str() == "agreement_account" {
                add("caCertificateID", "1".to_owned());
            }
        }
        "!AutoReplaceCS" => {
            match choices.flags[0] {
                true => add("spkac", SPKAC.to_owned()),
                false => add("csr", csr()),
            }
            if choices.flags[1] {
                add("contactEmailAddress", one_of(&["", "new@example.com"]));
            }
        }
        "!autoRevokeCS" | "!autoRevokeCertificate" => {
            add("revocationReason", "as it pleases".to_owned());
            add("codeReason", one_of(&["0", "1", "3", "4", "5"]));
            add("includeInCRL", letter(0));
            add(
                "test",
                if choices.flags[1] && choices.flags[2] { "Y" } else { "N" }.to_owned(),
            );
            if !named {
                let serial = before.serial(order.number).filter(|_| choices.flags[3]);
                match serial {
                    Some(serial) => add("serialNumber", serial),
                    None if choices.flags[4] => add("certificateID", order.certificate_id().to_string()),
                    None => add(number.0, number.1),
                }
            }
        }
        "!AutoAuthorize" | "!AutoReject" => add("test", letter(0)),
        "download/RequestAndCollectSMIME" => {
            match choices.flags[0] {
                true => add("collectionCode", collection_code(order.number)),
                false => add(number.0, number.1),
            }
            if choices.flags[1] {
                add("csr", csr());
            }
            add("returnCertificate", letter(2));
            add("queryType", one_of(&["0", "1", "2", "3"]));
        }
        "download/CollectSMIME" | "download/CollectSSL" => {
            let (query, kind) = (choices.number % 4, choices.number / 4 % 5);
            add("queryType", query.to_string());
            if query == 1 {
                add("responseType", kind.to_string());
            }
            add("showValidityPeriod", letter(0));
        }
        _ => {}
    }
    arguments
}

#[test]
fn any_sequence_of_operations_leaves_everything_consistent() {
    let mut rig = Rig::new();
    let config = ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut done = 0;
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let rig = std::cell::RefCell::new((&mut rig, &mut done));
    let sequences = prop::collection::vec(operation(), 1..40);
    let result = runner.run(&sequences, |operations| {
        let (rig, done) = &mut *rig.borrow_mut();
        **done += carry_out(rig, &operations);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    assert!(done > 40, "only {done} calls did what they were asked to");
}

/// A change of an order sends no mail, but for one that was to come anyway: this comes when the order is issued now.
fn check_that_mails_follow(change: &Change, changed: Option<u64>, before: &Seen, after: &Seen) {
    let number = changed.and_then(OrderNumber::new);
    let old = number.and_then(|number| before.orders.get(&number));
    let (stay, moved) = match old {
        Some(old) => rules::follow(&before.mails, old, after.orders.get(&old.number), after.now),
        None => (before.mails.clone(), None),
    };
    assert_eq!(after.mails[..stay.len()], stay[..], "{change:?}");
    let sent = after.mails[stay.len()..].iter();
    let sent: Vec<_> = sent
        .map(|(_, mail)| (mail.kind, mail.order_number, mail.time))
        .collect();
    let expected = moved
        .zip(number)
        .map(|(time, number)| (MailKind::Collection, number, time));
    assert_eq!(sent, Vec::from_iter(expected), "{change:?}");
}

/// Does all that to a new world, and returns how many calls were answered with 0.
fn carry_out(rig: &mut Rig, operations: &[Operation]) -> usize {
    rig.expect(Method::POST, "/reset", "");
    rig.expect(Method::PUT, "/clock", r#"{"frozen":true}"#);
    let mut case = Case::default();
    let mut before = rig.see();
    before.check(&mut case.certificates, rig);
    for operation in operations {
        match operation {
            Operation::Call(endpoint, which, choices) => {
                let Some(order) = rig.pick(which) else { continue };
                let endpoint = Endpoint::named(endpoint).expect("it is in the list");
                rig.call(endpoint, &order, choices, &before, &mut case);
            }
            Operation::Clock(days) => {
                let now = before.now.unix_millis() + days * 24 * 60 * 60 * 1000;
                let now = crate::clock::Timestamp::from_unix_millis(now);
                rig.expect(Method::PUT, "/clock", &format!(r#"{{"now":"{now}"}}"#));
                let after = rig.see();
                assert_eq!(after.orders, before.orders, "time alone changes no order");
                after.check_that_entries_stay(&before, |_| false);
            }
            Operation::Change(change) => {
                let changed = rig.change(change);
                let after = rig.see();
                for (number, order) in &before.orders {
                    let is_same = after.orders.get(number) == Some(order);
                    assert!(is_same || changed == Some(number.get()), "{change:?} changed {order:?}");
                }
                after.check_that_entries_stay(&before, |number| changed == Some(number.get()));
                match change {
                    // A snapshot holds no mails.
                    Change::Restore => assert_eq!(after.mails, []),
                    _ => check_that_mails_follow(change, changed, &before, &after),
                }
            }
        }
        before = rig.see();
        before.check(&mut case.certificates, rig);
    }
    case.done
}
