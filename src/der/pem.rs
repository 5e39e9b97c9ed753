//! PEM: DER in the armour that people can mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The armour around DER: lines of 64 characters that end in LF.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let mut text = String::with_capacity(length_in_lines(der) + 2 * label.len() + 32);
    for part in ["-----BEGIN ", label, "-----\n"] {
        text.push_str(part);
    }
    push_lines(&mut text, der);
    for part in ["-----END ", label, "-----\n"] {
        text.push_str(part);
    }
    text
}

/// The same lines without armour.
pub(crate) fn base64_lines(data: &[u8]) -> String {
    let mut text = String::with_capacity(length_in_lines(data));
    push_lines(&mut text, data);
    text
}

/// So many bytes have one line.
const LINE: usize = 48;

fn length_in_lines(data: &[u8]) -> usize {
    data.len().div_ceil(3) * 4 + data.len().div_ceil(LINE)
}

fn push_lines(text: &mut String, data: &[u8]) {
    for line in data.chunks(LINE) {
        STANDARD.encode_string(line, text);
        text.push('\n');
    }
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
            let bare: String = expected
                .lines()
                .filter(|line| !line.starts_with('-'))
                .flat_map(|line| [line, "\n"])
                .collect();
            assert_eq!(base64_lines(&vec![0; length]), bare);
        }
    }
}
