//! Numbers on the command line. Errors say which numbers are accepted.

use std::fmt::Display;
use std::str::FromStr;

/// Reads a whole number that is not negative.
///
/// # Errors
/// It is not such a number, or too large for its type.
pub(super) fn read_whole<T: FromStr + TryFrom<u64>>(text: &str) -> Result<T, String> {
    let most = u64::MAX >> (u64::BITS as usize - 8 * size_of::<T>());
    read(text, format!("from 0 to {most}"))
}

/// Reads a code, which is zero or negative.
///
/// # Errors
/// It is not a whole number.
pub(super) fn read_code(text: &str) -> Result<i32, String> {
    read(text, "such as -14")
}

fn read<T: FromStr>(text: &str, accepted: impl Display) -> Result<T, String> {
    text.parse().map_err(|_| format!("give a whole number {accepted}"))
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
