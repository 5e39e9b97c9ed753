//! Which entries of the journal are asked for, and how others differ from them.

use std::borrow::Cow;

use super::entry::Entry;
use super::kept_form::LOGIN_NAME;
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
        FIELDS.iter().all(|field| (field.agrees)(self, entry))
    }

    /// The fields in which a call differs from what is asked for.
    pub(crate) fn differences(&self, entry: &Entry) -> Vec<Difference> {
        let differing = FIELDS.iter().filter(|field| !(field.agrees)(self, entry));
        let difference = |field: &Field| {
            let wanted = (field.wanted)(self)?;
            let found = (field.found)(entry);
            // An argument whose name is spelled wrongly may have what is wanted, and not count.
            (found.as_ref() != Some(&wanted)).then_some(Difference {
                field: field.name,
                wanted,
                found,
            })
        };
        differing.filter_map(difference).collect()
    }
}

/// A field of [`Filter`].
struct Field {
    /// See [`Difference::field`].
    name: &'static str,
    /// Whether a call has what is asked for. Every call has, where any is asked for.
    agrees: fn(&Filter, &Entry) -> bool,
    /// What is asked for, if not any.
    wanted: fn(&Filter) -> Option<String>,
    /// What a call has, if anything.
    found: fn(&Entry) -> Option<String>,
}

/// Every field, in the order in which differences are listed.
const FIELDS: [Field; 5] = [
    Field {
        name: "endpoint",
        agrees: |filter, entry| filter.endpoint.is_none_or(|name| name == entry.subject.name()),
        wanted: |filter| filter.endpoint.map(str::to_owned),
        found: |entry| Some(entry.subject.name().to_owned()),
    },
    Field {
        name: "loginName",
        agrees: |filter, entry| {
            let wanted = filter.login_name.as_deref();
            wanted.is_none_or(|name| entry.caller.has_name(name))
        },
        wanted: |filter| filter.login_name.clone(),
        found: |entry| match entry.caller.account() {
            Some(login_name) => Some(login_name.to_string()),
            None => entry.argument(LOGIN_NAME).map(Cow::into_owned),
        },
    },
    Field {
        name: "orderNumber",
        agrees: |filter, entry| {
            let wanted = filter.order_number.as_deref();
            wanted.is_none_or(|number| entry.is_of_order(number))
        },
        wanted: |filter| filter.order_number.clone(),
        found: |entry| match entry.order_number {
            Some(number) => Some(number.to_string()),
            None => entry.argument("orderNumber").map(Cow::into_owned),
        },
    },
    Field {
        name: "code",
        agrees: |filter, entry| filter.code.is_none_or(|code| entry.code == Some(code)),
        wanted: |filter| filter.code.map(|code| code.to_string()),
        found: |entry| entry.code.map(|code| code.to_string()),
    },
    Field {
        name: "since",
        agrees: |filter, entry| filter.since.is_none_or(|since| entry.time >= since),
        wanted: |filter| filter.since.map(|since| since.to_string()),
        found: |entry| Some(entry.time.to_string()),
    },
];
