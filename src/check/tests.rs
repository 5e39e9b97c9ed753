//! A comparison as a whole, with an emulator of other settings in the place of the real service.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::api::protocol::assumption::{ASSUMPTIONS, Assumptions};
use crate::check::answer::Likeness;
use crate::check::decide::compare;
use crate::check::findings::{Alternative, Asked, Findings, Verdict};
use crate::check::list::{DECIDING, Deciding, Orders, deciding, probes};
use crate::check::local::Local;
use crate::check::probe::{Class, Probe};
use crate::check::search::decides;
use crate::check::settings;
use crate::model::{Fixtures, Product, State};

const ORDERS: Orders = Orders {
    smime: Some(1_234_567),
    code_signing: Some(2_200_003),
    foreign: Some(1_100_101),
    collect: true,
};

/// What a server with these assumptions answers to every probe.
async fn served(server: &mut Local, assumptions: &Assumptions) -> Vec<Asked> {
    answers(server, assumptions, probes(&ORDERS)).await
}

/// What such a server answers to a third of the probes, and to those that decide something.
async fn served_some(server: &mut Local, assumptions: &Assumptions) -> Vec<Asked> {
    let all = probes(&ORDERS).into_iter().enumerate();
    let some = all.filter(|(place, probe)| place % 3 == 0 || decides(probe));
    answers(server, assumptions, some.map(|(_, probe)| probe).collect()).await
}

async fn answers(server: &mut Local, assumptions: &Assumptions, probes: Vec<Probe>) -> Vec<Asked> {
    let mut asked = Vec::new();
    for probe in probes {
        let served = (*server.ask(assumptions, &probe).await.unwrap()).clone();
        asked.push(Asked { probe, served });
    }
    asked
}

fn with(pairs: &[(&str, &str)]) -> Assumptions {
    let mut assumptions = Assumptions::default();
    for (name, value) in pairs {
        assumptions.set(name, value).unwrap();
    }
    assumptions
}

fn is_decidable(name: &str) -> bool {
    matches!(deciding(name), Deciding::By(_))
}

#[tokio::test]
async fn each_value_of_each_assumption_is_found_alone() {
    let mut server = Local::start(None, &[], ORDERS).await.unwrap();
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    let mut masks = Vec::new();
    for row in ASSUMPTIONS.iter().filter(|row| is_decidable(row.name)) {
        for value in &row.values[1..] {
            let asked = served_some(&mut server, &with(&[(row.name, value)])).await;
            let findings = compare(&mut local, asked).await.unwrap();
            assert_eq!(findings.assumptions, [(row.name, *value)]);
            assert!(findings.messages.is_empty());
            for row in &findings.rows {
                assert!(matches!(row.verdict, Verdict::Same | Verdict::Explained), "{row:?}");
            }
            let open = findings.open.iter().filter(|open| is_decidable(open.name));
            masks.extend(open.map(|open| (row.name, *value, open.name)));
        }
    }
    assert_eq!(masks, MASKS);
}

/// An assumption, a value of it, and another assumption of which then nothing can be seen.
const MASKS: &[(&str, &str, &str)] = &[
    ("final-newline", "no", "collect-status-newline"),
    ("charset", "utf-8", "text-charset"),
    ("charset", "utf-8", "url-encoded-charset"),
    ("charset", "utf-8", "json-charset"),
    ("unknown-arguments", "ignore", "unknown-check"),
    ("unknown-arguments", "ignore", "spelling"),
];

