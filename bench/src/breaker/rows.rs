//! The rows about the breaker.

use crate::breaker::operation::{COUNT_WINDOW, Form, NEVER, Operation, Rule, TIME_WINDOW};
use crate::breaker::ours;
use crate::breaker::peers::{self, failsafe, recloser, tower_resilience};
use crate::contender::Contender;
use crate::floor;
use crate::peer;
use crate::row::{OURS, OURS_ALONE, OURS_UNCOUNTED, Row, Target};
use crate::work::Load;

const CONSECUTIVE: Rule = Rule::Consecutive;
const COUNT: Rule = Rule::Count(COUNT_WINDOW);
const TIME: Rule = Rule::Time(TIME_WINDOW);

/// All of them, in the order of the page.
pub const ALL: &[Row] = &[
    Row {
        key: "closed-consecutive",
        title: "Closed, success, consecutive rule",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, recloser::NAME, 0.5), Target::new(OURS_UNCOUNTED, floor::BARE, 2.0)],
        contenders: || {
            let operation = Operation::sync(CONSECUTIVE, Load::Success);
            let mut all = compared(floor::bare(), operation);
            all.extend(ours::by_hand(operation));
            all
        },
    },
    Row {
        key: "closed-count",
        title: "Closed, success, window of 100 calls",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, recloser::NAME, 0.75)],
        contenders: || compared(floor::bare(), Operation::sync(COUNT, Load::Success)),
    },
    Row {
        key: "closed-time",
        title: "Closed, success, window of one second",
        reference: failsafe::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, failsafe::NAME, 0.3).stretch(0.25).with_fast_clock()],
        contenders: || compared(floor::bare(), Operation::sync(TIME, Load::Success)),
    },
    Row {
        key: "errors-consecutive",
        title: "10 % errors, consecutive rule",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[],
        contenders: || {
            compared(floor::bare_with_errors(), Operation::sync(CONSECUTIVE, Load::TenPercentErrors))
        },
    },
    Row {
        key: "errors-count",
        title: "10 % errors, window of 100 calls",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, recloser::NAME, 1.0)],
        contenders: || compared(floor::bare_with_errors(), Operation::sync(COUNT, Load::TenPercentErrors)),
    },
    Row {
        key: "errors-time",
        title: "10 % errors, window of one second",
        reference: failsafe::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, failsafe::NAME, 0.3).with_fast_clock()],
        contenders: || compared(floor::bare_with_errors(), Operation::sync(TIME, Load::TenPercentErrors)),
    },
    Row {
        key: "open",
        title: "Open, refused",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[
            Target::new(OURS_UNCOUNTED, recloser::NAME, 0.4).with_fast_clock(),
            Target::new(OURS, recloser::NAME, 0.6).with_fast_clock(),
        ],
        contenders: || {
            let mut all = compared(floor::bare(), Operation::sync(CONSECUTIVE, Load::Rejected));
            all.extend((peers::seatbelt::contender)(Operation::sync(TIME, Load::Rejected)));
            all
        },
    },
    Row {
        key: "half-open",
        title: "Half-open, a probe that succeeds",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(floor::bare(), Operation::sync(CONSECUTIVE, Load::HalfOpen)),
    },
    Row {
        key: "async-consecutive",
        title: "Async, success, consecutive rule",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, recloser::NAME, 0.8)],
        contenders: || compared(floor::bare_async(), in_form(Form::Async, CONSECUTIVE)),
    },
    Row {
        key: "async-count",
        title: "Async, success, window of 100 calls",
        reference: recloser::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, recloser::NAME, 0.8)],
        contenders: || compared(floor::bare_async(), in_form(Form::Async, COUNT)),
    },
    Row {
        key: "async-time",
        title: "Async, success, window of one second",
        reference: failsafe::NAME,
        two_threads: false,
        targets: &[],
        contenders: || compared(floor::bare_async(), in_form(Form::Async, TIME)),
    },
    Row {
        key: "tower-consecutive",
        title: "Tower layer, success, consecutive rule",
        reference: tower_resilience::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, tower_resilience::NAME, 0.15)],
        contenders: || compared(floor::bare_tower(), in_form(Form::Tower, CONSECUTIVE)),
    },
    Row {
        key: "tower-count",
        title: "Tower layer, success, window of 100 calls",
        reference: tower_resilience::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, tower_resilience::NAME, 0.15)],
        contenders: || compared(floor::bare_tower(), in_form(Form::Tower, COUNT)),
    },
    Row {
        key: "tower-time",
        title: "Tower layer, success, window of one second",
        reference: tower_resilience::NAME,
        two_threads: false,
        targets: &[Target::new(OURS, tower_resilience::NAME, 0.15).with_fast_clock()],
        contenders: || compared(floor::bare_tower(), in_form(Form::Tower, TIME)),
    },
    Row {
        key: "attribute",
        title: "Attribute on a method, success, consecutive rule",
        reference: OURS,
        two_threads: false,
        targets: &[Target::new(ours::ATTRIBUTE, OURS, 1.1)],
        contenders: || ours::in_both_forms(Operation::sync(CONSECUTIVE, Load::Success)),
    },
    Row {
        key: "attribute-async",
        title: "Attribute on an async method, success, consecutive rule",
        reference: ours::IN_METHOD,
        two_threads: false,
        targets: &[
            Target::new(ours::ATTRIBUTE, OURS, 1.1),
            Target::new(ours::ATTRIBUTE, ours::IN_METHOD, 1.1),
        ],
        contenders: || ours::in_both_forms(in_form(Form::Async, CONSECUTIVE)),
    },
    Row {
        key: "two-threads-consecutive",
        title: "Two threads on one breaker, success, consecutive rule",
        reference: floor::SHARED_FETCH_ADD,
        two_threads: true,
        targets: SHARED,
        contenders: || shared(CONSECUTIVE),
    },
    Row {
        key: "two-threads-count",
        title: "Two threads on one breaker, success, window of 100 calls",
        reference: floor::SHARED_FETCH_ADD,
        two_threads: true,
        targets: SHARED,
        contenders: || shared(COUNT),
    },
    Row {
        key: "two-threads-time",
        title: "Two threads on one breaker, success, window of one second",
        reference: floor::SHARED_FETCH_ADD,
        two_threads: true,
        targets: &[
            Target::new(OURS, floor::SHARED_FETCH_ADD, 0.6).with_fast_clock(),
            Target::new(OURS, OURS_ALONE, 1.3).with_fast_clock(),
        ],
        contenders: || shared(TIME),
    },
    Row {
        key: "scale-count",
        title: "Scale: success, windows of 10 to 100,000 calls",
        reference: "resil, 10 calls",
        two_threads: false,
        targets: &[Target::new("resil, 100,000 calls", "resil, 10 calls", 1.1)],
        contenders: count_windows,
    },
    Row {
        key: "scale-time",
        title: "Scale: success, 10 and 1,000,000 calls in a window of an hour",
        reference: "resil, 10 calls held",
        two_threads: false,
        targets: &[Target::new("resil, 1,000,000 calls held", "resil, 10 calls held", 1.1)],
        contenders: held_calls,
    },
    Row::floor(floor::pieces),
    Row {
        key: "two-threads-floor",
        title: "The floor, two threads",
        reference: floor::SHARED_FETCH_ADD,
        two_threads: true,
        targets: &[],
        contenders: floor::pairs,
    },
];

