//! Lets the network break, and heal.

use sectigo_emulator::Emulator;
use sectigo_emulator::control::Fault;

mod client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder().accept_plain_http(true).start().await?;
    let control = emulator.control();
    let url = emulator.http_url();

    let faults = [Fault::status(503), Fault::disconnect(), Fault::disconnect_mid_body()];
    for fault in faults {
        control.faults().add(fault.on("!autoRevokeCS").times(1)).await?;
    }
    for _ in 0..4 {
        let answer = client::call(&url, "!autoRevokeCS", &[("orderNumber", "2200003")]).await;
        println!("{answer:?}");
    }
    Ok(())
}
