//! Texts of others in messages: a message stays short, whatever was sent.

use std::borrow::Cow;

/// The most characters of such a text.
const MAX: usize = 64;

/// A text as a message repeats it: its first 64 characters, with an ellipsis where there are more.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
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
}
