//! The inputs kept in `fuzz/seeds`, run by each fuzz target's function without libFuzzer.
//!
//! They are read at run time and may be missing: the published crate comes without `fuzz/`.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use sectigo_emulator::catalogue::ENDPOINTS;
use sectigo_emulator::fuzzing::{TARGETS, csr_der, spkac};

use crate::harness::OpenSsl;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_published() -> bool {
    !root().join("fuzz").exists()
}

/// The files of a directory, in the order of their names.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The inputs that are kept for a target.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = files(&root().join("fuzz/seeds").join(target));
    let shared = root().join("fixtures").join(target);
    if shared.is_dir() {
        paths.extend(files(&shared));
    }
    assert!(!paths.is_empty(), "{target} has no seeds");
    paths
        .into_iter()
        .map(|path| {
            let input = fs::read(&path).unwrap();
            (path, input)
        })
        .collect()
}

#[test]
fn each_fuzz_target_can_be_replayed() {
    if is_published() {
        return;
    }
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    for (dir, suffix) in [("fuzz/fuzz_targets", ".rs"), ("fuzz/seeds", "")] {
        let found: Vec<_> = files(&root().join(dir))
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let expected: Vec<_> = names.iter().map(|name| format!("{name}{suffix}")).collect();
        assert_eq!(found, expected, "{dir}");
    }
}

#[test]
fn the_dictionaries_of_calls_name_every_argument() {
    if is_published() {
        return;
    }
    for target in ["form", "mask"] {
        let path = root().join("fuzz/dictionaries").join(target);
        let dictionary = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for argument in ENDPOINTS.iter().flat_map(|endpoint| endpoint.arguments) {
            let line = format!("\n\"&{}=\"\n", argument.name);
            assert!(dictionary.contains(&line), "{target} lacks {line:?}");
        }
    }
}

#[test]
fn every_kept_input_holds() {
    if is_published() {
        return;
    }
    let mut failed = Vec::new();
    for (target, check) in TARGETS {
        for (path, input) in seeds(target) {
            if catch_unwind(|| check(&input)).is_err() {
                failed.push(path);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn any_change_of_a_kept_input_holds() {
    if is_published() {
        return;
    }
    for (target, check) in TARGETS {
        let inputs: Vec<_> = seeds(target).into_iter().map(|(_, input)| input).collect();
        let changes = prop::collection::vec((any::<Index>(), any::<u8>()), 1..4);
        let mut runner = TestRunner::new(Config {
            failure_persistence: None,
            ..Config::default()
        });
        let outcome = runner.run(&(select(inputs), changes), |(mut input, changes)| {
            for (at, byte) in changes.iter().filter(|_| !input.is_empty()).collect::<Vec<_>>() {
                let at = at.index(input.len());
                input[at] = *byte;
            }
            check(&input);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}

/// What the emulator accepts, the stranger verifies.
#[test]
fn openssl_verifies_every_csr_that_is_accepted() {
    let mut ders: Vec<_> = files(&root().join("fixtures/csr"))
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "pem"))
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let lines: String = text.lines().filter(|line| !line.starts_with('-')).collect();
            STANDARD.decode(lines).unwrap()
        })
        .collect();
    if !is_published() {
        ders.extend(seeds("csr_der").into_iter().map(|(_, input)| input));
    }
    let openssl = OpenSsl::new();
    let mut count = 0;
    for der in ders {
        for csr in csr_der(&der) {
            openssl.write("csr.der", csr.der());
            let printed = openssl.expect("req -verify -noout -inform DER -in csr.der");
            assert!(
                printed.contains("verify OK"),
                "{printed}: {}",
                STANDARD.encode(csr.der())
            );
            count += 1;
        }
    }
    assert!(count > 100, "only {count} were accepted");
}

/// The same for SPKACs. OpenSSL takes more than the emulator does: MD5, any size of key, bytes that follow.
#[test]
fn openssl_verifies_every_spkac_that_is_accepted() {
    let mut inputs: Vec<_> = files(&root().join("fixtures/spkac"))
        .iter()
        .map(|path| fs::read(path).unwrap())
        .collect();
    if !is_published() {
        inputs.extend(seeds("spkac").into_iter().map(|(_, input)| input));
    }
    // As DER they are signed anew.
    let ders: Vec<_> = inputs
        .iter()
        .filter_map(|input| {
            let text = std::str::from_utf8(input).ok()?.trim();
            STANDARD.decode(text.strip_prefix("SPKAC=").unwrap_or(text)).ok()
        })
        .collect();
    let openssl = OpenSsl::new();
    let mut count = 0;
    for spkac in inputs.iter().chain(&ders).flat_map(|input| spkac(input)) {
        openssl.write("spkac", &spkac);
        let printed = openssl.expect("spkac -in spkac -verify -noout");
        assert!(printed.contains("Signature OK"), "{printed}: {spkac}");
        count += 1;
    }
    assert!(count > 20, "only {count} were accepted");
}
