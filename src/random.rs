//! Random numbers. No other file asks the system for them. With a seed they are repeatable.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of random numbers; each sandbox has one.
#[derive(Debug)]
pub(crate) struct Random(StdRng);

impl Random {
    /// A source with unpredictable numbers.
    ///
    /// # Panics
    /// The system provides no random numbers; then no keys could be made either.
    pub(crate) fn from_system() -> Self {
        Self(StdRng::try_from_rng(&mut rand::rngs::SysRng).expect("the system gives randomness"))
    }

    /// A source that returns the same numbers for the same seed.
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// The number for the first new order. It has ten digits, so that it is not one of the fixtures by chance.
    pub(crate) fn first_order_number(&mut self) -> u64 {
        self.0.random_range(1_000_000_000..2_000_000_000)
    }

    /// True with that probability, from 0 to 1.
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
