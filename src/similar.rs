//! Which known name an unknown one was probably meant to be.

/// How similar two names must be, from 0 to 1, for one to be taken for a misspelling of the other.
const MIN_SIMILARITY: f64 = 0.8;

/// The longest name that is compared, in bytes: no known name is nearly as long.
const MAX: usize = 64;

/// The known name that is most similar to `name`, if one is similar enough. Upper and lower case are the same.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if name.len() > MAX {
        return None;
    }
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|other| (strsim::jaro_winkler(&name, &other.to_lowercase()), other))
        .filter(|(similarity, _)| *similarity > MIN_SIMILARITY)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, other)| other)
}

/// The end of an error about a name that is unknown: which one was probably meant, in the words that clap has for options, or
/// nothing.
pub(crate) fn similar_name<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(name, known).map_or_else(String::new, |nearest| format!("; a similar name exists: `{nearest}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_is_near_and_another_word_is_not() {
        const KNOWN: [&str; 6] = ["state", "stage", "loginName", "loginPassword", "orderNumber", "locked"];
        for (name, expected) in [
            ("stat", Some("state")),
            ("locekd", Some("locked")),
            ("loginNam", Some("loginName")),
            ("loginPasword", Some("loginPassword")),
            ("order_number", Some("orderNumber")),
            ("ORDERNUMBER", Some("orderNumber")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, KNOWN), expected, "{name}");
        }
        assert_eq!(nearest(&"state".repeat(1 << 20), KNOWN), None);
        assert_eq!(similar_name("stat", KNOWN), "; a similar name exists: `state`");
        assert_eq!(similar_name("colour", KNOWN), "");
    }
}
