//! A state that outlives the process.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::harness::{
    ALREADY_REVOKED, Control, Form, SUCCESS, Server, eventually, run, run_on_a_free_port, write_file,
};

#[test]
fn is_saved_on_a_graceful_stop_and_loaded_at_the_next_start() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deep").join("state.json");
    let state = ["--state", path.to_str().unwrap()];

    let mut server = Server::plain(&state);
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    let new_order = server.client().replace(&Form::replace()).order_number();
    assert!(!path.exists());
    assert!(server.stop("HUP").0.success());
    let log = server.whole_log();
    let words = format!(
        "there is no such file yet (--state), so the default sandbox begins with the fixtures; its state is saved there \
         at a graceful stop file={}\n",
        path.display()
    );
    assert!(log.contains(&words), "no {words:?} in {log}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let server = Server::plain(&state);
    server.wait_for_log(&["the default sandbox begins with the saved state (--state)"]);
    assert!(!server.log().contains("no such file"), "{}", server.log());
    server.client().revoke(&Form::revoke()).assert_text(ALREADY_REVOKED);
    let next = server
        .client()
        .replace(&Form::replace().order(new_order))
        .order_number();
    assert_eq!(next, new_order + 1);
    drop(server);

    // Killed, it saves nothing: what was saved before is whole.
    let server = Server::plain(&state);
    server
        .client()
        .replace(&Form::replace().order(new_order))
        .order_number();
}

#[test]
fn that_is_broken_is_refused_and_left_alone() {
    let dir = TempDir::new().unwrap();
    let path = write_file(&dir, "state.json", "{\n  \"orders\": [7]\n}\n");
    let path = path.to_str().unwrap();
    let run = run_on_a_free_port(&["--state", path]);
    run.assert_refused(2, &["saved state: ", "state.json", "line 2"]);
    assert!(!run.stderr.contains("fixtures"), "{run:?}");
    assert_eq!(fs::read_to_string(path).unwrap(), "{\n  \"orders\": [7]\n}\n");
}

/// It is read as fixtures are, but who sees the error may have none.
#[test]
fn that_is_wrong_is_not_called_fixtures() {
    let dir = TempDir::new().unwrap();
    let other = "[[orders]]\norderNumber = 1\nloginName = \"a\"\nproduct = \"smime\"\nstate = \"issued\"\n";
    let not_text = dir.path().join("binary.json");
    fs::write(&not_text, b"\xff").unwrap();
    for (path, words) in [
        (
            write_file(&dir, "broken.json", "{"),
            ["saved state: ", "broken.json, line 1"],
        ),
        (
            write_file(&dir, "other.json", other),
            ["saved state: ", "other.json, line 3"],
        ),
        (not_text, ["saved state: cannot read ", "binary.json"]),
        (dir.path().to_owned(), ["saved state: cannot read ", "directory"]),
    ] {
        let args = ["--https", "off", "--http", "127.0.0.1:0", "--control", "off"];
        let run = run(&[&args, &["--state", path.to_str().unwrap()][..]].concat(), &[]);
        run.assert_refused(2, &words);
        assert!(!run.stderr.contains("fixtures"), "{run:?}");
    }
}

/// Starts with that state, which is refused.
#[track_caller]
fn assert_refused(path: &Path, words: &[&str]) {
    let args = ["--https", "off", "--http", "127.0.0.1:0", "--control", "off"];
    run(&[&args, &["--state", path.to_str().unwrap()][..]].concat(), &[]).assert_refused(2, words);
}

#[test]
fn that_cannot_be_saved_is_told_at_the_start() {
    let dir = TempDir::new().unwrap();
    let file = write_file(&dir, "file", "");
    assert_refused(Path::new("/proc/no-such-place/state.json"), &["/proc/no-such-place"]);
    assert_refused(&file.join("state.json"), &["file"]);
    assert_refused(dir.path(), &[dir.path().to_str().unwrap()]);
    // Of a place where nothing can be made, the file is named.
    assert_refused(
        Path::new("/proc/state.json"),
        &["cannot save the state: /proc/state.json", "--state"],
    );
}

