//! `seatbelt`: its retry, breaker and time limit, and between them governor in a layer of our own, as it has no limiter.

use std::sync::Mutex;
use std::time::Duration;

use ::governor::DefaultDirectRateLimiter;
use ::seatbelt::breaker::Breaker;
use ::seatbelt::retry::{Backoff, Retry};
use ::seatbelt::timeout::Timeout;
use ::seatbelt::{RecoveryInfo, ResilienceContext};
use layered::{Execute, Layer as _, Service};
use tick::runtime::ClockDriver;

use crate::breaker::operation::{FAILURE_RATE, MIN_CALLS};
use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::peers::governor;
use crate::poll::{driven, fast_clock, soon};
use crate::stack::operation::{Operation, Spec};
use crate::trouble::Attempt;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "seatbelt";
/// What is measured.
const WITH_GOVERNOR: &str = "seatbelt, with governor";

/// The errors that stand for refusals and cuts: the crate has none of its own.
const REJECTED: Refused = Refused(u64::MAX);
const CUT_OFF: Refused = Refused(u64::MAX - 1);

type Outcome = Result<u64, Refused>;

struct Async<S> {
    service: S,
    driver: Mutex<ClockDriver>,
}

impl<S: Service<Work, Out = Outcome> + 'static> Guarded for Async<S> {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl<S: Service<Work, Out = Outcome> + 'static> Caller for &Async<S> {
    #[inline(always)]
    fn call(&mut self, work: Work) -> Seen {
        let call = self.service.execute(work);
        // Only work that is to fail ever waits for a timer.
        seen(if work.fails { driven(call, &self.driver) } else { soon(call) })
    }
}

fn seen(outcome: Outcome) -> Seen {
    match outcome {
        Err(REJECTED | CUT_OFF) => Seen::Rejected,
        outcome => Seen::bare(outcome),
    }
}

/// Neither what is refused nor what succeeds is tried again, or counts as a failure.
fn recovery(outcome: &Outcome) -> RecoveryInfo {
    match outcome {
        Ok(_) | Err(REJECTED) => RecoveryInfo::never(),
        Err(_) => RecoveryInfo::retry(),
    }
}

/// Asks governor before each attempt.
struct Permitted<S> {
    limiter: DefaultDirectRateLimiter,
    inner: S,
}

impl<S: Service<Work, Out = Outcome>> Service<Work> for Permitted<S> {
    type Out = Outcome;

    async fn execute(&self, work: Work) -> Outcome {
        self.limiter.check().map_err(|_| REJECTED)?;
        self.inner.execute(work).await
    }
}

fn build(spec: Spec) -> Async<impl Service<Work, Out = Outcome> + 'static> {
    let (clock, driver) = fast_clock();
    let context = ResilienceContext::new(clock);
    let limited = Timeout::layer("benchmark", &context).timeout(spec.limit).timeout_error(|_| CUT_OFF);
    let breaker = Breaker::layer("benchmark", &context)
        .recovery_with(|outcome: &Outcome, _| recovery(outcome))
        .rejected_input_error(|_: Work, _| REJECTED)
        .failure_threshold(f32::from(FAILURE_RATE) / 100.0)
        .min_throughput(MIN_CALLS)
        .sampling_duration(Duration::from_secs(1));
    let retry = Retry::layer("benchmark", &context)
        .clone_input()
        .recovery_with(|outcome: &Outcome, _| recovery(outcome))
        .max_retry_attempts(spec.attempts.retries())
        .backoff(Backoff::Exponential)
        .base_delay(spec.attempts.base)
        .max_delay(spec.attempts.longest)
        .use_jitter(true);
    let guarded = breaker.layer(limited.layer(Execute::new(Attempt)));
    let permitted = Permitted { limiter: governor::direct(spec.quota), inner: guarded };
    Async { service: retry.layer(permitted), driver: Mutex::new(driver) }
}

fn sized<S>(_: &Async<S>) -> usize {
    size_of::<S>()
}

/// The peer at an operation: futures only.
pub fn contender(operation: Operation) -> Option<Contender> {
    (operation == Operation::Async).then(|| Contender::standing(WITH_GOVERNOR, operation, build))
}

/// One stack. The clock, which services share, is counted with it.
pub fn instance((): ()) -> Option<Instance> {
    let guard = build(Spec::QUIET);
    Some(Instance::at_rest(sized(&guard), guard))
}
