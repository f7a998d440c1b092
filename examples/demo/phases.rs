//! The script: which phase the upstream is in at which moment of the run.

use std::fmt;
use std::time::Duration;

/// How an upstream behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Healthy,
    /// As well as ever, but callers come at three times the rate.
    Surge,
    /// Most answers take too long, a part of them longer than callers wait.
    Slow,
    /// Three of ten answers are a 500, and another attempt may bring what the first did not.
    Flaky,
    /// Nearly every answer is a 500.
    Failing,
    /// The process is gone: nothing listens, and every open connection was cut.
    Dead,
    /// Up again, with failures that become fewer and fewer.
    Recovering,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Surge => "surge",
            Self::Slow => "slow",
            Self::Flaky => "flaky",
            Self::Failing => "failing",
            Self::Dead => "dead",
            Self::Recovering => "recovering",
        }
    }

    /// It is better left alone. One that is flaky is not.
    pub(crate) fn is_sick(self) -> bool {
        !matches!(self, Self::Healthy | Self::Surge | Self::Flaky)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Each phase with its share of the run, in thirtieths. A stretch before each trouble in which there is none, or hardly
/// any, shows how the guard meets it from rest, and a healthy one after it shows how it recovers.
const PLAY: [(Phase, u32); 11] = [
    (Phase::Healthy, 1),
    (Phase::Surge, 3),
    (Phase::Healthy, 2),
    (Phase::Slow, 4),
    (Phase::Healthy, 2),
    (Phase::Flaky, 3),
    (Phase::Failing, 4),
    (Phase::Healthy, 3),
    (Phase::Dead, 4),
    (Phase::Recovering, 1),
    (Phase::Healthy, 3),
];

/// One phase with its place in the run. Times count from the start of the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spell {
    pub(crate) phase: Phase,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

impl Spell {
    /// How much of the spell is over at `at`: 0.0 to 1.0.
    pub(crate) fn progress(&self, at: Duration) -> f64 {
        let length = self.until.saturating_sub(self.from);
        at.saturating_sub(self.from).div_duration_f64(length).min(1.0)
    }
}

/// A time of trouble: from the first sick spell to the next healthy one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Incident {
    /// What it began with.
    pub(crate) phase: Phase,
    pub(crate) from: Duration,
    /// When the upstream was well again.
    pub(crate) well: Duration,
    /// When the healthy spell after it ended.
    pub(crate) until: Duration,
}

impl Incident {
    pub(crate) fn length(&self) -> Duration {
        self.well.saturating_sub(self.from)
    }
}

/// The whole run.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    spells: Vec<Spell>,
}

impl Script {
    pub(crate) fn new(length: Duration) -> Self {
        let all: u32 = PLAY.iter().map(|(_, share)| share).sum();
        let mut done = 0;
        let spells = PLAY
            .iter()
            .map(|&(phase, share)| {
                let from = length * done / all;
                done += share;
                Spell { phase, from, until: length * done / all }
            })
            .collect();
        Self { spells }
    }

    pub(crate) fn spells(&self) -> &[Spell] {
        &self.spells
    }

    pub(crate) fn length(&self) -> Duration {
        self.spells.last().map_or(Duration::ZERO, |spell| spell.until)
    }

    /// When callers come at three times the rate.
    pub(crate) fn surge(&self) -> Option<Spell> {
        self.spells.iter().copied().find(|spell| spell.phase == Phase::Surge)
    }

    /// The spell at a moment; the last one for every moment after the end.
    pub(crate) fn spell_at(&self, at: Duration) -> Spell {
        let later = self.spells.partition_point(|spell| spell.until <= at);
        self.spells[later.min(self.spells.len() - 1)]
    }

    /// When nothing listens, and when that is over.
    pub(crate) fn outage(&self) -> Option<Spell> {
        self.spells.iter().copied().find(|spell| spell.phase == Phase::Dead)
    }

    pub(crate) fn phase_at(&self, at: Duration) -> Phase {
        self.spell_at(at).phase
    }

    pub(crate) fn incidents(&self) -> Vec<Incident> {
        let mut incidents: Vec<Incident> = Vec::new();
        let mut sick = false;
        for spell in &self.spells {
            match (spell.phase.is_sick(), incidents.last_mut()) {
                (true, Some(incident)) if sick => {
                    (incident.well, incident.until) = (spell.until, spell.until);
                }
                (true, _) => {
                    let Spell { phase, from, until } = *spell;
                    incidents.push(Incident { phase, from, well: until, until });
                }
                (false, Some(incident)) => incident.until = spell.until,
                (false, None) => {}
            }
            sick = spell.phase.is_sick();
        }
        incidents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn the_spells_fill_the_run_without_a_gap() {
        for length in [5, 6, 7, 30, 600] {
            let script = Script::new(seconds(length));
            assert_eq!(script.spells()[0].from, Duration::ZERO);
            assert_eq!(script.length(), seconds(length));
            for pair in script.spells().windows(2) {
                assert_eq!(pair[0].until, pair[1].from);
                assert!(pair[0].from < pair[0].until);
            }
        }
    }

    #[test]
    fn a_spell_holds_its_beginning_and_not_its_end() {
        let script = Script::new(seconds(30));
        assert_eq!(script.phase_at(seconds(0)), Phase::Healthy);
        assert_eq!(script.phase_at(Duration::from_nanos(999_999_999)), Phase::Healthy);
        assert_eq!(script.phase_at(seconds(1)), Phase::Surge);
        assert_eq!(script.phase_at(seconds(6)), Phase::Slow);
        assert_eq!(script.phase_at(seconds(12)), Phase::Flaky);
        assert_eq!(script.phase_at(seconds(22)), Phase::Dead);
        assert_eq!(script.phase_at(seconds(26)), Phase::Recovering);
        assert_eq!(script.phase_at(seconds(99)), Phase::Healthy);
    }

    #[test]
    fn dead_and_recovering_are_one_incident_and_neither_a_surge_nor_some_errors_are_one() {
        let incidents = Script::new(seconds(30)).incidents();
        let expected = [
            Incident { phase: Phase::Slow, from: seconds(6), well: seconds(10), until: seconds(15) },
            Incident { phase: Phase::Failing, from: seconds(15), well: seconds(19), until: seconds(22) },
            Incident { phase: Phase::Dead, from: seconds(22), well: seconds(27), until: seconds(30) },
        ];
        assert_eq!(incidents, expected);
    }

    #[test]
    fn progress_runs_from_zero_to_one() {
        let spell = Spell { phase: Phase::Slow, from: seconds(10), until: seconds(20) };
        let progress = [10, 15, 20, 40].map(|s| (spell.progress(seconds(s)) * 100.0).round());
        assert_eq!(progress.map(|p| format!("{p}")), ["0", "50", "100", "100"]);
    }
}
