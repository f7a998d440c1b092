//! `tower-resilience`: settings behind an `Arc`, and a boxed future; a tower service only.

use ::tower_resilience_retry::{ExponentialRandomBackoff, Retry, RetryLayer};
use tower_layer::Layer as _;

use crate::contender::{Caller, Contender, Guarded, Instance};
use crate::poll::Serving;
use crate::retry::operation::{Form, Operation, Spec};
use crate::trouble::Attempting;
use crate::work::{Load, Refused, Seen, Work};

/// Its name in the tables.
pub const NAME: &str = "tower-resilience";

type Service = Retry<Attempting, Work, u64, Refused>;

struct Tower(Service);

impl Guarded for Tower {
    fn caller(&self) -> impl Caller {
        Serving { service: self.0.clone(), seen: Seen::bare }
    }
}

/// The backoff; others that guard calls by this crate use the same.
pub fn backoff(spec: Spec) -> ExponentialRandomBackoff {
    ExponentialRandomBackoff::new(spec.base, 0.5).expect("the settings are valid").max_interval(spec.longest)
}

fn build(spec: Spec) -> Tower {
    let settings = RetryLayer::builder().max_attempts(spec.attempts as usize).backoff(backoff(spec));
    Tower(settings.build().layer(Attempting))
}

/// The peer at an operation: a service only. Its waits are tokio's, the shortest of which is a millisecond.
pub fn contender(operation: Operation) -> Option<Contender> {
    if operation.form == Form::Sync || operation.load == Load::SecondTry {
        return None;
    }
    Contender::retrying(NAME, operation, |spec| Some(build(spec)))
}

/// One service.
pub fn instance((): ()) -> Option<Instance> {
    Some(Instance::at_rest(size_of::<Service>(), build(Spec::USUAL)))
}
