//! Files that are kept after the process ends: keys and certificates, and the state of the default sandbox.
//!
//! A file is written under a temporary name in the same directory, synced, and then renamed, so that it is never there
//! in part.
//!
//! If a file cannot be replaced, because it is mounted by itself or its directory cannot be written, [`write()`]
//! overwrites it in place. This is not atomic: after a crash the file may contain a part of the new content.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Seek as _, Write};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use thiserror::Error;

use crate::clock::real_now;
use crate::lock;

/// A file, and what is wrong with it, in one line.
#[derive(Debug, Error)]
#[error("{}: {problem}", path.display())]
pub(crate) struct FileError {
    /// The file or directory.
    pub(crate) path: PathBuf,
    /// What is wrong. Never contains anything of the content of the file.
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

/// Who may read a new file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Readers {
    /// Its owner: mode 0600.
    Owner,
    /// Everybody, as far as the umask allows it: mode 0644.
    All,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::All => 0o644,
        }
    }
}

/// The number of the next temporary file, so that the names of two of them are never the same.
static NEXT_TEMPORARY: AtomicU32 = AtomicU32::new(0);

/// Locked for reading for as long as a temporary file is there.
static WRITES: RwLock<()> = RwLock::new(());

/// How old a temporary file of another container is when it is taken for abandoned. Containers may share the directory,
/// but cannot see whether a process of another one is still running.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// How many symbolic links are followed, one after the other.
const MAX_LINKS: usize = 40;

/// For a process that is about to end: waits until every file that is being written is whole, or its temporary file is removed,
/// and lets no other write begin, so that nothing is left of a write on another thread.
#[cfg(feature = "cli")]
pub(crate) fn end_writes() {
    std::mem::forget(lock::write(&WRITES));
}

/// A directory for such files.
#[derive(Debug)]
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens the directory; if it does not exist, makes it, with access for its owner only.
    pub(crate) fn open(dir: &Path) -> Result<Self, FileError> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
        made.map_err(|error| FileError::new(dir, format!("cannot make the directory: {error}")))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The path of the file with that name.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The names of its files that are UTF-8, sorted.
    pub(crate) fn names(&self) -> Result<Vec<String>, FileError> {
        let names = || -> io::Result<Vec<_>> { fs::read_dir(&self.dir)?.map(|entry| Ok(entry?.file_name())).collect() };
        let names =
            names().map_err(|error| FileError::new(&self.dir, format!("cannot read the directory: {error}")))?;
        let mut names: Vec<_> = names.into_iter().filter_map(|name| name.into_string().ok()).collect();
        names.sort();
        Ok(names)
    }

    /// The text of a file, or None if it does not exist.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>, FileError> {
        read(&self.path(name))
    }

    /// The text of a file, if it exists, and whether the file `follower` exists, which is always written later. Another
    /// process may write both between the two checks; so if only the follower was found, the first file is read once
    /// more.
    pub(crate) fn read_before(&self, name: &str, follower: &str) -> Result<(Option<String>, bool), FileError> {
        let first = self.read(name)?;
        let is_followed = self.read(follower)?.is_some();
        match first {
            None if is_followed => Ok((self.read(name)?, true)),
            first => Ok((first, is_followed)),
        }
    }

    /// Writes a new file, and returns its text. If another process was faster, its file stays, and its text is
    /// returned.
    pub(crate) fn create(&self, name: &str, text: &str, readers: Readers) -> Result<String, FileError> {
        let path = self.path(name);
        self.write_temporary(&path, readers, whole_text(text), |temporary| {
            match fs::hard_link(temporary, &path) {
                Ok(()) => fs::remove_file(temporary),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => fs::remove_file(temporary),
                // A file system without hard links.
                Err(_) => fs::rename(temporary, &path),
            }
        })?;
        self.read(name)?
            .ok_or_else(|| FileError::new(&path, "vanished while it was written"))
    }

    /// Writes a file; if it exists, replaces it.
    pub(crate) fn replace(&self, name: &str, text: &str, readers: Readers) -> Result<(), FileError> {
        self.replace_by(name, readers, whole_text(text))
    }

    fn replace_by(
        &self,
        name: &str,
        readers: Readers,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let path = self.path(name);
        self.write_temporary(&path, readers, fill, |temporary| fs::rename(temporary, &path))
    }

    fn write_temporary(
        &self,
        path: &Path,
        readers: Readers,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        put: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let cannot_write = |error| FileError::new(path, format!("cannot write: {error}"));
        let _write = lock::read(&WRITES);
        let temporary = TemporaryFile::create(self, path, readers).map_err(cannot_write)?;
        let temporary = temporary.fill(fill).map_err(cannot_write)?;
        put(&temporary).and_then(|()| self.sync()).map_err(|error| {
            let _ = fs::remove_file(&temporary);
            cannot_write(error)
        })
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// A new file for the content of a target, under a temporary name in the same directory.
struct TemporaryFile {
    path: PathBuf,
    file: File,
}

impl TemporaryFile {
    fn create(store: &Store, target: &Path, readers: Readers) -> io::Result<Self> {
        let writer = Writer {
            namespace: pid_namespace(),
            process: process::id(),
            number: NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed),
        };
        let path = store.dir.join(format!("{}{writer}", temporary_prefix(target)));
        let mode = readers.mode();
        // One that a crashed process with the same id has left.
        let _ = fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode).open(&path)?;
        Ok(Self { path, file })
    }

    /// Writes the content, syncs the file, and returns its path. If this fails, the file is removed.
    fn fill(self, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<PathBuf> {
        match fill_and_sync(self.file, fill) {
            Ok(_) => Ok(self.path),
            Err(error) => {
                let _ = fs::remove_file(&self.path);
                Err(error)
            }
        }
    }
}

