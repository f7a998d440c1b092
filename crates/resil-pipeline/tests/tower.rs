//! A pipeline around a tower service.
#![cfg(all(feature = "tower", not(any(loom, shuttle))))]

mod client;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use client::{Answer, Client, SECOND, STEPS, breaker, finish, limit, retry};
use resil_breaker::{CircuitBreakers, State};
use resil_core::testing::{Spy, Told, poll_once};
use resil_pipeline::retry::{Event, StopReason};
use resil_pipeline::tower::{Owned, PipelineLayer};
use resil_pipeline::{
    Clock, Deadline, Error, ManualClock, Name, Outcome, Pipeline, Policy, PolicyExt, Reason, Rejected,
    TimedOut, Verdict,
};
use resil_ratelimit::{KeyedRateLimiter, OwnedKeyed, Quota, RateLimiter};
use tower_layer::Layer;
use tower_service::Service;

type Answered = Result<u16, Error<&'static str>>;

fn bare(clock: &ManualClock) -> Pipeline<(), ManualClock> {
    Pipeline::with_clock("api".into(), clock.clone())
}

fn by_status(answer: Result<&u16, &&str>) -> Outcome {
    let wait = |status: u16| (status == 429 || status == 503).then_some(30 * SECOND);
    answer.map_or(Outcome::failure(), |status| Outcome::of_http(*status, wait(*status)))
}

/// Sends `request` through `pipeline`; what came of it, and how long it took.
fn send<P>(clock: &ManualClock, pipeline: P, client: &Client, request: &str) -> (Answered, Duration)
where
    P: Owned<Line: Send + Sync + 'static, Clock = ManualClock> + Clone + Send + Sync + 'static,
    <P::Line as resil_pipeline::Line>::Policy: Send + Sync,
    <P::Line as resil_pipeline::Line>::Wait<ManualClock>: Send,
{
    let mut service = PipelineLayer::new_with(clock.clone(), pipeline).on(by_status).layer(client.clone());
    finish(clock, service.call(request.to_owned()))
}

/// The reasons why calls of `pipeline` stopped.
fn reasons<A: resil_pipeline::Line>(
    pipeline: &Pipeline<A, ManualClock>,
) -> (resil_pipeline::Subscription, Arc<std::sync::Mutex<Vec<StopReason>>>) {
    let seen = Arc::<std::sync::Mutex<Vec<StopReason>>>::default();
    let log = Arc::clone(&seen);
    let subscription = pipeline.retry_handle().observe(move |event| {
        if let Event::Stopped(stopped) = event {
            log.lock().expect("no listener panics").push(stopped.reason);
        }
    });
    (subscription, seen)
}

#[test]
fn one_classification_serves_the_breaker_and_the_retry() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, 100);
    let pipeline = bare(&clock).retry(retry(&clock, 3)).guard(Arc::clone(&breaker));
    let seen = || {
        let stats = breaker.stats();
        (stats.successes, stats.failures, stats.ignored, pipeline.stats().retry.retries)
    };

    // No connection, then an error of the server, then an answer.
    let client = Client::answering([Err("no route"), Ok(500), Ok(200)]);
    assert_eq!(send(&clock, pipeline.clone(), &client, "a").0, Ok(200));
    assert_eq!((client.texts(), seen()), (vec!["a".to_owned(); 3], (1, 2, 0, 2)));

    // Not ours to repeat, and nothing against the server.
    let client = Client::answering([Ok(404)]);
    assert_eq!(send(&clock, pipeline.clone(), &client, "b").0, Ok(404));
    assert_eq!((client.texts().len(), seen()), (1, (1, 2, 1, 2)));

    // It says when to come again, and we do: once ignored, once failed.
    let client = Client::answering([Ok(429), Ok(503), Ok(200)]);
    let (answer, took) = send(&clock, pipeline.clone(), &client, "c");
    assert_eq!((answer, client.texts().len(), seen()), (Ok(200), 3, (2, 3, 2, 4)));
    assert!((60 * SECOND..61 * SECOND).contains(&took), "{took:?}");

    // The caller gets the last real answer.
    let client = Client::answering([Ok(500), Ok(502), Ok(504)]);
    assert_eq!(send(&clock, pipeline.clone(), &client, "d").0, Ok(504));
    let client = Client::answering([Err("a"), Err("b"), Err("c")]);
    assert_eq!(send(&clock, pipeline.clone(), &client, "e").0, Err(Error::Inner("c")));
}

