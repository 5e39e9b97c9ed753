//! The credentials that probes are sent with, and how they are kept out of what is shown.

use std::fmt;

/// The credentials of an account.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// The loginName.
    pub(crate) login_name: String,
    /// The loginPassword.
    pub(crate) login_password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    /// What stands for the loginName where a request is shown.
    pub(crate) const LOGIN_PLACE: &'static str = "$LOGIN";
    /// What stands for the password where a request or a response is shown.
    pub(crate) const PASSWORD_PLACE: &'static str = "$PASSWORD";

    /// A text without the password, plain, percent-encoded or as HTML, in case a server repeats it, and without a
    /// loginName in quotes. Nothing is done about a password of fewer than four characters, which a text may contain by
    /// chance.
    pub(crate) fn mask(&self, text: &[u8]) -> Vec<u8> {
        let text = self.mask_login_name(text);
        let password = &self.login_password;
        if password.chars().count() < 4 {
            return text;
        }
        let html = password
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        let json = serde_json::Value::from(password.as_str()).to_string();
        let forms = [
            password.clone(),
            encode(password),
            encode(password).replace('+', "%20"),
            json[1..json.len() - 1].to_owned(),
            html.replace('\'', "&#39;"),
            html,
        ];
        let mut masked = text;
        for form in forms {
            masked = replace(&masked, form.as_bytes(), Self::PASSWORD_PLACE.as_bytes());
        }
        masked
    }

    /// A text with a loginName that stands in quotes masked.
    fn mask_login_name(&self, text: &[u8]) -> Vec<u8> {
        let mut masked = text.to_vec();
        for quote in ["'", "`", "%27", "%60"] {
            for name in [self.login_name.clone(), encode(&self.login_name)] {
                let quoted = format!("{quote}{name}{quote}");
                let place = format!("{quote}{}{quote}", Self::LOGIN_PLACE);
                masked = replace(&masked, quoted.as_bytes(), place.as_bytes());
            }
        }
        masked
    }
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, from) {
        replaced.extend_from_slice(&rest[..at]);
        replaced.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    replaced.extend_from_slice(rest);
    replaced
}

/// A text as a form has it.
pub(super) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_a_server_repeats_is_masked_in_each_form() {
        let credentials = Credentials {
            login_name: "jane".to_owned(),
            login_password: "s3 <cr>&\"t'".to_owned(),
        };
        for text in [
            "a s3 <cr>&\"t' b",
            "a s3+%3Ccr%3E%26%22t%27 b",
            "a s3%20%3Ccr%3E%26%22t%27 b",
            "a s3 <cr>&\\\"t' b",
            "a s3 &lt;cr&gt;&amp;&quot;t' b",
            "a s3 &lt;cr&gt;&amp;&quot;t&#39; b",
        ] {
            assert_eq!(
                String::from_utf8(credentials.mask(text.as_bytes())).unwrap(),
                "a $PASSWORD b",
                "{text}"
            );
        }
        let denied = credentials.mask(b"Permission denied for 'jane', jane");
        assert_eq!(denied, b"Permission denied for '$LOGIN', jane");
    }
}
