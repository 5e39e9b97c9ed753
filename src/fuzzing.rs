//! What the fuzz targets in `fuzz/` and the property tests run: any bytes in, invariants checked.

mod calls;
mod csr_der;
mod fixtures;
mod patch;
#[cfg(test)]
mod sequences;
mod spkac;

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::api::account::LoginName;
use crate::api::csr::Csr;
use crate::api::endpoints::{Answer, Call, ENDPOINTS, EXAMPLE_CSR, Endpoint, Transport};
use crate::api::order::state::{Order, OrderNumber, State};
use crate::api::protocol::argument::Arguments;
use crate::api::protocol::assumption::{ASSUMPTIONS, Assumptions};
use crate::api::protocol::form::Form;
use crate::api::protocol::format::Format;
use crate::api::world::World;
use crate::ca::ocsp::{CertStatus, OcspStatus, OcspTimes};
use crate::ca::{Authority, CaOptions, IssuerName, IssuingCa};
use crate::clock::{Timestamp, system_now};
use crate::der::read::Reader;
use crate::der::tag::SEQUENCE;
use crate::lock::lock;
use crate::model::{Fixtures, Start};
use crate::random::Random;
use crate::sandbox::call::CallNames;

pub use self::calls::{mask, multipart};
pub use self::csr_der::csr_der;
pub use self::fixtures::{fixtures, snapshot};
pub use self::patch::patch;
pub use self::spkac::spkac;

/// Checks an input of a target; it panics where an invariant does not hold.
pub type Check = fn(&[u8]);

/// The targets of `fuzz/` by their names.
pub const TARGETS: &[(&str, Check)] = &[
    ("csr", csr),
    ("csr_der", |input| drop(csr_der(input))),
    ("fixtures", fixtures),
    ("form", form),
    ("mask", mask),
    ("multipart", multipart),
    ("ocsp", ocsp),
    ("operations", operations),
    ("patch", patch),
    ("snapshot", snapshot),
    ("spkac", |input| drop(spkac(input))),
];

/// So many bytes of an input of [`form`] choose the assumptions. If there are more assumptions, a byte chooses for several:
/// a fixed number keeps the meaning of the kept inputs.
const CHOICES: usize = 10;

/// Orders that the world of [`operations`] may hold: a few more than the built-in fixtures make.
const MAX_ORDERS: usize = 24;

/// Any form is either taken or refused, under any assumptions, and its reply reads back.
pub fn form(input: &[u8]) {
    let (choices, text) = input.split_at(input.len().min(CHOICES));
    let mut assumptions = Assumptions::default();
    for (place, (row, choice)) in ASSUMPTIONS.iter().zip(choices.iter().cycle()).enumerate() {
        let choice = choice.rotate_right((place / CHOICES) as u32);
        let value = row.values[usize::from(choice) % row.values.len()];
        assumptions.set(row.name, value).expect("the value is the table's own");
    }
    let mut form = Form::default();
    form.push_urlencoded(text);
    for endpoint in ENDPOINTS {
        let mut arguments = Arguments::sort(endpoint.arguments, &form, &assumptions);
        let format = arguments.response_format(Format::Lines);
        let names = CallNames::read(&arguments);
        let is_short = |name: &str| name.chars().count() <= LoginName::MAX + 1;
        assert!(names.login_name.as_deref().is_none_or(is_short));
        let Err(refusal) = arguments.check(true) else {
            continue;
        };
        let conventions = crate::api::world::Conventions::from(assumptions);
        let reply = conventions.reply(endpoint.name, &refusal);
        // Format 0 cannot tell a message that ends in a line feed; a name can put one only inside the quotes.
        assert_eq!(format.parse(&format.render(&reply, &assumptions)), Ok(reply));
    }
}

/// Any text is judged, and a CSR that is taken is taken again in its plainest form.
pub fn csr(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(csr) = Csr::parse(&text) {
        assert_eq!(Csr::parse(&csr.to_pem()).as_ref(), Ok(&csr));
    }
}

