//! From the words of the command line to the JSON of the control API.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;

use crate::cli::ctl::args::{FaultArgs, OrderArgs};
use crate::cli::ctl::{CtlError, read};
use crate::client::ControlError;
use crate::files;
use crate::model::Product;
use crate::model::account::Account;
use crate::model::fixtures::{Fixtures, toml_message, without_mark};
use crate::model::order::Order;
use crate::model::valueless::without_value;
use crate::similar::nearest;

/// The fields of what is written as an object, without those that have no value.
fn given(args: &impl Serialize) -> Map<String, Value> {
    let Value::Object(mut fields) = json!(args) else {
        unreachable!("the options of a command are written as an object");
    };
    drop_empty(&mut fields);
    fields
}

fn drop_empty(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| match value {
        Value::Null => false,
        Value::Object(inner) => {
            drop_empty(inner);
            !inner.is_empty()
        }
        _ => true,
    });
}

/// `orders create`: by default an S/MIME order of the account `login_name`.
pub(super) fn new_order(number: Option<u64>, args: &OrderArgs) -> Result<Value, CtlError> {
    let mut order = order(args)?;
    if let Some(number) = number {
        add(&mut order, "orderNumber", json!(number))?;
    }
    order.entry("loginName").or_insert(json!("login_name"));
    order.entry("product").or_insert(json!(Product::Smime));
    Ok(order.into())
}

/// `orders set`; a field without a value is taken away.
pub(super) fn changed_order(args: &OrderArgs) -> Result<Value, CtlError> {
    Ok(order(args)?.into())
}

/// Whether the CSR of an order is given as the text itself, and that has no armour.
pub(super) fn has_bare_csr(args: &OrderArgs) -> bool {
    let is_bare = |value: &str| !value.starts_with('@') && !value.contains("-----BEGIN");
    args.fields.iter().any(|(name, value)| name == "csr" && is_bare(value))
}

/// The fields of an order that are given, as options or by their names.
fn order(args: &OrderArgs) -> Result<Map<String, Value>, CtlError> {
    let kinds = Kinds::of::<Order>();
    let mut order = fields(&args.fields, |name, value| match (name, value.strip_prefix('@')) {
        ("csr", Some(file)) => Ok(json!(read(Path::new(file))?)),
        _ => kinds.read(name, value),
    })?;
    if let Some(file) = &args.csr {
        add(&mut order, "csr", json!(read(file)?))?;
    }
    let by_option = given(&OrderOptions {
        args,
        revocation: RevocationOptions {
            at: args.revoked.as_deref(),
            code_reason: args.code_reason,
            revocation_reason: args.revocation_reason.as_deref(),
        },
    });
    for (name, value) in by_option {
        add(&mut order, &name, value)?;
    }
    Ok(order)
}

/// The options of an order, as the model of an order has its fields.
#[derive(Serialize)]
struct OrderOptions<'a> {
    #[serde(flatten)]
    args: &'a OrderArgs,
    revocation: RevocationOptions<'a>,
}

/// The options of an order's revocation, which stand beside the others on the command line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevocationOptions<'a> {
    at: Option<&'a str>,
    code_reason: Option<u8>,
    revocation_reason: Option<&'a str>,
}

/// `accounts create` and `accounts set`.
pub(super) fn account_fields(pairs: &[(String, String)]) -> Result<Map<String, Value>, CtlError> {
    let kinds = Kinds::of::<Account>();
    let account = fields(pairs, |name, value| match name {
        "permissions" if value == "none" => Ok(json!([])),
        "voucher" => Ok(truth(value).map_or_else(|| json!(value), |truth| json!(truth))),
        "callLimit" => {
            let (calls, per) = value
                .split_once('/')
                .ok_or_else(|| CtlError::Given("callLimit: give CALLS/DURATION, such as 100/1h".to_owned()))?;
            Ok(json!({"calls": number(name, calls)?, "per": per}))
        }
        "push" => Ok(json!({"url": value})),
        _ => kinds.read(name, value),
    })?;
    Ok(account)
}

/// The field of an account that a text of the form `FIELD=VALUE` names, or was meant to name.
pub(super) fn field_of_account(text: &str) -> Option<String> {
    /// What is easily written in place of the field's name.
    const PASSWORD: (&str, &str) = ("password", "loginPassword");
    let (name, _) = text.split_once('=')?;
    if name.eq_ignore_ascii_case(PASSWORD.0) {
        return Some(PASSWORD.1.to_owned());
    }
    let kinds = Kinds::of::<Account>();
    let names = kinds.0.as_object()?.keys().map(String::as_str);
    nearest(name, names).map(str::to_owned)
}

