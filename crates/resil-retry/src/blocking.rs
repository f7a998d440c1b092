use resil_core::{Clock, wait_until};

use crate::course::{Course, Woken};
use crate::{Operation, Retry, Rule, Ruling};

/// Runs `operation` until it succeeds or there is no more hope, with the thread parked between attempts.
#[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
#[inline(always)]
pub(crate) fn run<C, M, Op, L>(retry: &Retry<C>, rule: &L, mut operation: Op) -> L::Output
where
    C: Clock,
    Op: Operation<M>,
    L: Rule<Op::Output>,
{
    let mut course = Course::new(retry);
    let attempt = match course.begin() {
        Ok(attempt) => attempt,
        Err(cut) => return L::cut(cut),
    };
    let result = operation.attempt(attempt);
    match rule.rule(&result, retry.settings()) {
        Ruling::Done => {
            course.succeeded_at_once();
            L::ran(result)
        }
        ruling => go_on(course, rule, operation, result, ruling),
    }
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
        ruling = rule.rule(&result, retry.settings());
    }
    course.succeeded();
    L::ran(result)
}
