//! The panels of the picture.

use std::fmt::{self, Write as _};
use std::time::Duration;

use resil::breaker::State;

use crate::axis::{Band, LogAxis, TimeAxis};
use crate::figures::span;
use crate::guard::Change;
use crate::ledger::{Outcome, Slice};
use crate::load::SURGE;
use crate::sides::Sides;

/// A title above a panel, and a key at its right.
pub(crate) fn head(
    svg: &mut String,
    band: Band,
    time: &TimeAxis,
    title: &str,
    key: &[(&str, &str)],
) -> fmt::Result {
    let y = band.top - 12.0;
    writeln!(svg, r#"<text class="panel-title" x="{:.1}" y="{y:.1}">{title}</text>"#, time.left)?;
    // From right to left: the last entry ends at the panel's edge.
    let mut x = time.right;
    for (class, name) in key.iter().rev() {
        // The width of a letter at this size, as near as one can know it without the font.
        x -= 6.8 * f64::from(u32::try_from(name.chars().count()).unwrap_or(u32::MAX));
        writeln!(svg, r#"<text class="label" x="{x:.1}" y="{y:.1}">{name}</text>"#)?;
        x -= 26.0;
        let mark = y - 4.0;
        if class.starts_with("line") {
            writeln!(svg, r#"<path class="{class}" d="M{x:.1},{mark:.1}h20"/>"#)?;
        } else {
            writeln!(
                svg,
                r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="12" height="10"/>"#,
                x + 8.0,
                y - 9.0
            )?;
        }
        x -= 12.0;
    }
    Ok(())
}

pub(crate) fn grid_line(svg: &mut String, time: &TimeAxis, y: f64, label: &str) -> fmt::Result {
    let (left, right) = (time.left, time.right);
    writeln!(
        svg,
        r#"<line class="grid" x1="{left:.1}" x2="{right:.1}" y1="{y:.1}" y2="{y:.1}"/><text class="label end" x="{:.1}" y="{:.1}">{label}</text>"#,
        left - 8.0,
        y + 4.0
    )
}

pub(crate) fn class_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Limited => "limited",
        Outcome::Refused => "refused",
        Outcome::OverContract => "over-contract",
        Outcome::ServerError => "server-error",
        Outcome::Unreachable => "unreachable",
        Outcome::TimedOut => "timed-out",
    }
}

/// Outcomes per second, stacked.
pub(crate) struct Outcomes<'a> {
    pub(crate) title: &'a str,
    pub(crate) slices: &'a [Slice],
    pub(crate) band: Band,
    pub(crate) time: TimeAxis,
    /// Calls that are due per second outside the surge.
    pub(crate) rate: u32,
}

impl Outcomes<'_> {
    pub(crate) fn draw(&self, svg: &mut String) -> fmt::Result {
        writeln!(svg, r#"<g aria-label="{}">"#, self.title)?;
        let key = Outcome::ALL.map(|outcome| (class_of(outcome), outcome.name()));
        head(svg, self.band, &self.time, self.title, &key)?;
        for slice in self.slices {
            self.column(svg, slice)?;
        }
        for times in 0..=SURGE {
            let [calls, most] = [times, SURGE].map(|times| f64::from(self.rate * times));
            grid_line(svg, &self.time, self.band.linear(calls, most), &format!("{calls}"))?;
        }
        svg.push_str("</g>\n");
        Ok(())
    }

    fn column(&self, svg: &mut String, slice: &Slice) -> fmt::Result {
        let x = self.time.x(slice.from);
        let width = self.time.x(slice.until) - x - 0.8;
        let most = f64::from(self.rate * SURGE) * slice.width().as_secs_f64();
        svg.push_str("<g><title>");
        write!(svg, "{:.1} to {:.1} s:", slice.from.as_secs_f64(), slice.until.as_secs_f64())?;
        for outcome in Outcome::ALL.into_iter().filter(|outcome| slice.tally.of_kind(*outcome) > 0) {
            write!(svg, " {} {}", slice.tally.of_kind(outcome), outcome.name())?;
        }
        svg.push_str("</title>");
        let mut below = 0;
        for outcome in Outcome::ALL {
            let calls = slice.tally.of_kind(outcome);
            let [bottom, top] = [below, below + calls].map(|calls| self.band.linear(f64::from(calls), most));
            below += calls;
            if calls > 0 {
                let class = class_of(outcome);
                let height = bottom - top;
                write!(
                    svg,
                    r#"<rect class="{class}" x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}"/>"#
                )?;
            }
        }
        svg.push_str("</g>\n");
        Ok(())
    }
}

/// Latency of all sides.
pub(crate) struct Latency<'a> {
    pub(crate) slices: Sides<&'a [Slice]>,
    pub(crate) axis: LogAxis,
    pub(crate) time: TimeAxis,
    /// How long callers wait.
    pub(crate) deadline: Duration,
}

