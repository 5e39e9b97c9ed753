//! Changes of the control API's entries.

use std::sync::OnceLock;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::model::account::Account;
use crate::model::fault::Fault;
use crate::model::order::Order;
use crate::server::control;

/// Entries in which every field is set.
struct Entries {
    account: Account,
    order: Order,
    fault: Fault,
}

/// Any JSON object is merged into an entry as RFC 7396 says, and what comes of it is read as an entry or refused.
pub fn patch(input: &[u8]) {
    static ENTRIES: OnceLock<Entries> = OnceLock::new();
    let Ok(patch) = serde_json::from_slice::<Map<String, Value>>(input) else {
        return;
    };
    let entries = ENTRIES.get_or_init(entries);
    check(&entries.account, &patch);
    check(&entries.order, &patch);
    check(&entries.fault, &patch);
}

fn check<T: DeserializeOwned + Serialize>(entry: &T, patch: &Map<String, Value>) {
    let merged = merge_patch(to_value(entry), &Value::Object(patch.clone()));
    let expected = serde_json::from_value::<T>(merged).map(|entry| to_value(&entry));
    match (patched(entry, patch.clone()), expected) {
        (Some(found), Ok(expected)) => assert_eq!(to_value(&found), expected),
        (Some(found), Err(error)) => panic!("the merged entry is refused ({error}): {}", to_value(&found)),
        (None, Ok(expected)) => panic!("refused: {expected}"),
        (None, Err(_)) => {}
    }
}

/// The entry that the control API makes of a patch, if it takes it.
fn patched<T: DeserializeOwned + Serialize>(entry: &T, patch: Map<String, Value>) -> Option<T> {
    control::patched(entry, patch).ok()
}

/// `MergePatch`, as section 2 of RFC 7396 writes it.
fn merge_patch(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, value) in patch {
        let old = target.remove(name);
        if !value.is_null() {
            target.insert(name.clone(), merge_patch(old.unwrap_or_default(), value));
        }
    }
    Value::Object(target)
}

fn to_value(entry: &impl Serialize) -> Value {
    serde_json::to_value(entry).expect("strings and numbers always serialize")
}

fn entries() -> Entries {
    Entries {
        account: read(json!({
            "loginName": "a", "loginPassword": "login_password", "accountID": 7, "reseller": "r", "locked": true,
            "permissions": ["!autoRevokeCS"], "caCertificateIDs": [1, 2], "templateIDs": [3], "voucher": "v",
            "callLimit": {"calls": 5, "per": "1h", "counted": ["2026-01-31T12:00:00Z"]},
        })),
        order: read(json!({
            "orderNumber": 1, "loginName": "a", "product": "smime", "state": "revoked",
            "issued": "2026-01-31T12:00:00Z", "expires": "+335d", "due": "-1d", "email": "jane@example.com",
            "organization": "Example", "csr": "MA==", "productCode": 794, "signatureHash": "PREFER_SHA2",
            "caCertificateID": 3, "keepKey": true,
            "revocation": {"at": "-1d", "codeReason": 1, "revocationReason": "lost"},
        })),
        fault: read(json!({
            "endpoint": "!autoRevokeCS", "loginName": "a", "orderNumber": 1, "skip": 1, "times": 2, "probability": 0.5,
            "ttl": "10m", "then": {"code": -16, "argument": "a", "delay": "1s", "status": 503, "body": "down",
            "disconnect": "before", "garble": true, "throttle": 100},
        })),
    }
}

fn read<T: DeserializeOwned>(entry: Value) -> T {
    serde_json::from_value(entry).expect("the entry has what its kind has")
}
