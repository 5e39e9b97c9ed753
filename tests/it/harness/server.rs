//! A running emulator, and runs of the program that end by themselves.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::Client;

/// The number of SIGHUP.
const HANG_UP: u32 = 1;

/// How long anything may take before a test gives up on it. Nothing waits that long unless it fails.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Asks until the answer is yes, or the deadline is past.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "it never came to pass: {what}");
        sleep(Duration::from_millis(5));
    }
}

/// A server of the test's own. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    dir: TempDir,
    pub(crate) https: Option<SocketAddr>,
    pub(crate) http: Option<SocketAddr>,
    pub(crate) control: Option<SocketAddr>,
    ca_file: OnceLock<PathBuf>,
}

impl Server {
    /// Starts on free ports, except where `args` say otherwise.
    #[track_caller]
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    /// Starts with plain HTTP accepted and without TLS.
    #[track_caller]
    pub(crate) fn plain(args: &[&str]) -> Self {
        Self::start(&[&["--https", "off", "--plain-http", "accept"], args].concat())
    }

    /// The same with these fixtures.
    #[track_caller]
    pub(crate) fn plain_with_fixtures(text: &str, args: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let path = write_file(&dir, "fixtures.toml", text);
        Self::plain(&[&["--fixtures", path.to_str().unwrap()], args].concat())
    }

