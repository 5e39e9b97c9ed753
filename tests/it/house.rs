//! The structure of the code: which folder of `src` (a room) may use which, and that no files use each other in a circle.
//!
//! Read from the `use` lines and the paths that begin with `crate::` or `super::`, without those of unit tests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sectigo_emulator::control::State;

/// The rooms from the top of the stair down: a file may use its own room and those below it.
const STAIR: [&str; 11] = [
    "lib", "cli", "check", "emulator", "server", "sandbox", "client", "model", "ca", "api", "der",
];

/// Pairs of rooms where the upper one leaves the lower one alone, although it stands above it.
const STRANGERS: [(&str, &str); 9] = [
    ("cli", "server"),
    ("cli", "sandbox"),
    ("cli", "der"),
    ("check", "server"),
    ("check", "sandbox"),
    ("server", "client"),
    ("sandbox", "client"),
    ("client", "ca"),
    ("client", "api"),
];

/// What stands beside the stair, and the lowest room that may use it. It uses nothing of the stair.
const BESIDE: [(&str, &str); 10] = [
    ("aside", "sandbox"),
    ("json", "sandbox"),
    ("clock", "der"),
    ("random", "api"),
    ("shown", "api"),
    ("similar", "api"),
    ("files", "ca"),
    ("lock", "ca"),
    ("token", "client"),
    ("log", "cli"),
];

/// What of that uses another.
const BESIDE_USES: [(&str, &str); 5] = [
    ("files", "clock"),
    ("files", "lock"),
    ("log", "clock"),
    ("log", "lock"),
    ("token", "files"),
];

/// May use everything, and nobody uses it: the program, and what only the project's own tests and benchmarks see.
const OUTSIDE: [&str; 3] = ["main", "fuzzing", "measuring"];

/// A module's path: `["api", "order", "state"]`.
type Module = Vec<String>;

/// The arrows of the source: which module uses which.
type Arrows = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn arrows_go_down_the_stair() {
    let wrong: Vec<_> = arrows()
        .iter()
        .flat_map(|(from, uses)| uses.iter().map(move |to| (from.clone(), to.clone())))
        .filter(|(from, to)| !may_use(&from[0], &to[0]))
        .map(|(from, to)| format!("{} uses {}", from.join("::"), to.join("::")))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let arrows = arrows();
    let circles: Vec<_> = arrows
        .keys()
        .filter_map(|start| way_back(&arrows, start))
        .map(|way| {
            way.iter()
                .map(|module| module.join("::"))
                .collect::<Vec<_>>()
                .join(" -> ")
        })
        .collect();
    assert!(circles.is_empty(), "{}", circles.join("\n"));
}

#[test]
fn every_room_says_what_belongs_in_it() {
    for room in STAIR.iter().filter(|room| !["lib", "emulator"].contains(room)) {
        let text = fs::read_to_string(source().join(room).join("mod.rs")).unwrap_or_else(|_| panic!("no room {room}"));
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 40,
            "src/{room}/mod.rs: {first}"
        );
    }
    let beside = BESIDE.map(|(name, _)| name);
    let known: BTreeSet<_> = STAIR.iter().chain(&beside).chain(&OUTSIDE).copied().collect();
    for module in modules().keys() {
        assert!(known.contains(&*module[0]), "{} stands in no room", module.join("::"));
    }
}

/// What the compiler cannot name when a state of an order is added: the pages, the tests' own lists, the library's method.
#[test]
fn every_state_of_an_order_is_in_the_lists_that_are_written_by_hand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for state in State::ALL.map(State::as_str) {
        for (file, expected) in [
            ("docs/endpoints.md", format!("\n| {state} | ")),
            ("docs/certificates.md", state.to_owned()),
            ("docs/fixtures.md", state.to_owned()),
            ("src/model/order.rs", format!("pub fn {}(", state.replace('-', "_"))),
            ("src/server/console/orders.js", format!("'{state}'")),
            ("tests/it/certificates/states.rs", format!("(\"{state}\", ")),
            ("tests/it/harness/texts.rs", format!("\"{state}\",")),
        ] {
            let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(text.contains(&expected), "{file} lacks {expected:?}");
        }
    }
}

#[test]
fn arrows_are_found() {
    let arrows = arrows();
    let uses = |from: &str, to: &str| {
        let path = |text: &str| text.split("::").map(str::to_owned).collect::<Module>();
        arrows[&path(from)].contains(&path(to))
    };
    assert!(uses("api::endpoints::revoking", "api::order::state"));
    assert!(uses("server::products", "sandbox"));
    assert!(uses("api::order::terms", "api::order::product") && !uses("api::order::product", "api::order::terms"));
    assert!(!uses("api::order::machine", "random"));
    assert!(uses("sandbox::certificates", "ca"));
    assert!(may_use("server", "der") && !may_use("api", "server") && !may_use("server", "client"));
    assert!(may_use("der", "clock") && !may_use("der", "files") && !may_use("clock", "der"));
    assert!(may_use("token", "files") && !may_use("files", "token") && !may_use("server", "fuzzing"));
    let found =
        paths("use super::{\n    self, a::{b as c, d},\n    e,\n};\nlet x = crate::f::g(); use super::super::*;");
    let found: Vec<_> = found.iter().map(|path| path.join(" ")).collect();
    assert_eq!(
        found,
        [
            "crate f g",
            "super self",
            "super a b",
            "super a d",
            "super e",
            "super super"
        ]
    );
    let from = ["server".to_owned(), "listen".to_owned(), "peer".to_owned()];
    let end = |path: &str| {
        let path: Vec<_> = path.split("::").map(str::to_owned).collect();
        resolve(&modules(), &from.to_vec(), &path).join("::")
    };
    assert_eq!(end("super::calls::Calls"), "server::listen::calls");
    assert_eq!(end("super::super::stop::Stop"), "server::stop");
    assert_eq!(
        (end("crate::ca::CaKey"), end("crate::Emulator")),
        ("ca".to_owned(), "lib".to_owned())
    );
    let circle = BTreeMap::from(
        [("a", "b"), ("b", "c"), ("c", "a")]
            .map(|(from, to)| (vec![from.to_owned()], BTreeSet::from([vec![to.to_owned()]]))),
    );
    assert_eq!(way_back(&circle, &vec!["a".to_owned()]).map(|way| way.len()), Some(4));
}

