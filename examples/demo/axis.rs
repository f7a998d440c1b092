//! Axes: from values to places in the picture, and the ticks between.

use std::time::Duration;

/// Time, from left to right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeAxis {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) length: Duration,
}

impl TimeAxis {
    pub(crate) fn x(&self, at: Duration) -> f64 {
        let share = at.as_secs_f64() / self.length.as_secs_f64();
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// Whole seconds, at most a dozen steps.
    pub(crate) fn ticks(&self) -> Vec<Duration> {
        let length = self.length.as_secs();
        let step = [1, 2, 5, 10, 30, 60].into_iter().find(|step| length / step <= 12).unwrap_or(60);
        (0..=length / step).map(|n| Duration::from_secs(n * step)).collect()
    }
}

/// Where a panel lies: `top` is the higher edge, with the smaller number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Band {
    fn at(&self, share: f64) -> f64 {
        self.bottom - share.clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    /// The place of `value` on a linear axis that ends at `most`.
    pub(crate) fn linear(&self, value: f64, most: f64) -> f64 {
        self.at(value / most)
    }
}

/// Latencies from bottom to top, each decade as high as the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogAxis {
    pub(crate) band: Band,
    pub(crate) lowest: Duration,
    pub(crate) highest: Duration,
}

impl LogAxis {
    pub(crate) fn y(&self, value: Duration) -> f64 {
        let [low, high, value] =
            [self.lowest, self.highest, value.max(self.lowest)].map(|d| d.as_secs_f64().log10());
        self.band.at((value - low) / (high - low))
    }

    /// The powers of ten.
    pub(crate) fn ticks(&self) -> Vec<Duration> {
        let decades = std::iter::successors(Some(Duration::from_micros(1)), |tick| Some(*tick * 10));
        decades.skip_while(|tick| *tick < self.lowest).take_while(|tick| *tick <= self.highest).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn time_runs_from_left_to_right_and_stays_inside() {
        let axis = TimeAxis { left: 50.0, right: 150.0, length: ms(10_000) };
        let places = [0, 5_000, 10_000, 20_000].map(|n| format!("{}", axis.x(ms(n))));
        assert_eq!(places, ["50", "100", "150", "150"]);
    }

    #[test]
    fn no_run_has_more_than_a_dozen_steps() {
        for (length, second_tick, ticks) in [(5, 1, 6), (30, 5, 7), (60, 5, 13), (600, 60, 11)] {
            let axis = TimeAxis { left: 0.0, right: 1.0, length: Duration::from_secs(length) };
            assert_eq!((axis.ticks()[1].as_secs(), axis.ticks().len()), (second_tick, ticks));
        }
    }

    #[test]
    fn decades_are_equally_high() {
        let band = Band { top: 0.0, bottom: 300.0 };
        let axis = LogAxis { band, lowest: ms(1), highest: ms(1_000) };
        let places = [0, 1, 10, 100, 1_000, 5_000].map(|n| format!("{:.0}", axis.y(ms(n))));
        assert_eq!(places, ["300", "300", "200", "100", "0", "0"]);
        assert_eq!(axis.ticks(), [ms(1), ms(10), ms(100), ms(1_000)]);
    }
}
