//! Waiting for a key: in its line, at the promised instants, within limits, and given up at any time; and a key as a policy.
#![cfg(not(any(loom, shuttle)))]

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use resil_ratelimit::testing::{check_admitting, check_refusing, poll_once};
use resil_ratelimit::{
    Deadline, Event, Keyed, KeyedRateLimiter, ManualClock, Name, OwnedKeyed, Policy, PolicyExt, Quota, Reason,
};

type Limiter = KeyedRateLimiter<String, ManualClock>;

const SECOND: Duration = Duration::from_secs(1);

fn users(quota: Quota) -> (Limiter, ManualClock) {
    let clock = ManualClock::new();
    (Limiter::with_clock(Name::new("users"), quota, clock.clone()), clock)
}

/// One permit a second, and alice has none at the moment.
fn limited() -> (Limiter, ManualClock) {
    let (users, clock) = users(Quota::per_second(1));
    users.try_acquire("alice").expect("the first one");
    (users, clock)
}

#[test]
fn permits_that_are_there_are_not_waited_for() {
    let (users, clock) = users(Quota::per_second(3));
    assert_eq!(poll_once(pin!(users.acquire_with("alice", clock.clone()))), Poll::Ready(Ok(())));
    assert_eq!(poll_once(pin!(users.acquire_with("alice", clock.clone()).permits(2))), Poll::Ready(Ok(())));
    assert_eq!(poll_once(pin!(users.acquire_with("alice", clock.clone()).permits(0))), Poll::Ready(Ok(())));
    assert_eq!(clock.sleepers_waiting(), 0);
    assert_eq!((users.stats().acquired, users.stats().waited), (3, 0));
}

#[test]
fn those_who_wait_for_a_key_are_served_in_order_and_other_keys_do_not_notice() {
    let (users, clock) = limited();
    let mut waits: Vec<_> = (0..3).map(|_| Box::pin(users.acquire_with("alice", clock.clone()))).collect();
    for wait in &mut waits {
        assert!(poll_once(wait.as_mut()).is_pending());
    }
    assert!(users.try_acquire("bob").is_ok());
    assert_eq!(users.try_acquire("alice").unwrap_err().retry_after(), Some(4 * SECOND), "behind all of them");
    for served in 1..=3 {
        clock.advance(SECOND);
        let mut first = waits.remove(0);
        assert_eq!(poll_once(first.as_mut()), Poll::Ready(Ok(())));
        assert!(waits.iter_mut().all(|wait| poll_once(wait.as_mut()).is_pending()));
        assert_eq!((users.stats().waited, users.stats().acquired), (served, 2 + served));
    }
    assert_eq!(users.stats().waited_time, 6 * SECOND);
}

#[test]
fn a_heavy_wait_is_not_overtaken_by_a_light_one() {
    let (users, clock) = users(Quota::per_second(2));
    users.try_acquire("alice").unwrap();
    let mut heavy = pin!(users.acquire_with("alice", clock.clone()).permits(2));
    let mut light = pin!(users.acquire_with("alice", clock.clone()));
    assert!(poll_once(heavy.as_mut()).is_pending() && poll_once(light.as_mut()).is_pending());
    clock.advance(SECOND / 2);
    assert!(poll_once(light.as_mut()).is_pending());
    assert_eq!(poll_once(heavy), Poll::Ready(Ok(())));
    clock.advance(SECOND / 2);
    assert_eq!(poll_once(light), Poll::Ready(Ok(())));
}

