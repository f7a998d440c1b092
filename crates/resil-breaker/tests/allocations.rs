//! After `warm_up()` no call allocates, in whatever form it is made, and windows are as large as the documentation says.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use resil_breaker::testing::poll_once;
use resil_breaker::{
    CircuitBreaker, CircuitBreakers, Config, ManualClock, Name, Policy, PolicyExt, Reopen, State, Verdict,
    Window,
};

type Breaker = CircuitBreaker<ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

/// How many calls are made while allocations are counted: windows fill and slide, tallies are folded many times.
const CALLS: u32 = 5_000;

/// Every way to count, none of which opens at a failure in every five calls.
fn modes() -> [(&'static str, Config); 9] {
    let config = Config::new();
    [
        ("consecutive", config),
        ("without counters", config.counters(false)),
        ("not striped", config.striped(false)),
        ("window of calls", config.failure_rate(50, 100, Window::calls(1_000))),
        ("window of all calls", config.failure_rate(50, 100, Window::calls(1_000_000))),
        ("window of time", config.failure_rate(50, 100, Window::slices(SECOND, 100))),
        ("slow calls", config.slow_rate(SECOND, 100, 100, Window::calls(100))),
        (
            "all rules",
            config.failure_threshold(5).failure_rate(50, 100, Window::calls(100)).slow_rate(
                SECOND,
                90,
                10,
                Window::time(SECOND),
            ),
        ),
        ("grown open time", config.reopen(Reopen::exponential(SECOND).jitter(0.5))),
    ]
}

fn warm(config: Config) -> (Breaker, ManualClock) {
    let clock = ManualClock::new();
    let breaker = Breaker::with_clock(Name::new("payments"), config, clock.clone());
    breaker.warm_up();
    (breaker, clock)
}

/// Asserts that `call`, made again and again on a closed breaker of every mode, allocates nothing.
fn allocates_nothing(call: impl Fn(&Breaker, Result<(), ()>)) {
    for (mode, config) in modes() {
        let (breaker, clock) = warm(config);
        let counted = measure(|| {
            for number in 0..CALLS {
                clock.advance(Duration::from_millis(1));
                call(&breaker, if number % 5 == 0 { Err(()) } else { Ok(()) });
            }
        });
        assert_eq!((breaker.state(), counted), (State::Closed, AllocationInfo::default()), "{mode}");
    }
}

#[test]
fn sync_calls_allocate_nothing() {
    allocates_nothing(|breaker, result| assert_eq!(breaker.call(|| result).is_ok(), result.is_ok()));
    let classify = |result: Result<&(), &()>| Verdict::of(result);
    allocates_nothing(|breaker, result| {
        assert_eq!(breaker.call_with(classify, || result).is_ok(), result.is_ok());
    });
    allocates_nothing(|breaker, result| assert_eq!(breaker.wrap(|()| result)(()).is_ok(), result.is_ok()));
}

#[test]
fn guards_and_permits_allocate_nothing() {
    allocates_nothing(|breaker, result| {
        let guard = breaker.guard().expect("it is closed");
        if result.is_ok() { guard.success() } else { guard.failure() }
    });
    allocates_nothing(|breaker, result| {
        let permit = breaker.admit().expect("it is closed");
        breaker.settle(permit, Verdict::of(result.as_ref()));
    });
    allocates_nothing(|breaker, _| drop(breaker.guard()));
    allocates_nothing(|breaker, _| breaker.guard().expect("it is closed").release());
    allocates_nothing(
        |breaker, result| {
            if result.is_ok() { breaker.record_success() } else { breaker.record_failure() }
        },
    );
}

#[test]
fn async_calls_allocate_nothing() {
    allocates_nothing(|breaker, result| {
        let call = pin!(breaker.call_async(async { result }));
        assert!(poll_once(call).is_ready());
    });
    allocates_nothing(|breaker, _| {
        let given_up = pin!(breaker.call_async(std::future::pending::<Result<(), ()>>()));
        assert!(poll_once(given_up).is_pending());
    });
}

#[cfg(feature = "tower")]
#[test]
fn requests_through_the_tower_layer_allocate_nothing() {
    use std::future::{Ready, ready};
    use std::sync::Arc;
    use std::task::Context;

    use tower_layer::Layer;
    use tower_service::Service;

    struct Answer;

    impl Service<Result<(), ()>> for Answer {
        type Response = ();
        type Error = ();
        type Future = Ready<Result<(), ()>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Ok(()).into()
        }
        fn call(&mut self, request: Result<(), ()>) -> Self::Future {
            ready(request)
        }
    }

    for (mode, config) in modes() {
        let breaker = Arc::new(CircuitBreaker::new("payments", config));
        let mut service = resil_breaker::BreakerLayer::new(Arc::clone(&breaker)).layer(Answer);
        breaker.warm_up();
        let counted = measure(|| {
            for number in 0..CALLS {
                let request = if number % 5 == 0 { Err(()) } else { Ok(()) };
                assert!(poll_once(pin!(service.call(request))).is_ready());
            }
        });
        assert_eq!((breaker.state(), counted), (State::Closed, AllocationInfo::default()), "{mode}");
        breaker.force_open("maintenance");
        let counted = measure(|| assert!(poll_once(pin!(service.call(Ok(())))).is_ready()));
        assert_eq!(counted, AllocationInfo::default(), "{mode}");
    }
}

