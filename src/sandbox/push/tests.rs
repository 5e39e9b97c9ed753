use std::sync::Arc;
use std::time::Duration;

use super::dues::MAX_DUE_AT_ONCE;
use super::hub::{MAX_BYTES_IN_ALL, MAX_WAITING_IN_ALL};
use super::queue::MAX_WAITING;
use super::*;
use crate::api::account::{Account, PushTarget};
use crate::api::endpoints::ENDPOINTS;
use crate::api::masking::MASK;
use crate::api::order::book::Book;
use crate::api::push::PushEvent;
use crate::clock::Timestamp;
use crate::sandbox::history::By;

use crate::api::http_url::HttpUrl;
use crate::api::order::state::{Order, OrderNumber, Stage, Validity};
use crate::api::world::{Accounts, Conventions, World};

const BY_CALL: By = By::Call(&ENDPOINTS[0], None);

fn at(second: u64) -> Timestamp {
    Timestamp::EPOCH.after(Duration::from_secs(second))
}

fn number(value: u64) -> OrderNumber {
    OrderNumber::new(value).unwrap()
}

fn due_at(order: u64, second: u64) -> Order {
    let validity = Validity {
        issued: at(second),
        expires: at(second + 10),
    };
    Order::plain(number(order), Stage::BeingIssued(Some(validity)))
}

/// A world with the account `a`, whose orders are pushed.
fn world() -> World {
    let mut account = Account::plain("a", "s3cret");
    account.push = Some(Arc::new(PushTarget {
        url: HttpUrl::parse("http://127.0.0.1:1/push?key=1").unwrap(),
        credentials: None,
        delivers_certificate: false,
        tells_of_collection: true,
    }));
    let mut accounts = Accounts::default();
    accounts.insert(account);
    World {
        book: Arc::new(Book::new(100, number(1))),
        accounts: Arc::new(accounts),
        conventions: Arc::new(Conventions::default()),
        issuance_delay: Duration::ZERO,
        serials: None,
        outbox: Default::default(),
    }
}

fn codes(pushes: &[Push]) -> Vec<(u64, i32)> {
    pushes.iter().map(|push| (push.order_number.get(), push.code)).collect()
}

#[test]
fn due_times_are_pushed_in_their_order_once_and_again_when_the_clock_was_set_back() {
    let mut world = world();
    for order in [due_at(1, 30), due_at(2, 20), due_at(3, 5), due_at(4, 40)] {
        world.book_mut().insert(order).unwrap();
    }
    let mut dues = None;
    let mut look = |world: &mut World, second| codes(&changes(world, &mut dues, at(second), BY_CALL));
    // What was there, and what was due before, is not pushed.
    assert_eq!(look(&mut world, 10), []);
    assert_eq!(look(&mut world, 19), []);
    world.book_mut().get_mut(number(4)).unwrap().stage = Stage::Rejected;
    // It was issued, and has expired since, which is not pushed.
    assert_eq!(look(&mut world, 35), [(4, 7), (2, 9), (1, 9)]);
    assert_eq!(look(&mut world, 1000), []);
    assert_eq!(look(&mut world, 25), []);
    assert_eq!(look(&mut world, 31), [(1, 9)]);
}

#[test]
fn many_orders_that_are_due_are_looked_at_one_part_after_the_other() {
    let mut world = world();
    let count = 2 * MAX_DUE_AT_ONCE as u64 + 1;
    world.book = Arc::new(Book::new(10_000, number(1)));
    for order in 1..=count {
        world.book_mut().insert(due_at(order, 30)).unwrap();
    }
    let mut dues = None;
    let mut look = |world: &mut World, second| {
        let pushes = changes(world, &mut dues, at(second), By::Control);
        (pushes.len(), next_due(dues.as_ref()))
    };
    assert_eq!(look(&mut world, 1), (0, Some(at(30))));
    assert_eq!(look(&mut world, 31), (MAX_DUE_AT_ONCE, Some(at(30))));
    // One that is changed meanwhile is pushed with its change.
    world.book_mut().get_mut(number(count)).unwrap().stage = Stage::Rejected;
    assert_eq!(look(&mut world, 32), (MAX_DUE_AT_ONCE + 2, None));
}

#[test]
fn orders_that_are_still_due_are_pushed_after_the_clock_was_set_back() {
    let mut world = world();
    let count = 2 * MAX_DUE_AT_ONCE as u64 + 1;
    world.book = Arc::new(Book::new(10_000, number(1)));
    for order in 1..=count {
        world.book_mut().insert(due_at(order, 30)).unwrap();
    }
    world.book_mut().insert(due_at(count + 1, 60)).unwrap();
    let mut dues = None;
    let looks = [1, 100, 50, 50, 50, 60].map(|second| {
        let pushes = changes(&mut world, &mut dues, at(second), By::Control);
        (pushes.len(), next_due(dues.as_ref()))
    });
    assert_eq!(
        looks,
        [
            (0, Some(at(30))),
            (MAX_DUE_AT_ONCE, Some(at(30))),
            (MAX_DUE_AT_ONCE, Some(at(30))),
            (1, Some(at(60))),
            (0, Some(at(60))),
            (1, None),
        ]
    );
}