#[test]
fn a_hopeless_wait_is_refused_at_once_and_books_nothing() {
    let (users, clock) = limited();
    let almost = SECOND.saturating_sub(Duration::from_nanos(1));
    let by = Deadline::after_on(&clock, almost);
    let wait = || users.acquire_with("alice", clock.clone());
    let refusals = [
        poll_once(pin!(wait().within(almost))),
        poll_once(pin!(wait().by(by))),
        poll_once(pin!(by.scope(wait()))),
        Poll::Ready(users.acquire_blocking_timeout("alice", almost)),
        Poll::Ready(users.acquire_blocking_timeout_n("alice", 1, almost)),
        Poll::Ready(users.acquire_blocking_deadline("alice", by)),
        Poll::Ready(users.acquire_blocking_deadline_n("alice", 1, by)),
        Poll::Ready(by.scope_blocking(|| users.acquire_blocking("alice"))),
    ];
    for refusal in refusals {
        let Poll::Ready(Err(refusal)) = refusal else { panic!("{refusal:?}") };
        assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::RateLimited, Some(SECOND)));
    }
    assert_eq!((users.stats().rejected, users.time_until_available("alice")), (8, SECOND));
    assert!(poll_once(pin!(wait().within(SECOND))).is_pending());
    let never = poll_once(pin!(wait().permits(2)));
    assert!(matches!(never, Poll::Ready(Err(refusal)) if refusal.retry_after().is_none()));
    clock.advance(SECOND);
    assert_eq!(by.scope_blocking(|| users.acquire_blocking("alice")), Ok(()), "what is there is not late");
}

#[test]
fn a_wait_for_a_new_key_without_room_is_refused() {
    let (users, clock) = limited();
    let users = users.with_capacity(1).unwrap();
    let Poll::Ready(Err(refusal)) = poll_once(pin!(users.acquire_with("bob", clock))) else {
        panic!("no room")
    };
    assert_eq!((refusal.reason(), refusal.retry_after()), (Reason::CapacityExhausted, Some(SECOND)));
}

#[test]
fn a_wait_that_is_given_up_last_is_undone() {
    let (users, clock) = limited();
    for polls in 0..3 {
        let mut wait = Box::pin(users.acquire_with("alice", clock.clone()));
        for _ in 0..polls {
            assert!(poll_once(wait.as_mut()).is_pending());
        }
        drop(wait);
        assert_eq!(users.time_until_available("alice"), SECOND, "after {polls} polls");
    }
    let stats = users.stats();
    assert_eq!((stats.cancelled, stats.expired_bookings, stats.acquired), (2, 0, 1));
}

#[test]
fn a_wait_that_is_given_up_before_others_expires_and_moves_nobody() {
    let (users, clock) = limited();
    let mut first = Box::pin(users.acquire_with("alice", clock.clone()));
    let mut second = Box::pin(users.acquire_with("alice", clock.clone()));
    assert!(poll_once(first.as_mut()).is_pending() && poll_once(second.as_mut()).is_pending());
    drop(first);
    assert_eq!((users.stats().cancelled, users.stats().expired_bookings), (1, 1));
    clock.advance(SECOND);
    assert!(poll_once(second.as_mut()).is_pending());
    clock.advance(SECOND);
    assert_eq!(poll_once(second.as_mut()), Poll::Ready(Ok(())));
}

#[test]
fn a_wait_keeps_its_instant_whatever_is_done_to_its_key() {
    type Change = fn(&Limiter);
    let changes: [(&str, Change, Duration); 3] = [
        ("reset", |users| users.reset("alice"), SECOND),
        ("another quota", |users| users.set_quota(Quota::per_second(1).burst(2)).unwrap(), 2 * SECOND),
        ("remove", |users| assert!(users.remove("alice")), Duration::ZERO),
    ];
    for (change, apply, next) in changes {
        let (users, clock) = limited();
        let mut wait = Box::pin(users.acquire_with("alice", clock.clone()));
        assert!(poll_once(wait.as_mut()).is_pending());
        apply(&users);
        assert_eq!(users.time_until_available("alice"), next, "{change}");
        clock.advance(SECOND / 2);
        assert!(poll_once(wait.as_mut()).is_pending(), "{change}");
        clock.advance(SECOND / 2);
        assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())), "{change}");
    }
}

#[test]
fn a_wait_from_before_a_change_frees_nothing_when_it_is_given_up() {
    type Change = fn(&Limiter);
    let changes: [Change; 3] = [
        |users| users.reset("alice"),
        |users| users.set_quota(Quota::per_second(1).burst(2)).unwrap(),
        |users| {
            users.remove("alice");
            users.try_acquire("alice").unwrap();
        },
    ];
    for change in changes {
        let (users, clock) = limited();
        let mut wait = Box::pin(users.acquire_with("alice", clock.clone()));
        assert!(poll_once(wait.as_mut()).is_pending());
        change(&users);
        let before = users.peek("alice");
        drop(wait);
        assert_eq!((users.peek("alice"), users.stats().expired_bookings), (before, 1));
    }
}

