//! The limiter against a naive model of it that was written independently, over random histories.
//!
//! `PROPTEST_CASES=100000 cargo test --release --test model` is the deep run.
#![cfg(not(any(loom, shuttle)))]

#[path = "model/alarm.rs"]
mod alarm;
#[path = "model/compare.rs"]
mod compare;
#[path = "model/fraction.rs"]
mod fraction;
#[path = "model/history.rs"]
mod history;
#[path = "model/naive.rs"]
mod naive;
#[path = "model/play.rs"]
mod play;
#[path = "model/quotas.rs"]
mod quotas;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner};

use crate::history::history;
use crate::play::play;

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model.regressions");

/// Answers, instants, readings, statistics and events are those of the model after every operation.
#[test]
fn the_limiter_does_what_the_naive_model_does() {
    let mut runner = TestRunner::new(Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        ..Config::default()
    });
    let outcome = runner.run(&history(), |history| play(&history).map(drop).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => panic!("{reason}\nhistory: {history:?}"),
        Err(TestError::Abort(reason)) => panic!("no histories could be drawn: {reason}"),
    }
}
