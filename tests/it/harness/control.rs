//! A client of the control API.

use std::net::SocketAddr;

use serde_json::Value;

use crate::harness::{Answer, Client, Server};

pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

/// A client of the control listener, for the default sandbox or for another.
pub(crate) struct Control {
    client: Client,
    base: String,
}

impl Control {
    #[track_caller]
    pub(crate) fn of(server: &Server) -> Self {
        Self::at(server.control(), "default")
    }

    /// For the sandbox of that name, made for it.
    #[track_caller]
    pub(crate) fn of_new_sandbox(server: &Server, name: &str) -> Self {
        let body = format!(r#"{{"name":"{name}"}}"#);
        Self::of(server).expect(("POST", "/sandboxes", &body), 201, &[]);
        Self::at(server.control(), name)
    }

    /// For the sandbox of that name.
    #[track_caller]
    pub(crate) fn at(address: SocketAddr, sandbox: &str) -> Self {
        Self {
            client: Client::connect(address),
            base: match sandbox {
                "default" => "/control/v1".to_owned(),
                name => format!("/control/v1/sandboxes/{name}"),
            },
        }
    }

    /// Sends a request to the sandbox's API and this path; a body is JSON.
    #[track_caller]
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let headers = if body.is_empty() { "" } else { JSON };
        let target = format!("{}{path}", self.base);
        self.client.send(method, &target, headers, body)
    }

    /// Reads something, with these header lines.
    #[track_caller]
    pub(crate) fn read(&mut self, path: &str, headers: &str) -> Answer {
        let target = format!("{}{path}", self.base);
        self.client.send("GET", &target, headers, "")
    }

    /// Sends a request, and the answer has this status and holds all these words.
    #[track_caller]
    pub(crate) fn expect(&mut self, request: (&str, &str, &str), status: u16, words: &[&str]) -> String {
        let answer = self.send(request.0, request.1, request.2);
        assert_eq!(answer.status, status, "{request:?} {answer:?}");
        if status == 204 {
            return String::new();
        }
        let text = answer.text().to_owned();
        for word in words {
            assert!(text.contains(word), "no {word:?} in {text} of {request:?}");
        }
        text
    }

    /// Reads something.
    #[track_caller]
    pub(crate) fn get(&mut self, path: &str) -> Value {
        self.ask(("GET", path, ""), 200)
    }

    /// Sends a request, and the answer has this status and is JSON.
    #[track_caller]
    pub(crate) fn ask(&mut self, request: (&str, &str, &str), status: u16) -> Value {
        serde_json::from_str(&self.expect(request, status, &[])).expect("the answer is no JSON")
    }
}

/// The built-in fixtures as JSON, to be changed.
pub(crate) fn default_fixtures() -> Value {
    toml::from_str(include_str!("../../../fixtures/default.toml")).expect("it is what the emulator reads")
}
