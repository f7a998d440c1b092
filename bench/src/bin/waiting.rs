//! Lets tasks wait for permits in real time and prints what they get: `waiting [--quick] [--json FILE]`.

use std::process::ExitCode;

use resil_bench::command;
use resil_bench::limiter::waiting::{Plan, RATE, TASKS, measure};
use resil_bench::record::Waits;

fn main() -> ExitCode {
    command::end("waiting", command::measure([Plan::FULL, Plan::QUICK], measure, print))
}

fn print(waits: &Waits) {
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    for case in &waits.cases {
        println!("\n{TASKS} tasks, {RATE} permits/s, burst {}, threads {}", case.burst, case.threads);
        println!("  {:<44} {:>9} {:>9} {:>9} {:>7}", "", "rate", "lowest", "of a core", "ratio");
        for wait in &case.waiters {
            let (share, least, processor) =
                (percent(wait.share), percent(wait.least), percent(wait.processor));
            let ratio = wait.ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
            println!("  {:<44} {share:>9} {least:>9} {processor:>9} {ratio:>7}", wait.name);
        }
    }
}
