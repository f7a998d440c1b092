//! A pattern under criterion, for a closer look at one contender and for `--save-baseline` and `--baseline`.
//!
//! Its figures are not interleaved: ratios come from the `report` binary.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion};

use crate::contender::Contender;
use crate::pattern::Pattern;
use crate::row::{OURS, Row};

/// The key of the row whose contenders are the floor.
const FLOOR: &str = "floor";

/// Runs the groups `ours`, `versus` and `floor` of a pattern, as the arguments of the process choose.
pub fn run(pattern: &Pattern) {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(30)
        .configure_from_args();
    pieces(&mut criterion, pattern);
    for row in pattern.rows.iter().filter(|row| !row.two_threads && row.key != FLOOR) {
        for contender in (row.contenders)().iter().filter(|contender| contender.is_guard()) {
            let group = if contender.name.starts_with(OURS) { "ours" } else { "versus" };
            guard(&mut criterion, group, row, contender);
        }
    }
    criterion.final_summary();
}

fn pieces(criterion: &mut Criterion, pattern: &Pattern) {
    let mut group = criterion.benchmark_group(FLOOR);
    for piece in pattern.row(FLOOR).map_or_else(Vec::new, |row| (row.contenders)()) {
        group.bench_function(&piece.name, |bencher| bencher.iter_custom(|calls| timed(&piece, calls)));
    }
}

fn guard(criterion: &mut Criterion, group: &str, row: &Row, contender: &Contender) {
    let id = BenchmarkId::new(row.key, &contender.name);
    let mut ran = false;
    criterion.benchmark_group(group).bench_function(id, |bencher| {
        ran = true;
        bencher.iter_custom(|calls| timed(contender, calls));
    });
    if ran {
        contender.prove().expect("a live guard stood behind the calls");
    }
}

/// The time of so many calls, in batches that the contender allows.
fn timed(contender: &Contender, mut calls: u64) -> Duration {
    let mut spent = Duration::ZERO;
    while calls > 0 {
        let batch = calls.min(contender.longest_batch);
        contender.prepare();
        let started = Instant::now();
        let tally = contender.run(batch);
        spent += started.elapsed();
        contender.check(batch, tally);
        calls -= batch;
    }
    spent
}
