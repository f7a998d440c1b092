//! What becomes of a request: fixed by the seed, the number of its call, how many requests that call has sent before,
//! and the phase, and by nothing else. All upstreams draw the same fate for the same request, whatever else they do.

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

/// A request as its caller names it: the number of the call, and how many requests that call has sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) number: u32,
    pub(crate) before: u32,
}

/// Decides about a request that arrived at `at` in `spell`.
pub(crate) fn decide(seed: u64, order: Order, spell: &Spell, at: Duration, pace: &Pace) -> Fate {
    let mut dice = Dice::new(seed, order);
    let (typical, spread, failing) = match spell.phase {
        // Nobody serves while it is dead; whatever came in at the last moment gets a quick answer.
        Phase::Healthy | Phase::Surge | Phase::Dead => (HEALTHY, 0.3, 0.0),
        Phase::Slow => (pace.deadline * 8 / 10, 0.5, 0.0),
        Phase::Flaky => (HEALTHY, 0.3, 0.3),
        Phase::Failing => (HEALTHY, 0.5, 0.97),
        Phase::Recovering => (HEALTHY * 2, 0.5, 0.8 * (1.0 - spell.progress(at))),
    };
    let delay = typical.mul_f64((spread * dice.normal()).exp());
    Fate { delay, fails: dice.unit() < failing }
}

/// A small generator (SplitMix64, by Sebastiano Vigna) whose draws belong to one request.
struct Dice(u64);

impl Dice {
    fn new(seed: u64, order: Order) -> Self {
        let mut dice = Self(seed);
        let scattered = dice.draw();
        let one = u64::from(order.before) << 32 | u64::from(order.number);
        Self(scattered ^ one.wrapping_mul(0xD134_2543_DE82_EF95))
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

    fn pace() -> Pace {
        Pace::of(Duration::from_secs(30))
    }

    fn fates(phase: Phase, at: Duration) -> Vec<Fate> {
        let spell = Spell { phase, from: Duration::ZERO, until: Duration::from_secs(1) };
        let orders = (0..10_000).map(|number| Order { number, before: 0 });
        orders.map(|order| decide(7, order, &spell, at, &pace())).collect()
    }

    fn share(fates: &[Fate], of: impl Fn(&Fate) -> bool) -> usize {
        fates.iter().filter(|fate| of(fate)).count() * 100 / fates.len()
    }

    #[test]
    fn the_same_seed_gives_the_same_fate_and_another_seed_another() {
        let spell = Spell { phase: Phase::Slow, from: Duration::ZERO, until: Duration::from_secs(1) };
        let draw = |seed, before| {
            [1, 2, 3].map(|number| decide(seed, Order { number, before }, &spell, Duration::ZERO, &pace()))
        };
        assert_eq!(draw(1, 0), draw(1, 0));
        assert_ne!(draw(1, 0), draw(2, 0));
        // And another attempt may have more luck.
        assert_ne!(draw(1, 0), draw(1, 1));
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
        assert!((30..=36).contains(&share(&fates, |fate| fate.delay > pace().deadline)));
        assert!(share(&fates, |fate| fate.delay > pace().slow) >= 95);
    }

    #[test]
    fn a_flaky_upstream_fails_three_of_ten_also_of_those_that_come_again() {
        assert!((28..=32).contains(&share(&fates(Phase::Flaky, Duration::ZERO), |fate| fate.fails)));
        let spell = Spell { phase: Phase::Flaky, from: Duration::ZERO, until: Duration::from_secs(1) };
        let fails =
            |number, before| decide(7, Order { number, before }, &spell, Duration::ZERO, &pace()).fails;
        let twice = (0..10_000).filter(|number| fails(*number, 0) && fails(*number, 1)).count();
        assert!((800..=1_000).contains(&twice), "{twice}");
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
