//! Three errors of ten, then an outage, of a real upstream: what a pipeline adds to its load, how soon it is back, and what
//! arrives then. `RESIL_OUTAGE_SECONDS=10` makes the errors and the outage as long as they are in life.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "outage/caller.rs"]
mod caller;
#[path = "outage/upstream.rs"]
mod upstream;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil::breaker::{Config, Event, Reopen, State, Window};
use resil::{CircuitBreaker, Clock, Moment, MonotonicClock};
use tokio::task::JoinSet;

use crate::caller::{Caller, Ends, RATE, Request, SHARE, Sample};
use crate::upstream::Upstream;

/// How long the breaker stays open.
const RESET: Duration = Duration::from_millis(250);

/// How long the errors and the outage last unless the environment says otherwise.
const SHORT: Duration = Duration::from_secs(2);

/// What was seen from the beginning to the end.
struct Course {
    errors: Duration,
    outage: Duration,
    /// The budget's books at the beginning, at both ends of the outage, and at the end.
    begin: Sample,
    death: Sample,
    back: Sample,
    end: Sample,
    died_at: Moment,
    back_at: Moment,
    caller: Arc<Caller>,
    arrivals: Vec<Moment>,
}

/// Errors, an outage, and a time in which all is well, of a call every 5 ms.
fn play(breaker: Option<Arc<CircuitBreaker>>) -> Course {
    let seconds = std::env::var("RESIL_OUTAGE_SECONDS").ok().map(|text| text.parse().unwrap());
    let (errors, outage) =
        seconds.map_or((SHORT, SHORT), |s| (Duration::from_secs(s), Duration::from_secs(s)));
    let mut upstream = Upstream::start();
    let caller = Arc::new(Caller::new(upstream.address(), breaker));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut course = runtime.block_on(async {
        let mut calls = JoinSet::new();
        let begin = caller.sample();
        caller.call_for(errors, &mut calls).await;
        upstream.die();
        let (death, died_at) = (caller.sample(), MonotonicClock.now());
        caller.call_for(outage, &mut calls).await;
        upstream.heal();
        upstream.rise();
        let (back, back_at) = (caller.sample(), MonotonicClock.now());
        caller.call_for(SHORT, &mut calls).await;
        while let Some(done) = calls.join_next().await {
            done.unwrap();
        }
        let end = caller.sample();
        let caller = Arc::clone(&caller);
        Course { errors, outage, begin, death, back, end, died_at, back_at, caller, arrivals: Vec::new() }
    });
    upstream.die();
    course.arrivals = upstream.arrivals();
    course
}

impl Course {
    /// Requests that went out between two moments.
    fn requests(&self, from: Moment, until: Moment) -> Vec<Request> {
        self.caller.requests().into_iter().filter(|request| (from..until).contains(&request.at)).collect()
    }

    fn after(&self) -> Vec<Request> {
        self.requests(self.back_at, Moment::from_nanos(u64::MAX))
    }

    /// No more retries than the budget allows: in the errors, in the outage, and from beginning to end.
    fn assert_budget_was_kept(&self) {
        let calls = u64::from(RATE) * (self.errors + self.outage + SHORT).as_secs();
        assert_eq!(self.end.calls, calls);
        for (what, from, to) in [
            ("errors", &self.begin, &self.death),
            ("outage", &self.death, &self.back),
            ("all of it", &self.begin, &self.end),
        ] {
            let (paid, allowed) = (to.paid - from.paid, from.allowed_until(to));
            let calls = to.calls - from.calls;
            println!("{what}: {calls} calls, {paid} retries paid for, {allowed} allowed");
            assert!(paid <= allowed, "{what}: {paid} retries, {allowed} allowed");
        }
        // What the books say is what was done: a retry is an attempt that went out, or that a policy refused.
        let retries = self.caller.stats().retry.retries;
        let Ends { good, failed, refused } = self.caller.ends();
        assert_eq!(u64::from(good + failed + refused), calls, "every call has ended");
        assert_eq!(retries, self.end.paid);
        assert!(self.caller.requests().len() as u64 <= calls + retries);
        println!("calls: {good} good, {failed} failed, {refused} refused; {retries} retries in all");
    }

