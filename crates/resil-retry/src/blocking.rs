use std::time::Duration;

use resil_core::{Clock, wait_until};

use crate::course::{Course, FirstAttempt, Woken, begin};
use crate::{Attempt, Operation, Retry, Rule, Ruling};

/// Runs `operation` until it succeeds or there is no more hope, with the thread parked between attempts.
#[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
#[inline(always)]
pub(crate) fn run<C, M, Op, L>(retry: &Retry<C>, rule: &L, mut operation: Op) -> L::Output
where
    C: Clock,
    Op: Operation<M>,
    L: Rule<Op::Output>,
{
    let begun = match begin(retry) {
        Ok(begun) => begun,
        Err(cut) => return L::cut(cut),
    };
    let first = FirstAttempt { retry, begun };
    let result = operation.attempt(Attempt::new(1, begun.max_attempts, Duration::ZERO));
    let ruling = rule.rule(&result, || retry.settings.config());
    let begun = first.ended();
    if ruling == Ruling::Done {
        return L::ran(result);
    }
    go_on(Course::underway(retry, begun), rule, operation, result, ruling)
}

/// What follows a first attempt that failed. Out of line, so that it costs nothing where none does.
#[cold]
#[inline(never)]
fn go_on<C, M, Op, L>(
    mut course: Course<'_, C>,
    rule: &L,
    mut operation: Op,
    mut result: Op::Output,
    mut ruling: Ruling,
) -> L::Output
where
    C: Clock,
    Op: Operation<M>,
    L: Rule<Op::Output>,
{
    let retry = course.retry;
    while ruling != Ruling::Done {
        let Some(until) = course.failed(ruling, || L::text(&result)) else { return L::ran(result) };
        let attempt = loop {
            wait_until(&retry.clock, until);
            match course.woken(|| L::text(&result)) {
                // The clock ran backwards.
                Woken::Early => {}
                Woken::Go(attempt) => break attempt,
                Woken::Stopped => return L::ran(result),
            }
        };
        // Before the next one begins.
        drop(result);
        result = operation.attempt(attempt);
        ruling = rule.rule(&result, || course.config());
    }
    course.succeeded();
    L::ran(result)
}
