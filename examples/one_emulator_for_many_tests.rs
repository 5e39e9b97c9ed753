//! One emulator for all tests of a program, and a sandbox of its own for each test.
//!
//! `cargo test --example one_emulator_for_many_tests` runs the tests.

use std::sync::LazyLock;

use crate::client::Client;
use sectigo_emulator::Emulator;
use sectigo_emulator::control::{Control, NewSandbox, Order, State, days, minutes};

mod client;

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Each `#[tokio::test]` has a runtime, which ends with the test; so the emulator has one of its own.
static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| Emulator::start_blocking().expect("the emulator starts"));

/// A sandbox that no other test knows, and a client of it.
async fn sandbox() -> Result<(Control, Client)> {
    let new = NewSandbox::unnamed().ttl(minutes(10));
    let sandbox = EMULATOR.control().sandboxes().create(new).await?;
    let url = format!("{}{}", EMULATOR.url(), sandbox.path());
    Ok((sandbox, Client::new(&url, EMULATOR.ca_pem())?))
}

/// The arguments of a revocation.
const REVOCATION: [(&str, &str); 3] = [("orderNumber", "7"), ("revocationReason", "lost"), ("codeReason", "1")];

#[cfg_attr(test, tokio::test)]
async fn an_order_is_revoked() -> Result {
    let (sandbox, client) = sandbox().await?;
    let order = Order::code_signing("login_name").number(7).issued();
    sandbox.orders().create(order).await?;
    let answer = client.call("!autoRevokeCS", &REVOCATION).await?;
    assert!(answer.ends_with("\r\n\r\n0\n"), "{answer}");
    assert_eq!(sandbox.orders().show(7).await?.state, State::Revoked);
    Ok(())
}

#[cfg_attr(test, tokio::test)]
async fn an_order_of_the_same_number_has_expired() -> Result {
    let (sandbox, client) = sandbox().await?;
    let order = Order::code_signing("login_name").number(7).issued();
    sandbox.orders().create(order).await?;
    sandbox.clock().advance(days(400)).await?;
    let answer = client.call("!autoRevokeCS", &REVOCATION).await?;
    assert!(answer.contains("\r\n\r\n-35\n"), "{answer}");
    Ok(())
}

/// `cargo run --example one_emulator_for_many_tests` does what the tests do.
#[cfg(not(test))]
#[tokio::main]
async fn main() -> Result {
    an_order_is_revoked().await?;
    an_order_of_the_same_number_has_expired().await?;
    println!("both went well at {}", EMULATOR.url());
    Ok(())
}