/// What each probe is answered under each value says which assumptions are decided. Without a probe that tells its values
/// apart, an assumption must stand in the list with a reason.
#[tokio::test]
async fn what_decides_an_assumption_does_so() {
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    let all = probes(&ORDERS);
    for row in ASSUMPTIONS {
        for (place, one) in row.values.iter().enumerate() {
            for other in &row.values[..place] {
                let mut telling = Vec::new();
                for probe in &all {
                    let one = local.ask(&with(&[(row.name, one)]), probe).await.unwrap();
                    let other = local.ask(&with(&[(row.name, other)]), probe).await.unwrap();
                    if one.likeness(&other, probe.class() == Class::Read) != Likeness::Same {
                        telling.push(probe.id());
                    }
                }
                match deciding(row.name) {
                    Deciding::By(ids) => assert!(
                        telling.iter().any(|id| ids.contains(id)),
                        "{}: nothing tells {one} from {other}, but {telling:?}",
                        row.name
                    ),
                    Deciding::Never(_) => assert_eq!(telling, [""; 0], "{}: {one}, {other}", row.name),
                }
            }
        }
    }
    for (name, deciding) in DECIDING {
        assert!(ASSUMPTIONS.iter().any(|row| row.name == *name), "{name} {deciding:?}");
    }
}

#[tokio::test]
async fn twenty_combinations_are_found() {
    let mut server = Local::start(None, &[], ORDERS).await.unwrap();
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    let mut dice = StdRng::seed_from_u64(12);
    for _ in 0..20 {
        let mut assumptions = Assumptions::default();
        for row in ASSUMPTIONS.iter().filter(|row| is_decidable(row.name)) {
            let value = row.values[dice.random_range(0..row.values.len())];
            assumptions.set(row.name, value).unwrap();
        }
        let asked = served_some(&mut server, &assumptions).await;
        let findings = compare(&mut local, asked).await.unwrap();
        assert_explained(&findings, &assumptions);
    }
}

#[track_caller]
fn assert_explained(findings: &Findings, assumptions: &Assumptions) {
    for row in &findings.rows {
        let is_explained = matches!(row.verdict, Verdict::Same | Verdict::Explained);
        assert!(
            is_explained,
            "{assumptions:?}\n{:?}\n{} {:?} {:?}",
            findings.assumptions,
            row.probe.id(),
            row.emulated,
            row.served
        );
    }
    let mut found = Assumptions::default();
    for (name, value) in &findings.assumptions {
        found.set(name, value).unwrap();
    }
    let (expected, found) = (effects(assumptions), effects(&found));
    for (expected, found) in expected.iter().zip(&found) {
        let is_open = findings.open.iter().any(|open| open.name == expected.0);
        assert!(expected == found || is_open, "{expected:?} {found:?}");
    }
}

/// The values of assumptions. Those of charsets as they take effect: one for all formats is the same as one for each.
fn effects(assumptions: &Assumptions) -> Vec<(&'static str, &'static str)> {
    let values = assumptions.values();
    let charset = values.iter().find(|(name, _)| *name == "charset").unwrap().1;
    let effect = |(name, value): (&'static str, &'static str)| match (name, value) {
        ("charset", _) => (name, ""),
        (_, "same") => (name, charset),
        _ => (name, value),
    };
    values.into_iter().map(effect).collect()
}

#[tokio::test]
async fn what_is_written_makes_the_emulator_answer_the_same() {
    let fixtures = Fixtures::parse(
        r#"
        assumptions = { charset = "utf-8", spelling = "british", argument-names = "exact" }
        [[messages]]
        endpoint = "!autoRevokeCS"
        code = -3
        message = "\"xxxx\" is not there \\ at all"
        [[messages]]
        endpoint = "!autoRevokeCS"
        code = -17
        message = "Post!"
        [[messages]]
        endpoint = "!AutoReplaceSMIME"
        code = -2
        message = "What is xxxx?"
        "#,
    )
    .unwrap();
    let mut server = Local::start(Some(fixtures), &[], ORDERS).await.unwrap();
    let start = server.start_assumptions();
    let asked = served(&mut server, &start).await;
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    let findings = compare(&mut local, asked.clone()).await.unwrap();
    assert_eq!(
        findings.assumptions,
        [
            ("argument-names", "exact"),
            ("spelling", "british"),
            ("charset", "utf-8")
        ]
    );
    assert_eq!(findings.messages.len(), 3, "{:?}", findings.messages);
    assert!(findings.rows.iter().all(|row| row.verdict != Verdict::Differs));
    let written = settings::text(&findings, None, "https://a", "today");
    let fixtures = Fixtures::parse(&written).unwrap();
    let mut same = Local::start(Some(fixtures.clone()), &[], ORDERS).await.unwrap();
    let again = compare(&mut same, asked).await.unwrap();
    assert!(again.are_none(), "{written}\n{:?}", again.messages);
    // What was found before is not lost when it is written again.
    let rewritten = settings::text(&again, Some(&fixtures), "https://a", "today");
    assert_eq!(Fixtures::parse(&rewritten).unwrap().messages().count(), 3);
    assert_eq!(rewritten.replace('\n', " "), written.replace('\n', " "));
}

