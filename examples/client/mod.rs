//! The client under test, as small as it can be: plain HTTP, one call.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Calls an endpoint as `login_name`, and gives the whole answer, head and body.
pub(crate) async fn call(base: &str, endpoint: &str, arguments: &[(&str, &str)]) -> std::io::Result<String> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("loginName", "login_name"), ("loginPassword", "login_password")])
        .extend_pairs(arguments)
        .finish();
    let address = base.trim_start_matches("http://");
    let mut tcp = TcpStream::connect(address).await?;
    let length = body.len();
    let request = format!(
        "POST /products/{endpoint} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    Ok(answer)
}
