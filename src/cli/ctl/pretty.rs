//! JSON with a line for each value, as people read it.

/// JSON with line breaks and indents, and a line break at its end. Names stay in their order, and numbers as they are
/// written; lists and objects without content stay in one line.
pub(super) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut rest = json.trim();
    while let Some(next) = rest.chars().next() {
        let (piece, after) = rest.split_at(match next {
            '"' => string_length(rest),
            next => next.len_utf8(),
        });
        rest = after.trim_start();
        match next {
            '{' | '[' if rest.starts_with(['}', ']']) => {
                text.push_str(piece);
                text.push_str(&rest[..1]);
                rest = rest[1..].trim_start();
            }
            '{' | '[' => {
                depth += 1;
                text.push_str(piece);
                break_line(&mut text, depth);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut text, depth);
                text.push_str(piece);
            }
            ',' => {
                text.push_str(piece);
                break_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => text.push_str(piece),
        }
    }
    text.push('\n');
    text
}

/// How many bytes the string takes that a text begins with, its quotation marks included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

fn break_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn it_is_written_as_others_write_it() {
        for value in [
            json!({"b": [1, -2.5e3, true, null, {"c": {}}, []], "a": "x"}),
            json!({"a": "{\"[,:]\" \\\\\"\n\u{e9}"}),
            json!({"\\": "\\", "": ""}),
            json!([]),
            json!("x"),
        ] {
            let expected = format!("{}\n", serde_json::to_string_pretty(&value).unwrap());
            assert_eq!(indented(&value.to_string()), expected);
            // White space between the values does not matter.
            assert_eq!(indented(&expected), expected);
        }
    }

    #[test]
    fn names_and_numbers_stay_as_they_are() {
        let text = indented(r#"{"z":1.50,"a":18446744073709551615}"#);
        assert_eq!(text, "{\n  \"z\": 1.50,\n  \"a\": 18446744073709551615\n}\n");
    }

    #[test]
    fn what_is_no_json_is_no_reason_to_panic() {
        for text in ["", "}", "\"", "{\"a", "[}]", "\u{e9}"] {
            assert!(indented(text).ends_with('\n'));
            assert!(serde_json::from_str::<Value>(text).is_err());
        }
    }
}
