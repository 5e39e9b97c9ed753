//! The real `openssl`, the stranger who judges what the emulator signs.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A directory in which openssl works.
pub(crate) struct OpenSsl {
    dir: TempDir,
}

impl OpenSsl {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    /// Where the file of that name is, or would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    #[track_caller]
    pub(crate) fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path(name), contents).unwrap();
    }

    /// Runs it with arguments that have a space between them. What it printed.
    #[track_caller]
    pub(crate) fn expect(&self, args: &str) -> String {
        let (succeeded, printed) = self.run(args);
        assert!(succeeded, "openssl {args}: {printed}");
        printed
    }

    /// The same, and it says no.
    #[track_caller]
    pub(crate) fn expect_failure(&self, args: &str) -> String {
        let (succeeded, printed) = self.run(args);
        assert!(!succeeded, "openssl {args}: {printed}");
        printed
    }

    /// Runs it with arguments that have a space between them. Whether it succeeded, and what it printed.
    #[track_caller]
    pub(crate) fn run(&self, args: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(args.split(' '))
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .output()
            .expect("cannot run openssl");
        let printed = [&output.stdout[..], &output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }
}
