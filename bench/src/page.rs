//! The page: `docs/benchmarks.md`, as text.

use std::fmt::Write as _;

use crate::peers::{ALL, Peer};
use crate::record::{Instructions, Memory, RowTimes, Time, Times};
use crate::rows::{BREAKER, OURS, Row, Target};

/// Where the text begins that a new page keeps from the old one.
const NOTES: &str = "<!-- notes -->";
/// Where it ends.
const END_OF_NOTES: &str = "<!-- /notes -->";

/// The largest handle that we promise, in bytes.
const LARGEST_HANDLE: usize = 320;

/// Everything that stands on the page.
#[derive(Debug)]
pub struct Page {
    /// The machine and the tools.
    pub facts: Vec<(&'static str, String)>,
    /// Every crate on the page and its version.
    pub versions: Vec<(String, String)>,
    /// The build with the operating system's clock.
    pub std_clock: Times,
    /// The build with feature `fast-clock`.
    pub fast_clock: Times,
    /// Allocations and sizes.
    pub memory: Memory,
    /// Instructions, where valgrind was there.
    pub instructions: Option<Instructions>,
    /// The text between the markers of the old page.
    pub notes: String,
}

/// The text that the old page keeps for the new one.
pub fn notes_of(page: &str) -> String {
    let kept = page.split_once(NOTES).and_then(|(_, rest)| rest.split_once(END_OF_NOTES));
    kept.map_or_else(|| "\n\n".to_owned(), |(notes, _)| notes.to_owned())
}

impl Page {
    /// The page as markdown.
    pub fn render(&self) -> String {
        let mut page = String::from(HEAD);
        self.machine(&mut page);
        self.promises(&mut page);
        let _ = write!(page, "\n## Notes\n\n{NOTES}{}{END_OF_NOTES}\n", self.notes);
        page.push_str(METHOD);
        for row in BREAKER {
            self.row(&mut page, row);
        }
        self.memory(&mut page);
        page
    }

    fn machine(&self, page: &mut String) {
        page.push_str("\n## Machine and versions\n\n| | |\n|---|---|\n");
        for (word, value) in &self.facts {
            let _ = writeln!(page, "| {word} | {value} |");
        }
        let versions: Vec<_> =
            self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let _ = writeln!(page, "| Crates | {} |", versions.join(", "));
    }

    fn promises(&self, page: &mut String) {
        page.push_str(PROMISES);
        for row in BREAKER {
            for (index, target) in row.targets.iter().enumerate() {
                let reached = |times: &Times| *find(times, row)?.targets.get(index)?;
                promise(page, row, target, reached(&self.std_clock), reached(&self.fast_clock));
            }
        }
        for (title, rows) in [("sync", ""), ("async", "async-"), ("tower", "tower-")] {
            let ours = self.memory.calls.iter().filter(|call| {
                let form = call.row.starts_with("async-") || call.row.starts_with("tower-");
                call.name.starts_with(OURS)
                    && if rows.is_empty() { !form } else { call.row.starts_with(rows) }
            });
            let most = ours.map(|call| call.allocations).max_by(f64::total_cmp);
            let _ = writeln!(
                page,
                "| Allocations per call, {title} | 0 | {} | | {} |",
                figure(most),
                verdict(most.map(|most| most == 0.0)),
            );
        }
        let handle = self.memory.instances.iter().filter(|one| one.name == OURS).map(|one| one.handle).max();
        let _ = writeln!(
            page,
            "| Bytes of a handle | ≤ {LARGEST_HANDLE} | {} | | {} |",
            handle.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
            verdict(handle.map(|bytes| bytes <= LARGEST_HANDLE)),
        );
    }