#[test]
fn that_is_no_regular_file_is_refused() {
    let dir = TempDir::new().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_refused(
        &pipe,
        &["saved state: cannot read", "pipe: it is a pipe, not a regular file"],
    );
    let link = dir.path().join("link");
    symlink(&pipe, &link).unwrap();
    assert_refused(&link, &["link: it is a pipe, not a regular file"]);
    assert_refused(dir.path(), &["it is a directory, not a regular file"]);
    assert_refused(
        Path::new("/dev/null"),
        &["/dev/null: it is a device, not a regular file"],
    );
}

#[test]
fn that_is_empty_is_refused() {
    let dir = TempDir::new().unwrap();
    for text in ["", "\n"] {
        assert_refused(&write_file(&dir, "state.json", text), &["state.json is empty"]);
    }
}

#[test]
fn that_can_no_longer_be_saved_is_told_at_the_end() {
    let dir = TempDir::new().unwrap();
    let place = dir.path().join("place");
    let mut server = Server::plain(&["--state", place.join("state.json").to_str().unwrap()]);
    fs::remove_dir(&place).unwrap();
    fs::write(&place, "").unwrap();
    assert_eq!(server.stop("TERM").0.code(), Some(2));
    assert!(
        server.log().contains("error: cannot save the state: "),
        "{}",
        server.log()
    );
}

#[test]
fn is_saved_where_a_link_leads() {
    let dir = TempDir::new().unwrap();
    let (links, files) = (dir.path().join("links"), dir.path().join("files"));
    fs::create_dir(&links).unwrap();
    let link = links.join("state.json");
    symlink("../files/state.json", &link).unwrap();
    for _ in 0..2 {
        let mut server = Server::plain(&["--state", link.to_str().unwrap()]);
        server.client().revoke(&Form::revoke());
        assert_eq!(server.stop("TERM").0.code(), Some(0));
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("../files/state.json"));
        assert!(
            fs::read_to_string(files.join("state.json"))
                .unwrap()
                .contains("revoked")
        );
        assert_eq!(files.read_dir().unwrap().count(), 1);
    }
}

#[test]
fn leftovers_of_killed_savers_are_swept() {
    let dir = TempDir::new().unwrap();
    let here = fs::metadata("/proc/self/ns/pid").unwrap().ino();
    let beside = |namespace, process, end| format!(".state.json.new-{namespace}-{process}-7{end}");
    let write = |name: &str| write_file(&dir, name, "half");
    let gone = write(&beside(here, 4_194_305, ""));
    let alive = write(&beside(here, std::process::id(), ""));
    let elsewhere = write(&beside(here + 1, 4_194_305, ""));
    let others = [
        write(&beside(here, 4_194_305, ".mine")),
        write(&beside(here, 4_194_305, "").replace("state.json", "other.json")),
    ];
    let state = ["--state", dir.path().join("state.json").to_str().unwrap()].map(str::to_owned);
    let start = || drop(Server::plain(&state.each_ref().map(String::as_str)));
    start();
    assert!(!gone.exists() && alive.exists() && elsewhere.exists());
    assert!(others.iter().all(|path| path.exists()));
    // Nobody takes so long to write it.
    let file = fs::File::options().write(true).open(&elsewhere).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(61)).unwrap();
    start();
    assert!(alive.exists() && !elsewhere.exists() && others.iter().all(|path| path.exists()));
}

