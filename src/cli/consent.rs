//! Asks the person at the terminal before something is done.

use std::io::{self, BufRead as _, IsTerminal as _};

/// Whether there is a person to ask: standard input and standard error are a terminal. A script is never asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on standard error, and says whether the answer is yes.
///
/// # Errors
/// The answer cannot be read.
pub(super) fn agrees(question: &str) -> io::Result<bool> {
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
