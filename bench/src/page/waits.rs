//! What the page says about waiting tasks.

use std::fmt::Write as _;

use super::figures::{bold, grouped, percent, ratio, verdict, worse};
use crate::limiter::waiting::{MOST_OF_A_CORE, MOST_OF_REFERENCE, PROMISED, RATE, REFERENCE, TASKS};
use crate::record::{Wait, WaitCase, Waits};
use crate::row::OURS;

/// The worst over all runtimes counts.
pub(super) fn promises(page: &mut String, std_clock: &Waits, fast_clock: &Waits) {
    for promised in PROMISED {
        let lacking = |waits| worst(waits, promised.burst, |wait| wait.share.map(|share| 1.0 - share));
        let (std_lack, fast_lack) = (lacking(std_clock), lacking(fast_clock));
        let share = |lacking: Option<f64>| percent(lacking.map(|lacking| 1.0 - lacking));
        let stretch =
            promised.stretch.map_or_else(String::new, |share| format!(" (stretch {})", percent(Some(share))));
        let _ = writeln!(
            page,
            "| Waiting, burst {}: share of the rate | ≥ {}{stretch} | {} | {} | {} |",
            promised.burst,
            percent(Some(promised.share)),
            share(std_lack),
            share(fast_lack),
            verdict(
                worse(std_lack, fast_lack),
                1.0 - promised.share,
                promised.stretch.map(|share| 1.0 - share)
            ),
        );
        let times = |waits| worst(waits, promised.burst, |wait| wait.ratio);
        let (std_ratio, fast_ratio) = (times(std_clock), times(fast_clock));
        let _ = writeln!(
            page,
            "| Waiting, burst {}: processor time | ≤ {MOST_OF_REFERENCE}x {REFERENCE} | {} | {} | {} |",
            promised.burst,
            ratio(std_ratio),
            ratio(fast_ratio),
            verdict(worse(std_ratio, fast_ratio), MOST_OF_REFERENCE, None),
        );
        let core = |waits| worst(waits, promised.burst, |wait| wait.processor);
        let (std_core, fast_core) = (core(std_clock), core(fast_clock));
        let _ = writeln!(
            page,
            "| Waiting, burst {}: share of a core | ≤ {} | {} | {} | {} |",
            promised.burst,
            percent(Some(MOST_OF_A_CORE)),
            percent(std_core),
            percent(fast_core),
            verdict(worse(std_core, fast_core), MOST_OF_A_CORE, None),
        );
    }
}

/// The largest figure of ours over the runtimes.
fn worst(waits: &Waits, burst: u32, figure: fn(&Wait) -> Option<f64>) -> Option<f64> {
    let cases = waits.cases.iter().filter(|case| case.burst == burst);
    let ours = cases.flat_map(|case| case.waiters.iter().filter(|wait| wait.name == OURS));
    ours.filter_map(figure).max_by(f64::total_cmp)
}

pub(super) fn render(page: &mut String, std_clock: &Waits, fast_clock: &Waits) {
    let _ = write!(
        page,
        "\n### Waiting\n\n{TASKS} tasks on a tokio runtime, each in a loop of waiting for one permit of one limiter of \
         {} permits a second: the share of that rate that they got, median and lowest round, and the processor \
         time of the whole process as a share of one core and beside {REFERENCE}'s. The contenders wait in turn.\n",
        grouped(RATE.into()),
    );
    for case in &std_clock.cases {
        let fast =
            fast_clock.cases.iter().find(|fast| (fast.burst, fast.threads) == (case.burst, case.threads));
        table(page, case, fast);
    }
}

fn table(page: &mut String, case: &WaitCase, fast: Option<&WaitCase>) {
    let runtime = if case.threads == 1 { "a runtime of one thread" } else { "a runtime of two threads" };
    let _ = write!(
        page,
        "\n#### Waiting, burst {}, {runtime}\n\n\
         | | rate | lowest | of a core | ratio | `fast-clock`: rate | lowest | of a core | ratio |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        case.burst,
    );
    for wait in &case.waiters {
        let fast = fast.and_then(|case| case.waiters.iter().find(|fast| fast.name == wait.name));
        let _ = writeln!(page, "| {} | {} | {} |", bold(&wait.name), cells(Some(wait)), cells(fast));
    }
}

fn cells(wait: Option<&Wait>) -> String {
    let of = |part: fn(&Wait) -> Option<f64>| wait.and_then(part);
    format!(
        "{} | {} | {} | {}",
        percent(of(|wait| wait.share)),
        percent(of(|wait| wait.least)),
        percent(of(|wait| wait.processor)),
        ratio(of(|wait| wait.ratio)),
    )
}
