//! The panel that holds what the upstream counted against what its contract allows.

use std::fmt::{self, Write as _};

use crate::axis::{Band, TimeAxis};
use crate::contract::Contract;
use crate::load::SURGE;
use crate::panels::{grid_line, head};
use crate::visits::Traffic;

/// Requests per second at the upstream, on both sides.
pub(crate) struct Requests {
    pub(crate) bare: Vec<Traffic>,
    pub(crate) guarded: Vec<Traffic>,
    pub(crate) contract: Contract,
    /// Calls that are due per second outside the surge.
    pub(crate) rate: u32,
    pub(crate) band: Band,
    pub(crate) time: TimeAxis,
}

impl Requests {
    pub(crate) fn draw(&self, svg: &mut String) -> fmt::Result {
        let title = "Requests per second that reached the upstream, by its own count";
        writeln!(svg, r#"<g aria-label="{title}">"#)?;
        let key = [
            ("line bare", "bare"),
            ("line guarded", "guarded"),
            ("over-contract", "over the contract: answered 429"),
        ];
        head(svg, self.band, &self.time, title, &key)?;
        for times in 0..=SURGE {
            let requests = self.rate * times;
            grid_line(svg, &self.time, self.y(requests.into()), &format!("{requests}"))?;
        }
        for traffic in [&self.bare, &self.guarded] {
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
        self.line(svg, "line bare", &self.bare)?;
        self.line(svg, "line guarded", &self.guarded)?;
        svg.push_str("</g>\n");
        Ok(())
    }

    fn y(&self, per_second: f64) -> f64 {
        self.band.linear(per_second, f64::from(self.rate * SURGE))
    }

    /// A column for each part with requests over the contract, hanging from the line of all requests.
    fn over(&self, svg: &mut String, traffic: &[Traffic]) -> fmt::Result {
        for part in traffic.iter().filter(|part| part.over > 0) {
            let x = self.time.x(part.from);
            let [top, bottom] =
                [part.all, part.all - part.over].map(|requests| self.y(part.per_second(requests)));
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
    fn only_what_is_over_the_contract_is_marked() -> fmt::Result {
        let part = |n: u64, all, over| Traffic {
            from: Duration::from_secs(n),
            until: Duration::from_secs(n + 1),
            all,
            over,
        };
        let requests = Requests {
            bare: vec![part(0, 200, 0), part(1, 600, 200)],
            guarded: vec![part(0, 200, 0), part(1, 270, 0)],
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
