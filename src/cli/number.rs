//! Numbers on the command line. Errors say which numbers are accepted.

use std::str::FromStr;

use crate::model::whole;

/// Reads a whole number that is not negative.
///
/// # Errors
/// It is not such a number, or too large for its type.
pub(super) fn read_whole<T: FromStr + TryFrom<i64>>(text: &str) -> Result<T, String> {
    read(text, &whole::range_of_text::<T>())
}

/// Reads a code, which is zero or negative.
///
/// # Errors
/// It is not a whole number.
pub(super) fn read_code(text: &str) -> Result<i32, String> {
    read(text, "a whole number such as -14")
}

fn read<T: FromStr>(text: &str, accepted: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("give {accepted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_accepted() {
        assert_eq!(read_whole::<u64>("18446744073709551615"), Ok(u64::MAX));
        assert_eq!(
            read_whole::<u64>("abc").unwrap_err(),
            "give a whole number from 0 to 18446744073709551615"
        );
        assert_eq!(
            read_whole::<u16>("65536").unwrap_err(),
            "give a whole number from 0 to 65535"
        );
        assert_eq!(read_code("-14"), Ok(-14));
        assert_eq!(read_code("x").unwrap_err(), "give a whole number such as -14");
    }
}