const SHARED: &[Target] =
    &[Target::new(OURS, floor::SHARED_FETCH_ADD, 0.6), Target::new(OURS, OURS_ALONE, 1.3)];

const fn in_form(form: Form, rule: Rule) -> Operation {
    Operation { rule, load: Load::Success, form }
}

/// The floor, ours, and every peer that has the operation.
fn compared(floor: Contender, operation: Operation) -> Vec<Contender> {
    peer::compared(floor, ours::contenders(operation), peers::ALL, operation)
}

/// The same for two threads, with the one-thread figures beside it.
fn shared(rule: Rule) -> Vec<Contender> {
    let operation = Operation::sync(rule, Load::Success);
    let mut all = vec![floor::shared_fetch_add()];
    all.extend(ours::contenders(operation));
    all.extend(ours::contender(operation).map(|ours| ours.solo().named(OURS_ALONE)));
    // A price that grows with what is held has no meaning over rounds of different lengths.
    all.extend(
        peer::contenders(peers::ALL, operation).into_iter().filter(|peer| peer.longest_batch == u64::MAX),
    );
    all
}

fn count_windows() -> Vec<Contender> {
    let mut all = Vec::new();
    for peer in [ours::contender, recloser::contender, peers::breaker::contender] {
        for (calls, words) in
            [(10, "10"), (100, "100"), (1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")]
        {
            let operation = Operation::sync(Rule::Count(calls), Load::Success);
            all.extend(peer(operation).map(|contender| {
                let name = format!("{}, {words} calls", contender.name);
                contender.after(u64::from(calls)).named(name)
            }));
        }
    }
    all
}

fn held_calls() -> Vec<Contender> {
    let operation = Operation::sync(Rule::Time(NEVER), Load::Success);
    let mut all: Vec<Contender> = [
        ours::holding(operation, 10, 1_000).map(|ours| ours.named("resil, 10 calls held")),
        ours::contender(operation)
            .map(|ours| ours.after(1_000_000).in_batches_of(1_000).named("resil, 1,000,000 calls held")),
    ]
    .into_iter()
    .flatten()
    .collect();
    for (held, words) in [(10, "10"), (1_000, "1,000"), (10_000, "10,000")] {
        all.extend(
            tower_resilience::holding(operation, held)
                .map(|contender| contender.named(format!("{}, {words} calls held", tower_resilience::NAME))),
        );
    }
    all
}
