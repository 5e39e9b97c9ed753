//! The arguments of an endpoint as a table, and the checks that follow from the table alone.

use crate::api::protocol::Mark;
use crate::api::protocol::assumption::{
    ArgumentNames, Assumptions, DuplicateArgument, EmptyValue, NumberSign, NumberSpaces, NumberZeros, QueryArguments,
    UnknownArguments, UnknownCheck, YesNoValues,
};
use crate::api::protocol::form::Form;
use crate::api::protocol::format::{Format, RESPONSE_FORMAT};
use crate::api::protocol::refusal::Refusal;
use crate::similar::similar_name;

/// The argument that names an order.
pub(crate) const ORDER_NUMBER: &str = "orderNumber";

/// The most bytes of an unrecognized name that a reply repeats.
const MAX_ECHO: usize = 1024;

/// One row of an endpoint's table of arguments.
#[derive(Debug)]
pub struct Argument {
    /// The name as it is documented.
    pub name: &'static str,
    /// Whether it must be sent.
    pub need: Need,
    /// What its value is.
    pub kind: Kind,
    /// The most characters (not bytes) that its value may have.
    pub max: Option<usize>,
    /// Whether an empty value says something.
    pub may_be_empty: bool,
    /// The values that it takes, if they are few. Case sensitive.
    pub choices: &'static [&'static str],
    /// The value that counts when it is not sent.
    pub default: Option<&'static str>,
    /// The assumption under which it may be left out although it is required.
    pub unless: Option<fn(&Assumptions) -> bool>,
    /// When it must be sent although it is not required.
    pub condition: Option<Condition>,
    /// Whether a reply repeats its value.
    pub is_repeated: bool,
    /// How well the row is known.
    pub mark: Mark,
    /// What it is for.
    pub doc: &'static str,
}

