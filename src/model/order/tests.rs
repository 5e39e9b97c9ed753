use std::num::NonZeroU32;

use serde_json::{Value, json};

use super::*;
use crate::api::account::Account;
use crate::api::order::state::{self as domain, OrderNumber, Stage, Validity};
use crate::api::world::Accounts;
use crate::model::answer::from_value;

const DAY: Duration = Duration::from_secs(86_400);

fn day(number: u32) -> Timestamp {
    Timestamp::EPOCH.after(number * DAY)
}

fn order(stage: Stage) -> domain::Order {
    domain::Order::plain(OrderNumber::new(7).unwrap(), stage)
}

#[test]
fn a_recorded_order_is_the_same_whenever_it_was_recorded_and_is_read() {
    let mut accounts = Accounts::default();
    accounts.insert(Account::plain("a", "p"));
    let validity = Validity {
        issued: day(10),
        expires: day(20),
    };
    for stage in [
        Stage::Pending,
        Stage::BeingIssued(None),
        Stage::BeingIssued(Some(validity)),
        Stage::Issued(validity),
        Stage::Replaced(validity),
        Stage::Revoked(validity),
        Stage::Rejected,
        Stage::OnHold,
        Stage::Unpaid,
    ] {
        for (recorded, read) in (0..6).flat_map(|recorded| (0..6).map(move |read| (recorded * 5, read * 5))) {
            for issuance_fails in [None, Some(IssuanceFailure::PreSign), Some(IssuanceFailure::PostSign)] {
                let order = domain::Order {
                    issued_after_polls: NonZeroU32::new(2).filter(|_| issuance_fails.is_some()),
                    issuance_fails,
                    collected: issuance_fails.is_none(),
                    ..order(stage)
                };
                let entry = OrderInfo::record(&order, day(recorded));
                let text = serde_json::to_string(&entry).unwrap();
                let entry = serde_json::from_str(&text).unwrap();
                let found = build_order(&entry, &accounts, day(read)).unwrap();
                assert_eq!(found, order, "recorded on day {recorded}, read on day {read}: {text}");
            }
        }
    }
}

#[test]
fn only_an_order_that_a_revocation_led_to_has_one() {
    let mut accounts = Accounts::default();
    accounts.insert(Account::plain("l", "p"));
    let build = |state: State| {
        let entry = json!({"orderNumber": 7, "loginName": "l", "product": "smime", "state": state,
                           "revocation": {"at": "-1d", "codeReason": 1}});
        let entry: Order = serde_json::from_value(entry).unwrap();
        build_order(&entry, &accounts, day(1000))
    };
    for state in State::ALL {
        let expected = match state {
            State::Replaced | State::Revoked | State::Rejected | State::Expired => true,
            State::Pending | State::BeingIssued | State::Issued | State::OnHold | State::Unpaid => false,
        };
        match build(state) {
            Ok(order) => {
                assert!(expected && order.revocation.is_some(), "{state}");
                assert_eq!(order.state_at(day(1000)), state);
            }
            Err(error) => {
                assert!(!expected, "{state}: {error:?}");
                assert_eq!(error.field(), "revocation");
                assert!(error.message.contains(&format!("is {state} has no")), "{error:?}");
            }
        }
    }
    // It was replaced before it expired, as it is again where the clock is set back.
    let expired = build(State::Expired).unwrap();
    assert!(matches!(expired.stage, Stage::Replaced(_)), "{expired:?}");
    let described = OrderInfo::record(&expired, day(1000));
    let entry = serde_json::from_value(json!(described)).unwrap();
    assert_eq!(build_order(&entry, &accounts, day(2000)).unwrap(), expired);
}

#[test]
fn an_order_is_written_as_a_fixtures_entry() {
    let day = Duration::from_secs(86_400);
    let order = Order::smime("l").issued().number(7).expires_in(3 * day).email("a@b.de");
    assert_eq!(
        json!(order),
        json!({"loginName": "l", "product": "smime", "state": "issued", "orderNumber": 7, "expires": "+3d",
               "email": "a@b.de"})
    );
    assert_eq!(
        json!(Order::code_signing("l").being_issued_for(Duration::from_secs(600))),
        json!({"loginName": "l", "product": "code-signing", "state": "being-issued", "due": "+10m"})
    );
    assert_eq!(
        json!(OrderChange::to(State::OnHold).without("email")),
        json!({"state": "on-hold", "email": null})
    );
}

#[test]
fn an_order_is_read() {
    let order: OrderInfo = from_value(json!({
        "orderNumber": 7, "loginName": "l", "product": "smime", "state": "revoked",
        "issued": "1970-01-01T00:00:01Z", "revocation": {"at": "1970-01-01T00:00:02Z", "codeReason": 1},
        "signatureHash": "REQUIRE_SHA2", "later": "versions may say more"
    }))
    .unwrap();
    assert_eq!(order.issued, Some(Timestamp::from_unix_millis(1000)));
    assert_eq!((order.expires, order.state), (None, State::Revoked));
    assert_eq!(order.signature_hash, Some(SignatureHash::RequireSha2));
    assert_eq!(order.revocation.unwrap().code_reason, 1);
}

#[test]
fn a_change_names_the_fields_of_an_order() {
    let change = OrderChange::to(State::Issued)
        .login_name("l")
        .product(Product::Smime)
        .issued_ago(DAY)
        .expires_in(DAY)
        .due_in(DAY)
        .email("a@b.de")
        .organization("Example")
        .certificate_id(5)
        .csr("MA==")
        .product_code(794)
        .signature_hash(SignatureHash::PreferSha2)
        .ca_certificate_id(1)
        .keep_key()
        .issued_after_polls(3)
        .issuance_fails(IssuanceFailure::PostSign);
    let Value::Object(mut fields) = json!(change) else {
        panic!("{change:?}")
    };
    assert_eq!(fields.len(), 16);
    fields.insert("orderNumber".to_owned(), json!(1));
    let order: Order = serde_json::from_value(fields.into()).unwrap();
    let built = Order::smime("l")
        .number(1)
        .issued_ago(DAY)
        .expires_in(DAY)
        .due_in(DAY)
        .email("a@b.de");
    let built = built
        .organization("Example")
        .certificate_id(5)
        .csr("MA==")
        .product_code(794)
        .ca_certificate_id(1)
        .keep_key();
    let built = built
        .issued_after_polls(3)
        .issuance_fails(IssuanceFailure::PostSign)
        .issued();
    assert_eq!(order, built.signature_hash(SignatureHash::PreferSha2));
}
