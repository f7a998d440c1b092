use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use resil_core::Error;

pin_project! {
    /// A call with a fallback: what is done when it brings nothing; made by [`PipelineCall::or_else`](crate::PipelineCall::or_else).
    ///
    /// It holds the call or the fallback, never both. Cancel-safe if both are.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct OrElse<F, G, H> {
        #[pin]
        step: Step<F, G, H>,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F, G, H> {
        Call { #[pin] call: F, fallback: Option<G> },
        Fallback { #[pin] future: H },
    }
}

impl<F, G, H> OrElse<F, G, H> {
    pub(crate) const fn new(call: F, fallback: G) -> Self {
        Self { step: Step::Call { call, fallback: Some(fallback) } }
    }
}

impl<F, G, H, V, E, X> Future for OrElse<F, G, H>
where
    F: Future<Output = Result<V, Error<E>>>,
    G: FnOnce(Error<E>) -> H,
    H: Future<Output = Result<V, X>>,
{
    type Output = Result<V, X>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut step = self.project().step;
        loop {
            match step.as_mut().project() {
                StepProjection::Call { call, fallback } => match ready!(call.poll(cx)) {
                    Ok(value) => return Poll::Ready(Ok(value)),
                    Err(error) => {
                        let Some(fallback) = fallback.take() else {
                            panic!("a call with a fallback was polled after it had ended")
                        };
                        let future = fallback(error);
                        step.set(Step::Fallback { future });
                    }
                },
                StepProjection::Fallback { future } => return future.poll(cx),
            }
        }
    }
}

impl<F, G, H> fmt::Debug for OrElse<F, G, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fell_back = matches!(self.step, Step::Fallback { .. });
        f.debug_struct("OrElse").field("fell_back", &fell_back).finish_non_exhaustive()
    }
}
