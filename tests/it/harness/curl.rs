//! The real `curl`, the stranger who judges what HTTP the emulator speaks.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::{Command, Output};

use crate::harness::{Answer, Form, Server};

/// Where a call goes.
pub(crate) enum Url<'a> {
    Https(&'a str),
    Http(&'a str),
}

/// A call by curl.
pub(crate) struct Curl {
    command: Command,
    url: String,
}

impl Curl {
    /// A call that trusts the server's CA.
    #[track_caller]
    pub(crate) fn new(server: &Server, url: &Url<'_>) -> Self {
        let mut command = Command::new("curl");
        command.args([
            "-q",
            "--silent",
            "--show-error",
            "--include",
            "--max-time",
            "25",
            "--noproxy",
            "*",
        ]);
        let url = match url {
            Url::Https(path) => {
                command.arg("--cacert").arg(server.ca_file());
                format!("https://{}{path}", server.https())
            }
            Url::Http(path) => format!("http://{}{path}", server.http()),
        };
        Self { command, url }
    }

    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// Another URL than the server's own.
    pub(crate) fn url(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// The arguments as `--data-urlencode`, as the documents' samples send them.
    pub(crate) fn form(self, form: &Form) -> Self {
        self.pairs("--data-urlencode", form)
    }

    /// The arguments as `--form-string`, which is `multipart/form-data`.
    pub(crate) fn multipart(self, form: &Form) -> Self {
        self.pairs("--form-string", form)
    }

    fn pairs(mut self, option: &str, form: &Form) -> Self {
        for (name, value) in form.pairs() {
            let pair = [name.as_bytes(), b"=", value].concat();
            self.command.arg(option).arg(OsString::from_vec(pair));
        }
        self
    }

    /// The last answer.
    #[track_caller]
    pub(crate) fn answer(self) -> Answer {
        let output = self.output();
        assert!(
            output.status.success(),
            "curl: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let mut stream = output.stdout.as_slice();
        loop {
            let answer = Answer::read(&mut stream, true).expect("curl printed no answer");
            if answer.status != 100 {
                assert!(stream.is_empty(), "more than one answer");
                return answer;
            }
        }
    }

    #[track_caller]
    pub(crate) fn output(mut self) -> Output {
        self.command.arg(&self.url).output().expect("cannot run curl")
    }
}
