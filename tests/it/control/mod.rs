//! The control API, and what it does to the API itself.

mod faults;
mod guard;
mod routes;

use crate::harness::{Answer, Client, Server};

const JSON: &str = "Content-Type: application/json\r\n";

/// A client of the control listener.
struct Control(Client);

impl Control {
    fn of(server: &Server) -> Self {
        Self(Client::connect(server.control()))
    }

    /// Sends a request to `/control/v1` and this path; a body is JSON.
    #[track_caller]
    fn send(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let headers = if body.is_empty() { "" } else { JSON };
        let target = format!("/control/v1{path}");
        self.0.send(method, &target, headers, body)
    }

    /// The same, and the answer has this status and holds all these words.
    #[track_caller]
    fn expect(&mut self, request: (&str, &str, &str), status: u16, words: &[&str]) -> String {
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
