//! The end: SIGTERM, SIGINT and SIGHUP, with peers in every posture.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::{Client, DEADLINE, Form, REVOKE, SUCCESS, Server, run, run_in_background, run_with_stdin};

/// Stops a server within a second, with exit code 0. On a machine that is busy with other tests it may have to be
/// tried again; the exit code never.
#[track_caller]
fn assert_stops_in_time<T>(signal: &str, prepare: impl Fn(&Server) -> T) {
    let mut times = Vec::new();
    for _ in 0..4 {
        let mut server = Server::start(&[]);
        let peers = prepare(&server);
        let (status, took) = server.stop(signal);
        drop(peers);
        assert_eq!(status.code(), Some(0), "{status}: {}", server.log());
        assert!(!server.log().contains("panicked"), "{}", server.log());
        times.push(took);
        if took < Duration::from_secs(1) {
            return;
        }
    }
    panic!("{signal} takes {times:?}");
}

const HEAD: &str = "POST /products/!autoRevokeCS HTTP/1.1\r\nHost: x\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";

#[test]
fn with_nobody_there() {
    assert_stops_in_time("TERM", |_| ());
    assert_stops_in_time("INT", |_| ());
    assert_stops_in_time("HUP", |_| ());
}

/// A pipe that nobody writes to is a file that takes for ever to read.
#[test]
fn while_a_file_is_being_read() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    for option in ["--fixtures", "--control-token-file"] {
        for signal in ["TERM", "INT", "HUP"] {
            let running = run_in_background(&[option, path.to_str().unwrap()]);
            running.signal(signal);
            let run = running.wait();
            assert_eq!((run.code, &*run.stdout), (Some(0), ""), "{option} {signal}: {run:?}");
            assert!(run.stderr.contains("stopping"), "{option} {signal}: {run:?}");
        }
    }
}

/// At whatever moment of the start it comes.
#[test]
fn no_part_of_a_file_is_left() {
    for delay in 0..40 {
        let files = Files::new();
        let running = run_in_background(&files.options());
        sleep(Duration::from_millis(delay));
        running.signal("TERM");
        assert_eq!(running.wait().code, Some(0));
        files.assert_whole();
    }
}

/// The key of the CA is written first and its certificate next: where there is the key alone, the end came between. It comes by
/// the standard input, as a signal takes a process of its own to send, and thereby too long.
#[test]
fn while_files_are_being_written() {
    let is_stopped_between = |_: &u32| {
        let files = Files::new();
        let (running, stdin) = run_with_stdin(&[&files.options()[..], &["--exit-with-stdin"]].concat());
        let deadline = Instant::now() + DEADLINE;
        while files.of_ca().is_empty() {
            assert!(Instant::now() < deadline, "nothing is written");
        }
        drop(stdin);
        let run = running.wait();
        assert_eq!(run.code, Some(0), "{run:?}");
        files.assert_whole();
        files.of_ca() == ["ca.key"]
    };
    let times = (0..200).filter(is_stopped_between).take(5).count();
    assert!(times > 0, "it never ended in the midst of writing");
}

/// Where the program writes files when it starts.
struct Files {
    dir: TempDir,
    state: String,
    ca: String,
}

impl Files {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let (state, ca) = (path("place/state.json"), path("ca"));
        Self { dir, state, ca }
    }

    /// The options that have it write them, with listeners on free ports.
    fn options(&self) -> [&str; 10] {
        const FREE: &str = "127.0.0.1:0";
        let (state, ca) = (&self.state, &self.ca);
        [
            "--state",
            state,
            "--ca-dir",
            ca,
            "--control",
            FREE,
            "--http",
            FREE,
            "--https",
            FREE,
        ]
    }

    /// The names of the CA's files.
    fn of_ca(&self) -> Vec<String> {
        names(Path::new(&self.ca))
    }

    #[track_caller]
    fn assert_whole(&self) {
        for name in [self.of_ca(), names(&self.dir.path().join("place"))].concat() {
            assert!(!name.contains(".new-"), "{name:?} is left");
        }
    }
}

