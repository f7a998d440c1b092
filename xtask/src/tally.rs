//! Counts of tests, read from the lines that the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

/// Counts the tests in the output of one command.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counter {
    cargo_test: Tally,
    nextest: Option<Tally>,
}

impl Counter {
    /// Counts what a runner says in its closing line; other lines count nothing.
    ///
    /// It knows `cargo test` (`test result: ok. 3 passed; 0 failed; 1 ignored; ..`) and nextest
    /// (`Summary [ 0.02s] 4 tests run: 3 passed (1 slow), 1 failed, 2 skipped`).
    pub(crate) fn read(&mut self, line: &str) {
        let line = without_colours(line);
        let line = line.trim();
        if let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) {
            self.cargo_test += Tally::from_counts(counts, ';');
        } else if let Some((_, counts)) =
            line.strip_prefix("Summary [").and_then(|rest| rest.split_once(" run: "))
        {
            *self.nextest.get_or_insert_default() += Tally::from_counts(&without_parentheses(counts), ',');
        }
    }

    /// Adds what was counted in the other pipe of the same command.
    pub(crate) fn join(&mut self, other: Self) {
        self.cargo_test += other.cargo_test;
        if let Some(nextest) = other.nextest {
            *self.nextest.get_or_insert_default() += nextest;
        }
    }

    /// The sum. Nextest repeats the output of a test that failed, closing line and all, so only its own line counts.
    pub(crate) fn sum(self) -> Tally {
        self.nextest.unwrap_or(self.cargo_test)
    }
}

impl Tally {
    fn from_counts(counts: &str, separator: char) -> Self {
        let mut tally = Self::default();
        for count in counts.split(separator) {
            let Some((number, what)) = count.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => tally.passed += number,
                "failed" | "timed out" | "exec failed" => tally.failed += number,
                "ignored" | "skipped" => tally.skipped += number,
                _ => {}
            }
        }
        tally
    }

    /// The number of tests that really ran.
    pub(crate) fn ran(self) -> u64 {
        self.passed + self.failed
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// The line without its terminal colour sequences.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            // A colour sequence ends with its first letter: `ESC [ 3 2 m`.
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => kept.push(c),
            _ => {}
        }
    }
    kept.replace(" ,", ",")
}

#[cfg(test)]
mod tests {
    use super::{Counter, Tally};

    fn counts(output: &str) -> (u64, u64, u64) {
        let mut counter = Counter::default();
        output.lines().for_each(|line| counter.read(line));
        let tally = counter.sum();
        (tally.passed, tally.failed, tally.skipped)
    }

    #[test]
    fn the_closing_line_of_cargo_test_is_read() {
        let line =
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.00s";
        assert_eq!(counts(line), (12, 0, 1));
        let line = "test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(counts(line), (0, 2, 0));
    }

    #[test]
    fn the_closing_line_of_nextest_is_read() {
        let line = "     Summary [   0.021s] 11 tests run: 8 passed (1 slow, 1 flaky), 2 failed, 1 timed out, 2 skipped";
        assert_eq!(counts(line), (8, 3, 2));
        assert_eq!(counts("Summary [ 1.0s] 1 test run: 1 passed, 0 skipped"), (1, 0, 0));
        assert_eq!(counts("Summary [ 1.0s] 3/9 tests run: 2 passed, 1 failed, 0 skipped"), (2, 1, 0));
    }

    #[test]
    fn a_failed_test_counts_once_under_nextest() {
        let output = "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured\nSummary [ 1.0s] 2 tests run: 1 passed, 1 failed, 0 skipped";
        assert_eq!(counts(output), (1, 1, 0));
        let output =
            "test result: ok. 2 passed; 0 failed; 0 ignored\ntest result: ok. 3 passed; 0 failed; 1 ignored";
        assert_eq!(counts(output), (5, 0, 1));
    }

    #[test]
    fn the_pipes_of_one_command_add_up() {
        let mut stdout = Counter::default();
        stdout.read("test result: ok. 2 passed; 0 failed; 0 ignored");
        let mut stderr = Counter::default();
        stderr.read("Summary [ 1.0s] 1 test run: 1 passed, 4 skipped");
        stdout.join(stderr);
        assert_eq!(stdout.sum(), Tally { passed: 1, failed: 0, skipped: 4 });
    }

    #[test]
    fn colours_do_not_hide_the_counts() {
        let line =
            "test result: \u{1b}[32mok\u{1b}[0m. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(line), (4, 0, 0));
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.0s] \u{1b}[1m5\u{1b}[0m tests run: \u{1b}[1m5\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped";
        assert_eq!(counts(line), (5, 0, 0));
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(counts("running 12 tests"), (0, 0, 0));
        assert_eq!(counts("test a_sum ... ok"), (0, 0, 0));
        assert_eq!(counts("    Finished `test` profile in 0.02s"), (0, 0, 0));
    }

    #[test]
    fn tallies_add_up_and_print_as_one_plain_line() {
        let mut sum = Tally { passed: 1, failed: 0, skipped: 2 };
        sum += Tally { passed: 3, failed: 1, skipped: 0 };
        assert_eq!(sum.to_string(), "4 passed, 1 failed, 2 skipped");
        assert_eq!(sum.ran(), 5);
    }
}
