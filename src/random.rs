//! Randomness: the only file that asks the system for it. A seed makes everything drawn from it repeatable.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of random numbers, one to a sandbox.
#[derive(Debug)]
pub(crate) struct Random(StdRng);

impl Random {
    /// A source that nobody can foretell.
    ///
    /// # Panics
    /// The system gives no randomness, without which it could make no keys either.
    pub(crate) fn from_system() -> Self {
        Self(StdRng::try_from_rng(&mut rand::rngs::SysRng).expect("the system gives randomness"))
    }

    /// A source that draws the same numbers each time.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// The number that the first new order gets: ten digits, so that it meets no number of the fixtures by chance.
    pub(crate) fn first_order_number(&mut self) -> u64 {
        self.0.random_range(1_000_000_000..2_000_000_000)
    }

    /// Whether something of that probability, from 0 to 1, comes to pass.
    pub(crate) fn roll(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_the_system_does_not() {
        let draw = |mut random: Random| random.first_order_number();
        assert_eq!(draw(Random::from_seed(7)), draw(Random::from_seed(7)));
        assert_ne!(draw(Random::from_seed(7)), draw(Random::from_seed(8)));
        assert_ne!(draw(Random::from_system()), draw(Random::from_system()));
    }
}
