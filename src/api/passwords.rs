//! Passwords inside of longer texts: what somebody wrote into a comment, or put together wrongly.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::api::account::Password;
use crate::api::chunks::ChunkedMap;

/// The shortest password, in bytes, that is searched for in texts that belong to its own account, such as the other arguments
/// of its call: a shorter one may stand there by chance.
pub(crate) const MIN_OF_ACCOUNT: usize = 4;

/// The shortest password, in characters, that is searched for in any text: of so many passwords, a shorter one may well stand
/// there by chance.
const MIN_CHARACTERS: usize = 6;

/// How many passwords are searched for that no account has any more, the last ones.
const MAX_FORMER: usize = 1000;

/// The passwords that are searched for in texts: those of the accounts, and some that these had before.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchedPasswords {
    /// How often each is here: as one of the accounts', and as former ones.
    counts: ChunkedMap<Password, usize>,
    former: VecDeque<Password>,
    /// Those of a world that this one took the place of.
    earlier: Option<Arc<Self>>,
    /// The first bytes that passwords have, or once had: a bit for each.
    first_bytes: [u64; 4],
}

impl SearchedPasswords {
    /// Adds a password that no account had until now.
    pub(crate) fn add(&mut self, password: &Password) {
        let text = password.expose();
        if text.chars().nth(MIN_CHARACTERS - 1).is_none() {
            return;
        }
        let first = text.as_bytes()[0];
        self.first_bytes[usize::from(first / 64)] |= 1 << (first % 64);
        match self.counts.get_mut(text) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(password.clone(), 1)),
        }
    }

    /// The last account that had a password has it no longer. It is searched for until others have followed it.
    pub(crate) fn make_former(&mut self, password: &Password) {
        if !self.counts.contains_key(password.expose()) {
            return;
        }
        self.former.push_back(password.clone());
        if self.former.len() > MAX_FORMER
            && let Some(oldest) = self.former.pop_front()
        {
            self.remove(&oldest);
        }
    }

    /// Searches also for what others search for, but of the passwords that those remember themselves, only for some.
    pub(crate) fn remember(&mut self, others: &Self) {
        if let Some(earlier) = &others.earlier {
            for password in earlier.counts.keys().take(MAX_FORMER) {
                self.add(password);
                self.make_former(password);
            }
        }
        self.earlier = Some(Arc::new(Self {
            earlier: None,
            ..others.clone()
        }));
    }

    /// Whether a password stands anywhere in a text. It takes a time that grows with the length of the text, and little with
    /// the number of passwords.
    pub(crate) fn is_any_in(&self, text: &str) -> bool {
        let may_begin = |byte: u8| self.first_bytes[usize::from(byte / 64)] >> (byte % 64) & 1 == 1;
        let is_in = !self.counts.is_empty()
            && text
                .char_indices()
                .any(|(place, _)| may_begin(text.as_bytes()[place]) && self.is_beginning(&text[place..]));
        is_in || self.earlier.as_ref().is_some_and(|earlier| earlier.is_any_in(text))
    }

    /// Whether a text begins with a password.
    fn is_beginning(&self, text: &str) -> bool {
        let mut rest = match text.char_indices().nth(Password::MAX) {
            Some((end, _)) => &text[..end],
            None => text,
        };
        // A password that the text begins with sorts between that beginning and the text. So if the greatest password up to
        // the text is no prefix of it, a prefix can only be in what both have in common.
        while let Some(password) = self.counts.last_up_to(rest) {
            let password = password.expose();
            if rest.starts_with(password) {
                return true;
            }
            let pairs = rest.char_indices().zip(password.chars());
            let common = pairs.take_while(|((_, one), other)| one == other).last();
            let Some(((place, last), _)) = common else { return false };
            rest = &rest[..place + last.len_utf8()];
        }
        false
    }

    fn remove(&mut self, password: &Password) {
        if let Some(count) = self.counts.get_mut(password.expose()) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(password.expose());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn searched(passwords: &[&str]) -> SearchedPasswords {
        let mut searched = SearchedPasswords::default();
        for password in passwords {
            searched.add(&Password::new(*password));
        }
        searched
    }

    #[test]
    fn a_password_is_found_where_it_stands() {
        let searched = searched(&["secret1", "secret12", "secre", "zebra-zebra", "äöüäöü", "secretary"]);
        for text in [
            "secret1",
            "my secret12!",
            "\u{e9}secret1",
            "xxzebra-zebra",
            "äöüäöüä",
            "secretsecretary",
        ] {
            assert!(searched.is_any_in(text), "{text}");
        }
        for text in [
            "",
            "secre",
            "secret",
            "secret 1",
            "SECRET1",
            "zebra-zebr",
            "äöüäö",
            "secretar",
            "~",
        ] {
            assert!(!searched.is_any_in(text), "{text}");
        }
    }

    #[test]
    fn a_former_password_is_searched_for_until_many_others_have_followed() {
        let mut searched = searched(&["secret1", "secret2"]);
        searched.make_former(&Password::new("secret1"));
        searched.add(&Password::new("secret2"));
        searched.make_former(&Password::new("secret2"));
        let mut other = SearchedPasswords::default();
        other.remember(&searched);
        assert!(other.is_any_in("secret1") && searched.is_any_in("secret1"));
        let mut third = SearchedPasswords::default();
        third.remember(&other);
        assert!(third.is_any_in("secret2"));
        for number in 0..MAX_FORMER - 2 {
            let password = Password::new(format!("another-{number}"));
            searched.add(&password);
            searched.make_former(&password);
        }
        assert!(searched.is_any_in("secret1"));
        searched.add(&Password::new("the last"));
        searched.make_former(&Password::new("the last"));
        assert!(!searched.is_any_in("secret1") && searched.is_any_in("secret2"));
        assert_eq!(searched.former.len(), MAX_FORMER);
    }

    proptest! {
        #[test]
        fn it_finds_what_a_search_for_each_finds(
            passwords in prop::collection::vec("[ab]{6,9}", 0..30),
            texts in prop::collection::vec("[abc]{0,14}", 30),
        ) {
            let all: Vec<_> = passwords.iter().map(String::as_str).collect();
            let searched = searched(&all);
            for text in &texts {
                let expected = all.iter().any(|password| text.contains(password));
                prop_assert_eq!(searched.is_any_in(text), expected, "{} in {:?}", text, all);
            }
        }
    }
}
