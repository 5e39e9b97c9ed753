//! The fields of an entry as they were sent: to change one, or to make one that needs not say all.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

use super::Problem;
use super::extract::misfit;
use crate::similar::similar_name;

/// The most fields and lists in it, nested ones counted: no entry has as many, and each takes a hundred times the memory
/// that it takes in JSON.
const MAX_PARTS: u32 = 1000;

/// An object of which it is known only that it is no larger than an entry may be.
#[derive(Debug)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let left = Cell::new(MAX_PARTS);
        deserializer.deserialize_map(FieldsVisitor(&left)).map(Self)
    }
}

struct FieldsVisitor<'c>(&'c Cell<u32>);

impl<'de> Visitor<'de> for FieldsVisitor<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key()? {
            Bounded(self.0).count()?;
            fields.insert(name, map.next_value_seed(Bounded(self.0))?);
        }
        Ok(fields)
    }
}

/// Reads a value, and counts down how many fields and lists there may still be.
#[derive(Clone, Copy)]
struct Bounded<'c>(&'c Cell<u32>);

impl Bounded<'_> {
    fn count<E: Error>(self) -> Result<(), E> {
        let left = self.0.get().checked_sub(1).ok_or_else(|| {
            E::custom(format!(
                "there are more than {MAX_PARTS} fields and lists in the body; no entry has as many"
            ))
        })?;
        self.0.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Value, S::Error> {
        self.count()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(self)? {
            list.push(value);
        }
        Ok(list.into())
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Value, M::Error> {
        FieldsVisitor(self.0).visit_map(map).map(Value::Object)
    }
}

/// Whether a patch of an entry names its fields only, and the fields of its fields; nothing needs to be locked for that.
///
/// # Errors
/// A field is unknown, also one that shall be removed.
pub(super) fn check_fields<T: ToSchema>(patch: &Map<String, Value>) -> Result<(), Problem> {
    let mut schemas = Vec::new();
    T::schemas(&mut schemas);
    check_names(&T::schema(), &schemas, patch)
}

fn check_names(
    schema: &RefOr<Schema>,
    schemas: &[(String, RefOr<Schema>)],
    patch: &Map<String, Value>,
) -> Result<(), Problem> {
    let Some(object) = object_schema(schema, schemas) else {
        return Ok(());
    };
    for (name, value) in patch {
        let Some(field) = object.properties.get(name) else {
            let known: Vec<_> = object.properties.keys().map(|name| format!("`{name}`")).collect();
            let hint = similar_name(name, object.properties.keys().map(String::as_str));
            return Err(Problem::unreadable(
                name.clone(),
                format!("unknown field, expected one of {}{hint}", known.join(", ")),
            )
            .logged("unknown field"));
        };
        if let Value::Object(inner) = value {
            check_names(field, schemas, inner).map_err(|problem| problem.below(name))?;
        }
    }
    Ok(())
}

/// What a schema says of an object with fields, if it is about one: by itself, by its name, or beside null.
fn object_schema<'s>(schema: &'s RefOr<Schema>, schemas: &'s [(String, RefOr<Schema>)]) -> Option<&'s Object> {
    match schema {
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next()?;
            let (_, schema) = schemas.iter().find(|(known, _)| known == name)?;
            object_schema(schema, schemas)
        }
        RefOr::T(Schema::Object(object)) => Some(object).filter(|object| !object.properties.is_empty()),
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().find_map(|item| object_schema(item, schemas)),
        RefOr::T(_) => None,
    }
}

/// An entry with the fields of a patch merged into it as RFC 7396 says: null removes.
///
/// # Errors
/// A field does not take that value.
pub(crate) fn patched<T: DeserializeOwned>(entry: &impl Serialize, patch: Map<String, Value>) -> Result<T, Problem> {
    let mut object = object_of(entry);
    let removed = removed(&object, &patch);
    merge(&mut object, patch);
    from_object(object).map_err(|problem| match problem.missing() {
        Some(field) if removed.iter().any(|removed| removed == field) => {
            Problem::unreadable(field.to_owned(), "it cannot be removed, only changed")
        }
        _ => problem,
    })
}

