//! `endpoints`: prints the tables of arguments, codes and assumptions.

use clap::{Args, ValueEnum};

use crate::api::endpoints::catalogue;

/// The options of `endpoints`.
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
    /// The catalogue in the format that was asked for.
    pub(super) fn text(&self) -> String {
        match self.format {
            CatalogueFormat::Markdown => catalogue::markdown(),
            CatalogueFormat::Json => format!("{}\n", catalogue::json()),
        }
    }
}
