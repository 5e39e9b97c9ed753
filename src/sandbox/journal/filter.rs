//! Which entries of the journal are asked for, and how others differ from them.

use std::borrow::Cow;

use super::entry::Entry;
use super::kept_form::LOGIN_NAME;
use crate::api::account::LoginName;
use crate::clock::Timestamp;

/// Which calls are asked for; a field that is not set asks for any.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    /// Of this endpoint.
    pub(crate) endpoint: Option<&'static str>,
    /// With this loginName.
    pub(crate) login_name: Option<String>,
    /// With this orderNumber, as it was written.
    pub(crate) order_number: Option<String>,
    /// Answered with this code.
    pub(crate) code: Option<i32>,
    /// At this time of the sandbox's clock or later.
    pub(crate) since: Option<Timestamp>,
}

/// A field in which a call differs from what was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Difference {
    /// The field, as the API and the control API spell it.
    pub(crate) field: &'static str,
    /// What was asked for.
    pub(crate) wanted: String,
    /// What the call has, if anything.
    pub(crate) found: Option<String>,
}

impl Filter {
    /// Whether it asks for this call.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        self.endpoint.is_none_or(|name| name == entry.subject.name())
            && self.code.is_none_or(|code| entry.code == Some(code))
            && self.since.is_none_or(|since| entry.time >= since)
            && self
                .login_name
                .as_deref()
                .is_none_or(|name| entry.caller.has_name(name))
            && self
                .order_number
                .as_deref()
                .is_none_or(|number| entry.is_of_order(number))
    }

    /// The fields in which a call differs from what is asked for.
    pub(crate) fn differences(&self, entry: &Entry) -> Vec<Difference> {
        let text = |value: &str| value.to_owned();
        let login_name = entry.caller.account().map(LoginName::as_str);
        let order_number = entry.order_number.map(|number| number.to_string());
        let fields = [
            ("endpoint", self.endpoint.map(text), Some(text(entry.subject.name()))),
            (
                "loginName",
                self.login_name.clone(),
                match &self.login_name {
                    // It may be masked in the entry.
                    Some(wanted) if entry.caller.has_name(wanted) => Some(wanted.clone()),
                    _ => login_name
                        .map(text)
                        .or_else(|| entry.argument(LOGIN_NAME).map(Cow::into_owned)),
                },
            ),
            (
                "orderNumber",
                self.order_number.clone(),
                order_number.or_else(|| entry.argument("orderNumber").map(Cow::into_owned)),
            ),
            (
                "code",
                self.code.map(|code| code.to_string()),
                entry.code.map(|code| code.to_string()),
            ),
        ];
        let mut differences: Vec<_> = fields
            .into_iter()
            .filter_map(|(field, wanted, found)| {
                let wanted = wanted?;
                (found.as_deref() != Some(&*wanted)).then_some(Difference { field, wanted, found })
            })
            .collect();
        if let Some(since) = self.since.filter(|since| entry.time < *since) {
            differences.push(Difference {
                field: "since",
                wanted: since.to_string(),
                found: Some(entry.time.to_string()),
            });
        }
        differences
    }
}
