//! Where the arguments stand: in the body, in the query string, in parts; whole or in chunks.

use crate::harness::{Client, Curl, Form, REPLACE, REVOKE, SUCCESS, Server, Url, invalid, missing, unrecognized};

fn test() -> Form {
    Form::revoke().set("test", "Y")
}

#[test]
fn arguments_may_stand_in_the_query_string() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client
        .post(&format!("{REVOKE}?{}", test().encode()), "")
        .assert_text(SUCCESS);
    // Without a word about a body's length or type.
    client.write(format!("POST {REVOKE}?{} HTTP/1.1\r\nHost: x\r\n\r\n", test().encode()));
    client.read().unwrap().assert_text(SUCCESS);
}

#[test]
fn query_string_and_body_are_one_list_with_the_query_string_first() {
    let server = Server::plain(&["--assume", "duplicate-argument=first"]);
    let mut client = server.client();
    let rest = test().without("orderNumber").encode();
    client
        .post(&format!("{REVOKE}?orderNumber=2200003"), &rest)
        .assert_text(SUCCESS);
    client
        .post(
            &format!("{REVOKE}?orderNumber=2200003"),
            &test().order(2_200_005).encode(),
        )
        .assert_text(SUCCESS);
    assert_eq!(
        client
            .post(&format!("{REVOKE}?orderNumber=2200005"), &test().encode())
            .code(),
        -21
    );
    let server = Server::plain(&[]);
    server
        .client()
        .post(&format!("{REVOKE}?orderNumber=2200003"), &test().encode())
        .assert_text(&invalid("orderNumber"));
}

#[test]
fn every_argument_may_stand_on_either_side() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let whole = test().encode();
    let pieces: Vec<_> = whole.split('&').collect();
    for middle in 0..=pieces.len() {
        let (query, body) = (pieces[..middle].join("&"), pieces[middle..].join("&"));
        client.post(&format!("{REVOKE}?{query}"), &body).assert_text(SUCCESS);
        client.post(&format!("{REVOKE}?{body}"), &query).assert_text(SUCCESS);
    }
}

#[test]
fn multipart_form_data_is_read() {
    let server = Server::start(&[]);
    let call = |path, form: &Form| Curl::new(&server, &Url::Https(path)).multipart(form).answer();
    call(REVOKE, &test()).assert_text(SUCCESS);
    call(REPLACE, &Form::replace().order(1_100_001)).assert_text(SUCCESS);
    // Nothing is escaped there: a plus is a plus, a percent sign a percent sign.
    call(REVOKE, &test().set("revocationReason", "1+1=2 & 100%41 😀")).assert_text(SUCCESS);
    call(REVOKE, &test().set("orderNumber", "%32200003")).assert_text(&invalid("orderNumber"));
    call(REVOKE, &test().set("revocationReason", "")).assert_text(&invalid("revocationReason"));
    call(REVOKE, &test().without("orderNumber")).assert_text(&missing("orderNumber"));
    call(REVOKE, &test().add("colour", "red")).assert_text(&unrecognized("colour"));
    call(REVOKE, &test().add("test", "Y")).assert_text(&invalid("test"));
}

#[test]
fn multipart_that_is_broken_leaves_arguments_out() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for (content_type, body) in [
        ("multipart/form-data", "--x\r\n"),
        ("multipart/form-data; boundary=", "--x\r\n"),
        ("multipart/form-data; boundary=x", "no boundary anywhere"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"test\"\r\n\r\nY",
        ),
        ("multipart/form-data; boundary=x", "--x--\r\n"),
    ] {
        let headers = format!("Content-Type: {content_type}\r\n");
        client
            .send("POST", REVOKE, &headers, body)
            .assert_text(&missing("loginName"));
    }
    server.wait_for_log(&["-3", "multipart"]);
    server.assert_well();
}

#[test]
fn a_body_of_another_type_is_not_read_and_the_log_says_so() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let body = test().encode();
    for content_type in [
        "application/json",
        "text/plain",
        "application/xml",
        "application/octet-stream",
        "application/x-www-form-urlencodedx",
        "x",
        "",
    ] {
        let headers = format!("Content-Type: {content_type}\r\n");
        client
            .send("POST", REVOKE, &headers, &body)
            .assert_text(&missing("loginName"));
    }
    client
        .send("POST", REVOKE, "", &body)
        .assert_text(&missing("loginName"));
    server.wait_for_log(&["-3", "application/json", "Content-Type"]);
    server.wait_for_log(&["-3", "no Content-Type"]);
    // The query string is read nevertheless.
    let target = format!("{REVOKE}?{body}");
    client
        .send("POST", &target, "Content-Type: application/json\r\n", "{}")
        .assert_text(SUCCESS);
}

#[test]
fn the_type_may_be_written_in_any_case_and_with_parameters() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    for content_type in [
        "Application/X-WWW-Form-UrlEncoded",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/x-www-form-urlencoded ; charset=utf-8",
    ] {
        let headers = format!("content-type: {content_type}\r\n");
        client
            .send("POST", REVOKE, &headers, &test().encode())
            .assert_text(SUCCESS);
    }
}

