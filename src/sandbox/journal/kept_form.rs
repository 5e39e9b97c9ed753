//! The arguments of a call as the journal keeps them, and which of them are masked when they are read.

use std::borrow::Cow;
use std::fmt;

use crate::api::account::{LoginName, Password};
use crate::api::endpoints::Endpoint;
use crate::api::masking::MASK;
use crate::api::passwords::MIN_OF_ACCOUNT;
use crate::api::protocol::argument::{find, is_same_but_for_case};
use crate::api::protocol::assumption::ArgumentNames;
use crate::api::protocol::form::Form;
use crate::api::world::Accounts;

/// The argument whose value is never shown.
const PASSWORD: &str = "loginPassword";

/// The argument that is shown if an account has its value.
pub(super) const LOGIN_NAME: &str = "loginName";

/// Arguments of a call that are kept.
const MAX_ARGUMENTS: usize = u64::BITS as usize;

/// Bytes of a value that may be a password or a loginName: as many as the longest password has, and some white space.
const MAX_LOOKED_UP: usize = 4 * Password::MAX + 64;

/// Bytes of a value that are shown; the longest CSR that the API takes has fewer.
const MAX_VALUE: usize = 40 << 10;

/// Which of a call's arguments must be masked, whatever else the call holds: a bit for each that is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ArgumentsToMask(u64);

impl ArgumentsToMask {
    /// Those that are the password of any account, and each loginName that no account has.
    pub(crate) fn find(form: &Form<'_>, accounts: &Accounts) -> Self {
        let mut to_mask = 0;
        for (place, pair) in form.pairs().iter().take(MAX_ARGUMENTS).enumerate() {
            let is_secret = if is_same_but_for_case(&pair.name, LOGIN_NAME) {
                // What is not UTF-8 is no loginName, and longer values need not be looked up.
                let name = std::str::from_utf8(&pair.value);
                let name = name.ok().filter(|name| name.len() <= MAX_LOOKED_UP);
                name.is_none_or(|name| accounts.get(name).is_none())
            } else {
                // A loginPassword is masked in any case.
                !is_password(&pair.name) && holds_nothing_but_a_password(&pair.value, accounts)
            };
            to_mask |= u64::from(is_secret) << place;
        }
        Self(to_mask)
    }

    fn contains(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// The arguments of a call as they came, in one piece: for each the row of its endpoint's table, whether it may be
/// shown, the length of its value and the value.
///
/// What is not in the table of the endpoint is not kept: a name that is none may be the rest of a password with an unescaped `&`
/// in it. Passwords are kept, because values that hold one are masked; they are never shown.
#[derive(Clone, Default)]
pub(crate) struct KeptForm {
    kept: Box<[u8]>,
    /// How many arguments, from the first on, came from the query string.
    in_query: u8,
    is_whole: bool,
    /// Whether each name is spelled as in the table, upper and lower case included.
    is_spelled: bool,
}

/// One argument of a [`KeptForm`].
struct Kept<'k> {
    row: u8,
    showing: u8,
    value: &'k [u8],
}

impl KeptForm {
    /// The row of an argument that is none of the endpoint's; its value is kept if it is a password.
    const NO_ROW: u8 = u8::MAX;
    /// An argument that is shown if its value holds no password of the call.
    const SHOWN: u8 = 0;
    /// An argument of which only the name is shown.
    const MASKED: u8 = 1;
    /// A password behind the last argument that is listed.
    const UNLISTED: u8 = 2;
    /// The bytes before each value.
    const HEAD: usize = 1 + 1 + size_of::<u32>();
    /// Bytes of a value that are kept: enough to find a password where what is shown of it ends.
    const MAX_KEPT: usize = MAX_VALUE + MAX_LOOKED_UP;

