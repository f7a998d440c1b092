//! Medians, minima and ratios of the rounds of one run.

/// The rounds of one contender: nanoseconds per call, `None` where the round was thrown away.
#[derive(Debug, Clone, Default)]
pub struct Track {
    /// One entry per round, in the order of the rounds.
    pub rounds: Vec<Option<f64>>,
}

impl Track {
    /// The rounds that count.
    pub fn kept(&self) -> Vec<f64> {
        self.rounds.iter().copied().flatten().collect()
    }

    /// How many rounds were thrown away.
    pub fn thrown_away(&self) -> usize {
        self.rounds.iter().filter(|round| round.is_none()).count()
    }

    /// The median of the rounds that count.
    pub fn median(&self) -> Option<f64> {
        median(self.kept())
    }

    /// The fastest round that counts.
    pub fn minimum(&self) -> Option<f64> {
        self.kept().into_iter().min_by(f64::total_cmp)
    }

    /// The median over the rounds of this contender's price divided by the other's in the same round, so that
    /// whatever slowed a round down slowed both sides of its ratio.
    pub fn ratio_to(&self, reference: &Self) -> Option<f64> {
        let rounds = self.rounds.iter().zip(&reference.rounds);
        median(rounds.filter_map(|(own, other)| Some((*own)? / (*other)?)).collect())
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        even if even % 2 == 0 => Some(f64::midpoint(values[middle - 1], values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::Track;

    fn track(rounds: &[f64]) -> Track {
        Track { rounds: rounds.iter().map(|&nanos| (nanos > 0.0).then_some(nanos)).collect() }
    }

    #[test]
    fn rounds_thrown_away_count_nowhere() {
        let seen = track(&[3.0, 0.0, 1.0, 9.0]);
        assert_eq!((seen.median(), seen.minimum(), seen.thrown_away()), (Some(3.0), Some(1.0), 1));
    }

    #[test]
    fn a_ratio_pairs_the_rounds() {
        let (own, other) = (track(&[1.0, 20.0, 5.0, 3.0]), track(&[2.0, 40.0, 0.0, 6.0]));
        assert_eq!(own.ratio_to(&other), Some(0.5));
    }

    #[test]
    fn nothing_kept_is_no_figure() {
        let none = track(&[0.0, 0.0]);
        assert_eq!((none.median(), none.minimum(), none.ratio_to(&none)), (None, None, None));
    }
}
