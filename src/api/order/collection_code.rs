//! The code by which an order is collected without a login.

use crate::api::order::state::OrderNumber;

/// The characters of a code: digits and capital letters that are not taken for one another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// How many characters it takes to write 64 bits in base 32.
const LENGTH: usize = 13;

/// An odd number, so that a multiplication by it can be undone; its inverse modulo 2^64.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
const INVERSE: u64 = inverse(FACTOR);

/// The collectionCode of an order: 13 letters and digits. It follows from the order number. A client learns it from the reply
/// to the order, a test also from the control API.
pub(crate) fn collection_code(number: OrderNumber) -> String {
    let mixed = number.get().wrapping_mul(FACTOR);
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(FACTOR);
    let digit = |place: usize| ALPHABET[(mixed >> (5 * place) & 31) as usize];
    (0..LENGTH).map(|place| char::from(digit(place))).collect()
}

/// The order whose collectionCode that is.
pub(crate) fn order_of(code: &str) -> Option<OrderNumber> {
    let mut mixed = 0_u64;
    for (place, character) in code.bytes().enumerate().take(LENGTH) {
        let digit = ALPHABET.iter().position(|known| *known == character)?;
        mixed |= (digit as u64) << (5 * place);
    }
    let mixed = mixed.wrapping_mul(INVERSE);
    let number = OrderNumber::new((mixed ^ mixed >> 32).wrapping_mul(INVERSE))?;
    (collection_code(number) == code).then_some(number)
}

/// Newton's iteration: each step doubles the number of bits that are right, of which an odd number has three.
const fn inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        step += 1;
    }
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_found_by_its_code_alone() {
        let number = |value| OrderNumber::new(value).unwrap();
        for value in [1, 2, 1_234_567, 999_999_999_999_999_999] {
            let code = collection_code(number(value));
            assert_eq!((code.len(), order_of(&code)), (LENGTH, Some(number(value))));
            assert!(code.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            for other in [&code[1..], &format!("{code}2"), &code.to_lowercase(), "", "ÄÖ"] {
                assert_eq!(order_of(other), None, "{other}");
            }
        }
        assert_ne!(collection_code(number(1))[..4], collection_code(number(2))[..4]);
    }
}
