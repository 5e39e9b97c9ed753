//! Answers for people: tables whose columns stand below each other.

use serde_json::Value;

/// How an answer is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    /// A row for each thing in the list of that name.
    List {
        /// The list.
        list: &'static str,
        /// The head of each column, and the field below it.
        columns: &'static [(&'static str, &'static str)],
    },
    /// A row for each field of the object of that name.
    Fields(&'static str),
    /// A row for each field.
    One,
}

impl Layout {
    pub(super) const ONE: Self = Self::One;

    pub(super) const ASSUMPTIONS: Self = Self::Fields("assumptions");

    pub(super) const ORDERS: Self = Self::List {
        list: "orders",
        columns: &[
            ("NUMBER", "orderNumber"),
            ("LOGIN", "loginName"),
            ("PRODUCT", "product"),
            ("STATE", "state"),
            ("ISSUED", "issued"),
            ("EXPIRES", "expires"),
            ("DUE", "due"),
            ("EMAIL", "email"),
        ],
    };

    pub(super) const ACCOUNTS: Self = Self::List {
        list: "accounts",
        columns: &[
            ("LOGIN", "loginName"),
            ("ID", "accountID"),
            ("RESELLER", "reseller"),
            ("LOCKED", "locked"),
            ("PERMISSIONS", "permissions"),
            ("LIMIT", "callLimit"),
            ("VOUCHER", "voucher"),
        ],
    };

    pub(super) const FAULTS: Self = Self::List {
        list: "faults",
        columns: &[
            ("ID", "id"),
            ("ENDPOINT", "endpoint"),
            ("LOGIN", "loginName"),
            ("ORDER", "orderNumber"),
            ("SKIP", "skip"),
            ("TIMES", "times"),
            ("PROBABILITY", "probability"),
            ("TTL", "ttl"),
            ("THEN", "then"),
            ("HITS", "hits"),
        ],
    };

    pub(super) const HISTORY: Self = Self::List {
        list: "entries",
        columns: &[
            ("TIME", "time"),
            ("STATE", "state"),
            ("HOW", "how"),
            ("ENDPOINT", "endpoint"),
            ("CALL", "call"),
        ],
    };

    pub(super) const NEXT: Self = Self::List {
        list: "endpoints",
        columns: &[
            ("ENDPOINT", "endpoint"),
            ("WITH", "with"),
            ("CODE", "code"),
            ("BECOMES", "becomes"),
            ("MAKES", "makes"),
            ("HINT", "hint"),
        ],
    };

    pub(super) const DUE: Self = Self::List {
        list: "events",
        columns: &[
            ("TIME", "time"),
            ("EVENT", "event"),
            ("ORDER", "orderNumber"),
            ("LOGIN", "loginName"),
            ("PRODUCT", "product"),
        ],
    };

    pub(super) const CALLS: Self = Self::List {
        list: "calls",
        columns: &CALL_COLUMNS,
    };

    pub(super) const OUTBOX: Self = Self::List {
        list: "mails",
        columns: &[
            ("ID", "id"),
            ("TIME", "time"),
            ("KIND", "kind"),
            ("TO", "to"),
            ("ORDER", "orderNumber"),
            ("LANGUAGE", "languageName"),
            ("TEMPLATE", "templateID"),
            ("COLLECTION CODE", "collectionCode"),
        ],
    };

    pub(super) const SANDBOXES: Self = Self::List {
        list: "sandboxes",
        columns: &[
            ("NAME", "name"),
            ("PATH", "path"),
            ("LOGINS", "logins"),
            ("TTL", "ttl"),
            ("EXPIRES IN", "expiresIn"),
            ("ORDERS", "orders"),
            ("ACCOUNTS", "accounts"),
            ("CALLS", "calls"),
        ],
    };
}

const CALL_COLUMNS: [(&str, &str); 9] = [
    ("ID", "id"),
    ("TIME", "time"),
    ("ENDPOINT", "endpoint"),
    ("LOGIN", "loginName"),
    ("ORDER", "orderNumber"),
    ("STATUS", "status"),
    ("CODE", "code"),
    ("FAULT", "fault"),
    ("HINT", "hint"),
];

/// How wide the columns of calls are where the calls are yet to come: as wide as what usually stands there.
const CALL_WIDTHS: [usize; 9] = [4, 24, 17, 16, 10, 6, 4, 5, 0];

/// An answer as people read it.
pub(super) fn render(answer: &Value, layout: Layout) -> String {
    match layout {
        Layout::List { list, columns } => {
            let things = answer[list].as_array().map(Vec::as_slice).unwrap_or_default();
            // A column without a value is left out.
            let columns: Vec<_> = columns
                .iter()
                .filter(|(_, field)| {
                    things.is_empty() || things.iter().any(|thing| !cell(field, &thing[*field]).is_empty())
                })
                .collect();
            let head = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
            let rows = things
                .iter()
                .map(|thing| columns.iter().map(|(_, field)| cell(field, &thing[*field])).collect());
            let mut table = align(std::iter::once(head).chain(rows).collect());
            if let Some(forgotten) = answer["forgotten"].as_u64() {
                table.push_str(&format!("earlier {list} that are no longer kept: {forgotten}\n"));
            }
            table
        }
        Layout::Fields(name) => fields(&answer[name]),
        Layout::One => fields(answer) + &below(answer),
    }
}

/// The head of the calls that are followed.
pub(super) fn call_head() -> String {
    line(&CALL_COLUMNS.map(|(head, _)| head.to_owned()), &CALL_WIDTHS)
}

