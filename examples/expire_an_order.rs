//! Lets an order expire without waiting for it.

use sectigo_emulator::Emulator;
use sectigo_emulator::control::{Order, State, days};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let control = emulator.control();

    let order = control
        .orders()
        .create(Order::code_signing("login_name").issued().expires_in(days(3)))
        .await?;
    assert_eq!(order.state, State::Issued);

    let clock = control.clock().advance(days(4)).await?;
    let order = control.orders().show(order.order_number).await?;
    assert_eq!(order.state, State::Expired);
    println!("at {} order {} is {}", clock.now, order.order_number, order.state);
    Ok(())
}
