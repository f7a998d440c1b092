//! Checks what must hold on every machine: no allocation per call, and few instructions. `check`
//!
//! Times are not checked here: benchmarks are no tests.

use std::process::ExitCode;

use resil_bench::callgrind;
use resil_bench::memory::{Counted, counts, per_call};
use resil_bench::ours;
use resil_bench::rows::{BREAKER, OURS};

/// Admission and settlement of a successful call, with the loop around it and the work in it.
const MOST_INSTRUCTIONS: f64 = 80.0;

/// Where they are counted, and of whom.
const COUNTED: [(&str, &str); 2] = [("closed-consecutive", ours::BY_HAND), ("closed-consecutive", OURS)];

fn main() -> ExitCode {
    if let Some(done) = callgrind::work() {
        return done;
    }
    let mut broken = allocations();
    broken.extend(instructions());
    for line in &broken {
        eprintln!("check: {line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every variant of ours in every row, sync, async and tower.
fn allocations() -> Vec<String> {
    let mut broken = Vec::new();
    let mut checked = 0;
    println!("allocations per call");
    for row in BREAKER.iter().filter(|row| counts(row)) {
        for contender in (row.contenders)().iter().filter(|contender| contender.name.starts_with(OURS)) {
            let call = per_call(row, contender, count);
            println!("  {:<20} {:<28} {}", call.row, call.name, call.allocations);
            checked += 1;
            if call.allocations != 0.0 {
                broken.push(format!(
                    "{}, {}: {} allocations per call, expected 0",
                    call.row, call.name, call.allocations
                ));
            }
        }
    }
    if checked == 0 {
        broken.push("no row has a contender of ours".to_owned());
    }
    broken
}

fn instructions() -> Vec<String> {
    if !callgrind::available() {
        println!("instructions per call: skipped, valgrind is missing (apt-get install valgrind)");
        return Vec::new();
    }
    println!("instructions per call, at most {MOST_INSTRUCTIONS}");
    let mut broken = Vec::new();
    for (row, name) in COUNTED {
        match callgrind::per_call(row, name) {
            Ok(counted) => {
                println!("  {row:<20} {name:<28} {counted:.1}");
                if counted > MOST_INSTRUCTIONS {
                    broken.push(format!(
                        "{row}, {name}: {counted:.1} instructions, at most {MOST_INSTRUCTIONS}"
                    ));
                }
            }
            Err(error) => broken.push(error),
        }
    }
    broken
}

fn count(work: &mut dyn FnMut()) -> Counted {
    let info = allocation_counter::measure(work);
    Counted { allocations: info.count_total, bytes: info.bytes_total, live: info.bytes_current }
}
