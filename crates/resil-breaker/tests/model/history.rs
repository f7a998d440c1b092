//! Histories: settings, and what is done to a breaker in which order; and how they are drawn.

use std::fmt;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use resil_breaker::Verdict;

use crate::draw::settings;
use crate::settings::Settings;

#[derive(Clone, PartialEq)]
pub(crate) struct History {
    /// The nanoseconds that every span of the history counts in.
    pub(crate) unit: u64,
    /// The clock at the beginning.
    pub(crate) start: u64,
    pub(crate) settings: Settings,
    /// After how many operations everything is read and compared. Results and events are compared after each. Above one it shows
    /// whether reading mends what would else be wrong.
    pub(crate) read_every: usize,
    /// Whether somebody listens to the breaker's events.
    pub(crate) observed: bool,
    pub(crate) ops: Vec<Op>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// Asks, and keeps what was admitted.
    Admit(Hold),
    /// Settles one of the calls that are held.
    Settle {
        pick: u8,
        verdict: Verdict,
    },
    /// Hands back one of the calls that are held. A future is dropped instead.
    Release {
        pick: u8,
    },
    /// A whole call.
    Call {
        way: Way,
        verdict: Verdict,
        takes: Wait,
    },
    /// Equal calls one after the other.
    Burst {
        calls: u8,
        failed: bool,
        each_takes: Wait,
    },
    /// A guarded future that is dropped before its first poll.
    DropUnpolled,
    /// `record_success()` or `record_failure()`.
    Record {
        failed: bool,
    },
    Advance(Wait),
    StepBack(Back),
    ByHand(Deed),
    Reconfigure(Settings),
    /// Reconfigures to the present settings with windows of another size, and then perhaps back.
    Resize {
        to: Size,
        and_back: bool,
    },
    Read(Reading),
}

/// In what form an admitted call is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hold {
    Permit,
    Guard,
    Future,
}

/// How a whole call is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    Call,
    Guard,
    Future,
}

/// How far the clock goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wait {
    Nanos(u8),
    Units(u16),
    /// To a moment at which something ends, or a nanosecond before or after it.
    ToEdge {
        pick: u8,
        offset: i8,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Back {
    Nanos(u8),
    Units(u16),
    ToZero,
}

/// What is done by hand, with the units after which it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Deed {
    Reset,
    ForceClose,
    ForceOpen(Option<u8>),
    Disable(Option<u8>),
    MetricsOnly(Option<u8>),
}

/// The size of all windows: in calls for those that count calls, else in slices of so many units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    pub(crate) calls: u32,
    pub(crate) slices: u32,
    pub(crate) width: u64,
}

/// Reads that must change nothing; everything is compared after each of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    State,
    CanProceed,
    Stats,
    Snapshot,
    Debug,
    WarmUp,
}

/// Which operations a history goes without, so that the others come further.
#[derive(Clone, Copy, Debug)]
struct Without {
    hands: bool,
    reconfiguring: bool,
    steps_back: bool,
}

