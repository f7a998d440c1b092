//! The sliding window as its users see it: how it is made, read, named and printed, and how it refuses.
#![cfg(not(any(loom, shuttle)))]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use resil_ratelimit::testing::{Spy, Told, check_admitting, check_refusing};
use resil_ratelimit::{
    Clock, Error, Limit, ManualClock, Moment, MonotonicClock, Name, Policy, PolicyExt, QuotaError, Reason,
    Rejected, SlidingWindow, Verdict,
};

const NANO: Duration = Duration::from_nanos(1);
const SECOND: Duration = Duration::from_secs(1);
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);

static MAPS: SlidingWindow = SlidingWindow::new("maps", Limit::per_minute(2));
static NAMELESS: SlidingWindow = SlidingWindow::unnamed(Limit::per_day(1));
static FALLIBLE: Result<SlidingWindow, QuotaError> =
    SlidingWindow::try_new("api", Limit::per_hour(5).slices(60));
static CLOCKED: SlidingWindow<MonotonicClock> =
    SlidingWindow::with_clock(Name::new("clocked"), Limit::per_second(1), MonotonicClock);

type Window = SlidingWindow<ManualClock>;

fn window(limit: Limit) -> (Window, ManualClock) {
    let clock = ManualClock::new();
    (SlidingWindow::with_clock(Name::new("maps"), limit, clock.clone()), clock)
}

fn hint(answer: Result<(), Rejected>) -> Option<Duration> {
    answer.expect_err("it is refused").retry_after()
}

#[test]
fn a_window_stands_in_a_static() {
    assert_eq!([MAPS.try_acquire(), MAPS.try_acquire()], [Ok(()), Ok(())]);
    let wait = hint(MAPS.try_acquire()).expect("it will be there");
    assert!(wait <= 60 * SECOND && !wait.is_zero(), "{wait:?}");
    assert_eq!(
        (MAPS.name().as_str(), NAMELESS.name(), CLOCKED.name().as_str()),
        ("maps", Name::UNNAMED, "clocked")
    );
    assert_eq!(FALLIBLE.as_ref().map(SlidingWindow::window), Ok(3_600 * SECOND));
    assert_eq!(NAMELESS.call(|| Ok::<_, ()>(7)), Ok(7));
    let refusal = NAMELESS.try_acquire().expect_err("one per day");
    assert!(refusal.to_string().starts_with("unnamed: rate limited, retry after 86"), "{refusal}");
}

#[test]
fn settings_are_read_back_as_they_were_given() {
    for (limit, is_exact) in [
        (Limit::per_second(1_024), true),
        (Limit::per_second(1_025), false),
        (Limit::per_second(1_000_000).exact(), true),
        (Limit::per(3, 5 * SECOND).slices(7), false),
    ] {
        let (window, _) = window(limit);
        assert_eq!((window.limit(), window.window(), window.is_exact()), (limit, limit.window(), is_exact));
        assert_eq!(window.available(), limit.permits());
    }
}

