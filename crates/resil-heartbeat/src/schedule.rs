use std::time::Duration;

use resil_core::Moment;

use crate::Status;

/// When to beat, and what to say: pure. It is told the time and whether a worker stands still, and answers what is due.
///
/// The n-th tick is at the start plus n intervals, so nothing drifts; a tick that nobody came to in time is skipped and counted.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval: Duration,
    waits_until_ready: bool,
    life: Life,
    /// The next tick.
    next: Moment,
    skipped: u64,
    /// What the last beat said.
    told: Option<Status>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// No beat yet.
    Fresh,
    /// The program has yet to say that it is ready.
    GettingReady,
    Running,
    Stopped,
    /// The end was not meant, and nothing is to be said of it.
    Abandoned,
}

/// What is due at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// A beat of the schedule, so many ticks late.
    Beat {
        skipped: u64,
    },
    /// A beat between two ticks, as there is something new to say.
    News,
    Nothing,
    /// Nothing any more.
    Over,
}

/// What a beat says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// What the last one said, if this is not the first.
    pub(crate) before: Option<Status>,
    pub(crate) status: Status,
}

impl Schedule {
    /// One that begins now, with a beat; the first tick is an interval later.
    pub(crate) fn new(interval: Duration, waits_until_ready: bool, now: Moment) -> Self {
        let next = now.saturating_add(interval);
        Self { interval, waits_until_ready, life: Life::Fresh, next, skipped: 0, told: None }
    }

    /// What is due now.
    pub(crate) fn due(&mut self, now: Moment, is_stalled: bool) -> Due {
        if self.is_over() {
            return Due::Over;
        }
        if now >= self.next && self.next < Moment::MAX {
            let late = now.saturating_duration_since(self.next).as_nanos() / self.interval.as_nanos().max(1);
            let skipped = u64::try_from(late).unwrap_or(u64::MAX);
            self.skipped = self.skipped.saturating_add(skipped);
            self.next = self.tick_after(skipped);
            return Due::Beat { skipped };
        }
        // That a start is over is no news; that somebody stands still, or has moved again, is.
        let is_news = self.told.is_some_and(|told| (told == Status::Stalled) != is_stalled);
        if is_news { Due::News } else { Due::Nothing }
    }

    /// The tick after the next one, and so many more.
    fn tick_after(&self, skipped: u64) -> Moment {
        let nanos = self.interval.as_nanos().saturating_mul(u128::from(skipped) + 1);
        self.next.saturating_add(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }

    /// The next tick; somebody may have to look at the workers before.
    pub(crate) fn next_tick(&self) -> Moment {
        self.next
    }

    /// What a beat says now, and that it says it; `None` if it is over and this is not the last one.
    pub(crate) fn speak(&mut self, is_stalled: bool, is_last: bool) -> Option<Word> {
        let may_speak = match self.life {
            Life::Abandoned => false,
            Life::Stopped => is_last,
            Life::Fresh | Life::GettingReady | Life::Running => !is_last,
        };
        if !may_speak {
            return None;
        }
        let status = self.status(is_stalled);
        if self.life == Life::Fresh {
            self.life = if self.waits_until_ready { Life::GettingReady } else { Life::Running };
        }
        Some(Word { before: self.told.replace(status), status })
    }

    /// What a beat would say now.
    pub(crate) fn status(&self, is_stalled: bool) -> Status {
        match self.life {
            Life::Stopped | Life::Abandoned => Status::Stopped,
            _ if is_stalled => Status::Stalled,
            Life::Fresh | Life::GettingReady => Status::Starting,
            Life::Running => Status::Running,
        }
    }

    /// What the last beat said.
    pub(crate) fn told(&self) -> Option<Status> {
        self.told
    }

    /// The program does its work from now on.
    pub(crate) fn ready(&mut self) {
        if self.life == Life::GettingReady {
            self.life = Life::Running;
        }
    }

    /// It is over; whether a last beat says so.
    pub(crate) fn stop(&mut self) -> bool {
        if self.life != Life::Abandoned {
            self.life = Life::Stopped;
        }
        self.is_stopped()
    }

    /// It is over, and nobody is told.
    pub(crate) fn abandon(&mut self) {
        if self.life != Life::Stopped {
            self.life = Life::Abandoned;
        }
    }

    /// Whether it was meant to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.life, Life::Stopped | Life::Abandoned)
    }

    /// How many ticks nobody came to in time.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }
}

#[cfg(test)]
mod tests;
