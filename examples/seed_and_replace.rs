//! Seeds an S/MIME order and replaces its CSR.

use rcgen::{CertificateParams, KeyPair};
use sectigo_emulator::Emulator;
use sectigo_emulator::control::Order;

mod client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start().await?;
    let control = emulator.control();
    let client = client::Client::new(&emulator.url(), emulator.ca_pem())?;

    let order = control.orders().create(Order::smime("login_name").issued()).await?;
    let number = order.order_number.to_string();
    let csr = CertificateParams::default()
        .serialize_request(&KeyPair::generate()?)?
        .pem()?;
    let answer = client
        .call("!AutoReplaceSMIME", &[("orderNumber", &number), ("csr", &csr)])
        .await?;
    println!("{answer}");
    Ok(())
}
