//! Several quotas decided together, as users see them: over random histories beside a naive model, and one promise at a time.
//!
//! `PROPTEST_CASES=100000 cargo test --release --test limits` is the deep run.
#![cfg(not(any(loom, shuttle)))]

#[path = "limits/api.rs"]
mod api;
#[path = "limits/extremes.rs"]
mod extremes;
#[path = "limits/history.rs"]
mod history;
#[path = "limits/laws.rs"]
mod laws;
#[path = "limits/ledger.rs"]
mod ledger;
#[path = "limits/naive.rs"]
mod naive;
#[path = "limits/play.rs"]
mod play;
#[path = "limits/waits.rs"]
mod waits;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

use crate::history::{History, history};

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/limits.regressions");

fn check(play: impl Fn(&History) -> Result<(), String>, quotas: usize) {
    let mut runner = TestRunner::new(Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        ..Config::default()
    });
    let outcome = runner.run(&history(quotas), |history| play(&history).map_err(TestCaseError::fail));
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn one_quota_alone_keeps_all_promises() {
    check(play::play::<1>, 1);
}

#[test]
fn two_quotas_together_keep_all_promises() {
    check(play::play::<2>, 2);
}

#[test]
fn five_quotas_together_keep_all_promises() {
    check(play::play::<5>, 5);
}
