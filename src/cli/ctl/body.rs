//! From the words of the command line to the JSON and the queries of the control API.

use std::io;
use std::path::Path;

use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::api::order::product::Product;
use crate::cli::ctl::args::{CallsArgs, Disconnect, FaultArgs, OrderArgs, OrdersListArgs};
use crate::cli::ctl::{CtlError, read};
use crate::model::{Fixtures, toml_message, without_mark};

/// The fields that have a value.
pub(super) fn given(fields: &[(&str, Value)]) -> Value {
    fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// `orders create`: by default an S/MIME order of the account `login_name`.
pub(super) fn new_order(number: Option<u64>, args: &OrderArgs) -> Result<Value, CtlError> {
    let mut order = order(args)?;
    if let Some(number) = number {
        add(&mut order, "orderNumber", json!(number))?;
    }
    order.entry("loginName").or_insert(json!("login_name"));
    order.entry("product").or_insert(json!(Product::Smime.as_str()));
    Ok(order.into())
}

/// `orders set`; a field without a value is taken away.
pub(super) fn changed_order(args: &OrderArgs) -> Result<Value, CtlError> {
    Ok(order(args)?.into())
}

/// The fields of an order that are given, as options or by their names.
fn order(args: &OrderArgs) -> Result<Map<String, Value>, CtlError> {
    let revocation = given(&[
        ("at", json!(args.revoked)),
        ("codeReason", json!(args.code_reason)),
        ("revocationReason", json!(args.revocation_reason)),
    ]);
    let by_option = [
        ("loginName", json!(args.login)),
        ("product", json!(args.product)),
        ("state", json!(args.state)),
        ("issued", json!(args.issued)),
        ("expires", json!(args.expires)),
        ("due", json!(args.due)),
        ("email", json!(args.email)),
        ("organization", json!(args.organization)),
        ("csr", json!(args.csr.as_deref().map(read).transpose()?)),
        ("productCode", json!(args.product_code)),
        ("signatureHash", json!(args.signature_hash)),
        ("caCertificateID", json!(args.ca_certificate_id)),
        ("keepKey", json!(args.keep_key)),
        (
            "revocation",
            if revocation == json!({}) {
                Value::Null
            } else {
                revocation
            },
        ),
    ];
    let mut order = order_fields(&args.fields)?;
    for (name, value) in by_option.into_iter().filter(|(_, value)| !value.is_null()) {
        add(&mut order, name, value)?;
    }
    Ok(order)
}

/// The fields of an order that are given by their names.
fn order_fields(pairs: &[(String, String)]) -> Result<Map<String, Value>, CtlError> {
    fields(pairs, |name, value| {
        Ok(match (name, value.strip_prefix('@')) {
            ("csr", Some(file)) => json!(read(Path::new(file))?),
            ("orderNumber" | "productCode" | "caCertificateID", _) => json!(number(name, value)?),
            ("keepKey", _) => json!(truth(value).ok_or_else(|| no_truth(name))?),
            _ => json!(value),
        })
    })
}

/// `accounts create` and `accounts set`.
pub(super) fn account_fields(pairs: &[(String, String)]) -> Result<Value, CtlError> {
    let account = fields(pairs, |name, value| {
        let number = |text: &str| number(name, text);
        Ok(match name {
            "accountID" => json!(number(value)?),
            "caCertificateIDs" | "templateIDs" => {
                json!(value.split(',').map(number).collect::<Result<Vec<_>, _>>()?)
            }
            "permissions" if value == "none" => json!([]),
            "permissions" => json!(value.split(',').collect::<Vec<_>>()),
            "locked" => json!(truth(value).ok_or_else(|| no_truth(name))?),
            "voucher" => truth(value).map_or_else(|| json!(value), |truth| json!(truth)),
            "callLimit" => {
                let (calls, per) = value
                    .split_once('/')
                    .ok_or_else(|| CtlError::Given("callLimit: give CALLS/DURATION, such as 100/1h".to_owned()))?;
                json!({"calls": number(calls)?, "per": per})
            }
            _ => json!(value),
        })
    })?;
    Ok(account.into())
}

fn number(name: &str, text: &str) -> Result<u64, CtlError> {
    text.parse()
        .map_err(|_| CtlError::Given(format!("{name}: give a number, not `{text}`")))
}

fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

fn no_truth(name: &str) -> CtlError {
    CtlError::Given(format!("{name}: give true or false"))
}

fn fields(
    pairs: &[(String, String)],
    read: impl Fn(&str, &str) -> Result<Value, CtlError>,
) -> Result<Map<String, Value>, CtlError> {
    let mut fields = Map::new();
    for (name, value) in pairs {
        let value = if value.is_empty() {
            Value::Null
        } else {
            read(name, value)?
        };
        add(&mut fields, name, value)?;
    }
    Ok(fields)
}

/// Adds a field that is not there yet.
fn add(fields: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), CtlError> {
    match fields.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(CtlError::Given(format!("{name} is given twice"))),
    }
}