    /// Keeps a form.
    pub(crate) fn new(form: &Form<'_>, endpoint: &Endpoint, to_mask: ArgumentsToMask) -> Self {
        let first = || form.pairs().iter().take(MAX_ARGUMENTS);
        let later = || {
            let later = form.pairs().iter().skip(MAX_ARGUMENTS);
            let passwords = later.filter(|pair| is_password(&pair.name) && pair.value.len() >= MIN_OF_ACCOUNT);
            passwords.take(MAX_ARGUMENTS)
        };
        let length = |value: &[u8]| Self::HEAD + value.len().min(Self::MAX_KEPT);
        let lengths = first().chain(later()).map(|pair| length(&pair.value));
        let mut kept = Vec::with_capacity(lengths.sum());
        let mut is_whole = form.pairs().len() <= MAX_ARGUMENTS;
        let mut is_spelled = true;
        let mut keep = |row, showing, value: &[u8]| {
            is_whole &= row != Self::NO_ROW && value.len() <= Self::MAX_KEPT;
            let value = &value[..value.len().min(Self::MAX_KEPT)];
            let length = u32::try_from(value.len()).expect("a value is cut to some kilobytes");
            kept.extend_from_slice(&[row, showing]);
            kept.extend_from_slice(&length.to_ne_bytes());
            kept.extend_from_slice(value);
        };
        let mut expected = 0;
        for (place, pair) in first().enumerate() {
            let row = row_of(endpoint, expected, &pair.name);
            expected = row.map_or(expected, |row| usize::from(row) + 1);
            is_spelled &= row.and_then(|row| name_of(endpoint, row)).map(str::as_bytes) == Some(&*pair.name);
            match row {
                None if is_password(&pair.name) => keep(Self::NO_ROW, Self::MASKED, &pair.value),
                None => keep(Self::NO_ROW, Self::MASKED, &[]),
                Some(row) if to_mask.contains(place) => keep(row, Self::MASKED, &pair.value),
                Some(row) => keep(row, Self::SHOWN, &pair.value),
            }
        }
        for pair in later() {
            keep(Self::NO_ROW, Self::UNLISTED, &pair.value);
        }
        Self {
            kept: kept.into(),
            in_query: u8::try_from(form.in_query().min(MAX_ARGUMENTS)).unwrap_or(u8::MAX),
            is_whole,
            is_spelled,
        }
    }

    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.kept.len()
    }

    /// The form as it came, to be sent once more to the endpoint, which takes its arguments' names so; none if not all of it
    /// is kept. How a name was spelled is not, so there is none either where that counts and one differs from the table.
    pub(super) fn whole(&self, endpoint: &'static Endpoint, names: ArgumentNames) -> Option<Form<'_>> {
        let is_kept = self.is_whole && (self.is_spelled || names == ArgumentNames::AnyCase);
        let mut form = Form::default();
        for (place, kept) in self.iter().filter(|_| is_kept).enumerate() {
            form.push(name_of(endpoint, kept.row)?.as_bytes(), kept.value);
            if place < usize::from(self.in_query) {
                form.end_query();
            }
        }
        is_kept.then_some(form)
    }

    /// The arguments in their order: nothing that is, or may hold, a password, but for the loginName that an account has.
    pub(crate) fn masked(
        &self,
        endpoint: &'static Endpoint,
        login_name: Option<&LoginName>,
    ) -> Vec<(&'static str, Cow<'_, str>)> {
        let name = |row| name_of(endpoint, row);
        let passwords: Vec<_> = self
            .iter()
            // Of arguments without a row, passwords alone have a value here.
            .filter(|kept| kept.row == Self::NO_ROW || name(kept.row) == Some(PASSWORD))
            .map(|kept| kept.value)
            .filter(|value| value.len() >= MIN_OF_ACCOUNT)
            .collect();
        // What stands behind such a word may be a password: a whole form as one value, or `my password is ...`.
        let words = [&b"assword"[..], b"ASSWORD"];
        let holds_password = |value: &[u8]| passwords.iter().chain(&words).any(|password| contains(value, password));
        self.iter()
            .filter(|kept| kept.showing != Self::UNLISTED)
            .map(|kept| {
                let Some(name) = name(kept.row) else {
                    return ("?", MASK.into());
                };
                let is_known_login = name == LOGIN_NAME
                    && login_name.is_some_and(|login_name| login_name.as_str().as_bytes() == kept.value);
                let may_be_shown =
                    kept.showing == Self::SHOWN && (is_known_login || name != PASSWORD && !holds_password(kept.value));
                if may_be_shown {
                    let value = &kept.value[..kept.value.len().min(MAX_VALUE)];
                    (name, String::from_utf8_lossy(value))
                } else {
                    (name, MASK.into())
                }
            })
            .collect()
    }

    fn iter(&self) -> impl Iterator<Item = Kept<'_>> {
        let mut rest = &*self.kept;
        std::iter::from_fn(move || {
            let (&[row, showing], behind) = rest.split_first_chunk()?;
            let (length, behind) = behind.split_first_chunk()?;
            let (value, behind) = behind.split_at(u32::from_ne_bytes(*length) as usize);
            rest = behind;
            Some(Kept { row, showing, value })
        })
    }
}

