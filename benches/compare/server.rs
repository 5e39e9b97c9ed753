//! The processes under test: started, asked how much memory and processor they use, and ended with the value.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::bare;

/// A server process that answers on `http`.
pub(crate) struct Server {
    pub(crate) http: SocketAddr,
    /// The emulator's control listener; the bare server has only one listener, which stands here too.
    pub(crate) control: SocketAddr,
    process: Process,
    log: File,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// The emulator on free ports, taking plain HTTP as if it were HTTPS.
    pub(crate) fn emulator(directory: &Path, options: &[&str]) -> Self {
        let mut command = emulator(["127.0.0.1:0"; 3]);
        command.args(["--plain-http", "accept"]).args(options);
        Self::start(directory, command)
    }

    /// The bare server on a free port; see [`bare::serve`] for what follows the address.
    pub(crate) fn bare(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = bare("127.0.0.1:0");
        command.args(arguments);
        Self::start(directory, command)
    }

    fn start(directory: &Path, mut command: Command) -> Self {
        let log = log(directory);
        let mut process = Process::start(
            command
                .stdout(Stdio::piped())
                .stderr(log.try_clone().expect("a file can be shared")),
        );
        let mut stdout = BufReader::new(process.0.stdout.take().expect("it is piped"));
        let (mut http, mut control, mut line) = (None, None, String::new());
        while line.trim_end() != "ready" {
            line.clear();
            let read = stdout.read_line(&mut line).expect("the process writes text");
            assert!(
                read > 0,
                "{command:?} ended before it was ready; its log: {}",
                last_log(directory)
            );
            let address = |start| -> Option<SocketAddr> {
                let address: &str = line.trim_end().strip_prefix(start)?;
                Some(address.parse().expect("it says so with an address and a port"))
            };
            http = http.or_else(|| address("http http://"));
            control = control.or_else(|| address("control http://"));
        }
        let http = http.expect("it says where it listens");
        Self {
            http,
            control: control.unwrap_or(http),
            process,
            log,
            _stdout: stdout,
        }
    }

    /// Resident memory: all of it, and the part that is no file's.
    pub(crate) fn memory(&self) -> Memory {
        let status = self.process.read("status");
        let kibibytes = |field: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(field))
                .expect("Linux reports its memory");
            line.trim()
                .trim_end_matches(" kB")
                .parse::<u64>()
                .expect("it is a number of kB")
        };
        Memory {
            resident: 1024 * kibibytes("VmRSS:"),
            anonymous: 1024 * kibibytes("RssAnon:"),
        }
    }

    /// The processor time that all its living threads have used.
    pub(crate) fn processor(&self) -> Duration {
        let threads = fs::read_dir(self.process.path("task")).expect("Linux lists its threads");
        let nanoseconds = threads.map(|thread| {
            let statistics =
                fs::read_to_string(thread.expect("it can be listed").path().join("schedstat")).unwrap_or_default();
            statistics
                .split(' ')
                .next()
                .and_then(|field| field.parse::<u64>().ok())
                .unwrap_or(0)
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Empties the log, so that a long run does not fill the disk.
    pub(crate) fn truncate_log(&self) {
        self.log.set_len(0).expect("the log can be emptied");
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) anonymous: u64,
}

/// A child process that does not outlive the value.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(
            command
                .stdin(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{command:?}: {error}")),
        )
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it is our child").is_some()
    }

    fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.0.id())
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("Linux tells about a living process")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_ended = self.0.kill();
        let _status = self.0.wait();
    }
}

/// The emulator's command with its three listeners: plain HTTP, HTTPS, control.
pub(crate) fn emulator([http, https, control]: [&str; 3]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sectigo-emulator"));
    command.args(["--http", http, "--https", https, "--control", control]);
    command
}

/// The bare server's command with its listener.
pub(crate) fn bare(http: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("Linux knows the executable"));
    command.args([bare::FLAG, http]);
    command
}

/// A log file, appended to, so that it can be emptied while a process writes it.
pub(crate) fn log(directory: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .expect("the directory is writable")
}

/// One line about what the figures were measured on.
pub(crate) fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        processors
            .lines()
            .find_map(|line| line.strip_prefix(name)?.split(": ").nth(1))
            .unwrap_or("unknown processor")
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "machine: {}, {cores} cores, Linux {}",
        field("model name"),
        kernel.trim_end()
    )
}

fn last_log(directory: &Path) -> String {
    fs::read_to_string(directory.join("log"))
        .unwrap_or_default()
        .lines()
        .last()
        .unwrap_or("empty")
        .to_owned()
}