/// Writes to a file from its present position, piece by piece, and syncs it.
fn fill_and_sync(file: File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    let mut file = BufWriter::new(file);
    fill(&mut file)?;
    let file = file.into_inner()?;
    file.sync_all()?;
    Ok(file)
}

fn whole_text(text: &str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
    |file| file.write_all(text.as_bytes())
}

/// Writes a file; if it exists, replaces it. Makes the directory if it does not exist. What `fill` writes goes to the
/// file piece by piece. If the path is a symbolic link, the file that it leads to is written.
///
/// A file that cannot be replaced is overwritten in place; meanwhile its new content is also in a temporary file, if
/// one can be made. If `readers` is the owner only, the overwritten file gets this mode where the system allows it.
pub(crate) fn write(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    write_with(path, readers, fill, |temporary, target| fs::rename(temporary, target))
}

fn write_with(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    rename: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let cannot_write = |error| FileError::new(path, format!("cannot write: {error}"));
    let target = follow_links(path)?;
    check_regular(&target).map_err(cannot_write)?;
    let store = Store::open(directory_of(&target)?)?;
    let _write = lock::read(&WRITES);
    let temporary = match TemporaryFile::create(&store, &target, readers) {
        Ok(temporary) => temporary.fill(fill).map_err(cannot_write)?,
        Err(error) if is_refused(&error) && target.is_file() => {
            return overwrite(&target, readers, fill).map_err(cannot_write);
        }
        Err(error) => return Err(cannot_write(error)),
    };
    match rename(&temporary, &target) {
        Ok(()) => store.sync().map_err(cannot_write),
        Err(error) if is_refused(&error) && target.is_file() => {
            let copy = |file: &mut dyn Write| io::copy(&mut File::open(&temporary)?, file).map(drop);
            overwrite(&target, readers, copy).map_err(|error| {
                let kept = temporary.display();
                FileError::new(
                    path,
                    format!("cannot write: {error}; what was to be written is in {kept}"),
                )
            })?;
            // If this fails, a copy stays, which the next start removes.
            let _ = fs::remove_file(&temporary);
            Ok(())
        }
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            Err(cannot_write(error))
        }
    }
}

