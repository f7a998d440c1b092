use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use resil_core::sync::lock;
use resil_core::{Clock, Deadline, Moment, Rejected, Timer, wait_until};

use super::log::{Answer, Booking};
use super::{MORE_THAN_THE_LIMIT, SlidingWindow};
use crate::Event;
use crate::acquire::Request;
use crate::event::Waited;

pin_project! {
    /// The wait for permits of a [`SlidingWindow`]: made by [`acquire_with`](SlidingWindow::acquire_with) and its kin.
    ///
    /// It books its place at the first poll, so waiters are served in the order of their first polls, and sleeps until its instant: once,
    /// unless those before it come late. A wait that cannot end in time, by its own limits or by the
    /// [current deadline](Deadline::current) of its first poll, is refused as soon as that is known, mostly at the first poll, with
    /// the hint when to come again, and books nothing.
    ///
    /// Cancel-safe: dropped before its end, it gives up its place. Those who have booked behind it keep theirs.
    ///
    /// ```
    /// use resil_ratelimit::{Limit, ManualClock, SlidingWindow};
    /// use std::time::Duration;
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let clock = ManualClock::new(); // as the clock and as the timer
    /// let contract = SlidingWindow::with_clock("contract".into(), Limit::per_second(2), clock.clone());
    /// contract.acquire_with(clock.clone()).permits(2).await?; // at once
    ///
    /// let too_long = contract.acquire_with(clock.clone()).within(Duration::from_millis(10)).await;
    /// assert_eq!(too_long.unwrap_err().retry_after(), Some(Duration::from_secs(1)));
    /// # Ok::<_, resil_ratelimit::Rejected>(())
    /// # }).unwrap();
    /// ```
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct SlidingAcquire<'a, C, T>
    where
        C: Clock,
        T: Timer,
    {
        place: Place<'a, C>,
        request: Request,
        timer: T,
        // Made when there is something to wait for.
        #[pin]
        sleep: Option<T::Sleep>,
    }
}

/// A place in the line of a window, given up when dropped.
struct Place<'a, C: Clock> {
    window: &'a SlidingWindow<C>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    New,
    Booked { booking: Booking, since: Moment, latest: Moment },
    Ended,
}

impl<'a, C: Clock> Place<'a, C> {
    const fn new(window: &'a SlidingWindow<C>) -> Self {
        Self { window, stage: Stage::New }
    }

    /// Goes on as far as it can now, and says until when to wait; `None` if the permits are there.
    fn advance(&mut self, request: Request) -> Result<Option<Moment>, Rejected> {
        let window = self.window;
        let latest = match self.stage {
            Stage::New if request.permits == 0 => {
                self.stage = Stage::Ended;
                return Ok(None);
            }
            Stage::New => request.latest(&window.clock),
            Stage::Booked { latest, .. } => latest,
            Stage::Ended => panic!("a wait was polled after it had ended"),
        };
        let (mut book, now) = window.open();
        let (answer, since) = match self.stage {
            Stage::Booked { booking, since, .. } => {
                (book.log.claim(booking, now.as_nanos(), latest.as_nanos()), since)
            }
            _ if request.permits > window.limit.permits() => {
                self.stage = Stage::Ended;
                return Err(window.refuse(book, Rejected::new(window.name, MORE_THAN_THE_LIMIT)));
            }
            _ => (book.log.book(request.permits, now.as_nanos(), latest.as_nanos()), now),
        };
        let has_waited = matches!(self.stage, Stage::Booked { .. });
        self.stage = Stage::Ended;
        match answer {
            Answer::Given(at) => {
                book.tally.acquired += u64::from(request.permits);
                if has_waited {
                    let time = Moment::from_nanos(at).saturating_duration_since(since);
                    book.tally.waited += 1;
                    book.tally.waited_time += time;
                    let waited = Waited { name: window.name, permits: request.permits, time };
                    window.tell(book, || Event::Waited(waited));
                }
                Ok(None)
            }
            Answer::Booked(booking) => {
                self.stage = Stage::Booked { booking, since, latest };
                Ok(Some(Moment::from_nanos(booking.at)))
            }
            Answer::TooLate(at) => {
                let refusal = window.until(at, now);
                Err(window.refuse(book, refusal))
            }
        }
    }
}

impl<C: Clock> Drop for Place<'_, C> {
    fn drop(&mut self) {
        if let Stage::Booked { booking, .. } = self.stage {
            let mut book = lock(&self.window.book);
            let leaves_no_trace = book.log.give_up(booking);
            book.tally.cancelled += 1;
            if !leaves_no_trace {
                book.tally.expired_bookings += u64::from(booking.permits);
            }
        }
    }
}

impl<C: Clock, T: Timer> SlidingAcquire<'_, C, T> {
    /// Waits for so many permits, all at once; a heavy wait is not overtaken by light ones.
    pub fn permits(mut self, permits: u32) -> Self {
        self.request.permits = permits;
        self
    }

    /// Waits no longer than `max_wait`, counted from the first poll.
    pub fn within(mut self, max_wait: Duration) -> Self {
        self.request.within = Some(max_wait);
        self
    }

    /// Waits no longer than until `deadline`.
    pub fn by(mut self, deadline: Deadline) -> Self {
        self.request.by = Some(deadline);
        self
    }
}

