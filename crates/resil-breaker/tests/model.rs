//! The breaker against a naive model of it that was written independently, over random histories.
//!
//! `PROPTEST_CASES=100000 cargo test --release --test model` is the deep run.

#[path = "model/draw.rs"]
mod draw;
#[path = "model/examples.rs"]
mod examples;
#[path = "model/held.rs"]
mod held;
#[path = "model/history.rs"]
mod history;
#[path = "model/ledger.rs"]
mod ledger;
#[path = "model/naive.rs"]
mod naive;
#[path = "model/play.rs"]
mod play;
#[path = "model/reach.rs"]
mod reach;
#[path = "model/real.rs"]
mod real;
#[path = "model/reduce.rs"]
mod reduce;
#[path = "model/settings.rs"]
mod settings;
#[path = "model/vocabulary.rs"]
mod vocabulary;
#[path = "model/window.rs"]
mod window;
#[path = "model/witness.rs"]
mod witness;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestError, TestRunner};

use crate::held::quietly;
use crate::history::{History, history};
use crate::play::play;
use crate::reduce::reduced;
use crate::witness::Witness;

/// Where the seeds of failures are kept, to be tried first from then on.
const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model.regressions");

/// Results, states, statistics and events are those of the model after every operation, and every call is accounted for.
#[test]
fn the_breaker_does_what_the_naive_model_does() {
    let mut runner = TestRunner::new(Config {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        source_file: Some(file!()),
        max_shrink_iters: 0, // `reduced` does that
        ..Config::default()
    });
    let outcome =
        runner.run(&history(), |history| play(&history, &mut Witness::blind()).map_err(TestCaseError::fail));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(_, history)) => panic!("{}", told(&reduced(history))),
        Err(TestError::Abort(reason)) => panic!("no histories could be drawn: {reason}"),
    }
}

/// A failing history, step by step, and how it fails.
fn told(history: &History) -> String {
    let mut witness = Witness::of_steps();
    let how = match quietly(|| play(history, &mut witness)) {
        Ok(Ok(())) => "it does not fail when it is played again".to_owned(),
        Ok(Err(difference)) => difference,
        Err(_) => "it panics, as is written above".to_owned(),
    };
    format!("{how}\nhistory: {history:?}\nas the model plays it:\n{}", witness.into_text())
}