#[test]
fn without_a_classification_errors_are_failures() {
    let clock = ManualClock::new();
    let breaker = breaker(&clock, 100);
    let pipeline = bare(&clock).retry(retry(&clock, 2)).guard(Arc::clone(&breaker));
    let mut service =
        PipelineLayer::new_with(clock.clone(), pipeline).layer(Client::answering([Ok(500), Err("down")]));
    assert_eq!(finish(&clock, service.call("a".into())).0, Ok(500));
    assert_eq!(finish(&clock, service.call("a".into())).0, Ok(200));
    assert_eq!((breaker.stats().successes, breaker.stats().failures), (2, 1));
}

#[test]
fn each_host_has_its_own_breaker_and_limiter() {
    let clock = ManualClock::new();
    let config = resil_breaker::Config::new().failure_threshold(2);
    let breakers = Arc::new(
        CircuitBreakers::try_with_clock("hosts".into(), config, clock.clone()).expect("good settings"),
    );
    let limiters =
        Arc::new(KeyedRateLimiter::with_clock("hosts".into(), Quota::per_hour(1).burst(2), clock.clone()));
    let base = bare(&clock).deadline(limit(&clock, "whole", 60 * SECOND)).retry(retry(&clock, 2));
    let by_host = {
        let (breakers, limiters) = (Arc::clone(&breakers), Arc::clone(&limiters));
        move |request: &String| {
            let host = request.split('/').next().unwrap_or_default();
            let turn = OwnedKeyed::new(Arc::clone(&limiters), host.to_owned()).waiting(SECOND);
            base.clone().limit(turn).guard(breakers.get(host))
        }
    };
    let client = Client::answering([Err("down"), Err("down")]);
    let mut service = PipelineLayer::select_with(clock.clone(), by_host).on(by_status).layer(client.clone());
    let mut ask = |request: &str| finish(&clock, service.call(request.to_owned())).0;

    assert_eq!(ask("a.example/1"), Err(Error::Inner("down")));
    assert_eq!(breakers.get("a.example").map(|breaker| breaker.state()), Ok(State::Open));
    assert_eq!(ask("b.example/1"), Ok(200));
    assert_eq!(ask("b.example/2"), Ok(200));
    let refused = ask("b.example/3").expect_err("more than its quota");
    assert_eq!(refused.rejected().map(Rejected::reason), Some(Reason::RateLimited));
    assert_eq!(ask("c.example/1"), Ok(200));
    assert_eq!(client.texts(), ["a.example/1", "a.example/1", "b.example/1", "b.example/2", "c.example/1"]);
}

/// Only those that begin with "GET" may be sent twice.
#[expect(clippy::ptr_arg, reason = "it is handed over as a closure that gets the request")]
fn get_again(request: &String) -> Option<String> {
    request.starts_with("GET").then(|| request.clone())
}

#[test]
fn a_request_that_must_not_be_sent_twice_is_sent_once() {
    let clock = ManualClock::new();
    let pipeline = bare(&clock).retry(retry(&clock, 3));
    let (_subscription, reasons) = reasons(&pipeline);
    let layer = PipelineLayer::new_with(clock.clone(), pipeline.clone()).repeat(get_again);

    let client = Client::answering([Err("down"), Err("down")]);
    let mut service = layer.layer(client.clone());
    assert_eq!(finish(&clock, service.call("POST /".into())).0, Err(Error::Inner("down")));
    assert_eq!(finish(&clock, service.call("GET /".into())).0, Ok(200));
    assert_eq!(client.texts(), ["POST /", "GET /", "GET /"]);
    assert_eq!(*reasons.lock().expect("no panics"), [StopReason::NotRetryable]);
}

#[test]
fn a_request_that_was_cut_off_may_have_arrived_and_is_not_sent_twice_either() {
    let clock = ManualClock::new();
    let pipeline = bare(&clock).retry(retry(&clock, 3)).attempt_timeout(limit(&clock, "attempt", 2 * SECOND));
    let (_subscription, reasons) = reasons(&pipeline);
    let client = Client::answering([Err("never")]);
    let mut service =
        PipelineLayer::new_with(clock.clone(), pipeline).repeat(get_again).layer(client.clone());
    let (cut, took) = finish(&clock, service.call("POST /".into()));
    assert_eq!(cut.map_err(|error| error.to_string()), Err("attempt: timed out after 2s".to_owned()));
    assert_eq!((took, client.texts().len(), client.open()), (2 * SECOND, 1, 0));
    assert_eq!(*reasons.lock().expect("no panics"), [StopReason::NotRetryable]);
}

