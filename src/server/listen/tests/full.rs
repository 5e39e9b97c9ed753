//! What makes room while a listener has all the connections that it may have, and what stays.

use hyper_util::rt::TokioTimer;
use tokio::task::JoinSet;

use super::*;
use crate::server::listen::room::{Awaited, Progress};

/// Only what makes room ends within these.
const LIMITS: Limits = Limits {
    read_timeout: Duration::from_secs(3600),
    connections: 2,
    grace: Duration::ZERO,
};

/// A head whose body is refused unread.
const TOO_LARGE: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n";

/// The first part of a body of which no more comes.
const HALF: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc";

/// The first part of a body that takes long if it comes byte by byte.
const LONG_BODY: &[u8] = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc";

const HUGE: &[u8] = b"GET /huge HTTP/1.1\r\nHost: x\r\n\r\n";

fn plain() -> Server {
    Server::start(None, LIMITS)
}

fn tls() -> Server {
    let tls = Tls::load(&TlsOptions::default(), &root(), NOW).unwrap();
    Server::start(Some(tls), LIMITS)
}

/// Another client is answered.
async fn assert_room(server: &Server) {
    let answered = async {
        if server.ca_pem.is_some() {
            let mut client = server.connect_tls(b"http/1.1").await;
            client.write_all(GET).await.unwrap();
            read_ok(&mut client).await;
        } else {
            let mut client = server.connect().await;
            client.write_all(GET).await.unwrap();
            read_ok(&mut client).await;
        }
    };
    timeout(PATIENCE, answered).await.expect("nobody makes room");
}

/// A client of HTTP/2 that makes these calls, and what comes of them.
async fn http_2(server: &Server, requests: Vec<Request<Body>>) -> JoinSet<hyper::Result<Bytes>> {
    let io = TokioIo::new(server.connect_tls(b"h2").await);
    let (mut calls, connection) = h2_client::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let mut answers = JoinSet::new();
    for request in requests {
        let answer = calls.send_request(request);
        answers.spawn(async { Ok(answer.await?.into_body().collect().await?.to_bytes()) });
    }
    answers
}

fn get(path: &str) -> Request<Body> {
    Request::get(format!("https://localhost{path}"))
        .body(Body::empty())
        .unwrap()
}

/// A call of whose body nothing comes after the first bytes.
fn half_a_post() -> Request<Body> {
    let start = stream::iter([Ok::<_, Infallible>("abc")]);
    Request::post("https://localhost/")
        .body(Body::from_stream(start.chain(stream::pending())))
        .unwrap()
}

#[tokio::test]
async fn bodies_that_do_not_come_and_answers_that_nobody_reads_make_room() {
    for bytes in [HALF, HUGE] {
        let server = plain();
        let (mut one, mut other) = (server.connect().await, server.connect().await);
        one.write_all(bytes).await.unwrap();
        other.write_all(bytes).await.unwrap();
        assert_room(&server).await;
    }
    for bytes in [HALF, HUGE] {
        let server = tls();
        let mut one = server.connect_tls(b"http/1.1").await;
        let mut other = server.connect_tls(b"http/1.1").await;
        one.write_all(bytes).await.unwrap();
        other.write_all(bytes).await.unwrap();
        assert_room(&server).await;
    }
}

#[tokio::test]
async fn handshakes_that_do_not_go_on_make_room() {
    let server = tls();
    let (mut one, mut other) = (server.connect().await, server.connect().await);
    one.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    other.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    assert_room(&server).await;

    let server = tls();
    let mut dribbling = JoinSet::new();
    for _ in 0..2 {
        let client = server.connect().await;
        dribbling.spawn(dribble(client, b"\x16\x03\x01\x3f\x00\x01\x00\x3e\x00"));
    }
    assert_room(&server).await;
}

