//! The page at `/`: its files as they are served, and what a browser is told about them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Answer, Client, Control, Server, eventually};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The files of the page, by their paths on the listener.
fn files() -> Vec<(String, PathBuf)> {
    let root = Path::new(ROOT).join("src/server/console");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|extension| extension != "rs") {
                let served = path.strip_prefix(&root).unwrap().to_str().unwrap();
                found.push((format!("/{served}"), path));
            }
        }
    }
    assert!(found.iter().any(|(served, _)| served == "/index.html"), "{found:?}");
    found
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain).unwrap();
    plain
}

#[track_caller]
fn assert_bound(answer: &Answer) {
    for (header, expected) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.header(header), Some(expected), "{answer:?}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    // The one script within the page is its import map, which is allowed by its hash.
    let expected = "default-src 'none'; script-src 'self' 'sha256-";
    assert_eq!(policy.matches("sha256").count(), 1, "{policy}");
    assert!(policy.starts_with(expected), "{policy}");
    for part in [
        "; style-src 'self';",
        "; connect-src 'self';",
        "; base-uri 'none';",
        "; form-action 'none';",
        "; frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[test]
fn every_file_is_served_as_it_is_and_compressed() {
    let server = Server::plain(&[]);
    let mut client = Client::connect(server.control());
    let mut weight = 0;
    for (served, path) in files() {
        let bytes = fs::read(&path).unwrap();
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js" | "mjs") => "text/javascript; charset=utf-8",
            Some("json") => "application/json",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        };
        let plain = client.get(&served);
        assert_eq!(
            (plain.status, plain.header("content-type")),
            (200, Some(kind)),
            "{served}"
        );
        assert!(plain.bytes() == bytes, "{served} is served as something else");
        assert_eq!(plain.header("content-encoding"), None);
        let zipped = client.send("GET", &served, "Accept-Encoding: gzip, deflate, br\r\n", "");
        assert_eq!(
            (zipped.status, zipped.header("content-type")),
            (200, Some(kind)),
            "{served}"
        );
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        assert!(
            gunzip(zipped.bytes()) == bytes,
            "{served} is compressed as something else"
        );
        assert_ne!(plain.header("etag"), zipped.header("etag"));
        weight += zipped.bytes().len();
        for answer in [plain, zipped] {
            assert_eq!(answer.header("cache-control"), Some("no-cache"));
            assert_eq!(answer.header("vary"), Some("accept-encoding"));
            assert_bound(&answer);
        }
    }
    assert!(weight < 150_000, "the page weighs {weight} bytes");
}

#[test]
fn the_page_stands_at_the_root_and_is_sent_once() {
    let server = Server::plain(&[]);
    let mut client = Client::connect(server.control());
    let page = client.get("/");
    assert_eq!(page.bytes(), client.get("/index.html").bytes());
    let tag = page.header("etag").unwrap();
    for (known, status) in [(tag, 304), ("\"other\"", 200), ("*", 304)] {
        let answer = client.send("GET", "/", &format!("If-None-Match: \"x\", {known}\r\n"), "");
        assert_eq!(answer.status, status, "{known}");
        assert_eq!(answer.header("etag"), Some(tag));
        assert_bound(&answer);
    }
    let zipped = format!("Accept-Encoding: gzip\r\nIf-None-Match: {tag}\r\n");
    assert_eq!(
        client.send("GET", "/", &zipped, "").status,
        200,
        "the tag is of what is not compressed"
    );
}

#[test]
fn a_page_is_read_and_nothing_else() {
    let server = Server::plain(&[]);
    let mut client = Client::connect(server.control());
    let head = client.send("HEAD", "/", "", "");
    let length = client.get("/").bytes().len().to_string();
    assert_eq!((head.status, head.header("content-length")), (200, Some(&*length)));
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let refused = client.send(method, "/", "", "");
        assert_eq!(
            (refused.status, refused.header("allow")),
            (405, Some("GET,HEAD")),
            "{method}"
        );
        assert_bound(&refused);
    }
    for path in ["/mod.rs", "/vendor", "/no.js", "/../mod.rs", "//", "/index.html/"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
}

#[test]
fn the_page_needs_no_token_and_its_data_does() {
    let server = Server::start_with(&["--https", "off"], &[("SECTIGO_EMULATOR_CONTROL_TOKEN", "t0ken")]);
    let mut client = Client::connect(server.control());
    for (served, _) in files() {
        assert_eq!(client.get(&served).status, 200, "{served}");
    }
    assert_eq!(client.get("/control/v1/orders").status, 401);
    assert_eq!(client.get("/no.js").status, 401);
}

/// A link that a colleague sent opens the page; a page of another site may neither frame it nor use its files.
#[test]
fn the_page_is_opened_by_a_link_and_used_by_nobody_else() {
    let server = Server::plain(&[]);
    let ask = |path: &str, host: &str, headers: &str| {
        let mut client = Client::connect(server.control());
        client.write(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n"));
        client.read().unwrap().status
    };
    let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    for (path, host, headers, status) in [
        ("/", "localhost", link.to_owned(), 200),
        ("/", "evil.example", link.to_owned(), 403),
        ("/", "localhost", format!("{link}Origin: http://evil.example\r\n"), 403),
        ("/", "localhost", link.replace("document", "iframe"), 403),
        ("/", "localhost", link.replace("navigate", "no-cors"), 403),
        ("/", "localhost", "Sec-Fetch-Site: cross-site\r\n".to_owned(), 403),
        ("/control/v1/orders", "localhost", link.to_owned(), 403),
        ("/", "localhost", "Sec-Fetch-Site: none\r\n".to_owned(), 200),
        ("/", "evil.example", String::new(), 403),
    ] {
        assert_eq!(ask(path, host, &headers), status, "{path} {host} {headers}");
    }
}

#[test]
fn the_package_has_every_file() {
    let listed = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty", "--manifest-path"])
        .arg(Path::new(ROOT).join("Cargo.toml"))
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for (served, _) in files() {
        let path = format!("src/server/console{served}");
        assert!(listed.lines().any(|line| line == path), "{path} is not in {listed}");
    }
}

#[test]
fn the_api_and_the_log_say_where_the_page_is() {
    let server = Server::plain(&[]);
    let url = format!("http://{}/", server.control());
    eventually("the log's line", || {
        server
            .whole_log()
            .contains(&format!(" INFO sectigo_emulator::console: the console is at {url}\n"))
    });
    let mut client = server.client();
    let root = client.get("/");
    assert_eq!(root.status, 404);
    assert!(
        root.text().ends_with(&format!("\nThe console is at {url}\n")),
        "{root:?}"
    );
    assert!(!client.get("/other").text().contains("console"));

    let server = Server::start(&["--https", "off", "--control", "off"]);
    assert!(!server.client().get("/").text().contains("console"));
}

#[test]
fn health_says_the_version_and_where_the_listeners_are() {
    let server = Server::start(&["--http", "off"]);
    let health = Control::of(&server).get("/health");
    let expected = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "https": format!("https://{}", server.https()),
        "control": format!("http://{}", server.control()),
    });
    assert_eq!(health, expected);

    let server = Server::plain(&["--http", "0.0.0.0:0", "--control-host", "ci"]);
    let mut client = Client::connect(server.control());
    client.write("GET /control/v1/health HTTP/1.1\r\nHost: ci:8081\r\n\r\n");
    let health: Value = serde_json::from_str(client.read().unwrap().text()).unwrap();
    let http = health["http"].as_str().unwrap();
    assert!(http.starts_with("http://ci:") && !http.ends_with(":8081"), "{http}");
}
