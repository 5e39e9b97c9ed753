//! The builder methods that a thing and a change of it share.

/// Makes, from one list, methods that set a field of the struct `$Whole`, and methods of the same names by which `$Change`
/// sets it under its name in JSON.
macro_rules! settable {
    ($Whole:ident, $Change:ident: $(
        $(#[$doc:meta])+
        $name:ident $(<$life:lifetime>)? ($($given:ident: $Given:ty),*) sets $field:ident, $key:literal: $value:expr;
    )+) => {
        impl $Whole {
            $(
                $(#[$doc])+
                #[must_use]
                pub fn $name $(<$life>)? (self, $($given: $Given),*) -> Self {
                    Self { $field: $value, ..self }
                }
            )+
        }

        impl $Change {
            $(
                $(#[$doc])+
                pub fn $name $(<$life>)? (self, $($given: $Given),*) -> Self {
                    self.with($key, $value)
                }
            )+
        }
    };
}

pub(super) use settable;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use crate::model::account::{Account, AccountChange};
    use crate::model::order::{Order, OrderChange};
    use crate::model::{IssuanceFailure, Payment, SignatureHash, Timestamp};

    const HOUR: Duration = Duration::from_secs(3600);

    /// What these methods set in the thing and in the change of it.
    macro_rules! set {
        ($whole:expr, $change:expr, $($method:ident($($given:expr),*))+) => {
            ($whole $(.$method($($given),*))+, $change $(.$method($($given),*))+)
        };
    }

    #[track_caller]
    fn assert_same(whole: &Value, change: &Value, count: usize) {
        let fields = change.as_object().unwrap();
        assert_eq!(fields.len(), count, "{fields:?}");
        for (name, value) in fields {
            assert_eq!(whole[name], *value, "{name}");
        }
    }

    #[test]
    fn a_change_of_an_account_sets_the_fields_that_an_account_has() {
        let (account, change) = set!(Account::new("a", "p"), AccountChange::of("a"),
            locked() may_only(["!autoRevokeCS"]) call_limit(7, HOUR) reseller("r") account_id(1) ca_certificate_ids([1, 2])
            template_ids([3]) payment(Payment::Later) unpriced([795]) voucher("v") issued_after_polls(2)
            strict_polling(HOUR));
        assert_same(&json!(account), &json!(change.fields), 12);
    }

    #[test]
    fn a_change_of_an_order_sets_the_fields_that_an_order_has() {
        let time = Timestamp::EPOCH;
        let (order, change) = set!(Order::smime("a"), OrderChange::new(),
            certificate_id(1) issued_ago(HOUR) expires_in(HOUR) due_in(HOUR) email("a@example.com") organization("o") csr("c")
            product_code(795) signature_hash(SignatureHash::RequireSha2) ca_certificate_id(2) keep_key()
            issuance_fails(IssuanceFailure::PreSign) issued_after_polls(3));
        assert_same(&json!(order), &json!(change), 13);
        let (order, change) = set!(Order::smime("a"), OrderChange::new(), issued_at(time) expires_ago(HOUR));
        assert_same(&json!(order), &json!(change), 2);
        let (order, change) = set!(Order::smime("a"), OrderChange::new(), expires_at(time));
        assert_same(&json!(order), &json!(change), 1);
    }
}