#[test]
fn a_request_that_was_refused_before_it_was_sent_is_tried_again() {
    let clock = ManualClock::new();
    let limiter = Arc::new(RateLimiter::with_clock("api".into(), Quota::per_second(1), clock.clone()));
    let pipeline = bare(&clock).retry(retry(&clock, 3)).guard(Arc::clone(&limiter));
    let client = Client::default();
    let mut service =
        PipelineLayer::new_with(clock.clone(), pipeline.clone()).repeat(get_again).layer(client.clone());
    limiter.try_acquire().expect("the only permit");
    assert_eq!(finish(&clock, service.call("POST /".into())).0, Ok(200));
    assert_eq!((client.texts().len(), pipeline.stats().retry.retries), (1, 1));
}

#[test]
fn no_copy_is_made_for_nothing() {
    let clock = ManualClock::new();
    let copies = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&copies);
    let repeat = move |request: &String| {
        count.fetch_add(1, Relaxed);
        Some(request.clone())
    };
    let pipeline = bare(&clock).retry(retry(&clock, 3));
    let (_subscription, reasons) = reasons(&pipeline);
    let client = Client::answering([Err("a"), Err("b"), Err("c")]);
    let layer = PipelineLayer::new_with(clock.clone(), pipeline).repeat(repeat.clone());
    assert_eq!(finish(&clock, layer.layer(client).call("GET /".into())).0, Err(Error::Inner("c")));
    assert_eq!(copies.load(Relaxed), 2, "the last attempt sends the request itself");
    assert_eq!(*reasons.lock().expect("no panics"), [StopReason::AttemptsExhausted]);

    let once = PipelineLayer::new_with(clock.clone(), bare(&clock)).repeat(repeat);
    assert_eq!(finish(&clock, once.layer(Client::default()).call("GET /".into())).0, Ok(200));
    assert_eq!(copies.load(Relaxed), 2);
}

#[test]
fn a_service_that_is_not_ready_is_waited_for_and_no_policy_hears_of_it() {
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock)
        .retry(retry(&clock, 3))
        .guard(Arc::clone(&spy))
        .attempt_timeout(limit(&clock, "attempt", SECOND));
    let client = Client::default();
    client.busy(1_000); // ten times the limit of an attempt
    let mut service = PipelineLayer::new_with(clock.clone(), pipeline.clone()).layer(client.clone());
    // The service around it is ready all the same.
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_ready());
    let mut call = pin!(service.call("a".into()));
    for _ in 0..999 {
        assert!(poll_once(call.as_mut()).is_pending());
        clock.advance(Duration::from_millis(10));
    }
    assert_eq!(spy.told(), []);
    assert_eq!(finish(&clock, call).0, Ok(200));
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Success)]);
    assert_eq!(pipeline.stats().retry.retries, 0);
}

#[test]
fn the_wait_for_a_service_ends_with_the_deadline() {
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock)
        .deadline(limit(&clock, "whole", 5 * SECOND))
        .retry(retry(&clock, 3))
        .guard(Arc::clone(&spy));
    let client = Client::default();
    client.busy(usize::MAX);
    let (cut, took) = send(&clock, pipeline, &client, "a");
    assert_eq!(cut.map_err(|error| error.to_string()), Err("whole: timed out after 5s".to_owned()));
    assert_eq!((took, spy.told(), client.texts().len()), (5 * SECOND, Vec::new(), 0));
}

#[test]
fn of_a_broken_service_the_retry_hears_and_the_policies_do_not() {
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock).retry(retry(&clock, 3)).guard(Arc::clone(&spy));
    let client = Client::default();
    client.broken();
    let (answer, took) = send(&clock, pipeline, &client, "a");
    assert_eq!((answer, took), (Err(Error::Inner("broken")), 2 * SECOND));
    assert_eq!(spy.told(), []);
}

