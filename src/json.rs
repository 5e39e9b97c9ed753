//! Writes JSON.

use std::io::{BufWriter, Write};

use serde::Serialize;
use serde_json::Error;

/// Writes a value. Each type that is written has one set of functions for all writers, and that makes the program smaller by
/// several percent; the buffer saves calls of the writer.
///
/// # Errors
/// The writer's, and a value that JSON cannot hold.
pub(crate) fn write(writer: &mut dyn Write, value: &impl Serialize) -> Result<(), Error> {
    let mut writer = BufWriter::new(writer);
    serde_json::to_writer(&mut writer, value)?;
    writer.flush().map_err(Error::io)
}
