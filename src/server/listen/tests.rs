//! Each behaviour at the socket, with short limits, where possible checked by curl and openssl.

mod full;

use std::convert::Infallible;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2 as h2_client;
use hyper::service::service_fn;
use hyper::{StatusCode, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tracing::subscriber::DefaultGuard;

use super::*;
use crate::ca::CaKey;
use crate::ca::root::Root;
use crate::server::stop::Stopper;
use crate::server::tls::{Tls, TlsOptions};

const READ_TIMEOUT: Duration = Duration::from_millis(300);

/// Longer than anything takes that is not stuck, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A served listener, and the log of this thread, on which the test's runtime runs everything.
struct Server {
    address: SocketAddr,
    stopper: Stopper,
    serving: JoinHandle<()>,
    log: Log,
    ca_pem: Option<String>,
    _guard: DefaultGuard,
}

impl Server {
    fn plain() -> Self {
        Self::start(
            None,
            Limits {
                read_timeout: READ_TIMEOUT,
                connections: 64,
                grace: Duration::from_millis(400),
            },
        )
    }

    fn tls() -> Self {
        Self::tls_within(READ_TIMEOUT)
    }

    /// One that waits for clients so long that a busy machine makes none of them late.
    fn patient_tls() -> Self {
        Self::tls_within(PATIENCE)
    }

    fn tls_within(read_timeout: Duration) -> Self {
        let tls = Tls::load(&TlsOptions::default(), &root(), NOW).unwrap();
        Self::start(
            Some(tls),
            Limits {
                read_timeout,
                connections: 64,
                grace: Duration::from_millis(400),
            },
        )
    }

    fn start(tls: Option<Tls>, limits: Limits) -> Self {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, stopper) = (listener.local_addr(), Stopper::new());
        let ca_pem = tls.as_ref().and_then(|tls| tls.ca_pem.clone());
        let name = if tls.is_some() { "https" } else { "http" };
        let config = tls.map(|tls| tls.config);
        let serving = tokio::spawn(listener.serve(name, config, service_fn(answer), limits, stopper.signal()));
        Self {
            address,
            stopper,
            serving,
            log,
            ca_pem,
            _guard: guard,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn connect_tls(&self, alpn: &[u8]) -> tokio_rustls::client::TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.ca_pem.as_ref().unwrap().as_bytes()).unwrap();
        roots.add(root).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        // The certificate is made for a fixed time and the client's clock is real.
        config.time_provider = Arc::new(FixedTime);
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, self.connect().await)
            .await
            .unwrap()
    }

    /// Sends, then reads until the server closes. An error is a reset.
    async fn exchange(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut client = self.connect().await;
        client.write_all(bytes).await?;
        read_all(&mut client).await
    }

    /// Stops, and returns how long that took.
    async fn stop(self) -> Duration {
        let start = Instant::now();
        self.stopper.stop();
        self.serving.await.unwrap();
        start.elapsed()
    }
}

const NOW: OffsetDateTime = datetime!(2030-01-01 12:00 UTC);

fn root() -> Root {
    Root::generate(CaKey::EcP256, NOW).unwrap()
}

#[derive(Debug)]
struct FixedTime;

impl rustls::time_provider::TimeProvider for FixedTime {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let seconds = u64::try_from(NOW.unix_timestamp()).unwrap();
        Some(rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(
            seconds,
        )))
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The lines that a user sees by default.
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines()
            .filter(|line| !line.contains("DEBUG"))
            .map(ToOwned::to_owned)
            .collect()
    }

    async fn assert_one(&self, expected: &str) {
        // The line comes when the connection is over, and it lingers for the client.
        let first = async {
            while self.lines().is_empty() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, first).await.expect("no line comes");
        // One more would come with it.
        sleep(Duration::from_millis(30)).await;
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains(expected), "{lines:#?}");
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The service under the listener: refuses bodies of more than 1 MiB unread, as the real one does.
async fn answer(request: Request<Received>) -> Result<Response<Body>, Infallible> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    let mut response = Response::new(Body::from("ok"));
    if length > 1 << 20 {
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        *response.body_mut() = Body::from("too large");
        if request.version() == hyper::Version::HTTP_11 {
            response
                .headers_mut()
                .insert(header::CONNECTION, "close".parse().unwrap());
        }
        return Ok(response);
    }
    match request.uri().path() {
        "/slow" => sleep(Duration::from_millis(150)).await,
        "/late" => sleep(READ_TIMEOUT * 4).await,
        "/slowly" => {
            let pieces = stream::iter(0..2).then(|_| async {
                sleep(READ_TIMEOUT * 3).await;
                Ok::<_, Infallible>("ok")
            });
            *response.body_mut() = Body::from_stream(pieces);
        }
        "/never" => sleep(Duration::from_secs(3600)).await,
        "/huge" => *response.body_mut() = Body::from(vec![b'x'; 64 << 20]),
        _ => {}
    }
    let _ = request.into_body().collect().await;
    Ok(response)
}

