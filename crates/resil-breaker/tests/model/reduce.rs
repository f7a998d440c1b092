//! Makes a failing history short enough to read. What proptest does by itself stops at some forty operations, because it tries
//! to leave out each one only once.

use std::panic;

use resil_breaker::Verdict;

use crate::held::quietly;
use crate::history::{Deed, History, Hold, Op, Reading, Wait, Way};
use crate::play::play;
use crate::settings::{Reopening, Settings};
use crate::witness::Witness;

/// The shortest and simplest history that still fails, found by leaving out and simplifying as long as that helps.
pub(crate) fn reduced(mut history: History) -> History {
    // Each try may panic once more, and one report is enough.
    let loud = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    while let Some(smaller) = smaller(&history) {
        history = smaller;
    }
    panic::set_hook(loud);
    history
}

fn smaller(history: &History) -> Option<History> {
    let fails = |history: &History| !matches!(quietly(|| play(history, &mut Witness::blind())), Ok(Ok(())));
    let with = |ops: Vec<Op>| History { ops, ..history.clone() };
    let ops = &history.ops;
    let mut size = ops.len();
    while size > 0 {
        for start in (0..ops.len()).rev().step_by(size) {
            let end = (start + size).min(ops.len());
            let shorter = with([&ops[..start], &ops[end..]].concat());
            if fails(&shorter) {
                return Some(shorter);
            }
        }
        size /= 2;
    }
    let simpler_ops = (0..ops.len()).rev().flat_map(|index| {
        simpler(&ops[index]).into_iter().map(move |op| {
            let mut ops = ops.clone();
            ops[index] = op;
            with(ops)
        })
    });
    let simpler_rest = simpler_settings(&history.settings)
        .into_iter()
        .map(|settings| History { settings, ..history.clone() })
        .chain([
            History { unit: 1, ..history.clone() },
            History { start: 0, ..history.clone() },
            History { read_every: 1, ..history.clone() },
            History { observed: true, ..history.clone() },
        ]);
    simpler_ops.chain(simpler_rest).find(|simpler| simpler != history && fails(simpler))
}

/// Simpler operations, each of which is closer to the simplest, so that the search comes to an end.
fn simpler(op: &Op) -> Vec<Op> {
    let mut found = match *op {
        Op::Admit(_) => vec![Op::Admit(Hold::Permit)],
        Op::Settle { pick, verdict } => {
            let verdicts = [Verdict::Success, Verdict::Failure];
            let known = verdicts.iter().position(|simple| *simple == verdict).unwrap_or(2);
            let picked = [0, pick / 2, pick.saturating_sub(1)].map(|pick| Op::Settle { pick, verdict });
            verdicts[..known]
                .iter()
                .map(|verdict| Op::Settle { pick, verdict: *verdict })
                .chain(picked)
                .collect()
        }
        Op::Release { pick } => [0, pick / 2, pick.saturating_sub(1)].map(|pick| Op::Release { pick }).into(),
        Op::Call { way, verdict, takes } => {
            let mut found = vec![Op::Call { way: Way::Call, verdict, takes }];
            if verdict != Verdict::Success && verdict != Verdict::Failure {
                found.push(Op::Call { way, verdict: Verdict::Failure, takes });
            }
            found.extend(shorter(takes).into_iter().map(|takes| Op::Call { way, verdict, takes }));
            found
        }
        Op::Burst { calls, failed, each_takes } => {
            let verdict = if failed { Verdict::Failure } else { Verdict::Success };
            let mut found: Vec<_> = [calls / 2, calls - 1]
                .into_iter()
                .filter(|calls| *calls > 0)
                .map(|calls| Op::Burst { calls, failed, each_takes })
                .collect();
            found.extend(shorter(each_takes).into_iter().map(|each_takes| Op::Burst {
                calls,
                failed,
                each_takes,
            }));
            if calls == 1 {
                found.push(Op::Call { way: Way::Call, verdict, takes: each_takes });
            }
            found
        }
        Op::Advance(wait) => shorter(wait).into_iter().map(Op::Advance).collect(),
        Op::ByHand(Deed::ForceOpen(_)) => vec![Op::ByHand(Deed::ForceOpen(None))],
        Op::ByHand(Deed::Disable(_)) => vec![Op::ByHand(Deed::Disable(None))],
        Op::ByHand(Deed::MetricsOnly(_)) => vec![Op::ByHand(Deed::MetricsOnly(None))],
        Op::Reconfigure(settings) => simpler_settings(&settings).into_iter().map(Op::Reconfigure).collect(),
        Op::Resize { to, and_back: true } => vec![Op::Resize { to, and_back: false }],
        Op::Read(_) => vec![Op::Read(Reading::State)],
        Op::Resize { .. } | Op::DropUnpolled | Op::Record { .. } | Op::StepBack(_) | Op::ByHand(_) => {
            Vec::new()
        }
    };
    found.retain(|simpler| simpler != op);
    found
}

fn shorter(wait: Wait) -> Vec<Wait> {
    let mut found = match wait {
        Wait::Nanos(nanos) => vec![Wait::Nanos(0), Wait::Nanos(nanos / 2)],
        Wait::Units(units) => {
            vec![Wait::Nanos(0), Wait::Nanos(1), Wait::Units(units / 2), Wait::Units(units - 1)]
        }
        Wait::ToEdge { pick, offset } => {
            let mut found = vec![Wait::Nanos(0), Wait::Nanos(1), Wait::Units(1)];
            found.extend([0, pick / 2, pick.saturating_sub(1)].map(|pick| Wait::ToEdge { pick, offset }));
            found.push(Wait::ToEdge { pick, offset: 0 });
            found
        }
    };
    found.retain(|shorter| *shorter != wait && *shorter != Wait::Units(0));
    found
}

fn simpler_settings(settings: &Settings) -> Vec<Settings> {
    let plain = Settings { reopen: Reopening::Fixed(10), ..Settings::DEFAULT };
    let old = *settings;
    let mut found = vec![
        plain,
        Settings { failure_rate: None, ..old },
        Settings { slow_rate: None, ..old },
        Settings { failure_threshold: None, ..old },
        Settings { reopen: plain.reopen, ..old },
        Settings { half_open_max_calls: 1, ..old },
        Settings { success_threshold: None, ..old },
        Settings { half_open_failure_rate: None, ..old },
        Settings { probe_timeout: None, ..old },
        Settings { max_half_open: None, ..old },
        Settings { ramp_up: None, ..old },
        Settings { cancel_is_failure: false, ..old },
        Settings { counters: true, ..old },
        Settings { striped: true, ..old },
    ];
    found.retain(|simpler| *simpler != old);
    found
}