    /// Starts with variables in its environment.
    #[track_caller]
    pub(crate) fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::start_reading(Stdio::null(), args, environment)
    }

    /// Starts with that standard input.
    #[track_caller]
    pub(crate) fn start_reading(stdin: Stdio, args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(program(), stdin, args, environment)
    }

    /// Starts under limits of the operating system, which the program cannot raise.
    #[track_caller]
    pub(crate) fn limited(limits: &Limits, args: &[&str]) -> Self {
        Self::limited_with(limits, args, &[])
    }

    /// The same with these variables.
    #[track_caller]
    pub(crate) fn limited_with(limits: &Limits, args: &[&str], environment: &[(&str, &str)]) -> Self {
        Self::spawn(limits.around(&program()), Stdio::null(), args, environment)
    }

    /// Starts by a command to which the program and its arguments are appended; it becomes the program.
    #[track_caller]
    pub(crate) fn start_through(launcher: &[&str], args: &[&str]) -> Self {
        let program = program();
        let mut command = Command::new(launcher[0]);
        command.args(&launcher[1..]).arg(program_path());
        for (name, _) in program.get_envs() {
            command.env_remove(name);
        }
        Self::spawn(command, Stdio::null(), args, &[])
    }

    #[track_caller]
    fn spawn(mut command: Command, stdin: Stdio, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        for listener in ["https", "http", "control"] {
            let option = format!("--{listener}");
            let variable = format!("SECTIGO_EMULATOR_{}", listener.to_uppercase());
            if !args.contains(&&*option) && !environment.iter().any(|(name, _)| *name == variable) {
                command.args([&option, "127.0.0.1:0"]);
            }
        }
        command
            .args(args)
            .envs(environment.iter().copied())
            .stdin(stdin)
            .stdout(File::create(dir.path().join("stdout")).unwrap())
            .stderr(File::create(dir.path().join("stderr")).unwrap());
        let mut server = Self {
            child: command.spawn().expect("cannot run the program"),
            dir,
            https: None,
            http: None,
            control: None,
            ca_file: OnceLock::new(),
        };
        server.wait_until_ready();
        server
    }

    #[track_caller]
    fn wait_until_ready(&mut self) {
        let start = Instant::now();
        while !self.stdout().ends_with("ready\n") {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the program ended with {status}: {}", self.log());
            }
            assert!(start.elapsed() < DEADLINE, "never ready: {}", self.log());
            sleep(Duration::from_millis(2));
        }
        for line in self.stdout().lines() {
            let address = |start| line.strip_prefix(start).map(|address: &str| address.parse().unwrap());
            self.https = self.https.or(address("https https://"));
            self.http = self.http.or(address("http http://"));
            self.control = self.control.or(address("control http://"));
        }
    }

    /// A client of the plain listener.
    #[track_caller]
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.http.expect("the plain listener is off"))
    }

    #[track_caller]
    pub(crate) fn https(&self) -> SocketAddr {
        self.https.expect("the TLS listener is off")
    }

    #[track_caller]
    pub(crate) fn http(&self) -> SocketAddr {
        self.http.expect("the plain listener is off")
    }

    #[track_caller]
    pub(crate) fn control(&self) -> SocketAddr {
        self.control.expect("the control listener is off")
    }

    /// The CA to trust, in a file, as the control listener gives it.
    #[track_caller]
    pub(crate) fn ca_file(&self) -> &Path {
        self.ca_file.get_or_init(|| {
            let answer = Client::connect(self.control()).get("/control/v1/tls/ca.pem");
            assert_eq!(answer.status, 200, "{answer:?}");
            write_file(&self.dir, "ca.pem", answer.text())
        })
    }

    /// What it wrote to stderr so far. It writes in the background: ask [`eventually`].
    pub(crate) fn log(&self) -> String {
        let is_of_start = |line: &&str| line.contains("the console is at ");
        let log = self.whole_log();
        log.split_inclusive('\n').filter(|line| !is_of_start(line)).collect()
    }

    /// The same with the line that says at the start where the console is.
    pub(crate) fn whole_log(&self) -> String {
        fs::read_to_string(self.dir.path().join("stderr")).unwrap()
    }

    /// What it wrote to stdout so far.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(self.dir.path().join("stdout")).unwrap()
    }

    /// Waits for a line of the log that holds all these words, and gives it.
    #[track_caller]
    pub(crate) fn wait_for_log(&self, words: &[&str]) -> String {
        let find = || {
            let log = self.log();
            let is_it = |line: &&str| words.iter().all(|word| line.contains(word));
            log.lines().find(is_it).map(str::to_owned)
        };
        let mut found = None;
        eventually(&format!("a log line with {words:?} in {}", self.log()), || {
            found = find();
            found.is_some()
        });
        found.unwrap()
    }

    /// Its standard input, if it was started with a pipe and nobody took it before.
    pub(crate) fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal (`TERM`, `INT`).
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        send_signal(&self.child, name);
    }

    /// Whether it ignores the signal of that number.
    #[track_caller]
    pub(crate) fn ignores_signal(&self, number: u32) -> bool {
        is_in_signal_mask(&self.child, "SigIgn:", number)
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        eventually("the end of the program", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Sends a signal and waits for the end: how it ended, and after how long.
    #[track_caller]
    pub(crate) fn stop(&mut self, signal: &str) -> (ExitStatus, Duration) {
        let start = Instant::now();
        self.signal(signal);
        (self.wait(), start.elapsed())
    }

    /// The memory that it holds at this moment (VmRSS), in bytes. Only Linux tells.
    #[track_caller]
    pub(crate) fn resident_memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).expect("no VmRSS");
        kibibytes.trim().parse::<usize>().unwrap() << 10
    }

    /// How many file descriptors it has open. Only Linux tells.
    #[track_caller]
    pub(crate) fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// One of its limits, the soft and the hard one, by its name in `/proc/PID/limits`. Only Linux tells.
    #[track_caller]
    pub(crate) fn limit(&self, name: &str) -> [String; 2] {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap();
        let line = limits.lines().find_map(|line| line.strip_prefix(name));
        let mut values = line.expect("no such limit").split_whitespace().map(str::to_owned);
        [values.next().unwrap(), values.next().unwrap()]
    }

    /// It serves still, and nothing in it panicked.
    #[track_caller]
    pub(crate) fn assert_well(&self) {
        let answer = Client::connect(self.control()).get("/control/v1/health");
        assert_eq!(answer.status, 200, "{answer:?}");
        let log = self.log();
        assert!(!log.contains("panicked") && !log.contains(" ERROR "), "{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Limits of the operating system for a program that is started.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// File descriptors (`RLIMIT_NOFILE`): the hard limit; the soft one, which the program may raise, is half of it.
    pub(crate) files: usize,
    /// Bytes of address space (`RLIMIT_AS`, soft and hard).
    pub(crate) address_space: usize,
}

impl Limits {
    /// The same command, run by a shell that sets the limits and then becomes the command.
    fn around(&self, command: &Command) -> Command {
        let script = format!(
            "ulimit -S -n {} && ulimit -H -n {} && ulimit -v {} && exec \"$0\" \"$@\"",
            self.files / 2,
            self.files,
            self.address_space >> 10
        );
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(command.get_program());
        shell.args(command.get_args()).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        shell
    }
}

/// What a run of the program that ended by itself left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// It ended with that code, and one line on stderr that holds all these words, and nothing on stdout.
    #[track_caller]
    pub(crate) fn assert_refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        assert!(self.stderr.ends_with('\n'), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in {self:?}");
        }
    }
}

