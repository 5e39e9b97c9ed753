//! What a line of the log will say, taken from its event in as little time as can be: making a line of it is the work of
//! the log's thread.

use std::cell::RefCell;
use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

use crate::clock::real_now_micros;

/// Events that wait to be written, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Records {
    heads: Vec<Head>,
    fields: Vec<(&'static str, Value)>,
    text: String,
}

/// What every event has.
#[derive(Clone, Copy, Debug)]
struct Head {
    unix_micros: u64,
    metadata: &'static Metadata<'static>,
    /// How many fields are its.
    fields: usize,
}

/// The value of a field. That of a text is its length: the text itself follows that of the field before.
#[derive(Clone, Copy, Debug)]
enum Value {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
    Text(usize),
    Shown(usize),
}

/// An event as it is read back.
pub(super) struct Record<'r> {
    /// When it came, in microseconds since 1970-01-01T00:00:00Z.
    pub(super) unix_micros: u64,
    /// Its level, its target, its place in the code.
    pub(super) metadata: &'static Metadata<'static>,
    fields: &'r [(&'static str, Value)],
    text: &'r str,
}

/// The value of a field as it is read back.
pub(super) enum Read<'r> {
    /// A whole number.
    Unsigned(u64),
    /// A whole number that may be below zero.
    Signed(i64),
    /// Any number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// A text, which a line puts into quotes.
    Text(&'r str),
    /// What is displayed by its own rules, without quotes.
    Shown(&'r str),
}

impl Records {
    /// Takes down an event.
    pub(super) fn push(&mut self, event: &Event<'_>) {
        let before = self.fields.len();
        event.record(self);
        self.heads.push(Head {
            unix_micros: real_now_micros(),
            metadata: event.metadata(),
            fields: self.fields.len() - before,
        });
    }

    /// Takes over all that `others` hold, which is nothing then.
    pub(super) fn append(&mut self, others: &mut Self) {
        self.heads.append(&mut others.heads);
        self.fields.append(&mut others.fields);
        self.text.push_str(&others.text);
        others.text.clear();
    }

    /// Forgets all, and keeps at most so many bytes of memory for texts to come.
    pub(super) fn clear(&mut self, most: usize) {
        self.heads.clear();
        self.fields.clear();
        self.text.clear();
        self.heads.shrink_to(most / size_of::<Head>());
        self.fields.shrink_to(most / size_of::<(&str, Value)>());
        self.text.shrink_to(most);
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.heads.len()
    }

    /// How much memory they take.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.heads) + size_of_val(&*self.fields) + self.text.len()
    }

    /// The events, the oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let (mut fields, mut text) = (&*self.fields, &*self.text);
        self.heads.iter().map(move |head| {
            let (its, rest) = fields.split_at(head.fields);
            let length = its.iter().map(|(_, value)| value.text_length()).sum();
            let (its_text, rest_of_text) = text.split_at(length);
            (fields, text) = (rest, rest_of_text);
            Record {
                unix_micros: head.unix_micros,
                metadata: head.metadata,
                fields: its,
                text: its_text,
            }
        })
    }
}

impl Visit for Records {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let before = self.text.len();
        // A value that cannot be displayed is left as far as it came.
        let _ = write!(self.text, "{value:?}");
        self.fields.push((field.name(), Value::Shown(self.text.len() - before)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text.push_str(value);
        self.fields.push((field.name(), Value::Text(value.len())));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.push((field.name(), Value::Unsigned(value)));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.push((field.name(), Value::Signed(value)));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.fields.push((field.name(), Value::Float(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.push((field.name(), Value::Bool(value)));
    }
}

impl Value {
    fn text_length(self) -> usize {
        match self {
            Self::Text(length) | Self::Shown(length) => length,
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) | Self::Bool(_) => 0,
        }
    }
}

impl<'r> Record<'r> {
    /// Its fields, in their order.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Read<'r>)> {
        let mut text = self.text;
        self.fields.iter().map(move |(name, value)| {
            let (its, rest) = text.split_at(value.text_length());
            text = rest;
            let value = match *value {
                Value::Unsigned(number) => Read::Unsigned(number),
                Value::Signed(number) => Read::Signed(number),
                Value::Float(number) => Read::Float(number),
                Value::Bool(is_so) => Read::Bool(is_so),
                Value::Text(_) => Read::Text(its),
                Value::Shown(_) => Read::Shown(its),
            };
            (*name, value)
        })
    }
}

/// Takes down an event outside any lock, and hands it over.
pub(super) fn take_down(event: &Event<'_>, hand_over: impl FnOnce(&mut Records)) {
    thread_local! {
        static ONE: RefCell<Records> = RefCell::default();
    }
    ONE.with(|one| match one.try_borrow_mut() {
        Ok(mut one) => {
            one.push(event);
            hand_over(&mut one);
        }
        // Displaying a value has logged something itself.
        Err(_) => {
            let mut one = Records::default();
            one.push(event);
            hand_over(&mut one);
        }
    });
}
