use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::Moment;

/// A source of [`Moment`]s that never runs backwards.
///
/// Every handle takes its clock as a type parameter that defaults to [`MonotonicClock`]; tests pass a
/// [`ManualClock`](crate::ManualClock).
///
/// ```
/// use resil_core::{Clock, MonotonicClock};
///
/// let a = MonotonicClock.now();
/// assert!(MonotonicClock.now() >= a);
/// ```
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;

    /// The wall clock, as the time since 1970-01-01 UTC; only for what leaves the process. It may step.
    fn unix_time(&self) -> Duration {
        system_unix_time()
    }

    /// Blocks this thread until about `at`, or until it is [unparked](std::thread::Thread::unpark). It may come back early.
    ///
    /// A clock that does not run with the system's has to wake the thread itself.
    fn park_until(&self, at: Moment) {
        std::thread::park_timeout(at.saturating_duration_since(self.now()));
    }

    /// Reads this clock without it, if it is the same one for the whole process: a deadline that counts on it can then begin when it is
    /// needed.
    fn reader(&self) -> Option<fn() -> Moment> {
        None
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Moment {
        (**self).now()
    }
    fn unix_time(&self) -> Duration {
        (**self).unix_time()
    }
    fn park_until(&self, at: Moment) {
        (**self).park_until(at);
    }
    fn reader(&self) -> Option<fn() -> Moment> {
        (**self).reader()
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }
    fn unix_time(&self) -> Duration {
        (**self).unix_time()
    }
    fn park_until(&self, at: Moment) {
        (**self).park_until(at);
    }
    fn reader(&self) -> Option<fn() -> Moment> {
        (**self).reader()
    }
}

/// The process's monotonic clock: what the operating system offers, or the time-stamp counter with feature `fast-clock`.
///
/// Its origin is its first use in the process. A read costs about 16 ns, with `fast-clock` about 7 ns.
///
/// With `fast-clock`, the first read in the process measures the counter's rate against the operating system's clock, which takes
/// 10 to 20 ms and never more than 200: read the clock once at start-up. On a machine whose counter is not invariant, the operating
/// system's clock is read instead.
///
/// ```
/// use resil_core::{Clock, MonotonicClock};
/// println!("{}", MonotonicClock.now());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MonotonicClock;

impl Clock for MonotonicClock {
    #[inline]
    fn now(&self) -> Moment {
        Moment::from_nanos(source::nanos())
    }

    #[inline]
    fn reader(&self) -> Option<fn() -> Moment> {
        Some(|| Self.now())
    }
}

#[cfg(not(feature = "fast-clock"))]
mod source {
    use std::sync::OnceLock;
    use std::time::{Duration, Instant};

    static ORIGIN: OnceLock<Instant> = OnceLock::new();

    #[expect(clippy::disallowed_methods, reason = "this is the file that wraps it")]
    #[inline]
    pub(super) fn nanos() -> u64 {
        let now = Instant::now();
        whole_nanos(now.saturating_duration_since(*ORIGIN.get_or_init(|| now)))
    }

    /// Without the 128 bits of `Duration::as_nanos`: no process runs for 584 years.
    #[inline]
    fn whole_nanos(since: Duration) -> u64 {
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }

    #[cfg(test)]
    #[test]
    fn nanoseconds_are_those_of_the_whole_span() {
        for nanos in [0, 999_999_999, 1_000_000_000, 2_500_000_000, u64::MAX] {
            assert_eq!(whole_nanos(Duration::from_nanos(nanos)), nanos);
        }
    }
}

#[cfg(feature = "fast-clock")]
mod source {
    use std::sync::OnceLock;

    /// The counter, calibrated once against the operating system's clock, and its reading at the origin.
    static COUNTER: OnceLock<(quanta::Clock, u64)> = OnceLock::new();

    #[inline]
    pub(super) fn nanos() -> u64 {
        let (counter, origin) = COUNTER.get_or_init(|| {
            let counter = quanta::Clock::new();
            let origin = counter.raw();
            (counter, origin)
        });
        counter.delta_as_nanos(*origin, counter.raw())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the file that wraps it")]
fn system_unix_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO)
}
