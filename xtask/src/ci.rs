//! `ci`: every gate in order. What is quick and often red comes first.

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::workspace::Workspace;
use crate::{api, bench, demo, deps, docs, examples, features, fmt, lint, package, test, tidy};

/// A verb, the words it gets, and its code.
type Gate =
    (&'static str, &'static [&'static str], fn(&Workspace, Arguments, &mut Ledger) -> Result<(), String>);

const GATES: [Gate; 12] = [
    ("fmt", &[], fmt::run),
    ("tidy", &[], tidy::run),
    ("lint", &[], lint::run),
    ("deps", &[], deps::run),
    ("features", &[], features::run),
    ("test", &["--models", "--quick"], test::run),
    ("docs", &[], docs::run),
    ("examples", &[], examples::run),
    ("package", &[], package::run),
    ("api", &[], api::run),
    ("demo", &["--dev", "--seconds", "6"], demo::run),
    ("bench", &["--check"], bench::run),
];

/// Runs the gates until one is red, or all of them with `--keep-going`.
pub(crate) fn run(
    workspace: &Workspace,
    mut arguments: Arguments,
    ledger: &mut Ledger,
) -> Result<(), String> {
    let keep_going = arguments.flag("--keep-going");
    arguments.finish()?;
    ledger.expect_tests();
    let mut ahead = bench::build_ahead(workspace);
    for (name, words, gate) in GATES {
        ledger.open(name);
        if name == "bench"
            && let Some(mut build) = ahead.take()
        {
            // What it came to is seen when the gate builds the same.
            let _ = build.wait();
        }
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        if let Err(why) = gate(workspace, Arguments::new(words), ledger) {
            ledger.fail(name, why);
        }
        if !ledger.is_green() && !keep_going {
            println!("\nStopped at the first red gate; `cargo xtask ci --keep-going` runs them all.");
            break;
        }
    }
    if let Some(mut build) = ahead {
        let _ = build.kill();
        let _ = build.wait();
    }
    Ok(())
}
