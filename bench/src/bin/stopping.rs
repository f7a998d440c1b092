//! Stops many tasks and prints what it costs: `stopping [--quick] [--json FILE]`.

use std::env;
use std::process::ExitCode;

use resil_bench::record::{self, Cost, Stops};
use resil_bench::shutdown::stopping::{Plan, TASKS, measure};

fn main() -> ExitCode {
    match stopping() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stopping: {error}");
            ExitCode::FAILURE
        }
    }
}

fn stopping() -> Result<(), String> {
    let (mut plan, mut json) = (Plan::FULL, None);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--quick" => plan = Plan::QUICK,
            "--json" => json = Some(arguments.next().ok_or("--json needs a value")?),
            other => return Err(format!("what is `{other}`? [--quick] [--json FILE]")),
        }
    }
    let stops = measure(plan)?;
    print(&stops);
    record::save(&stops, json.as_deref())
}

fn print(stops: &Stops) {
    let figure = |value: Option<f64>, places: usize| {
        value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"))
    };
    let cells = |cost: &Cost| {
        let (median, minimum) = (figure(cost.median, 0), figure(cost.minimum, 0));
        format!("{median:>8} {minimum:>8} {:>6}", figure(cost.ratio, 2))
    };
    for case in &stops.cases {
        println!("\n{TASKS} tasks, threads {}: microseconds of processor time", case.threads);
        let head = format!("{:>8} {:>8} {:>6}", "median", "minimum", "ratio");
        println!("  {:<36}   stop: {:<18}  start and stop: {:<8}   waited", "", "", "");
        println!("  {:<36} {head} {head} {:>8}", "", "median");
        for one in &case.contenders {
            let waited = figure(one.waited, 0);
            println!("  {:<36} {} {} {waited:>8}", one.name, cells(&one.stop), cells(&one.whole));
        }
    }
}
