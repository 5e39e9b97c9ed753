//! Files that outlive the process: keys and certificates, and the state of the default sandbox.
//!
//! A file appears whole or not at all: it is written beside its place, synced, and then put there. Keys are created
//! once and never replaced, and certificates come after their keys, so a crash or a second process at any point leaves
//! a key without a certificate at worst, and the next start makes the certificate for it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use thiserror::Error;

/// A file, and what is wrong with it, in one line.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub(crate) struct FileError {
    /// The file or directory.
    pub(crate) path: PathBuf,
    /// What is wrong. Never holds anything of the file's contents.
    pub(crate) problem: String,
}

impl FileError {
    /// A problem with a file.
    pub(crate) fn new(path: &Path, problem: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}

/// Who may read a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Readers {
    /// Its owner: mode 0600.
    Owner,
    /// Everybody, as far as the umask allows: mode 0644.
    All,
}

/// A directory of such files.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens the directory; makes it, for its owner only, if it is not there.
    pub(crate) fn open(dir: &Path) -> Result<Self, FileError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| FileError::new(dir, format!("cannot make the directory: {error}")))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Where a file stands.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The names of its files, sorted, as far as they are UTF-8.
    pub(crate) fn names(&self) -> Result<Vec<String>, FileError> {
        let names = || -> io::Result<Vec<_>> { fs::read_dir(&self.dir)?.map(|entry| Ok(entry?.file_name())).collect() };
        let names =
            names().map_err(|error| FileError::new(&self.dir, format!("cannot read the directory: {error}")))?;
        let mut names: Vec<_> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// A file's text, or None if there is no such file.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, FileError> {
        read(&self.path(name))
    }

    /// The text of a file and whether another is there that follows it. Both may be made by another process between the
    /// two looks, so a first file that is missed while the second is there is looked for once more.
    pub(crate) fn read_before(&self, name: &str, follower: &str) -> Result<(Option<String>, bool), FileError> {
        let first = self.read(name)?;
        let is_followed = self.read(follower)?.is_some();
        match first {
            None if is_followed => Ok((self.read(name)?, true)),
            first => Ok((first, is_followed)),
        }
    }

    /// Writes a file that must not be there yet. If another process was faster, its file stays. Returns what stands
    /// in the file afterwards.
    pub(crate) fn create(&self, name: &str, text: &str, readers: Readers) -> Result<String, FileError> {
        let path = self.path(name);
        self.write_beside(&path, readers, whole(text), |beside| {
            match fs::hard_link(beside, &path) {
                Ok(()) => fs::remove_file(beside),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(beside),
                // A file system without hard links.
                Err(_) => fs::rename(beside, &path),
            }
        })?;
        self.read(name)?
            .ok_or_else(|| FileError::new(&path, "vanished while it was written"))
    }

    /// Writes a file in the place of the one that may be there.
    pub(crate) fn replace(&self, name: &str, text: &str, readers: Readers) -> Result<(), FileError> {
        self.replace_by(name, readers, whole(text))
    }

    fn replace_by(
        &self,
        name: &str,
        readers: Readers,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let path = self.path(name);
        self.write_beside(&path, readers, fill, |beside| fs::rename(beside, &path))
    }

    fn write_beside(
        &self,
        path: &Path,
        readers: Readers,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        put: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), FileError> {
        static UNIQUE: AtomicU32 = AtomicU32::new(0);
        let unique = UNIQUE.fetch_add(1, Ordering::Relaxed);
        let beside = self.dir.join(format!(".new-{}-{unique}", process::id()));
        let mode = match readers {
            Readers::Owner => 0o600,
            Readers::All => 0o644,
        };
        let written = (|| {
            // A leftover of a crashed process that had the same id.
            let _ = fs::remove_file(&beside);
            let file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&beside)?;
            let mut file = BufWriter::new(file);
            fill(&mut file)?;
            file.into_inner()?.sync_all()?;
            put(&beside)?;
            File::open(&self.dir)?.sync_all()
        })();
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            FileError::new(path, format!("cannot write: {error}"))
        })
    }
}

fn whole(text: &str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
    |file| file.write_all(text.as_bytes())
}

/// Writes a file in the place of the one that may be there; a directory that is not there is made. What `fill` writes
/// goes to the file piece by piece.
pub(crate) fn write(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| FileError::new(path, "names no file"))?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    Store::open(dir.unwrap_or(Path::new(".")))?.replace_by(name, readers, fill)
}

/// A text file, or None if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, FileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(FileError::new(path, "is not a text file")),
        Err(error) => Err(FileError::new(path, format!("cannot read: {error}"))),
    }
}
