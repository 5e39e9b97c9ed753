//! A transcript: what a server answered to the probes, kept in a file without credentials, as JSON lines.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::check::answer::Answer;
use crate::check::findings::Asked;
use crate::check::list::{Orders, VERSION, probes};
use crate::clock::Timestamp;
use crate::files;

/// The version of the format of transcripts.
const FORMAT: u32 = 1;

/// Why a transcript cannot be used.
#[derive(Debug, Error)]
pub(crate) enum TranscriptError {
    /// It cannot be read.
    #[error("cannot read the transcript {path}: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is none.
    #[error("{path} is no transcript of `check --record`: {problem}")]
    NotOne {
        /// The file.
        path: String,
        /// What is wrong with its first line.
        problem: String,
    },
    /// A line of it is not what it should be.
    #[error("the transcript {path}, line {line}: {problem}")]
    Bad {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// What a transcript says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Head {
    /// The version of the format.
    transcript: u32,
    /// The version of the list of probes.
    pub(crate) probe_list: u32,
    /// The program and its version.
    program: String,
    /// The base URL of the server.
    pub(crate) server: String,
    /// When it was asked.
    pub(crate) date: String,
    /// The orders that the user named.
    orders: KeptOrders,
}

impl Head {
    /// Reads the first line of a transcript.
    fn read(text: &str) -> Result<Self, String> {
        let first = text.lines().next().ok_or("it is empty")?;
        serde_json::from_str(first).map_err(|error| error.to_string())
    }
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct KeptOrders {
    #[serde(skip_serializing_if = "Option::is_none")]
    smime: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_signing: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<u64>,
    collect: bool,
}

/// One call of a transcript.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Exchange {
    probe: String,
    class: String,
    request: String,
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

impl Exchange {
    fn answer(self) -> Result<Answer, String> {
        let body = match (self.body, self.body_base64) {
            (Some(body), None) => body.into_bytes(),
            (None, Some(body)) => STANDARD.decode(body).map_err(|error| format!("bodyBase64: {error}"))?,
            _ => return Err("one of body and bodyBase64 is needed".to_owned()),
        };
        Ok(Answer {
            status: self.status,
            headers: self.headers,
            body,
        })
    }
}

/// A transcript that was read.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// What it says of itself.
    pub(crate) head: Head,
    /// The orders that its user named.
    pub(crate) orders: Orders,
    /// The calls whose probes are still in the list, and the same.
    pub(crate) asked: Vec<Asked>,
    /// How many of its calls are of probes that are no longer in the list, or were changed.
    pub(crate) outdated: usize,
}

impl Transcript {
    /// Reads a transcript.
    ///
    /// # Errors
    /// It cannot be read, or is none.
    pub(crate) fn load(path: &Path) -> Result<Self, TranscriptError> {
        let text = files::read_text(path).map_err(|source| TranscriptError::Unreadable {
            path: path.display().to_string(),
            source,
        })?;
        let named = || path.display().to_string();
        let head = Head::read(&text).map_err(|problem| TranscriptError::NotOne { path: named(), problem })?;
        Self::read(head, &text).map_err(|(line, problem)| TranscriptError::Bad {
            path: named(),
            line,
            problem,
        })
    }

    fn read(head: Head, text: &str) -> Result<Self, (usize, String)> {
        if head.transcript != FORMAT {
            let problem = format!("its format is {}, and {FORMAT} is read", head.transcript);
            return Err((1, problem));
        }
        let orders = Orders {
            smime: head.orders.smime,
            code_signing: head.orders.code_signing,
            foreign: head.orders.foreign,
            collect: head.orders.collect,
        };
        let mut known: HashMap<_, _> = probes(&orders)
            .into_iter()
            .map(|probe| (probe.id().to_owned(), probe))
            .collect();
        let (mut asked, mut outdated) = (Vec::new(), 0);
        let lines = text.lines().enumerate().map(|(place, line)| (place + 1, line));
        for (number, line) in lines.skip(1).filter(|(_, line)| !line.trim().is_empty()) {
            let exchange: Exchange = serde_json::from_str(line).map_err(|error| (number, error.to_string()))?;
            let same = |request: &str| request == exchange.request;
            match known
                .remove(&exchange.probe)
                .filter(|probe| same(&probe.request().shown()))
            {
                Some(probe) => {
                    let served = exchange.answer().map_err(|problem| (number, problem))?;
                    asked.push(Asked { probe, served });
                }
                None => outdated += 1,
            }
        }
        Ok(Self {
            head,
            orders,
            asked,
            outdated,
        })
    }
}

/// Writes a transcript.
///
/// # Errors
/// What the file says.
pub(crate) fn write(
    file: &mut dyn Write,
    server: &str,
    date: Timestamp,
    orders: &Orders,
    asked: &[Asked],
) -> io::Result<()> {
    let head = Head {
        transcript: FORMAT,
        probe_list: VERSION,
        program: concat!("sectigo-emulator ", env!("CARGO_PKG_VERSION")).to_owned(),
        server: server.to_owned(),
        date: date.to_string(),
        orders: KeptOrders {
            smime: orders.smime,
            code_signing: orders.code_signing,
            foreign: orders.foreign,
            collect: orders.collect,
        },
    };
    writeln!(file, "{}", serde_json::to_string(&head)?)?;
    for Asked { probe, served } in asked {
        let text = std::str::from_utf8(&served.body).ok().map(str::to_owned);
        let exchange = Exchange {
            probe: probe.id().to_owned(),
            class: probe.class().to_string(),
            request: probe.request().shown(),
            status: served.status,
            headers: served.headers.clone(),
            body_base64: text.is_none().then(|| STANDARD.encode(&served.body)),
            body: text,
        };
        writeln!(file, "{}", serde_json::to_string(&exchange)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let orders = Orders::ALL;
        let bodies: [&[u8]; 2] = [b"-3\nno\n", b"\xFF\0"];
        let asked: Vec<_> = probes(&orders)
            .into_iter()
            .zip(bodies)
            .map(|(probe, body)| Asked {
                probe,
                served: Answer {
                    status: 200,
                    headers: BTreeMap::from([("content-type".to_owned(), "text/plain".to_owned())]),
                    body: body.to_vec(),
                },
            })
            .collect();
        let mut file = Vec::new();
        write(&mut file, "https://a", Timestamp::EPOCH, &orders, &asked).unwrap();
        let text = String::from_utf8(file).unwrap();
        let read = |text: &str| Transcript::read(Head::read(text).unwrap(), text);
        let whole = read(&text).unwrap();
        assert_eq!((whole.orders, whole.outdated), (orders, 0));
        let answers = |asked: &[Asked]| asked.iter().map(|asked| asked.served.clone()).collect::<Vec<_>>();
        assert_eq!(answers(&whole.asked), answers(&asked));
        let changed = text.replace("POST http ", "PUT http ");
        assert_eq!(read(&changed).unwrap().outdated, 1);
        for (text, line) in [
            (&text.replace("\"transcript\":1", "\"transcript\":9"), 1),
            (&text.replace("\"status\":200", "\"status\":\"x\""), 2),
        ] {
            assert_eq!(read(text).unwrap_err().0, line, "{text}");
        }
        for text in ["", "{}", "accounts = []\n"] {
            Head::read(text).unwrap_err();
        }
    }
}
