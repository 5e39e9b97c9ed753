use serde_json::json;

use super::*;
use crate::model::answer::from_value;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn an_account_is_written_and_its_password_is_not_printed() {
    let account = Account::new("l", "s3cret").locked().may_only(["!autoRevokeCS"]);
    assert_eq!(
        json!(account.clone().call_limit(100, HOUR).account_id(7)),
        json!({"loginName": "l", "loginPassword": "s3cret", "locked": true, "permissions": ["!autoRevokeCS"],
               "callLimit": {"calls": 100, "per": "1h"}, "accountID": 7})
    );
    let printed = format!("{account:?}");
    assert!(printed.contains("locked") && !printed.contains("s3cret"), "{printed}");
}

#[test]
fn a_change_is_written_and_its_password_is_not_printed() {
    let change = AccountChange::of("l")
        .password("s3cret")
        .unlocked()
        .without("callLimit");
    assert_eq!(
        json!(change.fields),
        json!({"loginPassword": "s3cret", "locked": false, "callLimit": null})
    );
    let printed = format!("{change:?}");
    assert!(
        printed.contains("callLimit") && !printed.contains("s3cret"),
        "{printed}"
    );
}

#[test]
fn a_change_names_the_fields_of_an_account() {
    let change = AccountChange::of("l")
        .password("p")
        .locked()
        .may_only(["!autoRevokeCS"])
        .call_limit(100, HOUR)
        .reseller("r")
        .account_id(7)
        .ca_certificate_ids([1, 2])
        .template_ids([3])
        .payment(Payment::Later)
        .unpriced([796])
        .voucher("v")
        .strict_polling(HOUR)
        .issued_after_polls(3)
        .push(Push::to("http://127.0.0.1/").basic("u", "s3cret"));
    assert!(!format!("{change:?}").contains("s3cret"));
    let account = Account::new("l", "p")
        .locked()
        .may_only(["!autoRevokeCS"])
        .call_limit(100, HOUR);
    let account = account
        .reseller("r")
        .account_id(7)
        .ca_certificate_ids([1, 2])
        .template_ids([3])
        .payment(Payment::Later)
        .unpriced([796])
        .voucher("v")
        .strict_polling(HOUR)
        .issued_after_polls(3)
        .push(Push::to("http://127.0.0.1/").basic("u", "s3cret"));
    let mut whole = json!(account);
    whole["push"]["collection"] = json!(true);
    whole["loginName"].take();
    let mut changed = json!(change.fields);
    changed["loginName"] = json!(null);
    assert_eq!(changed, whole);
}

#[test]
fn a_changed_push_keeps_nothing_of_the_one_before() {
    let change = AccountChange::of("l").push(Push::to("http://127.0.0.1/"));
    assert_eq!(
        json!(change.fields["push"]),
        json!({"url": "http://127.0.0.1/", "user": null, "password": null, "certificate": false, "collection": true})
    );
}

#[test]
fn an_account_is_read_and_an_answer_has_no_password() {
    for (voucher, expected) in [
        (json!("prepaid"), Some(VoucherInfo::Named("prepaid".to_owned()))),
        (json!(true), Some(VoucherInfo::Unnamed)),
        (json!(false), None),
    ] {
        let account: AccountInfo = from_value(json!({"loginName": "l", "voucher": voucher})).unwrap();
        assert_eq!(account.voucher, expected);
    }

    let limit = json!({"calls": 2, "per": "1h", "counted": ["1970-01-01T00:00:01Z"]});
    let account: AccountInfo = from_value(json!({"loginName": "l", "callLimit": limit})).unwrap();
    let limit = account.call_limit.clone().unwrap();
    assert_eq!(
        (limit.per, limit.counted),
        (HOUR, vec![Timestamp::from_unix_millis(1000)])
    );
    assert!(!account.locked && account.permissions.is_none());
    assert_eq!(json!(account).get("loginPassword"), None);
    let password = serde_json::from_value::<Account>(json!({"loginName": "l"})).unwrap_err();
    assert!(
        password.to_string().contains("missing field `loginPassword`"),
        "{password}"
    );
}
