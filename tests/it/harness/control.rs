//! A client of the control API.

use crate::harness::{Answer, Client, Server};

pub(crate) const JSON: &str = "Content-Type: application/json\r\n";

/// A client of the control listener.
pub(crate) struct Control(Client);

impl Control {
    pub(crate) fn of(server: &Server) -> Self {
        Self(Client::connect(server.control()))
    }

    /// Sends a request to `/control/v1` and this path; a body is JSON.
    #[track_caller]
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let headers = if body.is_empty() { "" } else { JSON };
        let target = format!("/control/v1{path}");
        self.0.send(method, &target, headers, body)
    }

    /// The same, and the answer has this status and holds all these words.
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
}
