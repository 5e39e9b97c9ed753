//! Files that outlive the process: keys and certificates, and the state of the default sandbox.
//!
//! A file appears whole or not at all: it is written beside its place, synced, and then put there. Keys are created
//! once and never replaced, and certificates come after their keys, so a crash or a second process at any point leaves
//! a key without a certificate at worst, and the next start makes the certificate for it.
//!
//! Where a file cannot be replaced, because it is mounted by itself or its directory cannot be written, [`write`]
//! overwrites it, which is not atomic: a crash meanwhile leaves a part of the new contents in it.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Seek as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use thiserror::Error;

use crate::clock::real_now;

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

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::All => 0o644,
        }
    }
}

/// The number of the next file that is written beside its place: the names of two are never the same.
static NEXT_BESIDE: AtomicU32 = AtomicU32::new(0);

/// How old a file beside its place is that nobody writes any more. Whether a process of another container is gone, which
/// may share the directory, cannot be seen.
const ABANDONED_AFTER: Duration = Duration::from_secs(60);

/// How many symbolic links are followed from one path.
const MAX_LINKS: usize = 40;

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
        let cannot_write = |error| FileError::new(path, format!("cannot write: {error}"));
        let beside = Beside::create(self, path, readers).map_err(cannot_write)?;
        let beside = beside.fill(fill).map_err(cannot_write)?;
        put(&beside).and_then(|()| self.sync()).map_err(|error| {
            let _ = fs::remove_file(&beside);
            cannot_write(error)
        })
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// A new file for the contents of a target beside it, of a name that nobody asks for.
struct Beside {
    path: PathBuf,
    file: File,
}

impl Beside {
    fn create(store: &Store, target: &Path, readers: Readers) -> io::Result<Self> {
        let writer = Writer {
            namespace: pid_namespace(),
            process: process::id(),
            number: NEXT_BESIDE.fetch_add(1, Ordering::Relaxed),
        };
        let path = store.dir.join(format!("{}{writer}", beside_prefix(target)));
        let mode = readers.mode();
        // A leftover of a crashed process that had the same id.
        let _ = fs::remove_file(&path);
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(mode).open(&path)?;
        Ok(Self { path, file })
    }