#[test]
fn a_key_is_kept_while_somebody_waits_for_it() {
    let (users, clock) = limited();
    let users = users.with_capacity(1).unwrap();
    let mut wait = pin!(users.acquire_with("alice", clock.clone()));
    assert!(poll_once(wait.as_mut()).is_pending());
    assert!(users.try_acquire("bob").is_err());
    clock.advance(SECOND);
    assert!(users.try_acquire("bob").is_err(), "the permit is given now, and used up for a second");
    assert_eq!(poll_once(wait), Poll::Ready(Ok(())));
    clock.advance(SECOND);
    assert!(users.try_acquire("bob").is_ok());
}

#[test]
fn listeners_are_told_who_waited() {
    let (users, clock) = limited();
    let heard = Arc::new(Mutex::new(Vec::new()));
    users
        .observe({
            let heard = Arc::clone(&heard);
            move |news| heard.lock().unwrap().push(news.clone())
        })
        .forget();
    let mut wait = pin!(users.acquire_with("alice", clock.clone()));
    assert!(poll_once(wait.as_mut()).is_pending());
    let text = format!("{wait:?}");
    assert!(text.contains("\"users\"") && text.contains("1000000000"), "{text}");
    clock.advance(SECOND);
    assert_eq!(poll_once(wait), Poll::Ready(Ok(())));
    let heard = heard.lock().unwrap();
    let [news] = &heard[..] else { panic!("{heard:?}") };
    let Event::Waited(waited) = &news.event else { panic!("{news}") };
    assert_eq!((news.key.as_deref(), waited.permits, waited.time), (Some("alice"), 1, SECOND));
}

#[test]
fn threads_wait_in_one_line_with_futures() {
    let clock = ManualClock::new();
    let tick = Duration::from_millis(20);
    let users = Limiter::with_clock(Name::new("users"), Quota::per(1, tick), clock.clone());
    users.acquire_blocking_n("alice", 1).unwrap();
    std::thread::scope(|scope| {
        let second = scope.spawn(|| users.acquire_blocking("alice"));
        while users.time_until_available("alice") < 2 * tick {
            std::thread::yield_now(); // until it has booked
        }
        let mut third = pin!(users.acquire_with("alice", clock.clone()));
        assert!(poll_once(third.as_mut()).is_pending());
        clock.advance(tick);
        assert_eq!(second.join().unwrap(), Ok(()));
        assert!(poll_once(third.as_mut()).is_pending());
        clock.advance(tick);
        assert_eq!(poll_once(third), Poll::Ready(Ok(())));
    });
    assert_eq!((users.stats().waited, users.stats().waited_time), (2, 3 * tick));
}

#[test]
fn a_key_keeps_the_laws_of_policies() {
    let key = |quota: Quota| {
        move || -> OwnedKeyed<String, ManualClock> {
            Keyed::new(Arc::new(users(quota).0), "alice".to_owned())
        }
    };
    for burst in [1, 2, 3, 15, 16, 17, 100] {
        check_admitting(key(Quota::per_second(10).burst(burst)));
    }
    check_refusing(key(Quota::per_hour(1).initial(0)));
    check_refusing(|| {
        let limiter = limited().0.with_capacity(1).expect("in range");
        Keyed::<_, _, String, ManualClock>::new(Arc::new(limiter), "bob".to_owned())
    });
}

#[test]
fn a_refusal_further_on_gives_the_permit_back() {
    let (users, clock) = users(Quota::per_second(2));
    let closed = resil_ratelimit::testing::Spy::refusing("closed");
    for _ in 0..10 {
        assert!((users.key("alice"), &closed).call(|| Ok::<_, ()>(())).is_err());
    }
    assert_eq!((users.available("alice"), users.stats().refunded), (2, 10));
    // Time that has passed since cannot be given back.
    let alice = users.key("alice");
    let permits = [alice.admit().unwrap(), alice.admit().unwrap()];
    clock.advance(SECOND / 4);
    for permit in permits {
        alice.release(permit);
    }
    assert_eq!((users.peek("alice").full_in, users.stats().expired_bookings), (SECOND / 4, 0));
    clock.advance(2 * SECOND);
    let late = alice.admit().unwrap();
    clock.advance(SECOND);
    alice.release(late);
    assert_eq!(users.stats().expired_bookings, 1);
    assert_eq!((alice.key(), alice.limiter().name()), ("alice", Name::new("users")));
}

