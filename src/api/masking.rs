//! What is shown of texts that may hold a password: somebody may have written it anywhere.

use std::borrow::Cow;

use crate::api::world::Accounts;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "***";

impl Accounts {
    /// A text as it is shown: [`MASK`] if it [holds a password](Self::holds_password).
    pub(crate) fn masked<'t>(&self, text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        let text = text.into();
        if self.holds_password(&text) { MASK.into() } else { text }
    }

    /// An e-mail address as it is shown. A domain is nobody's password, though it may hold a word that is one.
    pub(crate) fn masked_email<'t>(&self, email: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
        let email = email.into();
        let (local, _) = email.rsplit_once('@').unwrap_or((&email, ""));
        if self.is_password(&email) || self.holds_password(local) {
            return MASK.into();
        }
        email
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::account::Account;

    #[test]
    fn a_password_is_masked_wherever_it_stands() {
        let mut accounts = Accounts::default();
        accounts.insert(Account::plain("login", "s3cret-word"));
        for (text, shown) in [("my s3cret-word!", MASK), ("s3cret", "s3cret"), ("", "")] {
            assert_eq!(accounts.masked(text), shown);
        }
        for (email, shown) in [
            ("s3cret-word@example.com", MASK),
            ("s3cret-word", MASK),
            ("jane@s3cret-word.example", "jane@s3cret-word.example"),
        ] {
            assert_eq!(accounts.masked_email(email), shown);
        }
    }
}
