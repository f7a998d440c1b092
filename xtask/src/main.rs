//! The project's own commands. `cargo xtask --help` lists them.

mod api;
mod arguments;
mod artifact;
mod bench;
mod ci;
mod deep;
mod demo;
mod deps;
mod docs;
mod examples;
mod features;
mod fmt;
mod ledger;
mod lint;
mod models;
mod package;
mod process;
mod release;
mod seeded_bug;
mod source;
mod stopwatch;
mod tally;
mod test;
mod tidy;
mod tool;
mod workspace;

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::arguments::Arguments;
use crate::ledger::Ledger;
use crate::workspace::Workspace;

/// One word of the command line, and what it does.
#[derive(Debug)]
struct Verb {
    name: &'static str,
    usage: &'static str,
    does: &'static str,
    run: fn(&Workspace, Arguments, &mut Ledger) -> Result<(), String>,
}

const VERBS: [Verb; 16] = [
    Verb {
        name: "demo",
        usage: "[ARGS..]",
        does: "bare calls, naive retries and a guarded pipeline, live",
        run: demo::run,
    },
    Verb {
        name: "test",
        usage: "[--models] [--quick] [--release]",
        does: "all tests; with --models loom and shuttle too",
        run: test::run,
    },
    Verb {
        name: "ci",
        usage: "[--keep-going]",
        does: "every gate in order, as on the build machine",
        run: ci::run,
    },
    Verb { name: "fmt", usage: "[--fix]", does: "formatting", run: fmt::run },
    Verb { name: "lint", usage: "", does: "clippy in each configuration, cargo-deny", run: lint::run },
    Verb {
        name: "deps",
        usage: "",
        does: "who may depend on whom, and how many crates that pulls",
        run: deps::run,
    },
    Verb {
        name: "features",
        usage: "",
        does: "each feature alone, none, all; the oldest toolchain",
        run: features::run,
    },
    Verb {
        name: "docs",
        usage: "",
        does: "rustdoc without warnings, the book's code as tests",
        run: docs::run,
    },
    Verb { name: "examples", usage: "", does: "each example, its output compared", run: examples::run },
    Verb { name: "tidy", usage: "", does: "house rules that no other tool knows", run: tidy::run },
    Verb {
        name: "package",
        usage: "",
        does: "what would be published, built from its archive",
        run: package::run,
    },
    Verb { name: "api", usage: "", does: "what breaks callers of the last release", run: api::run },
    Verb {
        name: "release",
        usage: "[--tag TAG] [--publish]",
        does: "all crates to the registry in their order; a rehearsal, unless --publish",
        run: release::run,
    },
    Verb {
        name: "bench",
        usage: "[PATTERN] [--versus] [--report] [--check] [--quick] [--save NAME | --against NAME]",
        does: "benchmarks; --check gates allocations and instructions",
        run: bench::run,
    },
    Verb {
        name: "deep",
        usage: "[mutants|properties|orderings|processes|instructions|coverage]..",
        does: "the long checks; writes docs/verification.md",
        run: deep::run,
    },
    Verb { name: "help", usage: "", does: "this list", run: help },
];

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let before = words.len();
    words.retain(|word| word != "--strict");
    let mut ledger = Ledger::new(words.len() != before);
    let name = if words.is_empty() { "help".into() } else { words.remove(0) };
    let name = if name == "--help" || name == "-h" { "help".into() } else { name };
    let Some(verb) = VERBS.iter().find(|verb| verb.name == name) else {
        eprint!("unknown verb `{name}`\n\n{}", verbs());
        return ExitCode::FAILURE;
    };
    ledger.open(verb.name);
    let done =
        Workspace::load().and_then(|workspace| (verb.run)(&workspace, Arguments::new(words), &mut ledger));
    if let Err(why) = done {
        ledger.fail(verb.name, why);
    }
    ledger.close()
}

#[expect(clippy::unnecessary_wraps, reason = "every verb has this shape")]
fn help(_: &Workspace, _: Arguments, _: &mut Ledger) -> Result<(), String> {
    print!("{}", verbs());
    Ok(())
}

fn verbs() -> String {
    let mut text = String::from("cargo xtask [--strict] VERB\n\n");
    for verb in &VERBS {
        let call = format!("{} {}", verb.name, verb.usage);
        // A long call gets a line of its own.
        let gap = if call.len() > 32 { format!("\n{:36}", "") } else { String::new() };
        // A string takes any text, so this cannot fail.
        let _ = writeln!(text, "  {call:32}{gap}  {}", verb.does);
    }
    text + "\nA program that is missing is named with the line that installs it, and its step is skipped;\n\
            --strict makes that a failure.\n"
}

#[cfg(test)]
mod tests {
    use super::{VERBS, verbs};

    #[test]
    fn the_help_names_every_verb_once() {
        for verb in &VERBS {
            assert_eq!(verbs().matches(&format!("\n  {} ", verb.name)).count(), 1, "{}", verb.name);
        }
    }
}