#[test]
fn settings_out_of_range_are_refused_by_field_value_and_range() {
    let texts: Vec<String> = [
        Limit::per_second(0),
        Limit::per(1, Duration::ZERO),
        Limit::per(1, CENTURY + NANO),
        Limit::per(1, Duration::MAX).slices(1),
        Limit::per_second(1_000_001).exact(),
        Limit::per_second(5).slices(0),
        Limit::per_second(5).slices(65_537),
    ]
    .into_iter()
    .map(|limit| {
        let error = limit.check().expect_err("out of range");
        assert_eq!(SlidingWindow::try_new("maps", limit).map(drop), Err(error));
        assert_eq!(
            SlidingWindow::try_with_clock(Name::UNNAMED, limit, ManualClock::new()).map(drop),
            Err(error)
        );
        error.to_string()
    })
    .collect();
    insta::assert_snapshot!(texts.join("\n"), @r"
    permits: 0 is out of range, allowed is 1 or more
    window: 0ns is out of range, allowed is 1ns to 100 years
    window: 3153600000.000000001s is out of range, allowed is 1ns to 100 years
    window: 18446744073709551615.999999999s is out of range, allowed is 1ns to 100 years
    permits: 1000001 is out of range, allowed is 1 to 1,000,000 where the instant of each is kept
    slices: 0 is out of range, allowed is 1 to 65,536
    slices: 65537 is out of range, allowed is 1 to 65,536
    ");
    for limit in
        [Limit::per_second(1_000_000).exact(), Limit::per_second(1).slices(65_536), Limit::per(1, CENTURY)]
    {
        assert_eq!(limit.check(), Ok(()));
    }
}

#[test]
fn a_wrong_setting_panics_with_field_and_range() {
    let made = [
        std::panic::catch_unwind(|| drop(SlidingWindow::new("maps", Limit::per_second(0)))),
        std::panic::catch_unwind(|| drop(SlidingWindow::unnamed(Limit::per_second(0)))),
        std::panic::catch_unwind(|| drop(window(Limit::per_second(0)))),
    ];
    for panic in made {
        let panic = panic.expect_err("out of range");
        let text =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        assert_eq!(text, Some("permits is out of range, allowed is 1 or more"));
    }
}

#[test]
fn more_than_the_limit_is_refused_without_a_hint_and_none_are_always_there() {
    let (window, _) = window(Limit::per_second(3));
    let never = window.try_acquire_n(4).expect_err("no window has so many");
    assert_eq!(never.to_string(), "maps: more permits than the limit");
    assert_eq!((never.reason(), never.retry_after()), (Reason::Other("more permits than the limit"), None));
    assert_eq!(window.time_until_available_n(4), None);
    assert_eq!(window.try_acquire_n(3), Ok(()));
    assert_eq!((window.try_acquire_n(0), window.time_until_available_n(0)), (Ok(()), Some(Duration::ZERO)));
    assert_eq!(window.try_acquire().expect_err("full").to_string(), "maps: rate limited, retry after 1s");
    assert_eq!((window.stats().acquired, window.stats().rejected), (3, 2));
}

#[test]
fn reading_changes_nothing() {
    let (window, clock) = window(Limit::per_second(2));
    window.try_acquire().expect("free");
    clock.advance(SECOND / 2);
    for _ in 0..3 {
        assert_eq!((window.available(), window.time_until_available()), (1, Duration::ZERO));
        assert_eq!(window.time_until_available_n(2), Some(SECOND / 2));
        assert_eq!(window.stats(), window.stats());
    }
    assert_eq!(window.try_acquire(), Ok(()));
    assert_eq!((window.available(), window.time_until_available()), (0, SECOND / 2));
}

#[test]
fn the_smallest_and_the_largest_settings_work() {
    let (one, clock) = window(Limit::per(1, NANO));
    for _ in 0..100 {
        assert_eq!((one.try_acquire(), hint(one.try_acquire())), (Ok(()), Some(NANO)));
        clock.advance(NANO);
    }
    for slices in [2, 256, 65_536] {
        let (most, clock) = window(Limit::per(u32::MAX, CENTURY).slices(slices));
        assert_eq!((most.try_acquire_n(u32::MAX - 1), most.available()), (Ok(()), 1));
        clock.advance(CENTURY / 2);
        assert_eq!((most.try_acquire(), hint(most.try_acquire())), (Ok(()), Some(CENTURY / 2)));
        clock.advance(CENTURY / 2);
        assert_eq!(most.available(), u32::MAX - 1);
    }
    let (long, clock) = window(Limit::per(1, CENTURY));
    assert_eq!((long.try_acquire(), hint(long.try_acquire())), (Ok(()), Some(CENTURY)));
    clock.advance(CENTURY.saturating_sub(NANO));
    assert_eq!(hint(long.try_acquire()), Some(NANO));
    clock.advance(NANO);
    assert_eq!(long.try_acquire(), Ok(()));
}

#[test]
fn at_the_end_of_time_there_is_no_hint_and_no_panic() {
    let (window, clock) = window(Limit::per(1, CENTURY));
    clock.set(Moment::MAX);
    assert_eq!((window.try_acquire(), hint(window.try_acquire())), (Ok(()), None));
    assert_eq!((window.available(), window.time_until_available()), (0, Duration::MAX));
    assert_eq!(window.acquire_blocking().map_err(|refusal| refusal.retry_after()), Err(None));
    clock.set(Moment::ZERO);
    assert_eq!(window.available(), 0, "a clock that runs backwards frees nothing");
}

#[test]
fn a_call_that_was_not_made_gives_its_permit_back_and_one_that_was_made_does_not() {
    let (window, _) = window(Limit::per_second(2));
    let other = Spy::refusing("other");
    assert!((&window, &other).call(|| Ok::<_, ()>(())).is_err_and(|error| error.is_rejected()));
    assert_eq!((window.available(), window.stats().refunded, other.told()), (2, 1, vec![Told::Refused]));
    assert_eq!(window.call(|| Err::<(), _>("down")), Err(Error::Inner("down")));
    window.settle(window.admit().expect("one is left"), Verdict::Cancelled);
    assert_eq!((window.available(), window.stats().acquired, window.stats().refunded), (0, 3, 1));
}

#[test]
fn a_permit_that_comes_back_frees_what_it_took_and_nothing_else() {
    let (window, clock) = window(Limit::per_second(3));
    let first = window.admit().expect("free");
    clock.advance(SECOND / 2);
    window.try_acquire_n(2).expect("free");
    window.release(first);
    assert_eq!((window.available(), window.time_until_available_n(2)), (1, Some(SECOND)));
    let before = window.admit().expect("free");
    window.reset();
    window.try_acquire_n(3).expect("the window is empty");
    window.release(before);
    assert_eq!((window.available(), window.stats().refunded), (0, 2), "it was given before the reset");
}

#[test]
fn a_reset_empties_the_window_and_counters_go_on() {
    let (window, _) = window(Limit::per_second(2));
    assert_eq!([window.try_acquire_n(2), window.try_acquire().or(Ok(()))], [Ok(()), Ok(())]);
    window.reset();
    assert_eq!((window.available(), window.try_acquire_n(2)), (2, Ok(())));
    assert_eq!((window.stats().acquired, window.stats().rejected), (4, 1));
}

#[test]
fn listeners_are_told_of_refusals_waits_and_resets_and_may_ask_the_window() {
    let clock = ManualClock::new();
    let window = Arc::new(SlidingWindow::with_clock(Name::new("maps"), Limit::per_second(1), clock.clone()));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (asked, log) = (Arc::clone(&window), Arc::clone(&told));
    let subscription = window.observe(move |event| {
        log.lock().unwrap().push(format!("{event} ({} free)", asked.available()));
    });
    let panics = window.observe(|_| panic!("by the test"));
    window.try_acquire().expect("free");
    let _ = window.try_acquire();
    let _ = window.try_acquire_n(2);
    drop(panics);
    window.reset();
    drop(subscription);
    let _ = window.try_acquire_n(2);
    insta::assert_snapshot!(told.lock().unwrap().join("\n"), @r"
    maps: rate limited, retry after 1s (0 free)
    maps: more permits than the limit (0 free)
    maps: reset (1 free)
    ");
    assert_eq!((window.stats().listener_panics, window.stats().events_lost), (2, 0));
}

#[test]
fn printing_shows_name_settings_and_state() {
    let (window, _) = window(Limit::per_second(3));
    window.try_acquire().expect("free");
    let text = format!("{window:?}");
    for part in ["\"maps\"", "permits: 3", "window: 1s", "acquired: 1", "available: 2"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[cfg(feature = "serde")]
#[test]
fn statistics_are_written_with_all_their_fields() {
    let (window, _) = window(Limit::per_second(3));
    window.try_acquire_n(2).expect("free");
    let json = serde_json::to_string(&window.stats()).expect("it has a form");
    insta::assert_snapshot!(json, @r#"{"name":"maps","limit":3,"window":{"secs":1,"nanos":0},"acquired":2,"refunded":0,"rejected":0,"waited":0,"waited_time":{"secs":0,"nanos":0},"cancelled":0,"expired_bookings":0,"available":1,"events_lost":0,"listener_panics":0}"#);
}

#[test]
fn a_window_keeps_the_laws_of_admission() {
    for limit in
        [Limit::per_second(1), Limit::per_second(7), Limit::per_second(100), Limit::per_second(9).slices(3)]
    {
        check_admitting(|| window(limit).0);
        check_admitting(|| SlidingWindow::unnamed(Limit::per(limit.permits(), CENTURY)));
    }
}

#[test]
fn a_full_window_keeps_the_laws_of_refusal() {
    for limit in [Limit::per_second(1), Limit::per(1, CENTURY), Limit::per_second(100).slices(3)] {
        check_refusing(|| {
            let (window, clock) = window(limit);
            clock.advance(NANO);
            window.try_acquire_n(limit.permits()).expect("it is empty");
            clock.advance(NANO / 2);
            window
        });
    }
}

#[test]
fn threads_that_ask_at_once_get_the_limit_between_them() {
    for limit in [Limit::per_second(1_000), Limit::per_second(1_000).slices(8)] {
        let (window, clock) = window(limit);
        for round in 1..=2 {
            let ask = || (0..400).filter(|_| window.try_acquire().is_ok()).count();
            let given: usize = std::thread::scope(|scope| {
                let threads = [(); 4].map(|()| scope.spawn(ask));
                threads.into_iter().map(|thread| thread.join().expect("nobody panics")).sum()
            });
            assert_eq!((given, window.stats().acquired), (1_000, 1_000 * round));
            assert_eq!(clock.now().as_nanos(), (round - 1) * 1_000_000_000);
            clock.advance(SECOND);
        }
    }
}