/// A call that is followed.
pub(super) fn call_line(call: &Value) -> String {
    line(&CALL_COLUMNS.map(|(_, field)| cell(field, &call[field])), &CALL_WIDTHS)
}

fn fields(object: &Value) -> String {
    let fields = object.as_object().into_iter().flatten();
    let texts = fields.map(|(name, value)| (name, field_with_lines(name, value)));
    // A field without a value is left out.
    let rows = texts.filter(|(_, text)| !text.is_empty()).flat_map(|(name, text)| {
        // A PEM has lines of its own.
        let mut lines = text.lines().map(clean);
        let first = vec![name.clone(), lines.next().unwrap_or_default()];
        let rest: Vec<_> = lines.map(|line| vec![String::new(), line]).collect();
        std::iter::once(first).chain(rest)
    });
    align(rows.collect())
}

fn align(rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<_> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        text.push_str(&line(&row, &widths));
        text.push('\n');
    }
    text
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let cells: Vec<_> = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:width$}"))
        .collect();
    cells.join("  ").trim_end().to_owned()
}

fn cell(field: &str, value: &Value) -> String {
    clean(&field_with_lines(field, value))
}

fn field_with_lines(field: &str, value: &Value) -> String {
    match value {
        // An account that may call nothing must not look like one that may call everything.
        Value::Array(values) if field == "permissions" && values.is_empty() => "none".to_owned(),
        Value::Array(arguments) if field == "arguments" => {
            let lines: Vec<_> = arguments.iter().map(argument).collect();
            lines.join("\n")
        }
        Value::Object(_) if field == "with" => argument(value),
        // What is to come: the word of the control API is that of the state which is then reached.
        Value::String(event) if field == "event" => match &**event {
            "issued" => "is issued",
            "failed" => "fails",
            "expired" => "expires",
            other => other,
        }
        .to_owned(),
        value => cell_with_lines(value),
    }
}

/// An argument of a call, in one line; one whose value has lines of its own is shown [below](below).
fn argument(argument: &Value) -> String {
    let name = cell("", &argument["name"]);
    match lines(argument) {
        Some(_) => format!("{name}, which stands below"),
        None => format!("{name}={}", cell("", &argument["value"])),
    }
}

/// The lines of an argument that has more than one, such as a CSR.
fn lines(argument: &Value) -> Option<impl Iterator<Item = &str>> {
    let value = argument["value"].as_str()?;
    value.contains('\n').then(|| value.lines())
}

/// The arguments of a call that have lines of their own, each line as it was sent, so that a CSR can be copied.
fn below(call: &Value) -> String {
    let arguments = call["arguments"].as_array().into_iter().flatten();
    let with_lines = arguments.filter_map(|argument| Some((cell("", &argument["name"]), lines(argument)?)));
    with_lines
        .map(|(name, lines)| {
            let lines: String = lines.map(|line| format!("{}\n", clean(line))).collect();
            format!("\n{name}:\n{lines}")
        })
        .collect()
}

fn cell_with_lines(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell_with_lines).collect::<Vec<_>>().join(","),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name}={}", cell_with_lines(value)))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}

/// The text without control characters, which could change the terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_empty_ones_go() {
        let faults = json!({"faults": [
            {"id": 1, "endpoint": "!autoRevokeCS", "then": {"code": -14}},
            {"id": 12, "times": 2, "then": {"disconnect": "mid-body"}},
        ]});
        assert_eq!(
            render(&faults, Layout::FAULTS),
            "ID  ENDPOINT       TIMES  THEN\n\
             1   !autoRevokeCS         code=-14\n\
             12                 2      disconnect=mid-body\n"
        );
        assert!(render(&json!({"calls": []}), Layout::CALLS).starts_with("ID  TIME  ENDPOINT"));
        let last = json!({"calls": [{"id": 6, "code": 0}], "forgotten": 5});
        assert_eq!(
            render(&last, Layout::CALLS),
            "ID  CODE\n6   0\nearlier calls that are no longer kept: 5\n"
        );
        let last = json!({"mails": [{"id": 6, "kind": "collection"}], "forgotten": 5});
        assert_eq!(
            render(&last, Layout::OUTBOX),
            "ID  KIND\n6   collection\nearlier mails that are no longer kept: 5\n"
        );
    }

    #[test]
    fn one_thing_is_told_field_by_field() {
        let order = json!({"orderNumber": 7, "csr": "a\nb\u{1b}[2J\n", "state": "issued", "email": "", "logins": []});
        assert_eq!(
            render(&order, Layout::ONE),
            "csr          a\n             b [2J\norderNumber  7\nstate        issued\n"
        );
        assert_eq!(
            render(&json!({"assumptions": {"a": "b"}}), Layout::ASSUMPTIONS),
            "a  b\n"
        );
    }

    #[test]
    fn an_argument_with_lines_can_be_copied() {
        let call = json!({"arguments": [
            {"name": "orderNumber", "value": "7"},
            {"name": "csr", "value": "-----BEGIN X-----\r\nMII\u{1b}[2J\r\n-----END X-----"},
            {"name": "email", "value": "a\rb"},
        ], "code": 0});
        assert_eq!(
            render(&call, Layout::ONE),
            "arguments  orderNumber=7\n\
            \x20          csr, which stands below\n\
            \x20          email=a b\n\
             code       0\n\
             \n\
             csr:\n\
             -----BEGIN X-----\n\
             MII [2J\n\
             -----END X-----\n"
        );
    }
}
