//! The breaker under criterion, for a closer look at one contender and for `--save-baseline` and `--baseline`.
//!
//! Its figures are not interleaved: ratios come from the `report` binary.

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use resil_bench::contender::Contender;
use resil_bench::rows::{BREAKER, OURS};
use resil_bench::{floor, rows};

fn breaker(criterion: &mut Criterion) {
    for row in BREAKER.iter().filter(|row| !row.two_threads && row.key != "floor") {
        for contender in
            (row.contenders)().into_iter().filter(|contender| !contender.name.starts_with("bare"))
        {
            let group = if contender.name.starts_with(OURS) { "ours" } else { "versus" };
            bench(criterion, group, row, &contender);
        }
    }
}

fn pieces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("floor");
    for piece in floor::pieces() {
        group.bench_function(&piece.name, |bencher| bencher.iter_custom(|calls| timed(&piece, calls)));
    }
}

fn bench(criterion: &mut Criterion, group: &str, row: &rows::Row, contender: &Contender) {
    let id = BenchmarkId::new(row.key, &contender.name);
    let mut ran = false;
    criterion.benchmark_group(group).bench_function(id, |bencher| {
        ran = true;
        bencher.iter_custom(|calls| timed(contender, calls));
    });
    if ran {
        contender.prove().expect("a live breaker stood behind the calls");
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

criterion_group! {
    name = benches;
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(600))
        .sample_size(30);
    targets = pieces, breaker
}
criterion_main!(benches);
