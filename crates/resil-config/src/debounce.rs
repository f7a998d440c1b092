use std::time::Duration;

use resil_core::Moment;

/// Waits until a file that changes has come to rest: editors and copying tools write in several steps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Debounce {
    /// How long nothing may have changed.
    quiet: Duration,
    /// How long it waits at most, where something changes all the time.
    longest: Duration,
    pending: Option<Pending>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    since: Moment,
    last: Moment,
}

impl Debounce {
    pub(crate) const fn new(quiet: Duration, longest: Duration) -> Self {
        Self { quiet, longest, pending: None }
    }

    /// Something has changed.
    pub(crate) fn touch(&mut self, now: Moment) {
        let since = self.pending.map_or(now, |pending| pending.since);
        self.pending = Some(Pending { since, last: now });
    }

    /// When it will be time to look, unless more changes until then; `None` if nothing has changed.
    pub(crate) fn due(&self) -> Option<Moment> {
        let Pending { since, last } = self.pending?;
        Some(last.saturating_add(self.quiet).min(since.saturating_add(self.longest)))
    }

    /// Whether it is time to look, which is then done.
    pub(crate) fn take(&mut self, now: Moment) -> bool {
        let is_due = self.due().is_some_and(|due| due <= now);
        if is_due {
            self.pending = None;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use resil_core::Moment;

    use super::Debounce;

    const QUIET: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn it_looks_once_all_is_quiet() {
        let mut debounce = Debounce::new(QUIET, LONGEST);
        assert_eq!(debounce.due(), None);
        assert!(!debounce.take(at(0)));
        for millis in [0, 50, 140] {
            debounce.touch(at(millis));
        }
        assert_eq!(debounce.due(), Some(at(240)));
        assert!(!debounce.take(at(239)));
        assert!(debounce.take(at(240)));
        assert!(!debounce.take(at(10_000)), "once");
    }

    #[test]
    fn a_file_that_never_rests_is_looked_at_all_the_same() {
        let mut debounce = Debounce::new(QUIET, LONGEST);
        let looks: Vec<_> = (0..3_000)
            .step_by(50)
            .filter(|millis| {
                debounce.touch(at(*millis));
                debounce.take(at(*millis))
            })
            .collect();
        assert_eq!(looks, [1_000, 2_050]);
    }

    proptest! {
        /// The model keeps all touches since the last look, and asks at every millisecond.
        #[test]
        fn it_agrees_with_a_list_of_touches(touched in proptest::collection::vec(0_u64..60, 1..200)) {
            let mut debounce = Debounce::new(QUIET, LONGEST);
            let (mut touches, mut now) = (Vec::new(), 0);
            for pause in touched {
                for _ in 0..pause * 5 {
                    let is_due = touches.last().is_some_and(|last| now - last >= 100)
                        || touches.first().is_some_and(|first| now - first >= 1_000);
                    prop_assert_eq!(debounce.take(at(now)), is_due);
                    if is_due {
                        touches.clear();
                    }
                    now += 1;
                }
                debounce.touch(at(now));
                touches.push(now);
            }
        }
    }
}
