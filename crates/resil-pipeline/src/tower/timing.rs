use resil_core::Timer;

/// Where the timer for the waits and the limits of a request comes from; `C` is the clock of its pipeline.
pub trait Timing<C> {
    /// The timer, for moments of that clock.
    type Timer: Timer<Sleep: Send> + Clone + Send + 'static;

    /// The timer for moments of `clock`.
    fn timer(&self, clock: &C) -> Self::Timer;
}

/// A timer of the user's own, which has to count on the clock of the pipelines.
#[derive(Clone, Copy, Debug)]
pub struct By<T>(pub(super) T);

impl<C, T> Timing<C> for By<T>
where
    T: Timer<Sleep: Send> + Clone + Send + 'static,
{
    type Timer = T;

    fn timer(&self, _: &C) -> T {
        self.0.clone()
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use resil_core::{Clock, TokioTimer};

    use super::Timing;

    /// tokio's timer, on whatever clock a pipeline counts.
    #[derive(Clone, Copy, Debug)]
    pub struct OnTokio;

    impl<C: Clock + Clone + 'static> Timing<C> for OnTokio {
        type Timer = TokioTimer<C>;

        fn timer(&self, clock: &C) -> TokioTimer<C> {
            TokioTimer::on(clock.clone())
        }
    }
}

#[cfg(feature = "tokio")]
pub use on_tokio::OnTokio;