#[test]
fn an_order_that_is_due_and_then_revoked_is_pushed_twice() {
    let mut world = world();
    world.book_mut().insert(due_at(1, 30)).unwrap();
    let mut dues = None;
    assert_eq!(codes(&changes(&mut world, &mut dues, at(1), BY_CALL)), []);
    let order = world.book_mut().get_mut(number(1)).unwrap();
    order.stage = Stage::Revoked(order.validity().unwrap());
    let pushes = changes(&mut world, &mut dues, at(31), BY_CALL);
    assert_eq!(codes(&pushes), [(1, 9), (1, 8)]);
}

#[test]
fn what_is_placed_is_no_change_and_without_a_target_nothing_is_watched() {
    let mut world = world();
    let mut dues = None;
    assert_eq!(codes(&changes(&mut world, &mut dues, at(1), By::Control)), []);
    let issued = |order| Order {
        stage: Stage::Issued(Validity {
            issued: at(0),
            expires: at(100),
        }),
        ..due_at(order, 1)
    };
    world.book_mut().insert(issued(1)).unwrap();
    assert_eq!(codes(&changes(&mut world, &mut dues, at(1), By::Control)), []);
    world.book_mut().insert(issued(2)).unwrap();
    assert_eq!(codes(&changes(&mut world, &mut dues, at(1), BY_CALL)), [(2, 9)]);
    world.accounts_mut().remove("a");
    assert_eq!(codes(&changes(&mut world, &mut dues, at(1), BY_CALL)), []);
    world.book_mut().insert(issued(3)).unwrap();
    assert!(dues.is_none() && !world.book.is_touched());
}

/// How many pushes wait, and how many bytes they take.
fn waiting(hub: &PushHub) -> (usize, usize) {
    let desk = hub.lock();
    (desk.waiting, desk.bytes)
}

fn pushes_of(world: &World, orders: impl IntoIterator<Item = u64>) -> Vec<Push> {
    let push = |order| Push::new(PushEvent::Issued, &due_at(order, 1), at(1), &world.accounts).unwrap();
    orders.into_iter().map(push).collect()
}

/// Takes the next push, for which there is a place.
fn take(pushes: &Pushes) -> Option<Taken> {
    match pushes.take(|_, _| true) {
        NextPush::Taken(taken) => Some(taken),
        NextPush::Nothing => None,
        NextPush::HeldBack => panic!("there is a place"),
    }
}

#[test]
fn no_push_of_an_order_overtakes_one_that_is_held_back() {
    let hub = Arc::new(PushHub::default());
    let pushes = Pushes::new("default".into(), hub);
    for push in pushes_of(&world(), [1, 1, 2]) {
        pushes.enqueue(push).unwrap();
    }
    assert!(matches!(pushes.take(|_, _| false), NextPush::HeldBack));
    let mut looked_at = 0;
    let next = pushes.take(|_, _| {
        looked_at += 1;
        looked_at > 1
    });
    let NextPush::Taken(taken) = next else {
        panic!("{next:?}")
    };
    assert_eq!(taken.push.order_number.get(), 2);
    assert_eq!(take(&pushes).unwrap().push.order_number.get(), 1);
    // Of order 1 one is on its way: the other is not even looked at.
    assert!(matches!(pushes.take(|_, _| false), NextPush::Nothing));
}

#[test]
fn pushes_of_an_order_go_one_after_the_other_and_few_of_a_sandbox_at_once() {
    let hub = Arc::new(PushHub::default());
    let pushes = Pushes::new("default".into(), hub.clone());
    for push in pushes_of(&world(), [1, 1, 2, 3, 4, 5]) {
        pushes.enqueue(push).unwrap();
    }
    assert_eq!(hub.next_ready().as_deref(), Some("default"));
    assert_eq!(hub.next_ready(), None);
    let mut taken: Vec<_> = std::iter::from_fn(|| take(&pushes)).collect();
    let order = |taken: &Taken| taken.push.order_number.get();
    assert_eq!(taken.iter().map(order).collect::<Vec<_>>(), [1, 2, 3, 4]);
    pushes.finish(&taken.remove(0));
    assert_eq!(hub.next_ready().as_deref(), Some("default"));
    let again = take(&pushes).unwrap();
    assert_eq!(order(&again), 1);
    assert!(take(&pushes).is_none());
    pushes.clear();
    let mut current = 0;
    pushes.unless_given_up(&again, || current += 1);
    assert_eq!((current, pushes.len(), hub.lock().waiting), (0, 0, 0));
    // What was given up does not free what came later.
    for push in pushes_of(&world(), [1, 1]) {
        pushes.enqueue(push).unwrap();
    }
    let later = take(&pushes).unwrap();
    pushes.finish(&again);
    assert!(take(&pushes).is_none());
    pushes.unless_given_up(&later, || current += 1);
    assert_eq!(current, 1);
}