/// The paths of the fields of an object that a patch removes.
fn removed(object: &Map<String, Value>, patch: &Map<String, Value>) -> Vec<String> {
    let mut paths = Vec::new();
    for (name, value) in patch {
        match (object.get(name), value) {
            (Some(_), Value::Null) => paths.push(name.clone()),
            (Some(Value::Object(old)), Value::Object(new)) => {
                paths.extend(removed(old, new).iter().map(|path| format!("{name}.{path}")));
            }
            (Some(_) | None, _) => {}
        }
    }
    paths
}

/// Merges fields into those of an object. To remove what is not there is nothing.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(inner) => {
                let field = target.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if !field.is_object() {
                    *field = Value::Object(Map::new());
                }
                if let Value::Object(old) = field {
                    merge(old, inner);
                }
            }
            value => {
                target.insert(name, value);
            }
        }
    }
}

/// An entry as the object that it is in JSON.
fn object_of(entry: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(entry) {
        Ok(Value::Object(object)) => object,
        _ => unreachable!("an entry is written as an object"),
    }
}

/// What an object says, if it is as it should be.
pub(super) fn from_object<T: DeserializeOwned>(object: Map<String, Value>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| misfit(&error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_as_they_are() {
        let object =
            json!({"a": null, "b": true, "c": -5, "d": 5, "e": 5.0, "f": 0.1, "g": "é", "h": [1, [], {"i": {}}]});
        let Fields(fields) = serde_json::from_value(object.clone()).unwrap();
        assert_eq!(Value::Object(fields), object);
        let Fields(fields) = serde_json::from_str(&object.to_string()).unwrap();
        assert_eq!(Value::Object(fields), object);
    }

    #[test]
    fn what_an_entry_must_have_cannot_be_removed() {
        #[derive(Debug, Deserialize, Serialize)]
        struct Entry {
            #[serde(skip_serializing_if = "Option::is_none")]
            optional: Option<Inner>,
            inner: Inner,
        }
        #[derive(Debug, Deserialize, Serialize)]
        struct Inner {
            needed: u8,
        }
        let entry = Entry {
            optional: None,
            inner: Inner { needed: 1 },
        };
        for (patch, expected) in [
            (json!({"inner": null}), "cannot be removed"),
            (json!({"inner": {"needed": null}}), "cannot be removed"),
            (json!({"optional": {}}), "missing field `needed`"),
            (json!({"optional": {"needed": null}}), "missing field `needed`"),
            (json!({"optional": {}, "needed": null}), "missing field `needed`"),
        ] {
            let Value::Object(fields) = patch.clone() else {
                unreachable!()
            };
            let problem = patched::<Entry>(&entry, fields).unwrap_err();
            assert!(format!("{problem:?}").contains(expected), "{patch}: {problem:?}");
        }
        let Value::Object(fields) = json!({"optional": null}) else {
            unreachable!()
        };
        assert!(patched::<Entry>(&entry, fields).is_ok());
    }

    #[test]
    fn more_fields_and_lists_than_an_entry_has_are_refused() {
        let list = |count| vec!["[]"; count].join(",");
        let objects = |count| vec![r#"{"a":0}"#; count].join(",");
        let fields = |count| {
            (0..count)
                .map(|number| format!(r#""{number}":0"#))
                .collect::<Vec<_>>()
                .join(",")
        };
        // The field and its own list count as well.
        for (fits, too_many) in [
            (
                format!(r#"{{"x":[{}]}}"#, list(998)),
                format!(r#"{{"x":[{}]}}"#, list(999)),
            ),
            (
                format!(r#"{{"x":[{}]}}"#, objects(998)),
                format!(r#"{{"x":[{}]}}"#, objects(999)),
            ),
            (format!("{{{}}}", fields(1000)), format!("{{{}}}", fields(1001))),
        ] {
            serde_json::from_str::<Fields>(&fits).unwrap();
            let error = serde_json::from_str::<Fields>(&too_many).unwrap_err().to_string();
            assert!(error.contains("more than 1000 fields and lists"), "{error}");
        }
        // An entry may have a long list.
        let numbers = format!(r#"{{"caCertificateIDs":[{}]}}"#, vec!["1"; 100_000].join(","));
        serde_json::from_str::<Fields>(&numbers).unwrap();
    }
}
