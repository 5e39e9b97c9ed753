//! Where changes of orders are pushed to.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Secret;

/// Where changes of an account's orders are pushed to. Answers have neither the user name nor the password.
///
/// ```
/// use sectigo_emulator::control::{Account, Push};
///
/// let push = Push::to("http://127.0.0.1:9000/push").basic("user", "s3cret").with_certificate();
/// let account = Account::new("login", "password").push(push);
/// assert!(!format!("{account:?}").contains("s3cret"));
/// ```
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[non_exhaustive]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = PushEntry)]
pub struct Push {
    /// An `http://` or `https://` URL.
    #[schema(max_length = 2000)]
    pub url: String,
    /// The user name for HTTP basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Secret>,
    /// The password for HTTP basic authentication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<Secret>,
    /// Whether the certificate is delivered: then a push is a POST, otherwise a GET.
    #[serde(default)]
    pub certificate: bool,
    /// Whether the first collection of a certificate is pushed as well, with the statusCode 6; true by default.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    #[schema(required = false)]
    pub collection: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

impl Push {
    /// To that URL, the status alone.
    #[must_use]
    pub fn to(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            user: None,
            password: None,
            certificate: false,
            collection: true,
        }
    }

    /// All of it as a change takes it: null where it has nothing, so that nothing stays of the one before.
    pub(super) fn into_change(self) -> Value {
        let Self {
            url,
            user,
            password,
            certificate,
            collection,
        } = self;
        json!({"url": url, "user": user, "password": password, "certificate": certificate, "collection": collection})
    }

    /// With credentials for HTTP basic authentication.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        Self {
            user: Some(Secret(user.to_owned())),
            password: Some(Secret(password.to_owned())),
            ..self
        }
    }

    /// Without a push when a certificate is collected for the first time.
    #[must_use]
    pub fn without_collection(self) -> Self {
        Self {
            collection: false,
            ..self
        }
    }

    /// With the certificate, where there is one.
    #[must_use]
    pub fn with_certificate(self) -> Self {
        Self {
            certificate: true,
            ..self
        }
    }
}
