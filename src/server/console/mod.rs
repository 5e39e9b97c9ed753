//! The console: the page at `/` of the control listener. It is static files that are part of the program, and a client of
//! the control API like any other: nothing of a sandbox is put into what is served here.

use std::io::Read as _;
use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::read::GzDecoder;

use crate::server::layers;

/// What answers at `/`.
const INDEX: &str = "index.html";

/// Every file of this folder but for those of the program, as `build.rs` lists and compresses them.
const FILES: &[File] = &include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// What is made of each file, when it is first asked for.
static MADE: [OnceLock<Made>; FILES.len()] = [const { OnceLock::new() }; FILES.len()];

/// A file of the page.
#[derive(Debug)]
struct File {
    path: &'static str,
    gzip: &'static [u8],
}

/// What is made of a file.
#[derive(Debug)]
struct Made {
    plain: Bytes,
    plain_tag: HeaderValue,
    gzip_tag: HeaderValue,
}

impl File {
    /// The file at a path of the listener, and the place for what is made of it.
    fn at(path: &str) -> Option<(&'static Self, &'static OnceLock<Made>)> {
        let path = match path.strip_prefix('/')? {
            "" => INDEX,
            path => path,
        };
        FILES.iter().zip(&MADE).find(|(file, _)| file.path == path)
    }

    fn content_type(&self) -> &'static str {
        match self.path.rsplit_once('.').map(|(_, extension)| extension) {
            Some("css") => "text/css; charset=utf-8",
            Some("html") => "text/html; charset=utf-8",
            Some("js" | "mjs") => "text/javascript; charset=utf-8",
            Some("json") => "application/json",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        }
    }

    fn make(&self) -> Made {
        let hash: String = digest(&SHA256, self.gzip).as_ref()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let tag = |end: &str| HeaderValue::from_str(&format!("\"{hash}{end}\"")).expect("it is ASCII");
        Made {
            plain: plain(self.gzip).into(),
            plain_tag: tag(""),
            gzip_tag: tag("-gzip"),
        }
    }

    /// The file, or that the client has it already.
    fn respond(&self, made: &Made, asked: &HeaderMap) -> Response {
        let is_gzip = takes_gzip(asked);
        let tag = if is_gzip { &made.gzip_tag } else { &made.plain_tag };
        let cached = [
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (ETAG, tag.clone()),
            (VARY, HeaderValue::from_static("accept-encoding")),
        ];
        if is_known(tag, asked) {
            return (StatusCode::NOT_MODIFIED, cached).into_response();
        }
        let content_type = [(CONTENT_TYPE, self.content_type())];
        if is_gzip {
            let encoding = [(CONTENT_ENCODING, "gzip")];
            return (cached, content_type, encoding, Bytes::from_static(self.gzip)).into_response();
        }
        (cached, content_type, made.plain.clone()).into_response()
    }
}

/// Whether the console has something at a path of the listener.
pub(crate) fn has(path: &str) -> bool {
    File::at(path).is_some()
}

/// The routes of the files, and what goes with each response of them. Other paths are not asked for here.
pub(crate) fn router() -> Router {
    let file = get(async |request: Request| match File::at(request.uri().path()) {
        Some((file, made)) => file.respond(made.get_or_init(|| file.make()), request.headers()),
        None => StatusCode::NOT_FOUND.into_response(),
    });
    let router = Router::new().route("/", file.clone()).route("/{*file}", file);
    layers::of_console(router, security())
}

/// What a browser may do with the page: run its own scripts, ask its own server, and nothing else.
fn security() -> [(HeaderName, HeaderValue); 5] {
    let index = File::at("/").map(|(file, _)| plain(file.gzip)).unwrap_or_default();
    let import_map = import_map(&index).map(|map| format!(" 'sha256-{}'", STANDARD.encode(digest(&SHA256, map))));
    let policy = format!(
        "default-src 'none'; script-src 'self'{}; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        import_map.unwrap_or_default()
    );
    let policy = HeaderValue::from_str(&policy).expect("it is ASCII");
    [
        (HeaderName::from_static("content-security-policy"), policy),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("referrer-policy"),
            HeaderValue::from_static("no-referrer"),
        ),
        (
            HeaderName::from_static("x-content-type-options"),
            HeaderValue::from_static("nosniff"),
        ),
    ]
}

/// The import map of the page, which stands in the page itself: the one script that is allowed there, by its hash.
fn import_map(page: &[u8]) -> Option<&[u8]> {
    let find = |text: &[u8], wanted: &str| memchr::memmem::find(text, wanted.as_bytes());
    let tag = r#"<script type="importmap">"#;
    let behind = &page[find(page, tag)? + tag.len()..];
    Some(&behind[..find(behind, "</script>")?])
}

fn plain(gzip: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    GzDecoder::new(gzip)
        .read_to_end(&mut plain)
        .expect("build.rs compressed it, and memory takes what is read");
    plain
}

/// Whether a client takes gzip (RFC 9110, section 12.5.3); all that send the header at all name it, so `*` is not read.
fn takes_gzip(headers: &HeaderMap) -> bool {
    words(headers, ACCEPT_ENCODING).any(|word| {
        let (coding, weight) = word.split_once(';').unwrap_or((word, ""));
        let is_zero = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|weight| weight.parse::<f32>().ok())
            .is_some_and(|weight| weight <= 0.0);
        coding.trim().eq_ignore_ascii_case("gzip") && !is_zero
    })
}

/// Whether a client says that it has what has this tag.
fn is_known(tag: &HeaderValue, headers: &HeaderMap) -> bool {
    words(headers, IF_NONE_MATCH).any(|word| word == "*" || word.trim_start_matches("W/").as_bytes() == tag.as_bytes())
}

/// What stands between the commas of a header.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The files below a folder, by their paths from it.
    fn below(folder: &Path, prefix: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                found.extend(below(&path, &format!("{name}/")));
            } else if !name.ends_with(".rs") {
                found.insert(name);
            }
        }
        found
    }

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/console");
        let listed: BTreeSet<_> = FILES.iter().map(|file| file.path.to_owned()).collect();
        assert_eq!(listed, below(&folder, ""));
        assert_eq!(listed.len(), FILES.len(), "one is listed twice");
    }

    #[test]
    fn the_import_map_is_what_stands_between_its_tags() {
        let page = b"<head><script type=\"importmap\">\n{\"imports\": {}}</script><script>x</script>";
        assert_eq!(import_map(page), Some(&b"\n{\"imports\": {}}"[..]));
        assert_eq!(import_map(b"<script type=\"importmap\">{}"), None);
        assert_eq!(import_map(b"<script>{}</script>"), None);
    }

    #[test]
    fn gzip_is_taken_by_those_who_name_it() {
        for (sent, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5, br", true),
            ("br , gzip ; q=1", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("br, x-gzip-like", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(sent))]);
            assert_eq!(takes_gzip(&headers), expected, "{sent}");
        }
    }
}