/// Checks that [`write()`] can write a file. Changes no file, but makes the directory if it does not exist.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn check_writable(path: &Path) -> Result<(), FileError> {
    let cannot_write = |error| FileError::new(path, format!("cannot write: {error}"));
    let target = follow_links(path)?;
    check_regular(&target).map_err(cannot_write)?;
    let store = Store::open(directory_of(&target)?)?;
    let is_there = match OpenOptions::new().write(true).open(&target) {
        Ok(_) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(cannot_write(error)),
    };
    let _write = lock::read(&WRITES);
    match TemporaryFile::create(&store, &target, Readers::Owner) {
        Ok(temporary) => fs::remove_file(temporary.path).map_err(cannot_write),
        Err(error) if is_refused(&error) && is_there => Ok(()),
        Err(error) => Err(cannot_write(error)),
    }
}

/// Removes the temporary files of processes that were killed while they wrote this file: those of the PID namespace of
/// this process at once, and those of others, such as other containers, after a minute.
pub(crate) fn sweep_leftovers(path: &Path) -> Result<(), FileError> {
    let target = follow_links(path)?;
    let store = Store::open(directory_of(&target)?)?;
    let (prefix, namespace) = (temporary_prefix(&target), pid_namespace());
    for name in store.names()? {
        let Some(writer) = name.strip_prefix(&prefix).and_then(Writer::parse) else {
            continue;
        };
        let path = store.path(&name);
        let is_leftover = match writer.namespace == namespace && namespace.is_some() {
            true => writer.is_gone(),
            false => is_abandoned(&path),
        };
        if is_leftover {
            // A file that cannot be removed does no harm.
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// The beginning of the names of temporary files for a target. A long name is shortened, as something is appended.
fn temporary_prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(48).collect();
    format!(".{name}.new-")
}

/// The writer of a temporary file, as the end of the file's name states it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Writer {
    /// The PID namespace of the process, if it is known. Each container has its own.
    namespace: Option<u64>,
    process: u32,
    /// The number of the file among those of the process.
    number: u32,
}

impl Writer {
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('-');
        let mut next = || numbers.next();
        let writer = Self {
            namespace: next()?.parse().ok().map(|id| Some(id).filter(|id| *id != 0))?,
            process: next()?.parse().ok()?,
            number: next()?.parse().ok()?,
        };
        next().is_none().then_some(writer)
    }

    /// Whether the process, which is of this namespace, no longer writes the file.
    fn is_gone(self) -> bool {
        if self.process == process::id() {
            // A file with a later number than this process has used is of an earlier process with the same id.
            return self.number >= NEXT_TEMPORARY.load(Ordering::Relaxed);
        }
        !Path::new(&format!("/proc/{}", self.process)).exists()
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let namespace = self.namespace.unwrap_or_default();
        write!(f, "{namespace}-{}-{}", self.process, self.number)
    }
}

/// The number of the PID namespace of this process; None if there is no `/proc`.
fn pid_namespace() -> Option<u64> {
    fs::metadata("/proc/self/ns/pid").ok().map(|namespace| namespace.ino())
}

/// Whether a file was last written so long ago that no process is still writing it.
fn is_abandoned(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| real_now().since(written.into()) > ABANDONED_AFTER)
}

/// Whether a file cannot be put in this place at all, no matter how much space is free.
fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy
            | io::ErrorKind::CrossesDevices
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Overwrites an existing file. It is shortened only after the new content is written, so that a crash loses as little
/// as possible.
fn overwrite(target: &Path, readers: Readers, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(target)?;
    if matches!(readers, Readers::Owner) {
        // Before the content is written. If the file belongs to another user, its mode cannot be changed and stays.
        let _ = file.set_permissions(Permissions::from_mode(readers.mode()));
    }
    let mut file = fill_and_sync(file, fill)?;
    let length = file.stream_position()?;
    file.set_len(length)?;
    file.sync_all()
}

/// The file that a path leads to through symbolic links, whether it exists or not.
fn follow_links(path: &Path) -> Result<PathBuf, FileError> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            // Not a link, or it does not exist.
            Err(_) => return Ok(target),
        }
    }
    Err(FileError::new(path, "leads through too many symbolic links"))
}

