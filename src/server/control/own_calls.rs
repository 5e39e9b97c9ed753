//! Calls that the emulator makes itself, the same way as those that clients send.

use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt as _;
use tokio::pin;
use tokio::time::sleep;

use super::answers::{Length, Turn, answer_with, most_escaped};
use super::calls::{call_info, find};
use super::extract::{JsonBody, PathId, PathSandbox};
use super::{App, Problem};
use crate::api::endpoints::Transport;
use crate::api::protocol::form::Form;
use crate::clock::real_now;
use crate::model::call::CallKind;
use crate::model::endpoint::find_endpoint;
use crate::model::own_call::{CallMethod, MadeCall, NewArgument, NewCall, SentReply};
use crate::sandbox::Sandbox;
use crate::sandbox::call::IncomingCall;
use crate::server::products::make;

/// How long a reply that a fault holds back is waited for, if the emulator does not stop meanwhile.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Makes a call as if a client had sent it, and answers with what a client would have received.
#[utoipa::path(post, path = "/calls", tag = "calls", operation_id = "makeCall", request_body = NewCall,
    responses(
        (status = 200, description = "It was made", body = MadeCall),
        (status = 503, description = "A fault of the sandbox might hold its reply back, and half of the listener's connections wait already")))]
pub(super) async fn create(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    JsonBody(new): JsonBody<NewCall>,
) -> Result<Response, Problem> {
    let length = |argument: &NewArgument| argument.name.len() + argument.value.len();
    let turn = turn_for(new.arguments.iter().map(length).sum(), &app).await?;
    let mut form = Form::default();
    for argument in &new.arguments {
        form.push(argument.name.as_bytes(), argument.value.as_bytes());
    }
    if new.method == CallMethod::Get {
        form.end_query();
    }
    let endpoint = find_endpoint("endpoint", &new.endpoint)?;
    let transport = Transport {
        is_https: !new.http || app.accept_plain_http,
        is_post: new.method == CallMethod::Post,
    };
    let call = IncomingCall::of_emulator(endpoint, transport, &form);
    let made = carry_out(&call, &sandbox, &app).await?;
    answer_with(turn, move || made).await
}

/// A turn for an answer that repeats the arguments of a call, of so many bytes, if it needs one. It is taken before the call is
/// made, which must not be made twice.
async fn turn_for(bytes: usize, app: &App) -> Result<Option<Turn>, Problem> {
    app.answer_turns.take(Length::Bytes(most_escaped(bytes))).await
}

/// Makes a call of the journal once more, with the password that it had.
#[utoipa::path(post, path = "/calls/{id}/again", tag = "calls", operation_id = "makeCallAgain",
    params(("id" = u64, Path, description = "Its number")),
    responses(
        (status = 200, description = "It was made", body = MadeCall),
        (status = 404, description = "The journal has no such call, or no longer"),
        (status = 409, description = "Not all of its form was kept"),
        (status = 503, description = "A fault of the sandbox might hold its reply back, and half of the listener's connections wait already")))]
pub(super) async fn again(
    State(app): State<App>,
    PathSandbox(sandbox): PathSandbox,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let entry = find(&sandbox, CallKind::Call, &id)?;
    let turn = turn_for(entry.bytes(), &app).await?;
    let whole = entry.whole_call(sandbox.assumptions().argument_names);
    let (endpoint, transport, form) = whole.ok_or_else(|| {
        Problem::new(
            StatusCode::CONFLICT,
            "Not all of this call's form was kept, so it cannot be sent again: it had an argument that the endpoint does \
             not have, more than 64 arguments, or a very long value; or a name's spelling counts (assumption \
             argument-names=exact) and one was not as documented.",
        )
    })?;
    let call = IncomingCall::of_emulator(endpoint, transport, &form);
    let made = carry_out(&call, &sandbox, &app).await?;
    answer_with(turn, move || made).await
}

async fn carry_out(call: &IncomingCall<'_>, sandbox: &Sandbox, app: &App) -> Result<MadeCall, Problem> {
    // Nothing but such a fault holds a reply back, and whether this call meets it turns out when it is made.
    let may_wait = {
        let state = sandbox.state();
        state
            .faults
            .iter(real_now())
            .any(|active| active.fault.then.takes_time())
    };
    let turn = may_wait.then(|| app.wait_turns.take()).transpose()?;
    let mut stop = app.stop.clone();
    let (entry, responded) = make(call, sandbox).await;
    let over = async {
        tokio::select! {
            () = sleep(MAX_WAIT) => {}
            () = stop.stopped() => {}
        }
    };
    pin!(over);
    let response = tokio::select! {
        biased;
        response = responded => response.ok(),
        () = &mut over => None,
    };
    let sent = match response {
        Some(response) => receive(response, over).await,
        None => SentReply::default(),
    };
    drop(turn);
    Ok(MadeCall {
        call: call_info(sandbox, &sandbox.accounts(), &entry),
        sent,
    })
}

/// What comes of a response until it ends, breaks off, or the wait is over.
async fn receive(response: Response, over: Pin<&mut impl Future<Output = ()>>) -> SentReply {
    let (head, mut body) = response.into_parts();
    let mut received = Vec::new();
    // With these, HTTP has no body, whatever the fault has (RFC 9110, section 6.4.1).
    let is_bare = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let complete = is_bare || collect(&mut body, &mut received, over).await;
    let (body, body_base64) = match String::from_utf8(received) {
        Ok(text) => (Some(text), None),
        Err(bytes) => (None, Some(STANDARD.encode(bytes.as_bytes()))),
    };
    let content_type = head.headers.get(header::CONTENT_TYPE);
    SentReply {
        status: Some(head.status.as_u16()),
        content_type: content_type.and_then(|value| value.to_str().ok()).map(str::to_owned),
        body,
        body_base64,
        complete,
    }
}

/// Collects a body until the wait is over; whether it came to its end.
async fn collect(body: &mut Body, received: &mut Vec<u8>, mut over: Pin<&mut impl Future<Output = ()>>) -> bool {
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = &mut over => return false,
        };
        match frame {
            None => return true,
            Some(Ok(frame)) => received.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Some(Err(_)) => return false,
        }
    }
}
