//! `test`: the tests that every change must pass.

use std::process::Command;

use crate::arguments::Arguments;
use crate::docs::BOOK;
use crate::ledger::Ledger;
use crate::models;
use crate::tool::Tool;
use crate::workspace::{Package, Workspace};

/// Cases for each property when it runs in release, unless `PROPTEST_CASES` says otherwise.
const CASES: &str = "5000";

/// Runs tests with all features, then with none, doctests, properties, and with `--models` the model checkers. With `--quick`,
/// properties with no more cases than other tests.
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let with_models = arguments.flag("--models");
    let quick = arguments.flag("--quick");
    let release = arguments.flag("--release");
    arguments.finish()?;
    ledger.expect_tests();
    let has_nextest = Tool::Nextest.is_present();
    if !has_nextest {
        // `cargo test` runs the same tests, more slowly.
        ledger.lacks("nextest", Tool::Nextest);
    }
    let runner = |words: &[&str]| {
        let mut command = workspace.cargo(if has_nextest { &["nextest", "run"] } else { &["test"] });
        command.args(words).args(["--tests", "--no-fail-fast"]).args(release.then_some("--release"));
        if has_nextest {
            // Some tests wait for children of theirs, and leave a processor to others.
            let processors = std::thread::available_parallelism().map_or(2, usize::from);
            command.arg("--test-threads").arg((processors + 2).to_string());
        }
        command
    };
    ledger.run_tests("all features", &mut runner(&["--workspace", "--all-features"]));
    let mut bare = runner(&["--no-default-features"]);
    for package in workspace.published() {
        bare.args(["--package", &package.name]);
    }
    ledger.run_tests("no features", &mut bare);
    doctests(workspace, release, ledger);
    if quick {
        ledger.leave_out("properties", "run more cases with: cargo xtask test");
    } else {
        properties(workspace, &mut with_cases(CASES), ledger);
    }
    if with_models {
        models::run(workspace, ledger)?;
    } else {
        ledger.leave_out("models", "run them with: cargo xtask test --models");
    }
    Ok(())
}

fn doctests(workspace: &Workspace, release: bool, ledger: &mut Ledger) {
    let mut doctests = workspace.cargo(&["test", "--doc", "--workspace", "--all-features", "--no-fail-fast"]);
    // The book has a step of its own in `docs`, so that no test counts twice.
    if workspace.package(BOOK).is_some() {
        doctests.args(["--exclude", BOOK]);
    }
    ledger.run_tests("doctests", doctests.args(release.then_some("--release")));
}

/// Runs the unit tests and the `tests/model.rs` of each crate with properties in release: the same as above, with many more cases.
pub(crate) fn properties(
    workspace: &Workspace,
    configure: &mut dyn FnMut(&mut Command),
    ledger: &mut Ledger,
) -> bool {
    let mut command = workspace.cargo(&[
        "test",
        "--release",
        "--all-features",
        "--no-fail-fast",
        "--lib",
        "--test",
        "model",
    ]);
    let mut found = false;
    let has_properties =
        |package: &&Package| package.dependencies.iter().any(|other| other.name == "proptest");
    for package in workspace.packages.iter().filter(has_properties) {
        command.args(["--package", &package.name]);
        found = true;
    }
    if !found {
        return ledger.skip("properties", "no crate has properties");
    }
    configure(&mut command);
    ledger.run_tests("properties", &mut command)
}

/// Sets the number of cases, unless the caller's environment already does.
pub(crate) fn with_cases(cases: &str) -> impl FnMut(&mut Command) {
    move |command| {
        if std::env::var_os("PROPTEST_CASES").is_none() {
            command.env("PROPTEST_CASES", cases);
        }
    }
}
