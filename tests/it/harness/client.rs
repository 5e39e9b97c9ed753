//! A small HTTP/1.1 client that keeps its connection and shows every byte.

use std::io::{BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::harness::{Answer, DEADLINE, Form, REPLACE, REVOKE};

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("nothing listens");
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Self {
            stream: BufReader::new(stream),
        }
    }

    #[track_caller]
    pub(crate) fn replace(&mut self, form: &Form) -> Answer {
        self.post(REPLACE, &form.encode())
    }

    #[track_caller]
    pub(crate) fn revoke(&mut self, form: &Form) -> Answer {
        self.post(REVOKE, &form.encode())
    }

    #[track_caller]
    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send("GET", target, "", "")
    }

    /// Posts a body that is a form.
    #[track_caller]
    pub(crate) fn post(&mut self, target: &str, body: &str) -> Answer {
        self.send(
            "POST",
            target,
            "Content-Type: application/x-www-form-urlencoded\r\n",
            body,
        )
    }

    /// Sends a request with these header lines, and a Content-Length where there is a body or the method wants one.
    #[track_caller]
    pub(crate) fn send(&mut self, method: &str, target: &str, headers: &str, body: &str) -> Answer {
        self.send_bytes(method, target, headers, body.as_bytes())
    }

    /// The same with a body that is no text.
    #[track_caller]
    pub(crate) fn send_bytes(&mut self, method: &str, target: &str, headers: &str, body: &[u8]) -> Answer {
        let length = if body.is_empty() && method != "POST" {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let head = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n");
        self.write([head.as_bytes(), body].concat());
        Answer::read(&mut self.stream, method != "HEAD").expect("the connection ended without an answer")
    }

    /// Writes bytes as they are.
    #[track_caller]
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).expect("cannot write");
    }

    /// Writes bytes, of which the server may close the door on some.
    pub(crate) fn write_into_the_closing_door(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// Says that nothing more comes.
    pub(crate) fn finish(&mut self) {
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Reads the next answer; None if the connection ended.
    #[track_caller]
    pub(crate) fn read(&mut self) -> Option<Answer> {
        Answer::read(&mut self.stream, true)
    }

    /// Reads until the server closes; fails if it does not.
    #[track_caller]
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("the server did not close: {error}"),
            _ => rest,
        }
    }
}
