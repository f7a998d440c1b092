//! A small picture of a run, in a file of its own: what fits on the first page of a book.

use std::fmt::{self, Write as _};

use crate::axis::{Band, TimeAxis};
use crate::panels::{Outcomes, States};
use crate::run::Run;
use crate::timeline::{HATCHES, phases, seconds};
use crate::traffic_panel::Requests;

const STYLE: &str = include_str!("picture.css");

const WIDTH: f64 = 1080.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 1066.0;

const ALL: Band = Band { top: 8.0, bottom: 566.0 };
const REQUESTS: Band = Band { top: 72.0, bottom: 242.0 };
const BARE: Band = Band { top: 288.0, bottom: 372.0 };
const GUARDED: Band = Band { top: 418.0, bottom: 502.0 };
const STATES: Band = Band { top: 544.0, bottom: 566.0 };
const HEIGHT: f64 = 616.0;

/// The picture as a file. It looks right on light and on dark ground.
pub(crate) fn svg(run: &Run<'_>) -> Result<String, fmt::Error> {
    let time = TimeAxis { left: LEFT, right: RIGHT, length: run.script.length() };
    let slices = run.sides.map(|side| side.ledger.slices(time.length, time.length / 30));
    let mut svg = String::new();
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', sans-serif">
<title>Bare calls, naive retries, and a guarded pipeline</title>
<style>
{STYLE}</style>
{HATCHES}
<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="10"/>"#
    )?;
    phases(&mut svg, run.script, &time, ALL)?;
    Requests::of(run, time, REQUESTS).draw(&mut svg)?;
    let rate = run.schedule.rate;
    let outcomes = |title, slices, band| Outcomes { title, slices, band, time, rate };
    outcomes("Bare: calls per second, by how they ended", &slices.bare, BARE).draw(&mut svg)?;
    outcomes("Guarded: calls per second, by how they ended", &slices.guarded, GUARDED).draw(&mut svg)?;
    States { diary: run.diary, band: STATES, time }.draw(&mut svg)?;
    seconds(&mut svg, &time, STATES.bottom + 22.0)?;
    svg.push_str("</svg>\n");
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::{Ledger, Outcome, Record};
    use crate::phases::Script;

    #[test]
    fn the_picture_stands_alone_and_is_small() -> fmt::Result {
        let script = Script::new(Duration::from_secs(30));
        let mut ledger = Ledger::default();
        for (outcome, n) in Outcome::ALL.into_iter().cycle().zip(0..840) {
            let due = Duration::from_micros(n * 35_700);
            ledger.note_ended(Record { due, latency: Duration::from_millis(1 + n), outcome });
        }
        let svg = svg(&Run::of_all(&script, &ledger, &[]))?;
        for foreign in ["<script", "src=", "href=", "@import", "https:", "NaN", "inf"] {
            assert!(!svg.contains(foreign), "{foreign}");
        }
        for element in "svg title style defs pattern g text".split_whitespace() {
            let count = |start: String| svg.matches(&start).count();
            let opened = count(format!("<{element}>")) + count(format!("<{element} "));
            assert_eq!(opened, count(format!("</{element}>")), "{element}");
        }
        assert!(svg.len() < 60_000, "{}", svg.len());
        Ok(())
    }
}