/// Any OCSP request is answered, and the answer is DER. In the input twenty times `N` and `K` stand for the hashes of the
/// CA's name and key, which are others in each process.
pub fn ocsp(input: &[u8]) {
    static ISSUING: OnceLock<Arc<IssuingCa>> = OnceLock::new();
    let issuing = ISSUING.get_or_init(|| {
        let authority = Authority::open(&CaOptions::default(), system_now()).expect("it is made without files");
        authority.issuing_ca(IssuerName::Smime).expect("it is the first")
    });
    let mut input = input.to_vec();
    for (letter, hash) in [(b'N', issuing.subject_sha1), (b'K', issuing.public_key_sha1)] {
        while let Some(at) = input.windows(20).position(|window| *window == [letter; 20]) {
            input[at..at + 20].copy_from_slice(&hash);
        }
    }
    let now = Timestamp::from_unix_millis(1_800_000_000_000);
    let times = OcspTimes {
        produced_at: now,
        this_update: now,
        next_update: now,
    };
    let mut asked = 0;
    let answer = issuing.ocsp(&input, &times, |serial| {
        asked += 1;
        let reason = serial.last().copied();
        (serial.len() % 4 != 0).then_some(CertStatus::Revoked { at: now, reason })
    });
    assert!(asked <= 20);
    assert!(answer.status == OcspStatus::Successful || !answer.cacheable);
    let mut outer = Reader::new(&answer.der);
    let mut parts = outer.read(SEQUENCE).expect("an answer is DER");
    assert!(outer.is_empty());
    let status = parts.element().expect("a status comes first").content.bytes();
    assert_eq!(status, [answer.status as u8]);
    assert_eq!(parts.is_empty(), answer.status != OcspStatus::Successful);
}

/// Any sequence of calls and of waiting leaves the book consistent: a refused call changes nothing, and one that is
/// done changes what it should.
pub fn operations(input: &[u8]) {
    let mut now = Timestamp::from_unix_millis(1_800_000_000_000);
    let start = Start {
        real_now: now,
        issuance_delay: Duration::from_secs(u64::from(input.first().copied().unwrap_or_default()) * 60),
        max_orders: MAX_ORDERS,
    };
    let world = Fixtures::default()
        .build(&start, &mut Random::from_seed(1))
        .expect("the built-in fixtures are tested")
        .world;
    let world = Mutex::new(world);
    for operation in input.chunks_exact(3).take(64) {
        let [what, order, how] = operation else { continue };
        let number = pick(&world, *order);
        match what % 8 {
            0 => now = now.after(Duration::from_secs(u64::from(*how) * 6 * 60 * 60)),
            1..=3 => revoke(&world, now, &number, how % 2 == 0, how % 5 == 0),
            _ => replace(&world, now, &number, how % 2 == 0),
        }
    }
}

fn pick(world: &Mutex<World>, which: u8) -> Order {
    let world = lock(world);
    let place = usize::from(which) % world.book.len();
    world
        .book
        .iter()
        .nth(place)
        .expect("the place is within the book")
        .clone()
}

fn revoke(world: &Mutex<World>, now: Timestamp, order: &Order, include_in_crl: bool, test: bool) {
    let letter = |yes| if yes { "Y" } else { "N" };
    let number = order.number.to_string();
    let arguments = [
        ("orderNumber", &*number),
        ("revocationReason", "fuzzing"),
        ("includeInCRL", letter(include_in_crl)),
        ("test", letter(test)),
    ];
    let before = orders(world);
    let answer = call(world, now, "!autoRevokeCS", order, &arguments);
    let after = orders(world);
    if answer.code != Some(0) || test {
        assert_eq!(before, after, "{}", answer.hint);
        return;
    }
    let state = state_of(order.number, world, now);
    let expected = match (order.state_at(now), include_in_crl) {
        (State::Pending | State::Unpaid, _) => State::Rejected,
        (State::Issued, false) => State::Replaced,
        (State::Issued | State::Replaced, true) => State::Revoked,
        (State::Replaced, false)
        | (State::BeingIssued | State::Revoked | State::Rejected | State::Expired | State::OnHold, _) => {
            panic!("an order in this state cannot be revoked: {order:?}")
        }
    };
    assert_eq!(state, expected);
    assert_eq!(before.len(), after.len());
}