#[tokio::test]
async fn http_2_connections_all_of_whose_calls_wait_for_the_peer_make_room() {
    let server = tls();
    let _bodies = [
        http_2(&server, vec![half_a_post(), half_a_post()]).await,
        http_2(&server, vec![half_a_post()]).await,
    ];
    assert_room(&server).await;

    let server = tls();
    let mut held = Vec::new();
    for _ in 0..2 {
        let io = TokioIo::new(server.connect_tls(b"h2").await);
        let (mut calls, connection) = h2_client::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        held.push((calls.send_request(get("/huge")).await.unwrap(), calls));
    }
    assert_room(&server).await;
}

/// How long a peer that wants to keep its place waits before its next byte.
const DRIBBLE: Duration = Duration::from_millis(100);

/// Sends this at once, and then byte by byte, until the server closes.
async fn dribble(mut client: TcpStream, start: &[u8]) {
    client.write_all(start).await.unwrap();
    while client.write_all(b"a").await.is_ok() {
        sleep(DRIBBLE).await;
    }
}

#[tokio::test]
async fn bodies_that_come_byte_by_byte_make_room() {
    let server = plain();
    let mut dribbling = JoinSet::new();
    for _ in 0..2 {
        let client = server.connect().await;
        dribbling.spawn(dribble(client, LONG_BODY));
    }
    assert_room(&server).await;

    let server = tls();
    let post = || {
        let bytes = stream::repeat("a").then(|byte| async move {
            sleep(DRIBBLE).await;
            Ok::<_, Infallible>(byte)
        });
        Request::post("https://localhost/")
            .body(Body::from_stream(bytes))
            .unwrap()
    };
    let _bodies = [
        http_2(&server, vec![post(), half_a_post()]).await,
        http_2(&server, vec![post()]).await,
    ];
    assert_room(&server).await;
}

#[tokio::test]
async fn answers_that_are_read_byte_by_byte_make_room() {
    let server = plain();
    let mut reading = JoinSet::new();
    for _ in 0..2 {
        let mut client = server.connect().await;
        reading.spawn(async move {
            client.write_all(HUGE).await.unwrap();
            while client.read_u8().await.is_ok() {
                sleep(DRIBBLE).await;
            }
        });
    }
    assert_room(&server).await;
}

#[tokio::test]
async fn pings_do_not_keep_the_place_of_an_answer_that_nobody_reads() {
    let server = tls();
    let mut held = Vec::new();
    for _ in 0..2 {
        let io = TokioIo::new(server.connect_tls(b"h2").await);
        let pinging = h2_client::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(DRIBBLE)
            .keep_alive_timeout(PATIENCE)
            .handshake(io)
            .await;
        let (mut calls, connection) = pinging.unwrap();
        tokio::spawn(connection);
        held.push((calls.send_request(get("/huge")).await.unwrap(), calls));
    }
    assert_room(&server).await;
}

#[tokio::test]
async fn clients_of_a_slow_line_stay() {
    // A modem of 56 kbit/s sends so much in a tenth of a second.
    const PIECE: usize = 700;
    const PIECES: usize = 15;
    let send_slowly = async |server: &Server| {
        let mut client = server.connect().await;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            PIECE * PIECES
        );
        client.write_all(head.as_bytes()).await?;
        for _ in 0..PIECES {
            sleep(Duration::from_millis(100)).await;
            client.write_all(&[b'a'; PIECE]).await?;
        }
        read_all(&mut client).await
    };
    // On a busy machine a piece may come late.
    for _ in 0..10 {
        let server = plain();
        let (one, other, ()) = tokio::join!(send_slowly(&server), send_slowly(&server), assert_room(&server));
        if [one, other]
            .iter()
            .all(|answer| answer.as_ref().is_ok_and(|answer| text(answer).ends_with("ok")))
        {
            return;
        }
    }
    panic!("they are closed again and again");
}

