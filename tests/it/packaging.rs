//! The container image builds from the files that it is given, and its certificates name a host that neighbours reach; the
//! packages have one version.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

#[test]
fn the_sources_include_nothing_that_the_image_is_built_without() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignore = fs::read_to_string(root.join(".dockerignore")).unwrap();
    let kept: Vec<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(kept.contains(&"src"), "{kept:?}");

    let mut included = 0;
    for source in rust_files(&root.join("src")) {
        for path in included_files(&source) {
            included += 1;
            let path = path.strip_prefix(root).unwrap();
            assert!(
                kept.iter().any(|kept| path.starts_with(kept)),
                "{} includes {}, which .dockerignore leaves out",
                source.display(),
                path.display()
            );
        }
    }
    assert!(included >= 5, "only {included} included files were found");
}

/// Within the image the listener is on every interface, and the host name is that of one container, made at random.
#[test]
fn the_image_and_the_compose_examples_say_where_crls_are() {
    let read = |name| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    for (name, setting) in [
        ("Dockerfile", "SECTIGO_EMULATOR_HTTP_URL=http://sectigo-emulator:8080\n"),
        (
            "compose.yaml",
            "\n      SECTIGO_EMULATOR_HTTP_URL: http://sectigo-emulator:8080\n",
        ),
        (
            "README.md",
            "\n      SECTIGO_EMULATOR_HTTP_URL: http://sectigo-emulator:8080\n",
        ),
    ] {
        assert!(read(name).contains(setting), "{name}");
    }
}

/// It makes keys and reads files before it serves, which is no reason to start the container anew.
#[test]
fn the_image_is_not_called_unhealthy_while_it_starts() {
    let dockerfile = include_str!("../../Dockerfile");
    let check = dockerfile
        .lines()
        .find(|line| line.starts_with("HEALTHCHECK "))
        .unwrap();
    assert!(check.contains(" --start-period=60s "), "{check}");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// What a source file includes by `include_str!`, `include_bytes!` or `include!`. Each of the two ways to write the path
/// ends in a literal: a path from the file's folder, or one from the root, behind `env!("CARGO_MANIFEST_DIR")`.
fn included_files(source: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(source).unwrap();
    let calls = ["include_str!(", "include_bytes!(", "include!("];
    let arguments = calls.iter().flat_map(|call| text.split(call).skip(1));
    arguments
        .map(|argument| {
            let mut literals = argument.split('"').skip(1).step_by(2);
            let literal = literals.next().unwrap();
            if literal == "CARGO_MANIFEST_DIR" {
                return resolve(Path::new(env!("CARGO_MANIFEST_DIR")), literals.next().unwrap());
            }
            resolve(source.parent().unwrap(), literal)
        })
        .collect()
}

/// Where a relative path leads from a folder; a slash at its start says nothing.
fn resolve(folder: &Path, relative: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for component in Path::new(relative).components() {
        match component {
            Component::ParentDir => assert!(path.pop()),
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

/// Cargo.toml has the version; maturin takes it from there for Python.
#[test]
fn the_packages_have_one_version() {
    let read = |name| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let package: serde_json::Value = serde_json::from_str(&read("js/package.json")).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(package["version"], version);
    let platforms = package["optionalDependencies"].as_object().unwrap();
    assert_eq!(platforms.len(), 4);
    assert!(platforms.values().all(|named| named == version), "{platforms:?}");
    assert!(read("python/pyproject.toml").contains("\ndynamic = [\"version\"]\n"));
}

/// A new version is cut in a copy: every file that names it, and the changelog's unreleased part.
#[test]
fn a_version_is_cut_by_a_script() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = tempfile::tempdir().unwrap();
    for name in [
        ".ci/version",
        "Cargo.lock",
        "Cargo.toml",
        "fuzz/Cargo.lock",
        "js/package.json",
    ] {
        let to = copy.path().join(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root.join(name), to).unwrap();
    }
    let changelog = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- New.\n\n## [0.0.1] - 2026-01-01\n\n- Old.\n";
    fs::write(copy.path().join("CHANGELOG.md"), changelog).unwrap();
    let version = |words: &[&str]| {
        let run = Command::new("python3")
            .arg(copy.path().join(".ci/version"))
            .args(words)
            .output()
            .unwrap();
        (run.status.success(), String::from_utf8(run.stdout).unwrap())
    };
    assert_eq!(version(&["show"]), (true, format!("{}\n", env!("CARGO_PKG_VERSION"))));
    assert!(!version(&["notes"]).0, "nothing is cut yet");
    assert!(version(&["cut", "7.8.9"]).0);
    assert!(!version(&["cut", "7.9.0"]).0, "there is nothing unreleased any more");

    assert!(version(&["check", "v7.8.9"]).0);
    assert!(!version(&["check", "v7.8.8"]).0);
    assert_eq!(version(&["notes"]), (true, "### Added\n\n- New.\n".to_owned()));
    let read = |name| fs::read_to_string(copy.path().join(name)).unwrap();
    for name in ["Cargo.lock", "fuzz/Cargo.lock"] {
        let named = "name = \"sectigo-emulator\"\nversion = \"7.8.9\"\n";
        assert!(read(name).contains(named), "{name}");
    }
    assert_eq!(read("js/package.json").matches("\"7.8.9\"").count(), 5);
}
