//! T1: exact tables, the corners of the random source, extremes, and how delays are spread.

use std::time::Duration;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const CENTURIES: Duration = Duration::from_nanos(u64::MAX);

/// The first delays when each throw is `thrown`.
fn firsts(backoff: Backoff, thrown: u64) -> Vec<Duration> {
    let mut steps = Steps::new();
    (0..8).map(|_| steps.next(&backoff, thrown)).collect()
}

/// The same, in seconds.
fn table(backoff: Backoff, thrown: u64) -> Vec<f64> {
    firsts(backoff, thrown).iter().map(Duration::as_secs_f64).collect()
}

fn every_plan(base: Duration) -> [Backoff; 7] {
    fn cubes(attempt: u32) -> Duration {
        Duration::from_secs(u64::from(attempt).pow(3))
    }
    [
        Backoff::fixed(base),
        Backoff::linear(base),
        Backoff::exponential(base),
        Backoff::exponential(base).factor(1_000.0),
        Backoff::fibonacci(base),
        Backoff::decorrelated(base),
        Backoff::by(cubes),
    ]
}

const JITTERS: [Jitter; 6] = [
    Jitter::None,
    Jitter::Full,
    Jitter::Equal,
    Jitter::Fraction(0.0),
    Jitter::Fraction(0.25),
    Jitter::Fraction(1.0),
];

#[test]
fn each_plan_follows_its_table() {
    for thrown in [0, 1 << 63, u64::MAX] {
        let rows: [(Backoff, [f64; 8]); 7] = [
            (Backoff::fixed(2 * SECOND), [2.0; 8]),
            (Backoff::linear(2 * SECOND), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0]),
            (Backoff::exponential(SECOND), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0]),
            (
                Backoff::exponential(SECOND).factor(1.5),
                [1.0, 1.5, 2.25, 3.375, 5.0625, 7.593_75, 11.390_625, 17.085_937_5],
            ),
            (Backoff::exponential(SECOND).max(10 * SECOND), [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0]),
            (Backoff::fibonacci(SECOND), [1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0]),
            (
                Backoff::by(|attempt| Duration::from_millis(u64::from(attempt) * 10)),
                [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08],
            ),
        ];
        for (backoff, expected) in rows {
            assert_eq!(table(backoff, thrown), expected, "{backoff:?}");
        }
    }
}

#[test]
fn decorrelated_delays_are_drawn_from_the_base_to_three_times_the_last() {
    let backoff = Backoff::decorrelated(SECOND).max(100 * SECOND);
    assert_eq!(table(backoff, 0), [1.0; 8]);
    assert_eq!(table(backoff, u64::MAX), [3.0, 9.0, 27.0, 81.0, 100.0, 100.0, 100.0, 100.0]);
    // Each in the middle: of 1 to 3 is 2, of 1 to 6 is 3.5, of 1 to 10.5 is 5.75.
    let middle: Vec<_> = firsts(backoff, 1 << 63).iter().map(Duration::as_millis).collect();
    assert_eq!(middle[..3], [2_000, 3_500, 5_750]);
}

#[test]
fn each_jitter_has_its_corners() {
    // Nominal: 1 2 4 8 10 10 10 10.
    let backoff = Backoff::exponential(SECOND).max(10 * SECOND);
    let rows: [(Jitter, [f64; 8], [f64; 8]); 4] = [
        (Jitter::Full, [0.0; 8], [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0]),
        (
            Jitter::Equal,
            [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0],
            [1.0, 2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0],
        ),
        (
            Jitter::Fraction(0.5),
            [0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0],
            // Before the cap: 8 and a half of it is 12, of which 10 are left.
            [1.5, 3.0, 6.0, 10.0, 10.0, 10.0, 10.0, 10.0],
        ),
        (Jitter::Fraction(1.0), [0.0; 8], [2.0, 4.0, 8.0, 10.0, 10.0, 10.0, 10.0, 10.0]),
    ];
    for (jitter, least, most) in rows {
        assert_eq!(table(backoff.jitter(jitter), 0), least, "{jitter:?}");
        assert_eq!(table(backoff.jitter(jitter), u64::MAX), most, "{jitter:?}");
    }
}

