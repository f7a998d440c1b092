//! The picture: every panel on one time axis, the phases shaded behind all of them.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::axis::{Band, LogAxis, TimeAxis};
use crate::ledger::Slice;
use crate::naive::ATTEMPTS;
use crate::panels::{Latency, Outcomes, States};
use crate::phases::Script;
use crate::run::Run;
use crate::sides::Sides;
use crate::traffic_panel::Requests;

const WIDTH: f64 = 1080.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 1066.0;

const PHASES: Band = Band { top: 4.0, bottom: 4.0 + NAME_HEIGHT };
const REQUESTS: Band = Band { top: 68.0, bottom: 278.0 };
const BARE: Band = Band { top: 324.0, bottom: 434.0 };
const NAIVE: Band = Band { top: 480.0, bottom: 590.0 };
const GUARDED: Band = Band { top: 636.0, bottom: 746.0 };
const LATENCY: Band = Band { top: 792.0, bottom: 952.0 };
const STATES: Band = Band { top: 998.0, bottom: 1028.0 };
const HEIGHT: f64 = 1078.0;

/// What calls that were held back are filled with.
pub(crate) const HATCHES: &str = r#"<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="refused-ground"/><line x1="0" y1="0" x2="0" y2="6" class="refused-line"/></pattern><pattern id="hatch-limited" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect width="5" height="5" class="limited-ground"/><line x1="0" y1="0" x2="0" y2="5" class="limited-line"/></pattern></defs>"#;

/// Fewer calls in a slice than this make no percentile.
const CALLS_IN_A_SLICE: u64 = 10;

/// The picture of a run.
pub(crate) struct Timeline<'a>(pub(crate) &'a Run<'a>);

impl Timeline<'_> {
    /// How wide a slice is. The phases begin at thirtieths of the run, so that none of them shares a slice.
    fn slice_width(&self) -> Duration {
        let length = self.0.script.length();
        let fine = u64::from(self.0.schedule.rate) * length.as_secs() / 60 >= CALLS_IN_A_SLICE;
        length / if fine { 60 } else { 30 }
    }

    /// The whole picture as an SVG element.
    pub(crate) fn svg(&self) -> Result<String, fmt::Error> {
        let time = TimeAxis { left: LEFT, right: RIGHT, length: self.0.script.length() };
        let slices = self.0.sides.map(|side| side.ledger.slices(time.length, self.slice_width()));
        let slices = slices.as_ref().map(Vec::as_slice);

        let mut svg = String::new();
        writeln!(
            svg,
            r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="timeline-title timeline-text">
<title id="timeline-title">Requests, outcomes, latency and breaker state over the run</title>
<desc id="timeline-text">{}</desc>
{HATCHES}"#,
            self.spoken()
        )?;
        phases(&mut svg, self.0.script, &time, Band { bottom: STATES.bottom, ..PHASES })?;
        let rate = self.0.schedule.rate;
        let outcomes = |title, slices, band| Outcomes { title, slices, band, time, rate };
        Requests::of(self.0, time, REQUESTS).draw(&mut svg)?;
        outcomes("Bare: calls per second, by how they ended", slices.bare, BARE).draw(&mut svg)?;
        outcomes("Naive: calls per second, by how they ended", slices.naive, NAIVE).draw(&mut svg)?;
        outcomes("Guarded: calls per second, by how they ended", slices.guarded, GUARDED).draw(&mut svg)?;
        let deadline = self.0.pace.deadline;
        let axis = LogAxis { band: LATENCY, lowest: lowest(slices), highest: deadline * (ATTEMPTS + 1) };
        Latency { slices, axis, time, deadline }.draw(&mut svg)?;
        States { diary: self.0.diary, band: STATES, time }.draw(&mut svg)?;
        seconds(&mut svg, &time, STATES.bottom + 24.0)?;
        svg.push_str("</svg>\n");
        Ok(svg)
    }

    /// The picture in words, for those who cannot see it.
    fn spoken(&self) -> String {
        let phases: Vec<_> = self
            .0
            .script
            .spells()
            .iter()
            .map(|spell| format!("{} from {:.1} s", spell.phase, spell.from.as_secs_f64()))
            .collect();
        format!(
            "The upstream is {}. Six panels share this time axis: requests to the upstream against its contract, \
             outcomes of the bare calls, of those with naive retries, and of the guarded ones, latency of all, and the \
             state of the breaker, which changed {} times.",
            phases.join(", "),
            self.0.diary.len()
        )
    }
}

