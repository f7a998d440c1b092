//! The panel that holds what the upstream counted against what its contract allows.

use std::fmt::{self, Write as _};

use crate::axis::{Band, TimeAxis};
use crate::contract::Contract;
use crate::load::SURGE;
use crate::naive::ATTEMPTS;
use crate::panels::{grid_line, head};
use crate::run::{Run, Side};
use crate::sides::Sides;
use crate::visits::{self, Traffic};

/// Requests per second to the upstream, on all sides.
pub(crate) struct Requests {
    pub(crate) traffic: Sides<Vec<Traffic>>,
    pub(crate) contract: Contract,
    /// Calls that are due per second outside the surge.
    pub(crate) rate: u32,
    pub(crate) band: Band,
    pub(crate) time: TimeAxis,
}

impl Requests {
    /// In thirtieths of the run, whatever the load: what the contract allows at once is little in a part so wide.
    pub(crate) fn of(run: &Run<'_>, time: TimeAxis, band: Band) -> Self {
        let width = time.length / 30;
        let traffic =
            |side: Side<'_>| visits::traffic(side.ledger.requests(), side.visits, time.length, width);
        let (contract, rate) = (run.contract, run.schedule.rate);
        Self { traffic: run.sides.map(traffic), contract, rate, band, time }
    }

    pub(crate) fn draw(&self, svg: &mut String) -> fmt::Result {
        let title = "Requests per second to the upstream";
        writeln!(svg, r#"<g aria-label="{title}">"#)?;
        let key = [
            ("line bare", "bare"),
            ("line naive", "naive retries"),
            ("line guarded", "guarded"),
            ("over-contract", "over the contract: answered 429"),
        ];
        head(svg, self.band, &self.time, title, &key)?;
        let most = self.most();
        for times in (0..=most).step_by(if most > 6 { 2 } else { 1 }) {
            let requests = self.rate * times;
            grid_line(svg, &self.time, self.y(requests.into()), &format!("{requests}"))?;
        }
        for traffic in self.traffic.as_ref().into_array() {
            self.over(svg, traffic)?;
        }
        let y = self.y(self.contract.per_second.into());
        writeln!(
            svg,
            r#"<line class="limit" x1="{:.1}" x2="{:.1}" y1="{y:.1}" y2="{y:.1}"/><text class="label end" x="{:.1}" y="{:.1}">contract: {}</text>"#,
            self.time.left,
            self.time.right,
            self.time.right - 6.0,
            y - 5.0,
            self.contract
        )?;
        self.line(svg, "line bare", &self.traffic.bare)?;
        self.line(svg, "line naive", &self.traffic.naive)?;
        self.line(svg, "line guarded", &self.traffic.guarded)?;
        svg.push_str("</g>\n");
        Ok(())
    }

    /// How high the axis goes, in times the ordinary load: as high as the highest storm.
    fn most(&self) -> u32 {
        let parts = self.traffic.as_ref().into_array().into_iter().flatten();
        let highest = parts.map(|part| part.per_second(part.all)).fold(0.0, f64::max);
        (SURGE..SURGE * ATTEMPTS)
            .find(|times| f64::from(self.rate * times) >= highest)
            .unwrap_or(SURGE * ATTEMPTS)
    }

    fn y(&self, per_second: f64) -> f64 {
        self.band.linear(per_second, f64::from(self.rate * self.most()))
    }

    /// A column for each part with requests over the contract, hanging from the line of all requests.
    fn over(&self, svg: &mut String, traffic: &[Traffic]) -> fmt::Result {
        for part in traffic.iter().filter(|part| part.over > 0) {
            let x = self.time.x(part.from);
            let [top, bottom] = [part.all, part.all.saturating_sub(part.over)]
                .map(|requests| self.y(part.per_second(requests)));
            writeln!(
                svg,
                r#"<rect class="over-contract" x="{x:.1}" y="{top:.1}" width="{:.1}" height="{:.1}"><title>{:.1} to {:.1} s: {} of {} requests over the contract</title></rect>"#,
                self.time.x(part.until) - x - 0.8,
                bottom - top,
                part.from.as_secs_f64(),
                part.until.as_secs_f64(),
                part.over,
                part.all
            )?;
        }
        Ok(())
    }

    /// A line in steps: each part of the run is as high as its requests.
    fn line(&self, svg: &mut String, class: &str, traffic: &[Traffic]) -> fmt::Result {
        write!(svg, r#"<path class="{class}" d=""#)?;
        let mut pen = 'M';
        for part in traffic {
            let y = self.y(part.per_second(part.all));
            write!(svg, "{pen}{:.1},{y:.1}H{:.1}", self.time.x(part.from), self.time.x(part.until))?;
            pen = 'L';
        }
        svg.push_str("\"/>\n");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_axis_is_as_high_as_the_storm() {
        let (second, band) = (Duration::from_secs(1), Band { top: 0.0, bottom: 60.0 });
        let most = |all| {
            let storm = vec![Traffic { from: Duration::ZERO, until: second, all, over: 0 }];
            let requests = Requests {
                traffic: Sides { naive: storm, ..Sides::default() },
                contract: Contract::for_load(200),
                rate: 200,
                band,
                time: TimeAxis { left: 0.0, right: 100.0, length: second },
            };
            requests.most()
        };
        assert_eq!([0, 600, 601, 1_700, 9_999].map(most), [3, 3, 4, 9, 12]);
    }

    #[test]
    fn only_what_is_over_the_contract_is_marked() -> fmt::Result {
        let part = |n: u64, all, over| Traffic {
            from: Duration::from_secs(n),
            until: Duration::from_secs(n + 1),
            all,
            over,
        };
        let requests = Requests {
            traffic: Sides {
                bare: vec![part(0, 200, 0), part(1, 600, 200)],
                naive: vec![],
                guarded: vec![part(0, 200, 0), part(1, 270, 0)],
            },
            contract: Contract::for_load(200),
            rate: 200,
            band: Band { top: 0.0, bottom: 60.0 },
            time: TimeAxis { left: 0.0, right: 100.0, length: Duration::from_secs(2) },
        };
        let mut svg = String::new();
        requests.draw(&mut svg)?;
        let mark = r#"<rect class="over-contract" x="50.0" y="0.0" width="49.2" height="20.0"><title>1.0 to 2.0 s: 200 of 600 requests over"#;
        assert_eq!(svg.matches(mark).count(), 1, "{svg}");
        // The other one is in the key.
        assert_eq!(svg.matches(r#"class="over-contract""#).count(), 2);
        assert!(svg.contains(r#"<path class="line guarded" d="M0.0,40.0H50.0L50.0,33.0H100.0"/>"#), "{svg}");
        assert!(
            svg.contains(r#"y1="30.0" y2="30.0"/><text class="label end" x="94.0" y="25.0">contract: 300"#)
        );
        Ok(())
    }
}
