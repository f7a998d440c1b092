//! Counts allocations per call and bytes per breaker: `footprint [--json FILE]`.

use std::env;
use std::fs;
use std::process::ExitCode;

use resil_bench::memory::{Counted, counts, instances, per_call};
use resil_bench::record::Memory;
use resil_bench::rows::BREAKER;

fn main() -> ExitCode {
    let mut memory = Memory { calls: Vec::new(), instances: instances(count) };
    for row in BREAKER.iter().filter(|row| counts(row)) {
        println!("{} (allocations and bytes per call)", row.key);
        for contender in (row.contenders)() {
            let call = per_call(row, &contender, count);
            println!("  {:<44} {:>9.2} {:>9.1}", call.name, call.allocations, call.bytes);
            memory.calls.push(call);
        }
    }
    println!("handle, and handle with heap, in bytes per breaker");
    for instance in &memory.instances {
        let name = format!("{}, {}", instance.name, instance.rule);
        println!("  {name:<44} {:>9} {:>9}", instance.handle, instance.total);
    }
    match write(&memory) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("footprint: {error}");
            ExitCode::FAILURE
        }
    }
}

fn count(work: &mut dyn FnMut()) -> Counted {
    let info = allocation_counter::measure(work);
    Counted { allocations: info.count_total, bytes: info.bytes_total, live: info.bytes_current }
}

fn write(memory: &Memory) -> Result<(), String> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => Ok(()),
        [flag, path] if flag == "--json" => {
            let text = serde_json::to_string_pretty(memory).map_err(|error| error.to_string())?;
            fs::write(path, text).map_err(|error| format!("{path}: {error}"))
        }
        other => Err(format!("what is {other:?}? [--json FILE]")),
    }
}
