//! Zipf's law: the k-th largest of n has a share proportional to 1 / k^skew. And the small generator
//! that draws from it, so that a run is repeated by its seed.

/// Draws ranks; rank 0 is the largest.
pub struct Zipf {
    /// Cumulated shares; the last is 1.
    upto: Vec<f64>,
}

impl Zipf {
    /// `n` ≥ 1 ranks; a skew of 0 makes all equal, 1 is Zipf's own.
    pub fn new(n: usize, skew: f64) -> Self {
        let mut sum = 0.0;
        let mut upto: Vec<f64> = (1..=n.max(1))
            .map(|rank| {
                sum += (rank as f64).powf(-skew);
                sum
            })
            .collect();
        upto.iter_mut().for_each(|share| *share /= sum);
        Zipf { upto }
    }

    /// The share of a rank, 0 to 1.
    pub fn share(&self, rank: usize) -> f64 {
        self.upto[rank] - if rank == 0 { 0.0 } else { self.upto[rank - 1] }
    }

    /// The rank that a random number falls to.
    pub fn rank(&self, random: u64) -> usize {
        let at = unit(random);
        self.upto.partition_point(|share| *share <= at).min(self.upto.len() - 1)
    }
}

/// A random number as 0 ≤ x < 1.
pub fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1u64 << 53) as f64
}

/// The `n`-th number of the stream `seed`, without the ones before it (SplitMix64).
pub fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fall_as_one_over_the_rank_and_sum_to_one() {
        let zipf = Zipf::new(100, 1.0);
        assert!((zipf.share(0) / zipf.share(9) - 10.0).abs() < 1e-9);
        assert!(((0..100).map(|rank| zipf.share(rank)).sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn draws_follow_the_shares_and_stay_in_range() {
        let zipf = Zipf::new(10, 1.0);
        let mut drawn = [0u32; 10];
        (0..100_000).for_each(|n| drawn[zipf.rank(random(7, n))] += 1);
        for (rank, times) in drawn.iter().enumerate() {
            let expected = zipf.share(rank) * 100_000.0;
            assert!((f64::from(*times) - expected).abs() < 0.05 * expected, "rank {rank}: {times} of {expected}");
        }
        assert_eq!((zipf.rank(0), zipf.rank(u64::MAX)), (0, 9));
        assert_eq!(Zipf::new(1, 1.0).rank(random(1, 1)), 0);
    }
}
