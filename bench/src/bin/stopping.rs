//! Stops many tasks and prints what it costs: `stopping [--quick] [--json FILE]`.

use std::process::ExitCode;

use resil_bench::command;
use resil_bench::record::{Cost, Stops};
use resil_bench::shutdown::stopping::{Plan, TASKS, measure};

fn main() -> ExitCode {
    command::end("stopping", command::measure([Plan::FULL, Plan::QUICK], measure, print))
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
