//! How messages repeat a text that was sent: shortened, on one line, and without credentials.

use std::borrow::Cow;

/// How many characters of such a text are repeated at most.
const MAX: usize = 64;

/// A text as a message repeats it: its first 64 characters, with an ellipsis if there are more, and with control
/// characters escaped.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    let (head, ellipsis) = match text.char_indices().nth(MAX) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    };
    if ellipsis.is_empty() && !head.contains(char::is_control) {
        return head.into();
    }
    let mut shown = String::with_capacity(head.len() + ellipsis.len());
    for character in head.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_debug()),
            false => shown.push(character),
        }
    }
    shown.push_str(ellipsis);
    shown.into()
}

/// A URL, or a host and a port, without the credentials in it: all between `://` and the last `@` is an ellipsis, for a
/// password may contain any character. Without `://`, what stands before the `@` are credentials if it has a colon.
pub(crate) fn without_credentials(text: &str) -> Cow<'_, str> {
    const SCHEME_END: &str = "://";
    let start = text.find(SCHEME_END).map_or(0, |place| place + SCHEME_END.len());
    match text[start..].rsplit_once('@') {
        Some((credentials, host)) if start > 0 || credentials.contains(':') => {
            format!("{}…@{host}", &text[..start]).into()
        }
        Some(_) | None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut() {
        let long = "é".repeat(65);
        assert_eq!(shown(&long[..128]), &long[..128]);
        assert_eq!(shown(&long), format!("{}…", &long[..128]));
        assert_eq!(shown(""), "");
    }

    #[test]
    fn it_stays_on_one_line() {
        assert_eq!(shown("a\n'b'\u{7f}"), "a\\n'b'\\u{7f}");
    }

    #[test]
    fn the_credentials_of_a_url_are_left_out() {
        for (text, expected) in [
            ("https://u:s3cret@a.example/x", "https://…@a.example/x"),
            ("https://u:s3/c@r?et@a", "https://…@a"),
            ("spelling=https://s3cret@a", "spelling=https://…@a"),
            ("u:s3cret@a:80", "…@a:80"),
            ("https://a.example", "https://a.example"),
            ("a@b.example", "a@b.example"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(text), expected);
        }
    }
}
