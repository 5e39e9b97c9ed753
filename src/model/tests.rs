use serde_json::{Value, json};
use utoipa::{IntoParams as _, PartialSchema as _};

use super::*;
use crate::api::http_url::HttpUrl;
use crate::api::order::certificate_id::CertificateId;
use crate::api::order::product::Product;
use crate::api::order::state::{OrderNumber, State};
use crate::clock::Timestamp;
use crate::model::account::{CallLimit, Push};
use crate::model::call::{CountRequest, MAX_CALLS};
use crate::model::next::DueFilter;
use crate::model::order::{Order, OrderFilter};
use crate::random::Random;

const NOW: i64 = 1_800_000_000_000;

fn start(max_orders: usize) -> Start {
    Start {
        real_now: Timestamp::from_unix_millis(NOW),
        issuance_delay: std::time::Duration::ZERO,
        max_orders,
    }
}

#[track_caller]
fn error(text: &str) -> String {
    Fixtures::parse(text)
        .and_then(|fixtures| fixtures.build(&start(3), &mut Random::from_seed(1)).map(|_| ()))
        .unwrap_err()
        .to_string()
}

fn with_account(rest: &str) -> String {
    format!("[[accounts]]\nloginName = \"a\"\nloginPassword = \"p\"\n{rest}")
}

fn with_order(rest: &str) -> String {
    with_account(&format!(
        "[[orders]]\norderNumber = 7\nloginName = \"a\"\nproduct = \"smime\"\n{rest}"
    ))
}

#[test]
fn the_built_in_file_holds_one_order_of_each_product_in_each_state() {
    let built = Fixtures::default()
        .build(&start(1000), &mut Random::from_seed(1))
        .unwrap();
    for (base, product) in [(1_100_000, Product::Smime), (2_200_000, Product::CodeSigning)] {
        for (index, state) in State::ALL.into_iter().enumerate() {
            // 2200009 is the order that meets the built-in fault.
            let place = match (product, state) {
                (Product::CodeSigning, State::Unpaid) => 10,
                _ => index as u64 + 1,
            };
            let number = OrderNumber::new(base + place).unwrap();
            let order = built.world.book.get(number).unwrap();
            assert_eq!(
                (order.product, order.state_at(start(1).real_now)),
                (product, state),
                "{number}"
            );
            assert_eq!(order.login_name.as_str(), "login_name");
        }
    }
    assert_eq!(built.faults.iter(start(1).real_now).count(), 1);
}

#[test]
fn json_says_the_same_as_toml() {
    let toml = with_order("state = \"being-issued\"\ndue = \"+10m\"\n");
    let json = r#"{"accounts": [{"loginName": "a", "loginPassword": "p"}],
        "orders": [{"orderNumber": 7, "loginName": "a", "product": "smime", "state": "being-issued", "due": "+10m"}]}"#;
    let order = |text: &str| {
        let world = Fixtures::parse(text)
            .unwrap()
            .build(&start(3), &mut Random::from_seed(1))
            .unwrap()
            .world;
        world.book.get(OrderNumber::new(7).unwrap()).unwrap().clone()
    };
    assert_eq!(order(&toml), order(json));
    assert_eq!(
        order(&toml).state_at(Timestamp::from_unix_millis(NOW + 600_000)),
        State::Issued
    );
}

#[test]
fn times_are_taken_in_each_form() {
    for time in ["\"-30d\"", "\"2026-01-31T12:00:00Z\"", "2026-01-31T12:00:00+01:00"] {
        let text = with_order(&format!("state = \"issued\"\nissued = {time}\n"));
        Fixtures::parse(&text)
            .unwrap()
            .build(&start(3), &mut Random::from_seed(1))
            .unwrap();
    }
}

