//! A window of a sorted list: those things of many that would stand from one place to another, without sorting the rest.

use std::cmp::Ordering;

use memchr::memchr2_iter;

/// How many things may be kept at least, until those that cannot be in the window are dropped.
const MIN_KEPT: usize = 4096;

/// At most `limit` of the things, from the one at `offset` on, in their order; and how many things there are.
///
/// It takes a time that grows with the number of things, and keeps at most twice as many as stand up to the window's end.
pub(super) fn window<T>(
    things: impl Iterator<Item = T>,
    offset: usize,
    limit: usize,
    compare: impl Fn(&T, &T) -> Ordering,
) -> (Vec<T>, usize) {
    let end = offset.saturating_add(limit);
    let most = end.saturating_mul(2).max(MIN_KEPT);
    let mut kept = Vec::new();
    let mut is_cut = false;
    let mut total = 0;
    for thing in things {
        total += 1;
        // Once it was cut, the last thing up to the end stands at its place.
        if is_cut && compare(&thing, &kept[end - 1]).is_ge() {
            continue;
        }
        kept.push(thing);
        if kept.len() >= most {
            is_cut = end > 0;
            cut(&mut kept, end, &compare);
        }
    }
    cut(&mut kept, end, &compare);
    let start = offset.min(kept.len());
    if start > 0 && start < kept.len() {
        kept.select_nth_unstable_by(start, &compare);
    }
    kept.drain(..start);
    kept.sort_unstable_by(compare);
    (kept, total)
}

/// Keeps the first `end` things, the last of them at its place and the others in any order.
fn cut<T>(things: &mut Vec<T>, end: usize, compare: impl Fn(&T, &T) -> Ordering) {
    if end > 0 && end < things.len() {
        things.select_nth_unstable_by(end - 1, compare);
    }
    things.truncate(end);
}

/// A text that is searched for, whatever its case.
pub(super) struct Search(String);

impl Search {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_lowercase())
    }

    /// Whether it is in a text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let wanted = self.0.as_bytes();
        let Some(first) = wanted.first() else {
            return true;
        };
        if !text.is_ascii() {
            return text.to_lowercase().contains(&self.0);
        }
        let begins = |rest: &[u8]| {
            rest.get(..wanted.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        };
        memchr2_iter(*first, first.to_ascii_uppercase(), text.as_bytes()).any(|at| begins(&text.as_bytes()[at..]))
    }

    /// Whether it is in a number as it is written.
    pub(super) fn is_in_number(&self, number: u64) -> bool {
        // Most of what is searched for is in no number, which then need not be written.
        self.0.bytes().all(|byte| byte.is_ascii_digit()) && number.to_string().contains(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_what_a_sorted_list_has_there() {
        // 7919 is a prime, so each number comes once.
        for count in [0, 1, 5, 7919] {
            let numbers = || (0..count).map(|number| number * 31 % 7919);
            let mut sorted: Vec<_> = numbers().collect();
            sorted.sort_unstable();
            for offset in [0, 1, 4, 3000, 7918, 7919, usize::MAX] {
                for limit in [0, 1, 3, 1000, 5000, usize::MAX] {
                    let (found, total) = window(numbers(), offset, limit, Ord::cmp);
                    let expected: Vec<_> = sorted.iter().copied().skip(offset).take(limit).collect();
                    assert!(found == expected, "{count} {offset} {limit}: {found:?}");
                    assert_eq!(total, sorted.len());
                    let (rising, _) = window(sorted.iter().copied(), offset, limit, Ord::cmp);
                    let (falling, _) = window(sorted.iter().rev().copied(), offset, limit, Ord::cmp);
                    assert!(rising == expected && falling == expected, "{count} {offset} {limit}");
                }
            }
        }
    }

    #[test]
    fn what_is_searched_for_is_found_in_any_case() {
        for (wanted, text, expected) in [
            ("", "", true),
            ("Jane", "mary-jane@example.com", true),
            ("jane", "JANE", true),
            ("jane", "jan", false),
            ("ane", "an ane", true),
            ("é", "CAFÉ", true),
            ("É", "café", true),
            ("é", "cafe", false),
            ("ss", "straße", false),
        ] {
            assert_eq!(Search::new(wanted).is_in(text), expected, "{wanted} in {text}");
        }
        assert!(Search::new("22").is_in_number(1_220) && !Search::new("23").is_in_number(1_220));
        assert!(Search::new("").is_in_number(7) && !Search::new("7a").is_in_number(7));
    }
}