#[test]
fn a_body_may_come_in_chunks() {
    let server = Server::start(&[]);
    Curl::new(&server, &Url::Https(REVOKE))
        .args(&["--http1.1", "--header", "Transfer-Encoding: chunked"])
        .form(&test())
        .answer()
        .assert_text(SUCCESS);

    let server = Server::plain(&[]);
    let mut client = server.client();
    let chunks: String = test()
        .encode()
        .chars()
        .map(|character| format!("1\r\n{character}\r\n"))
        .collect();
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
    ));
    client.read().unwrap().assert_text(SUCCESS);
    client.revoke(&test()).assert_text(SUCCESS);
}

#[test]
fn what_is_no_chunk_is_told() {
    let server = Server::plain(&[]);
    let chunked = "Host: localhost\r\nTransfer-Encoding: chunked\r\nContent-Type";
    for chunks in [
        "xyz\r\na=1\r\n0\r\n\r\n",
        "3\r\na=1b=2\r\n0\r\n\r\n",
        "fffffffffffffffff\r\na",
    ] {
        let mut api = server.client();
        api.write(format!(
            "POST {REVOKE} HTTP/1.1\r\n{chunked}: application/x-www-form-urlencoded\r\n\r\n{chunks}"
        ));
        let mut control = Client::connect(server.control());
        control.write(format!(
            "POST /control/v1/orders HTTP/1.1\r\n{chunked}: application/json\r\n\r\n{chunks}"
        ));
        for mut client in [api, control] {
            let answer = client.read().unwrap();
            assert_eq!(answer.status, 400);
            assert!(answer.text().contains("the body is not in chunks"), "{}", answer.text());
        }
    }
    for path in ["autoRevokeCS", "/control/v1/orders"] {
        server.wait_for_log(&[path, "status=400", "the body is not in chunks"]);
    }
    // One that ends too early is another thing.
    let mut client = server.client();
    client.write(format!(
        "POST {REVOKE} HTTP/1.1\r\n{chunked}: application/x-www-form-urlencoded\r\n\r\n3\r\na="
    ));
    client.finish();
    let answer = client.read().unwrap();
    assert!(answer.text().contains("before the body's end"), "{}", answer.text());
}

#[test]
fn a_client_that_asks_before_it_sends_is_told_to_go_on() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let body = test().encode();
    for _ in 0..2 {
        client.write(format!(
            "POST {REVOKE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        ));
        assert_eq!(client.read().unwrap().status, 100);
        client.write(&body);
        client.read().unwrap().assert_text(SUCCESS);
    }
    let server = Server::start(&[]);
    Curl::new(&server, &Url::Https(REVOKE))
        .args(&["--http1.1", "--header", "Expect: 100-continue"])
        .form(&test())
        .answer()
        .assert_text(SUCCESS);
}

#[test]
fn odd_encodings_mean_what_the_url_standard_says() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    let good = test().encode();
    for body in [
        format!("&&{good}&&&"),
        good.replace("login", "%6Cogin"),
        good.replace("login_name", "%6c%6F%67%69%6e%5F%6e%61%6d%65"),
        good.replace("the+key+was+lost", "the%20key+was%20lost"),
        good.replace("the+key+was+lost", "=a=b;c=%"),
        good.replace("the+key+was+lost", "%zz%4%"),
        good.replace("the+key+was+lost", "%25%26%3D%0D%0A"),
        good.replace("the+key+was+lost", "\u{1f600}"),
    ] {
        client.post(REVOKE, &body).assert_text(SUCCESS);
    }
    // A broken escape stands for itself.
    client
        .post(REVOKE, &good.replace("2200003", "220000%3"))
        .assert_text(&invalid("orderNumber"));
    client
        .post(REVOKE, &format!("{good}&%zz=1"))
        .assert_text(&unrecognized("%zz"));
    client
        .post(REVOKE, &format!("{good}&%"))
        .assert_text(&unrecognized("%"));
    client
        .post(REVOKE, &format!("{good}&colour"))
        .assert_text(&unrecognized("colour"));
    client
        .post(REVOKE, &format!("{good}&=1"))
        .assert_text(&unrecognized(""));
    client
        .post(REVOKE, &good.replace("test=Y", "test"))
        .assert_text(&invalid("test"));
    client
        .post(REVOKE, &good.replace('&', ";"))
        .assert_text(&missing("loginPassword"));
    // A name that is no text is answered all the same.
    let answer = client.post(REVOKE, &format!("{good}&%FF%00=1"));
    assert_eq!(answer.code(), -2);
}

#[test]
fn ten_thousand_arguments_are_answered() {
    let server = Server::plain(&[]);
    let mut client = server.client();
    client
        .post(REVOKE, &"a=1&".repeat(10_000))
        .assert_text(&unrecognized("a"));
    let many = format!("{}{}", test().encode(), "&loginName=login_name".repeat(10_000));
    client.post(REVOKE, &many).assert_text(&invalid("loginName"));
    let distinct: String = (0..10_000).map(|number| format!("{number}=&")).collect();
    client.post(REVOKE, &distinct).assert_text(&unrecognized("0"));
    let padded = format!("{}{}", "&".repeat(10_000), test().encode());
    client.post(REVOKE, &padded).assert_text(SUCCESS);
}
