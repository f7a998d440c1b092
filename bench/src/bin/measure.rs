//! Runs the interleaved comparison of this build and prints it:
//! `measure PATTERN [--quick] [--row KEY].. [--json FILE]`.

use std::env;
use std::process::ExitCode;

use resil_bench::command;
use resil_bench::interleave::{Plan, interleave};
use resil_bench::pair;
use resil_bench::pattern::Pattern;
use resil_bench::record::{self, RowTimes, Times};
use resil_bench::row::Row;

/// How often a row is run again while more than half of the rounds of a contender were thrown away.
const EXTRA_RUNS: usize = 4;

fn main() -> ExitCode {
    command::end("measure", measure())
}

fn measure() -> Result<(), String> {
    let (mut plan, mut wanted, mut json) = (Plan::FULL, Vec::new(), None);
    let mut arguments = env::args().skip(1);
    let pattern = Pattern::next_of(&mut arguments)?;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--quick" => plan = Plan::QUICK,
            "--row" => wanted.push(value()?),
            "--json" => json = Some(value()?),
            other => return Err(format!("what is `{other}`? PATTERN [--quick] [--row KEY].. [--json FILE]")),
        }
    }
    let chosen = |row: &&Row| wanted.is_empty() || wanted.iter().any(|key| row.key.contains(key.as_str()));
    let mut times = Times::default();
    for row in pattern.rows.iter().filter(chosen) {
        let measured = run(row, plan)?;
        print(row, &measured);
        times.rows.push(measured);
    }
    if times.rows.is_empty() {
        let keys: Vec<_> = pattern.rows.iter().map(|row| row.key).collect();
        return Err(format!("no such row; there are {}", keys.join(", ")));
    }
    record::save(&times, json.as_deref())
}

fn run(row: &Row, plan: Plan) -> Result<RowTimes, String> {
    let contenders = (row.contenders)();
    let rounds = if row.two_threads { pair::interleave } else { interleave };
    let mut tracks = rounds(&contenders, plan);
    // On a busy machine many rounds are thrown away: more of them, within reason.
    for _ in 0..EXTRA_RUNS {
        if tracks.iter().all(|track| track.kept().len() >= plan.rounds / 2) {
            break;
        }
        for (track, more) in tracks.iter_mut().zip(rounds(&contenders, plan)) {
            track.rounds.extend(more.rounds);
        }
    }
    contenders.iter().try_for_each(|contender| contender.prove())?;
    Ok(RowTimes::new(row, &contenders, &tracks))
}

fn print(row: &Row, times: &RowTimes) {
    println!("\n{} ({})", row.title, row.key);
    println!("  {:<44} {:>9} {:>9} {:>8} {:>7}", "", "median", "minimum", "ratio", "thrown");
    let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    for time in &times.contenders {
        let (median, minimum, ratio) = (figure(time.median), figure(time.minimum), figure(time.ratio));
        println!("  {:<44} {median:>9} {minimum:>9} {ratio:>8} {:>7}", time.name, time.thrown_away);
    }
    for (target, reached) in row.targets.iter().zip(&times.targets) {
        let promise = format!("{} <= {} x {}", target.subject, target.at_most, target.reference);
        match reached {
            Some(ratio) => {
                let verdict = if *ratio <= target.at_most { "met" } else { "MISSED" };
                println!("  {promise}: {ratio:.3}, {verdict}");
            }
            None => println!("  {promise}: not measured"),
        }
    }
}
