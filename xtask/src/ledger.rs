//! The record of one run: every step, how it ended, how long it took, and the tests it counted.

use std::fmt::Write as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::process;
use crate::stopwatch::Stopwatch;
use crate::tally::Tally;
use crate::tool::Tool;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

/// One line of the closing table.
#[derive(Debug)]
struct Row {
    verb: &'static str,
    step: String,
    outcome: Outcome,
    took: Option<Duration>,
    note: String,
}

/// Collects the steps of a run and closes it with a table.
#[derive(Debug)]
pub(crate) struct Ledger {
    strict: bool,
    verb: &'static str,
    rows: Vec<Row>,
    tally: Tally,
    counts_tests: bool,
}

impl Ledger {
    /// An empty ledger; with `strict`, what would be skipped counts as failed.
    pub(crate) fn new(strict: bool) -> Self {
        Self { strict, verb: "", rows: Vec::new(), tally: Tally::default(), counts_tests: false }
    }

    /// Files the steps that follow under `verb`.
    pub(crate) fn open(&mut self, verb: &'static str) {
        self.verb = verb;
    }

    /// Runs a command in the foreground; it passes when it exits with 0.
    pub(crate) fn run(&mut self, step: &str, command: &mut Command) -> bool {
        self.announce(step, command);
        let watch = Stopwatch::start();
        let verdict = match command.status() {
            Ok(status) if status.success() => Ok(String::new()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(process::could_not_start(command, &error)),
        };
        self.record(step, watch.elapsed(), verdict)
    }

    /// Runs a command that runs tests; it passes when it exits with 0 and ran at least one.
    pub(crate) fn run_tests(&mut self, step: &str, command: &mut Command) -> bool {
        self.counts_tests = true;
        self.announce(step, command);
        let watch = Stopwatch::start();
        let (success, tally) = match process::tee(command) {
            Ok(seen) => seen,
            Err(why) => return self.record(step, watch.elapsed(), Err(why)),
        };
        self.tally += tally;
        let verdict = match (success, tally.ran()) {
            (true, 0) => Err("no test ran".into()),
            (true, 1) => Ok("1 test".into()),
            (true, ran) => Ok(format!("{ran} tests")),
            // The runner died before it could count: the closing line must not look green.
            (false, _) if tally.failed == 0 => Err("did not build or did not finish".into()),
            (false, _) => Err(format!("{} of {} tests failed", tally.failed, tally.ran())),
        };
        let is_counted = tally.failed > 0;
        self.file(step, Some(watch.elapsed()), verdict, is_counted)
    }

    /// Runs a check of our own, and times it.
    pub(crate) fn check(&mut self, step: &str, check: impl FnOnce() -> Result<String, String>) -> bool {
        println!("\n── {}: {step}", self.verb);
        let watch = Stopwatch::start();
        let verdict = check();
        if let Err(why) = &verdict {
            eprintln!("{why}");
        }
        self.record(step, watch.elapsed(), verdict)
    }

    /// Notes that a step could not run because `tool` is not installed. Tells whether that is bearable.
    pub(crate) fn lacks(&mut self, step: &str, tool: Tool) -> bool {
        self.skip(step, &format!("{} is missing; install it with: {}", tool.name(), tool.install()))
    }

    /// Notes that a step did not run, and why. Tells whether that is bearable.
    pub(crate) fn skip(&mut self, step: &str, why: &str) -> bool {
        println!("\n── {}: {step}: skipped, {why}", self.verb);
        if self.strict {
            return self.file(step, None, Err(format!("skipped, {why}")), false);
        }
        self.leave_out(step, why);
        true
    }

    /// Notes that a step did not run because nobody asked for it, which is no fault even when strict.
    pub(crate) fn leave_out(&mut self, step: &str, why: &str) {
        self.rows.push(Row {
            verb: self.verb,
            step: step.into(),
            outcome: Outcome::Skipped,
            took: None,
            note: why.into(),
        });
    }

    /// Notes that a verb could not do its work at all.
    pub(crate) fn fail(&mut self, step: &str, why: String) {
        eprintln!("{}: {why}", self.verb);
        self.file(step, None, Err(why), false);
    }

    /// The tests that were counted so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// True while nothing failed.
    pub(crate) fn is_green(&self) -> bool {
        self.rows.iter().all(|row| row.outcome != Outcome::Failed)
    }

    /// Says that this run counts tests even if it gets to none of them.
    pub(crate) fn expect_tests(&mut self) {
        self.counts_tests = true;
    }

    /// Prints the table and, when tests were to be counted, their sum as the last line.
    pub(crate) fn close(&self) -> ExitCode {
        print!("\n{}", self.table());
        if self.counts_tests {
            println!("\n{}", self.tally);
        }
        if self.is_green() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn announce(&self, step: &str, command: &Command) {
        println!("\n── {}: {step}\n   $ {}", self.verb, process::line(command));
    }

    fn record(&mut self, step: &str, took: Duration, verdict: Result<String, String>) -> bool {
        self.file(step, Some(took), verdict, false)
    }

    /// Adds a row. A failure that no test runner has counted counts as one failed test.
    fn file(
        &mut self,
        step: &str,
        took: Option<Duration>,
        verdict: Result<String, String>,
        is_counted: bool,
    ) -> bool {
        let passed = verdict.is_ok();
        if !passed && !is_counted {
            self.tally.failed += 1;
        }
        let outcome = if passed { Outcome::Passed } else { Outcome::Failed };
        let note = verdict.unwrap_or_else(|why| why);
        self.rows.push(Row { verb: self.verb, step: step.into(), outcome, took, note });
        passed
    }

    fn table(&self) -> String {
        let verbs = self.rows.iter().map(|row| row.verb.len()).max().unwrap_or(0);
        let steps = self.rows.iter().map(|row| row.step.chars().count()).max().unwrap_or(0);
        let mut table = String::new();
        for row in &self.rows {
            let outcome = match row.outcome {
                Outcome::Passed => "ok",
                Outcome::Failed => "FAILED",
                Outcome::Skipped => "skipped",
            };
            let took = row.took.map_or_else(String::new, |took| format!("{:.1} s", took.as_secs_f64()));
            let note = row.note.lines().next().unwrap_or_default();
            let line = format!("{:verbs$}  {:steps$}  {outcome:7}  {took:>8}  {note}", row.verb, row.step);
            // A string takes any text, so this cannot fail.
            let _ = writeln!(table, "{}", line.trim_end());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::Ledger;
    use crate::tally::Tally;
    use std::process::Command;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failed_step_turns_the_run_red_and_is_counted() {
        let mut ledger = Ledger::new(false);
        ledger.open("lint");
        assert!(ledger.check("good", || Ok("fine".into())));
        assert!(ledger.is_green());
        assert!(!ledger.check("bad", || Err("two words\nand more".into())));
        assert!(!ledger.is_green());
        assert_eq!(ledger.tally.failed, 1);
        assert!(ledger.table().contains("bad   FAILED"), "{}", ledger.table());
        assert!(!ledger.table().contains("and more"));
    }

    #[test]
    fn a_skip_is_bearable_unless_strict() {
        let mut easy = Ledger::new(false);
        assert!(easy.skip("book", "no book"));
        assert!(easy.is_green());
        let mut strict = Ledger::new(true);
        assert!(!strict.skip("book", "no book"));
        assert!(!strict.is_green());
        let mut strict = Ledger::new(true);
        strict.leave_out("models", "not asked for");
        assert!(strict.is_green());
    }

    #[cfg(unix)]
    #[test]
    fn tests_are_counted_from_what_the_runner_prints() {
        let mut ledger = Ledger::new(false);
        let green = "echo 'test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured'";
        assert!(ledger.run_tests("green", &mut shell(green)));
        assert_eq!(ledger.tally, Tally { passed: 3, failed: 0, skipped: 1 });
        let red = "echo 'test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured'; exit 101";
        assert!(!ledger.run_tests("red", &mut shell(red)));
        assert_eq!(ledger.tally, Tally { passed: 4, failed: 2, skipped: 1 });
    }

    #[cfg(unix)]
    #[test]
    fn a_runner_that_ran_nothing_or_died_has_failed() {
        let mut ledger = Ledger::new(false);
        assert!(
            !ledger.run_tests("nothing", &mut shell("echo 'test result: ok. 0 passed; 0 failed; 0 ignored'"))
        );
        assert!(!ledger.run_tests("no build", &mut shell("exit 101")));
        assert_eq!(ledger.tally.failed, 2);
    }
}
