//! A fixtures file as it is written: the same structs read TOML and JSON, and write the snapshot of a world.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::api::fault::Faults;
use crate::api::world::Accounts;
use crate::files;
use crate::model::account::Account;
use crate::model::clock::ClockEntry;
use crate::model::fault::Fault;
use crate::model::locate::{FailAt, Step, unquoted};
use crate::model::message::MessageEntry;
use crate::model::order::Order;
use crate::model::valueless::without_value;
use crate::model::when::Span;
use crate::model::{object, whole};

/// A whole file.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct File {
    #[serde(deserialize_with = "accounts")]
    pub(crate) accounts: Vec<Account>,
    #[serde(deserialize_with = "object::list")]
    pub(crate) orders: Vec<Order>,
    #[serde(deserialize_with = "object::list")]
    pub(crate) messages: Vec<MessageEntry>,
    #[serde(deserialize_with = "faults")]
    pub(crate) faults: Vec<Fault>,
    pub(crate) assumptions: BTreeMap<String, String>,
    #[serde(deserialize_with = "object::option", skip_serializing_if = "Option::is_none")]
    pub(crate) clock: Option<ClockEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issuance_delay: Option<Span>,
    #[serde(deserialize_with = "whole::option", skip_serializing_if = "Option::is_none")]
    pub(crate) next_order_number: Option<u64>,
}

fn accounts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Account>, D::Error> {
    object::first(Accounts::MAX + 1, deserializer)
}

fn faults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Fault>, D::Error> {
    object::first(Faults::MAX + 1, deserializer)
}

/// What a fixtures file says.
#[derive(Clone, Debug)]
pub struct Fixtures {
    pub(super) text: Text,
    pub(super) file: File,
}

impl Fixtures {
    /// Reads the fixtures file at a path; its errors name it.
    ///
    /// # Errors
    /// It cannot be read, or as [`parse`](Self::parse).
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        let text = files::read_text(path).map_err(|source| LoadError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::from_file(text, path)?)
    }

    /// Reads what stands in the file at a path; its errors name it.
    pub(crate) fn from_file(text: String, path: &Path) -> Result<Self, FixturesError> {
        let text = Text {
            file: Some(path.to_owned()),
            ..Text::new(text)
        };
        Self::read(text)
    }

    /// Reads a fixtures file: JSON if it begins with `{`, else TOML.
    ///
    /// # Errors
    /// It is neither, a key is unknown or missing, or a value is of a wrong kind. What only shows when the file is
    /// put to use (an order of an account that is not there) is found when the emulator starts.
    pub fn parse(text: &str) -> Result<Self, FixturesError> {
        Self::read(Text::new(text))
    }

    /// As [`parse`](Self::parse), without a copy of the text.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(crate) fn parse_owned(text: String) -> Result<Self, FixturesError> {
        Self::read(Text::new(text))
    }

    /// Whether a text is read as JSON, and not as TOML.
    pub(crate) fn is_json(text: &str) -> bool {
        without_mark(text).trim_start().starts_with('{')
    }

    /// How much memory they take, in bytes, near enough, with what a sandbox makes of them beside its orders.
    pub(crate) fn memory(&self) -> usize {
        /// How many bytes each byte takes that they are written with: they are kept, and made into a world, and most values
        /// are short texts, each allocated by itself.
        const TIMES: usize = 4;
        let written = serde_json::to_vec(&self.file).expect("fixtures can always be written");
        self.text.text.len()
            + TIMES * written.len()
            + size_of_val(&*self.file.orders)
            + size_of_val(&*self.file.accounts)
    }

    /// The messages that are worded in another way: endpoint, code, wording.
    #[cfg(feature = "cli")]
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&str, i32, &str)> {
        let entries = self.file.messages.iter();
        entries.map(|entry| (&*entry.endpoint, entry.code, &*entry.message))
    }

    fn read(text: Text) -> Result<Self, FixturesError> {
        let file = text.read(PhantomData)?;
        Ok(Self { text, file })
    }
}

impl From<File> for Fixtures {
    /// The fixtures that a snapshot describes; their errors have no place in a text.
    fn from(file: File) -> Self {
        Self {
            text: Text::new(""),
            file,
        }
    }
}

impl Default for Fixtures {
    /// The built-in fixtures.
    fn default() -> Self {
        let mut fixtures =
            Self::parse(include_str!("../../fixtures/default.toml")).expect("the built-in fixtures are tested");
        fixtures.text.file = Some("the built-in ones".into());
        fixtures
    }
}