/// Whether a file of the room `from` may use one of the room `to`.
fn may_use(from: &str, to: &str) -> bool {
    if from == to || OUTSIDE.contains(&from) {
        return true;
    }
    let step = |room: &str| STAIR.iter().position(|name| *name == room);
    match (step(from), step(to)) {
        (Some(from_step), Some(to_step)) => from_step < to_step && !STRANGERS.contains(&(from, to)),
        (Some(from_step), None) => BESIDE
            .iter()
            .any(|(name, lowest)| *name == to && step(lowest) >= Some(from_step)),
        (None, None) => BESIDE_USES.contains(&(from, to)),
        (None, Some(_)) => false,
    }
}

/// A way from a module over others back to it. A module and its parent may know each other.
fn way_back(arrows: &Arrows, start: &Module) -> Option<Vec<Module>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start.clone()]];
    while let Some(way) = ways.pop() {
        let here = &way[way.len() - 1];
        for next in arrows
            .get(here)
            .into_iter()
            .flatten()
            .filter(|next| !are_kin(here, next))
        {
            let longer = [&way[..], std::slice::from_ref(next)].concat();
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

fn are_kin(one: &Module, other: &Module) -> bool {
    let is_parent = |parent: &Module, child: &Module| child.len() == parent.len() + 1 && child.starts_with(parent);
    is_parent(one, other) || is_parent(other, one)
}

fn arrows() -> Arrows {
    let modules = modules();
    modules
        .iter()
        .map(|(module, path)| {
            let text = fs::read_to_string(path).expect("the file was just listed");
            let mut uses: BTreeSet<_> = paths(&code(&text))
                .into_iter()
                .map(|path| resolve(&modules, module, &path))
                .collect();
            uses.remove(module);
            (module.clone(), uses)
        })
        .collect()
}

/// The modules of the crate and their files, without unit tests that have files of their own.
fn modules() -> BTreeMap<Module, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the source is there") {
            let path = entry.expect("the source can be read").path();
            let stem = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .unwrap_or_default()
                .to_owned();
            if stem == "tests" || stem == "stub" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let below = path
                .strip_prefix(source())
                .expect("it stands below the source")
                .with_extension("");
            let mut module: Module = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if stem == "mod" {
                module.pop();
            }
            found.insert(module, path);
        }
    }
    found
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// A file without comments and without unit tests: those at its foot, and the line that names those in a file of their own.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.replace("\n#[cfg(test)]\nmod tests;\n", "\n")
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The paths that begin with `crate` or `super`, those in braces one by one.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_inside = |before: char| is_of_path(before) || before == '$';
    ["crate::", "super::"]
        .iter()
        .flat_map(|start| code.match_indices(start))
        .filter(|(at, _)| !code[..*at].ends_with(is_inside))
        .flat_map(|(at, _)| tree(&code[at..]).0)
        .collect()
}

/// The paths at the beginning of a text, which are several if it ends in braces, and the text behind them.
fn tree(text: &str) -> (Vec<Vec<String>>, &str) {
    let end = text.find(|letter| !is_of_path(letter)).unwrap_or(text.len());
    let (head, mut rest) = text.split_at(end);
    let parts = head.split("::").filter(|part| !part.is_empty());
    let head_parts: Vec<_> = parts.map(str::to_owned).collect();
    if !(head.is_empty() || head.ends_with("::")) || !rest.starts_with('{') {
        return (vec![head_parts], rest);
    }
    let mut found = Vec::new();
    while let Some(list) = rest.strip_prefix(['{', ',']) {
        let (paths, behind) = tree(list.trim_start());
        let named = paths.iter().filter(|path| !path.is_empty());
        found.extend(named.map(|path| [&head_parts[..], path].concat()));
        // Over ` as name`.
        rest = &behind[behind.find([',', '}']).unwrap_or(behind.len())..];
    }
    (found, rest.strip_prefix('}').unwrap_or(rest))
}

fn is_of_path(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == ':'
}

/// The module in which a path ends, seen from the module that has it.
fn resolve(modules: &BTreeMap<Module, PathBuf>, from: &Module, path: &[String]) -> Module {
    let mut full = match path[0].as_str() {
        "crate" => Vec::new(),
        _ => from[..from.len() - 1].to_vec(),
    };
    for part in &path[1..] {
        match part.as_str() {
            "super" => drop(full.pop()),
            part => full.push(part.to_owned()),
        }
    }
    while !full.is_empty() && !modules.contains_key(&full) {
        full.pop();
    }
    if full.is_empty() {
        // What the root of the crate shows.
        full.push("lib".to_owned());
    }
    full
}