#[test]
fn refusals_allocate_nothing() {
    for (mode, config) in modes() {
        let (breaker, clock) = warm(config.failure_threshold(1).reset_timeout(SECOND));
        let refuse = || {
            for _ in 0..CALLS {
                assert!(breaker.call(|| Ok::<_, ()>(())).is_err());
                assert!(matches!(
                    poll_once(pin!(breaker.call_async(async { Ok::<_, ()>(()) }))),
                    Poll::Ready(Err(_))
                ));
            }
        };
        let _ = breaker.call(|| Err::<(), _>(()));
        assert_eq!(measure(refuse), AllocationInfo::default(), "{mode}, open");
        clock.advance(SECOND);
        let probe = breaker.admit().expect("it may probe");
        assert_eq!(measure(refuse), AllocationInfo::default(), "{mode}, half-open");
        breaker.release(probe);
        breaker.force_open("maintenance");
        assert_eq!(measure(refuse), AllocationInfo::default(), "{mode}, forced open");
    }
}

#[test]
fn probes_allocate_nothing() {
    for (mode, config) in modes() {
        let config = config.failure_threshold(1).half_open_max_calls(5).success_threshold(CALLS * 2);
        let (breaker, clock) = warm(config.reset_timeout(SECOND));
        let _ = breaker.call(|| Err::<(), _>(()));
        clock.advance(SECOND);
        assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()), "the change of state allocates");
        let counted = measure(|| {
            for _ in 0..CALLS {
                let others = [(); 4].map(|()| breaker.guard().expect("a slot"));
                assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
                for other in others {
                    other.settle(Verdict::Ignored);
                }
            }
        });
        assert_eq!((breaker.state(), counted), (State::HalfOpen, AllocationInfo::default()), "{mode}");
    }
}

#[test]
fn calls_in_states_set_by_hand_allocate_nothing() {
    for (mode, config) in modes() {
        for set in [
            |breaker: &Breaker| breaker.disable("no need"),
            |breaker: &Breaker| breaker.metrics_only("trying it out"),
        ] {
            let (breaker, _) = warm(config);
            set(&breaker);
            let counted = measure(|| {
                for number in 0..CALLS {
                    assert!(
                        breaker.call(|| if number % 5 == 0 { Err(()) } else { Ok(()) }).is_ok()
                            || number % 5 == 0
                    );
                }
            });
            assert_eq!(counted, AllocationInfo::default(), "{mode}");
        }
    }
}

#[test]
fn reading_allocates_nothing() {
    for (mode, config) in modes() {
        let clock = ManualClock::new();
        let unused = Breaker::with_clock(Name::UNNAMED, config, clock);
        let (used, _) = warm(config);
        let _ = used.call(|| Ok::<_, ()>(()));
        let counted = measure(|| {
            for breaker in [&unused, &used] {
                let _ = (
                    breaker.state(),
                    breaker.can_proceed(),
                    breaker.stats(),
                    breaker.snapshot(),
                    breaker.config(),
                );
            }
        });
        assert_eq!(
            counted,
            AllocationInfo::default(),
            "{mode}: also windows of an unused breaker are not made"
        );
    }
}

#[test]
fn refusals_that_are_told_allocate_nothing_but_at_first() {
    let breaker = CircuitBreaker::with_clock(Name::UNNAMED, Config::new(), ManualClock::new());
    breaker.observe(|_| {}).forget();
    breaker.force_open("maintenance");
    let refuse = || (0..10).for_each(|_| assert!(breaker.guard().is_err()));
    refuse();
    assert_eq!(measure(refuse), AllocationInfo::default());
}

#[test]
fn lookups_of_existing_keys_allocate_nothing() {
    let providers = CircuitBreakers::<String>::new("providers", Config::new());
    providers.get("anthropic").expect("room").warm_up();
    let counted = measure(|| {
        for _ in 0..CALLS {
            let breaker = providers.get("anthropic").expect("room");
            assert_eq!(breaker.call(|| Ok::<_, ()>(())), Ok(()));
            assert!(providers.find("openai").is_none());
        }
    });
    assert_eq!(counted, AllocationInfo::default());
}

#[test]
fn windows_are_as_large_as_documented() {
    let bytes = |config: Config| {
        let breaker = Breaker::with_clock(Name::UNNAMED, config, ManualClock::new());
        measure(|| breaker.warm_up()).bytes_current
    };
    let without = bytes(Config::new());
    let calls = bytes(Config::new().failure_rate(50, 1, Window::calls(1_000_000)));
    assert_eq!(calls - without, 125_000, "one bit for each call");
    let slices = bytes(Config::new().failure_rate(50, 1, Window::slices(SECOND, 1_000)));
    assert_eq!(slices - without, 16_000, "16 bytes for each slice");
    assert!(without <= 600, "{without} bytes for the circuit itself");
}

#[test]
fn a_million_calls_make_no_window_larger() {
    let (breaker, clock) = warm(Config::new().failure_rate(50, 100, Window::time(SECOND)));
    let counted = measure(|| {
        for call in 0..1_000_000 {
            let _ = breaker.call(|| if call % 5 == 0 { Err(()) } else { Ok(()) });
            if call % 1_000 == 0 {
                clock.advance(Duration::from_micros(100));
            }
        }
    });
    assert_eq!((breaker.stats().window_calls, counted), (1_000_000, AllocationInfo::default()));
}

#[test]
fn counters_spread_over_memory_unless_that_is_forbidden() {
    for (config, is_spread) in [(Config::new(), true), (Config::new().striped(false), false)] {
        let (breaker, _) = warm(config);
        let count = || measure(|| (0..64).for_each(|_| breaker.record_success())).count_total;
        // One after the other, each of which counts as often as it takes to be seen.
        let allocated =
            (0..5).map(|_| std::thread::scope(|scope| scope.spawn(count).join()).expect("no panic"));
        assert_eq!((allocated.sum::<u64>() > 0, breaker.stats().successes), (is_spread, 5 * 64));
    }
}
