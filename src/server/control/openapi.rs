//! The OpenAPI document: made from the routes, completed with what all of them have in common.

use serde_json::{Map, Value, json};

use super::routes::{self, SANDBOX};
use crate::model::sandbox::CONTROL_BASE;

/// Where it stands.
pub(super) fn path() -> String {
    format!("{CONTROL_BASE}/openapi.json")
}

/// The document as JSON in one line; whether the control API demands a token stands in it.
pub(crate) fn document(needs_token: bool) -> String {
    let description = routes::description();
    let mut document = serde_json::to_value(description).expect("a document is strings, numbers, lists and objects");
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "sectigo-emulator control API",
        "version": env!("CARGO_PKG_VERSION"),
        "description": format!("Drives a sectigo-emulator: sandboxes, accounts, orders, clock, faults, journal. What \
                                stands under {CONTROL_BASE}{SANDBOX} does to that sandbox what the same under {CONTROL_BASE} does to \
                                the default one."),
        "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
    });
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer", "description": "Where --control-token demands it."},
    });
    loosen(&mut document["components"]["schemas"]);
    let paths = document["paths"].as_object_mut().expect("there are paths");
    paths.insert(
        path(),
        json!({"get": {
            "tags": ["service"], "summary": "This document.", "operationId": "readDocument",
            "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}},
        }}),
    );
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().expect("a path has operations") {
            complete(path, method, operation, needs_token);
        }
    }
    document.to_string()
}

/// Adds to an operation what all have in common.
fn complete(path: &str, method: &str, operation: &mut Value, needs_token: bool) {
    if path.contains("{sandbox}") {
        add_sandbox(path, operation);
    }
    let needs_token = needs_token && !path.ends_with("/health");
    if needs_token {
        operation["security"] = json!([{"token": []}]);
    }
    let has_body = operation.get("requestBody").is_some();
    let responses = operation["responses"]
        .as_object_mut()
        .expect("an operation has responses");
    for (status, description) in common_responses(path, method, has_body, needs_token) {
        responses
            .entry(status)
            .or_insert_with(|| json!({"description": description}));
    }
    for (status, response) in responses {
        if status.starts_with(['4', '5']) {
            response["content"] =
                json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}});
        }
    }
}

/// Adds the sandbox that the path names.
fn add_sandbox(path: &str, operation: &mut Value) {
    let parameter = json!({
        "name": "sandbox", "in": "path", "required": true, "description": "The sandbox's name",
        "schema": {"type": "string"},
    });
    match operation["parameters"].as_array_mut() {
        Some(parameters) => parameters.insert(0, parameter),
        None => operation["parameters"] = json!([parameter]),
    }
    if !path.ends_with("{sandbox}") {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        operation["operationId"] = json!(format!("{id}InSandbox"));
    }
}

/// The statuses that follow from an operation's path, method and body, with what each means where the operation itself
/// does not say it.
fn common_responses(path: &str, method: &str, has_body: bool, needs_token: bool) -> Vec<(&'static str, &'static str)> {
    let mut common = vec![
        ("400", "The request cannot be read"),
        ("403", "A web page may be behind it"),
    ];
    if path.contains("{sandbox}") {
        common.push(("404", "There is no such sandbox, or nothing of that name in it"));
    }
    if needs_token {
        common.push(("401", "The token is missing or wrong"));
    }
    if path.ends_with("/calls") && method == "get" {
        common.push(("422", "A field does not fit"));
    }
    if has_body {
        common.extend([
            ("408", "The body did not arrive in time"),
            ("413", too_long(path)),
            ("422", "A field does not fit"),
            (
                "503",
                "Other long bodies are being read; Retry-After tells when to send it again",
            ),
        ]);
    }
    // Where no body belongs, its type is looked at all the same.
    if method != "get" {
        common.push(("415", "The Content-Type is not that of JSON"));
    }
    common
}

fn too_long(path: &str) -> &'static str {
    let route = path.rsplit('/').next().unwrap_or_default();
    match route {
        "snapshot" => "The body is longer than --max-snapshot",
        "reset" | "sandboxes" => "The body is longer than 16 MiB",
        _ => "The body is longer than 1 MiB",
    }
}

/// Of a patch nothing is required, and null removes; a new order is given what it lacks.
fn loosen(schemas: &mut Value) {
    for (name, required, description) in [
        (
            "AccountPatch",
            &[][..],
            "The fields of an account that shall change; null removes one.",
        ),
        (
            "OrderPatch",
            &[][..],
            "The fields of an order that shall change; null removes one.",
        ),
        (
            "NewOrder",
            &["loginName", "product"][..],
            "An order; without an orderNumber it is given one, without a state it is issued.",
        ),
    ] {
        let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) else {
            continue;
        };
        let needed: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap_or_default();
        schema.insert("description".to_owned(), json!(description));
        if required.is_empty() {
            schema.remove("required");
            let properties = schema["properties"].as_object_mut().expect("an entry has properties");
            for (_, property) in properties.iter_mut().filter(|(name, _)| !needed.contains(name)) {
                make_nullable(property);
            }
        } else {
            schema.insert("required".to_owned(), json!(required));
        }
    }
}

fn make_nullable(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    match object.get("type") {
        Some(Value::String(kind)) => {
            let kinds = json!([kind, "null"]);
            object.insert("type".to_owned(), kinds);
        }
        Some(_) => {}
        None if object.contains_key("oneOf") => {}
        None => {
            let old = Value::Object(std::mem::replace(object, Map::new()));
            *property = json!({"oneOf": [{"type": "null"}, old]});
        }
    }
}