impl Argument {
    /// An argument that must be sent.
    pub const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            need: Need::Required,
            kind,
            max: None,
            may_be_empty: false,
            choices: &[],
            default: None,
            unless: None,
            condition: None,
            is_repeated: false,
            mark: Mark::Documented,
            doc,
        }
    }

    /// An argument that may be left out.
    pub const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            need: Need::Optional,
            ..Self::required(name, kind, doc)
        }
    }

    /// An argument that may be sent under a condition, which its doc tells.
    pub const fn conditional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            need: Need::Conditional,
            ..Self::required(name, kind, doc)
        }
    }

    /// An optional argument of `Y` and `N`; `N` counts when it is not sent.
    pub(crate) const fn yes_or_no(name: &'static str, doc: &'static str) -> Self {
        Self::optional(name, Kind::Char, doc)
            .max(1)
            .choices(&["Y", "N"])
            .default("N")
    }

    /// This row with a limit of characters.
    pub const fn max(self, characters: usize) -> Self {
        Self {
            max: Some(characters),
            ..self
        }
    }

    /// This row, whose value may be empty.
    pub const fn or_empty(self) -> Self {
        Self {
            may_be_empty: true,
            ..self
        }
    }

    /// This row with the values that it takes.
    pub const fn choices(self, choices: &'static [&'static str]) -> Self {
        Self { choices, ..self }
    }

    /// This row with the value that counts when it is not sent.
    pub const fn default(self, value: &'static str) -> Self {
        Self {
            default: Some(value),
            ..self
        }
    }

    /// This row, whose value a reply repeats.
    pub(crate) const fn repeated(self) -> Self {
        Self {
            is_repeated: true,
            ..self
        }
    }

    /// This row, which may be left out under an assumption although it is required.
    pub const fn unless(self, is_assumed: fn(&Assumptions) -> bool) -> Self {
        Self {
            unless: Some(is_assumed),
            ..self
        }
    }

    /// This row, which must be sent unless one of those is.
    pub(crate) const fn unless_sent(self, others: &'static [&'static str]) -> Self {
        Self {
            condition: Some(Condition::NoneSent(others)),
            ..self
        }
    }

    /// This row, which must be sent where that says why.
    pub(crate) const fn where_needed(self, why: fn(&'static str, &Arguments<'_>) -> Option<String>) -> Self {
        Self {
            condition: Some(Condition::Why(why)),
            ..self
        }
    }

    /// This row, known less well.
    pub const fn mark(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    /// Why a call without this argument is refused, if it is.
    fn why_needed(&self, others: &Arguments<'_>) -> Option<String> {
        match (self.need, self.condition) {
            (Need::Required, _) => {
                let may_be_left_out = self.unless.is_some_and(|is_assumed| is_assumed(&others.assumptions));
                (!may_be_left_out).then(|| [self.name, " was not sent"].concat())
            }
            (Need::Optional | Need::Conditional, condition) => condition?.why(self.name, others),
        }
    }

    /// Checks one value by itself; gives it as it is documented, if it may be written in other ways.
    fn check<'f>(&'static self, value: &'f [u8], assumptions: &Assumptions) -> Result<&'f str, Refusal> {
        let text =
            std::str::from_utf8(value).map_err(|_| self.invalid(format!("the value of {} is not UTF-8", self.name)))?;
        if text.is_empty() && !self.may_be_empty {
            return Err(self.invalid(format!(
                "the value of {} is empty (assumption empty-value=present)",
                self.name
            )));
        }
        if let Some(max) = self.max {
            // Bytes are never fewer than characters, so most values need no counting.
            if text.len() > max && text.chars().count() > max {
                return Err(self.invalid(format!(
                    "the value of {} has {} characters; {max} at most are taken",
                    self.name,
                    text.chars().count(),
                )));
            }
        }
        let text = self.plain(text, assumptions);
        if !self.choices.is_empty() && !self.choices.contains(&text) {
            let has_letters = self.choices.iter().any(|choice| choice.contains(char::is_alphabetic));
            let about_case = if has_letters { " (case sensitive)" } else { "" };
            return Err(self.invalid(format!("{} takes {}{about_case}", self.name, self.choices.join(", "))));
        }
        if self.kind == Kind::Char && text.chars().nth(1).is_some() {
            return Err(self.invalid(format!("{} takes one character", self.name)));
        }
        if self.kind == Kind::Integer && parse_integer(text).is_none() {
            return Err(self.invalid(format!(
                "{} takes a whole number: digits, no sign, no space, no leading zero (assumptions number-sign, number-spaces and \
                 number-zeros)",
                self.name
            )));
        }
        Ok(text)
    }

    /// A value as it is documented, where it is assumed that it may be written in other ways too.
    fn plain<'f>(&'static self, text: &'f str, assumptions: &Assumptions) -> &'f str {
        match self.kind {
            Kind::Char if assumptions.yes_no_values == YesNoValues::AnyCase => {
                let mut choices = self.choices.iter();
                choices
                    .find(|choice| choice.eq_ignore_ascii_case(text))
                    .map_or(text, |choice| choice)
            }
            Kind::Integer => plain_number(text, assumptions),
            // Some pages call it a string.
            Kind::String if self.name == ORDER_NUMBER => plain_number(text, assumptions),
            Kind::Char | Kind::String => text,
        }
    }

    fn invalid(&self, hint: String) -> Refusal {
        Refusal::invalid(self.name, hint)
    }
}

/// When a conditional argument must be sent with the others of a call, whose values are not checked yet.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    /// None of these is sent.
    NoneSent(&'static [&'static str]),
    /// Another one, which the function finds out from the argument's name and the others: it says why.
    Why(fn(&'static str, &Arguments<'_>) -> Option<String>),
}

impl Condition {
    /// Why the argument of that name must be sent; None if it need not.
    fn why(self, name: &'static str, arguments: &Arguments<'_>) -> Option<String> {
        match self {
            Self::Why(why) => why(name, arguments),
            Self::NoneSent(others) if others.iter().any(|other| arguments.sent(other).is_some()) => None,
            Self::NoneSent([other]) => Some(format!("neither {name} nor {other} was sent")),
            Self::NoneSent(others) => {
                let names = [&[name], others].concat();
                let (last, first) = names.split_last().expect("the argument is one of them");
                Some(format!("none of {} and {last} was sent", first.join(", ")))
            }
        }
    }
}

/// Whether an argument must be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// It must.
    Required,
    /// It need not.
    Optional,
    /// It must under a condition.
    Conditional,
}

impl Need {
    /// The word that the documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
            Self::Conditional => "conditional",
        }
    }
}

/// What an argument's value is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Any text.
    String,
    /// A whole number.
    Integer,
    /// One character.
    Char,
}

