//! The scripts by which shells complete a command.

use std::io::Write as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::harness::{run, write_file};

#[test]
fn shells_are_told_how_to_complete() {
    for (shell, words) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef sectigo-emulator"),
        ("fish", "complete -c sectigo-emulator"),
    ] {
        let run = run(&["completions", shell], &[]);
        assert_eq!((run.code, &*run.stderr), (Some(0), ""), "{shell}");
        assert!(run.stdout.contains(words), "{shell}: {}", run.stdout);
        for command in [
            "health",
            "orders",
            "advance",
            "--sandbox",
            "init",
            "openapi",
            "--base-url",
        ] {
            // fish writes an option without its dashes.
            assert!(
                run.stdout.contains(command.trim_start_matches('-')),
                "{shell} has no {command}"
            );
        }
    }
    let script = run(&["completions", "bash"], &[]).stdout;
    let mut bash = Command::new("bash")
        .arg("-n")
        .stdin(Stdio::piped())
        .spawn()
        .expect("cannot run bash");
    bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(bash.wait().unwrap().success());
    let dir = TempDir::new().unwrap();
    // What bash then offers behind some words.
    for (words, offered) in [
        ("he", "health help"),
        ("en", "endpoints env"),
        ("ca in", "init"),
        ("env --format j", "json"),
        ("op", "openapi"),
        ("ctl cl", "clock"),
        ("ctl clock adv", "advance"),
        ("ctl orders create --exp", "--expires"),
        ("ctl orders list --product c", "code-signing"),
        ("completions f", "fish"),
        ("--assume sp", "spelling=american spelling=british"),
        ("serve --assume old-order=i", "old-order=issued"),
        ("ctl assumptions charset=n", "charset=none"),
        ("ctl orders set --state p", "pending"),
        (
            "ctl calls --endpoint d",
            "download/CollectSMIME download/CollectSSL download/RequestAndCollectSMIME",
        ),
        (
            "ctl faults add --endpoint !autoR",
            "!autoRevokeCS !autoRevokeCertificate",
        ),
        ("ctl outbox --kind in", "invitation"),
        ("ctl sandb", "sandboxes"),
    ] {
        let ask = format!(
            "{script}\nspec=$(complete -p sectigo-emulator); spec=${{spec##*-F }}\n\
             COMP_WORDS=(sectigo-emulator {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             ${{spec%% *}} sectigo-emulator \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"\n\
             echo \"${{COMPREPLY[@]}}\""
        );
        // The script is longer than an argument may be.
        let file = write_file(&dir, "ask", &ask);
        let run = Command::new("bash").arg("--norc").arg(file).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&run.stdout).trim(), offered, "{words}: {run:?}");
    }
    run(&["completions", "cobol"], &[]).assert_refused(2, &["cobol", "bash"]);
}
