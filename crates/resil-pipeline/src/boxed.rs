use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use resil_core::{BoxPolicy, ErasedPermit, ErasedPolicy, Line, Moment, Policy, Rejected, Timer, Verdict};

use crate::relay::Relay;

/// A [`Line`] whose type is hidden: what a [boxed](crate::Pipeline::boxed) pipeline waits in.
///
/// A permit that is not empty costs an allocation, and a wait a few more.
///
/// ```
/// use resil_pipeline::{BoxLine, Pipeline};
/// let pipeline: Pipeline<BoxLine> = Pipeline::new("orders").boxed();
/// assert_eq!(pipeline.call(|| Ok::<_, ()>(42)), Ok(42));
/// ```
#[derive(Clone)]
pub struct BoxLine(Arc<dyn ErasedLine>);

impl BoxLine {
    /// Hides the type of `line`.
    pub fn new<L>(line: L) -> Self
    where
        L: Line + Send + Sync + 'static,
        L::Policy: Send + Sync + 'static,
        L::Wait<Relay>: Send + 'static,
        <L::Policy as Policy>::Permit: 'static,
    {
        Self(Arc::new(line))
    }
}

impl fmt::Debug for BoxLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxLine")
    }
}

type Wait = Pin<Box<dyn Future<Output = Result<ErasedPermit, Rejected>> + Send>>;

trait ErasedLine: Send + Sync {
    fn boxed_policy(&self) -> BoxPolicy;
    fn wait_erased(&self, timer: Relay) -> Wait;
    fn wait_blocking_erased(&self) -> Result<ErasedPermit, Rejected>;
    fn admit_now_erased(&self) -> Option<Result<ErasedPermit, Rejected>>;
    fn settle_erased(&self, permit: ErasedPermit, verdict: Verdict);
    fn release_erased(&self, permit: ErasedPermit);
}

impl<L> ErasedLine for L
where
    L: Line + Send + Sync,
    L::Policy: Send + Sync + 'static,
    L::Wait<Relay>: Send + 'static,
    <L::Policy as Policy>::Permit: 'static,
{
    fn boxed_policy(&self) -> BoxPolicy {
        BoxPolicy::new(self.policy())
    }

    fn wait_erased(&self, timer: Relay) -> Wait {
        let wait = self.wait_with(timer);
        Box::pin(async move { wait.await.map(ErasedPermit::new) })
    }

    fn wait_blocking_erased(&self) -> Result<ErasedPermit, Rejected> {
        self.wait_blocking().map(ErasedPermit::new)
    }

    fn admit_now_erased(&self) -> Option<Result<ErasedPermit, Rejected>> {
        self.admit_now().map(|admitted| admitted.map(ErasedPermit::new))
    }

    fn settle_erased(&self, permit: ErasedPermit, verdict: Verdict) {
        ErasedPolicy::settle_erased(&self.policy(), permit, verdict);
    }

    fn release_erased(&self, permit: ErasedPermit) {
        ErasedPolicy::release_erased(&self.policy(), permit);
    }
}

impl Line for BoxLine {
    type Policy = BoxPolicy;
    type Held = ErasedPermit;
    type Wait<T: Timer> = BoxWait<T>;

    fn policy(&self) -> BoxPolicy {
        self.0.boxed_policy()
    }

    fn wait_with<T: Timer>(&self, timer: T) -> BoxWait<T> {
        let relay = Relay::new();
        BoxWait { wait: self.0.wait_erased(relay.clone()), relay, timer, until: Moment::MAX, sleep: None }
    }

    fn wait_blocking(&self) -> Result<ErasedPermit, Rejected> {
        self.0.wait_blocking_erased()
    }

    fn admit_now(&self) -> Option<Result<ErasedPermit, Rejected>> {
        self.0.admit_now_erased()
    }

    fn begin(&self, permit: ErasedPermit) -> ErasedPermit {
        permit
    }

    fn settle(&self, permit: ErasedPermit, verdict: Verdict) {
        self.0.settle_erased(permit, verdict);
    }

    fn release(&self, permit: ErasedPermit) {
        self.0.release_erased(permit);
    }
}

pin_project! {
    /// The wait in a [`BoxLine`]. Cancel-safe.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct BoxWait<T>
    where
        T: Timer,
    {
        wait: Wait,
        relay: Relay,
        timer: T,
        // What the wait sleeps by, and until when.
        until: Moment,
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

impl<T: Timer> Future for BoxWait<T> {
    type Output = Result<ErasedPermit, Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if this.sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready()) {
                this.sleep.set(None);
                this.relay.wake();
            }
            // Also while it sleeps: it may wait for something else besides.
            if let Poll::Ready(permit) = this.wait.as_mut().poll(cx) {
                return Poll::Ready(permit);
            }
            let wanted = this.relay.wanted();
            let sleeps_until = this.sleep.is_some().then_some(*this.until);
            match wanted {
                Some(at) if sleeps_until != Some(at) => {
                    *this.until = at;
                    this.sleep.set(Some(this.timer.sleep_until(at)));
                }
                Some(_) => return Poll::Pending,
                None => {
                    this.sleep.set(None);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<T: Timer> fmt::Debug for BoxWait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxWait").field("until", &self.relay.wanted()).finish_non_exhaustive()
    }
}