#[test]
fn no_attempt_overflows_and_no_delay_exceeds_the_longest() {
    let bases = [Duration::ZERO, Duration::from_nanos(1), SECOND, CENTURIES, Duration::MAX];
    for base in bases {
        for max in [None, Some(Duration::ZERO), Some(SECOND), Some(CENTURIES), Some(Duration::MAX)] {
            for plan in every_plan(base) {
                for jitter in JITTERS {
                    for thrown in [0, u64::MAX] {
                        let backoff = Backoff { max, ..plan.jitter(jitter) };
                        let mut steps = Steps::new();
                        for _ in 1..=1_100 {
                            assert!(steps.next(&backoff, thrown) <= max.unwrap_or(CENTURIES), "{backoff:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn without_jitter_delays_that_grow_reach_what_a_delay_can_be() {
    for backoff in
        [Backoff::linear(Duration::MAX / 1_000), Backoff::exponential(SECOND), Backoff::fibonacci(SECOND)]
    {
        let last = backoff.delays(0).nth(1_099).unwrap();
        assert_eq!(last, CENTURIES, "{backoff:?}");
        let delays: Vec<_> = backoff.delays(0).take(1_100).collect();
        assert!(delays.is_sorted(), "{backoff:?}");
    }
    // Also past what counts attempts.
    let mut steps = Steps { taken: u32::MAX - 1, ..Steps::new() };
    let linear = Backoff::linear(SECOND);
    let most = SECOND * u32::MAX;
    assert_eq!([steps.next(&linear, 0), steps.next(&linear, 0)], [most, most]);
}

#[test]
fn what_no_number_is_keeps_within_the_longest_delay() {
    for growth in [f64::NAN, f64::INFINITY, -3.0, 0.0] {
        let backoff = Backoff::exponential(SECOND).factor(growth).max(10 * SECOND);
        for jitter in [Jitter::Fraction(f64::NAN), Jitter::Fraction(f64::INFINITY), Jitter::Fraction(-1.0)] {
            assert!(backoff.jitter(jitter).delays(7).take(1_100).all(|delay| delay <= 10 * SECOND));
        }
    }
}

/// How many of 20,000 delays for attempt `attempt` lie in each tenth from `low` to `high`.
fn tenths(backoff: Backoff, attempt: usize, low: Duration, high: Duration) -> [u32; 10] {
    let mut seen = [0; 10];
    for seed in 0..20_000 {
        let delay = backoff.delays(dice::mixed(seed)).nth(attempt - 1).unwrap();
        assert!((low..=high).contains(&delay), "{delay:?}");
        let place = delay.saturating_sub(low).as_secs_f64() / high.saturating_sub(low).as_secs_f64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 10")]
        let tenth = ((place * 10.0) as usize).min(9);
        seen[tenth] += 1;
    }
    seen
}

/// Within six standard deviations of 2,000.
fn is_even(seen: &[u32; 10]) -> bool {
    seen.iter().all(|times| (1_745..=2_255).contains(times))
}

#[test]
fn delays_are_spread_evenly_and_do_not_pile_up_at_the_longest() {
    let millis = Duration::from_millis;
    let backoff = Backoff::exponential(SECOND).max(10 * SECOND);
    let rows = [
        (backoff.jitter(Jitter::Full), 2, millis(0), millis(2_000)),
        (backoff.jitter(Jitter::Full), 9, millis(0), millis(10_000)),
        (backoff.jitter(Jitter::Equal), 9, millis(5_000), millis(10_000)),
        (backoff.jitter(Jitter::Fraction(0.2)), 2, millis(1_600), millis(2_400)),
        // 8 s and a half more is above the longest, which takes none of what would lie there.
        (backoff.jitter(Jitter::Fraction(0.5)), 4, millis(4_000), millis(10_000)),
        (backoff.jitter(Jitter::Fraction(0.2)), 9, millis(8_000), millis(10_000)),
        (Backoff::decorrelated(SECOND).max(2 * SECOND), 1, millis(1_000), millis(2_000)),
    ];
    for (backoff, attempt, low, high) in rows {
        let seen = tenths(backoff, attempt, low, high);
        assert!(is_even(&seen), "{backoff:?}, attempt {attempt}: {seen:?}");
    }
}

#[test]
fn decorrelated_delays_do_not_pile_up_either() {
    let backoff = Backoff::decorrelated(SECOND).max(10 * SECOND);
    let exactly_the_longest =
        (0..20_000).filter(|seed| backoff.delays(*seed).nth(20) == Some(10 * SECOND)).count();
    assert_eq!(exactly_the_longest, 0);
}

#[test]
fn a_seed_settles_all_and_no_seed_nothing() {
    let backoff = Backoff::exponential(SECOND).jitter(Jitter::Full);
    let with = |seed| backoff.delays(seed).take(8).collect::<Vec<_>>();
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
    let without = || backoff.into_iter().take(8).collect::<Vec<_>>();
    assert_ne!(without(), without());
    assert_eq!(backoff.delays(1).size_hint(), (usize::MAX, None));
}
