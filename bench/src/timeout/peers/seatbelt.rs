//! `seatbelt`: a timer of its own clock, which keeps them in an ordered map behind a lock; a futures-only API.

use std::sync::Mutex;
use std::time::Duration;

use ::seatbelt::ResilienceContext;
use ::seatbelt::timeout::Timeout;
use layered::{Execute, Layer, Service};
use tick::runtime::ClockDriver;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::{driven, fast_clock, soon};
use crate::timeout::operation::{Later, Operation, Task};
use crate::trouble::Attempt;
use crate::work::{Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "seatbelt";

/// The error that stands for a cut: the crate has no error of its own.
const CUT_OFF: Refused = Refused(u64::MAX);

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
        // Only work that is to fail ever waits for the timer.
        seen(if work.fails { driven(call, &self.driver) } else { soon(call) })
    }
}

fn seen(outcome: Outcome) -> Seen {
    match outcome {
        Err(CUT_OFF) => Seen::Rejected,
        outcome => Seen::bare(outcome),
    }
}

fn build<T: Task>(limit: Duration) -> Async<impl Service<Work, Out = Outcome> + 'static> {
    let (clock, driver) = fast_clock();
    let context = ResilienceContext::new(clock);
    let layer = Timeout::layer("benchmark", &context).timeout(limit).timeout_error(|_| CUT_OFF);
    Async { service: layer.layer(Execute::new(T::of)), driver: Mutex::new(driver) }
}

fn sized<S>(_: &Async<S>) -> usize {
    size_of::<S>()
}

/// The peer at an operation: futures only.
pub fn contender(operation: Operation) -> Option<Contender> {
    match operation {
        Operation::Sync => None,
        Operation::Ready => Some(Contender::timing(NAME, build::<Attempt>)),
        Operation::Pending => Some(Contender::timing(NAME, build::<Later>)),
    }
}

/// One service. The clock, which services share, is counted with it.
pub fn instance((): ()) -> Option<Instance> {
    let guard = build::<Attempt>(Operation::LIMIT);
    Some(Instance::at_rest(sized(&guard), guard))
}
