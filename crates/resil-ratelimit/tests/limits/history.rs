//! Random quotas, and what is done under them.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use resil_ratelimit::Quota;

#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) quotas: Vec<Quota>,
    pub(crate) steps: Vec<Step>,
}

/// What is done; numbers that choose among what there is are taken modulo how much there is.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Moves the clock by so many quarters of an interval of some quota, and so many nanoseconds.
    Advance {
        quota: usize,
        quarters: u32,
        nanos: u64,
    },
    Try(Amounts),
    /// Tries; if refused, again a nanosecond too early, and again in time.
    Insist(Amounts),
    /// Waits; with the longest wait that is accepted, in quarters of an interval of the first quota.
    Wait {
        amounts: Amounts,
        within: Option<u32>,
    },
    /// Polls all waits.
    Poll,
    GiveUp(usize),
    Reserve(Amounts),
    Commit {
        reservation: usize,
        used: Amounts,
    },
    Cancel(usize),
}

/// How much is asked of each quota.
pub(crate) type Amounts = Vec<Amount>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    Few(u32),
    /// So many eighths, and so many more.
    Of {
        eighths: u32,
        more: u32,
    },
}

impl Amount {
    /// Of `all` there are.
    pub(crate) fn of(self, all: u32) -> u32 {
        match self {
            Self::Few(few) => few,
            Self::Of { eighths, more } => {
                u32::try_from(u64::from(all) * u64::from(eighths) / 8).expect("a part").saturating_add(more)
            }
        }
    }
}

fn amounts(quotas: usize) -> impl Strategy<Value = Amounts> {
    let part = (0_u32..=8, 0_u32..20)
        .prop_map(|(eighths, more)| Amount::Of { eighths, more: u32::from(eighths == 8 && more == 0) });
    vec(prop_oneof![4 => (0_u32..4).prop_map(Amount::Few), 2 => part], quotas)
}

fn step(quotas: usize) -> impl Strategy<Value = Step> {
    let amounts = || amounts(quotas);
    let advance = (any::<usize>(), 0_u32..12, 0_u64..3).prop_map(|(quota, quarters, nanos)| Step::Advance {
        quota,
        quarters,
        nanos,
    });
    prop_oneof![
        4 => advance,
        4 => amounts().prop_map(Step::Try),
        2 => amounts().prop_map(Step::Insist),
        4 => (amounts(), proptest::option::of(0_u32..40))
            .prop_map(|(amounts, within)| Step::Wait { amounts, within }),
        2 => Just(Step::Poll),
        1 => any::<usize>().prop_map(Step::GiveUp),
        2 => amounts().prop_map(Step::Reserve),
        2 => (any::<usize>(), amounts()).prop_map(|(reservation, used)| Step::Commit { reservation, used }),
        1 => any::<usize>().prop_map(Step::Cancel),
    ]
}

/// Quotas that are accepted: of all scales, also such whose intervals are no whole numbers of anything.
fn quota() -> impl Strategy<Value = Quota> {
    let period = prop_oneof![
        1_u64..100,
        1_u64..1_000_000,
        Just(1_000_000_000_u64),
        (1_u64..1_000).prop_map(|seconds| seconds * 1_000_000_000),
        Just(86_400_000_000_000_u64),
    ];
    let burst = prop_oneof![4 => 1_u32..6, 2 => 1_u32..100, 1 => Just(1_000_000_u32)];
    (prop_oneof![1_u32..10, 1_u32..5_000], period, burst, proptest::option::of(0_u32..=8))
        .prop_map(|(permits, nanos, burst, initial)| {
            (Quota::per(permits, Duration::from_nanos(nanos)).burst(burst), initial)
        })
        .prop_map(|(quota, initial)| (tamed(quota), initial))
        .prop_map(|(quota, initial)| {
            initial.map_or(quota, |eighths| {
                quota.initial(Amount::Of { eighths, more: 0 }.of(quota.burst_size()))
            })
        })
}

/// The quota, or one like it that is accepted, and short enough that no history comes to the end of time.
fn tamed(quota: Quota) -> Quota {
    let month = Duration::from_secs(30 * 86_400);
    let is_good =
        |quota: &Quota| quota.check().is_ok() && quota.interval().saturating_mul(quota.burst_size()) <= month;
    let slower = Quota::per(quota.permits(), quota.period() * 5_000);
    let others = [quota.burst(1 + quota.burst_size() % 5), slower.burst(1 + quota.burst_size() % 5)];
    [quota].into_iter().chain(others).find(is_good).unwrap_or(Quota::per_second(1))
}

pub(crate) fn history(quotas: usize) -> impl Strategy<Value = History> {
    // Half of them alike, so that each is the slowest one now and then.
    let like_the_first = |quotas: Vec<Quota>| {
        let first = quotas[0];
        quotas.into_iter().map(|quota| tamed(first.burst(quota.burst_size().min(50)))).collect()
    };
    let alike = vec(quota(), quotas).prop_map(like_the_first);
    (prop_oneof![vec(quota(), quotas), alike], vec(step(quotas), 1..60))
        .prop_map(|(quotas, steps)| History { quotas, steps })
}
