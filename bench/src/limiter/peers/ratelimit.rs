//! `ratelimit`: a token bucket in atomic words, refilled at most once per microsecond; its clock is std's.

use std::sync::Arc;

use ::ratelimit::{Ratelimiter, TryWaitError};
use tokio::time::sleep;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::limiter::limiting::seen;
use crate::limiter::operation::{Form, Operation, Spec};
use crate::limiter::waiting::Awaited;
use crate::work::{Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "ratelimit";

struct Direct(Ratelimiter);

impl Guarded for Direct {
    fn caller(&self) -> impl Caller {
        self
    }
}

impl Caller for &Direct {
    #[inline(always)]
    fn call(&mut self, _: Work) -> Seen {
        seen(self.0.try_wait())
    }
}

fn build(spec: Spec) -> Ratelimiter {
    Ratelimiter::builder(u64::from(spec.permits))
        .period(spec.period)
        .max_tokens(u64::from(spec.burst))
        .initial_available(u64::from(spec.burst))
        .build()
        .expect("the settings are valid")
}

/// The peer at an operation: functions only, without keys.
pub fn contender(operation: Operation) -> Option<Contender> {
    (operation.form == Form::Direct)
        .then(|| Contender::limiting(NAME, operation, |spec| Some(Direct(build(spec)))))?
}

/// One limiter.
pub fn instance(form: Form) -> Option<Instance> {
    let guard = (form == Form::Direct).then(|| Direct(build(Spec::PLENTY)))?;
    Some(Instance::of(size_of::<Ratelimiter>(), guard))
}

#[derive(Clone)]
struct Shared(Arc<Ratelimiter>);

/// It has no wait of its own: the loop of its documentation, with tokio's sleep in it.
impl Awaited for Shared {
    async fn acquire(&mut self) {
        while let Err(TryWaitError::Insufficient(wait)) = self.0.try_wait() {
            sleep(wait).await;
        }
    }
}

/// The limiter, for tasks that sleep as long as it tells them.
pub fn awaited(spec: Spec) -> impl Awaited {
    Shared(Arc::new(build(spec)))
}
