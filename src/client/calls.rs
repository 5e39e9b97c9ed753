//! What was called.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::Method;
use hyper::body::{Bytes, Incoming};

use crate::client::Control;
use crate::client::error::{ControlError, NotCalled};
use crate::client::http::PATIENCE;
use crate::client::remote::Remote;
use crate::clock::Timestamp;
use crate::model::answer::read_answer;
use crate::model::call::{CallFilter, CallInfo, CallKind, CallList, Count, CountRequest, KindQuery, NumberOrText};
use crate::model::when::Span;

/// How long the answer to a call that the emulator makes may take: it waits a minute for what a fault holds back.
pub(super) const MAKING: Duration = PATIENCE.saturating_add(Duration::from_secs(60));

/// Calls that a sandbox has answered, narrowed word by word; see [`Control::calls`].
///
/// ```
/// # use sectigo_emulator::Emulator;
/// # use sectigo_emulator::control::seconds;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = Emulator::start().await?;
/// let calls = emulator.control().calls().endpoint("!autoRevokeCS").order(2200003);
/// assert_eq!(calls.count().await?, 0);
///
/// // Waits for them; where they do not come, the error names the nearest calls and what differs.
/// let missing = calls.at_least(2).within(seconds(0)).expect().await.unwrap_err();
/// assert!(missing.to_string().contains("orderNumber 2200003"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Calls {
    control: Control,
    request: CountRequest,
}

impl Calls {
    pub(super) fn of(control: Control) -> Self {
        Self {
            control,
            request: CountRequest::default(),
        }
    }

    /// The tries to push changes of orders, instead of calls. Their code is the `statusCode`.
    pub fn pushes(mut self) -> Self {
        self.request.kind = Some(CallKind::Push);
        self
    }

    /// Only those of that endpoint, such as `!autoRevokeCS`.
    pub fn endpoint(mut self, name: &str) -> Self {
        self.request.endpoint = Some(name.to_owned());
        self
    }

    /// Only those with that loginName.
    pub fn login(mut self, login_name: &str) -> Self {
        self.request.login_name = Some(login_name.to_owned());
        self
    }

    /// Only those that name that order.
    pub fn order(mut self, number: u64) -> Self {
        self.request.order_number = Some(NumberOrText::Number(number));
        self
    }

    /// Only those that were answered with that code.
    pub fn code(mut self, code: i32) -> Self {
        self.request.code = Some(code);
        self
    }

    /// Only those at that time of the sandbox's clock or later.
    pub fn since(mut self, time: Timestamp) -> Self {
        self.request.since = Some(time.into());
        self
    }

    /// [`expect`](Self::expect) as many; 1 by default.
    pub fn at_least(mut self, calls: u64) -> Self {
        self.request.at_least = Some(u32::try_from(calls).unwrap_or(u32::MAX));
        self
    }

    /// [`expect`](Self::expect) them within that time, in real time, at most a minute; by default it does not wait.
    pub fn within(mut self, limit: Duration) -> Self {
        self.request.within = Some(Span(limit));
        self
    }

    /// The calls, the oldest first.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub async fn list(&self) -> Result<Vec<CallInfo>, ControlError> {
        let mut filter = self.request.filter();
        let path = |filter: &CallFilter| self.control.at(&format!("/calls{}", filter.query()));
        let first = path(&filter);
        let next = |page: &CallList| {
            filter.before = page.next;
            page.next.map(|_| path(&filter))
        };
        let (pages, _) = self.control.remote().pages(first, next).await?;
        // The newest come first, a page at a time.
        Ok(pages.into_iter().rev().flat_map(|page| page.calls).collect())
    }

    /// The call of that number, whether it is one of these or not; of [`pushes`](Self::pushes), the push.
    ///
    /// # Errors
    /// The journal has no such call, or no longer.
    pub async fn show(&self, id: u64) -> Result<CallInfo, ControlError> {
        let query = KindQuery {
            kind: self.request.kind,
        }
        .query();
        let path = self.control.at(&format!("/calls/{id}{query}"));
        self.control.remote().get(&path).await
    }

    /// How many calls there are. The journal keeps the last calls alone: see [`forgotten`](Self::forgotten).
    ///
    /// # Errors
    /// There is no such endpoint.
    pub async fn count(&self) -> Result<u64, ControlError> {
        Ok(self.ask_now().await?.count)
    }

    /// How many more there may have been which the journal no longer keeps, since the start or since it was cleared: 0
    /// as long as [`count`](Self::count) and [`list`](Self::list) miss nothing.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub async fn forgotten(&self) -> Result<u64, ControlError> {
        Ok(self.ask_now().await?.forgotten)
    }

    /// Waits until there are [`at_least`](Self::at_least) so many, [`within`](Self::within) that time, and says how
    /// many there are.
    ///
    /// # Errors
    /// [`ControlError::NotCalled`], which names the nearest calls and what differs.
    pub async fn expect(&self) -> Result<u64, ControlError> {
        let counted = self.ask(&self.request).await?;
        if counted.reached {
            return Ok(counted.count);
        }
        Err(ControlError::NotCalled(NotCalled {
            expected: self.request.to_string(),
            count: counted.count,
            forgotten: counted.forgotten,
            nearest: counted.nearest,
        }))
    }

    /// Forgets every call and every push of the sandbox, these or not.
    ///
    /// # Errors
    /// The emulator does not answer, or refuses: see [`ControlError`].
    pub async fn clear(&self) -> Result<(), ControlError> {
        let path = self.control.at("/calls");
        self.control.remote().send_empty(Method::DELETE, &path).await
    }

    /// Each of these calls from now on, as it comes. A sandbox that is followed is in use: its time to live begins when
    /// the stream is dropped.
    ///
    /// # Errors
    /// There is no such endpoint.
    pub async fn follow(&self) -> Result<CallStream, ControlError> {
        CallStream::open(&self.control, &self.request.filter().query()).await
    }

    async fn ask_now(&self) -> Result<Count, ControlError> {
        let now = CountRequest {
            at_least: None,
            within: None,
            ..self.request.clone()
        };
        self.ask(&now).await
    }

    async fn ask(&self, request: &CountRequest) -> Result<Count, ControlError> {
        let path = self.control.at("/calls/count");
        let patience = PATIENCE.saturating_add(request.within.map_or(Duration::ZERO, |within| within.0));
        let remote = self.control.remote();
        remote.send_patiently(Method::POST, &path, request, patience).await
    }
}

