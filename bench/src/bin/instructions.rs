//! Counts instructions per call under callgrind: `instructions PATTERN [--row KEY] [--json FILE]`.

use std::env;
use std::process::ExitCode;

use resil_bench::callgrind;
use resil_bench::command;
use resil_bench::pattern::Pattern;
use resil_bench::record::{self, CallInstructions, Instructions};

fn main() -> ExitCode {
    if let Some(done) = callgrind::work() {
        return done;
    }
    command::end("instructions", count())
}

fn count() -> Result<(), String> {
    let (mut wanted, mut json) = (String::new(), None);
    let mut arguments = env::args().skip(1);
    let pattern = Pattern::next_of(&mut arguments)?;
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--row" => wanted = value,
            "--json" => json = Some(value),
            other => return Err(format!("what is `{other}`? PATTERN [--row KEY] [--json FILE]")),
        }
    }
    if !callgrind::available() {
        return Err("valgrind is missing: apt-get install valgrind".to_owned());
    }
    let mut counted = Instructions::default();
    for row in pattern.rows.iter().filter(|row| callgrind::counts(row) && row.key.contains(&wanted)) {
        println!("{} (instructions per call)", row.key);
        for contender in (row.contenders)() {
            let per_call = callgrind::per_call(pattern, row.key, &contender.name)?;
            println!("  {:<44} {per_call:>9.1}", contender.name);
            counted.calls.push(CallInstructions { row: row.key.to_owned(), name: contender.name, per_call });
        }
    }
    record::save(&counted, json.as_deref())
}
