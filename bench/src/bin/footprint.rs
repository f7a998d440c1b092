//! Counts allocations per call and per task, bytes per instance and per key: `footprint PATTERN [--json FILE]`.

use std::env;
use std::process::ExitCode;

use resil_bench::command;
use resil_bench::memory::{ALLOCATOR, Allocator, count, counts, per_call};
use resil_bench::pattern::Pattern;
use resil_bench::record::{self, Memory};

#[global_allocator]
static COUNTING: Allocator = ALLOCATOR;

fn main() -> ExitCode {
    command::end("footprint", footprint())
}

fn footprint() -> Result<(), String> {
    let mut arguments = env::args().skip(1);
    let pattern = Pattern::next_of(&mut arguments)?;
    let json = match arguments.collect::<Vec<_>>().as_slice() {
        [] => None,
        [flag, path] if flag == "--json" => Some(path.clone()),
        other => return Err(format!("what is {other:?}? PATTERN [--json FILE]")),
    };
    let memory = measured(pattern);
    record::save(&memory, json.as_deref())
}

fn measured(pattern: &Pattern) -> Memory {
    let mut memory = Memory {
        calls: Vec::new(),
        instances: (pattern.instances)(count),
        keys: pattern.keys.map_or_else(Vec::new, |keys| keys(count)),
        tasks: pattern.stops.map_or_else(Vec::new, |tasks| tasks(count)),
    };
    for row in pattern.rows.iter().filter(|row| counts(row)) {
        println!("{} (allocations and bytes per call)", row.key);
        for contender in (row.contenders)() {
            let call = per_call(row, &contender, count);
            println!("  {:<44} {:>9.2} {:>9.1}", call.name, call.allocations, call.bytes);
            memory.calls.push(call);
        }
    }
    println!("handle, and handle with heap, in bytes");
    for instance in &memory.instances {
        let name = format!("{}, {}", instance.name, instance.kind);
        println!("  {name:<44} {:>9} {:>9}", instance.handle, instance.total);
    }
    for keys in &memory.keys {
        let name = format!("{}, bytes per key", keys.name);
        println!("  {name:<44} {:>9.1} {:>9.1}", keys.per_key, keys.after_others);
    }
    for task in &memory.tasks {
        let name = format!("{}, allocations and bytes per task", task.name);
        println!("  {name:<68} {:>9.2} {:>9.1}", task.allocations, task.bytes);
    }
    memory
}