impl Kind {
    /// The word that the documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Char => "char",
        }
    }
}

/// The arguments of one call, each in the row of its endpoint's table.
#[derive(Debug)]
pub struct Arguments<'f> {
    table: &'static [Argument],
    assumptions: Assumptions,
    rows: Vec<Row<'f>>,
    /// The first argument that the table does not have: its place in the form, and its name.
    unrecognized: Option<(usize, &'f [u8])>,
}

/// What was sent for one row of the table.
#[derive(Clone, Copy, Debug, Default)]
struct Row<'f> {
    first: Option<&'f [u8]>,
    /// The last of several.
    last: Option<&'f [u8]>,
    /// The value that counts, once it was checked.
    checked: Option<&'f str>,
}

impl<'f> Arguments<'f> {
    /// Finds the row of each argument of a form. Nothing is checked yet.
    pub(crate) fn sort(table: &'static [Argument], form: &'f Form<'_>, assumptions: &Assumptions) -> Self {
        let mut rows = vec![Row::default(); table.len()];
        let mut unrecognized = None;
        let mut expected = 0;
        let skipped = match assumptions.query_arguments {
            QueryArguments::Read => 0,
            QueryArguments::Ignored => form.in_query(),
        };
        for (position, pair) in form.pairs().iter().enumerate().skip(skipped) {
            let found = find(table, expected, |name| is_named(name, &pair.name, assumptions));
            expected = found.map_or(expected, |row| row + 1);
            match found {
                Some(_) if pair.value.is_empty() && assumptions.empty_value == EmptyValue::Missing => {}
                Some(row) => rows[row].push(&pair.value),
                None => unrecognized = unrecognized.or(Some((position, &*pair.name))),
            }
        }
        Self {
            table,
            assumptions: *assumptions,
            rows,
            unrecognized,
        }
    }

    /// Checks them against the table: names (-2), presence (-3), then each value by itself (-4). Presence comes before names
    /// where that is assumed.
    ///
    /// # Errors
    /// The first finding of the first kind that has one. Unrecognized arguments are found in the order of the form,
    /// missing and invalid ones in the order of the table.
    ///
    /// `is_whole` is whether the table has every argument of the endpoint: if not, unrecognized ones are ignored.
    pub(crate) fn check(&mut self, is_whole: bool) -> Result<(), Refusal> {
        match self.assumptions.unknown_check {
            UnknownCheck::BeforeMissing => {
                self.check_unrecognized(is_whole)?;
                self.check_missing()?;
            }
            UnknownCheck::AfterMissing => {
                self.check_missing()?;
                self.check_unrecognized(is_whole)?;
            }
        }
        let duplicates = self.assumptions.duplicate_argument;
        for (argument, row) in self.table.iter().zip(&mut self.rows) {
            if row.last.is_some() && duplicates == DuplicateArgument::Reject {
                return Err(argument.invalid(format!(
                    "{} was sent more than once (assumption duplicate-argument=reject)",
                    argument.name
                )));
            }
            row.checked = match row.counting(duplicates) {
                Some(value) => Some(argument.check(value, &self.assumptions)?),
                None => None,
            };
        }
        Ok(())
    }

    /// Whether the table has each of them (-2).
    fn check_unrecognized(&self, is_whole: bool) -> Result<(), Refusal> {
        match self.unrecognized {
            Some((position, name)) if self.refuses_unrecognized(is_whole) => {
                Err(unrecognized(position + 1, name, self.table))
            }
            _ => Ok(()),
        }
    }

    /// Whether an argument that the table does not have is an error.
    fn refuses_unrecognized(&self, is_whole: bool) -> bool {
        match self.assumptions.unknown_arguments {
            UnknownArguments::KnownTables => is_whole,
            UnknownArguments::Reject => true,
            UnknownArguments::Ignore => false,
        }
    }

    /// What a hint says of the first argument that the table does not have, where it is ignored.
    pub(crate) fn ignored(&self, is_whole: bool) -> Option<String> {
        let (position, name) = self.unrecognized.filter(|_| !self.refuses_unrecognized(is_whole))?;
        let place = position + 1;
        let meant = meant(name, self.table);
        Some(format!(
            "argument {place} of the request is none of this endpoint's, and was ignored{meant}"
        ))
    }