/// `faults add`.
pub(super) fn fault(args: &FaultArgs) -> Value {
    let disconnect = args.disconnect.map(|place| match place {
        Disconnect::Before => "before",
        Disconnect::MidBody => "mid-body",
    });
    let then = given(&[
        ("code", json!(args.code)),
        ("argument", json!(args.argument)),
        ("delay", json!(args.delay)),
        ("status", json!(args.status)),
        ("body", json!(args.body)),
        ("disconnect", json!(disconnect)),
        ("garble", json!(args.garble.then_some(true))),
        ("throttle", json!(args.throttle)),
    ]);
    given(&[
        ("endpoint", json!(args.endpoint)),
        ("loginName", json!(args.login)),
        ("orderNumber", json!(args.order)),
        ("skip", json!(args.skip)),
        ("times", json!(args.times)),
        ("probability", json!(args.probability)),
        ("ttl", json!(args.ttl)),
        ("then", then),
    ])
}

/// The body of `restore`: JSON as it is, TOML as JSON; `-` is stdin.
pub(super) fn snapshot(file: &Path) -> Result<String, CtlError> {
    let (name, text) = if file == Path::new("-") {
        (Path::new("stdin"), io::read_to_string(io::stdin()))
    } else {
        (file, std::fs::read_to_string(file))
    };
    let text = text.map_err(|source| CtlError::File {
        path: name.to_owned(),
        source,
    })?;
    let rest = without_mark(&text);
    let text = if rest.len() == text.len() {
        text
    } else {
        rest.to_owned()
    };
    let bad = |what: &str| CtlError::Given(format!("{}: neither JSON nor TOML: {what}", name.display()));
    if Fixtures::is_json(&text) {
        return match serde_json::from_str::<IgnoredAny>(&text) {
            Ok(_) => Ok(text),
            Err(error) => Err(bad(&error.to_string())),
        };
    }
    match text.parse::<toml::Table>() {
        Ok(table) if table.is_empty() => Err(bad("nothing stands in it")),
        Ok(table) => Ok(from_toml(table.into()).to_string()),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let line = 1 + text[..offset].matches('\n').count();
            let message = toml_message(&text, offset, &error);
            let what = message.split_whitespace().collect::<Vec<_>>().join(" ");
            Err(bad(&format!("{what} at line {line}")))
        }
    }
}

/// The same in JSON, which has no times: they are texts.
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(truth) => json!(truth),
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(values) => values.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(name, value)| (name, from_toml(value)))
            .collect(),
    }
}

/// The query of `orders list`, after the order of that number.
pub(super) fn orders(args: &OrdersListArgs, after: Option<u64>) -> String {
    query(&[
        ("loginName", args.login.clone()),
        ("state", args.state.clone()),
        ("product", args.product.clone()),
        ("after", after.map(|after| after.to_string())),
    ])
}

/// The query of `calls`, also of `calls --follow`.
pub(super) fn calls(args: &CallsArgs) -> String {
    query(&[
        ("endpoint", args.endpoint.clone()),
        ("loginName", args.login.clone()),
        ("orderNumber", args.order.clone()),
        ("code", args.code.map(|code| code.to_string())),
        ("since", args.since.clone()),
    ])
}

fn query(fields: &[(&str, Option<String>)]) -> String {
    let given = fields
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| (name, value)));
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(given)
        .finish();
    if query.is_empty() { query } else { format!("?{query}") }
}
