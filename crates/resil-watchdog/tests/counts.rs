//! Pings from several threads: none is lost where they are counted.

use std::thread;
use std::time::Duration;

use resil_watchdog::Watchdog;

const EACH: u64 = 5_000_000;

/// W1
#[test]
fn of_ten_million_pings_from_two_pingers_none_is_lost() {
    let dog = Watchdog::new(Duration::from_secs(30)).start().unwrap();
    thread::scope(|scope| {
        for name in ["one", "two"] {
            let pinger = dog.pinger(name);
            scope.spawn(move || (0..EACH).for_each(|_| pinger.ping()));
        }
    });
    assert_eq!(dog.stats().pings, 2 * EACH);
}

/// W1
#[test]
fn of_ten_million_shared_pings_from_two_threads_none_is_lost_where_they_are_counted() {
    let dog = Watchdog::new(Duration::from_secs(30)).counted().start().unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..EACH).for_each(|_| dog.ping()));
        }
    });
    assert_eq!(dog.stats().pings, 2 * EACH);
}
