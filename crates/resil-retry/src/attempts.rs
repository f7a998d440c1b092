use std::time::Duration;

use resil_core::Moment;

use crate::delays::Steps;
use crate::{Config, Ruling, StopReason};

/// The attempts of one call so far: pure. It is told of each failure, and says whether and when to try again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts {
    /// How many have begun.
    made: u32,
    steps: Steps,
}

/// What surrounds a failed attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    pub(crate) now: Moment,
    /// When the call began, if it is limited in time.
    pub(crate) started: Option<Moment>,
    /// The current deadline.
    pub(crate) deadline: Option<Moment>,
    /// What the delay's jitter depends on.
    pub(crate) thrown: u64,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Wait so long, and if the budget allows it, try again.
    Wait(Duration),
    /// The attempt was the last.
    Stop(StopReason),
}

impl Attempts {
    /// Those of a call whose first attempt begins.
    pub(crate) const fn first() -> Self {
        Self { made: 1, steps: Steps::new() }
    }

    pub(crate) const fn made(&self) -> u32 {
        self.made
    }

    /// What to do after a failed attempt on which `ruling` was passed. The surroundings are asked for only if they matter.
    pub(crate) fn after_failure(
        &mut self,
        config: &Config,
        ruling: Ruling,
        surroundings: impl FnOnce() -> Surroundings,
    ) -> Answer {
        let hint = match ruling {
            Ruling::Stop(reason) => return Answer::Stop(reason),
            Ruling::Done => return Answer::Stop(StopReason::NotRetryable),
            Ruling::Again(hint) => hint,
        };
        if self.made >= config.max_attempts {
            return Answer::Stop(StopReason::AttemptsExhausted);
        }
        let around = surroundings();
        let delay = self.steps.next(&config.backoff, around.thrown).max(hint.unwrap_or_default());
        match around.too_late(config, around.now.saturating_add(delay)) {
            Some(reason) => Answer::Stop(reason),
            None => Answer::Wait(delay),
        }
    }

    /// The wait is over and another attempt may begin, unless it took too long.
    pub(crate) fn after_wait(&mut self, config: &Config, around: &Surroundings) -> Result<(), StopReason> {
        if let Some(reason) = around.too_late(config, around.now) {
            return Err(reason);
        }
        self.made = self.made.saturating_add(1);
        Ok(())
    }
}

impl Surroundings {
    /// Why no attempt may begin at `at`: it has to be before the deadline and before the time for attempts is over.
    fn too_late(&self, config: &Config, at: Moment) -> Option<StopReason> {
        let deadline = self.deadline.map(|end| (end, StopReason::DeadlineExceeded));
        let elapsed = self.started.zip(config.max_elapsed);
        let elapsed = elapsed.map(|(start, span)| (start.saturating_add(span), StopReason::MaxElapsed));
        // Of the two, that which comes first.
        let (end, reason) = [deadline, elapsed].into_iter().flatten().min_by_key(|(end, _)| *end)?;
        (at >= end).then_some(reason)
    }
}

#[cfg(test)]
mod tests;
