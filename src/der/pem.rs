//! PEM: DER in the armour that people can mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The armour around DER: lines of 64 characters that end in LF.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    const LINE: usize = 48;
    let lines = der.len().div_ceil(LINE);
    let mut text = String::with_capacity(der.len().div_ceil(3) * 4 + lines + 2 * label.len() + 32);
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    for line in der.chunks(LINE) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_long_as_they_may_be() {
        let cases = [
            (0, "-----BEGIN X-----\n-----END X-----\n".to_owned()),
            (3, "-----BEGIN X-----\nAAAA\n-----END X-----\n".to_owned()),
            (
                49,
                format!("-----BEGIN X-----\n{}\nAA==\n-----END X-----\n", "A".repeat(64)),
            ),
        ];
        for (length, expected) in cases {
            assert_eq!(encode("X", &vec![0; length]), expected);
        }
    }
}