fn replace(world: &Mutex<World>, now: Timestamp, order: &Order, revoke_old_order: bool) {
    let number = order.number.to_string();
    let arguments = [
        ("orderNumber", &*number),
        ("csr", EXAMPLE_CSR),
        ("revokeOldOrder", if revoke_old_order { "Y" } else { "N" }),
    ];
    let before = orders(world);
    let answer = call(world, now, "!AutoReplaceSMIME", order, &arguments);
    let after = orders(world);
    if answer.code.is_none() {
        assert_eq!(before, after);
        assert_eq!((answer.status, before.len()), (503, MAX_ORDERS));
        return;
    }
    if answer.code != Some(0) {
        assert_eq!(before, after, "{}", answer.hint);
        return;
    }
    let state = state_of(order.number, world, now);
    match (order.state_at(now), revoke_old_order) {
        (State::Pending, _) => assert_eq!((after.len(), state), (before.len(), State::Pending)),
        (State::Issued, true) => assert_eq!((after.len(), state), (before.len() + 1, State::Revoked)),
        (State::Issued, false) => assert_eq!((after.len(), state), (before.len() + 1, State::Replaced)),
        (
            State::BeingIssued
            | State::Replaced
            | State::Revoked
            | State::Rejected
            | State::Expired
            | State::OnHold
            | State::Unpaid,
            _,
        ) => panic!("an order in this state cannot be replaced: {order:?}"),
    }
}

/// The state that an order has come to.
fn state_of(number: OrderNumber, world: &Mutex<World>, now: Timestamp) -> State {
    let world = lock(world);
    world.book.get(number).expect("orders never go").state_at(now)
}

fn call(world: &Mutex<World>, now: Timestamp, endpoint: &str, order: &Order, arguments: &[(&str, &str)]) -> Answer {
    let mut form = Form::default();
    form.push(&b"loginName"[..], order.login_name.as_str().as_bytes());
    form.push(&b"loginPassword"[..], &b"login_password"[..]);
    for (name, value) in arguments {
        form.push(name.as_bytes(), value.as_bytes());
    }
    let conventions = lock(world).conventions.clone();
    let endpoint = Endpoint::named(endpoint).expect("the endpoint is there");
    let answer = endpoint.answer(
        Call {
            transport: Transport {
                is_https: true,
                is_post: true,
            },
            arguments: Arguments::sort(endpoint.arguments, &form, &conventions.assumptions),
            conventions,
            fault: None,
        },
        |prepared| prepared(&mut lock(world), now),
    );
    if let Some(code) = answer.code {
        let body = std::str::from_utf8(&answer.body).expect("a reply is text");
        let reply = Format::Lines.parse(body).expect("a reply reads back");
        assert_eq!(reply.code(), code);
        assert!(code == 0 || endpoint.code(code).is_some());
    }
    answer
}

fn orders(world: &Mutex<World>) -> Vec<Order> {
    lock(world).book.iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_form(input: Vec<u8>) {
            form(&input);
        }

        #[test]
        fn any_csr(input: Vec<u8>) {
            csr(&input);
        }

        #[test]
        fn any_spkac(input: Vec<u8>) {
            spkac(&input);
        }

        #[test]
        fn any_ocsp_request(input: Vec<u8>) {
            ocsp(&input);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_sequence_of_operations(input in proptest::collection::vec(any::<u8>(), 3..192)) {
            operations(&input);
        }
    }
}