    /// Writes it, syncs it, and returns where it is. It is gone if that fails.
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

/// Writes a file from where it stands, piece by piece, and syncs it.
fn fill_and_sync(file: File, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<File> {
    let mut file = BufWriter::new(file);
    fill(&mut file)?;
    let file = file.into_inner()?;
    file.sync_all()?;
    Ok(file)
}

fn whole(text: &str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
    |file| file.write_all(text.as_bytes())
}

/// Writes a file in the place of the one that may be there; a directory that is not there is made. What `fill` writes
/// goes to the file piece by piece. A symbolic link stays, and the file that it leads to is written.
///
/// A file that cannot be replaced is overwritten. Its new contents stand beside it meanwhile, if there is a place. It gets
/// the mode of its `readers` if that is its owner only and the system allows it.
pub(crate) fn write(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    write_with(path, readers, fill, |beside, target| fs::rename(beside, target))
}

fn write_with(
    path: &Path,
    readers: Readers,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    rename: impl FnOnce(&Path, &Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let cannot_write = |error| FileError::new(path, format!("cannot write: {error}"));
    let target = follow_links(path)?;
    let store = Store::open(directory_of(&target)?)?;
    let beside = match Beside::create(&store, &target, readers) {
        Ok(beside) => beside.fill(fill).map_err(cannot_write)?,
        Err(error) if is_refused(&error) && target.is_file() => {
            return overwrite(&target, readers, fill).map_err(cannot_write);
        }
        Err(error) => return Err(cannot_write(error)),
    };
    match rename(&beside, &target) {
        Ok(()) => store.sync().map_err(cannot_write),
        Err(error) if is_refused(&error) && target.is_file() => {
            let copy = |file: &mut dyn Write| io::copy(&mut File::open(&beside)?, file).map(drop);
            overwrite(&target, readers, copy).map_err(|error| {
                let kept = beside.display();
                FileError::new(
                    path,
                    format!("cannot write: {error}; what was to be written is in {kept}"),
                )
            })?;
            // What stays is a copy of what was written; the next start sweeps it.
            let _ = fs::remove_file(&beside);
            Ok(())
        }
        Err(error) => {
            let _ = fs::remove_file(&beside);
            Err(cannot_write(error))
        }
    }
}

/// Whether [`write`] could write that file now. Nothing that is there is changed; a directory that is not there is made.
///
/// # Errors
/// It could not.
pub(crate) fn check_writable(path: &Path) -> Result<(), FileError> {
    let cannot_write = |error| FileError::new(path, format!("cannot write: {error}"));
    let target = follow_links(path)?;
    let store = Store::open(directory_of(&target)?)?;
    let is_there = match fs::metadata(&target) {
        Ok(metadata) if !metadata.is_file() => return Err(FileError::new(path, "is not a regular file")),
        Ok(_) => {
            OpenOptions::new().write(true).open(&target).map_err(cannot_write)?;
            true
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => return Err(cannot_write(error)),
    };
    match Beside::create(&store, &target, Readers::Owner) {
        Ok(beside) => fs::remove_file(beside.path).map_err(cannot_write),
        Err(error) if is_refused(&error) && is_there => Ok(()),
        Err(error) => Err(cannot_write(error)),
    }
}

/// Removes what processes that were killed while they wrote this file left beside it: at once what those of this process's
/// own PID namespace left, and after a minute what those of others left, of another container for example.
pub(crate) fn sweep_leftovers(path: &Path) -> Result<(), FileError> {
    let target = follow_links(path)?;
    let store = Store::open(directory_of(&target)?)?;
    let (prefix, namespace) = (beside_prefix(&target), pid_namespace());
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
            // What cannot be removed does no harm.
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

/// What the names of the files that are written beside a target begin with. A long name is cut, as theirs are longer.
fn beside_prefix(target: &Path) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().take(48).collect();
    format!(".{name}.new-")
}

/// Who writes a file beside its place, as the end of the file's name says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Writer {
    /// The PID namespace of the process, if it is known: each container has its own.
    namespace: Option<u64>,
    process: u32,
    /// Which of the process's files it is.
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

    /// Whether no process of this namespace writes it any more.
    fn is_gone(self) -> bool {
        if self.process == process::id() {
            // An earlier process had the id that this one has.
            return self.number >= NEXT_BESIDE.load(Ordering::Relaxed);
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

/// The number of the PID namespace of this process; none where there is no `/proc`.
fn pid_namespace() -> Option<u64> {
    fs::metadata("/proc/self/ns/pid").ok().map(|namespace| namespace.ino())
}

/// Whether nobody has written to a file for so long that nobody will.
fn is_abandoned(path: &Path) -> bool {
    let written = fs::metadata(path).and_then(|metadata| metadata.modified());
    written.is_ok_and(|written| real_now().since(written.into()) > ABANDONED_AFTER)
}

/// Whether the system lets nobody put a file in that place, however much room there is.
fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ResourceBusy
            | io::ErrorKind::CrossesDevices
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Writes over a file that is there. It is cut at the end only, so that a crash loses as little as possible.
fn overwrite(target: &Path, readers: Readers, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(target)?;
    if matches!(readers, Readers::Owner) {
        // Before anything is in it. The file may be another user's, who lets this one write it: then it stays as it is.
        let _ = file.set_permissions(Permissions::from_mode(readers.mode()));
    }
    let mut file = fill_and_sync(file, fill)?;
    let length = file.stream_position()?;
    file.set_len(length)?;
    file.sync_all()
}

/// The file that a path leads to by symbolic links, whether it is there or not.
fn follow_links(path: &Path) -> Result<PathBuf, FileError> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(link) => target = target.parent().unwrap_or(Path::new("")).join(link),
            // What is no link, or not there, is the end of the way.
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

/// A text file, or None if there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, FileError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(FileError::new(path, "is not a text file")),
        Err(error) => Err(FileError::new(path, format!("cannot read: {error}"))),
    }
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
            write_with(&path, Readers::Owner, whole("new"), |beside, _| {
                assert_eq!(fs::read_to_string(beside).unwrap(), "new");
                Err(kind.into())
            })
            .unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "new", "{kind}");
            assert_eq!(names(&dir), ["state.json"], "{kind}");
        }
    }

    #[test]
    fn a_file_stays_as_it_was_if_there_is_no_room() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("state.json");
        fs::write(&path, "old").unwrap();
        let full = |_: &Path, _: &Path| Err(io::ErrorKind::StorageFull.into());
        let error = write_with(&path, Readers::Owner, whole("new"), full).unwrap_err();
        assert!(error.to_string().contains("state.json: cannot write"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(&dir), ["state.json"]);
    }

    /// The name of what process `process` of a namespace writes for `state.json`.
    fn beside(namespace: Option<u64>, process: u32, number: u32) -> String {
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
    fn only_the_leftovers_of_processes_that_are_gone_are_swept() {
        let dir = TempDir::new().unwrap();
        let (own, here) = (process::id(), pid_namespace());
        let written = NEXT_BESIDE.fetch_add(1, Ordering::Relaxed);
        let old = ABANDONED_AFTER * 2;
        let kept = [
            beside(here, own, written),
            beside(here, 1, 0),
            ".state.json.new-1-4294967295".to_owned(),
            ".state.json.new-1-x-0".to_owned(),
            ".state.json.new-1-4294967295-0.mine".to_owned(),
            "state.json.new-1-4294967295-0".to_owned(),
            // Of another target.
            beside(here, u32::MAX, 0).replace("state.json", "other.json"),
            beside(here, u32::MAX, 0).replace(".new-", ".bak.new-"),
        ];
        for name in &kept {
            make(&dir, name, old);
        }
        let swept = [beside(here, own, u32::MAX), beside(here, u32::MAX, 0)];
        for name in &swept {
            make(&dir, name, Duration::ZERO);
        }
        sweep_leftovers(&dir.path().join("state.json")).unwrap();
        let mut kept = kept.to_vec();
        kept.sort();
        assert_eq!(names(&dir), kept);
    }

    /// Two containers share a volume. Each has processes of which the other knows nothing, often of the same ids.
    #[test]
    fn what_another_container_may_be_writing_is_swept_later() {
        let dir = TempDir::new().unwrap();
        let processes = [process::id(), 1, u32::MAX];
        for (namespace, age) in [
            (Some(7), Duration::ZERO),
            (None, Duration::ZERO),
            (Some(8), ABANDONED_AFTER * 2),
        ] {
            for process in processes {
                make(&dir, &beside(namespace, process, u32::MAX), age);
            }
        }
        sweep_leftovers(&dir.path().join("state.json")).unwrap();
        let mut kept: Vec<_> = [Some(7), None]
            .into_iter()
            .flat_map(|namespace| processes.map(|process| beside(namespace, process, u32::MAX)))
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
        let beside = Beside::create(&store, &target, Readers::All).unwrap();
        let name = beside.path.file_name().unwrap().to_str().unwrap();
        let writer = name
            .strip_prefix(&beside_prefix(&target))
            .and_then(Writer::parse)
            .unwrap();
        assert_eq!((writer.namespace, writer.process), (pid_namespace(), process::id()));
    }

    #[test]
    fn a_file_that_is_overwritten_is_for_its_owner_only_if_it_shall_be() {
        for (readers, expected) in [(Readers::Owner, 0o600), (Readers::All, 0o664)] {
            let dir = TempDir::new().unwrap();
            let path = dir.path().join("state.json");
            fs::write(&path, "").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
            write_with(&path, readers, whole("new"), |_, _| {
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
    fn links_that_go_round_are_refused() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("round");
        std::os::unix::fs::symlink("round", &path).unwrap();
        assert!(write(&path, Readers::Owner, whole("")).is_err());
    }
}
