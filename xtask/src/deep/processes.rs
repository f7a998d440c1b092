//! The tests with child processes and with runtimes that are blocked, many times: what they assert loosely, as hang detectors, is quoted
//! here as it was.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use crate::ledger::Ledger;
use crate::process;
use crate::workspace::{Package, Workspace};

const RUNS: usize = 20;

/// Each run takes a minute or so; the first one builds, too.
const LIMIT: Duration = Duration::from_secs(1_800);

/// What such tests are called.
const TESTS: [&str; 3] = ["process", "runtimes", "supervision"];

/// How a test prints a figure: this, its name, a colon, and microseconds.
const MARK: &str = "figure: ";

/// Runs every such test in release.
pub(crate) fn run(workspace: &Workspace, ledger: &mut Ledger) -> Option<String> {
    let mut section = None;
    ledger.check("processes", || {
        let mut figures = BTreeMap::<String, Vec<u64>>::new();
        for _ in 0..RUNS {
            let mut tests = workspace.cargo(&["test", "--release", "--all-features"]);
            for name in TESTS {
                tests.args(["--test", name]);
            }
            let has_one = |package: &&Package| TESTS.iter().any(|name| package.has_test(name));
            for package in workspace.packages.iter().filter(has_one) {
                tests.args(["--package", &package.name]);
            }
            // One at a time, so that they do not wait for each other.
            tests.args(["--", "--nocapture", "--test-threads=1"]);
            let done = process::capture(&mut tests, LIMIT)?;
            if !done.success() {
                return Err(done.output());
            }
            for (name, micros) in done.stdout.lines().filter_map(figure) {
                figures.entry(name).or_default().push(micros);
            }
        }
        section = Some(table(&mut figures));
        Ok(format!("{RUNS} runs, {} figures", figures.len()))
    });
    section
}

/// Reads a line's figure. What libtest has written before it on the same line is passed over.
fn figure(line: &str) -> Option<(String, u64)> {
    let (name, micros) = line.split_once(MARK)?.1.rsplit_once(": ")?;
    Some((name.to_owned(), micros.strip_suffix(" us")?.parse().ok()?))
}

fn table(figures: &mut BTreeMap<String, Vec<u64>>) -> String {
    let mut text = format!("The process tests ran {RUNS} times, without a failure.\n\n");
    text.push_str("| what | median | worst |\n|---|--:|--:|\n");
    for (name, all) in figures {
        all.sort_unstable();
        let millis = |micros: &u64| format!("{}.{} ms", micros / 1_000, micros / 100 % 10);
        let (median, worst) = (all.get(all.len() / 2).map(millis), all.last().map(millis));
        let _ = writeln!(text, "| {name} | {} | {} |", median.unwrap_or_default(), worst.unwrap_or_default());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_read_wherever_it_stands() {
        let line = "test a_second_signal ... figure: a second SIGTERM: to its end: 1234 us";
        assert_eq!(figure(line), Some(("a second SIGTERM: to its end".to_owned(), 1_234)));
        assert_eq!(figure("test a ... ok"), None);
    }

    #[test]
    fn the_table_has_the_median_and_the_worst() {
        let text = table(&mut BTreeMap::from([("end".to_owned(), vec![3_000, 1_000, 12_340])]));
        assert!(text.ends_with("| end | 3.0 ms | 12.3 ms |\n"), "{text}");
    }
}