#[test]
fn what_waits_is_bounded() {
    let hub = Arc::new(PushHub::default());
    let world = world();
    let sandboxes: Vec<_> = (0..MAX_WAITING_IN_ALL / MAX_WAITING + 1)
        .map(|name| Pushes::new(name.to_string().into(), hub.clone()))
        .collect();
    let fill = |pushes: &Pushes| {
        pushes_of(&world, (1..=MAX_WAITING as u64 + 1).collect::<Vec<_>>())
            .into_iter()
            .map(|push| pushes.enqueue(push).map_err(|(_, why)| why))
            .filter(Result::is_err)
            .count()
    };
    let (last, first) = sandboxes.split_last().unwrap();
    assert!(first.iter().all(|pushes| fill(pushes) == 1));
    assert_eq!(fill(last), MAX_WAITING + 1);
    drop(sandboxes);
    assert_eq!(waiting(&hub), (0, 0));
}

#[test]
fn the_bytes_of_what_waits_are_bounded() {
    let hub = Arc::new(PushHub::default());
    let pushes = Pushes::new("default".into(), hub.clone());
    let mut world = world();
    let account = world.accounts.get("a").unwrap().clone();
    let target = PushTarget {
        delivers_certificate: true,
        ..PushTarget::clone(account.push.as_ref().unwrap())
    };
    world.accounts_mut().insert(Account {
        push: Some(Arc::new(target)),
        ..account
    });
    let comment = "x".repeat(MAX_BYTES_IN_ALL / 10);
    let push = || {
        let mut order = due_at(1, 1);
        order.revocation = Some(Box::new(crate::api::order::state::Revocation {
            at: at(1),
            reason: crate::api::order::state::RevocationReason::Unspecified,
            comment: comment.as_str().into(),
        }));
        Push::new(PushEvent::Issued, &order, at(1), &world.accounts).unwrap()
    };
    let refused: Vec<_> = (0..12)
        .filter_map(|_| pushes.enqueue(push()).err())
        .map(|(_, why)| why)
        .collect();
    assert_eq!(
        refused,
        ["never sent: the pushes of all sandboxes that wait take 64 MiB already"; 3]
    );
    take(&pushes).unwrap();
    assert!(pushes.enqueue(push()).is_ok() && pushes.enqueue(push()).is_err());
    pushes.clear();
    assert_eq!(waiting(&hub), (0, 0));
}

#[test]
fn a_secret_in_a_reason_is_not_told() {
    let mut order = due_at(1, 1);
    order.revocation = Some(Box::new(crate::api::order::state::Revocation {
        at: at(1),
        reason: crate::api::order::state::RevocationReason::Unspecified,
        comment: "it is s3cret".into(),
    }));
    let push = Push::new(PushEvent::Rejected, &order, at(1), &world().accounts).unwrap();
    let masked = push.masked(&push.parameters);
    assert_eq!(masked.last().unwrap(), &("statusDesc", MASK.to_owned()));
    assert_eq!(push.parameters.last().unwrap().1, "Rejected: it is s3cret");
}

#[test]
fn a_secret_in_many_places_is_told_in_none() {
    let mut order = due_at(31_337, 1);
    order.revocation = Some(Box::new(crate::api::order::state::Revocation {
        at: at(1),
        reason: crate::api::order::state::RevocationReason::Unspecified,
        comment: "of another".into(),
    }));
    let mut accounts = Accounts::clone(&world().accounts);
    let push = accounts.get("a").unwrap().push.clone();
    accounts.insert(Account {
        push,
        ..Account::plain("a", "31337")
    });
    accounts.insert(Account::plain("b", "of another"));
    let push = Push::new(PushEvent::Rejected, &order, at(1), &accounts).unwrap();
    let masked = push.masked(&push.parameters);
    let is_masked = masked.iter().filter(|(_, value)| value == MASK);
    let names: Vec<_> = is_masked.map(|(name, _)| *name).collect();
    assert_eq!(names, ["orderNumber", "statusDesc"]);
}

#[test]
fn an_alarm_is_moved_and_goes_off_once() {
    let hub = Arc::new(PushHub::default());
    let pushes = Pushes::new("default".into(), hub.clone());
    pushes.set_alarm(Some(at(10)));
    pushes.set_alarm(Some(at(5)));
    assert_eq!(hub.next_alarm(), Some(at(5)));
    assert_eq!(hub.next_due(at(4)), None);
    assert_eq!(hub.next_due(at(6)).as_deref(), Some("default"));
    assert_eq!((hub.next_due(at(100)), hub.next_alarm()), (None, None));
    pushes.set_alarm(Some(at(20)));
    pushes.close();
    assert_eq!(hub.next_alarm(), None);
}

#[test]
fn what_comes_while_pushes_are_closed_leaves_nothing_behind() {
    let hub = Arc::new(PushHub::default());
    let world = world();
    for _ in 0..200 {
        let pushes = Pushes::new("default".into(), hub.clone());
        let coming = pushes_of(&world, 1..=100);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for (second, push) in (1..).zip(coming) {
                    pushes.enqueue(push).unwrap();
                    pushes.set_alarm(Some(at(second)));
                }
            });
            while pushes.len() == 0 {
                std::hint::spin_loop();
            }
            pushes.close();
        });
        assert_eq!((waiting(&hub), hub.next_alarm()), ((0, 0), None));
    }
}
