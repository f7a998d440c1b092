use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use resil_core::{Moment, Timer};

/// No sleep is wanted.
const AWAKE: u64 = u64::MAX;

/// A timer that does not sleep itself, but tells whoever polls its sleeper until when to: so a wait whose type is hidden needs no timer
/// whose type is known.
///
/// One sleep at a time, and all in one task.
#[derive(Clone, Debug)]
pub struct Relay(Arc<AtomicU64>);

impl Relay {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(AWAKE)))
    }

    /// Until when its sleeper wants to sleep.
    pub(crate) fn wanted(&self) -> Option<Moment> {
        match self.0.load(Ordering::Relaxed) {
            AWAKE => None,
            nanos => Some(Moment::from_nanos(nanos)),
        }
    }

    /// The sleep is over.
    pub(crate) fn wake(&self) {
        self.0.store(AWAKE, Ordering::Relaxed);
    }
}

impl Timer for Relay {
    type Sleep = Asleep;

    fn sleep_until(&self, at: Moment) -> Asleep {
        // The end of time is as good as a nanosecond before it.
        self.0.store(at.as_nanos().min(AWAKE - 1), Ordering::Relaxed);
        Asleep(self.clone())
    }
}

/// A sleep of a [`Relay`].
#[derive(Debug)]
pub struct Asleep(Relay);

impl Future for Asleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0.wanted().is_none() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Asleep {
    fn drop(&mut self) {
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::pin::pin;
    use std::task::Waker;

    #[test]
    fn a_sleep_is_wanted_until_somebody_has_slept_it_or_it_is_given_up() {
        let relay = Relay::new();
        assert_eq!(relay.wanted(), None);
        for at in [Moment::ZERO, Moment::from_nanos(7)] {
            let mut sleep = pin!(relay.sleep_until(at));
            assert_eq!(relay.wanted(), Some(at));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(sleep.as_mut().poll(&mut cx).is_pending());
            relay.wake();
            assert_eq!((relay.wanted(), sleep.as_mut().poll(&mut cx)), (None, Poll::Ready(())));
        }
        drop(relay.sleep_until(Moment::from_nanos(7)));
        assert_eq!(relay.wanted(), None);
    }

    #[test]
    fn the_end_of_time_is_slept_for() {
        let relay = Relay::new();
        let _sleep = relay.sleep_until(Moment::MAX);
        assert_eq!(relay.wanted(), Some(Moment::from_nanos(u64::MAX - 1)));
    }
}
