//! Histories: a quota, and what is done to a limiter in which order; and how they are drawn.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use resil_ratelimit::Quota;

use crate::quotas::quota;

#[derive(Clone)]
pub(crate) struct History {
    pub(crate) quota: Quota,
    /// The clock at the beginning, in nanoseconds.
    pub(crate) start: u64,
    /// After how many operations everything is read and compared. Answers and events are compared after each. Above one it shows
    /// whether reading mends what would else be wrong.
    pub(crate) read_every: usize,
    pub(crate) ops: Vec<Op>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Op {
    Try(Amount),
    /// `admit`, and the permit is kept.
    Admit,
    /// `release` of a permit.
    Release(Pick),
    /// `settle` of a permit.
    Settle(Pick),
    Reserve(Amount),
    /// Ends a reservation with so many more or less used than it holds.
    Commit(Pick, Used),
    /// Drops a reservation.
    Cancel(Pick),
    /// A future that is polled once, and later when its instant has come; or only when it is picked.
    Wait {
        amount: Amount,
        limit: Limit,
        late: bool,
    },
    Poll(Pick),
    /// Drops a future that waits.
    GiveUp(Pick),
    DropUnpolled,
    Advance(Step),
    Reset,
    SetQuota(Quota),
    Read,
}

/// Which of those that are held.
pub(crate) type Pick = u8;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Amount {
    Few(u8),
    /// So many less than the burst.
    BurstLess(u8),
    /// A share of the burst, in 1/256.
    Share(u8),
    MoreThanTheBurst,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Used {
    None,
    Share(u8),
    All,
    More(u8),
}

/// How long a wait may last: by its own time limit, deadline, or the current one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    None,
    Within(Span),
    By(Span),
    Current(Span),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Span {
    /// Exactly what is needed behind all others, or a nanosecond less or more.
    Needed(i8),
    /// Intervals.
    Intervals(u8),
}

/// How far the clock goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Nanos(u8),
    /// Tenths of the interval.
    Tenths(u8),
    /// To the instant at which something becomes possible, or a nanosecond before or after it.
    Edge(Pick, i8),
    /// Until all is free, or a nanosecond before or after it.
    Full(i8),
    /// So many 1/16 of the time to refill the burst.
    Refills(u8),
}

/// Which operations a history goes without, so that the others come further.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn for itself")]
struct Without {
    turns: bool,
    waits: bool,
    refunds: bool,
    debts: bool,
}

pub(crate) fn history() -> impl Strategy<Value = History> {
    let without = (
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.7),
    );
    let without = without.prop_map(|(turns, waits, refunds, debts)| Without { turns, waits, refunds, debts });
    let start = select(vec![0, 1, 1_000_000_007, 86_400_000_000_000, 157_788_000_000_000_000]);
    (quota(), start, select(vec![1, 1, 1, 5]), without, vec(op(), 0..=120)).prop_map(
        |(quota, start, read_every, without, mut ops)| {
            ops.retain(|op| match op {
                Op::Reset | Op::SetQuota(_) => !without.turns,
                Op::Wait { .. } => !without.waits,
                Op::Release(_) | Op::Cancel(_) => !without.refunds,
                Op::Commit(_, Used::More(_)) => !without.debts,
                _ => true,
            });
            History { quota, start, read_every, ops }
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        14 => amount().prop_map(Op::Try),
        8 => Just(Op::Admit),
        7 => any::<u8>().prop_map(Op::Release),
        2 => any::<u8>().prop_map(Op::Settle),
        5 => amount().prop_map(Op::Reserve),
        4 => (any::<u8>(), used()).prop_map(|(pick, used)| Op::Commit(pick, used)),
        3 => any::<u8>().prop_map(Op::Cancel),
        18 => (amount(), limit(), prop::bool::weighted(0.15))
            .prop_map(|(amount, limit, late)| Op::Wait { amount, limit, late }),
        2 => any::<u8>().prop_map(Op::Poll),
        8 => any::<u8>().prop_map(Op::GiveUp),
        1 => Just(Op::DropUnpolled),
        22 => step().prop_map(Op::Advance),
        1 => Just(Op::Reset),
        2 => quota().prop_map(Op::SetQuota),
        2 => Just(Op::Read),
    ]
}

fn amount() -> impl Strategy<Value = Amount> {
    prop_oneof![
        8 => (0..=4_u8).prop_map(Amount::Few),
        3 => (0..=2_u8).prop_map(Amount::BurstLess),
        4 => any::<u8>().prop_map(Amount::Share),
        1 => Just(Amount::MoreThanTheBurst),
    ]
}

fn used() -> impl Strategy<Value = Used> {
    prop_oneof![
        1 => Just(Used::None),
        4 => any::<u8>().prop_map(Used::Share),
        1 => Just(Used::All),
        1 => any::<u8>().prop_map(Used::More),
    ]
}

fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        6 => Just(Limit::None),
        1 => span().prop_map(Limit::Within),
        1 => span().prop_map(Limit::By),
        1 => span().prop_map(Limit::Current),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![3 => (-1..=1_i8).prop_map(Span::Needed), 1 => (0..=9_u8).prop_map(Span::Intervals)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..=2_u8).prop_map(Step::Nanos),
        5 => (0..=40_u8).prop_map(Step::Tenths),
        8 => (any::<u8>(), -1..=1_i8).prop_map(|(pick, offset)| Step::Edge(pick, offset)),
        1 => (-1..=1_i8).prop_map(Step::Full),
        1 => any::<u8>().prop_map(Step::Refills),
    ]
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quota, start, read_every, ops } = self;
        writeln!(f, "{quota:?}, the clock starts at {start} ns, all is read every {read_every} operations")?;
        ops.iter().enumerate().try_for_each(|(number, op)| writeln!(f, "{number:4}  {op:?}"))
    }
}