impl<C: Clock, T: Timer> Future for SlidingAcquire<'_, C, T> {
    type Output = Result<(), Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut waited_until = None;
        loop {
            if let Some(sleep) = this.sleep.as_mut().as_pin_mut() {
                ready!(sleep.poll(cx));
            }
            let until = this.place.advance(*this.request);
            let Ok(Some(at)) = until else {
                this.sleep.set(None);
                return Poll::Ready(until.map(drop));
            };
            this.sleep.set(Some(this.timer.sleep_until(at)));
            if waited_until.replace(at) == Some(at) {
                // The timer's clock runs ahead of the window's: let others run meanwhile.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

impl<C: Clock, T: Timer> fmt::Debug for SlidingAcquire<'_, C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlidingAcquire")
            .field("window", &self.place.window.name)
            .field("request", &self.request)
            .field("stage", &self.place.stage)
            .finish_non_exhaustive()
    }
}

impl<C: Clock> SlidingWindow<C> {
    /// Waits for one permit by `timer`: any runtime's sleep. See [`SlidingAcquire`] for more permits and for limits of the wait.
    pub fn acquire_with<T: Timer>(&self, timer: T) -> SlidingAcquire<'_, C, T> {
        SlidingAcquire { place: Place::new(self), request: Request::ONE, timer, sleep: None }
    }
}

/// Waits that park the calling thread, in one line with all other waits.
///
/// A wait that cannot end in time, by its own limit or by the [current deadline](Deadline::current), is refused as soon as that is
/// known, mostly at once, with the hint when to come again.
///
/// ```
/// use resil_ratelimit::{Limit, SlidingWindow};
/// use std::time::Duration;
///
/// let contract = SlidingWindow::new("contract", Limit::per(1, Duration::from_millis(1)));
/// for _ in 0..3 {
///     contract.acquire_blocking()?; // the second and the third wait a millisecond
/// }
///
/// let reports = SlidingWindow::new("reports", Limit::per_hour(1));
/// reports.acquire_blocking()?;
/// assert!(reports.acquire_blocking_timeout(Duration::from_secs(1)).is_err());
/// # Ok::<_, resil_ratelimit::Rejected>(())
/// ```
impl<C: Clock> SlidingWindow<C> {
    /// Waits for one permit.
    pub fn acquire_blocking(&self) -> Result<(), Rejected> {
        self.wait_blocking(Request::ONE)
    }

    /// Waits for `permits`, all at once.
    pub fn acquire_blocking_n(&self, permits: u32) -> Result<(), Rejected> {
        self.wait_blocking(Request { permits, ..Request::ONE })
    }

    /// Waits for one permit, no longer than `max_wait`.
    pub fn acquire_blocking_timeout(&self, max_wait: Duration) -> Result<(), Rejected> {
        self.wait_blocking(Request { within: Some(max_wait), ..Request::ONE })
    }

    /// Waits for `permits`, all at once, no longer than `max_wait`.
    pub fn acquire_blocking_timeout_n(&self, permits: u32, max_wait: Duration) -> Result<(), Rejected> {
        self.wait_blocking(Request { permits, within: Some(max_wait), ..Request::ONE })
    }

    /// Waits for one permit, no longer than until `deadline`.
    pub fn acquire_blocking_deadline(&self, deadline: Deadline) -> Result<(), Rejected> {
        self.wait_blocking(Request { by: Some(deadline), ..Request::ONE })
    }

    /// Waits for `permits`, all at once, no longer than until `deadline`.
    pub fn acquire_blocking_deadline_n(&self, permits: u32, deadline: Deadline) -> Result<(), Rejected> {
        self.wait_blocking(Request { permits, by: Some(deadline), ..Request::ONE })
    }

    fn wait_blocking(&self, request: Request) -> Result<(), Rejected> {
        let mut place = Place::new(self);
        while let Some(at) = place.advance(request)? {
            wait_until(&self.clock, at);
        }
        Ok(())
    }
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::time::Duration;

    use resil_core::{Clock, Deadline, TokioTimer};

    use super::SlidingAcquire;
    use crate::SlidingWindow;

    type OnTokio<'a, C> = SlidingAcquire<'a, C, TokioTimer<&'a C>>;

    /// Waits by tokio's timer. They have to be polled inside a tokio runtime that has its timer enabled.
    impl<C: Clock> SlidingWindow<C> {
        /// Waits for one permit.
        pub fn acquire(&self) -> OnTokio<'_, C> {
            self.acquire_with(TokioTimer::on(&self.clock))
        }

        /// Waits for `permits`, all at once.
        pub fn acquire_n(&self, permits: u32) -> OnTokio<'_, C> {
            self.acquire().permits(permits)
        }

        /// Waits for one permit, no longer than `max_wait`.
        pub fn acquire_timeout(&self, max_wait: Duration) -> OnTokio<'_, C> {
            self.acquire().within(max_wait)
        }

        /// Waits for `permits`, all at once, no longer than `max_wait`.
        pub fn acquire_timeout_n(&self, permits: u32, max_wait: Duration) -> OnTokio<'_, C> {
            self.acquire().permits(permits).within(max_wait)
        }

        /// Waits for one permit, no longer than until `deadline`.
        pub fn acquire_deadline(&self, deadline: Deadline) -> OnTokio<'_, C> {
            self.acquire().by(deadline)
        }

        /// Waits for `permits`, all at once, no longer than until `deadline`.
        pub fn acquire_deadline_n(&self, permits: u32, deadline: Deadline) -> OnTokio<'_, C> {
            self.acquire().permits(permits).by(deadline)
        }
    }
}