    /// Nobody was held back to be let loose together: those who come are those whose calls begin, and retries that are paid
    /// for.
    fn assert_no_herd(&self) {
        let after = self.after();
        let old: Vec<_> = after.iter().filter(|request| request.call_began < self.back_at).collect();
        let since = |at: &Moment| at.saturating_duration_since(self.back_at);
        let arrivals: Vec<_> = self.arrivals.iter().filter(|at| **at >= self.back_at).map(since).collect();
        let mut tenths = [0_u32; 20];
        for at in &arrivals {
            if let Some(tenth) = tenths.get_mut(usize::try_from(at.as_millis() / 100).unwrap()) {
                *tenth += 1;
            }
        }
        println!("arrivals in each 100 ms after the return, {} would be the load: {tenths:?}", RATE / 10);
        println!("of calls that had begun before it: {}", old.len());
        let retries = old.iter().filter(|request| request.is_retry).count() as u64;
        let paid = self.end.paid - self.death.paid;
        assert!(retries <= paid, "{retries} retries came back together, {paid} are paid for");
        let most = self.end.calls - self.back.calls + self.end.paid - self.back.paid + old.len() as u64;
        assert!(arrivals.len() as u64 <= most, "{} arrivals, {most} at most", arrivals.len());
    }
}

#[test]
fn a_pipeline_keeps_its_budget_and_is_back_within_a_reset_and_an_attempt_without_a_herd() {
    // Three failures of ten do not open it.
    let config = Config::new().failure_rate(60, 30, Window::calls(60)).reopen(Reopen::fixed(RESET));
    let config = config.half_open_max_calls(1).success_threshold(1).probe_timeout(Duration::from_secs(30));
    let breaker = Arc::new(CircuitBreaker::new("upstream", config.max_half_open(Duration::from_secs(30))));
    let changes = Arc::new(Mutex::new(Vec::new()));
    let listening = breaker.observe({
        let changes = Arc::clone(&changes);
        move |event| {
            if let Event::Transition(change) = event {
                changes.lock().unwrap().push((MonotonicClock.now(), change.to));
            }
        }
    });
    let course = play(Some(Arc::clone(&breaker)));
    drop(listening);
    course.assert_budget_was_kept();
    course.assert_no_herd();

    let changes = changes.lock().unwrap().clone();
    let (before, after): (Vec<_>, Vec<_>) = changes.iter().partition(|(at, _)| *at < course.back_at);
    assert!(before.iter().all(|(at, _)| *at >= course.died_at), "the errors alone opened it: {changes:?}");
    assert_eq!(before.first().map(|(_, to)| *to), Some(State::Open));
    // One probe, which is answered. Before it one may have been on its way that found nobody.
    let after_states: Vec<_> = after.iter().map(|(_, to)| *to).collect();
    let expected = [State::Open, State::HalfOpen, State::Closed];
    assert!(!after_states.is_empty() && expected.ends_with(&after_states), "{after_states:?}");
    assert!(course.after().iter().all(|request| request.is_good), "it was well again");

    // The outage let the breaker's probes through and nothing else, once those had ended that opened it.
    let outage = course.requests(course.died_at, course.back_at);
    let probes = before.iter().filter(|(_, to)| *to == State::HalfOpen).count();
    let opened_at = before.first().map_or(course.died_at, |(at, _)| *at);
    let while_open = outage.iter().filter(|request| request.at >= opened_at).count();
    println!("outage: {} requests, {probes} of them probes", outage.len());
    assert_eq!(while_open, probes);

    let closed_at = after.last().map(|(at, _)| at.saturating_duration_since(course.back_at));
    let first = course.after().iter().map(|request| request.at).min();
    let first = first.map(|at| at.saturating_duration_since(course.back_at));
    println!("figure: outage: from the return to the first request: {} us", first.unwrap().as_micros());
    println!("figure: outage: from the return to the closed circuit: {} us", closed_at.unwrap().as_micros());
    // A hang would be found here; that one reset and one attempt do is in the states.
    assert!(closed_at < Some(20 * RESET), "{closed_at:?}");
}

#[test]
fn retries_without_a_breaker_are_held_by_their_budget_alone() {
    let course = play(None);
    course.assert_budget_was_kept();
    course.assert_no_herd();

    // It was used up, so that it is what held them.
    let paid = course.back.paid - course.death.paid;
    let share = (course.back.calls - course.death.calls) * u64::from(SHARE) / 100;
    assert!(paid >= share, "{paid} of {share}");
    let stops = course.caller.stats().retry.stopped;
    assert!(stops.budget_exhausted > 0, "{stops:?}");
    let outage = course.requests(course.died_at, course.back_at);
    println!("outage: {} requests; {stops:?}", outage.len());
    assert!(course.after().iter().all(|request| request.is_good), "it was well again");
}
