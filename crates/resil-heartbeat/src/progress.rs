use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resil_core::sync::atomic::{AtomicU64, Ordering};
use resil_core::{Moment, seeded_bug};

use crate::board::{ADVANCE, Board, Meter, PAUSED};

/// The ticket of a worker that a heartbeat watches: while it stands still for longer than its limit, beats say `stalled`, however
/// well the beating thread is.
///
/// Made by [`progress`](crate::Heartbeat::progress) and [`progress_within`](crate::Heartbeat::progress_within). Dropping it ends the
/// watch, so that a worker which is done is not missed.
///
/// A heartbeat looks at its tickets at every beat, and when a limit may have ended. So a worker is seen to stand still between its
/// limit and its limit plus one interval after its last step.
///
/// ```
/// use resil_heartbeat::{Heartbeat, ManualClock, Status};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let heartbeat = Heartbeat::builder().clock(clock.clone()).start()?;
/// let ticket = heartbeat.progress_within("indexer", Duration::from_secs(5))?;
/// for page in 0..3 {
///     // index the page, and then:
///     ticket.advance();
/// }
/// heartbeat.beat_now()?; // sees the three steps
/// clock.advance(Duration::from_secs(6)); // the worker hangs
/// heartbeat.beat_now()?;
/// assert_eq!(heartbeat.state().status, Some(Status::Stalled));
///
/// drop(ticket);
/// heartbeat.beat_now()?;
/// assert_eq!(heartbeat.state().status, Some(Status::Running));
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[must_use = "dropping the ticket ends the watch"]
pub struct Progress {
    board: Arc<Board>,
    meter: Meter,
    number: u64,
}

impl Progress {
    pub(crate) fn new(board: &Arc<Board>, name: String, limit: Duration, now: Moment) -> Self {
        let meter = Arc::new(AtomicU64::new(0));
        let number = board.enter(name, limit, &meter, now);
        Self { board: Arc::clone(board), meter, number }
    }

    /// Tells that the worker has moved: one relaxed addition, no clock and no lock.
    #[inline]
    pub fn advance(&self) {
        seeded_bug!("advance_in_two_steps" => {
            self.meter.store(self.meter.load(Ordering::Relaxed) + ADVANCE, Ordering::Relaxed);
            return;
        });
        self.meter.fetch_add(ADVANCE, Ordering::Relaxed);
    }

    /// Tells that the worker waits for work, and may stand still until the guard is dropped, which is a step.
    ///
    /// ```
    /// use resil_heartbeat::Heartbeat;
    /// use std::sync::mpsc;
    ///
    /// let heartbeat = Heartbeat::builder().start()?;
    /// let (send, jobs) = mpsc::channel();
    /// send.send("a job").unwrap();
    ///
    /// let mut ticket = heartbeat.progress("worker-3");
    /// let job = {
    ///     let _waiting = ticket.pause();
    ///     jobs.recv().unwrap() // for as long as it takes
    /// };
    /// println!("{job}"); // watched again
    /// # Ok::<_, resil_heartbeat::HeartbeatError>(())
    /// ```
    pub fn pause(&mut self) -> Paused<'_> {
        self.meter.fetch_or(PAUSED, Ordering::Relaxed);
        Paused { ticket: self }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.board.leave(self.number);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("number", &self.number).finish_non_exhaustive()
    }
}

/// While it lives, the worker of a [`Progress`] ticket waits for work; made by [`pause`](Progress::pause).
///
/// ```
/// use resil_heartbeat::{Heartbeat, ManualClock, Status};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let heartbeat = Heartbeat::builder().clock(clock.clone()).start()?;
/// let mut ticket = heartbeat.progress("worker-3");
/// let waiting = ticket.pause();
/// clock.advance(Duration::from_secs(3_600));
/// heartbeat.beat_now()?;
/// assert_eq!(heartbeat.state().status, Some(Status::Running));
/// drop(waiting);
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping it ends the pause"]
pub struct Paused<'a> {
    ticket: &'a Progress,
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        // The flag is set, so that this is a carry: the flag is gone, and the worker has advanced.
        self.ticket.meter.fetch_add(PAUSED, Ordering::Relaxed);
    }
}
