//! Whose beats count, and what they say: pure.
//!
//! The file of a heartbeat outlives whoever wrote it. The last beat of a worker that is gone may be only milliseconds old when the
//! next one starts, so its age alone says nothing about the new one. A beat counts if it comes from the process that was started,
//! and not from the instance whose beat lay there before.

use std::time::Duration;

use resil::Moment;
use resil::heartbeat::{Liveness, State};

/// The watch over one worker.
#[derive(Debug)]
pub(crate) struct Watch {
    pid: u32,
    /// The instance whose beat lay there when it was started. Process numbers are used again, these are not.
    former: Option<String>,
    /// The instance that it turned out to be.
    instance: Option<String>,
    /// How long the first beat may take, and how long there may be none afterwards.
    startup: Duration,
    max_age: Duration,
    /// When it was last known to live: at first, when it was started.
    lived_at: Moment,
}

/// What one look shows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Nothing yet, and nothing is wrong with that.
    Nothing,
    /// The first beat of this instance.
    First(String),
    Well,
    /// It says that it ends because it was meant to.
    Stopped,
    /// It has to be replaced, for this reason.
    Missed(String),
}

impl Watch {
    /// Over a process that was started just now, when a beat of `former` lay there.
    pub(crate) const fn new(
        pid: u32,
        former: Option<String>,
        startup: Duration,
        max_age: Duration,
        now: Moment,
    ) -> Self {
        Self { pid, former, instance: None, startup, max_age, lived_at: now }
    }

    /// Takes note of what was found, and of the beat that this was found of.
    pub(crate) fn look(&mut self, now: Moment, found: &Liveness, state: Option<&State>) -> Sight {
        let own = state.filter(|state| self.is_of_this(state)).and_then(|state| state.instance.clone());
        match (found, own) {
            (Liveness::Alive { .. }, Some(instance)) => {
                self.lived_at = now;
                if self.instance.as_ref() == Some(&instance) {
                    return Sight::Well;
                }
                self.instance = Some(instance.clone());
                Sight::First(instance)
            }
            (Liveness::Stopped { .. }, Some(_)) => Sight::Stopped,
            (Liveness::Stale { .. } | Liveness::Stalled { .. }, Some(_)) => Sight::Missed(found.to_string()),
            // Nothing can be read of this one, which may pass: somebody has put another file there, the disk is slow. Or it is dead, and
            // its exit is about to be told.
            _ => self.nothing(now, found),
        }
    }

    fn is_of_this(&self, state: &State) -> bool {
        state.pid == Some(self.pid) && state.instance != self.former
    }

