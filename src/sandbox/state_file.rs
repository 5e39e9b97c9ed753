//! The file that keeps the state of the default sandbox over a restart.

use std::fs;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thiserror::Error;

use crate::files::{self, FileError, Readers};
use crate::model::{Fixtures, FixturesError, Snapshot};
use crate::sandbox::Sandbox;

/// Why a saved state could not be loaded.
#[derive(Debug, Error)]
pub enum StateError {
    /// The file may not be read, or is not UTF-8.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is empty.
    #[error("{} is empty: remove the file to begin with the fixtures", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file, which is read as fixtures are, holds no state.
    #[error(transparent)]
    Bad(#[from] FixturesError),
}

/// A file for the state of a sandbox.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// The hash of what was saved last, if it was taken. Locked while a state is taken and saved, so that no save
    /// overtakes another.
    saved: Mutex<Option<u64>>,
}

impl StateFile {
    /// A file at that path, which need not be there.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            saved: Mutex::default(),
        }
    }

    /// The state in the file; None if there is no file.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or holds no state.
    pub(crate) fn load(&self) -> Result<Option<Fixtures>, StateError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(StateError::Unreadable {
                    path: self.path.clone(),
                    source,
                });
            }
        };
        // Fixtures may be empty, but no state is: nothing was saved in this file, or it was lost.
        if text.trim().is_empty() {
            return Err(StateError::Empty {
                path: self.path.clone(),
            });
        }
        Ok(Some(Fixtures::from_file(text, &self.path)?))
    }

    /// Makes sure that states can be saved, and removes what earlier processes left that were killed while they saved.
    ///
    /// # Errors
    /// They cannot be saved.
    pub(crate) fn prepare(&self) -> Result<(), FileError> {
        files::check_writable(&self.path)?;
        files::sweep_leftovers(&self.path)
    }

    /// Saves the state of a sandbox, readable by the owner of the file only, as passwords are in it.
    ///
    /// # Errors
    /// It cannot be saved.
    pub(crate) fn save(&self, sandbox: &Sandbox) -> Result<(), FileError> {
        let mut saved = self.lock();
        *saved = None;
        self.write(&sandbox.snapshot())
    }

    /// Saves the state of a sandbox if it is another than the one that was saved last.
    ///
    /// # Errors
    /// It cannot be saved.
    pub(crate) fn save_changes(&self, sandbox: &Sandbox) -> Result<(), FileError> {
        let mut saved = self.lock();
        let snapshot = sandbox.snapshot();
        let hash = hash(&snapshot);
        if *saved == Some(hash) {
            return Ok(());
        }
        self.write(&snapshot)?;
        *saved = Some(hash);
        Ok(())
    }

    fn write(&self, snapshot: &Snapshot) -> Result<(), FileError> {
        files::write(&self.path, Readers::Owner, |file| {
            Ok(serde_json::to_writer_pretty(file, snapshot)?)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of a snapshot, whose text is never in memory as a whole.
fn hash(snapshot: &Snapshot) -> u64 {
    let mut hashed = Hashed::default();
    serde_json::to_writer(&mut hashed, &snapshot.comparable()).expect("strings and numbers always serialize");
    hashed.0.finish()
}

#[derive(Default)]
struct Hashed(DefaultHasher);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
