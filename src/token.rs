//! The bearer token that the control API requires from its clients.

use std::fmt;
use std::path::Path;

use hyper::header::HeaderValue;
use thiserror::Error;

use crate::files::{self, FileError};

/// A valid token. `Debug` does not print it.
#[derive(Clone)]
pub(crate) struct Token(Box<str>);

/// Why a text is not a valid token. Never contains the text.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub(crate) enum TokenError {
    /// It is empty.
    #[error("a token is not empty; to go without one, leave it out")]
    Empty,
    /// It begins or ends with white space, which an HTTP header does not keep.
    #[error("a token has no white space around it")]
    WhiteSpace,
    /// It has characters that cannot be in an HTTP header.
    #[error("a token has no control characters")]
    ControlCharacter,
}

/// A text that was given as a token. If it is not valid, only the error is kept.
#[derive(Clone, Debug)]
pub(crate) struct GivenToken(Result<Token, TokenError>);

impl GivenToken {
    /// The token.
    ///
    /// # Errors
    /// The text was not a valid token.
    pub(crate) fn check(&self) -> Result<&Token, TokenError> {
        self.0.as_ref().map_err(|error| *error)
    }
}

impl From<Token> for GivenToken {
    fn from(token: Token) -> Self {
        Self(Ok(token))
    }
}

impl From<&str> for GivenToken {
    fn from(text: &str) -> Self {
        Self(Token::parse(text))
    }
}

impl Token {
    /// The token with that text.
    ///
    /// # Errors
    /// It is empty, has white space around it, or has characters that cannot be in an HTTP header.
    pub(crate) fn parse(text: &str) -> Result<Self, TokenError> {
        match text.trim() {
            "" => Err(TokenError::Empty),
            trimmed if trimmed.len() < text.len() => Err(TokenError::WhiteSpace),
            token if HeaderValue::from_bytes(token.as_bytes()).is_err() => Err(TokenError::ControlCharacter),
            token => Ok(Self(token.into())),
        }
    }

    /// The token that is the one line of a file. The end of the line is not part of it.
    ///
    /// # Errors
    /// The file cannot be read, has several lines, or its line is no token.
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        let text = files::read(path)?.ok_or_else(|| FileError::new(path, "there is no such file"))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.contains('\n') {
            return Err(FileError::new(
                path,
                "has several lines; the token is the only line of its file",
            ));
        }
        Self::parse(line).map_err(|error| match error {
            TokenError::Empty => FileError::new(path, "is empty; the token is the only line of its file"),
            error => FileError::new(path, error.to_string()),
        })
    }

    /// The token itself: for the header that bears it, and to compare that header.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_a_header_does_not_bring_back_is_no_token() {
        for text in ["a b", "a\tb", "a\u{e9}"] {
            assert_eq!(Token::parse(text).unwrap().expose(), text);
        }
        for (text, error) in [
            ("", TokenError::Empty),
            (" \n", TokenError::Empty),
            (" a", TokenError::WhiteSpace),
            ("a\n", TokenError::WhiteSpace),
            ("a\u{a0}", TokenError::WhiteSpace),
            ("a\nb", TokenError::ControlCharacter),
            ("a\0", TokenError::ControlCharacter),
            ("a\u{1b}b", TokenError::ControlCharacter),
            ("\u{7f}", TokenError::ControlCharacter),
        ] {
            assert_eq!(Token::parse(text).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn a_file_holds_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for text in ["t0ken", "t0ken\n", "t0ken\r\n"] {
            fs::write(&path, text).unwrap();
            assert_eq!(Token::read(&path).unwrap().expose(), "t0ken", "{text:?}");
        }
        for text in [
            "",
            "\n",
            "t0ken\n\n",
            "t0ken\nother\n",
            "t0ken \n",
            " t0ken\n",
            "t0\0ken\n",
            "t0ken\rt0ken",
        ] {
            fs::write(&path, text).unwrap();
            let error = Token::read(&path).unwrap_err().to_string();
            assert!(
                error.contains("token: ") && !error.contains("t0ken"),
                "{text:?}: {error}"
            );
        }
        assert!(Token::read(&dir.path().join("none")).is_err());
    }
}