#[test]
fn an_error_says_where_it_is_and_what_is_taken() {
    let cases = [
        (
            "[[accounts]]\nloginNam = \"a\"\n",
            "line 2, column 1: unknown field `loginNam`, expected one of `loginName`",
        ),
        (
            "x = 1\n",
            "line 1, column 1: unknown field `x`, expected one of `accounts`",
        ),
        (
            "[[accounts]]\nloginName = \"a\"\n",
            "line 1, column 1: missing field `loginPassword`",
        ),
        ("[[accounts]\n", "line 1, column 12: "),
        (
            "[[accounts]]\nloginName = \"\"\nloginPassword = \"p\"\n",
            "line 2, column 13: loginName is empty",
        ),
        (
            "[assumptions]\nspelling = \"scots\"\n",
            "line 2, column 12: the assumption `spelling` takes american, british",
        ),
        (
            &with_order("state = \"lost\"\n"),
            "line 8, column 9: unknown variant, expected one of `pending`, `being-issued`",
        ),
        (
            &with_order("state = \"issued\"\nissued = \"yesterday\"\n"),
            "line 9, column 10: invalid value: string, expected a time: \"-30d\"",
        ),
        (
            &with_order("state = \"issued\"\nexpires = \"-1d\"\n"),
            "line 9, column 11: an order that is issued has its end in the future",
        ),
        (
            &with_order("state = \"expired\"\nexpires = \"+1d\"\n"),
            "line 9, column 11: an order that is expired has its end in the past",
        ),
        (
            &with_order("state = \"revoked\"\nstage = \"issued\"\n"),
            "line 9, column 9: with this stage an order is issued or expired, never revoked; leave `stage` out",
        ),
        (
            &with_order("state = \"being-issued\"\nstage = \"being-issued\"\nissued = \"-1d\"\n"),
            "line 10, column 10: an order that is being-issued has no `issued`",
        ),
        (
            &with_order("state = \"being-issued\"\nexpires = \"+1d\"\n"),
            "line 9, column 11: an order that is being-issued has no `expires` without `due`",
        ),
        (
            &with_order("state = \"issued\"\nstage = \"revoked\"\n"),
            "line 9, column 9: unknown variant, expected one of `being-issued`, `issued`, `replaced`",
        ),
        (
            &with_order("state = \"pending\"\nissued = \"-1d\"\n"),
            "line 9, column 10: an order that is pending has no `issued`",
        ),
        (&with_order("state = \"issued\"\ncsr = \"x\"\n"), "line 9, column 7: "),
        (
            &with_order("state = \"issued\"\n").replace("7", "0"),
            "line 5, column 15: an order number is between 1 and",
        ),
        (
            &with_order("state = \"issued\"\n").replace("loginName = \"a\"\nproduct", "loginName = \"b\"\nproduct"),
            "line 6, column 13: no account has the loginName `b`",
        ),
        (
            &with_account("permissions = [\"!x\"]\n"),
            "line 4, column 15: there is no such endpoint; there are !AutoReplaceSMIME, !autoRevokeCS",
        ),
        (
            &with_account("reseller = \"b\"\n"),
            "line 4, column 12: no account has the loginName `b`",
        ),
        (
            &with_account("voucher = 7\n"),
            "`voucher` is true, false, or the voucher's name",
        ),
        (
            &with_account("callLimit = { calls = 1, per = \"0s\" }\n"),
            "line 4, column 13: takes at most 1000000 calls",
        ),
        (
            &with_account(&with_account("")),
            "line 5, column 13: another account has the loginName `a`",
        ),
        (
            "[[messages]]\nendpoint = \"!autoRevokeCS\"\ncode = -122\nmessage = \"m\"\n",
            "line 3, column 8: !autoRevokeCS does not answer -122; it answers -1, -2",
        ),
        (
            "[[faults]]\nthen = { code = -99 }\n",
            "line 2, column 17: no endpoint answers -99; there are -1, -2, -3, -4, -7, -8, -9, ",
        ),
        (
            "[[faults]]\nendpoint = \"!AutoReplaceSMIME\"\nthen = { code = -14 }\n",
            "line 3, column 17: !AutoReplaceSMIME does not answer -14; it answers -1, -2, ",
        ),
        (
            "[[faults]]\nthen = { code = -3 }\n",
            "line 2, column 17: the message of -3 is \"The 'xxxx' argument is missing!\": say with `argument`",
        ),
        (
            &with_order(
                "state = \"issued\"\n[[orders]]\norderNumber = 7\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n",
            ),
            "line 10, column 15: another order has the orderNumber 7",
        ),
        (
            &with_account("accountID = 5\n[[accounts]]\nloginName = \"b\"\nloginPassword = \"p\"\naccountID = 5\n"),
            "line 8, column 13: another account has the accountID 5",
        ),
        (
            &with_account("reseller = \"b\\n\\u001b\"\n"),
            "line 4, column 12: no account has the loginName `b\\n\\u{1b}`",
        ),
        (
            &with_order("state = \"issued\"\nissued = -30d\n"),
            "text stands in quotes, as in state = \"issued\"",
        ),
        (
            "[[accounts]]\nloginName = \"a\"\nloginPassword = correct horse\n",
            "line 3, column 17: string values must be quoted, expected literal string; text stands in quotes",
        ),
        (
            &with_order("state = issued\n"),
            "expected `inf`; text stands in quotes, as in state = \"issued\"",
        ),
        (
            &with_account("locked = True\n"),
            "invalid boolean, expected `true`; true and false are written in lower case",
        ),
        (
            &with_account("push = \"http://127.0.0.1:1/\"\n"),
            "line 4, column 8: invalid type: string, expected an object; it is written as push = { url = \"...\" }",
        ),
        (
            "[[assumptions]]\nspelling = \"british\"\n",
            "line 1, column 1: invalid type: list, expected an object; what is no list has a heading in single brackets, as in \
             [assumptions]",
        ),
        (
            &with_order("state = \"isued\"\n"),
            "`unpaid`; a similar name exists: `issued`",
        ),
        (
            "dir/my fixtures.toml\n",
            "; this looks like a file's name: send what stands in the file",
        ),
        (
            "{\"accounts\": [{\"loginName\": \"\", \"loginPassword\": \"p\"}]}",
            "line 1, column 30: loginName is empty",
        ),
        (
            "[accounts]\nloginName = \"a\"\n",
            "line 1, column 1: invalid type: object, expected a list; each part of a list has a heading in double brackets, as \
             in [[orders]]",
        ),
        (
            &with_order("issuanceDelay = \"5s\"\n"),
            "; `issuanceDelay` belongs in front of the first heading, for a heading holds what stands behind it",
        ),
        (
            "[[faults]]\ntimes = 1\nstatus = 503\n",
            "; `status` stands within `then`",
        ),
        (
            "{\"accounts\": {}}",
            "line 1, column 13: invalid type: object, expected a list",
        ),
        (
            "{\"accounts\": 1}",
            "line 1, column 14: invalid type: integer, expected a list",
        ),
        ("{} x", "line 1, column 4: trailing characters"),
        (
            "{\"assumptions\": {\"é\": \"ü\"}, \"accounts\": 1}",
            "line 1, column 41: invalid type: integer, expected a list",
        ),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.contains(expected), "{text}\n{error}\n{expected}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn a_file_with_too_many_orders_is_refused() {
    let orders: String = (1..=4)
        .map(|number| {
            format!("[[orders]]\norderNumber = {number}\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"pending\"\n")
        })
        .collect();
    assert!(error(&with_account(&orders)).contains("at most 3 orders"));
}

#[test]
fn passwords_are_not_printed() {
    let fixtures = Fixtures::parse("[[accounts]]\nloginName = \"a\"\nloginPassword = \"correct horse\"\n").unwrap();
    assert!(!format!("{fixtures:?}").contains("horse"));
}

#[test]
fn a_collection_code_is_that_of_its_order_or_is_left_out() {
    let own = crate::api::order::collection_code::collection_code(OrderNumber::new(7).unwrap());
    let with = |number, code: &str| {
        with_account(&format!(
            "[[orders]]\norderNumber = {number}\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n\
             collectionCode = \"{code}\"\n"
        ))
    };
    let fixtures = Fixtures::parse(&with(7, &own)).unwrap();
    fixtures.build(&start(3), &mut Random::from_seed(1)).unwrap();
    for (number, code) in [(8, &*own), (7, "ABC")] {
        let error = error(&with(number, code));
        assert!(
            error.contains("collectionCode") && error.contains("leave it out"),
            "{error}"
        );
    }
}

/// The schema macros take literal numbers alone, so they stand there once more.
#[test]
fn schemas_have_the_limits_that_are_kept() {
    let parameters = |parameters: Vec<utoipa::openapi::path::Parameter>| json!(parameters);
    let order_filter = parameters(OrderFilter::into_params(|| None));
    let due_filter = parameters(DueFilter::into_params(|| None));
    let limit_of = |parameters: &Value, name: &str| {
        let mut all = parameters.as_array().unwrap().iter();
        all.find(|parameter| parameter["name"] == name).unwrap()["schema"]["maximum"].clone()
    };
    let property = |schema: Value, name: &str, limit: &str| schema["properties"][name][limit].clone();
    let (order, account_push) = (json!(<Order>::schema()), json!(Push::schema()));
    for (found, kept) in [
        (limit_of(&order_filter, "limit"), OrderFilter::MAX_LIMIT as u64),
        (limit_of(&order_filter, "after"), OrderNumber::MAX),
        (limit_of(&due_filter, "limit"), DueFilter::MAX_LIMIT as u64),
        (
            property(json!(CountRequest::schema()), "atLeast", "maximum"),
            MAX_CALLS as u64,
        ),
        (
            property(json!(<CallLimit>::schema()), "calls", "maximum"),
            crate::api::account::CallLimit::MAX_CALLS as u64,
        ),
        (property(order.clone(), "orderNumber", "maximum"), OrderNumber::MAX),
        (property(order, "certificateID", "maximum"), CertificateId::MAX),
        (property(account_push, "url", "maxLength"), HttpUrl::MAX as u64),
    ] {
        assert_eq!(found.as_u64(), Some(kept), "{found}");
    }
}
