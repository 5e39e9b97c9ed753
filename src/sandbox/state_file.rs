//! The file in which the state of the default sandbox is kept over a restart (`--state`).

use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use thiserror::Error;

use crate::files::{self, FileError, Readers};
use crate::json;
use crate::lock::lock;
use crate::model::{Fixtures, FixturesError, Snapshot};
use crate::sandbox::Sandbox;

/// Why a saved state could not be loaded.
#[derive(Debug, Error)]
pub enum StateError {
    /// The file cannot be read, is not a regular file, or is not UTF-8.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{} is empty: remove the file to begin with the fixtures", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The content of the file, which is read like fixtures, is invalid.
    #[error(transparent)]
    Bad(#[from] FixturesError),
}

/// A file in which the state of a sandbox is saved.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// The hash of the last saved state, if it is known. Locked while a state is read and saved, so that saves do not
    /// overtake each other.
    saved: Mutex<Option<u64>>,
}

impl StateFile {
    /// A file at that path, which need not exist.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            saved: Mutex::default(),
        }
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The state in the file; None if the file does not exist.
    ///
    /// # Errors
    /// The file cannot be read, is not a regular one, is empty, or its content is invalid.
    pub(crate) fn load(&self) -> Result<Option<Fixtures>, StateError> {
        let text = match files::check_regular(&self.path).and_then(|()| files::read_text(&self.path)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(StateError::Unreadable {
                    path: self.path.clone(),
                    source,
                });
            }
        };
        // Fixtures may be empty, but a saved state never is: nothing was saved in this file, or its content was lost.
        if text.trim().is_empty() {
            return Err(StateError::Empty {
                path: self.path.clone(),
            });
        }
        Ok(Some(Fixtures::from_file(text, &self.path)?))
    }

    /// Checks that states can be saved, and removes the temporary files of processes that were killed while they saved.
    ///
    /// # Errors
    /// States cannot be saved.
    pub(crate) fn prepare(&self) -> Result<(), FileError> {
        files::check_writable(&self.path)?;
        files::sweep_leftovers(&self.path)
    }

    /// Saves the state of a sandbox. Only the owner of the file may read it, as it contains passwords.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save(&self, sandbox: &Sandbox) -> Result<(), FileError> {
        let mut saved = self.lock();
        *saved = None;
        self.write(&sandbox.snapshot())
    }

    /// Saves the state of a sandbox, unless it is the same as the last saved one. Whether it was saved.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn save_changes(&self, sandbox: &Sandbox) -> Result<bool, FileError> {
        let mut saved = self.lock();
        let snapshot = sandbox.snapshot();
        let hash = hash(&snapshot);
        if *saved == Some(hash) {
            return Ok(false);
        }
        self.write(&snapshot)?;
        *saved = Some(hash);
        Ok(true)
    }

    fn write(&self, snapshot: &Snapshot) -> Result<(), FileError> {
        files::write(&self.path, Readers::Owner, |file| {
            Ok(serde_json::to_writer_pretty(file, snapshot)?)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        lock(&self.saved)
    }
}

/// The hash of a snapshot. Its text is never in memory as a whole.
fn hash(snapshot: &Snapshot) -> u64 {
    let mut writer = HashWriter::default();
    json::write(&mut writer, &snapshot.comparable()).expect("strings and numbers always serialize");
    writer.0.finish()
}

/// Hashes what is written to it.
#[derive(Default)]
struct HashWriter(DefaultHasher);

impl Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
