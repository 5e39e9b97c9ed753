//! What is wrong with a value that is of the right kind.

use crate::model::locate::Step::{self, Index, Key};

/// What is wrong with the value at a path.
#[derive(Debug)]
pub(crate) struct ValueError {
    pub(super) path: Vec<Step>,
    /// What is wrong, and what is taken instead.
    pub(crate) message: String,
    /// The option that the message names, without its dashes.
    pub(super) option: Option<&'static str>,
}

impl ValueError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: message.into(),
            option: None,
        }
    }

    pub(crate) fn at(key: &'static str, message: impl Into<String>) -> Self {
        Self::new(message).under(key)
    }

    /// The path as it is written: `then.code`.
    pub(crate) fn field(&self) -> String {
        let steps: Vec<_> = self.path.iter().map(ToString::to_string).collect();
        steps.join(".")
    }

    /// The path as far as the user has chosen no part of it.
    pub(crate) fn known_field(&self) -> String {
        let known = self.path.iter().take_while(|step| !matches!(step, Step::Name(_)));
        let steps: Vec<_> = known.map(ToString::to_string).collect();
        steps.join(".")
    }

    pub(super) fn under(mut self, key: &'static str) -> Self {
        self.path.insert(0, Key(key));
        self
    }

    pub(super) fn within(mut self, list: &'static str, index: usize) -> Self {
        self.path.splice(0..0, [Key(list), Index(index)]);
        self
    }
}

pub(super) fn check_length(key: &'static str, text: &str, max: usize) -> Result<(), ValueError> {
    match text.chars().count() {
        0 => Err(ValueError::at(key, format!("{key} is empty"))),
        characters if characters > max => Err(ValueError::at(
            key,
            format!("{key} has {characters} characters; the API takes {max} at most"),
        )),
        _ => Ok(()),
    }
}
