//! How a sandbox answers a call: from a form that comes to it, to an answer that is logged and entered in the journal.

use std::sync::Arc;

use crate::api::endpoints::{Answer, Call, Endpoint, Failure, Success};
use crate::api::fault::{Action, MetFault};
use crate::api::protocol::argument::Arguments;
use crate::api::protocol::code;
use crate::api::protocol::refusal::Refusal;
use crate::clock::{self, Timestamp};
use crate::sandbox::call::{self, CallNames, EntryDraft, IncomingCall};
use crate::sandbox::history::{By, CallChanges};
use crate::sandbox::journal::Entry;
use crate::sandbox::settle::Moment;
use crate::sandbox::{Sandbox, State};

/// The hint about a call whose certificate nobody waited for.
const NOT_WAITED_FOR: &str =
    "nobody was answered: the call ended before its certificate was made, as when its client leaves";

/// A call that was answered.
#[derive(Debug)]
pub(crate) struct AnsweredCall {
    /// What is answered.
    pub(crate) answer: Answer,
    /// What a fault shall do to the reply.
    pub(crate) action: Option<Action>,
    /// The call as the journal has it.
    pub(crate) entry: Arc<Entry>,
}

impl Sandbox {
    /// Answers a call of an endpoint, logs it and enters it in the journal.
    ///
    /// It is locked for moments: to see what it assumes, then which fault is met and what of the call may be shown, and
    /// again to do what was asked; whatever takes time happens in between.
    pub(crate) async fn answer(&self, incoming: &IncomingCall<'_>) -> AnsweredCall {
        let unfinished = self.handle(incoming);
        if !unfinished.collects() {
            return self.finish(incoming, unfinished);
        }
        let collecting = CollectingCall {
            sandbox: self,
            incoming,
            unfinished: Some(unfinished),
        };
        // Boxed, so that the other calls need no room for it.
        Box::pin(collecting.finish()).await
    }

    /// Does all that a call asks for but what takes time.
    fn handle<'f>(&self, incoming: &IncomingCall<'f>) -> UnfinishedCall<'f> {
        let real_now = clock::real_now();
        self.touch();
        let conventions = self.state().world.conventions.clone();
        let arguments = Arguments::sort(incoming.endpoint.arguments, incoming.form, &conventions.assumptions);
        let names = CallNames::read(&arguments);
        let (draft, met) = {
            let mut state = self.lock();
            let State {
                world,
                clock,
                faults,
                random,
                ..
            } = &mut *state;
            let bytes = faults.bytes();
            let met = faults.meet(incoming.endpoint, names.for_faults(&world.book), real_now, random);
            let draft = EntryDraft::of(&names, incoming.form, world, clock.now(real_now), real_now);
            if faults.bytes() != bytes {
                self.count_memory(&mut state);
            }
            (draft, met)
        };
        let answered_by = match met.as_ref().map(|met| &met.then) {
            Some(Action::Status { status, body }) => AnsweredBy::Gateway(Answer::of_gateway(
                *status,
                body.clone(),
                format!("a fault answered with HTTP status {status}"),
            )),
            then => {
                let call = Call {
                    transport: incoming.transport,
                    arguments,
                    conventions,
                    fault: then.and_then(|then| then.refusal(incoming.endpoint)),
                };
                self.act(incoming.endpoint, call, draft.time)
            }
        };
        UnfinishedCall {
            draft,
            met,
            answered_by,
        }
    }

    /// Has the endpoint do what a call asks for that came at that time.
    fn act<'f>(&self, endpoint: &'static Endpoint, mut call: Call<'f>, mut now: Timestamp) -> AnsweredBy<'f> {
        let mut changed = None;
        let done = endpoint.act(&mut call, |prepared| {
            // The time is taken under the lock, so that no call sees an earlier one than the call before it.
            let mut state = self.lock();
            let at = Moment::of(&state.clock);
            now = at.now;
            let done = prepared(&mut state.world, now);
            changed = self.settle(&mut state, at, By::Call(endpoint, None));
            done
        });
        AnsweredBy::Endpoint {
            call,
            done,
            now,
            changed,
        }
    }

    /// Attaches the certificates that a call collects, which takes time: nothing is locked meanwhile.
    async fn attach_certificates(&self, done: &mut Result<Success, Failure>, now: Timestamp) {
        let Ok(collecting) = done else { return };
        let Some(collection) = collecting.collection() else {
            return;
        };
        match self.certificates.collect(collection, now).await {
            Ok(collected) => collecting.attach(&collected),
            Err(why) => *done = Err(Refusal::new(&code::NOT_MADE, why.to_string()).into()),
        }
    }

    /// Answers a call for which all is done, logs it and enters it in the journal.
    fn finish(&self, incoming: &IncomingCall<'_>, unfinished: UnfinishedCall<'_>) -> AnsweredCall {
        let UnfinishedCall {
            draft,
            met,
            answered_by,
        } = unfinished;
        let (mut answer, changed) = match answered_by {
            AnsweredBy::Gateway(answer) => (answer, None),
            AnsweredBy::Endpoint {
                call,
                done,
                now: _,
                changed,
            } => (incoming.endpoint.reply(&call, done), changed),
        };
        let entry = draft.complete(incoming, &mut answer, met.as_ref(), self);
        call::log(&entry, &self.name, answer.is_worth_a_warning);
        let entry = self.journal.enter(entry);
        if let Some(changes) = changed {
            self.history.number_call(changes, entry.id);
        }
        AnsweredCall {
            entry,
            answer,
            action: met.map(|met| met.then),
        }
    }
}

