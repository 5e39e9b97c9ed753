//! Why a call was not done: the code to answer, and a sentence for the person who debugs.

use std::borrow::Cow;

use memchr::memmem;

use crate::api::protocol::code::{Code, INVALID_ARGUMENT, MISSING_ARGUMENT, PLACEHOLDER, UNRECOGNIZED_ARGUMENT};

/// A call that was refused, and why.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The row of the code table to answer with.
    pub code: &'static Code,
    /// What fills the message's placeholder, if it has one.
    pub name: Option<String>,
    /// One sentence that says more than the reply may: for the log, never for the reply, never with a secret in it.
    pub hint: Cow<'static, str>,
}

impl Refusal {
    /// A refusal whose message has no placeholder.
    pub fn new(code: &'static Code, hint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            name: None,
            hint: hint.into(),
        }
    }

    /// A refusal whose message names an argument or an action.
    pub fn naming(code: &'static Code, name: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            name: Some(name.into()),
            hint: hint.into(),
        }
    }

    /// -2: the endpoint has no such argument.
    pub fn unrecognized(name: impl Into<String>, hint: impl Into<Cow<'static, str>>) -> Self {
        Self::naming(&UNRECOGNIZED_ARGUMENT, name, hint)
    }

    /// -3: a required argument was not sent.
    pub fn missing(name: &'static str, hint: impl Into<Cow<'static, str>>) -> Self {
        Self::naming(&MISSING_ARGUMENT, name, hint)
    }

    /// -4: an argument's value is not taken.
    pub fn invalid(name: &'static str, hint: impl Into<Cow<'static, str>>) -> Self {
        Self::naming(&INVALID_ARGUMENT, name, hint)
    }

    /// Fills `template`'s placeholder with the name that this refusal carries.
    pub fn fill(&self, template: Cow<'static, str>) -> Cow<'static, str> {
        let place = memmem::find(template.as_bytes(), PLACEHOLDER.as_bytes());
        match (&self.name, place) {
            (Some(name), Some(place)) => {
                let (before, after) = (&template[..place], &template[place + PLACEHOLDER.len()..]);
                [before, name, after].concat().into()
            }
            _ => template,
        }
    }
}
