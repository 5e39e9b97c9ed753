//! Asks the server: one call after the other, with a pause between them, and no further than it likes.

use std::time::Duration;

use tokio::time::sleep;

use crate::api::protocol::code::{CALL_LIMIT, INVALID_ARGUMENT, LOGIN_DETAILS};
use crate::check::answer::Answer;
use crate::check::findings::Asked;
use crate::check::probe::{Class, Probe, Subject};
use crate::check::wire::{Wire, WireError};

/// The probe that shows whether the server knows the argument `test`, without which no probe of the class *test* is sent.
const KNOWS_TEST: &str = "!autoRevokeCS/test/not-allowed";

/// What came of asking a server.
#[derive(Debug, Default)]
pub(crate) struct Interview {
    /// What was asked and answered.
    pub(crate) asked: Vec<Asked>,
    /// Why it ended before every probe was sent.
    pub(crate) ended: Option<String>,
    /// How many probes of the class *test* were left out, because the server does not show that it knows the argument.
    pub(crate) left_out: usize,
}

/// Sends the probes. `progress` is told how many were sent, before each call and at the end.
///
/// # Errors
/// An answer did not come, or is none of the API.
pub(crate) async fn ask(
    wire: &mut Wire,
    probes: Vec<Probe>,
    pause: Duration,
    mut progress: impl FnMut(usize),
) -> Result<Interview, (Box<Probe>, WireError)> {
    let mut interview = Interview::default();
    for (sent, probe) in probes.into_iter().enumerate() {
        progress(sent);
        if probe.class() == Class::Test && !knows_test(&interview.asked) {
            interview.left_out += 1;
            continue;
        }
        if sent > 0 {
            sleep(pause).await;
        }
        let served = match wire.send(probe.request()).await {
            Ok(served) => served,
            Err(error) => return Err((Box::new(probe), error)),
        };
        interview.ended = reason_to_end(&probe, &served);
        interview.asked.push(Asked { probe, served });
        if interview.ended.is_some() {
            break;
        }
    }
    progress(interview.asked.len());
    Ok(interview)
}

/// Whether the server refused a value of `test` and named the argument.
fn knows_test(asked: &[Asked]) -> bool {
    asked
        .iter()
        .find(|asked| asked.probe.id() == KNOWS_TEST)
        .is_some_and(|asked| {
            asked.served.code() == Some(INVALID_ARGUMENT.number)
                && asked.served.message().is_some_and(|message| message.contains("test"))
        })
}

/// Why no further call is made: the account may be locked, or it made too many calls. That somebody else's order is refused
/// says nothing about the account.
fn reason_to_end(probe: &Probe, served: &Answer) -> Option<String> {
    let is_about_account = probe.request().has_credentials() && probe.subject() != Some(Subject::Foreign);
    match served.code()? {
        code if code == LOGIN_DETAILS.number && is_about_account => Some(format!(
            "the server answered {code} to {}: the login was refused, so nothing more was sent",
            probe.id()
        )),
        code if code == CALL_LIMIT.number => Some(format!(
            "the server answered {code} to {}: the account made too many calls, so nothing more was sent",
            probe.id()
        )),
        _ => None,
    }
}
