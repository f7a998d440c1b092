use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use resil_core::{Clock, Moment, Timer};

use crate::course::{Course, Woken};
use crate::{Operation, Retry, Rule, Ruling};

pin_project! {
    /// A call that is made again when it fails; made by [`Retry::call_async_with`] and its kin.
    ///
    /// It stores one attempt's future, or the wait and the result before it, and allocates nothing.
    ///
    /// Cancel-safe if the attempts are: dropped before its first poll it has done nothing; dropped later it is counted as cancelled,
    /// and if that was in a wait, the wait's token goes back to the budget.
    ///
    /// # Panics
    /// When polled after it has ended. A panic of an attempt is counted and goes on unwinding.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct CallRetrying<'a, C, S, Op, M, F, L>
    where
        C: Clock,
        S: Timer,
        F: Future,
    {
        // Drops before the course: a cancelled call has let go of what it used when that is told.
        #[pin]
        step: Step<F, S::Sleep, F::Output>,
        course: Course<'a, C>,
        operation: Op,
        rule: L,
        timer: S,
        marker: PhantomData<fn() -> M>,
    }
}

pin_project! {
    /// What is waited for. One takes the place of the other, so that the call is no larger than the larger of them.
    #[project = StepProjection]
    enum Step<F, S, R> {
        Nothing,
        Attempt { #[pin] future: F },
        Wait { #[pin] sleep: S, until: Moment, woke_early: bool, last: Option<R> },
    }
}

impl<'a, C, S, Op, M, F, L> CallRetrying<'a, C, S, Op, M, F, L>
where
    C: Clock,
    S: Timer,
    F: Future,
{
    #[inline]
    pub(crate) const fn new(retry: &'a Retry<C>, timer: S, operation: Op, rule: L) -> Self {
        let course = Course::new(retry);
        Self { step: Step::Nothing, course, operation, rule, timer, marker: PhantomData }
    }
}

impl<C, S, Op, M, F, L> Future for CallRetrying<'_, C, S, Op, M, F, L>
where
    C: Clock,
    S: Timer,
    Op: Operation<M, Output = F>,
    F: Future,
    L: Rule<F::Output>,
{
    type Output = L::Output;

    // Only what a call does that succeeds at once is here, so that all of it fits into the caller.
    #[expect(clippy::inline_always, reason = "a real call costs as much as an attempt")]
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<L::Output> {
        let mut this = self.as_mut().project();
        let course = this.course;
        if !course.is_new() {
            return self.go_on(cx, None);
        }
        match course.begin() {
            Ok(attempt) => this.step.set(Step::Attempt { future: this.operation.attempt(attempt) }),
            Err(cut) => return Poll::Ready(L::cut(cut)),
        }
        let StepProjection::Attempt { future } = this.step.project() else {
            unreachable!("the attempt has just begun")
        };
        let Poll::Ready(result) = future.poll(cx) else {
            course.suspend();
            return Poll::Pending;
        };
        match this.rule.rule(&result, || course.config()) {
            Ruling::Done => {
                course.succeeded();
                Poll::Ready(L::ran(result))
            }
            ruling => self.go_on(cx, Some((result, ruling))),
        }
    }
}

impl<C, S, Op, M, F, L> CallRetrying<'_, C, S, Op, M, F, L>
where
    C: Clock,
    S: Timer,
    Op: Operation<M, Output = F>,
    F: Future,
    L: Rule<F::Output>,
{
    /// What follows a first poll that did not end the call: another poll, or that which comes of the result of an attempt.
    #[cold]
    #[inline(never)]
    fn go_on(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut ended: Option<(F::Output, Ruling)>,
    ) -> Poll<L::Output> {
        let mut this = self.project();
        let course = this.course;
        assert!(!course.is_over(), "a retried call was polled after it had ended");
        loop {
            let (result, ruling) = match ended.take() {
                Some(ended) => ended,
                None => match this.step.as_mut().project() {
                    StepProjection::Attempt { future } => {
                        course.resume();
                        let Poll::Ready(result) = future.poll(cx) else {
                            course.suspend();
                            return Poll::Pending;
                        };
                        let ruling = this.rule.rule(&result, || course.config());
                        (result, ruling)
                    }
                    StepProjection::Wait { mut sleep, until, woke_early, last } => {
                        course.resume();
                        if sleep.as_mut().poll(cx).is_pending() {
                            course.suspend();
                            return Poll::Pending;
                        }
                        match course.woken(|| last.as_ref().and_then(L::text)) {
                            Woken::Early => {
                                sleep.set(this.timer.sleep_until(*until));
                                if std::mem::replace(woke_early, true) {
                                    // Again: the timer's clock runs ahead of the handle's. Others can run meanwhile.
                                    cx.waker().wake_by_ref();
                                    course.suspend();
                                    return Poll::Pending;
                                }
                            }
                            Woken::Go(attempt) => {
                                this.step.set(Step::Nothing);
                                this.step.set(Step::Attempt { future: this.operation.attempt(attempt) });
                            }
                            Woken::Stopped => match last.take() {
                                Some(result) => return Poll::Ready(L::ran(result)),
                                None => this.step.set(Step::Nothing),
                            },
                        }
                        continue;
                    }
                    StepProjection::Nothing => panic!("a retried call was polled after it had panicked"),
                },
            };
            if ruling == Ruling::Done {
                course.succeeded();
                return Poll::Ready(L::ran(result));
            }
            let Some(until) = course.failed(ruling, || L::text(&result)) else {
                return Poll::Ready(L::ran(result));
            };
            // What the attempt held is let go before the wait.
            this.step.set(Step::Nothing);
            let sleep = this.timer.sleep_until(until);
            this.step.set(Step::Wait { sleep, until, woke_early: false, last: Some(result) });
        }
    }
}

impl<C, S, Op, M, F, L> fmt::Debug for CallRetrying<'_, C, S, Op, M, F, L>
where
    C: Clock,
    S: Timer,
    F: Future,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let until = match self.step {
            Step::Wait { until, .. } => Some(until),
            Step::Nothing | Step::Attempt { .. } => None,
        };
        f.debug_struct("CallRetrying")
            .field("retry", &self.course.retry.name())
            .field("attempt", &self.course.attempt())
            .field("waits_until", &until)
            .field("ended", &self.course.is_over())
            .finish_non_exhaustive()
    }
}