#[test]
fn what_is_prepared_sees_the_time_of_its_attempt() {
    let clock = ManualClock::new();
    let pipeline = bare(&clock)
        .deadline(limit(&clock, "whole", 5 * SECOND))
        .retry(retry(&clock, 10))
        .attempt_timeout(limit(&clock, "attempt", 2 * SECOND));
    let on = clock.clone();
    let tell = move |request: &mut String| -> Result<(), TimedOut> {
        let left = Deadline::current().expect("there is a limit").remaining_on(&on);
        *request = format!("{request} {left:?}");
        Ok(())
    };
    let client = Client::answering([Err("never"), Err("never")]);
    let mut service = PipelineLayer::new_with(clock.clone(), pipeline).prepare(tell).layer(client.clone());
    let (cut, took) = finish(&clock, service.call("a".into()));
    assert_eq!((cut.is_err_and(|error| error.is_timed_out()), took), (true, 5 * SECOND));
    // Each copy is prepared anew. A second lies between, and the last one has what is left of the whole.
    assert_eq!(client.texts(), ["a 2s", "a 2s"]);
}

#[test]
fn what_there_is_no_time_for_is_not_sent_and_the_policies_ignore_it() {
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock).retry(retry(&clock, 3)).guard(Arc::clone(&spy));
    let client = Client::default();
    let mut service = PipelineLayer::new_with(clock.clone(), pipeline)
        .prepare(|_: &mut String| Err(TimedOut::new(Name::new("deadline"), SECOND)))
        .layer(client.clone());
    let answer = finish(&clock, service.call("a".into())).0;
    assert_eq!(answer, Err(Error::TimedOut(TimedOut::new(Name::new("deadline"), SECOND))));
    assert_eq!(client.texts().len(), 0);
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Ignored)].repeat(3));
}

#[test]
fn a_deadline_that_is_over_makes_no_call_and_asks_nobody() {
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock).guard(Arc::clone(&spy));
    let client = Client::default();
    let mut service = PipelineLayer::new_with(clock.clone(), pipeline).layer(client.clone());
    let over = Deadline::at(clock.now()).named("caller");
    let (answer, _) = finish(&clock, over.scope(service.call("a".into())));
    assert_eq!(answer.map_err(|error| error.to_string()), Err("caller: timed out".to_owned()));
    assert_eq!((client.texts().len(), spy.told()), (0, Vec::new()));
}

#[test]
fn a_service_that_panics_is_settled() {
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock).retry(retry(&clock, 3)).guard(Arc::clone(&spy));
    let panics = || send(&clock, pipeline.clone(), &Client::default(), "panic");
    assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    assert_eq!(spy.told(), [Told::Admitted, Told::Settled(Verdict::Panicked)]);
}

#[test]
fn a_pipeline_is_owned_in_any_form_and_clones_of_a_service_share_it() {
    static SPY: std::sync::LazyLock<Spy> = std::sync::LazyLock::new(|| Spy::admitting("static"));
    let clock = ManualClock::new();
    let spy = Arc::new(Spy::admitting("spy"));
    let pipeline = bare(&clock).guard(Arc::clone(&spy));
    let shared = Arc::new(pipeline.clone());
    let leaked: &'static _ = Box::leak(Box::new(bare(&clock).guard(&*SPY)));
    let client = Client::default();
    assert_eq!(send(&clock, pipeline, &client, "a").0, Ok(200));
    assert_eq!(send(&clock, Arc::clone(&shared), &client, "a").0, Ok(200));
    assert_eq!(send(&clock, leaked, &client, "a").0, Ok(200));
    assert_eq!((spy.told().len(), SPY.told().len()), (4, 2));

    let mut service = PipelineLayer::new_with(clock.clone(), shared).layer(client);
    for mut clone in [service.clone(), service.clone()] {
        assert_eq!(finish(&clock, clone.call("a".into())).0, Ok(200));
    }
    assert_eq!(finish(&clock, service.call("a".into())).0, Ok(200));
    assert_eq!(spy.told().len(), 10);
}