async fn read_all(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut answer = vec![];
    timeout(PATIENCE, client.read_to_end(&mut answer))
        .await
        .expect("the server closes")?;
    Ok(answer)
}

/// Reads one response of the service above.
async fn read_ok(client: &mut (impl AsyncRead + Unpin)) {
    let mut answer = vec![];
    while !answer.ends_with(b"ok") {
        assert_ne!(
            timeout(PATIENCE, client.read_buf(&mut answer)).await.unwrap().unwrap(),
            0
        );
    }
}

/// Runs curl on another thread, as this one must serve meanwhile.
async fn curl(args: &[&str]) -> Output {
    let mut command = Command::new("curl");
    command.arg("-s").args(args);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

fn text(answer: &[u8]) -> &str {
    std::str::from_utf8(answer).unwrap()
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn serves_plain_http_and_keeps_the_connection() {
    let server = Server::plain();
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.write_all(GET).await.unwrap();
        read_ok(&mut client).await;
    }
    drop(client);
    assert!(server.log.lines().is_empty());
}

#[tokio::test]
async fn a_client_that_closes_its_side_early_still_gets_the_answer() {
    let server = Server::plain();
    let mut client = server.connect().await;
    client
        .write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    client.shutdown().await.unwrap();
    assert!(text(&read_all(&mut client).await.unwrap()).ends_with("ok"));
}

#[tokio::test]
async fn leading_empty_lines_are_http() {
    let server = Server::plain();
    let answer = server.exchange(b"\r\n\r\nGET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(text(&answer).ends_with("ok"));
}

#[tokio::test]
async fn what_is_not_http_is_closed_without_an_answer_and_leaves_one_line() {
    let cases: [(&[u8], &str); 5] = [
        (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            "spoke TLS to the plain HTTP port",
        ),
        (b"\x16", "spoke TLS to the plain HTTP port"),
        (b"\x00\x01\x02\x03", "sent what is not HTTP"),
        (b"\xff\xfe garbage \r\n\r\n", "sent what is not HTTP"),
        (b"(GET / HTTP/1.1\r\n\r\n", "sent what is not HTTP"),
    ];
    for (bytes, expected) in cases {
        let server = Server::plain();
        let mut bytes = bytes.to_vec();
        for _ in 0..2 {
            assert_eq!(server.exchange(&bytes).await.expect("no reset"), b"");
            server.log.assert_one(expected).await;
            server.log.assert_one("listener=\"http\" peer=127.0.0.1:").await;
            server.log.0.lock().unwrap().clear();
            // Once more, with many unread bytes.
            bytes.resize(100_000, 7);
        }
    }
}

#[tokio::test]
async fn what_hyper_finds_malformed_leaves_one_line() {
    let cases: [(&[u8], &str); 4] = [
        (b"garbage\r\n\r\n", "400 Bad Request"),
        (b"GET / HTTP/3.7\r\n\r\n", "400 Bad Request"),
        (b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "400 Bad Request"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
    ];
    for (bytes, expected) in cases {
        let server = Server::plain();
        let answer = server.exchange(bytes).await.expect("no reset");
        assert!(
            text(&answer).contains(expected) && answer.is_empty() == expected.is_empty(),
            "{}",
            text(&answer)
        );
        server.log.assert_one("sent what is not a request of HTTP/1.1").await;
    }
}

#[tokio::test]
async fn heads_of_64_kib_work_and_longer_ones_are_refused() {
    let server = Server::plain();
    let head = |target: usize, header: usize| {
        format!(
            "GET /{} HTTP/1.1\r\nConnection: close\r\nX: {}\r\n\r\n",
            "a".repeat(target),
            "b".repeat(header)
        )
    };
    let status = async |target, header| {
        let answer = server
            .exchange(head(target, header).as_bytes())
            .await
            .expect("no reset");
        text(&answer)[9..12].to_owned()
    };
    assert_eq!(status(65_000, 0).await, "200");
    assert_eq!(status(65_000, 20_000).await, "200");
    assert!(server.log.lines().is_empty());
    assert_eq!(status(66_000, 0).await, "414");
    assert_eq!(status(10, 120_000).await, "431");
    assert_eq!(status(10, 5_000_000).await, "431");
    sleep(Duration::from_millis(30)).await;
    assert_eq!(server.log.lines().len(), 3, "{:#?}", server.log.lines());
}

#[tokio::test]
async fn slow_idle_and_half_sent_heads_are_cut() {
    for bytes in [&b""[..], b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", GET] {
        let server = Server::plain();
        let start = Instant::now();
        server.exchange(bytes).await.expect("no reset");
        assert!(start.elapsed() >= READ_TIMEOUT, "{:?}", start.elapsed());
        assert!(server.log.lines().is_empty());
    }
}

#[tokio::test]
async fn a_head_that_drips_is_cut() {
    let server = Server::plain();
    let start = Instant::now();
    let mut client = server.connect().await;
    client.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let (mut read, mut write) = client.split();
    let drip = async {
        while write.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
        // The reader learns of it as well.
        std::future::pending().await
    };
    tokio::select! {
        // Closed or reset, as bytes may be on their way; it fails where neither comes.
        _ = read_all(&mut read) => {}
        () = drip => {}
    }
    assert!(start.elapsed() >= READ_TIMEOUT, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut() {
    let server = Server::plain();
    let mut client = server.connect().await;
    client
        .write_all(b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    sleep(READ_TIMEOUT * 3).await;
    // Only what the kernel had buffered, which is much less than the whole.
    let mut taken = vec![];
    let _ = client.read_to_end(&mut taken).await;
    assert!(taken.len() < 64 << 20, "{}", taken.len());
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_no_line() {
    for bytes in [
        &b""[..],
        b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc",
        GET,
    ] {
        let server = Server::plain();
        for reset in [false, true] {
            let mut client = server.connect().await;
            client.write_all(bytes).await.unwrap();
            if reset {
                client.set_zero_linger().unwrap();
            }
            drop(client);
        }
        sleep(Duration::from_millis(50)).await;
        // hyper responds 400 to half a head, but only malformed bytes are logged.
        assert!(server.log.lines().is_empty(), "{:#?}", server.log.lines());
    }
}

fn large(length: usize) -> Vec<u8> {
    let mut request = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    request.resize(request.len() + length, b'a');
    request
}

#[tokio::test]
async fn a_client_that_sends_on_can_read_the_413() {
    let server = Server::plain();
    let answer = server.exchange(&large(20 << 20)).await.expect("no reset");
    assert!(text(&answer).starts_with("HTTP/1.1 413"), "{}", text(&answer));
    assert!(text(&answer).ends_with("too large"));
    assert!(server.log.lines().is_empty());
}

#[tokio::test]
async fn a_client_that_sends_on_can_read_the_413_over_tls() {
    let server = Server::tls();
    let mut client = server.connect_tls(b"http/1.1").await;
    client.write_all(&large(20 << 20)).await.unwrap();
    // An end without a close_notify would be an error.
    let answer = read_all(&mut client).await.expect("no reset, close_notify");
    assert!(text(&answer).starts_with("HTTP/1.1 413"), "{}", text(&answer));
}

#[tokio::test]
async fn a_client_that_sends_for_ever_is_cut_after_its_413() {
    let server = Server::plain();
    let mut client = server.connect().await;
    client
        .write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000000\r\n\r\n")
        .await
        .unwrap();
    let start = Instant::now();
    while client.write_all(&[b'a'; 1000]).await.is_ok() {
        sleep(Duration::from_millis(10)).await;
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn curl_reads_the_413() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("20MB");
    std::fs::write(&file, vec![b'a'; 20_000_000]).unwrap();
    for (server, scheme, extra) in [
        (Server::plain(), "http", "-s"),
        (Server::tls(), "https", "--http1.1"),
        (Server::tls(), "https", "--http2"),
    ] {
        let (body, url) = (
            format!("@{}", file.display()),
            format!("{scheme}://{}/", server.address),
        );
        let output = curl(&["-k", extra, "-w", " %{http_code}", "--data-binary", &body, &url]).await;
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "too large 413",
            "{output:?} {extra}"
        );
        assert!(server.log.lines().is_empty(), "{:#?}", server.log.lines());
    }
}

#[tokio::test]
async fn serves_tls_with_http_1_and_http_2() {
    let server = Server::tls();
    for (option, version) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let url = format!("https://{}/", server.address);
        let output = curl(&["-k", option, "-w", " %{http_version}", &url]).await;
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("ok {version}"));
    }
    assert!(server.log.lines().is_empty());
}

#[tokio::test]
async fn what_is_not_tls_is_closed_without_an_answer_and_leaves_one_line() {
    let cases: [(&[u8], &str); 3] = [
        (GET, "spoke plain HTTP to the TLS port"),
        (b"\x80\x00garbage", "sent what is not TLS"),
        (b"\x00", "sent what is not TLS"),
    ];
    for (bytes, expected) in cases {
        let server = Server::tls();
        assert_eq!(server.exchange(bytes).await.expect("no reset"), b"");
        server.log.assert_one(expected).await;
    }
}

#[tokio::test]
async fn failed_and_stalled_handshakes_leave_one_line() {
    let server = Server::patient_tls();
    server.exchange(b"\x16\x03\x01\x00\x05garbage").await.expect("no reset");
    server.log.assert_one("failed the TLS handshake").await;

    // Whoever stalls is closed soon: the exchange fails if it takes five seconds.
    let server = Server::tls();
    let _ = server.exchange(b"\x16\x03\x01\x02\x00\x01").await;
    server.log.assert_one("did not finish the TLS handshake in time").await;

    // curl does not trust the certificate.
    let server = Server::patient_tls();
    let url = format!("https://{}/", server.address);
    let output = curl(&[&url]).await;
    assert_eq!(output.status.code(), Some(60));
    server.log.assert_one("the client does not trust the CA").await;
}

#[tokio::test]
async fn http_2_connections_without_calls_are_closed() {
    // A client that does not speak HTTP/2, and one that sends half a preface.
    for bytes in [&b""[..], b"PRI * HTTP/2.0\r\n"] {
        let server = Server::tls();
        let mut client = server.connect_tls(b"h2").await;
        client.write_all(bytes).await.unwrap();
        let _ = read_all(&mut client).await;
    }
    // A correct client without calls.
    let server = Server::tls();
    let io = TokioIo::new(server.connect_tls(b"h2").await);
    let (mut calls, connection) = h2_client::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), io)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::get("https://localhost/").body(Empty::new()).unwrap();
    assert_eq!(calls.send_request(request).await.unwrap().status(), 200);
    timeout(READ_TIMEOUT * 4, connection)
        .await
        .expect("closed")
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn an_http_2_connection_stays_while_a_call_is_answered() {
    let server = Server::tls();
    let connect = async || {
        let io = TokioIo::new(server.connect_tls(b"h2").await);
        let (calls, connection) = h2_client::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), io)
            .await
            .unwrap();
        (calls, tokio::spawn(connection))
    };
    let request = |path| {
        Request::get(format!("https://localhost{path}"))
            .body(Empty::new())
            .unwrap()
    };
    for (path, expected) in [("/late", "ok"), ("/slowly", "okok")] {
        let (mut calls, connection) = connect().await;
        let answer = calls.send_request(request(path)).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, expected, "{path}");
        timeout(READ_TIMEOUT * 4, connection)
            .await
            .expect("closed")
            .unwrap()
            .unwrap();
    }
    // But it does not stay for a peer that does not read its response.
    let (mut calls, connection) = connect().await;
    let unread = calls.send_request(request("/huge")).await.unwrap();
    drop(timeout(READ_TIMEOUT * 5, connection).await.expect("closed").unwrap());
    drop(unread);
}

#[tokio::test]
async fn garbage_in_place_of_http_2_leaves_one_line() {
    let server = Server::tls();
    let mut client = server.connect_tls(b"h2").await;
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    let _ = read_all(&mut client).await;
    server.log.assert_one("broke the HTTP/2 protocol").await;
}

#[tokio::test]
async fn past_the_bound_connections_wait() {
    let limits = Limits {
        read_timeout: Duration::from_secs(5),
        connections: 2,
        grace: Duration::ZERO,
    };
    let server = Server::start(None, limits);
    let (first, mut second, mut third) = (server.connect().await, server.connect().await, server.connect().await);
    second.write_all(GET).await.unwrap();
    read_ok(&mut second).await;
    third.write_all(GET).await.unwrap();
    let mut byte = [0];
    assert!(
        timeout(Duration::from_millis(100), third.read(&mut byte))
            .await
            .is_err(),
        "waits"
    );
    drop(first);
    read_ok(&mut third).await;
}

#[tokio::test]
async fn a_stop_closes_idle_connections_and_finishes_calls() {
    let server = Server::plain();
    let address = server.address;
    let (mut idle, mut fresh, mut busy) = (server.connect().await, server.connect().await, server.connect().await);
    idle.write_all(GET).await.unwrap();
    read_ok(&mut idle).await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(20)).await;
    let answer = tokio::spawn(async move { read_all(&mut busy).await });
    let took = server.stop().await;
    assert!(took < Duration::from_millis(300), "{took:?}");
    assert!(text(&answer.await.unwrap().unwrap()).ends_with("ok"));
    assert_eq!(read_all(&mut idle).await.unwrap(), b"");
    assert_eq!(read_all(&mut fresh).await.unwrap(), b"");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_stop_answers_what_has_already_arrived() {
    let server = Server::plain();
    let mut client = server.connect().await;
    client.write_all(GET).await.unwrap();
    // The accept loop and the connection run only now, on this thread.
    tokio::task::yield_now().await;
    server.stop().await;
    let answer = read_all(&mut client).await;
    assert!(answer.is_err() || text(&answer.unwrap()).ends_with("ok"));
}

#[tokio::test]
async fn a_stop_never_waits_longer_than_the_grace() {
    let half: [&[u8]; 3] = [
        b"GET / HT",
        b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n",
        b"GET /never HTTP/1.1\r\n\r\n",
    ];
    for bytes in half {
        let limits = Limits {
            read_timeout: Duration::from_secs(30),
            connections: 64,
            grace: Duration::from_millis(200),
        };
        let server = Server::start(None, limits);
        let mut client = server.connect().await;
        client.write_all(bytes).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        let took = server.stop().await;
        assert!(
            took >= Duration::from_millis(199) && took < Duration::from_millis(400),
            "{took:?}"
        );
        let _ = read_all(&mut client).await;
    }
}

#[tokio::test]
async fn a_stop_closes_idle_tls_connections_at_once() {
    let server = Server::tls();
    let mut idle = server.connect_tls(b"http/1.1").await;
    idle.write_all(GET).await.unwrap();
    read_ok(&mut idle).await;
    let mut fresh = server.connect_tls(b"http/1.1").await;
    let took = server.stop().await;
    assert!(took < Duration::from_millis(200), "{took:?}");
    assert_eq!(read_all(&mut idle).await.unwrap(), b"");
    assert_eq!(read_all(&mut fresh).await.unwrap(), b"");
}

#[tokio::test]
async fn a_stop_gives_handshakes_the_grace() {
    let tls = Tls::load(&TlsOptions::default(), &root(), NOW).unwrap();
    let limits = Limits {
        read_timeout: Duration::from_secs(30),
        connections: 64,
        grace: Duration::from_millis(200),
    };
    let server = Server::start(Some(tls), limits);
    let _silent = server.connect().await;
    let mut half = server.connect().await;
    half.write_all(b"\x16\x03\x01\x02").await.unwrap();
    sleep(Duration::from_millis(20)).await;
    let took = server.stop().await;
    assert!(
        took >= Duration::from_millis(199) && took < Duration::from_millis(400),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_dropped_stopper_stops() {
    let server = Server::plain();
    drop(server.stopper);
    timeout(Duration::from_millis(200), server.serving)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_an_error() {
    let first = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    assert_eq!(
        Listener::bind(first.local_addr()).unwrap_err().kind(),
        io::ErrorKind::AddrInUse
    );
}