    fn nothing(&self, now: Moment, found: &Liveness) -> Sight {
        let since = now.saturating_duration_since(self.lived_at);
        match &self.instance {
            None if since >= self.startup => {
                Sight::Missed(format!("no beat within {:?} of its start", self.startup))
            }
            Some(_) if since > self.max_age => {
                Sight::Missed(format!("no beat of it for {since:.1?}, the file is {found}"))
            }
            _ => Sight::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resil::heartbeat::Timestamp;

    const STARTUP: Duration = Duration::from_secs(5);
    const MAX_AGE: Duration = Duration::from_secs(3);
    const ALIVE: Liveness = Liveness::Alive { age: Duration::ZERO };

    fn at(seconds: u64) -> Moment {
        Moment::ZERO.saturating_add(Duration::from_secs(seconds))
    }

    fn beat(pid: u32, instance: &str) -> State {
        let mut state = State::new(Timestamp::from_unix(Duration::from_secs(1_700_000_000)));
        (state.pid, state.instance) = (Some(pid), Some(instance.to_owned()));
        state
    }

    fn watch() -> Watch {
        Watch::new(20, Some("old".to_owned()), STARTUP, MAX_AGE, at(0))
    }

    fn first(instance: &str) -> Sight {
        Sight::First(instance.to_owned())
    }

    #[test]
    fn the_beat_of_the_former_instance_does_not_vouch_for_the_new_one() {
        let mut watch = watch();
        // Fresh, and from a process that happens to have had the same number.
        let old = beat(20, "old");
        assert_eq!(watch.look(at(1), &ALIVE, Some(&old)), Sight::Nothing);
        assert_eq!(watch.look(at(4), &ALIVE, Some(&old)), Sight::Nothing);
        let missed = Sight::Missed("no beat within 5s of its start".to_owned());
        assert_eq!(watch.look(at(5), &ALIVE, Some(&old)), missed);
    }

    #[test]
    fn what_the_former_instance_left_behind_is_no_alarm_either() {
        let old = beat(10, "old");
        for found in [
            Liveness::Dead { age: STARTUP, pid: 10 },
            Liveness::Stale { age: STARTUP, max_age: MAX_AGE },
            Liveness::Stalled { age: STARTUP, workers: Vec::new() },
            Liveness::Stopped { age: STARTUP },
        ] {
            assert_eq!(watch().look(at(1), &found, Some(&old)), Sight::Nothing, "{found}");
        }
    }

    #[test]
    fn another_process_vouches_for_nobody() {
        let mut watch = watch();
        assert_eq!(watch.look(at(1), &ALIVE, Some(&beat(20, "new"))), first("new"));
        assert_eq!(watch.look(at(4), &ALIVE, Some(&beat(30, "else"))), Sight::Nothing);
        assert!(matches!(watch.look(at(5), &ALIVE, Some(&beat(30, "else"))), Sight::Missed(_)));
    }

    #[test]
    fn a_beat_without_an_instance_cannot_be_told_from_an_old_one() {
        let mut state = beat(20, "new");
        state.instance = None;
        assert_eq!(watch().look(at(1), &ALIVE, Some(&state)), Sight::Nothing);
        let mut watch = Watch::new(20, None, STARTUP, MAX_AGE, at(0));
        assert_eq!(watch.look(at(1), &ALIVE, Some(&state)), Sight::Nothing);
    }

    #[test]
    fn its_own_beats_say_how_it_is() {
        let (mut watch, own) = (watch(), beat(20, "new"));
        assert_eq!(watch.look(at(1), &ALIVE, Some(&own)), first("new"));
        assert_eq!(watch.look(at(2), &ALIVE, Some(&own)), Sight::Well);
        assert_eq!(watch.look(at(3), &Liveness::Stopped { age: MAX_AGE }, Some(&own)), Sight::Stopped);
        let stalled = Liveness::Stalled { age: MAX_AGE, workers: vec!["orders".to_owned()] };
        let missed = Sight::Missed("stalled, no progress by orders".to_owned());
        assert_eq!(watch.look(at(4), &stalled, Some(&own)), missed);
    }

    #[test]
    fn a_heartbeat_that_begins_anew_in_the_same_process_is_the_same_worker() {
        let mut watch = watch();
        assert_eq!(watch.look(at(1), &ALIVE, Some(&beat(20, "new"))), first("new"));
        assert_eq!(watch.look(at(2), &ALIVE, Some(&beat(20, "newer"))), first("newer"));
    }

    #[test]
    fn an_exit_that_is_about_to_be_told_is_waited_for() {
        let (mut watch, own) = (watch(), beat(20, "new"));
        assert_eq!(watch.look(at(1), &ALIVE, Some(&own)), first("new"));
        let dead = Liveness::Dead { age: Duration::ZERO, pid: 20 };
        assert_eq!(watch.look(at(2), &dead, Some(&own)), Sight::Nothing);
        assert!(matches!(watch.look(at(5), &dead, Some(&own)), Sight::Missed(_)));
    }

    #[test]
    fn a_file_that_cannot_be_read_for_a_while_is_no_reason() {
        let (mut watch, own) = (watch(), beat(20, "new"));
        assert_eq!(watch.look(at(1), &ALIVE, Some(&own)), first("new"));
        // The reader still knows the beat that it read before.
        assert_eq!(watch.look(at(4), &Liveness::Missing, Some(&own)), Sight::Nothing);
        let corrupt = Liveness::Corrupt { why: "empty".to_owned() };
        let missed = "no beat of it for 4.0s, the file is corrupt, empty";
        assert_eq!(watch.look(at(5), &corrupt, Some(&own)), Sight::Missed(missed.to_owned()));
    }
}
