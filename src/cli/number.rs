//! Numbers of the command line: an error says which are taken, not only that a digit is wrong.

use std::fmt::Display;
use std::str::FromStr;

/// Reads a whole number from zero on.
///
/// # Errors
/// It is none, or too large for its type.
pub(super) fn read_whole<T: FromStr + TryFrom<u64>>(text: &str) -> Result<T, String> {
    let most = u64::MAX >> (u64::BITS as usize - 8 * size_of::<T>());
    read(text, format!("from 0 to {most}"))
}

/// Reads the number of a code, which is zero or below.
///
/// # Errors
/// It is no number.
pub(super) fn read_code(text: &str) -> Result<i32, String> {
    read(text, "such as -14")
}

fn read<T: FromStr>(text: &str, taken: impl Display) -> Result<T, String> {
    text.parse().map_err(|_| format!("give a whole number {taken}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_taken() {
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
