//! Chance without surprise: the same seed gives the same numbers on every machine and in every
//! version, which a general-purpose crate does not promise.

/// The generator xoshiro256++ (public domain algorithm by Blackman and Vigna), seeded by
/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The sequence of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut mixer = seed;
        let state = std::array::from_fn(|_| {
            mixer = mixer.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = mixer;
            word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^ (word >> 31)
        });
        Self { state }
    }

    /// The next 64 random bits.
    pub(super) fn next_bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next_bits()) * u128::from(bound);
        // The upper half of a 128-bit product is a u64.
        (wide >> 64) as u64
    }

    /// A number from `low` up to and without `high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low))
    }

    /// Whether something happens that happens so often in a million times.
    pub(super) fn chance(&mut self, per_million: u64) -> bool {
        self.below(1_000_000) < per_million
    }

    /// One of the items, each as likely as the next.
    ///
    /// # Panics
    /// The slice is empty, which no list of this package is.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        // Below items.len(), which is a usize.
        &items[self.below(items.len() as u64) as usize]
    }
}

/// Items in the order of how often they occur, as Zipf's law has it: the first is drawn twice as
/// often as the second, three times as often as the third.
#[derive(Debug, Clone)]
pub(super) struct Ranked<T> {
    items: Vec<T>,
    cumulative: Vec<u64>,
}

impl<T> Ranked<T> {
    /// A distribution over the items.
    #[must_use]
    pub(super) fn new(items: Vec<T>) -> Self {
        let sums = (1..=items.len() as u64).scan(0, |sum, rank| {
            *sum += 1_000_000_000 / rank;
            Some(*sum)
        });
        Self { cumulative: sums.collect(), items }
    }

    /// Draws an item.
    ///
    /// # Panics
    /// There are no items, which no list of this package has.
    pub(super) fn draw(&self, random: &mut Random) -> &T {
        // The point is below the last sum, so one of the sums lies above it.
        &self.items[place(&self.cumulative, random)]
    }
}

fn place(cumulative: &[u64], random: &mut Random) -> usize {
    let total = cumulative.last().copied().unwrap_or_default();
    let point = random.below(total);
    cumulative.partition_point(|sum| *sum <= point)
}

/// Items with weights, for short lists.
#[derive(Debug, Clone)]
pub(super) struct Weighted {
    cumulative: Vec<u64>,
}

impl Weighted {
    /// A distribution over the weights' places.
    #[must_use]
    pub(super) fn new(weights: impl IntoIterator<Item = u64>) -> Self {
        let sums = weights.into_iter().scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { cumulative: sums.collect() }
    }

    /// Draws one of the items by its weight.
    ///
    /// # Panics
    /// The list is shorter than the list of weights.
    pub(super) fn pick<'a, T>(&self, items: &'a [T], random: &mut Random) -> &'a T {
        &items[place(&self.cumulative, random)]
    }
}

#[cfg(test)]
mod tests {
    use super::{Random, Ranked, Weighted};

    #[test]
    fn the_sequence_of_a_seed_never_changes() {
        let mut random = Random::new(1);
        let first: Vec<u64> = (0..3).map(|_| random.next_bits()).collect();
        assert_eq!(
            first,
            [14_971_601_782_005_023_387, 13_781_649_495_232_077_965, 1_847_458_086_238_483_744]
        );
    }

    #[test]
    fn the_first_rank_is_twice_as_frequent_as_the_second() {
        let (ranked, mut random) = (Ranked::new((0..1_000).collect()), Random::new(7));
        let mut counts = [0_u64; 1_000];
        for _ in 0..200_000 {
            counts[*ranked.draw(&mut random)] += 1;
        }
        let ratio = counts[0] * 100 / counts[1];
        assert!((190..210).contains(&ratio), "{ratio}");
        assert!(counts.iter().filter(|count| **count > 0).count() > 990);
    }

    #[test]
    fn weights_are_kept_and_zero_never_comes() {
        let weighted = Weighted::new([1, 0, 3]);
        let mut random = Random::new(3);
        let drawn: Vec<u8> = (0..4_000).map(|_| *weighted.pick(b"abc", &mut random)).collect();
        let count = |item| drawn.iter().filter(|drawn| **drawn == item).count();
        assert_eq!(count(b'b'), 0);
        assert!((900..1_100).contains(&count(b'a')), "{}", count(b'a'));
    }
}
