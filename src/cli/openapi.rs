//! `openapi`: prints the OpenAPI document of the control API.

use clap::Args;

use crate::emulator::openapi_document;

// The options of `openapi`: it has none.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct OpenapiArgs {}

impl OpenapiArgs {
    /// The document, JSON in one line.
    pub(super) fn text(self) -> String {
        format!("{}\n", openapi_document())
    }
}
