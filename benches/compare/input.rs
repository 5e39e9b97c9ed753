//! What is sent: fixtures, certificate signing requests made by the `openssl` command, and the calls themselves.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::load::{Exchange, LANES};

pub(crate) const REPLACE: &str = "/products/!AutoReplaceSMIME";
pub(crate) const REVOKE: &str = "/products/!autoRevokeCS";

/// An S/MIME order of the fixtures that is not yet issued: a replacement changes it in place.
pub(crate) const PENDING: &str = "1100001";
/// An issued code-signing order of the fixtures.
pub(crate) const CODE_SIGNING: &str = "2200003";
/// The first of [`LANES`] issued S/MIME orders of the fixtures; the others follow it.
const ISSUED: u64 = 3_300_000;
/// How many orders the fixtures have.
pub(crate) const FIXTURES_ORDERS: u64 = 2 + LANES as u64;

/// A PKCS#10 request with a signature that is right.
pub(crate) struct Csr {
    pub(crate) pem: String,
    /// Its length without the armour, in bytes.
    pub(crate) der: usize,
}

impl Csr {
    pub(crate) fn rsa_2048() -> Self {
        Self::new(&["-newkey", "rsa:2048"])
    }

    pub(crate) fn p_256() -> Self {
        Self::new(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    fn new(key: &[&str]) -> Self {
        let made = Command::new("openssl")
            .args([
                "req",
                "-new",
                "-batch",
                "-nodes",
                "-sha256",
                "-subj",
                "/CN=a person",
                "-keyout",
                "/dev/null",
            ])
            .args(key)
            .stderr(Stdio::null())
            .output()
            .expect("the openssl command is installed");
        assert!(made.status.success(), "openssl req {key:?}: {}", made.status);
        let pem = String::from_utf8(made.stdout).expect("PEM is text");
        let digits: usize = pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .map(|line| line.trim_end_matches('=').len())
            .sum();
        Self {
            pem,
            der: digits * 3 / 4,
        }
    }
}

/// The same call again and again, and the same answer.
pub(crate) struct Same {
    request: Vec<u8>,
    answer: &'static str,
}

impl Same {
    pub(crate) fn new(path: &str, form: &[(&str, &str)], answer: &'static str) -> Self {
        let mut request = Vec::new();
        write_request(&mut request, path, &encode(form));
        Self { request, answer }
    }
}

impl Exchange for Same {
    fn request(&mut self, _lane: usize) -> &[u8] {
        &self.request
    }

    fn check(&mut self, _lane: usize, body: &[u8]) {
        assert!(
            body == self.answer.as_bytes(),
            "{:?} expected, not {:?}",
            self.answer,
            body.escape_ascii().to_string()
        );
    }
}

/// Replacements of issued orders: each makes a new order, which is the next to be replaced on that lane.
#[derive(Clone)]
pub(crate) struct Chains {
    form: String,
    orders: [u64; LANES],
    request: Vec<u8>,
    /// The numbers of the orders made.
    pub(crate) made: Vec<u64>,
}

impl Chains {
    pub(crate) fn new(csr: &Csr) -> Self {
        Self {
            form: encode(&[LOGIN[0], LOGIN[1], ("csr", &csr.pem), ("orderNumber", "")]),
            orders: std::array::from_fn(|lane| ISSUED + lane as u64),
            request: Vec::new(),
            made: Vec::new(),
        }
    }
}

impl Exchange for Chains {
    fn request(&mut self, lane: usize) -> &[u8] {
        self.request.clear();
        write_request(
            &mut self.request,
            REPLACE,
            &format!("{}{}", self.form, self.orders[lane]),
        );
        &self.request
    }

    fn check(&mut self, lane: usize, body: &[u8]) {
        let number = std::str::from_utf8(body)
            .ok()
            .and_then(|body| body.strip_prefix("0\n")?.strip_suffix('\n')?.parse().ok());
        self.orders[lane] =
            number.unwrap_or_else(|| panic!("a new order number expected, not {:?}", body.escape_ascii().to_string()));
        self.made.push(self.orders[lane]);
    }
}

/// Revocations of orders that are no code-signing orders, one after the other: found, and refused.
pub(crate) struct Lookups {
    form: String,
    orders: Vec<u64>,
    next: usize,
    request: Vec<u8>,
}

impl Lookups {
    pub(crate) fn new(orders: Vec<u64>) -> Self {
        let form = encode(&[
            LOGIN[0],
            LOGIN[1],
            ("revocationReason", "x"),
            ("codeReason", "1"),
            ("test", "Y"),
            ("orderNumber", ""),
        ]);
        Self {
            form,
            orders,
            next: 0,
            request: Vec::new(),
        }
    }
}

impl Exchange for Lookups {
    fn request(&mut self, _lane: usize) -> &[u8] {
        // A prime step: orders far apart in age, and every one in turn.
        self.next = (self.next + 7_368_787) % self.orders.len();
        self.request.clear();
        write_request(
            &mut self.request,
            REVOKE,
            &format!("{}{}", self.form, self.orders[self.next]),
        );
        &self.request
    }

    fn check(&mut self, _lane: usize, body: &[u8]) {
        assert!(
            body == b"-4\nThe value of the 'orderNumber' argument is invalid!\n",
            "-4 expected, not {:?}",
            body.escape_ascii().to_string()
        );
    }
}

pub(crate) const LOGIN: [(&str, &str); 2] = [("loginName", "login_name"), ("loginPassword", "login_password")];

/// A call that lacks its CSR, and what it is told.
pub(crate) fn refused() -> (Vec<(&'static str, &'static str)>, &'static str) {
    (
        [&LOGIN[..], &[("orderNumber", PENDING)]].concat(),
        "-3\nThe 'csr' argument is missing!\n",
    )
}

/// A revocation that checks everything and changes nothing, and what it is told.
pub(crate) fn revoke_test() -> (Vec<(&'static str, &'static str)>, &'static str) {
    let form = [
        ("orderNumber", CODE_SIGNING),
        ("revocationReason", "x"),
        ("codeReason", "1"),
        ("test", "Y"),
    ];
    ([&LOGIN[..], &form].concat(), "0\n")
}

/// Writes a fixtures file with the orders named here, and returns where.
pub(crate) fn fixtures(directory: &Path) -> PathBuf {
    let [(_, name), (_, password)] = LOGIN;
    let mut text = format!("[[accounts]]\nloginName = \"{name}\"\nloginPassword = \"{password}\"\n");
    let mut order = |number: &str, product: &str, state: &str| {
        writeln!(
            text,
            "\n[[orders]]\norderNumber = {number}\nloginName = \"{name}\"\nproduct = \"{product}\"\nstate = \"{state}\""
        )
        .expect("a string can be written to");
    };
    order(PENDING, "smime", "pending");
    order(CODE_SIGNING, "code-signing", "issued");
    for lane in 0..LANES as u64 {
        order(&(ISSUED + lane).to_string(), "smime", "issued");
    }
    let path = directory.join("fixtures.toml");
    fs::write(&path, text).expect("the directory is writable");
    path
}

/// The same file with so many faults, for orders that nobody calls.
pub(crate) fn fixtures_with_faults(directory: &Path, count: u64) -> PathBuf {
    let mut text = fs::read_to_string(fixtures(directory)).expect("it was just written");
    for order in 1..=count {
        write!(
            text,
            "\n[[faults]]\norderNumber = {order}\nthen = {{ delay = \"1s\" }}\n"
        )
        .expect("a string can be written to");
    }
    let path = directory.join("faults.toml");
    fs::write(&path, text).expect("the directory is writable");
    path
}

pub(crate) fn write_request(request: &mut Vec<u8>, path: &str, body: &str) {
    write!(
        request,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("a vector can be written to");
}

pub(crate) fn encode(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}