impl fmt::Debug for KeptForm {
    /// Nothing of what was sent: a password may stand in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptForm({} bytes)", self.kept.len())
    }
}

/// Whether a value is the password of any account, be it with white space around it or, if it is a number, with a sign and
/// zeros before it that mean nothing.
fn holds_nothing_but_a_password(value: &[u8], accounts: &Accounts) -> bool {
    let begins_bare = value
        .first()
        .is_some_and(|first| first.is_ascii_alphanumeric() && *first != b'0');
    let is_bare = begins_bare && value.last().is_some_and(u8::is_ascii_graphic);
    if value.len() > MAX_LOOKED_UP || is_bare && !accounts.may_have_password_of(value.len()) {
        return false;
    }
    // What is not UTF-8 is no password.
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let trimmed = value.trim();
    let plain = trimmed.strip_prefix('+').unwrap_or(trimmed).trim_start_matches('0');
    let shorter = |text: &str| text.len() < value.len() && accounts.is_password(text);
    accounts.is_password(value) || shorter(trimmed) || plain.len() < trimmed.len() && shorter(plain)
}

/// The row of an argument in the endpoint's table, whatever the case of its name; `expected` is where it may well be.
fn row_of(endpoint: &Endpoint, expected: usize, name: &[u8]) -> Option<u8> {
    let is_it = |documented: &str| is_same_but_for_case(name, documented);
    u8::try_from(find(endpoint.arguments, expected, is_it)?).ok()
}

/// The name in a row of the endpoint's table.
fn name_of(endpoint: &Endpoint, row: u8) -> Option<&'static str> {
    endpoint.arguments.get(usize::from(row)).map(|argument| argument.name)
}

fn is_password(name: &[u8]) -> bool {
    is_same_but_for_case(name, PASSWORD)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_whole_if_each_argument_is_the_endpoints_and_none_was_cut() {
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        let kept = |pairs: &[(&str, &[u8])]| {
            let mut form = Form::default();
            for (name, value) in pairs {
                form.push(name.as_bytes(), *value);
            }
            KeptForm::new(&form, endpoint, ArgumentsToMask::default())
        };
        let long = vec![b'1'; KeptForm::MAX_KEPT + 1];
        let sent: [(&str, &[u8]); 3] = [
            ("ordernumber", b"\xFF"),
            ("loginPassword", b"x&y"),
            ("orderNumber", b""),
        ];
        let whole = kept(&sent);
        assert!(whole.whole(endpoint, ArgumentNames::Exact).is_none());
        let whole = whole.whole(endpoint, ArgumentNames::AnyCase).unwrap();
        let found: Vec<_> = whole.pairs().iter().map(|pair| (&*pair.name, &*pair.value)).collect();
        let expected: [(&[u8], &[u8]); 3] = [
            (b"orderNumber", b"\xFF"),
            (b"loginPassword", b"x&y"),
            (b"orderNumber", b""),
        ];
        assert_eq!(found, expected);
        assert!(
            kept(&[])
                .whole(endpoint, ArgumentNames::Exact)
                .unwrap()
                .pairs()
                .is_empty()
        );
        assert!(kept(&[sent[1]; 64]).whole(endpoint, ArgumentNames::Exact).is_some());
        for part in [&[("other", &b""[..])][..], &[sent[0]; 65], &[("orderNumber", &long)]] {
            assert!(kept(part).whole(endpoint, ArgumentNames::AnyCase).is_none());
        }
    }

    #[test]
    fn a_form_keeps_what_of_it_stood_in_the_query() {
        let endpoint = Endpoint::named("!autoRevokeCS").unwrap();
        for (query, body) in [
            ("", "orderNumber=1"),
            ("orderNumber=1", ""),
            ("orderNumber=1&codeReason=2", "orderNumber=3"),
        ] {
            let mut form = Form::of_query(query);
            form.push_urlencoded(body.as_bytes());
            let kept = KeptForm::new(&form, endpoint, ArgumentsToMask::default());
            assert_eq!(kept.whole(endpoint, ArgumentNames::Exact), Some(form));
        }
    }
}