    /// Whether those that must be sent are there (-3).
    fn check_missing(&self) -> Result<(), Refusal> {
        for (argument, row) in self.table.iter().zip(&self.rows) {
            if row.first.is_none()
                && let Some(why) = argument.why_needed(self)
            {
                return Err(Refusal::missing(argument.name, why));
            }
        }
        Ok(())
    }

    /// The value of an argument as it came, unchecked: for faults and the log. Where it came more than once, the one that
    /// counts, or the first if none does. An argument that is not the endpoint's has none.
    pub(crate) fn sent(&self, name: &str) -> Option<&'f [u8]> {
        let row = self.table.iter().position(|argument| argument.name == name)?;
        let row = &self.rows[row];
        row.counting(self.assumptions.duplicate_argument).or(row.first)
    }

    /// What is assumed of the call.
    pub(crate) fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }

    /// A number as it came, without what is assumed to mean nothing in it.
    pub(crate) fn plain_number<'t>(&self, text: &'t str) -> &'t str {
        plain_number(text, &self.assumptions)
    }

    /// The format to answer in, found without looking at any other argument.
    ///
    /// A `responseFormat` that is itself bad, and an endpoint that has none, are answered in the default one.
    pub(crate) fn response_format(&self, default: Format) -> Format {
        let mut rows = self.table.iter().zip(&self.rows);
        rows.find(|(argument, _)| argument.name == RESPONSE_FORMAT)
            .and_then(|(argument, row)| {
                let value = std::str::from_utf8(row.counting(self.assumptions.duplicate_argument)?).ok()?;
                let value = argument.plain(value, &self.assumptions);
                Format::from_argument(value).filter(|_| argument.choices.contains(&value))
            })
            .unwrap_or(default)
    }

    /// The value of an argument, or its default.
    ///
    /// # Panics
    /// The table has no such argument: an endpoint may only ask for what its own table lists.
    pub(crate) fn get(&self, name: &str) -> Option<&'f str> {
        let row = self
            .table
            .iter()
            .position(|argument| argument.name == name)
            .unwrap_or_else(|| panic!("the endpoint's table has no argument {name}"));
        self.rows[row].checked.or(self.table[row].default)
    }

    /// The value of an argument that is required or has a default.
    ///
    /// # Panics
    /// As [`get`](Self::get), or the argument is neither required nor has a default.
    pub(crate) fn text(&self, name: &str) -> &'f str {
        self.get(name).expect("a required argument was checked to be there")
    }

    /// The value of an argument of kind [`Kind::Integer`].
    ///
    /// # Panics
    /// As [`get`](Self::get), or the argument is of another kind.
    pub(crate) fn integer(&self, name: &str) -> Option<u64> {
        self.get(name)
            .map(|text| parse_integer(text).expect("an integer's digits were checked"))
    }

    /// Whether an argument of the values `Y` and `N` is `Y`.
    ///
    /// # Panics
    /// As [`text`](Self::text).
    pub(crate) fn yes(&self, name: &str) -> bool {
        self.text(name) == "Y"
    }
}

impl<'f> Row<'f> {
    fn push(&mut self, value: &'f [u8]) {
        match self.first {
            None => self.first = Some(value),
            Some(_) => self.last = Some(value),
        }
    }

    /// The value that counts, if one does.
    fn counting(&self, duplicates: DuplicateArgument) -> Option<&'f [u8]> {
        match duplicates {
            DuplicateArgument::Last => self.last.or(self.first),
            DuplicateArgument::Reject if self.last.is_some() => None,
            DuplicateArgument::Reject | DuplicateArgument::First => self.first,
        }
    }
}

