//! What time makes of an order.

use crate::harness::{BEING_ISSUED, Form, REVOKE, SUCCESS, Server, eventually};

/// Long enough that the next call comes before it is over, however busy the machine is.
const SOON: &str = "3s";

#[test]
fn a_new_order_is_being_issued_for_the_delay() {
    let server = Server::plain(&["--issuance-delay", SOON]);
    let mut client = server.client();
    let new = client.replace(&Form::replace()).order_number();
    let again = Form::replace().order(new);
    client.replace(&again).assert_text(BEING_ISSUED);
    eventually("the order is issued", || client.replace(&again).text() != BEING_ISSUED);
    client
        .replace(&again)
        .assert_text("-122\nThe Certificate is in wrong state.\n");
}

#[test]
fn without_a_delay_a_new_order_is_issued_at_once() {
    let server = Server::plain(&["--issuance-delay", "0s"]);
    let mut client = server.client();
    let new = client.replace(&Form::replace()).order_number();
    client.replace(&Form::replace().order(new)).order_number();
}

#[test]
fn an_order_is_issued_when_it_is_due_and_expires_at_its_end() {
    let order = |number: u32, product: &str, state: &str, time: &str| {
        format!(
            "[[orders]]\norderNumber = {number}\nloginName = \"a\"\nproduct = \"{product}\"\nstate = \"{state}\"\n{time}\n"
        )
    };
    let fixtures = [
        "[[accounts]]\nloginName = \"a\"\nloginPassword = \"login_password\"\n".to_owned(),
        order(1, "code-signing", "being-issued", &format!("due = \"+{SOON}\"")),
        order(2, "code-signing", "issued", &format!("expires = \"+{SOON}\"")),
        order(3, "code-signing", "replaced", &format!("expires = \"+{SOON}\"")),
        order(4, "smime", "issued", &format!("expires = \"+{SOON}\"")),
        order(5, "code-signing", "being-issued", "due = \"+1h\""),
    ]
    .concat();
    let server = Server::plain_with_fixtures(&fixtures, &[]);
    let mut client = server.client();
    let mut code = |number: u64| {
        let form = Form::revoke().by("a").order(number).set("test", "Y");
        client.post(REVOKE, &form.encode()).code()
    };
    assert_eq!([code(1), code(2), code(3), code(5)], [-26, 0, 0, -26]);
    eventually("order 1 is issued", || code(1) == 0);
    eventually("order 2 is expired", || code(2) == -35);
    eventually("order 3 is expired", || code(3) == -35);
    assert_eq!(code(5), -26);
    let form = Form::replace().by("a").order(4);
    assert_eq!(server.client().replace(&form).code(), -122);
}

#[test]
fn an_order_in_the_middle_of_its_life_stays_issued() {
    let server = Server::plain(&[]);
    let form = Form::revoke().set("test", "Y");
    server.client().revoke(&form).assert_text(SUCCESS);
}
