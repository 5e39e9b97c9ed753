//! Answers of the control API as clients read them: fields that this version does not know are left out.
//!
//! The structs of the model refuse such fields, because what users write must not be lost without an error.

use std::fmt;

use serde::de::value::{SeqDeserializer, StringDeserializer};
use serde::de::{Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value, map};

/// Reads an answer.
///
/// # Errors
/// It is no JSON, or not what an emulator answers.
pub(crate) fn read_answer<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    from_value(serde_json::from_slice(json)?)
}

/// Reads a part of an answer.
///
/// # Errors
/// It is not what an emulator answers.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Error> {
    T::deserialize(AnswerValue(value))
}

/// A value of an answer.
struct AnswerValue(Value);

impl<'de> Deserializer<'de> for AnswerValue {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(AnswerFields::new(fields)),
            Value::Array(values) => visitor.visit_seq(SeqDeserializer::new(values.into_iter().map(AnswerValue))),
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(truth),
            Value::Number(number) => number.deserialize_any(visitor),
            Value::String(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl IntoDeserializer<'_, Error> for AnswerValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl fmt::Debug for AnswerValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerValue(..)")
    }
}

/// The fields of an object of an answer.
struct AnswerFields {
    fields: map::IntoIter,
    value: Value,
}

impl AnswerFields {
    fn new(fields: Map<String, Value>) -> Self {
        Self {
            fields: fields.into_iter(),
            value: Value::Null,
        }
    }
}

impl<'de> MapAccess<'de> for AnswerFields {
    type Error = Error;

    /// The next field that the struct knows; derived code asks for its fields so.
    fn next_key<K: Deserialize<'de>>(&mut self) -> Result<Option<K>, Error> {
        for (name, value) in self.fields.by_ref() {
            let name: StringDeserializer<Error> = name.into_deserializer();
            if let Ok(key) = K::deserialize(name) {
                self.value = value;
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(AnswerValue(self.value.take()))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::model::object;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(deserialize_with = "object::list")]
        inner: Vec<Inner>,
        #[serde(default, deserialize_with = "object::option")]
        one: Option<Inner>,
        left_out: Option<u8>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        number: u8,
    }

    #[test]
    fn what_is_not_known_is_left_out_at_every_depth() {
        let json = br#"{"new": {"a": 1}, "inner": [{"number": 1, "new": [2]}, {"new": null, "number": 2}],
            "one": {"number": 3, "new": {}}, "left_out": null}"#;
        let read: Outer = read_answer(json).unwrap();
        let number = |number| Inner { number };
        let expected = Outer {
            inner: vec![number(1), number(2)],
            one: Some(number(3)),
            left_out: None,
        };
        assert_eq!(read, expected);
        assert!(serde_json::from_slice::<Outer>(json).is_err());
        for wrong in ["{}", "[]", r#"{"inner": [{}]}"#, r#"{"inner": 1}"#] {
            assert!(read_answer::<Outer>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