/// What is wrong with a fixtures file, and where. The value that is wrong is not in it, as it may be a password in the
/// wrong place, except for a `loginName` that no account or more than one has, if it is not the password of an account in
/// the same fixtures.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{}line {line}, column {column}: {message}", prefix(.file.as_deref()))]
pub struct FixturesError {
    /// The file, if it is one.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The path of the value, such as `orders.3.loginName`, if the value is of the right kind but does not fit.
    pub field: Option<String>,
    /// What is wrong, and what is taken instead.
    pub message: String,
    /// The option that the message names, without its dashes.
    pub(crate) option: Option<&'static str>,
}

/// Why a fixtures file could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// It is not there, may not be read, or is not UTF-8.
    #[error("cannot read the fixtures file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is no fixtures file.
    #[error("bad fixtures: {0}")]
    Bad(#[from] FixturesError),
}

/// What is wrong with a text that should be TOML, at that place in it.
pub(crate) fn toml_message(text: &str, offset: usize, error: &toml::de::Error) -> String {
    let message = without_value(error.message().trim());
    if is_file_name(text) {
        return format!("{message}; this looks like a file's name: send what stands in the file");
    }
    if is_like_yaml(text) {
        return not_yaml(&message);
    }
    let hint = match unquoted(text, offset) {
        Some(value) if ["true", "false"].contains(&&*value.to_lowercase()) => {
            "; true and false are written in lower case, and text stands in quotes"
        }
        Some(_) => "; text stands in quotes, as in state = \"issued\"",
        None => hint_about_object(text, offset, &message),
    };
    format!("{message}{hint}")
}

/// How an object or a list of them is written in TOML, as the end of a message that one of them was expected in the place of
/// something else, or nothing.
fn hint_about_object(text: &str, offset: usize, message: &str) -> &'static str {
    let (before, after) = text.split_at_checked(offset).unwrap_or_default();
    let line = before.rsplit(['\n', ',', '{']).next().unwrap_or_default();
    if message.starts_with("invalid type: object, expected a list") {
        "; each part of a list has a heading in double brackets, as in [[orders]]"
    } else if message.starts_with("invalid type: list, expected an object") && after.starts_with("[[") {
        "; what is no list has a heading in single brackets, as in [assumptions]"
    } else if message.starts_with("invalid type: string, expected an object")
        && line.split('=').next().is_some_and(|key| key.trim() == "push")
    {
        "; it is written as push = { url = \"...\" }"
    } else {
        ""
    }
}

/// Whether a text is the name of a fixtures file, and not what stands in one.
fn is_file_name(text: &str) -> bool {
    let text = without_mark(text).trim();
    let extension = Path::new(text).extension().and_then(OsStr::to_str);
    let is_known = |extension: &str| {
        ["toml", "json", "yaml", "yml"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    };
    !text.contains(['\n', '=', '"', '#', '[']) && extension.is_some_and(is_known)
}

/// The field of the whole file that the line at that offset of a TOML text has, if a heading stands in front of it, as in
/// `[[orders]]` and `nextOrderNumber = 1` below it.
fn field_of_the_file(text: &str, offset: usize) -> Option<&str> {
    /// The longest line that is read again, in bytes.
    const MAX: usize = 256;
    let (before, rest) = text.split_at_checked(offset)?;
    let line = rest.lines().next().filter(|line| line.len() <= MAX)?;
    let (field, _) = line.split_once('=')?;
    let is_taken = toml::from_str::<File>(line).is_ok();
    let is_below = before.lines().any(|line| line.trim_start().starts_with('['));
    (is_taken && is_below).then_some(field.trim())
}

/// The message about a text that is YAML.
fn not_yaml(message: &str) -> String {
    format!("{message}; this looks like YAML, but TOML or JSON is expected")
}

/// Whether a text begins as YAML does and as TOML cannot: with `---`, an entry of a list, or a key and a colon.
fn is_like_yaml(text: &str) -> bool {
    let mut lines = without_mark(text).lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let is_key = |(key, value): (&str, &str)| {
        (value.is_empty() || value.starts_with(' ')) && !key.contains([' ', '=', '[', '{'])
    };
    first.is_some_and(|line| {
        ["---", "-"].contains(&line)
            || ["--- ", "- ", "%YAML "].iter().any(|start| line.starts_with(start))
            || line.split_once(':').is_some_and(is_key)
    })
}

fn prefix(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| format!("{}, ", file.display()))
}

