//! Faults: calls that are answered wrongly on purpose. Without a fault, nothing is ever faulty.

use crate::account::LoginName;
use crate::endpoints::Endpoint;
use crate::order::state::OrderNumber;
use crate::protocol::argument::glimpse;
use crate::protocol::assumption::Assumptions;
use crate::protocol::form::Form;
use crate::protocol::refusal::Refusal;

/// A fault: the calls that it meets, and what they are answered.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Only calls of this endpoint.
    pub endpoint: Option<&'static str>,
    /// Only calls that name this account.
    pub login_name: Option<LoginName>,
    /// Only calls that name this order.
    pub order_number: Option<OrderNumber>,
    /// The code that is answered, one of the endpoint's; calls of endpoints that do not have it are not met.
    pub code: i32,
    /// What fills the message's placeholder.
    pub argument: Option<String>,
}

impl Fault {
    /// The answer to a call that this fault meets.
    fn answer(&self, endpoint: &'static Endpoint, form: &Form<'_>, assumptions: &Assumptions) -> Option<Refusal> {
        let names = |name: &str, wanted: &str| {
            glimpse(name, wanted.len() + 1, form, assumptions).is_some_and(|sent| sent == wanted)
        };
        let is_met = self.endpoint.is_none_or(|name| name == endpoint.name)
            && self
                .login_name
                .as_ref()
                .is_none_or(|login_name| names("loginName", login_name.as_str()))
            && self
                .order_number
                .is_none_or(|number| names("orderNumber", &number.to_string()));
        let code = endpoint.code(self.code).filter(|_| is_met)?;
        Some(Refusal {
            code,
            name: self.argument.clone(),
            hint: "a fault of the fixtures answered".into(),
        })
    }
}

/// The answer of the first fault that meets the call, if one does.
pub fn meet(
    faults: &[Fault],
    endpoint: &'static Endpoint,
    form: &Form<'_>,
    assumptions: &Assumptions,
) -> Option<Refusal> {
    faults
        .iter()
        .find_map(|fault| fault.answer(endpoint, form, assumptions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_matches_is_taken() {
        let fault = |endpoint, login_name: Option<&str>, order_number, code| Fault {
            endpoint,
            login_name: login_name.map(LoginName::new),
            order_number: OrderNumber::new(order_number),
            code,
            argument: None,
        };
        let faults = [
            fault(Some("!AutoReplaceSMIME"), None, 7, -26),
            fault(None, Some("a"), 7, -14),
            fault(None, None, 8, -21),
        ];
        let cases = [
            ("!autoRevokeCS", "loginName=a&orderNumber=7", Some(-14)),
            ("!autoRevokeCS", "loginName=ab&orderNumber=7", None),
            ("!autoRevokeCS", "ORDERNUMBER=8", Some(-21)),
            ("!AutoReplaceSMIME", "orderNumber=7", Some(-26)),
            ("!AutoReplaceSMIME", "orderNumber=77", None),
            ("!AutoReplaceSMIME", "", None),
        ];
        for (endpoint, text, expected) in cases {
            let mut form = Form::default();
            form.push_urlencoded(text.as_bytes());
            let refusal = meet(
                &faults,
                Endpoint::named(endpoint).unwrap(),
                &form,
                &Assumptions::default(),
            );
            assert_eq!(
                refusal.map(|refusal| refusal.code.number),
                expected,
                "{endpoint} {text}"
            );
        }
    }

    #[test]
    fn an_endpoint_never_answers_a_code_that_it_does_not_have() {
        let fault = Fault {
            endpoint: None,
            login_name: None,
            order_number: None,
            code: -14,
            argument: None,
        };
        let met = |name| {
            meet(
                std::slice::from_ref(&fault),
                Endpoint::named(name).unwrap(),
                &Form::default(),
                &Assumptions::default(),
            )
        };
        assert!(met("!autoRevokeCS").is_some());
        assert!(met("!AutoReplaceSMIME").is_none());
    }
}