fn directory_of(path: &Path) -> Result<&Path, FileError> {
    if path.file_name().is_none() {
        return Err(FileError::new(path, "names no file"));
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    Ok(dir.unwrap_or(Path::new(".")))
}

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    fs::read_to_string(path).map_err(without_stream)
}

/// The error of reading a text; if that is not UTF-8, it says so in words for whoever wrote it.
pub(crate) fn without_stream(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::InvalidData => io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"),
        _ => error,
    }
}

/// The text of a file, or None if it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<String>, FileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(FileError::new(path, "is not a text file")),
        Err(error) => Err(FileError::new(path, format!("cannot read: {error}"))),
    }
}

/// Checks that a path leads to a regular file, if to anything: reading a pipe would wait for somebody who writes to it.
///
/// # Errors
/// It leads to something else, which the error names.
pub(crate) fn check_regular(path: &Path) -> io::Result<()> {
    let kind = match fs::metadata(path).map(|metadata| metadata.file_type()) {
        Ok(kind) if !kind.is_file() => kind,
        // Whoever reads or writes it is told what is wrong.
        Ok(_) | Err(_) => return Ok(()),
    };
    let kind = match kind {
        _ if kind.is_dir() => "directory",
        _ if kind.is_fifo() => "pipe",
        _ if kind.is_socket() => "socket",
        _ => "device",
    };
    Err(io::Error::other(format!("it is a {kind}, not a regular file")))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn names(dir: &TempDir) -> Vec<String> {
        Store::open(dir.path()).unwrap().names().unwrap()
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_overwritten() {
        for kind in [
            io::ErrorKind::ResourceBusy,
            io::ErrorKind::CrossesDevices,
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ] {
            let dir = TempDir::new().unwrap();
            let path = dir.path().join("state.json");
            fs::write(&path, "something that is longer").unwrap();
            write_with(&path, Readers::Owner, whole_text("new"), |temporary, _| {
                assert_eq!(fs::read_to_string(temporary).unwrap(), "new");
                Err(kind.into())
            })
            .unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "new", "{kind}");
            assert_eq!(names(&dir), ["state.json"], "{kind}");
        }
    }

    #[test]
    fn a_file_stays_as_it_was_if_there_is_no_space() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("state.json");
        fs::write(&path, "old").unwrap();
        let full = |_: &Path, _: &Path| Err(io::ErrorKind::StorageFull.into());
        let error = write_with(&path, Readers::Owner, whole_text("new"), full).unwrap_err();
        assert!(error.to_string().contains("state.json: cannot write"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(&dir), ["state.json"]);
    }

    #[test]
    fn what_is_no_regular_file_is_not_replaced() {
        let dir = TempDir::new().unwrap();
        let (socket, link) = (dir.path().join("socket"), dir.path().join("state.json"));
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&socket, &link).unwrap();
        for path in [&socket, &link] {
            let error = write(path, Readers::Owner, |file| file.write_all(b"{}")).unwrap_err();
            assert!(
                error.to_string().contains("it is a socket, not a regular file"),
                "{error}"
            );
        }
        assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    }

    #[test]
    fn a_write_that_has_begun_is_finished() {
        use std::sync::mpsc;
        use std::thread;

        let dir = TempDir::new().unwrap();
        let path = dir.path().join("state.json");
        let (begin, begun) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel();
        let target = path.clone();
        let writer = thread::spawn(move || {
            write(&target, Readers::Owner, |file| {
                begin.send(()).unwrap();
                may_go_on.recv().unwrap();
                file.write_all(b"whole")
            })
        });
        begun.recv().unwrap();
        let finisher = thread::spawn(move || {
            go_on.send(()).unwrap();
            let no_others = lock::write(&WRITES);
            let found = (fs::read_to_string(&path).ok(), names(&dir));
            drop(no_others);
            found
        });
        let found = finisher.join().unwrap();
        assert_eq!(found, (Some("whole".to_owned()), vec!["state.json".to_owned()]));
        writer.join().unwrap().unwrap();
    }

    /// The name of the temporary file of a process for `state.json`.
    fn temporary_name(namespace: Option<u64>, process: u32, number: u32) -> String {
        let writer = Writer {
            namespace,
            process,
            number,
        };
        format!(".state.json.new-{writer}")
    }

    fn make(dir: &TempDir, name: &str, age: Duration) {
        let file = File::create(dir.path().join(name)).unwrap();
        let made = file.metadata().unwrap().modified().unwrap();
        file.set_modified(made - age).unwrap();
    }

    #[test]
    fn only_files_of_ended_processes_are_removed() {
        let dir = TempDir::new().unwrap();
        let (own, here) = (process::id(), pid_namespace());
        let written = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let old = ABANDONED_AFTER * 2;
        let kept = [
            temporary_name(here, own, written),
            temporary_name(here, 1, 0),
            ".state.json.new-1-4294967295".to_owned(),
            ".state.json.new-1-x-0".to_owned(),
            ".state.json.new-1-4294967295-0.mine".to_owned(),
            "state.json.new-1-4294967295-0".to_owned(),
            // Of another target.
            temporary_name(here, u32::MAX, 0).replace("state.json", "other.json"),
            temporary_name(here, u32::MAX, 0).replace(".new-", ".bak.new-"),
        ];
        for name in &kept {
            make(&dir, name, old);
        }
        let swept = [temporary_name(here, own, u32::MAX), temporary_name(here, u32::MAX, 0)];
        for name in &swept {
            make(&dir, name, Duration::ZERO);
        }
        sweep_leftovers(&dir.path().join("state.json")).unwrap();
        let mut kept = kept.to_vec();
        kept.sort();
        assert_eq!(names(&dir), kept);
    }

    /// Two containers share a volume. Neither sees the processes of the other, which often have the same ids.
    #[test]
    fn files_of_another_container_are_removed_later() {
        let dir = TempDir::new().unwrap();
        let processes = [process::id(), 1, u32::MAX];
        for (namespace, age) in [
            (Some(7), Duration::ZERO),
            (None, Duration::ZERO),
            (Some(8), ABANDONED_AFTER * 2),
        ] {
            for process in processes {
                make(&dir, &temporary_name(namespace, process, u32::MAX), age);
            }
        }
        sweep_leftovers(&dir.path().join("state.json")).unwrap();
        let mut kept: Vec<_> = [Some(7), None]
            .into_iter()
            .flat_map(|namespace| processes.map(|process| temporary_name(namespace, process, u32::MAX)))
            .collect();
        kept.sort();
        assert_eq!(names(&dir), kept);
    }

    #[test]
    fn the_name_of_a_file_says_who_writes_it() {
        for namespace in [None, Some(4_026_531_836)] {
            let writer = Writer {
                namespace,
                process: 12,
                number: 3,
            };
            assert_eq!(Writer::parse(&writer.to_string()), Some(writer));
        }
        let store = TempDir::new().unwrap();
        let store = Store::open(store.path()).unwrap();
        let target = store.path(&"\u{fffd}".repeat(85));
        let temporary = TemporaryFile::create(&store, &target, Readers::All).unwrap();
        let name = temporary.path.file_name().unwrap().to_str().unwrap();
        let writer = name
            .strip_prefix(&temporary_prefix(&target))
            .and_then(Writer::parse)
            .unwrap();
        assert_eq!((writer.namespace, writer.process), (pid_namespace(), process::id()));
    }

    #[test]
    fn an_overwritten_file_gets_the_mode_for_its_owner_only() {
        for (readers, expected) in [(Readers::Owner, 0o600), (Readers::All, 0o664)] {
            let dir = TempDir::new().unwrap();
            let path = dir.path().join("state.json");
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
            write_with(&path, readers, whole_text("new"), |_, _| {
                Err(io::ErrorKind::ResourceBusy.into())
            })
            .unwrap();
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                expected,
                "{readers:?}"
            );
        }
    }

    #[test]
    fn circular_links_are_refused() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("round");
        std::os::unix::fs::symlink("round", &path).unwrap();
        assert!(write(&path, Readers::Owner, whole_text("")).is_err());
    }
}