pub(crate) fn history() -> impl Strategy<Value = History> {
    let without = (prop::bool::weighted(0.4), prop::bool::weighted(0.4), prop::bool::weighted(0.4));
    let without =
        without.prop_map(|(hands, reconfiguring, steps_back)| Without { hands, reconfiguring, steps_back });
    let unit = select(vec![1, 1_003, 1_000_000, 1_000_000_000]);
    let start = select(vec![0, 1, 1_000_000_007, 86_400_000_000_000]);
    let read_every = select(vec![1, 1, 1, 7]);
    (unit, start, settings(), read_every, prop::bool::weighted(0.8), without, vec(op(), 0..=300)).prop_map(
        |(unit, start, settings, read_every, observed, without, mut ops)| {
            ops.retain(|op| match op {
                Op::ByHand(_) => !without.hands,
                Op::Reconfigure(_) | Op::Resize { .. } => !without.reconfiguring,
                Op::StepBack(_) => !without.steps_back,
                _ => true,
            });
            for op in &mut ops {
                if let Op::Reconfigure(new) = op {
                    *new = new.in_units_of(unit);
                }
            }
            History { unit, start, settings: settings.in_units_of(unit), read_every, observed, ops }
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let calls = prop_oneof![12 => 1..=12u8, 1 => 13..=120u8];
    let whole = (select(vec![Way::Call, Way::Guard, Way::Future]), verdict(), took());
    prop_oneof![
        25 => hold().prop_map(Op::Admit),
        24 => (any::<u8>(), verdict()).prop_map(|(pick, verdict)| Op::Settle { pick, verdict }),
        18 => wait().prop_map(Op::Advance),
        10 => whole.prop_map(|(way, verdict, takes)| Op::Call { way, verdict, takes }),
        9 => (calls, prop::bool::weighted(0.7), took())
            .prop_map(|(calls, failed, each_takes)| Op::Burst { calls, failed, each_takes }),
        4 => any::<bool>().prop_map(|failed| Op::Record { failed }),
        3 => deed().prop_map(Op::ByHand),
        5 => change(),
        3 => back().prop_map(Op::StepBack),
        12 => rest(),
    ]
}

fn change() -> impl Strategy<Value = Op> {
    prop_oneof![
        1 => settings().prop_map(Op::Reconfigure),
        2 => (1..=20u32, 1..=12u32, 1..=9u64, any::<bool>())
            .prop_map(|(calls, slices, width, and_back)| Op::Resize { to: Size { calls, slices, width }, and_back }),
    ]
}

fn rest() -> impl Strategy<Value = Op> {
    let readings = vec![
        Reading::State,
        Reading::CanProceed,
        Reading::Stats,
        Reading::Snapshot,
        Reading::Debug,
        Reading::WarmUp,
    ];
    prop_oneof![
        6 => select(readings).prop_map(Op::Read),
        10 => any::<u8>().prop_map(|pick| Op::Release { pick }),
        1 => Just(Op::DropUnpolled),
    ]
}

fn hold() -> impl Strategy<Value = Hold> {
    prop_oneof![4 => Just(Hold::Permit), 1 => Just(Hold::Guard), 1 => Just(Hold::Future)]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        7 => Just(Verdict::Success),
        7 => Just(Verdict::Failure),
        1 => Just(Verdict::Ignored),
        2 => Just(Verdict::Cancelled),
        1 => Just(Verdict::Panicked),
    ]
}

fn took() -> impl Strategy<Value = Wait> {
    prop_oneof![4 => Just(Wait::Nanos(0)), 2 => wait()]
}

fn wait() -> impl Strategy<Value = Wait> {
    prop_oneof![
        10 => (any::<u8>(), -1..=1i8).prop_map(|(pick, offset)| Wait::ToEdge { pick, offset }),
        5 => (1..=12u16).prop_map(Wait::Units),
        2 => (0..=2u8).prop_map(Wait::Nanos),
        1 => (13..=5_000u16).prop_map(Wait::Units),
    ]
}

fn back() -> impl Strategy<Value = Back> {
    prop_oneof![
        6 => (1..=40u16).prop_map(Back::Units),
        2 => (1..=2u8).prop_map(Back::Nanos),
        1 => Just(Back::ToZero),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    let lasts = || prop::option::weighted(0.7, 1..=40u8);
    prop_oneof![
        2 => Just(Deed::Reset),
        2 => Just(Deed::ForceClose),
        3 => lasts().prop_map(Deed::ForceOpen),
        3 => lasts().prop_map(Deed::Disable),
        3 => lasts().prop_map(Deed::MetricsOnly),
    ]
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { unit, start, settings, read_every, observed, ops } = self;
        let listens = if *observed { "somebody" } else { "nobody" };
        writeln!(
            f,
            "a unit is {unit} ns, the clock starts at {start} ns, all is read every {read_every} operations, {listens} listens"
        )?;
        writeln!(f, "{settings:?}")?;
        ops.iter().enumerate().try_for_each(|(number, op)| writeln!(f, "{number:4}  {op:?}"))
    }
}
