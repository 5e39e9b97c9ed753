//! An HTTP answer, and what is said about it.

use std::io::{BufRead, ErrorKind};

/// The headers that an answer may have. One that nobody asked for is a failure.
const HEADERS: &[&str] = &[
    "content-type",
    "content-length",
    "date",
    "connection",
    "allow",
    "location",
    "www-authenticate",
];

/// Those that only the console may have, each of whose responses binds the browser by the last five.
const CONSOLE_HEADERS: &[&str] = &[
    "cache-control",
    "etag",
    "vary",
    "content-encoding",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "referrer-policy",
    "x-content-type-options",
];

/// Those that only what a CA publishes may have.
const CACHE_HEADERS: &[&str] = &["cache-control", "etag", "expires", "last-modified", "pragma"];

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) version: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// Reads one answer. None if the connection ends before it begins.
    ///
    /// # Panics
    /// It is no answer, it breaks off, or it has a header that it should not have.
    #[track_caller]
    pub(crate) fn read(stream: &mut impl BufRead, has_body: bool) -> Option<Self> {
        let mut line = String::new();
        match stream.read_line(&mut line) {
            Ok(0) => return None,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
            read => read.unwrap(),
        };
        let mut words = line.split_whitespace();
        let version = words.next().expect("an empty status line").to_owned();
        assert!(version.starts_with("HTTP/"), "this is no HTTP: {line:?}");
        let status = words.next().and_then(|status| status.parse().ok()).expect("no status");
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).unwrap();
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').expect("a header without a colon");
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Self {
            status,
            version,
            headers,
            body: Vec::new(),
        };
        answer.assert_headers();
        if has_body && !matches!(status, 100 | 204 | 304) {
            let length = answer.header("content-length").expect("no content-length");
            answer.body.resize(length.parse().unwrap(), 0);
            stream.read_exact(&mut answer.body).expect("the body breaks off");
        }
        Some(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} twice: {self:?}");
        value
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is not UTF-8")
    }

    /// The code of a reply in format 0.
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        assert_eq!(self.status, 200, "{self:?}");
        let line = self.text().lines().next().unwrap_or_default();
        line.parse().unwrap_or_else(|_| panic!("no code: {self:?}"))
    }

    /// The new order number of a success in format 0.
    #[track_caller]
    pub(crate) fn order_number(&self) -> u64 {
        let lines: Vec<_> = self.text().split('\n').collect();
        match lines[..] {
            ["0", number, ""] => number.parse().unwrap_or_else(|_| panic!("no number: {self:?}")),
            _ => panic!("no success with an order number: {self:?}"),
        }
    }

    /// It is this reply in format 0, to the byte.
    #[track_caller]
    pub(crate) fn assert_text(&self, body: &str) {
        self.assert_reply("text/plain", body);
    }

    /// It is this reply, to the byte.
    #[track_caller]
    pub(crate) fn assert_reply(&self, content_type: &str, body: &str) {
        assert_eq!(
            (self.status, self.header("content-type"), self.text()),
            (200, Some(content_type), body)
        );
        assert_eq!(self.header("connection"), None, "the connection should stay open");
    }

    #[track_caller]
    fn assert_headers(&self) {
        let published = [
            "application/ocsp-response",
            "application/pkix-cert",
            "application/pkix-crl",
        ];
        let is_published = self
            .header("content-type")
            .is_some_and(|kind| published.contains(&kind));
        let is_console = self.header("content-security-policy").is_some();
        for (name, _) in &self.headers {
            let is_known = HEADERS.contains(&name.as_str())
                || is_console && CONSOLE_HEADERS.contains(&name.as_str())
                || is_published && CACHE_HEADERS.contains(&name.as_str())
                || self.status == 503 && name == "retry-after";
            assert!(is_known, "unexpected header {name}: {self:?}");
        }
        if self.status != 100 {
            assert!(self.header("date").is_some(), "no date: {self:?}");
        }
    }
}