/// Of which kind each field of an object is, as its schema says.
struct Kinds(Value);

impl Kinds {
    fn of<T: PartialSchema>() -> Self {
        let mut schema = serde_json::to_value(T::schema()).expect("a schema is strings, numbers, lists and objects");
        Self(schema["properties"].take())
    }

    /// The value of a field from what was given for it: a number, a truth value, a list of them with commas between, or a
    /// text, which is also what is given for a field that is not known.
    fn read(&self, name: &str, given: &str) -> Result<Value, CtlError> {
        let field = &self.0[name];
        match kind(field) {
            "array" => given
                .split(',')
                .map(|part| one(kind(&field["items"]), name, part))
                .collect(),
            kind => one(kind, name, given),
        }
    }
}

/// The type that a schema names, beside null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    }
    .unwrap_or_default()
}

fn one(kind: &str, name: &str, given: &str) -> Result<Value, CtlError> {
    Ok(match kind {
        "integer" => json!(number(name, given)?),
        "boolean" => json!(truth(given).ok_or_else(|| CtlError::Given(format!("{name}: give true or false")))?),
        _ => json!(given),
    })
}

fn number(name: &str, text: &str) -> Result<u64, CtlError> {
    text.parse()
        .map_err(|_| CtlError::Given(format!("{name}: give a number, not `{text}`")))
}

fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
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
pub(super) fn add(fields: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), CtlError> {
    match fields.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(CtlError::Given(format!("{name} is given twice"))),
    }
}

/// `faults add`.
pub(super) fn fault(args: &FaultArgs) -> Value {
    given(args).into()
}

/// The file of `restore`, which may be a pipe and is read once.
pub(super) struct SnapshotFile {
    name: PathBuf,
    text: Bytes,
    /// What is sent: the text itself if that is JSON.
    pub(super) json: Bytes,
}

impl SnapshotFile {
    /// Reads a file: JSON as it is, TOML as JSON; `-` is stdin.
    ///
    /// # Errors
    /// It cannot be read, or is neither.
    pub(super) fn read(file: &Path) -> Result<Self, CtlError> {
        let (name, text) = if file == Path::new("-") {
            let text = io::read_to_string(io::stdin()).map_err(files::without_stream);
            (Path::new("stdin"), text)
        } else {
            (file, files::read_text(file))
        };
        let name = name.to_owned();
        let text = match text {
            Ok(text) => Bytes::from(text),
            Err(source) => return Err(CtlError::File { path: name, source }),
        };
        let text = text.slice_ref(without_mark(as_text(&text)).as_bytes());
        let json = match as_json(as_text(&text)) {
            Ok(Some(json)) => json.into(),
            Ok(None) => text.clone(),
            Err(what) => {
                let name = name.display();
                return Err(CtlError::Given(format!("{name}: neither JSON nor TOML: {what}")));
            }
        };
        Ok(Self { name, text, json })
    }

    /// The error about this file, whose content was refused: with the place in the file, not in the JSON that was sent.
    pub(super) fn refused(&self, mut error: CtlError) -> CtlError {
        let CtlError::Control(ControlError::Refused {
            status: 400 | 422,
            detail,
            ..
        }) = &mut error
        else {
            return error;
        };
        match Fixtures::from_file(as_text(&self.text).to_owned(), &self.name) {
            Err(error) => CtlError::Given(error.to_string()),
            Ok(_) => {
                *detail = format!("`{}`: {detail}", self.name.display());
                error
            }
        }
    }
}

/// Bytes that were read as a text.
fn as_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("it was read as a text")
}

/// The JSON of a text that is TOML; none if it is JSON itself.
///
/// # Errors
/// It is neither; one line says what is wrong.
fn as_json(text: &str) -> Result<Option<String>, String> {
    if Fixtures::is_json(text) {
        return match serde_json::from_str::<IgnoredAny>(text) {
            Ok(_) => Ok(None),
            Err(error) => Err(without_value(&error.to_string()).into_owned()),
        };
    }
    match text.parse::<toml::Table>() {
        Ok(table) if table.is_empty() => Err("nothing stands in it".to_owned()),
        Ok(table) => Ok(Some(from_toml(table.into()).to_string())),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            let before = text.get(..offset).unwrap_or_default();
            let line = 1 + before.matches('\n').count();
            let message = toml_message(text, offset, &error);
            let what = message.split_whitespace().collect::<Vec<_>>().join(" ");
            Err(format!("line {line}: {what}"))
        }
    }
}

/// A value of TOML in JSON, which has no times: they are texts.
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