/// Runs the program to its end.
#[track_caller]
pub(crate) fn run(args: &[&str], environment: &[(&str, &str)]) -> Run {
    start(args, environment).wait()
}

/// Runs the program to its end, with the API on a free port, nothing else that listens, and these options.
#[track_caller]
pub(crate) fn run_on_a_free_port(options: &[&str]) -> Run {
    const LISTENERS: [&str; 6] = ["--https", "off", "--http", "127.0.0.1:0", "--control", "off"];
    run(&[&LISTENERS, options].concat(), &[])
}

/// Runs the program beside the test.
#[track_caller]
pub(crate) fn run_in_background(args: &[&str]) -> Running {
    start(args, &[])
}

/// The same with a standard input, which ends when it is dropped.
#[track_caller]
pub(crate) fn run_with_stdin(args: &[&str]) -> (Running, ChildStdin) {
    let mut running = start_reading(Stdio::piped(), args, &[]);
    let stdin = running.child.stdin.take().expect("it is piped");
    (running, stdin)
}

#[track_caller]
fn start(args: &[&str], environment: &[(&str, &str)]) -> Running {
    start_reading(Stdio::null(), args, environment)
}

#[track_caller]
fn start_reading(stdin: Stdio, args: &[&str], environment: &[(&str, &str)]) -> Running {
    let dir = TempDir::new().unwrap();
    let child = program()
        .args(args)
        .envs(environment.iter().copied())
        .stdin(stdin)
        .stdout(File::create(dir.path().join("stdout")).unwrap())
        .stderr(File::create(dir.path().join("stderr")).unwrap())
        .spawn()
        .expect("cannot run the program");
    Running { child, dir }
}

/// A run of the program that has not ended. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    dir: TempDir,
}

impl Running {
    /// What it printed so far.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(self.dir.path().join("stdout")).unwrap()
    }

    /// Sends a signal (`TERM`, `INT`), once it listens to signals.
    #[track_caller]
    pub(crate) fn signal(&self, name: &str) {
        // SIGINT, which it asks for last.
        eventually("listening to signals", || is_in_signal_mask(&self.child, "SigCgt:", 2));
        send_signal(&self.child, name);
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Run {
        let mut status = None;
        eventually("the end of the program", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        Run {
            code: status.unwrap().code(),
            stdout: self.stdout(),
            stderr: fs::read_to_string(self.dir.path().join("stderr")).unwrap(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn send_signal(child: &Child, name: &str) {
    let kill = Command::new("kill")
        .args(["-s", name, &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// Whether a signal is in a mask that `/proc` shows of a process.
#[track_caller]
fn is_in_signal_mask(child: &Child, mask: &str, number: u32) -> bool {
    status_has_signal(&child.id().to_string(), mask, number)
}

/// The same of a process by its id, or of this one, `self`. Only Linux tells; elsewhere, the answer is no.
fn status_has_signal(process: &str, mask: &str, number: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix(mask))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

/// Writes a file for the program to read.
pub(crate) fn write_file(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Where the program under test is.
pub(crate) fn program_path() -> PathBuf {
    std::env::var_os("SECTIGO_EMULATOR_TEST_BINARY")
        .unwrap_or_else(|| env!("CARGO_BIN_EXE_sectigo-emulator").into())
        .into()
}

/// The program, in an environment that says nothing to it. Whoever runs the tests may ignore SIGHUP, as `nohup` does; the
/// program shall not inherit that.
fn program() -> Command {
    let mut command = match status_has_signal("self", "SigIgn:", HANG_UP) {
        true => {
            let mut env = Command::new("env");
            env.arg("--default-signal=HUP").arg(program_path());
            env
        }
        false => Command::new(program_path()),
    };
    command.stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SECTIGO_EMULATOR_") {
            command.env_remove(name);
        }
    }
    command
}
