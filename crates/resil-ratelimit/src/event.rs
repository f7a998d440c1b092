use std::fmt;
use std::time::Duration;

use resil_core::{Name, Notice, Rejected, Severity};

use crate::Quota;

/// Something that happened to a limiter; what [`observe`](crate::RateLimiter::observe) tells.
///
/// ```
/// use resil_ratelimit::{Event, Quota, RateLimiter};
///
/// let limiter = RateLimiter::new("search", Quota::per_hour(1));
/// let _subscription = limiter.observe(|event| match event {
///     Event::Rejected(refusal) => println!("{refusal}"),
///     Event::Waited(waited) => println!("{} waited {:?}", waited.name, waited.time),
///     other => println!("{other}"),
/// });
/// let _ = limiter.try_acquire();
/// let _ = limiter.try_acquire(); // prints "search: rate limited, retry after ..."
/// # assert_eq!(limiter.stats().listener_panics, 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Event {
    /// A call was refused.
    Rejected(Rejected),
    /// A call waited and got its permits.
    Waited(Waited),
    /// The quota was changed.
    QuotaChanged(QuotaChanged),
    /// The limiter was reset.
    Reset(Name),
}

/// A wait that ended well.
///
/// ```
/// use resil_ratelimit::{Event, ManualClock, Quota, RateLimiter};
/// use std::time::Duration;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let clock = ManualClock::new();
/// let limiter = RateLimiter::with_clock("search".into(), Quota::per_second(1), clock.clone());
/// limiter.observe(|event| {
///     if let Event::Waited(waited) = event {
///         assert_eq!(waited.time, Duration::from_secs(1));
///     }
/// }).forget();
/// limiter.try_acquire()?;
/// let (waited, ()) = tokio::join!(limiter.acquire_with(clock.clone()), async { clock.advance(Duration::from_secs(1)) });
/// # assert_eq!((limiter.stats().waited, limiter.stats().listener_panics), (1, 0));
/// # waited
/// # })?;
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Waited {
    /// The limiter's name.
    pub name: Name,
    /// How many permits were waited for.
    pub permits: u32,
    /// How long.
    pub time: Duration,
}

/// A change of quota.
///
/// ```
/// use resil_ratelimit::{Event, Quota, RateLimiter};
///
/// let limiter = RateLimiter::new("search", Quota::per_second(10));
/// limiter.observe(|event| {
///     if let Event::QuotaChanged(change) = event {
///         assert_eq!((change.from.permits(), change.to.permits()), (10, 20));
///     }
/// }).forget();
/// limiter.set_quota(Quota::per_second(20))?;
/// # assert_eq!(limiter.stats().listener_panics, 0);
/// # Ok::<_, resil_ratelimit::QuotaError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct QuotaChanged {
    /// The limiter's name.
    pub name: Name,
    /// The quota before.
    pub from: Quota,
    /// The quota from now on.
    pub to: Quota,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(refusal) => refusal.fmt(f),
            Self::Waited(waited) => {
                write!(f, "{}: waited {:?} for {} permits", waited.name, waited.time, waited.permits)
            }
            Self::QuotaChanged(change) => {
                write!(f, "{}: quota {} -> {}", change.name, change.from, change.to)
            }
            Self::Reset(name) => write!(f, "{name}: reset"),
        }
    }
}

impl Notice for Event {
    fn name(&self) -> Name {
        match self {
            Self::Rejected(refusal) => refusal.name(),
            Self::Waited(waited) => waited.name,
            Self::QuotaChanged(change) => change.name,
            Self::Reset(name) => *name,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::Waited(_) => "waited",
            Self::QuotaChanged(_) => "quota_changed",
            Self::Reset(_) => "reset",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Rejected(_) | Self::Waited(_) => Severity::Debug,
            Self::QuotaChanged(_) | Self::Reset(_) => Severity::Info,
        }
    }
}
