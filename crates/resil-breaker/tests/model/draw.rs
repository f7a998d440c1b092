//! How valid settings are drawn: every rule and combination, small numbers, so that short histories cross every limit.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::settings::{Function, RateRule, Reopening, Settings, SlowRule, Span};

/// Settings whose spans are small numbers, to be scaled by the unit of their history.
pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let rules = (weighted(0.5, threshold()), weighted(0.45, rate()), weighted(0.45, slow()), any::<bool>());
    let probes = (
        1..=4u32,
        weighted(0.5, 1..=6u32),
        weighted(0.4, select(vec![1, 25, 34, 50, 75, 100])),
        weighted(0.5, 1..=40u64),
        weighted(0.5, 1..=60u64),
        weighted(0.4, 1..=40u64),
    );
    let switches = (any::<bool>(), prop::bool::weighted(0.8), any::<bool>());
    (rules, reopening(), probes, switches).prop_map(|(rules, reopen, probes, switches)| {
        let (failure_threshold, failure_rate, mut slow_rate, same_window) = rules;
        if let (true, Some(failure), Some(slow)) = (same_window, failure_rate, &mut slow_rate) {
            slow.rate.window = failure.window;
            slow.rate.min_calls = failure.min_calls;
        }
        let (calls, success_threshold, half_open_failure_rate, probe_timeout, max_half_open, ramp_up) =
            probes;
        let (cancel_is_failure, counters, striped) = switches;
        Settings {
            failure_threshold,
            failure_rate,
            slow_rate,
            reopen,
            half_open_max_calls: calls,
            success_threshold,
            half_open_failure_rate,
            probe_timeout,
            max_half_open,
            ramp_up,
            cancel_is_failure,
            counters,
            striped,
        }
    })
}

fn threshold() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 1..=4u32, 1 => 5..=12u32]
}

fn rate() -> impl Strategy<Value = RateRule> {
    let percent = prop_oneof![3 => select(vec![1, 10, 33, 50, 51, 67, 99, 100]), 1 => 1..=100u8];
    (percent, 0..=255u8, window()).prop_map(|(percent, share, window)| {
        let most = match window {
            Span::Calls(calls) => calls,
            Span::Time(_) | Span::Slices(..) => 12,
        };
        RateRule { percent, min_calls: 1 + u32::from(share) * (most - 1) / 255, window }
    })
}

fn slow() -> impl Strategy<Value = SlowRule> {
    (1..=10u64, rate()).prop_map(|(slower_than, rate)| SlowRule { slower_than, rate })
}

fn window() -> impl Strategy<Value = Span> {
    prop_oneof![
        4 => (1..=20u32).prop_map(Span::Calls),
        1 => (60..=130u32).prop_map(Span::Calls),
        2 => (10..=60u64).prop_map(Span::Time),
        3 => (1..=12u32, 1..=9u64, 0..=4u64)
            .prop_map(|(slices, width, more)| Span::Slices(u64::from(slices) * width + more, slices)),
    ]
}

fn reopening() -> impl Strategy<Value = Reopening> {
    prop_oneof![
        5 => (1..=30u64).prop_map(Reopening::Fixed),
        // Whole numbers up to the second reopening, and the limit before the third.
        1 => (1..=6u64, 6..=12u64).prop_map(|(base, max)| Reopening::Exponential {
            base: 4 * base,
            tenths: 15,
            max: base * max,
        }),
        2 => (1..=10u64, select(vec![20, 30]), 1..=20u64).prop_map(|(base, tenths, max)| Reopening::Exponential {
            base,
            tenths,
            max: base * max,
        }),
        1 => select(vec![Function::Rising, Function::Falling]).prop_map(Reopening::ByFunction),
    ]
}
