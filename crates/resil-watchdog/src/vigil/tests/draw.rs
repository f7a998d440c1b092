//! Histories at random.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// Time passes.
    Pass(Duration),
    /// Time passes until the next look is due, and so many nanoseconds more, or one less.
    PassToDue(Option<u64>),
    /// A look, at which each ward in turn gives the next of these signs, and the rest none.
    Look(Vec<Seen>),
    /// So many looks, each so long after it is due, the first of them like that.
    Looks(u32, Duration, Vec<Seen>),
    Enlist,
    /// The nth of those who are there goes.
    Dismiss(usize),
    Reset,
    Start,
}

/// A sign as it is drawn: what moment it names depends on the history.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seen {
    Ping,
    /// So many hundredths of the way from the last look to this one.
    Timed(u32),
    Silent,
    Rest,
    Bad,
}

pub(super) type History = (Terms, Duration, Vec<Op>);

pub(super) fn history() -> impl Strategy<Value = History> {
    (terms(), nanos(1_000_000_000_000), vec(op(), 0..40))
}

fn nanos(most: u64) -> impl Strategy<Value = Duration> {
    (0..=most).prop_map(Duration::from_nanos)
}

/// Of an order of magnitude that lets a handful of looks come to an alarm.
fn span(least: u64, most: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![
        (least..=most).prop_map(Duration::from_nanos),
        (least / 100..=most / 100).prop_map(|n| { Duration::from_nanos(n.max(1) * 100) })
    ]
}

fn terms() -> impl Strategy<Value = Terms> {
    let repeat = proptest::option::of(span(100, 3_000));
    (span(400, 4_000), 1_u32..6, span(0, 6_000), repeat, any::<bool>(), 1_u32..8).prop_map(
        |(timeout, parts, grace, repeat, judged, stretch)| {
            let tick = if judged { timeout * stretch / 4 } else { timeout / (3 + parts) };
            Terms { timeout, grace, tick, repeat, judged }
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => nanos(300).prop_map(Op::Pass),
        2 => nanos(30_000).prop_map(Op::Pass),
        5 => proptest::option::of(prop_oneof![6 => Just(0), 1 => 1_u64..2_000]).prop_map(Op::PassToDue),
        6 => vec(seen(), 0..4).prop_map(Op::Look),
        8 => (1_u32..12, late(), vec(seen(), 0..4)).prop_map(|(looks, late, signs)| Op::Looks(looks, late, signs)),
        2 => Just(Op::Enlist),
        1 => (0_usize..4).prop_map(Op::Dismiss),
        1 => Just(Op::Reset),
        1 => Just(Op::Start),
    ]
}

fn late() -> impl Strategy<Value = Duration> {
    prop_oneof![4 => Just(Duration::ZERO), 1 => nanos(100), 1 => nanos(3_000)]
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        3 => Just(Seen::Ping),
        2 => (0_u32..=100).prop_map(Seen::Timed),
        6 => Just(Seen::Silent),
        2 => Just(Seen::Rest),
        2 => Just(Seen::Bad),
    ]
}