#[test]
fn a_wait_of_an_owned_key_may_move_to_another_task() {
    fn moves<T: Send + 'static>(value: T) -> T {
        value
    }
    let (users, clock) = limited();
    let alice: OwnedKeyed<String, ManualClock> = Keyed::new(Arc::new(users), "alice".to_owned());
    let mut wait = Box::pin(moves(alice.clone().acquire_with(clock.clone())));
    assert!(poll_once(wait.as_mut()).is_pending());
    clock.advance(SECOND);
    assert_eq!(poll_once(wait.as_mut()), Poll::Ready(Ok(())));
    assert_eq!(alice.limiter().stats().waited, 1);
}

#[cfg(feature = "tokio")]
#[tokio::test(start_paused = true)]
async fn on_tokio_waits_need_no_timer_of_their_own() {
    let clock = resil_ratelimit::TokioClock;
    let users = KeyedRateLimiter::<String, _>::with_clock(Name::new("users"), Quota::per_second(2), clock);
    let start = tokio::time::Instant::now();
    for _ in 0..4 {
        users.acquire("alice").await.unwrap();
    }
    users.acquire_n("alice", 2).await.unwrap();
    assert_eq!(start.elapsed(), 2 * SECOND);
    let short = SECOND / 4;
    let deadline = || Deadline::after_on(&clock, short);
    let refused = [
        users.acquire_timeout("alice", short).await,
        users.acquire_timeout_n("alice", 1, short).await,
        users.acquire_deadline("alice", deadline()).await,
        users.acquire_deadline_n("alice", 1, deadline()).await,
        deadline().scope(users.acquire("alice")).await,
    ];
    for refused in refused {
        assert_eq!(refused.unwrap_err().retry_after(), Some(SECOND / 2));
    }
    assert_eq!((users.acquire_timeout("alice", SECOND).await, start.elapsed()), (Ok(()), SECOND * 5 / 2));
}

#[cfg(feature = "tower")]
#[test]
fn requests_wait_for_their_own_key_in_a_tower_layer() {
    use std::future::{Ready, ready};
    use std::task::Context;

    use resil_ratelimit::KeyedInLine;
    use resil_ratelimit::tower::PolicyLayer;
    use tower_layer::Layer;
    use tower_service::Service;

    #[derive(Clone)]
    struct Echo;

    impl Service<String> for Echo {
        type Response = String;
        type Error = ();
        type Future = Ready<Result<String, ()>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Ok(()).into()
        }
        fn call(&mut self, request: String) -> Self::Future {
            ready(Ok(request))
        }
    }

    let (users, clock) = limited();
    let users = Arc::new(users);
    let select = {
        let (users, clock) = (Arc::clone(&users), clock.clone());
        move |user: &String| {
            KeyedInLine::new(Keyed::new(Arc::clone(&users), user.clone()), SECOND, clock.clone())
        }
    };
    let mut service = PolicyLayer::select(select).waiting().layer(Echo);
    let mut waits = pin!(service.call("alice".to_owned()));
    let at_once = poll_once(pin!(service.call("bob".to_owned())));
    assert_eq!(at_once, Poll::Ready(Ok("bob".to_owned())));
    assert!(poll_once(waits.as_mut()).is_pending());
    let too_long = poll_once(pin!(service.call("alice".to_owned())));
    assert!(matches!(too_long, Poll::Ready(Err(error)) if error.is_rejected()));
    clock.advance(SECOND);
    assert_eq!(poll_once(waits), Poll::Ready(Ok("alice".to_owned())));
    assert_eq!((users.stats().waited, users.stats().acquired), (1, 3));
}
