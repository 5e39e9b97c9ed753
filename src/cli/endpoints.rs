//! `endpoints`: prints the tables of arguments, codes and assumptions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::api::endpoints::catalogue;
use crate::check::checked::{Checked, Fidelity};
use crate::check::transcript::TranscriptError;
use crate::cli::parse::read_switch;

// The options of `endpoints`.
#[derive(Args, Clone, Debug)]
pub(crate) struct EndpointsArgs {
    /// How the catalogue is printed.
    #[arg(
        long,
        env = "SECTIGO_EMULATOR_FORMAT",
        value_name = "markdown|json",
        default_value = "markdown"
    )]
    format: CatalogueFormat,
    /// Say what this transcript of `check --record` confirms.
    #[arg(long, env = "SECTIGO_EMULATOR_CHECKED", value_name = "FILE")]
    checked: Option<PathBuf>,
    /// Print instead how many facts of each endpoint have which mark, and which probes of `check` would settle those that
    /// are assumed.
    #[arg(long, env = "SECTIGO_EMULATOR_FIDELITY", value_parser = read_switch)]
    fidelity: bool,
}

/// How the catalogue is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CatalogueFormat {
    /// Tables for people.
    Markdown,
    /// One object for programs.
    Json,
}

impl EndpointsArgs {
    /// What was asked for.
    ///
    /// # Errors
    /// The transcript cannot be read.
    pub(super) fn text(&self) -> Result<String, TranscriptError> {
        let checked = self.checked.as_deref().map(Checked::load).transpose()?;
        let note = |endpoint: &_, fact| checked.as_ref().and_then(|checked| checked.note(endpoint, fact));
        Ok(match (self.fidelity, self.format) {
            (true, CatalogueFormat::Markdown) => Fidelity::count(checked.as_ref()).to_string(),
            (true, CatalogueFormat::Json) => Fidelity::count(checked.as_ref()).json(),
            (false, CatalogueFormat::Markdown) => catalogue::markdown_with(&note),
            (false, CatalogueFormat::Json) => format!("{}\n", catalogue::json_with(&note)),
        })
    }
}
