//! Fixtures that a request brings: how much memory it may take to read them, and where that is done.

use axum::http::StatusCode;
use toml_parser::Source;
use toml_parser::lexer::TokenKind;

use super::receive::BodyShare;
use super::{App, Problem};
use crate::aside::{aside, aside_alone};
use crate::model::Fixtures;
use crate::model::fixtures::FixturesOrText;

/// The longest TOML, in bytes.
const MAX_TOML: usize = 1 << 20;

/// How many bytes of memory one byte of TOML takes at most: it is read into a tree first, in which `{a=1},` takes 1.5 kB.
const TOML_WEIGHT: usize = 256;

/// How many tables TOML may have, each of which takes pieces of memory of its own. The longest TOML has room for a quarter as
/// many orders.
const MAX_TABLES: usize = 50_000;

/// Does work with the fixtures of a request, if it has any, where no other request waits for it.
///
/// # Errors
/// They are too large, there is no memory to read them at the moment, they are no fixtures, or the work does not succeed.
pub(super) async fn with_fixtures<T: Send + 'static>(
    fixtures: Option<FixturesOrText>,
    mut share: BodyShare,
    app: &App,
    work: impl FnOnce(Option<Fixtures>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let toml_length = fixtures.as_ref().and_then(toml).map(str::len);
    if let Some(length) = toml_length {
        if length > MAX_TOML {
            return Err(too_large(&format!("{MAX_TOML} bytes")));
        }
        share.cover(length * TOML_WEIGHT, &app.body_memory).await?;
    }
    // The share goes along: the work is done to its end even if the client leaves.
    let read_and_work = move || {
        let done = fixtures.map(read).transpose().and_then(work);
        drop(share);
        done
    };
    if toml_length.is_some() {
        let done = aside_alone(read_and_work)
            .map_err(|_| Problem::busy("The system starts no more threads: send the fixtures again."))?;
        done.await?
    } else {
        aside(read_and_work).await?
    }
}

fn read(fixtures: FixturesOrText) -> Result<Fixtures, Problem> {
    if toml(&fixtures).is_some_and(has_too_many_tables) {
        return Err(too_large(&format!("{MAX_TABLES} tables")));
    }
    fixtures.read().map_err(|error| Problem::from(error).below("fixtures"))
}

/// The text of fixtures that are TOML.
fn toml(fixtures: &FixturesOrText) -> Option<&str> {
    match fixtures {
        FixturesOrText::Text(text) if !Fixtures::is_json(text) => Some(text),
        FixturesOrText::Text(_) | FixturesOrText::Object(_) => None,
    }
}

/// Whether there are so many of the signs that can begin a table, the dots of keys among them.
fn has_too_many_tables(toml: &str) -> bool {
    let begins_table = |kind| {
        matches!(
            kind,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket | TokenKind::Dot
        )
    };
    let tokens = Source::new(toml).lex();
    tokens.filter(|token| begins_table(token.kind())).count() > MAX_TABLES
}

fn too_large(most: &str) -> Problem {
    let detail = format!("TOML has {most} at most here; send the fixtures as JSON, or start with them (--fixtures)");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).below("fixtures")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_counted_however_they_are_written() {
        let inline = |count| format!("x = [{}]", "{a=1},".repeat(count));
        let headers = |count| "[a]\n".repeat(count);
        let dotted = |count| "a.b = 1\n".repeat(count);
        // The list itself is counted as well.
        for (fits, is_too_many) in [
            (inline(MAX_TABLES - 1), inline(MAX_TABLES)),
            (headers(MAX_TABLES), headers(MAX_TABLES + 1)),
            (dotted(MAX_TABLES), dotted(MAX_TABLES + 1)),
        ] {
            assert!(!has_too_many_tables(&fits));
            assert!(has_too_many_tables(&is_too_many));
        }
    }

    #[test]
    fn what_stands_in_strings_and_comments_is_no_table() {
        let tables = "a.b[{".repeat(MAX_TABLES);
        assert!(!has_too_many_tables(&format!(
            "x = \"{tables}\" # {tables}\ny = '''{tables}'''"
        )));
    }
}
