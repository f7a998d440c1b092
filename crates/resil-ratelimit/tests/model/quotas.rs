//! How quotas are drawn: all that a constructor accepts, and small ones more often, so that short histories cross every limit.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use resil_ratelimit::Quota;

const YEAR: u64 = 31_557_600_000_000_000;

/// Any quota that is accepted.
pub(crate) fn quota() -> impl Strategy<Value = Quota> {
    let initial = prop_oneof![3 => Just(None), 1 => Just(Some(0)), 1 => any::<u8>().prop_map(Some)];
    (rate(), prop::option::weighted(0.9, burst()), initial).prop_map(|(rate, burst, initial)| {
        let wished = burst.map_or(rate, |burst| rate.burst(burst));
        let few = 1 + wished.burst_size() % 8;
        let mut candidates =
            [wished, rate.burst(few), rate.burst(1), Quota::per_second(rate.permits() % 1_000 + 1)];
        for candidate in &mut candidates {
            if let Some(share) = initial {
                let initial = u64::from(candidate.burst_size()) * u64::from(share) / 256;
                *candidate = candidate.initial(u32::try_from(initial).expect("less than the burst"));
            }
        }
        *candidates.iter().find(|quota| quota.check().is_ok()).expect("the last one is always accepted")
    })
}

fn rate() -> impl Strategy<Value = Quota> {
    let nanos = |permits, nanos| Quota::per(permits, Duration::from_nanos(nanos));
    let unit = select(vec![1, 1, 1_000, 1_000_000, 1_000_000_000]);
    prop_oneof![
        // Round ones, fractions of nanoseconds among them.
        6 => (1..=12_u32, 1..=200_u64, unit).prop_map(move |(permits, span, unit)| {
            nanos(permits, (span * unit).max(permits.into()))
        }),
        // Those that divide nothing.
        2 => (1..=1_000_000_000_u32).prop_map(Quota::per_second),
        2 => (any::<u32>(), 0..=57_u32, any::<u64>()).prop_map(move |(permits, bits, noise)| {
            let span = ((1 << bits) | (noise & ((1 << bits) - 1))).min(4 * YEAR);
            nanos((permits >> (permits % 32)).clamp(1, u32::try_from(span).unwrap_or(u32::MAX)), span)
        }),
        1 => select(vec![
            Quota::per_day(1),
            Quota::per_second(1_000_000_000),
            Quota::per_second(7_000_000),
            Quota::per_second(999),
            Quota::per_second(37),
            Quota::per_minute(7),
            nanos(1, 4 * YEAR),
            nanos(u32::MAX, 4 * YEAR),
            nanos(u32::MAX, u32::MAX.into()),
        ]),
    ]
}

fn burst() -> impl Strategy<Value = u32> {
    prop_oneof![
        10 => 1..=8_u32,
        3 => 9..=1_000_u32,
        1 => any::<u32>(),
        1 => Just(u32::MAX),
    ]
}
