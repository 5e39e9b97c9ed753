//! Asserts what was called, and shows what is told where it was not.

use sectigo_emulator::Emulator;
use sectigo_emulator::control::seconds;

mod client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let control = emulator.control();
    let client = client::Client::new(&emulator.url(), emulator.ca_pem())?;

    client.call("!autoRevokeCS", &[("orderNumber", "2200003")]).await?;

    let calls = control.calls().endpoint("!autoRevokeCS").order(2200003);
    assert_eq!(calls.clone().within(seconds(5)).expect().await?, 1);
    for call in calls.list().await? {
        println!("{} {} {:?}: {}", call.time, call.endpoint, call.code, call.hint);
    }
    if let Err(missing) = control.calls().order(2200004).expect().await {
        println!("{missing}");
    }
    Ok(())
}
