//! Lets the network break, and heal.

use sectigo_emulator::Emulator;
use sectigo_emulator::control::Fault;

mod client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let control = emulator.control();
    let client = client::Client::new(&emulator.url(), emulator.ca_pem())?;

    let faults = [Fault::status(503), Fault::disconnect(), Fault::disconnect_mid_body()];
    for fault in faults {
        control.faults().add(fault.on("!autoRevokeCS").times(1)).await?;
    }
    for _ in 0..4 {
        let answer = client.call("!autoRevokeCS", &[("orderNumber", "2200003")]).await;
        println!("{answer:?}");
    }
    Ok(())
}