impl Latency<'_> {
    pub(crate) fn draw(&self, svg: &mut String) -> fmt::Result {
        let title = "Latency, refusals included (logarithmic)";
        writeln!(svg, r#"<g aria-label="{title}">"#)?;
        let key = [
            ("line bare", "bare p99"),
            ("line bare median", "bare p50"),
            ("line naive", "naive p99"),
            ("line guarded", "guarded p99"),
            ("line guarded median", "guarded p50"),
        ];
        head(svg, self.axis.band, &self.time, title, &key)?;
        for tick in self.axis.ticks() {
            let label = if tick.as_millis() > 0 && tick.as_secs() == 0 {
                format!("{} ms", tick.as_millis())
            } else if tick.as_secs() > 0 {
                format!("{} s", tick.as_secs())
            } else {
                format!("{} µs", tick.as_micros())
            };
            grid_line(svg, &self.time, self.axis.y(tick), &label)?;
        }
        let limit = self.axis.y(self.deadline);
        writeln!(
            svg,
            r#"<line class="limit" x1="{:.1}" x2="{:.1}" y1="{limit:.1}" y2="{limit:.1}"/><text class="label end" x="{:.1}" y="{:.1}">callers wait: {}</text>"#,
            self.time.left,
            self.time.right,
            self.time.right - 6.0,
            limit + 14.0,
            span(self.deadline),
        )?;
        for (class, slices, of) in [
            ("line bare median", self.slices.bare, (|slice| slice.p50) as fn(&Slice) -> Option<Duration>),
            ("line guarded median", self.slices.guarded, |slice| slice.p50),
            ("line bare", self.slices.bare, |slice| slice.p99),
            ("line naive", self.slices.naive, |slice| slice.p99),
            ("line guarded", self.slices.guarded, |slice| slice.p99),
        ] {
            self.line(svg, class, slices, of)?;
        }
        svg.push_str("</g>\n");
        Ok(())
    }

    fn line(
        &self,
        svg: &mut String,
        class: &str,
        slices: &[Slice],
        of: fn(&Slice) -> Option<Duration>,
    ) -> fmt::Result {
        write!(svg, r#"<path class="{class}" d=""#)?;
        let mut pen = 'M';
        for slice in slices {
            let Some(latency) = of(slice) else {
                pen = 'M';
                continue;
            };
            let middle = (slice.from + slice.until) / 2;
            write!(svg, "{pen}{:.1},{:.1}", self.time.x(middle), self.axis.y(latency))?;
            pen = 'L';
        }
        svg.push_str("\"/>\n");
        Ok(())
    }
}

/// The breaker's state as a band, with a mark at each change.
pub(crate) struct States<'a> {
    pub(crate) diary: &'a [Change],
    pub(crate) band: Band,
    pub(crate) time: TimeAxis,
}

impl States<'_> {
    pub(crate) fn draw(&self, svg: &mut String) -> fmt::Result {
        let title = format!("Breaker state: {} changes", self.diary.len());
        writeln!(svg, r#"<g aria-label="{title}">"#)?;
        let key = [("state closed", "closed"), ("state open", "open"), ("state half_open", "half-open")];
        head(svg, self.band, &self.time, &title, &key)?;
        let mut since = Duration::ZERO;
        let mut state = self.diary.first().map_or(State::Closed, |change| change.from);
        for change in self.diary {
            self.stay(svg, state, since, change.at)?;
            (state, since) = (change.to, change.at);
        }
        self.stay(svg, state, since, self.time.length)?;
        for change in self.diary {
            let (x, y) = (self.time.x(change.at), self.band.bottom + 1.0);
            writeln!(
                svg,
                r#"<path class="change" d="M{x:.1},{y:.1}l-3,6h6z"><title>{:.2} s: {} to {}, {}</title></path>"#,
                change.at.as_secs_f64(),
                change.from,
                change.to,
                change.cause
            )?;
        }
        svg.push_str("</g>\n");
        Ok(())
    }

    fn stay(&self, svg: &mut String, state: State, from: Duration, until: Duration) -> fmt::Result {
        let x = self.time.x(from);
        // A stay of a few milliseconds is drawn as well.
        let width = (self.time.x(until) - x).max(1.0);
        let Band { top, bottom } = self.band;
        writeln!(
            svg,
            r#"<rect class="state {state}" x="{x:.1}" y="{top:.1}" width="{width:.1}" height="{:.1}"><title>{state} from {:.2} to {:.2} s</title></rect>"#,
            bottom - top,
            from.as_secs_f64(),
            until.as_secs_f64()
        )?;
        if width > 60.0 {
            writeln!(
                svg,
                r#"<text class="state-name" x="{:.1}" y="{:.1}">{state}</text>"#,
                x + width / 2.0,
                top.midpoint(bottom) + 4.0
            )?;
        }
        Ok(())
    }
}
