//! Sandboxes: how they are made, and what they hold.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::fixtures::FixturesOrText;
use crate::model::when::{Span, optional_span};

/// The name of the sandbox that always exists.
pub(crate) const DEFAULT_SANDBOX: &str = "default";

/// What the path of every route of the control API begins with. What people read has it in full.
pub(crate) const CONTROL_BASE: &str = "/control/v1";

/// A sandbox as the control API answers it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
#[schema(as = Sandbox)]
pub struct SandboxInfo {
    /// Its name.
    pub name: String,
    /// What stands before the path of an endpoint to call it there: `/sandboxes/t1`; nothing for the default sandbox.
    pub path: String,
    /// The login names whose calls at the plain path are its.
    pub logins: Vec<String>,
    /// How long it lives since its last use; without it, for ever.
    #[serde(default, with = "optional_span", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Span>)]
    pub ttl: Option<Duration>,
    /// What is left of that.
    #[serde(default, with = "optional_span", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Span>)]
    pub expires_in: Option<Duration>,
    /// How many orders it holds.
    pub orders: usize,
    /// How many accounts it holds.
    pub accounts: usize,
    /// How many calls its journal holds.
    pub calls: usize,
}

/// Sandboxes as the control API answers them, the default one first.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Sandboxes)]
pub(crate) struct SandboxList {
    pub(crate) sandboxes: Vec<SandboxInfo>,
}

/// A sandbox to be made.
///
/// ```
/// use sectigo_emulator::control::{NewSandbox, minutes};
///
/// let new = NewSandbox::named("t1").ttl(minutes(10)).claim("login");
/// # drop(new);
/// ```
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[must_use]
#[serde(deny_unknown_fields)]
pub struct NewSandbox {
    /// Its name; without one, it is given one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    pub(crate) name: Option<String>,
    /// Its fixtures, as an object or as the text of a file; without them, those that the emulator was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixtures: Option<FixturesOrText>,
    /// The login names whose calls at the plain path shall be its, at most 1000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) logins: Vec<String>,
    /// How long it shall live since its last use; without it, for ever.
    #[serde(default, with = "optional_span", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Span>)]
    pub(crate) ttl: Option<Duration>,
}

impl NewSandbox {
    /// One that is given a readable name.
    pub fn unnamed() -> Self {
        Self::default()
    }

    /// One of that name.
    pub fn named(name: &str) -> Self {
        Self {
            name: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// With these fixtures, TOML or JSON, in place of the emulator's.
    pub fn fixtures(self, text: impl Into<String>) -> Self {
        Self {
            fixtures: Some(FixturesOrText::Text(text.into())),
            ..self
        }
    }

    /// It goes away when it was not used for so long.
    pub fn ttl(self, unused_for: Duration) -> Self {
        Self {
            ttl: Some(unused_for),
            ..self
        }
    }

    /// Calls at the plain path with that loginName are its.
    pub fn claim(mut self, login_name: &str) -> Self {
        self.logins.push(login_name.to_owned());
        self
    }

    /// As the snapshot says.
    pub fn from_snapshot(self, snapshot: &Snapshot) -> Self {
        self.fixtures(snapshot.json())
    }
}

impl fmt::Debug for NewSandbox {
    /// Not its fixtures, which have passwords in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSandbox")
            .field("name", &self.name)
            .field("logins", &self.logins)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// What a sandbox shall begin with again.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reset {
    /// Other fixtures than those that it started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fixtures: Option<FixturesOrText>,
}

/// All that a sandbox is: a fixtures file, JSON. It holds passwords, so it is never printed.
#[derive(Clone, Eq, PartialEq)]
pub struct Snapshot(String);

impl Snapshot {
    /// The snapshot that was written so; whether it is one shows when it is put to use.
    pub fn from_json(json: impl Into<String>) -> Self {
        Self(json.into())
    }

    /// The snapshot as JSON; `--fixtures` takes it as well.
    pub fn json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Snapshot(..)")
    }
}

/// What a restored sandbox holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[schema(as = Restored)]
pub struct RestoreInfo {
    /// So many orders.
    pub orders: usize,
    /// So many accounts.
    pub accounts: usize,
}

impl RestoreInfo {
    /// So many orders and accounts.
    pub(crate) fn new(orders: usize, accounts: usize) -> Self {
        Self { orders, accounts }
    }
}

/// What a sandbox assumes: every assumption with its value.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Assumptions)]
pub(crate) struct AssumptionList {
    pub(crate) assumptions: BTreeMap<String, String>,
}