/// C5: dropped after any number of polls, whatever it waits for, everything is back and the counters add up.
#[test]
fn a_request_that_is_dropped_anywhere_gives_everything_back() {
    let mut ended = false;
    for polls in 0.. {
        let clock = ManualClock::new();
        let breaker = breaker(&clock, 1);
        let limiter =
            Arc::new(RateLimiter::with_clock("api".into(), Quota::per_second(1).burst(2), clock.clone()));
        let turn = resil_ratelimit::Waiting::new(Arc::clone(&limiter), 10 * SECOND);
        let pipeline = bare(&clock)
            .deadline(limit(&clock, "whole", 60 * SECOND))
            .retry(retry(&clock, 3))
            .limit(turn)
            .guard(Arc::clone(&breaker))
            .attempt_timeout(limit(&clock, "attempt", 2 * SECOND));
        // Half-open, with one probe: whoever loses it shuts all others out.
        let _ = breaker.call(|| Err::<(), _>("down"));
        clock.advance(60 * SECOND);
        assert_eq!(breaker.state(), State::HalfOpen);
        limiter.try_acquire_n(2).expect("the burst");
        let client = Client::answering([Ok(429), Ok(429)] as [Answer; 2]);
        client.busy(3);
        let mut service =
            PipelineLayer::new_with(clock.clone(), pipeline.clone()).on(by_429).layer(client.clone());
        let mut call = Box::pin(service.call("a".into()));
        for _ in 0..polls {
            if let Poll::Ready(answer) = poll_once(call.as_mut()) {
                assert_eq!(answer, Ok(200));
                ended = true;
                break;
            }
            clock.advance(Duration::from_millis(250));
        }
        drop(call);
        assert_eq!(client.open(), 0, "after {polls} polls");
        let stats = breaker.stats();
        let sent = u64::try_from(client.sent().len()).expect("a few");
        assert_eq!(
            stats.successes + stats.ignored + stats.cancelled + stats.in_flight,
            sent,
            "after {polls} polls"
        );
        assert!(breaker.can_proceed(), "after {polls} polls");
        // Nobody is in line, so the permits come back as for a limiter that was left alone.
        clock.advance(10 * SECOND);
        assert_eq!(limiter.available(), 2, "after {polls} polls");
        assert_eq!(breaker.stats().in_flight, 0, "after {polls} polls");
        if ended {
            assert!(polls > 3 * STEPS, "{polls}");
            return;
        }
    }
}

fn by_429(answer: Result<&u16, &&str>) -> Outcome {
    answer.map_or(Outcome::failure(), |status| Outcome::of_http(*status, None))
}

#[test]
fn a_policy_that_could_not_be_had_refuses() {
    let clock = ManualClock::new();
    let full: Result<Arc<Spy>, Rejected> = Err(Rejected::new(Name::new("hosts"), Reason::CapacityExhausted));
    assert!(full.admit().is_err());
    let (answer, _) = send(&clock, bare(&clock).guard(full), &Client::default(), "a");
    assert_eq!(answer.map_err(|error| error.to_string()), Err("hosts: capacity exhausted".to_owned()));
}

#[test]
fn its_parts_can_be_shown() {
    let clock = ManualClock::new();
    let layer = PipelineLayer::new_with(clock.clone(), bare(&clock));
    let mut service = layer.layer(Client::default());
    assert_eq!(
        format!("{layer:?} {:?}", service.call("a".into())),
        "PipelineLayer { .. } ResponseFuture { .. }"
    );
    assert!(format!("{service:?}").starts_with("PipelineService { inner: Client"));
}

#[cfg(feature = "tokio")]
mod on_tokio {
    use std::time::Duration;

    use resil_pipeline::tower::PipelineLayer;
    use resil_pipeline::{Pipeline, Retry, Timeout, TokioClock, retry, timeout};
    use tower_layer::Layer;
    use tower_service::Service;

    use super::{Client, SECOND};

    #[tokio::test(start_paused = true)]
    async fn tokio_is_the_timer_on_whatever_clock_a_pipeline_counts() {
        let backoff = retry::Backoff::fixed(SECOND).jitter(retry::Jitter::None);
        let config = retry::Config::new().backoff(backoff);
        let attempt = Timeout::with_clock("attempt".into(), timeout::Config::new(2 * SECOND), TokioClock);
        let pipeline = Pipeline::with_clock("api".into(), TokioClock)
            .retry(Retry::with_clock("api".into(), config, TokioClock))
            .attempt_timeout(attempt);
        let start = tokio::time::Instant::now();
        let client = Client::answering([Err("never"), Err("down")]);
        let mut service = PipelineLayer::new(pipeline.clone()).layer(client.clone());
        // It may go to another thread.
        let answer = tokio::spawn(service.call("a".into())).await.expect("no panic");
        assert_eq!(answer, Ok(200));
        assert_eq!(start.elapsed().as_millis() / 10, 4 * SECOND.as_millis() / 10);

        let mut service = PipelineLayer::select(move |_: &String| pipeline.clone()).layer(client);
        assert_eq!(service.call("a".into()).await, Ok(200));
        assert!(start.elapsed() < 4 * SECOND + Duration::from_millis(10));
    }
}
