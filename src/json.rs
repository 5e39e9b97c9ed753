//! Writes JSON.

use std::io::{BufWriter, Write};

use serde::Serialize;
use serde_json::Error;

/// Writes a value. Through `dyn Write`, so that serde's code for a type is compiled once, not once for each kind of writer; the
/// buffer saves most calls through it.
///
/// # Errors
/// The writer's, and a value that JSON cannot hold.
pub(crate) fn write(writer: &mut dyn Write, value: &impl Serialize) -> Result<(), Error> {
    let mut writer = BufWriter::new(writer);
    serde_json::to_writer(&mut writer, value)?;
    writer.flush().map_err(Error::io)
}
