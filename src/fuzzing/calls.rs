//! Calls of the API: their bodies, and what the journal keeps of them.

use bytes::Bytes;
use futures_util::FutureExt as _;
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};

use crate::api::account::{Account, LoginName, Password};
use crate::api::endpoints::{ENDPOINTS, Endpoint};
use crate::api::masking::MASK;
use crate::api::protocol::form::Form;
use crate::api::world::Accounts;
use crate::sandbox::journal::{ArgumentsToMask, KeptForm};
use crate::server::body::read_form;

/// What separates the parts of the body that [`multipart`] writes.
const BOUNDARY: &str = "----WebKitFormBoundaryfuzzing";

/// So many passwords of one form are looked for; more than the journal keeps arguments need not be.
const MAX_PASSWORDS: usize = 64;

/// Any body is read as `multipart/form-data`: the first line of the input is the rest of its Content-Type. The values
/// stand in the body as they are read, and are read again from another body with the same values.
pub fn multipart(input: &[u8]) {
    let line_end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (parameters, body) = input.split_at(line_end);
    let content_type = [b"multipart/form-data", parameters].concat();
    let body = Bytes::copy_from_slice(body.get(1..).unwrap_or_default());
    let (values, oddity) = read_values(&content_type, &body);
    for value in &values {
        assert!(memchr::memmem::find(&body, value).is_some());
    }
    assert!(oddity.is_none_or(|oddity| !oddity.is_empty() && oddity.len() < 1000));

    let delimiter = format!("\r\n--{BOUNDARY}");
    if values
        .iter()
        .any(|value| memchr::memmem::find(value, delimiter.as_bytes()).is_some())
    {
        return;
    }
    let mut written = Vec::new();
    for value in &values {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n");
        written.extend_from_slice(head.as_bytes());
        written.extend_from_slice(value);
        written.extend_from_slice(b"\r\n");
    }
    written.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let (again, oddity) = read_values(content_type.as_bytes(), &written.into());
    assert_eq!((again, oddity), (values, None));
}

/// The values that a body holds, and what is odd about it.
fn read_values(content_type: &[u8], body: &Bytes) -> (Vec<Vec<u8>>, Option<String>) {
    let Ok(content_type) = HeaderValue::from_bytes(content_type) else {
        return (Vec::new(), None);
    };
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type)]);
    let (form, oddity) = read_form(None, &headers, body)
        .now_or_never()
        .expect("nothing is waited for: the body is there");
    let values = form.pairs().iter().map(|pair| pair.value.to_vec()).collect();
    (values, oddity)
}

/// Whatever a form holds, nothing that the journal keeps of it contains its password, if that has four bytes or more, or
/// is the password of an account. Only the loginName is told nevertheless if an account has it, and only then.
pub fn mask(input: &[u8]) {
    let mut form = Form::default();
    form.push_urlencoded(input);
    let sent = |name: &'static str| {
        form.pairs()
            .iter()
            .filter(move |pair| pair.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|pair| String::from_utf8_lossy(&pair.value).into_owned())
    };
    let passwords: Vec<_> = sent("loginPassword")
        .filter(|password| password.len() >= 4)
        // This stands for bytes that are not UTF-8, so text that has it may come from other bytes than the password's.
        .filter(|password| !password.contains(char::REPLACEMENT_CHARACTER))
        .take(MAX_PASSWORDS)
        .collect();
    let login_name = sent("loginName").next().map(|text| LoginName::new(&text));
    let accounts = accounts(&form);
    for endpoint in ENDPOINTS {
        for known in [None, login_name.as_ref()] {
            for (name, value) in kept(&form, endpoint, known, &accounts) {
                assert!(name == "?" || endpoint.arguments.iter().any(|argument| argument.name == name));
                assert!(name != "loginPassword" || value == MASK);
                let is_account = name == "loginName" && accounts.get(&value).is_some();
                assert!(
                    name != "loginName" || is_account || value == MASK,
                    "{name} tells {value:?}"
                );
                let is_password = value != MASK && accounts.is_password(&value);
                assert!(
                    !is_password || is_account,
                    "{name} tells an account's password: {value:?}"
                );
                let is_told = name == "loginName" && known.is_some_and(|known| known.as_str() == value);
                let holds_password = passwords.iter().any(|password| value.contains(password));
                assert!(!holds_password || is_told, "{name} tells the password: {value:?}");
            }
        }
    }
}

/// The account of the built-in fixtures, and one whose password is the last value of the form that may be one: so it may
/// stand in any argument.
fn accounts(form: &Form<'_>) -> Accounts {
    let values = || {
        let texts = form.pairs().iter().rev();
        texts.filter_map(|pair| Some((&pair.name, std::str::from_utf8(&pair.value).ok()?)))
    };
    let password = values()
        .map(|(_, value)| value)
        .filter(|value| (1..=Password::MAX).contains(&value.chars().count()))
        // As above.
        .find(|value| !value.contains(char::REPLACEMENT_CHARACTER));
    let login_name = values().find(|(name, _)| name.eq_ignore_ascii_case(b"loginName"));
    let login_name = login_name.map_or("other_name", |(_, value)| value);
    let mut accounts = Accounts::default();
    for (login_name, password) in [
        ("login_name", "login_password"),
        (login_name, password.unwrap_or("other_password")),
    ] {
        accounts.insert(Account::plain(login_name, password));
    }
    accounts
}

/// What the journal keeps of a form.
fn kept(
    form: &Form<'_>,
    endpoint: &'static Endpoint,
    login_name: Option<&LoginName>,
    accounts: &Accounts,
) -> Vec<(String, String)> {
    KeptForm::new(form, endpoint, ArgumentsToMask::find(form, accounts))
        .masked(endpoint, login_name)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_owned()))
        .collect()
}
