//! Calls that the emulator is asked to make itself, as if a client had sent them.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::call::CallInfo;
use crate::model::object;

/// A call to be made as if a client had sent it: over HTTPS, by POST, its arguments as a form.
///
/// ```
/// use sectigo_emulator::control::NewCall;
///
/// let call = NewCall::of("!autoRevokeCS")
///     .argument("loginName", "login_name")
///     .argument("loginPassword", "login_password")
///     .argument("orderNumber", "2200003")
///     .argument("revocationReason", "the key was lost")
///     .argument("codeReason", "1");
/// # drop(call);
/// ```
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[must_use]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCall {
    /// The endpoint.
    pub(crate) endpoint: String,
    /// The arguments in their order.
    #[serde(default, deserialize_with = "object::list")]
    #[schema(required = false)]
    pub(crate) arguments: Vec<NewArgument>,
    /// Whether it comes over plain HTTP.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub(crate) http: bool,
    /// Its method; POST by default.
    #[serde(default)]
    #[schema(required = false)]
    pub(crate) method: CallMethod,
}

/// An argument of a call to be made.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewArgument {
    /// Its name.
    pub(crate) name: String,
    /// Its value.
    pub(crate) value: String,
}

/// The method of a call to be made.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum CallMethod {
    #[default]
    Post,
    Get,
}

impl NewCall {
    /// A call of that endpoint without arguments, over HTTPS, by POST.
    pub fn of(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            arguments: Vec::new(),
            http: false,
            method: CallMethod::Post,
        }
    }

    /// With this argument behind the others.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.arguments.push(NewArgument {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        self
    }

    /// Over plain HTTP.
    pub fn over_http(self) -> Self {
        Self { http: true, ..self }
    }

    /// By GET, with the arguments in the query.
    pub fn by_get(self) -> Self {
        Self {
            method: CallMethod::Get,
            ..self
        }
    }
}

impl fmt::Debug for NewCall {
    /// Without the arguments: a password is among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewCall({}, {} arguments)", self.endpoint, self.arguments.len())
    }
}

/// A call that was made, and what a client would have received.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct MadeCall {
    /// The call as the journal has it, with the reply as it was meant.
    #[serde(deserialize_with = "object::one")]
    pub call: CallInfo,
    /// What a client would have received, faults included.
    #[serde(deserialize_with = "object::one")]
    pub sent: SentReply,
}

/// What a client would have received.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase")]
pub struct SentReply {
    /// The HTTP status; none if a fault closed the connection before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The Content-Type, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The body, if it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body in Base64, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// Whether the reply came to its end: no fault cut it, and none held it back for longer than a minute or
    /// until the emulator stopped.
    pub complete: bool,
}