/// A call for which all is done but what takes time: the certificates that it collects are still to be attached.
#[derive(Debug)]
struct UnfinishedCall<'f> {
    draft: EntryDraft,
    met: Option<MetFault>,
    answered_by: AnsweredBy<'f>,
}

impl UnfinishedCall<'_> {
    /// Whether certificates are still to be attached.
    fn collects(&self) -> bool {
        match &self.answered_by {
            AnsweredBy::Gateway(_) => false,
            AnsweredBy::Endpoint { done, .. } => done.as_ref().is_ok_and(|done| done.collection().is_some()),
        }
    }
}

/// A call whose certificates are being made. What it has changed is done, so it is logged and entered in the journal also if
/// it is dropped before they are made.
struct CollectingCall<'s, 'f> {
    sandbox: &'s Sandbox,
    incoming: &'s IncomingCall<'f>,
    /// None once it is finished.
    unfinished: Option<UnfinishedCall<'f>>,
}

impl CollectingCall<'_, '_> {
    /// Attaches the certificates, and finishes the call.
    async fn finish(mut self) -> AnsweredCall {
        let unfinished = self.unfinished.as_mut().expect("it is not finished yet");
        if let AnsweredBy::Endpoint { done, now, .. } = &mut unfinished.answered_by {
            self.sandbox.attach_certificates(done, *now).await;
        }
        let unfinished = self.unfinished.take().expect("it is not finished yet");
        self.sandbox.finish(self.incoming, unfinished)
    }
}

impl Drop for CollectingCall<'_, '_> {
    fn drop(&mut self) {
        let Some(mut unfinished) = self.unfinished.take() else {
            return;
        };
        if let AnsweredBy::Endpoint { done, .. } = &mut unfinished.answered_by {
            *done = Err(Refusal::new(&code::NOT_MADE, NOT_WAITED_FOR).into());
        }
        self.sandbox.finish(self.incoming, unfinished);
    }
}

/// Who answers a call, and with what.
#[derive(Debug)]
enum AnsweredBy<'f> {
    /// A gateway before the API, which a fault plays.
    Gateway(Answer),
    /// The endpoint.
    Endpoint {
        call: Call<'f>,
        /// What came of the call.
        done: Result<Success, Failure>,
        /// When it was done, by the sandbox's clock.
        now: Timestamp,
        /// The states of orders that it has changed.
        changed: Option<CallChanges>,
    },
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::api::endpoints::Transport;
    use crate::api::fault::Fault;
    use crate::api::protocol::form::Form;
    use crate::ca::{Authority, CaKey, CaOptions};
    use crate::clock::system_now;
    use crate::model::Fixtures;
    use crate::sandbox::certificates::Issuance;
    use crate::sandbox::list::{Sandboxes, Settings};

    /// Sandboxes whose certificates take their time.
    fn sandboxes() -> Sandboxes {
        let settings = Settings {
            max_orders: 100,
            ..Settings::small(Fixtures::default())
        };
        let options = CaOptions {
            dir: None,
            key: CaKey::EcP384,
        };
        let authority = Authority::open(&options, system_now()).unwrap();
        Sandboxes::new(settings, None, Arc::new(Issuance::new(authority))).unwrap()
    }

    /// The arguments of a call that collects a certificate.
    fn form() -> Form<'static> {
        let mut form = Form::default();
        for (name, value) in [
            ("loginName", "login_name"),
            ("loginPassword", "login_password"),
            ("orderNumber", "1234567"),
            ("queryType", "1"),
        ] {
            form.push(name.as_bytes(), value.as_bytes());
        }
        form
    }

    fn incoming<'f>(form: &'f Form<'f>) -> IncomingCall<'f> {
        let transport = Transport {
            is_https: true,
            is_post: true,
        };
        let endpoint = Endpoint::named("download/CollectSMIME").unwrap();
        IncomingCall::of_emulator(endpoint, transport, form)
    }

    #[tokio::test]
    async fn the_body_of_a_fault_counts_until_the_fault_is_gone() {
        let sandboxes = sandboxes();
        let sandbox = sandboxes.default_sandbox();
        let then = Action::Status {
            status: 502,
            body: vec![b'x'; 1000].into(),
        };
        let fault = Fault {
            endpoint: None,
            login_name: None,
            order_number: None,
            skip: 0,
            times: Some(1),
            probability: None,
            until: None,
            then,
        };
        sandbox.change(|state| state.faults.add(fault));
        assert_eq!(sandbox.memory_budget.taken(), 1000);
        let answered = sandbox.answer(&incoming(&form())).await;
        assert_eq!((answered.answer.status, sandbox.memory_budget.taken()), (502, 0));
    }

    #[tokio::test]
    async fn a_call_whose_client_leaves_is_in_the_journal() {
        let sandboxes = sandboxes();
        let sandbox = sandboxes.default_sandbox();
        let form = form();
        let incoming = incoming(&form);
        assert!(sandbox.answer(&incoming).now_or_never().is_none());
        let entry = sandbox.journal.get(1).expect("it is there");
        assert_eq!(entry.code, Some(code::NOT_MADE.number));
        assert!(entry.hint.contains(NOT_WAITED_FOR), "{}", entry.hint);
        // One that is waited for is there once.
        let answered = sandbox.answer(&incoming).await;
        assert_eq!((answered.entry.id, answered.answer.code), (2, Some(2)));
        assert!(sandbox.journal.get(3).is_none());
    }
}
