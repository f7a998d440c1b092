//! What becomes of a request: fixed by the seed, its number and the phase, and by nothing else. Both upstreams draw
//! the same fate for the same request, whatever else they are doing.

use std::time::Duration;

use crate::pace::Pace;
use crate::phases::{Phase, Spell};

/// The time that a healthy answer takes; half of them are quicker.
const HEALTHY: Duration = Duration::from_millis(8);

/// What the upstream will do with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fate {
    pub(crate) delay: Duration,
    pub(crate) fails: bool,
}

/// Decides about request `number`, which arrived at `at` in `spell`.
pub(crate) fn decide(seed: u64, number: u32, spell: &Spell, at: Duration, pace: &Pace) -> Fate {
    let mut dice = Dice::new(seed, number);
    let (typical, spread, failing) = match spell.phase {
        // Nobody serves while it is dead; whatever came in at the last moment gets a quick answer.
        Phase::Healthy | Phase::Surge | Phase::Dead => (HEALTHY, 0.3, 0.0),
        Phase::Slow => (pace.timeout * 8 / 10, 0.5, 0.0),
        Phase::Failing => (HEALTHY, 0.5, 0.97),
        Phase::Recovering => (HEALTHY * 2, 0.5, 0.8 * (1.0 - spell.progress(at))),
    };
    let delay = typical.mul_f64((spread * dice.normal()).exp());
    Fate { delay, fails: dice.unit() < failing }
}

/// A small generator (SplitMix64, by Sebastiano Vigna) whose draws belong to one request.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, number: u32) -> Self {
        let mut dice = Self(seed);
        let scattered = dice.draw();
        Self(scattered ^ u64::from(number).wrapping_mul(0xD134_2543_DE82_EF95))
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0.0 up to, and without, 1.0.
    fn unit(&mut self) -> f64 {
        let [a, b, c, d, ..] = self.draw().to_be_bytes();
        f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }

    /// Around 0 with a standard deviation of 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        timeout: Duration::from_secs(1),
        slow: Duration::from_millis(300),
        first_open: Duration::from_millis(200),
        longest_open: Duration::from_millis(500),
        patience: Duration::from_millis(200),
    };

    fn fates(phase: Phase, at: Duration) -> Vec<Fate> {
        let spell = Spell { phase, from: Duration::ZERO, until: Duration::from_secs(1) };
        (0..10_000).map(|number| decide(7, number, &spell, at, &PACE)).collect()
    }

    fn share(fates: &[Fate], of: impl Fn(&Fate) -> bool) -> usize {
        fates.iter().filter(|fate| of(fate)).count() * 100 / fates.len()
    }

    #[test]
    fn the_same_seed_gives_the_same_fate_and_another_seed_another() {
        let spell = Spell { phase: Phase::Slow, from: Duration::ZERO, until: Duration::from_secs(1) };
        let draw = |seed| [1, 2, 3].map(|number| decide(seed, number, &spell, Duration::ZERO, &PACE));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }

    #[test]
    fn a_healthy_upstream_is_quick_and_never_fails() {
        let fates = fates(Phase::Healthy, Duration::ZERO);
        assert_eq!(share(&fates, |fate| fate.fails), 0);
        assert!(fates.iter().all(|fate| fate.delay < Duration::from_millis(40)));
        assert!((45..=55).contains(&share(&fates, |fate| fate.delay < HEALTHY)));
    }

    #[test]
    fn a_slow_upstream_keeps_a_third_of_its_callers_waiting_for_nothing() {
        let fates = fates(Phase::Slow, Duration::ZERO);
        assert!((30..=36).contains(&share(&fates, |fate| fate.delay > PACE.timeout)));
        assert!(share(&fates, |fate| fate.delay > PACE.slow) >= 95);
    }

    #[test]
    fn a_failing_upstream_hardly_ever_succeeds() {
        assert!((95..=98).contains(&share(&fates(Phase::Failing, Duration::ZERO), |fate| fate.fails)));
    }

    #[test]
    fn a_recovering_upstream_fails_less_and_less() {
        let failing = |ms| share(&fates(Phase::Recovering, Duration::from_millis(ms)), |fate| fate.fails);
        assert!((78..=82).contains(&failing(0)));
        assert!((38..=42).contains(&failing(500)));
        assert_eq!(failing(1000), 0);
    }
}
