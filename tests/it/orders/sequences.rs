//! Any sequence of calls, against the table of states.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::harness::{Form, Server};

/// The states that a call can lead to or from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Pending,
    Issued,
    Replaced,
    Revoked,
    Rejected,
}

#[derive(Clone, Debug)]
struct Call {
    /// Which of the orders that there are by then.
    order: prop::sample::Index,
    replaces: bool,
    /// `revokeOldOrder` of a replacement, `includeInCRL` of a revocation.
    yes: bool,
    is_test: bool,
}

fn call() -> impl Strategy<Value = Call> {
    let flags = (
        any::<prop::sample::Index>(),
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.2),
    );
    flags.prop_map(|(order, replaces, yes, is_test)| Call {
        order,
        replaces,
        yes,
        is_test,
    })
}

/// The code of a call and the state after it: the table, word for word.
fn expected(call: &Call, is_smime: bool, state: State) -> (i32, State) {
    use State::{Issued, Pending, Rejected, Replaced, Revoked};

    if call.replaces != is_smime {
        return (-4, state);
    }
    if call.replaces {
        return match (state, call.yes) {
            (Pending, _) => (0, Pending),
            (Issued, true) => (0, Revoked),
            (Issued, false) => (0, Replaced),
            (Revoked, _) => (-21, Revoked),
            (Replaced | Rejected, _) => (-122, state),
        };
    }
    let (code, next) = match (state, call.yes) {
        (Pending, _) => (0, Rejected),
        (Issued | Replaced, true) => (0, Revoked),
        (Issued, false) => (0, Replaced),
        (Replaced, false) => (-34, Replaced),
        (Revoked, _) => (-21, Revoked),
        (Rejected, _) => (-20, Rejected),
    };
    (code, if call.is_test { state } else { next })
}

/// The orders of the built-in fixtures that calls can move, and whether they are S/MIME orders.
const ORDERS: [(u64, bool, State); 6] = [
    (1_100_001, true, State::Pending),
    (1_100_003, true, State::Issued),
    (1_234_567, true, State::Issued),
    (2_200_001, false, State::Pending),
    (2_200_003, false, State::Issued),
    (2_200_004, false, State::Replaced),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_calls_follows_the_table(calls in prop::collection::vec(call(), 1..60)) {
        let server = Server::plain(&[]);
        let mut client = server.client();
        let mut world: BTreeMap<u64, (bool, State)> =
            ORDERS.into_iter().map(|(number, is_smime, state)| (number, (is_smime, state))).collect();
        for call in &calls {
            let number = *world.keys().nth(call.order.index(world.len())).unwrap();
            let (is_smime, state) = world[&number];
            let (code, next) = expected(call, is_smime, state);
            let letter = if call.yes { "Y" } else { "N" };
            let answer = if call.replaces {
                client.replace(&Form::replace().order(number).set("revokeOldOrder", letter))
            } else {
                let form = Form::revoke().order(number).set("includeInCRL", letter);
                client.revoke(&form.set("test", if call.is_test { "Y" } else { "N" }))
            };
            prop_assert_eq!(answer.code(), code, "{:?} on {:?} order {}", call, state, number);
            if call.replaces && code == 0 && state == State::Issued {
                let is_new = world.insert(answer.order_number(), (true, State::Issued)).is_none();
                prop_assert!(is_new, "a number was given twice");
            } else if code == 0 {
                prop_assert_eq!(answer.text(), "0\n");
            }
            world.insert(number, (is_smime, next));
        }
    }
}
