use std::borrow::Cow;
use std::time::Duration;

use resil_core::Clock;

use crate::circuit::ByHand;
use crate::{Cause, CircuitBreaker, State};

/// States that are set by hand.
///
/// Each of these starts a new epoch, so that calls in flight no longer count, and is told to listeners as a transition. A state
/// stays until the next call of these methods, or for the time that the `_for` forms take; then the circuit is closed. An epoch whose time
/// is over ends at the next admission.
///
/// ```
/// use resil_breaker::{CircuitBreaker, Config, State};
///
/// let breaker = CircuitBreaker::new("payments", Config::new());
/// breaker.force_open("the provider announced maintenance");
/// assert_eq!(breaker.state(), State::ForcedOpen);
/// assert_eq!(breaker.stats().reason.as_deref(), Some("the provider announced maintenance"));
/// breaker.reset();
/// assert_eq!(breaker.state(), State::Closed);
/// ```
impl<C: Clock> CircuitBreaker<C> {
    /// Closes the circuit and forgets windows, streak and the number of reopenings. Counters go on.
    pub fn reset(&self) {
        self.set(State::Closed, Cause::Reset, Cow::Borrowed(""), None);
    }

    /// Closes the circuit as [`reset`](Self::reset) does, for a reason that listeners are told.
    pub fn force_close(&self, reason: impl Into<Cow<'static, str>>) {
        self.set(State::Closed, Cause::Forced, reason.into(), None);
    }

    /// Refuses all calls.
    pub fn force_open(&self, reason: impl Into<Cow<'static, str>>) {
        self.set(State::ForcedOpen, Cause::Forced, reason.into(), None);
    }

    /// Refuses all calls for `span`.
    pub fn force_open_for(&self, reason: impl Into<Cow<'static, str>>, span: Duration) {
        self.set(State::ForcedOpen, Cause::Forced, reason.into(), Some(span));
    }

    /// Admits all calls and records nothing.
    pub fn disable(&self, reason: impl Into<Cow<'static, str>>) {
        self.set(State::Disabled, Cause::Forced, reason.into(), None);
    }

    /// Admits all calls and records nothing for `span`.
    pub fn disable_for(&self, reason: impl Into<Cow<'static, str>>, span: Duration) {
        self.set(State::Disabled, Cause::Forced, reason.into(), Some(span));
    }

    /// Admits and records all calls and never opens; the first broken rule is told as
    /// [`ThresholdExceeded`](crate::Event::ThresholdExceeded). For trying out settings.
    pub fn metrics_only(&self, reason: impl Into<Cow<'static, str>>) {
        self.set(State::MetricsOnly, Cause::Forced, reason.into(), None);
    }

    /// Only watches, as [`metrics_only`](Self::metrics_only) does, for `span`.
    pub fn metrics_only_for(&self, reason: impl Into<Cow<'static, str>>, span: Duration) {
        self.set(State::MetricsOnly, Cause::Forced, reason.into(), Some(span));
    }

    fn set(&self, state: State, cause: Cause, reason: Cow<'static, str>, span: Option<Duration>) {
        self.locked(|circuit, now| {
            let by_hand = ByHand { reason, until: span.map(|span| now.saturating_add(span)) };
            circuit.set(state, cause, by_hand, now);
        });
    }
}