    fn row(&self, page: &mut String, row: &Row) {
        let (Some(std_clock), fast_clock) = (find(&self.std_clock, row), find(&self.fast_clock, row)) else {
            return;
        };
        let _ = write!(
            page,
            "\n### {}\n\n| ns per call | median | minimum | ratio | `fast-clock`: median | minimum | ratio |\n\
             |---|--:|--:|--:|--:|--:|--:|\n",
            row.title,
        );
        for time in &std_clock.contenders {
            let fast = fast_clock.and_then(|row| row.contenders.iter().find(|fast| fast.name == time.name));
            let _ = writeln!(page, "| {} | {} | {} |", bold(&time.name), cells(Some(time)), cells(fast));
        }
        let absent = |peer: &&Peer| std_clock.contenders.iter().all(|time| time.name != peer.name);
        for peer in ALL.iter().filter(|peer| row.is_versus() && absent(peer)) {
            let _ = writeln!(page, "| {} | {} | {} |", peer.name, cells(None), cells(None));
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

    fn memory(&self, page: &mut String) {
        page.push_str(
            "\n## Allocations and instructions per call\n\n\
             Counted over 1,000 calls after 1,000 others; instructions by callgrind, loop and work included.\n\n\
             | row | contender | allocations | bytes | instructions |\n|---|---|--:|--:|--:|\n",
        );
        for call in &self.memory.calls {
            let row = BREAKER.iter().find(|row| row.key == call.row).map_or("", |row| row.title);
            let instructions = self.instructions.as_ref().and_then(|counted| {
                let matching =
                    |one: &&crate::record::CallInstructions| one.row == call.row && one.name == call.name;
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
        page.push_str(
            "\n## Bytes per breaker\n\n\
             The handle itself, and the handle with all that it keeps on the heap after its first calls. Seatbelt's \
             total has its clock in it, which breakers may share.\n\n\
             | breaker | rule | handle | total |\n|---|---|--:|--:|\n",
        );
        for one in &self.memory.instances {
            let _ = writeln!(page, "| {} | {} | {} | {} |", bold(&one.name), one.rule, one.handle, one.total);
        }
    }
}

fn find<'a>(times: &'a Times, row: &Row) -> Option<&'a RowTimes> {
    times.rows.iter().find(|candidate| candidate.key == row.key)
}

/// One line of the table of promises. A promise about the clock is judged with `fast-clock`, any other with both.
fn promise(page: &mut String, row: &Row, target: &Target, std_clock: Option<f64>, fast_clock: Option<f64>) {
    let judged = if target.fast_clock {
        fast_clock
    } else {
        std_clock.zip(fast_clock).map(|(std_clock, fast_clock)| std_clock.max(fast_clock))
    };
    let mut promised = format!("≤ {}x {}", target.at_most, target.reference);
    if let Some(stretch) = target.stretch {
        let _ = write!(promised, " (stretch {stretch}x)");
    }
    if target.fast_clock {
        promised.push_str(", `fast-clock`");
    }
    let _ = writeln!(
        page,
        "| {}: {} | {promised} | {} | {} | {} |",
        row.title,
        target.subject,
        ratio(std_clock),
        ratio(fast_clock),
        match judged.zip(target.stretch) {
            Some((reached, stretch)) if reached <= stretch => "met, and the stretch",
            _ => verdict(judged.map(|reached| reached <= target.at_most)),
        },
    );
}

fn verdict(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "met",
        Some(false) => "**missed**",
        None => "not measured",
    }
}

fn cells(time: Option<&Time>) -> String {
    let of = |part: fn(&Time) -> Option<f64>| time.and_then(part);
    let (median, minimum) = (of(|time| time.median), of(|time| time.minimum));
    format!("{} | {} | {}", figure(median), figure(minimum), ratio(of(|time| time.ratio)))
}

fn bold(name: &str) -> String {
    if name.starts_with(OURS) { format!("**{name}**") } else { name.to_owned() }
}

fn figure(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) if value < 1_000.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

fn ratio(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.0}"),
    }
}

fn whole(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench --report`: every figure comes from one run of it, none by hand. Nanoseconds belong to the
machine; the ratios are what counts.
";

const PROMISES: &str = "
## What is promised

| what | promised | measured | with `fast-clock` | |
|---|---|--:|--:|---|
";

const METHOD: &str = "
## How it is measured

- The contenders of a row run in turn in one process and one binary (A B C, B C A, ...), in short batches. The median
  and the minimum of the batches are quoted; a ratio is the median of the ratios round by round.
- A batch during which the kernel took the processor away is thrown away. On two threads each one stamps its own start
  and end, and a round counts only when both ran for at least 90 % of it; the figure is what one thread waits for
  one call.
- All contenders guard the same work (hand a number through a call whose input and outcome the compiler cannot see) and are
  checked: each batch must have seen the outcomes that its load promises, and afterwards each breaker must trip.
- *breaker* and *seatbelt* have no sync call and *tower-resilience* is a tower service only: in a sync row their
  future is polled on the spot. *recloser* has no consecutive rule: it gets a ring of five that must be all failures.
- *seatbelt* reads its fast clock. *tower-resilience* visits every call of a time window at each call: outside the scale row
  its window is emptied every 1,000 calls. Its count window starts over only when the state changes.
- A peer with dashes has no such operation. Seatbelt's half-open state admits by chance or ends at the first
  success, as failsafe's does: neither can be measured.

## Times
";
