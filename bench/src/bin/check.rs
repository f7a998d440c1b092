//! Checks what must hold on every machine: no allocation per call, few instructions, few bytes per key. `check`
//!
//! Times are not checked here: benchmarks are no tests.

use std::process::ExitCode;

use resil_bench::callgrind;
use resil_bench::limiter::keys::MOST_BYTES;
use resil_bench::memory::{ALLOCATOR, Allocator, count, counts, per_call};
use resil_bench::pattern::{self, Pattern};
use resil_bench::row::OURS;

#[global_allocator]
static COUNTING: Allocator = ALLOCATOR;

fn main() -> ExitCode {
    if let Some(done) = callgrind::work() {
        return done;
    }
    let mut broken = Vec::new();
    for pattern in pattern::ALL {
        broken.extend(allocations(pattern));
        broken.extend(bytes_per_key(pattern));
        broken.extend(instructions(pattern));
    }
    for line in &broken {
        eprintln!("check: {line}");
    }
    if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every variant of ours in every row, sync, async and tower.
fn allocations(pattern: &Pattern) -> Vec<String> {
    let mut broken = Vec::new();
    let mut checked = 0;
    println!("{}: allocations per call", pattern.name);
    for row in pattern.rows.iter().filter(|row| counts(row) && !pattern.allocating.contains(&row.key)) {
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
        broken.push(format!("{}: no row has a contender of ours", pattern.name));
    }
    broken
}

/// Ours only: when a million keys have come, and when another million have come after them.
fn bytes_per_key(pattern: &Pattern) -> Vec<String> {
    let Some(keys) = pattern.keys else { return Vec::new() };
    println!("{}: bytes per key", pattern.name);
    let mut broken = Vec::new();
    for ours in keys(count).iter().filter(|one| one.name == OURS) {
        let most = ours.per_key.max(ours.after_others);
        println!("  {:<49} {most:.1} of {MOST_BYTES}", ours.name);
        if most > MOST_BYTES {
            broken.push(format!("{}: {most:.1} bytes per key, at most {MOST_BYTES}", ours.name));
        }
    }
    broken
}

fn instructions(pattern: &Pattern) -> Vec<String> {
    if !callgrind::available() {
        println!("instructions per call: skipped, valgrind is missing (apt-get install valgrind)");
        return Vec::new();
    }
    println!("{}: instructions per call", pattern.name);
    let mut broken = Vec::new();
    for gate in pattern.gates {
        match callgrind::per_call(pattern, gate.row, gate.contender) {
            Ok(counted) => {
                println!("  {:<20} {:<28} {counted:.1} of {}", gate.row, gate.contender, gate.most);
                if counted > gate.most {
                    broken.push(format!(
                        "{}, {}: {counted:.1} instructions, at most {}",
                        gate.row, gate.contender, gate.most
                    ));
                }
            }
            Err(error) => broken.push(error),
        }
    }
    broken
}