/// The names of the files in a directory; none if it is not there.
fn names(dir: &Path) -> Vec<String> {
    let files = dir.read_dir().into_iter().flatten();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// `nohup` makes it outlive its terminal.
#[test]
fn a_hang_up_that_is_ignored_stays_so() {
    let mut server = Server::start_through(&["sh", "-c", "trap '' HUP; exec \"$@\"", "sh"], &["--https", "off"]);
    assert!(server.ignores_signal(1));
    assert_eq!(server.stop("TERM").0.code(), Some(0));
    assert!(!Server::start(&["--https", "off"]).ignores_signal(1));
}

#[test]
fn with_idle_connections() {
    for signal in ["TERM", "INT"] {
        assert_stops_in_time(signal, |server| {
            let mut used = server.client();
            assert_eq!(used.get(REVOKE).status, 200);
            let mut control = Client::connect(server.control());
            assert_eq!(control.get("/control/v1/health").status, 200);
            [used, control, server.client(), Client::connect(server.https())]
        });
    }
}

#[test]
fn with_idle_connections_over_tls() {
    for protocol in ["h2", "http/1.1"] {
        assert_stops_in_time("TERM", |server| {
            let mut openssl = Command::new("openssl")
                .args([
                    "s_client",
                    "-brief",
                    "-alpn",
                    protocol,
                    "-connect",
                    &server.https().to_string(),
                ])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("cannot run openssl");
            let mut said = BufReader::new(openssl.stderr.take().unwrap()).lines();
            assert!(said.any(|line| line.unwrap() == "CONNECTION ESTABLISHED"));
            Peer(openssl)
        });
    }
}

/// A process that is ended with the test.
struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn with_connections_that_are_half_open() {
    for signal in ["TERM", "INT"] {
        assert_stops_in_time(signal, |server| {
            let mut head = server.client();
            head.write(HEAD);
            let mut handshake = Client::connect(server.https());
            handshake.write(b"\x16\x03\x01\x02\x00\x01");
            let mut closed = server.client();
            closed.finish();
            [head, handshake, closed]
        });
    }
}

#[test]
fn with_a_body_that_stalls() {
    for signal in ["TERM", "INT"] {
        assert_stops_in_time(signal, |server| {
            let mut client = server.client();
            client.write(format!("{HEAD}Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"));
            assert_eq!(client.read().unwrap().status, 100);
            client.write("loginName");
            client
        });
    }
}

#[test]
fn a_call_in_flight_is_answered() {
    for signal in ["TERM", "INT"] {
        let mut server = Server::plain(&[]);
        let mut client = server.client();
        let body = Form::revoke().encode();
        client.write(format!(
            "{HEAD}Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        ));
        assert_eq!(client.read().unwrap().status, 100);
        let (first, second) = body.split_at(body.len() / 2);
        client.write(first);
        server.signal(signal);
        client.write(second);
        let answer = client.read().expect("a call in flight is answered");
        assert_eq!((answer.status, answer.text()), (200, SUCCESS));
        assert_eq!(server.wait().code(), Some(0));
    }
}

#[test]
fn it_ends_with_its_standard_input_where_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state.json");
    let args = ["--https", "off", "--state", state.to_str().unwrap()];
    let wanted = [("SECTIGO_EMULATOR_EXIT_WITH_STDIN", "1")];
    let mut server = Server::start_reading(Stdio::piped(), &args, &wanted);
    let mut stdin = server.take_stdin().unwrap();
    stdin.write_all(b"what is written is of no interest\n").unwrap();
    server.assert_well();
    assert!(!state.exists());
    drop(stdin);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    assert!(state.exists());

    // An option does the same, with an input that has ended before.
    let listeners = ["--https", "off", "--http", "127.0.0.1:0", "--control", "127.0.0.1:0"];
    let ended = run(&[&listeners[..], &["--exit-with-stdin"]].concat(), &[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Nobody else's input matters.
    let mut server = Server::start_reading(Stdio::piped(), &args, &[]);
    drop(server.take_stdin());
    server.assert_well();
    assert_eq!(server.stop("TERM").0.code(), Some(0));
}

#[test]
fn nothing_new_is_taken() {
    let mut server = Server::start(&[]);
    let addresses = [server.https(), server.http(), server.control()];
    assert_eq!(server.stop("TERM").0.code(), Some(0));
    for address in addresses {
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}
