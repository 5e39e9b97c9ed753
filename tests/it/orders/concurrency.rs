//! Calls at the same time.

use std::collections::HashSet;
use std::sync::Barrier;
use std::thread;

use crate::harness::{Form, Server};

/// An account with that many issued S/MIME orders, from number 1.
fn fixtures(orders: usize) -> String {
    let mut text = "[[accounts]]\nloginName = \"login_name\"\nloginPassword = \"login_password\"\n".to_owned();
    for number in 1..=orders {
        text += &format!(
            "[[orders]]\norderNumber = {number}\nloginName = \"login_name\"\nproduct = \"smime\"\nstate = \"issued\"\n"
        );
    }
    text
}

#[test]
fn replacements_at_the_same_time_get_numbers_of_their_own() {
    const THREADS: usize = 8;
    const EACH: usize = 25;
    let server = Server::plain_with_fixtures(&fixtures(THREADS * EACH), &[]);
    let start = Barrier::new(THREADS);
    let (server, start) = (&server, &start);
    let numbers: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    let mut client = server.client();
                    start.wait();
                    let mine = (thread * EACH + 1..).take(EACH);
                    let replace = |number: usize| client.replace(&Form::replace().order(number as u64)).order_number();
                    mine.map(replace).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let distinct: HashSet<_> = numbers.iter().collect();
    assert_eq!((numbers.len(), distinct.len()), (THREADS * EACH, THREADS * EACH));
    assert!(numbers.iter().all(|number| *number > (THREADS * EACH) as u64));
    // Each is an order.
    let mut client = server.client();
    for number in &numbers[..10] {
        client.replace(&Form::replace().order(*number)).order_number();
    }
}

#[test]
fn of_replacements_of_one_order_at_the_same_time_one_wins() {
    const THREADS: usize = 16;
    let server = Server::plain(&[]);
    let start = Barrier::new(THREADS);
    let mut codes: Vec<i32> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = server.client();
                    start.wait();
                    client.replace(&Form::replace()).code()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    codes.sort_unstable();
    let mut expected = [-122; THREADS];
    expected[THREADS - 1] = 0;
    assert_eq!(codes, expected);
}