#[test]
fn is_saved_on_the_way() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("place").join("state.json");
    let state = ["--state", path.to_str().unwrap(), "--state-every", "20ms"];
    let server = Server::plain(&state);
    server.wait_for_log(&["at a graceful stop, and every 20ms if it has changed (--state-every)"]);
    eventually("the first save", || path.exists());
    server.client().revoke(&Form::revoke()).assert_text(SUCCESS);
    let is_revoked = || fs::read_to_string(&path).is_ok_and(|text| text.contains("\"codeReason\": 1"));
    eventually("the revocation in the file", is_revoked);

    // What did not change is not saved again, though less is left of a fault each time.
    let fault = r#"{"ttl": "1h", "times": 77, "loginName": "nobody", "then": {"garble": true}}"#;
    let added = Control::of(&server).send("POST", "/faults", fault);
    assert_eq!(added.status, 201, "{added:?}");
    let is_faulty = || fs::read_to_string(&path).is_ok_and(|text| text.contains("\"times\": 77"));
    eventually("the fault in the file", is_faulty);
    fs::remove_file(&path).unwrap();
    sleep(Duration::from_millis(200));
    assert!(!path.exists());

    // A save that fails is told, and is no end.
    fs::remove_dir(path.parent().unwrap()).unwrap();
    fs::write(path.parent().unwrap(), "").unwrap();
    let order = server.client().replace(&Form::replace()).order_number();
    server.wait_for_log(&["ERROR", "cannot save the state", "place"]);
    fs::remove_file(path.parent().unwrap()).unwrap();
    eventually("the new order in the file", || {
        fs::read_to_string(&path).is_ok_and(|text| text.contains(&order.to_string()))
    });

    // Killed, it keeps what was saved.
    drop(server);
    let server = Server::plain(&state);
    server.client().revoke(&Form::revoke()).assert_text(ALREADY_REVOKED);
}

#[test]
fn is_told_when_it_is_saved() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("state.json");
    let path = path.to_str().unwrap();
    let mut server = Server::plain(&["--state", path, "--state-every", "20ms", "--log", "debug"]);
    server.wait_for_log(&["DEBUG", "the state has changed and is saved", path]);
    assert!(server.stop("TERM").0.success());
    server.wait_for_log(&["INFO", "the state is saved", path]);
    // Without it, there is nothing to tell.
    let mut server = Server::plain(&["--log", "debug"]);
    assert!(server.stop("TERM").0.success());
    assert!(!server.log().contains("saved"), "{}", server.log());
}

#[test]
fn is_saved_on_the_way_only_to_a_file() {
    run(&["--state-every", "1s"], &[]).assert_refused(2, &["--state"]);
    run(&["--state", "x", "--state-every", "0s"], &[]).assert_refused(2, &["longer than zero"]);
}

/// A container gets a single file so. It cannot be replaced, only written.
#[test]
fn is_saved_in_a_file_that_is_mounted_by_itself() {
    let dir = TempDir::new().unwrap();
    let real = write_file(&dir, "real.json", "{}");
    let place = dir.path().join("place");
    fs::create_dir(&place).unwrap();
    let mounted = place.join("state.json");
    fs::write(&mounted, "").unwrap();
    let mount = format!(
        "mount --bind {place} {place} && mount --bind {} {}",
        real.display(),
        mounted.display(),
        place = place.display()
    );
    let read_only = format!("{mount} && mount -o remount,ro,bind {}", place.display());
    let may_mount = Command::new("unshare")
        .args(["--mount", "sh", "-c", &read_only])
        .output()
        .is_ok_and(|output| output.status.success());
    // Only where the test may mount.
    if !may_mount {
        return;
    }
    for script in [mount, read_only] {
        fs::write(
            &real,
            "{\"accounts\": [{\"loginName\": \"a\", \"loginPassword\": \"b\"}]}",
        )
        .unwrap();
        let script = format!("{script} && exec \"$@\"");
        let launcher = ["unshare", "--mount", "sh", "-c", &script, "sh"];
        let args = ["--https", "off", "--state", mounted.to_str().unwrap()];
        let mut server = Server::start_through(&launcher, &args);
        assert_eq!(server.stop("TERM").0.code(), Some(0), "{script}: {}", server.log());
        let saved = fs::read_to_string(&real).unwrap();
        assert!(
            saved.contains("nextOrderNumber") && saved.ends_with('}'),
            "{script}: {saved}"
        );
        assert_eq!(place.read_dir().unwrap().count(), 1, "{script}");
        assert_eq!(
            fs::metadata(&real).unwrap().permissions().mode() & 0o777,
            0o600,
            "{script}"
        );
    }
}