/// Calls as they come; see [`Calls::follow`].
#[derive(Debug)]
pub struct CallStream {
    remote: Remote,
    body: Incoming,
    events: Events,
}

impl CallStream {
    /// Follows the calls that a query asks for, as `/calls` takes it.
    pub(crate) async fn open(control: &Control, query: &str) -> Result<Self, ControlError> {
        let path = control.at(&format!("/calls/stream{query}"));
        let response = control.remote().open(&path).await?;
        Ok(Self {
            remote: control.remote().clone(),
            body: response.into_body(),
            events: Events::default(),
        })
    }

    /// Waits for the next call; `None` when the emulator stops or the sandbox is deleted.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn next(&mut self) -> Result<Option<CallInfo>, ControlError> {
        let Some(data) = self.next_data().await? else {
            return Ok(None);
        };
        read_answer(data.as_bytes())
            .map(Some)
            .map_err(|error| self.remote.unexpected(error.to_string()))
    }

    /// The next call as the server writes it.
    pub(crate) async fn next_data(&mut self) -> Result<Option<String>, ControlError> {
        loop {
            if let Some(data) = self.events.next() {
                return Ok(Some(data));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Ok(frame)) => self.events.push(&frame.into_data().unwrap_or_default()),
                Some(Err(error)) => return Err(self.remote.cut_off(error.to_string())),
            }
        }
    }
}

/// Server-sent events, put together from pieces.
#[derive(Debug, Default)]
struct Events {
    unread: Vec<u8>,
    data: String,
}

impl Events {
    fn push(&mut self, piece: &Bytes) {
        self.unread.extend_from_slice(piece);
    }

    /// The data of the next whole event.
    fn next(&mut self) -> Option<String> {
        while let Some(end) = memchr::memchr(b'\n', &self.unread) {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\n', '\r']);
            if let Some(data) = line.strip_prefix("data:") {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
            if line.is_empty() && !self.data.is_empty() {
                return Some(std::mem::take(&mut self.data));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::seconds;
    use crate::model::answer::from_value;

    fn calls() -> Calls {
        Control::connect("http://127.0.0.1:1").calls()
    }

    #[test]
    fn a_request_is_written_as_body_and_as_query() {
        let calls = calls().endpoint("!autoRevokeCS").login("a b").order(7).code(-4);
        assert_eq!(
            calls.request.filter().query(),
            "?endpoint=%21autoRevokeCS&loginName=a+b&orderNumber=7&code=-4"
        );
        assert_eq!(
            json!(calls.since(Timestamp::EPOCH).at_least(2).within(seconds(5)).request),
            json!({"endpoint": "!autoRevokeCS", "loginName": "a b", "orderNumber": 7, "code": -4,
                   "since": "1970-01-01T00:00:00Z", "atLeast": 2, "within": "5s"})
        );
        assert_eq!(CountRequest::default().filter().query(), "");
    }

    #[test]
    fn what_did_not_come_is_told_with_what_came_near() {
        let counted: Count = from_value(json!({
            "count": 1, "reached": false, "forgotten": 5,
            "nearest": [{
                "call": {"id": 3, "time": "1970-01-01T00:00:00Z", "realTime": "1970-01-01T00:00:00Z",
                         "sandbox": "default", "endpoint": "!autoRevokeCS", "loginName": "a", "orderNumber": 8,
                         "arguments": [{"name": "orderNumber", "value": "8"}], "status": 200, "code": -21,
                         "reply": "-21\n", "tookMicros": 12, "hint": "order 8 is revoked"},
                "differs": [{"field": "orderNumber", "wanted": "7", "found": "8"}, {"field": "code", "wanted": "0"}]
            }]
        }))
        .unwrap();
        let near = &counted.nearest[0].call;
        assert_eq!(near.argument("ORDERNUMBER"), Some("8"));
        assert_eq!((near.login_name.as_deref(), near.order_number), (Some("a"), Some(8)));
        let missing = NotCalled {
            expected: calls()
                .endpoint("!autoRevokeCS")
                .order(7)
                .at_least(2)
                .request
                .to_string(),
            count: counted.count,
            forgotten: counted.forgotten,
            nearest: counted.nearest,
        };
        assert_eq!(
            missing.to_string(),
            "expected at least 2 calls of !autoRevokeCS with orderNumber 7, found 1; earlier calls that the journal \
             no longer keeps: 5; near it is call 3 of !autoRevokeCS at 1970-01-01T00:00:00Z: orderNumber is 8, not 7, it has no code (0 was wanted); its hint: order 8 is revoked"
        );
    }

    #[test]
    fn events_are_put_together_from_pieces() {
        let mut events = Events::default();
        let text = ": hello\n\nid: 1\nevent: call\ndata: {\"a\":\r\ndata: 1}\n\nid: 2\ndata:x\n\n";
        let mut found = Vec::new();
        for byte in text.as_bytes() {
            events.push(&Bytes::copy_from_slice(&[*byte]));
            found.extend(events.next());
        }
        assert_eq!(found, ["{\"a\":\n1}", "x"]);
    }
}