#[test]
fn a_connection_stalls_with_neither_a_step_nor_enough_bytes() {
    let bytes = |done, bytes| Awaited::Bytes(Progress { done, bytes });
    let reading = |bytes| Awaited::Reading(Progress { done: 1, bytes });
    for (before, now, stalls) in [
        (Awaited::Call(1), Awaited::Call(1), true),
        (Awaited::Call(1), Awaited::Call(2), false),
        (Awaited::Call(1), bytes(1, 0), false),
        (bytes(1, 0), Awaited::Call(1), false),
        (bytes(1, 1000), bytes(1, 1000), true),
        (bytes(1, 1000), bytes(1, 1511), true),
        (bytes(1, 1000), bytes(1, 1512), false),
        (bytes(1, 1000), bytes(2, 1000), false),
        (reading(0), reading(6143), true),
        (reading(0), reading(6144), false),
        (reading(0), bytes(1, 0), false),
        // What a modem sends in the time.
        (
            bytes(1, 0),
            bytes(1, 7000 * bytes(1, 0).look_after().as_millis() as u64 / 1000),
            false,
        ),
    ] {
        assert_eq!(now.has_stalled_since(before), stalls, "{before:?} {now:?}");
    }
}

#[tokio::test]
async fn connections_at_work_stay() {
    for path in ["/late", "/slowly"] {
        let server = plain();
        let (mut one, mut other) = (server.connect().await, server.connect().await);
        // Without it, the second one to be answered stays open if the listener is no longer full by then.
        let call = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        one.write_all(call.as_bytes()).await.unwrap();
        other.write_all(call.as_bytes()).await.unwrap();
        let (one, other, ()) = tokio::join!(read_all(&mut one), read_all(&mut other), assert_room(&server));
        for answer in [one, other] {
            let answer = answer.expect("no reset");
            assert!(text(&answer).contains("ok"), "{}", text(&answer));
        }
    }
    for path in ["/late", "/slowly"] {
        let server = tls();
        let mut calls = [
            http_2(&server, vec![half_a_post(), get(path)]).await,
            http_2(&server, vec![get(path)]).await,
        ];
        assert_room(&server).await;
        for calls in &mut calls {
            let first = calls.join_next().await.unwrap().unwrap();
            assert!(first.expect("it stays").starts_with(b"ok"));
        }
    }
}

#[tokio::test]
async fn a_call_behind_an_answer_that_is_made_slowly_is_answered() {
    let server = plain();
    let calls = b"GET /slowly HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let (one, other, ()) = tokio::join!(server.exchange(calls), server.exchange(calls), assert_room(&server));
    for answers in [one, other] {
        let answers = answers.expect("no reset");
        assert_eq!(
            text(&answers).matches("HTTP/1.1 200 OK").count(),
            2,
            "{}",
            text(&answers)
        );
    }
}

#[tokio::test]
async fn a_client_that_sends_on_to_a_full_listener_can_read_the_413() {
    let server = plain();
    let large = large(20 << 20);
    let (one, other, ()) = tokio::join!(server.exchange(&large), server.exchange(&large), assert_room(&server));
    for answer in [one, other] {
        let answer = answer.expect("no reset");
        assert!(text(&answer).starts_with("HTTP/1.1 413"), "{}", text(&answer));
    }
}

#[tokio::test]
async fn clients_that_are_silent_after_their_413_make_room() {
    let makes_room = async || {
        let server = plain();
        let (mut one, mut other) = (server.connect().await, server.connect().await);
        one.write_all(TOO_LARGE).await.unwrap();
        other.write_all(TOO_LARGE).await.unwrap();
        assert_room(&server).await;
        let log = server.log.0.lock().unwrap().clone();
        text(&log).contains("the peer neither sends nor reads, or too little")
    };
    // Otherwise they go after a second, which may be over first if this machine is slow.
    for _ in 0..10 {
        if makes_room().await {
            return;
        }
    }
    panic!("they stay until the end");
}