/// The row of the argument that `is_it` tells by its name. Most clients send arguments in the order of the table, so the search
/// begins at the row that is expected.
pub(crate) fn find(table: &[Argument], expected: usize, is_it: impl Fn(&'static str) -> bool) -> Option<usize> {
    let expected = expected.min(table.len());
    let is_it = |argument: &Argument| is_it(argument.name);
    match table[expected..].iter().position(is_it) {
        Some(row) => Some(expected + row),
        None => table[..expected].iter().position(is_it),
    }
}

fn is_named(name: &str, sent: &[u8], assumptions: &Assumptions) -> bool {
    match assumptions.argument_names {
        ArgumentNames::AnyCase => is_same_but_for_case(sent, name),
        ArgumentNames::Exact => sent == name.as_bytes(),
    }
}

/// Whether a name was sent that is documented so, in whatever case. Most are spelled as documented, which is found at once.
pub(crate) fn is_same_but_for_case(sent: &[u8], documented: &str) -> bool {
    sent == documented.as_bytes() || sent.eq_ignore_ascii_case(documented.as_bytes())
}

/// The reply names the argument as it came. The hint tells only where it stands: a `&` that was not escaped makes the
/// rest of a password a name, and a body that is encoded wrongly arrives as one long name with the password in it.
fn unrecognized(position: usize, name: &[u8], table: &[Argument]) -> Refusal {
    Refusal::unrecognized(
        String::from_utf8_lossy(&name[..name.len().min(MAX_ECHO)]),
        format!(
            "argument {position} of the request, its name {} bytes long, is none of this endpoint's{}; \
             a & inside a value is sent as %26",
            name.len(),
            meant(name, table)
        ),
    )
}

/// Which argument of the table a name was probably meant to be, as the end of a sentence, or nothing.
fn meant(name: &[u8], table: &[Argument]) -> String {
    let Ok(name) = std::str::from_utf8(name) else {
        return String::new();
    };
    let before_file = name.split_once('@').map(|(before, _)| before);
    match table.iter().find(|argument| before_file == Some(argument.name)) {
        Some(Argument { name, .. }) => format!("; curl sends a file by --data-urlencode {name}@FILE, not by -d"),
        None => similar_name(name, table.iter().map(|argument| argument.name)),
    }
}

/// A number without what is assumed to mean nothing in it: white space around it, a `+` and zeros before it.
fn plain_number<'t>(text: &'t str, assumptions: &Assumptions) -> &'t str {
    let mut number = text;
    if assumptions.number_spaces == NumberSpaces::Accepted {
        number = number.trim_ascii();
    }
    if assumptions.number_sign == NumberSign::Accepted {
        number = number.strip_prefix('+').unwrap_or(number);
    }
    if assumptions.number_zeros == NumberZeros::Accepted {
        number = match number.trim_start_matches('0') {
            "" => &number[number.len().saturating_sub(1)..],
            rest => rest,
        };
    }
    number
}

