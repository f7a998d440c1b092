//! Histories at random.

use proptest::collection::vec;
use proptest::prelude::*;

/// Nanoseconds since the origin of the clock.
pub(super) type Time = u64;

const MS: Time = 1_000_000;

/// What a history is made of.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Pass(Time),
    /// To just before, to, or just after the next moment that the machines name.
    PassToNext(Time),
    /// A round of the loop: a look, and what is due.
    Round,
    /// A beat by hand.
    Ask,
    Ready,
    Stop,
    Abandon,
    Enter(Time),
    Leave(usize),
    Advance(usize),
    Pause(usize),
    Resume(usize),
    Target(bool),
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) origin: Time,
    pub(super) interval: Time,
    pub(super) waits: bool,
    pub(super) repeat: Option<(Time, Time)>,
}

/// Few enough that many are equal, or sums of others.
fn span() -> impl Strategy<Value = Time> {
    (1..20_u64, 0..3_u64).prop_map(|(ms, ns)| ms * MS + ns)
}

fn op() -> impl Strategy<Value = Op> {
    let nth = || 0..4_usize;
    prop_oneof![
        2 => prop_oneof![9 => span(), 1 => span().prop_map(|span| span * 1_000)].prop_map(Op::Pass),
        8 => (0..3_u64).prop_map(Op::PassToNext),
        12 => Just(Op::Round),
        2 => Just(Op::Ask),
        1 => Just(Op::Ready),
        3 => span().prop_map(Op::Enter),
        1 => nth().prop_map(Op::Leave),
        8 => nth().prop_map(Op::Advance),
        2 => nth().prop_map(Op::Pause),
        2 => nth().prop_map(Op::Resume),
        4 => prop::bool::weighted(0.8).prop_map(Op::Target),
    ]
}

pub(super) fn history() -> impl Strategy<Value = (Settings, Vec<Op>)> {
    let repeat = prop::option::of((span(), span()).prop_map(|(a, b)| (a.min(b), a.max(b))));
    let settings = (0..3 * MS, span(), any::<bool>(), repeat)
        .prop_map(|(origin, interval, waits, repeat)| Settings { origin, interval, waits, repeat });
    let end = prop_oneof![3 => Just(Op::Stop), 1 => Just(Op::Abandon)];
    let ops = (
        vec(op(), 0..100),
        vec(end, 0..3),
        vec(op(), 0..10),
        vec(prop_oneof![Just(Op::Stop), Just(Op::Abandon)], 0..2),
    );
    let ops = ops.prop_map(|(before, end, after, more)| [before, end, after, more].concat());
    (settings, ops)
}