/// How high the names of the phases stand.
pub(crate) const NAME_HEIGHT: f64 = 22.0;

/// The phases behind all panels of `band`, with their names at its top.
pub(crate) fn phases(svg: &mut String, script: &Script, time: &TimeAxis, band: Band) -> fmt::Result {
    let Band { top, bottom } = band;
    for spell in script.spells() {
        let (x, name) = (time.x(spell.from), spell.phase.name());
        let width = time.x(spell.until) - x;
        writeln!(
            svg,
            r#"<rect class="phase {name}" x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{:.1}"/>
<rect class="phase-head {name}" x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{NAME_HEIGHT:.1}"/>
<text class="phase-name" x="{:.1}" y="{:.1}">{name}</text>"#,
            bottom - top,
            x + width / 2.0,
            top + NAME_HEIGHT - 7.0,
        )?;
    }
    Ok(())
}

/// The time axis, whose ticks end at `y`.
pub(crate) fn seconds(svg: &mut String, time: &TimeAxis, y: f64) -> fmt::Result {
    for tick in time.ticks() {
        let x = time.x(tick);
        writeln!(
            svg,
            r#"<line class="tick" x1="{x:.1}" x2="{x:.1}" y1="{:.1}" y2="{:.1}"/><text class="label middle" x="{x:.1}" y="{:.1}">{}</text>"#,
            y - 10.0,
            y - 5.0,
            y + 7.0,
            tick.as_secs()
        )?;
    }
    writeln!(
        svg,
        r#"<text class="label middle" x="{:.1}" y="{:.1}">seconds since the load began</text>"#,
        time.left.midpoint(time.right),
        y + 23.0
    )
}

/// The decade at or below the smallest median: where the latency axis begins.
fn lowest(slices: Sides<&[Slice]>) -> Duration {
    let medians = slices.bare.iter().chain(slices.guarded).filter_map(|slice| slice.p50);
    let smallest = medians.min().unwrap_or_default();
    let decades = [Duration::from_millis(1), Duration::from_micros(100), Duration::from_micros(10)];
    decades.into_iter().find(|decade| *decade <= smallest).unwrap_or(Duration::from_micros(10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Change;
    use crate::ledger::{Ledger, Outcome, Record};
    use crate::panels::class_of;
    use crate::phases::Script;
    use resil::breaker::{Cause, State};

    #[test]
    fn the_picture_holds_every_phase_outcome_and_state() -> fmt::Result {
        let script = Script::new(Duration::from_secs(30));
        let mut ledger = Ledger::default();
        for (outcome, n) in Outcome::ALL.into_iter().cycle().zip(0..840) {
            let due = Duration::from_micros(n * 35_700);
            ledger.note_ended(Record { due, latency: Duration::from_millis(1 + n), outcome });
        }
        let changes = [
            (4, State::Closed, State::Open),
            (6, State::Open, State::HalfOpen),
            (7, State::HalfOpen, State::Closed),
        ];
        let diary = changes.map(|(s, from, to)| Change {
            at: Duration::from_secs(s),
            from,
            to,
            cause: Cause::Forced,
        });
        let svg = Timeline(&Run::of_all(&script, &ledger, &diary)).svg()?;
        for class in ["surge", "slow", "flaky", "failing", "dead", "recovering"] {
            assert_eq!(svg.matches(&format!("class=\"phase {class}\"")).count(), 1, "{class}");
        }
        // One is in the key.
        for (class, times) in [("closed", 3), ("open", 2), ("half_open", 2)] {
            assert_eq!(svg.matches(&format!("class=\"state {class}\"")).count(), times, "{class}");
        }
        for outcome in Outcome::ALL {
            let class = class_of(outcome);
            // One in each key, of which that of the requests has one.
            let keys = if outcome == Outcome::OverContract { 4 } else { 3 };
            assert_eq!(svg.matches(&format!("class=\"{class}\"")).count(), 3 * 60 + keys, "{class}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        Ok(())
    }

    #[test]
    fn a_thin_load_has_wider_slices() {
        let script = Script::new(Duration::from_secs(6));
        let ledger = Ledger::default();
        let width = |rate| {
            let mut run = Run::of_all(&script, &ledger, &[]);
            run.schedule.rate = rate;
            Timeline(&run).slice_width().as_millis()
        };
        assert_eq!([20, 100, 200].map(width), [200, 100, 100]);
    }
}