/// Digits without a sign and without a leading zero, below 10^18.
pub(crate) fn parse_integer(text: &str) -> Option<u64> {
    let is_canonical = !text.is_empty()
        && text.len() <= 18
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    is_canonical.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::api::protocol::assumption::CodeReason;
    use crate::api::protocol::code;

    const TABLE: &[Argument] = &[
        Argument::required("loginName", Kind::String, "").max(4),
        Argument::required("orderNumber", Kind::Integer, ""),
        Argument::required("codeReason", Kind::Integer, "")
            .choices(&["0", "1"])
            .default("0")
            .unless(|assumptions| assumptions.code_reason == CodeReason::Optional),
        Argument::optional("test", Kind::Char, "")
            .choices(&["Y", "N"])
            .default("N"),
        Argument::optional(RESPONSE_FORMAT, Kind::Integer, "").choices(&["0", "1", "2"]),
    ];

    fn form(text: &str) -> Form<'_> {
        let mut form = Form::default();
        form.push_urlencoded(text.as_bytes());
        form
    }

    fn checked<'f>(form: &'f Form<'_>, assumptions: &Assumptions) -> Result<Arguments<'f>, Refusal> {
        let mut arguments = Arguments::sort(TABLE, form, assumptions);
        arguments.check(true)?;
        Ok(arguments)
    }

    #[track_caller]
    fn assert_refused(text: &str, assumptions: &Assumptions, code: i32, name: &str) {
        let form = form(text);
        let refusal = checked(&form, assumptions).unwrap_err();
        assert_eq!(
            (refusal.code.number, refusal.name.as_deref()),
            (code, Some(name)),
            "{text}: {}",
            refusal.hint
        );
    }

    #[test]
    fn takes_what_the_table_allows() {
        let form = form("LOGINNAME=ab&orderNumber=7");
        let arguments = checked(&form, &Assumptions::default()).unwrap();
        assert_eq!(arguments.text("loginName"), "ab");
        assert_eq!(arguments.integer("orderNumber"), Some(7));
        assert_eq!(arguments.integer("codeReason"), Some(0));
        assert!(!arguments.yes("test"));
        assert_eq!(arguments.get(RESPONSE_FORMAT), None);
    }

    #[test]
    fn finds_names_then_absence_then_values() {
        let cases = [
            ("loginName=&x=1", -2, "x"),
            ("b=1&a=1", -2, "b"),
            ("loginName=", -3, "orderNumber"),
            ("test=x&orderNumber=", -3, "loginName"),
            ("orderNumber=x&loginName=", -4, "loginName"),
            ("loginName=ab&orderNumber=", -4, "orderNumber"),
            ("loginName=abcde&orderNumber=1", -4, "loginName"),
            ("loginName=%F0%9F%98%80bcde&orderNumber=1", -4, "loginName"),
            ("loginName=%FF&orderNumber=1", -4, "loginName"),
            ("loginName=ab&orderNumber=-1", -4, "orderNumber"),
            ("loginName=ab&orderNumber=01", -4, "orderNumber"),
            ("loginName=ab&orderNumber=1+", -4, "orderNumber"),
            ("loginName=ab&orderNumber=%2B1", -4, "orderNumber"),
            ("loginName=ab&orderNumber=1234567890123456789", -4, "orderNumber"),
            ("loginName=ab&orderNumber=1&test=y", -4, "test"),
            ("loginName=ab&orderNumber=1&codeReason=2", -4, "codeReason"),
            ("loginName=ab&orderNumber=1&loginname=ab", -4, "loginName"),
        ];
        for (text, code, name) in cases {
            assert_refused(text, &Assumptions::default(), code, name);
        }
    }

    #[test]
    fn counts_characters_not_bytes() {
        let form = form("loginName=%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80%F0%9F%98%80&orderNumber=1");
        assert!(checked(&form, &Assumptions::default()).is_ok());
    }

    #[test]
    fn follows_the_assumptions() {
        let mut assumptions = Assumptions::default();
        assumptions.set("argument-names", "exact").unwrap();
        assert_refused("LoginName=ab&orderNumber=1", &assumptions, -2, "LoginName");
        assumptions.set("code-reason", "required").unwrap();
        assert_refused("loginName=ab&orderNumber=1", &assumptions, -3, "codeReason");

        let twice = form("orderNumber=1&loginName=ab&orderNumber=2");
        for (value, expected) in [("first", 1), ("last", 2)] {
            let mut assumptions = Assumptions::default();
            assumptions.set("duplicate-argument", value).unwrap();
            let arguments = checked(&twice, &assumptions).unwrap();
            assert_eq!(arguments.integer("orderNumber"), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_number_may_be_written_in_other_ways_where_that_is_assumed() {
        for (name, text, expected) in [
            ("number-sign", "+7", "7"),
            ("number-sign", "++7", "+7"),
            ("number-sign", "-7", "-7"),
            ("number-sign", "+", ""),
            ("number-spaces", " \t7\r\n", "7"),
            ("number-spaces", "7 7", "7 7"),
            ("number-spaces", " ", ""),
            ("number-zeros", "007", "7"),
            ("number-zeros", "000", "0"),
            ("number-zeros", "", ""),
            ("number-zeros", "0é", "é"),
        ] {
            let mut assumptions = Assumptions::default();
            assert_eq!(plain_number(text, &assumptions), text);
            assumptions.set(name, "accepted").unwrap();
            assert_eq!(plain_number(text, &assumptions), expected, "{name} {text}");
        }
        let mut all = Assumptions::default();
        for name in ["number-sign", "number-spaces", "number-zeros"] {
            all.set(name, "accepted").unwrap();
        }
        let form = form("loginName=ab&orderNumber=+%2B007+&responseFormat=02");
        let arguments = checked(&form, &all).unwrap();
        assert_eq!(arguments.integer("orderNumber"), Some(7));
        assert_eq!(arguments.response_format(Format::Lines), Format::Json);
    }

    #[test]
    fn an_unknown_argument_is_refused_where_the_table_is_whole() {
        let form = form("loginName=ab&orderNumber=1&x=1");
        for (value, is_whole, is_refused) in [
            ("known-tables", true, true),
            ("known-tables", false, false),
            ("reject", false, true),
            ("ignore", true, false),
        ] {
            let mut assumptions = Assumptions::default();
            assumptions.set("unknown-arguments", value).unwrap();
            let checked = Arguments::sort(TABLE, &form, &assumptions).check(is_whole);
            assert_eq!(checked.is_err(), is_refused, "{value} {is_whole}");
        }
    }

    #[test]
    fn finds_the_format_before_anything_else() {
        let cases = [
            ("", "reject", Format::Lines),
            ("x=1&RESPONSEFORMAT=2", "reject", Format::Json),
            ("responseFormat=3", "reject", Format::Lines),
            ("responseFormat=", "reject", Format::Lines),
            ("responseFormat=1&responseFormat=1", "reject", Format::Lines),
            ("responseFormat=1&responseFormat=2", "first", Format::UrlEncoded),
            ("responseFormat=1&responseFormat=2", "last", Format::Json),
            ("responseFormat=1", "last", Format::UrlEncoded),
        ];
        for (text, duplicates, expected) in cases {
            let mut assumptions = Assumptions::default();
            assumptions.set("duplicate-argument", duplicates).unwrap();
            assert_eq!(
                Arguments::sort(TABLE, &form(text), &assumptions).response_format(Format::Lines),
                expected,
                "{text}"
            );
        }
        const TWO: &[Argument] = &[Argument::optional(RESPONSE_FORMAT, Kind::Integer, "").choices(&["0", "1"])];
        for (text, expected) in [
            ("responseFormat=1", Format::UrlEncoded),
            ("responseFormat=2", Format::Lines),
        ] {
            assert_eq!(
                Arguments::sort(TWO, &form(text), &Assumptions::default()).response_format(Format::Lines),
                expected,
                "{text}"
            );
        }
        let without = &TABLE[..4];
        let form = form("responseFormat=2");
        let arguments = Arguments::sort(without, &form, &Assumptions::default());
        assert_eq!(arguments.response_format(Format::Lines), Format::Lines);
    }

    #[test]
    fn a_name_that_is_not_ours_never_reaches_the_hint() {
        let form = form("loginName=ab&loginPassword");
        let refusal = checked(&form, &Assumptions::default()).unwrap_err();
        assert_eq!(refusal.code, &code::UNRECOGNIZED_ARGUMENT);
        assert!(!refusal.hint.contains("loginPassword"), "{}", refusal.hint);
        assert!(refusal.hint.contains("argument 2"), "{}", refusal.hint);
    }

    #[test]
    fn tells_what_was_sent_whether_it_is_taken_or_not() {
        for (text, duplicates, expected) in [
            ("loginName=abcdef&x=1", "reject", Some(&b"abcdef"[..])),
            ("LOGINNAME=a%FFc", "reject", Some(b"a\xFFc")),
            ("loginName=a&loginName=b", "reject", Some(b"a")),
            ("loginName=a&loginName=b", "first", Some(b"a")),
            ("loginName=a&loginName=b", "last", Some(b"b")),
            ("x=1", "last", None),
        ] {
            let mut assumptions = Assumptions::default();
            assumptions.set("duplicate-argument", duplicates).unwrap();
            let form = form(text);
            let arguments = Arguments::sort(TABLE, &form, &assumptions);
            assert_eq!(arguments.sent("loginName"), expected, "{text} {duplicates}");
        }
    }

    proptest! {
        #[test]
        fn no_form_panics_the_checks(
            pairs in proptest::collection::vec(
                ("(loginName|orderNumber|codeReason|test|responseFormat|.*)", proptest::collection::vec(any::<u8>(), 0..12)),
                0..8,
            ),
        ) {
            let mut form = Form::default();
            for (name, value) in &pairs {
                form.push(name.as_bytes(), value.as_slice());
            }
            for duplicates in ["reject", "first", "last"] {
                let mut assumptions = Assumptions::default();
                assumptions.set("duplicate-argument", duplicates).unwrap();
                let sorted = Arguments::sort(TABLE, &form, &assumptions);
                sorted.response_format(Format::Lines);
                sorted.sent("loginName");
                if let Ok(arguments) = checked(&form, &assumptions) {
                    prop_assert!(arguments.text("loginName").chars().count() <= 4);
                    prop_assert!(arguments.integer("orderNumber").is_some());
                }
            }
        }
    }
}