/// Whatever the server assumes: a call that is taken otherwise than it is meant changes nothing either.
#[tokio::test]
async fn no_probe_changes_anything() {
    let mut server = Local::start(None, &[], ORDERS).await.unwrap();
    server.control().clock().freeze().await.unwrap();
    for choice in [0, 1, 2] {
        let mut assumptions = Assumptions::default();
        for row in ASSUMPTIONS {
            let value = row.values[choice.min(row.values.len() - 1)];
            assumptions.set(row.name, value).unwrap();
        }
        for state in State::ALL {
            server.put(Product::Smime, state).await.unwrap();
            server.put(Product::CodeSigning, state).await.unwrap();
            let any = probes(&ORDERS).swap_remove(0);
            server.ask(&assumptions, &any).await.unwrap();
            let before = server.control().snapshot().await.unwrap();
            for probe in probes(&ORDERS) {
                // The inert ones know nothing of the orders.
                if state == State::Issued || probe.class() != Class::Inert {
                    server.ask(&assumptions, &probe).await.unwrap();
                    let after = server.control().snapshot().await.unwrap();
                    assert_eq!(after.json(), before.json(), "{} {state}", probe.id());
                }
            }
            assert!(server.control().outbox().list().await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn the_state_of_an_order_is_found_by_the_answers() {
    let mut server = Local::start(None, &[], ORDERS).await.unwrap();
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    for state in State::ALL {
        server.put(Product::Smime, state).await.unwrap();
        server.put(Product::CodeSigning, state).await.unwrap();
        let asked = served(&mut server, &Assumptions::default()).await;
        let findings = compare(&mut local, asked).await.unwrap();
        assert!(findings.are_none(), "{state}: {:?}", findings.states);
    }
}

#[tokio::test]
async fn what_the_account_may_not_use_is_found_by_the_answers() {
    let mut server = Local::start(None, &[], ORDERS).await.unwrap();
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    server.permit_all_but(&["!AutoReject"]).await.unwrap();
    let asked = served(&mut server, &Assumptions::default()).await;
    let findings = compare(&mut local, asked).await.unwrap();
    assert!(findings.are_none());
    assert_eq!(findings.denied, ["!AutoReject"]);
}

#[tokio::test]
async fn what_cannot_be_told_apart_is_said() {
    let mut server = Local::start(None, &[], ORDERS).await.unwrap();
    let mut local = Local::start(None, &[], ORDERS).await.unwrap();
    let mut asked = served(&mut server, &with(&[("charset", "utf-8")])).await;
    let whole = compare(&mut local, asked.clone()).await.unwrap();
    assert_eq!(whole.alternatives, []);
    asked.retain(|asked| asked.probe.id() == "!autoRevokeCS/arguments/none");
    let findings = compare(&mut local, asked).await.unwrap();
    assert_eq!(findings.assumptions, [("charset", "utf-8")]);
    let others = vec![("text-charset", "utf-8")];
    assert_eq!(
        findings.alternatives,
        [Alternative {
            name: "charset",
            others
        }]
    );
}