/// A text without the byte order mark that editors on Windows put in front.
pub(crate) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The text of a file; it is kept to find the place of a value.
#[derive(Clone)]
pub(super) struct Text {
    text: Box<str>,
    file: Option<PathBuf>,
}

impl Text {
    fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let rest = without_mark(&text);
        let text = if rest.len() == text.len() { text } else { rest.into() };
        Self { text, file: None }
    }

    fn read<'t, S: DeserializeSeed<'t>>(&'t self, seed: S) -> Result<S::Value, FixturesError> {
        if Fixtures::is_json(&self.text) {
            let mut json = serde_json::Deserializer::from_str(&self.text);
            seed.deserialize(&mut json)
                .and_then(|value| json.end().map(|()| value))
                .map_err(|error| self.json_error(&error))
        } else {
            toml::Deserializer::parse(&self.text)
                .and_then(|toml| seed.deserialize(toml))
                .map_err(|error| self.toml_error(&error))
        }
    }

    /// The error that says `message` of the value at `path`.
    pub(super) fn error_at(&self, path: &[Step], message: &str) -> FixturesError {
        let steps: Vec<_> = path.iter().map(ToString::to_string).collect();
        let error = match self.read(FailAt { path, message }) {
            Err(error) => error,
            Ok(()) => self.error(0, message),
        };
        FixturesError {
            field: Some(steps.join(".")),
            message: message.to_owned(),
            ..error
        }
    }

    fn toml_error(&self, error: &toml::de::Error) -> FixturesError {
        let offset = error.span().map_or(0, |span| span.start);
        let message = toml_message(&self.text, offset, error);
        let field = field_of_the_file(&self.text, offset).filter(|_| message.starts_with("unknown field"));
        let message = match field {
            Some(field) => format!(
                "{message}; `{field}` belongs in front of the first heading, for a heading holds what stands behind it"
            ),
            None => message,
        };
        self.error(offset, &self.about_its_name(message))
    }

    fn json_error(&self, error: &serde_json::Error) -> FixturesError {
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let line = error.line().max(1);
        // serde_json counts bytes.
        let text_of_line = self.text.split('\n').nth(line - 1).unwrap_or_default();
        let starts = text_of_line.char_indices().map(|(start, _)| start);
        let column = starts.take_while(|start| *start < error.column()).count();
        FixturesError {
            file: self.file.clone(),
            line,
            column: column.max(1),
            field: None,
            message: self.about_its_name(without_value(text.strip_suffix(&place).unwrap_or(&text)).into_owned()),
            option: None,
        }
    }

    /// The message about a text that cannot be read; that YAML is not expected, if its file is called so.
    fn about_its_name(&self, message: String) -> String {
        let extension = self.file.as_deref().and_then(Path::extension);
        let is_called_yaml = extension.is_some_and(|extension| extension == "yaml" || extension == "yml");
        let is_well_formed = || match Fixtures::is_json(&self.text) {
            true => serde_json::from_str::<IgnoredAny>(&self.text).is_ok(),
            false => self.text.parse::<toml::Table>().is_ok(),
        };
        match is_called_yaml && !is_like_yaml(&self.text) && !is_well_formed() {
            true => not_yaml(&message),
            false => message,
        }
    }

    fn error(&self, offset: usize, message: &str) -> FixturesError {
        let before = self.text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        FixturesError {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            field: None,
            message: message.trim().replace('\n', ", "),
            option: None,
        }
    }
}

impl std::fmt::Debug for Text {
    /// Not the text itself: passwords stand in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.text.len())
    }
}

/// Fixtures as an object, or as the text of a file (TOML or JSON).
#[derive(Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum FixturesOrText {
    Object(Box<File>),
    Text(String),
}

impl FixturesOrText {
    /// The fixtures.
    ///
    /// # Errors
    /// They are a text that is no fixtures file.
    pub(crate) fn read(self) -> Result<Fixtures, FixturesError> {
        match self {
            Self::Object(file) => Ok((*file).into()),
            Self::Text(text) => Fixtures::parse_owned(text),
        }
    }
}

impl<'de> Deserialize<'de> for FixturesOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FixturesVisitor)
    }
}

struct FixturesVisitor;

impl<'de> Visitor<'de> for FixturesVisitor {
    type Value = FixturesOrText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fixtures: an object, or the text of a fixtures file")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<FixturesOrText, E> {
        Ok(FixturesOrText::Text(text.to_owned()))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<FixturesOrText, M::Error> {
        File::deserialize(MapAccessDeserializer::new(map)).map(|file| FixturesOrText::Object(Box::new(file)))
    }
}
