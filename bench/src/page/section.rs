//! The part of the page about one pattern.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::figures::{bold, figure, grouped, ratio, whole};
use super::{END_OF_NOTES, NOTES, promises, stops, waits};
use crate::pattern::Pattern;
use crate::record::{CallInstructions, Instructions, Memory, RowTimes, Stops, Time, Times, Waits};
use crate::row::Row;

/// Everything that the page says about one pattern.
#[derive(Debug)]
pub struct Section {
    /// The pattern.
    pub pattern: &'static Pattern,
    /// The machine and the tools.
    pub facts: Vec<(&'static str, String)>,
    /// Every crate in the tables and its version.
    pub versions: Vec<(String, String)>,
    /// The build with the operating system's clock.
    pub std_clock: Times,
    /// The build with feature `fast-clock`.
    pub fast_clock: Times,
    /// What tasks that wait get, with the operating system's clock and with `fast-clock`.
    pub waits: Option<[Waits; 2]>,
    /// What the stop of many tasks costs, with the operating system's clock.
    pub stops: Option<Stops>,
    /// Allocations and sizes.
    pub memory: Memory,
    /// Instructions, where valgrind was there.
    pub instructions: Option<Instructions>,
    /// The text between the markers of the old part.
    pub notes: String,
}

impl Section {
    /// The part as markdown.
    pub fn render(&self) -> String {
        let mut page = format!("## {}\n", self.pattern.title);
        self.machine(&mut page);
        promises::render(self, &mut page);
        let _ = write!(page, "\n### Notes\n\n{NOTES}{}{END_OF_NOTES}\n", self.notes);
        let _ = write!(page, "\n### What is compared\n\n{}\n### Times\n", self.pattern.method);
        for row in self.pattern.rows {
            self.row(&mut page, row);
        }
        if let Some([std_clock, fast_clock]) = &self.waits {
            waits::render(&mut page, std_clock, fast_clock);
        }
        if let Some(stops) = &self.stops {
            stops::render(&mut page, stops, &self.memory);
        }
        self.calls(&mut page);
        self.sizes(&mut page);
        page
    }

    fn machine(&self, page: &mut String) {
        page.push_str("\n### Machine and versions\n\n| | |\n|---|---|\n");
        for (word, value) in &self.facts {
            let _ = writeln!(page, "| {word} | {value} |");
        }
        let versions: Vec<_> =
            self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let _ = writeln!(page, "| Crates | {} |", versions.join(", "));
    }

    fn row(&self, page: &mut String, row: &Row) {
        let (Some(std_clock), fast_clock) = (find(&self.std_clock, row), find(&self.fast_clock, row)) else {
            return;
        };
        let _ = write!(
            page,
            "\n#### {}\n\n| ns per call | median | minimum | ratio | `fast-clock`: median | minimum | ratio |\n\
             |---|--:|--:|--:|--:|--:|--:|\n",
            row.title,
        );
        for time in &std_clock.contenders {
            let fast = fast_clock.and_then(|row| row.contenders.iter().find(|fast| fast.name == time.name));
            let _ = writeln!(page, "| {} | {} | {} |", bold(&time.name), cells(Some(time)), cells(fast));
        }
        let of = |peer: &str, name: &str| {
            name.strip_prefix(peer).is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
        };
        let absent = |peer: &str| !std_clock.contenders.iter().any(|time| of(peer, &time.name));
        // Some are made of several packages.
        let mut peers: Vec<_> = (self.pattern.peers)().into_iter().map(|(name, _)| name).collect();
        let mut named = HashSet::new();
        peers.retain(|name| row.is_versus() && absent(name) && named.insert(*name));
        for peer in peers {
            let _ = writeln!(page, "| {peer} | {} | {} |", cells(None), cells(None));
        }
        let thrown = |row: &RowTimes| row.contenders.iter().map(|time| time.thrown_away).sum::<usize>();
        let rounds =
            |row: &RowTimes| row.contenders.iter().map(|time| time.kept + time.thrown_away).sum::<usize>();
        let (thrown, rounds) = (
            thrown(std_clock) + fast_clock.map_or(0, thrown),
            rounds(std_clock) + fast_clock.map_or(0, rounds),
        );
        let _ = writeln!(
            page,
            "\nRatios are to *{}*. Of {rounds} batches, {thrown} were thrown away.",
            row.reference
        );
    }

    fn calls(&self, page: &mut String) {
        page.push_str(
            "\n### Allocations and instructions per call\n\n\
             Counted over 1,000 calls after 1,000 others; instructions by callgrind, loop and work included.\n\n\
             | row | contender | allocations | bytes | instructions |\n|---|---|--:|--:|--:|\n",
        );
        for call in &self.memory.calls {
            let row = self.pattern.row(&call.row).map_or("", |row| row.title);
            let instructions = self.instructions.as_ref().and_then(|counted| {
                let matching = |one: &&CallInstructions| one.row == call.row && one.name == call.name;
                Some(counted.calls.iter().find(matching)?.per_call)
            });
            let instructions = instructions.map_or_else(|| "-".to_owned(), |counted| format!("{counted:.0}"));
            let _ = writeln!(
                page,
                "| {row} | {} | {} | {} | {instructions} |",
                bold(&call.name),
                whole(call.allocations),
                whole(call.bytes),
            );
        }
        if self.instructions.is_none() {
            page.push_str("\nInstructions were not counted: valgrind was missing.\n");
        }
    }

    fn sizes(&self, page: &mut String) {
        let _ = write!(
            page,
            "\n### Bytes per {}\n\n\
             The handle itself, and the handle with all that it keeps on the heap after its first calls.{}{}\n\n\
             | | kind | handle | total |\n|---|---|--:|--:|\n",
            self.pattern.name,
            if self.pattern.sizes.is_empty() { "" } else { " " },
            self.pattern.sizes,
        );
        for one in &self.memory.instances {
            let _ = writeln!(page, "| {} | {} | {} | {} |", bold(&one.name), one.kind, one.handle, one.total);
        }
        if self.memory.keys.is_empty() {
            return;
        }
        page.push_str(
            "\n### Bytes per key\n\n\
             All bytes on the heap, divided by the number of keys: when each of them had come once, and when as many \
             other keys had come after them. The first ones were idle by then and could go; governor is told so, by \
             `retain_recent` and `shrink_to_fit`.\n\n\
             | | keys | bytes per key | after as many others |\n|---|--:|--:|--:|\n",
        );
        for one in &self.memory.keys {
            let (name, keys) = (bold(&one.name), grouped(one.keys));
            let _ = writeln!(page, "| {name} | {keys} | {:.1} | {:.1} |", one.per_key, one.after_others);
        }
    }
}

pub(super) fn find<'a>(times: &'a Times, row: &Row) -> Option<&'a RowTimes> {
    times.rows.iter().find(|candidate| candidate.key == row.key)
}

fn cells(time: Option<&Time>) -> String {
    let of = |part: fn(&Time) -> Option<f64>| time.and_then(part);
    let (median, minimum) = (of(|time| time.median), of(|time| time.minimum));
    format!("{} | {} | {}", figure(median), figure(minimum), ratio(of(|time| time.ratio)))
}
