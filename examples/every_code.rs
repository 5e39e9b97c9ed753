//! Produces every code of both endpoints.

use sectigo_emulator::Emulator;
use sectigo_emulator::catalogue::ENDPOINTS;
use sectigo_emulator::control::Fault;

mod client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let control = emulator.control();
    let client = client::Client::new(&emulator.url(), emulator.ca_pem())?;

    for endpoint in ENDPOINTS {
        for code in endpoint.codes {
            let fault = Fault::answer(code.number).on(endpoint.name).times(1);
            // Some messages name an argument; the others have no place for one.
            control.faults().add(fault.argument("orderNumber")).await?;
            let answer = client.call(endpoint.name, &[]).await?;
            println!(
                "{} {}: {}",
                endpoint.name,
                code.number,
                answer.lines().last().unwrap_or_default()
            );
        }
    }
    Ok(())
}
