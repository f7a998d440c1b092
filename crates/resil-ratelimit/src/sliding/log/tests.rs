use std::time::Duration;

use super::super::limit::Limit;
use super::*;

const END: u64 = u64::MAX;

fn exact(permits: u32, window: u64) -> Log {
    Log::new(Limit::per(permits, Duration::from_nanos(window)).exact().measures().expect("in range"))
}

fn sliced(permits: u32, window: u64, slices: u32) -> Log {
    Log::new(Limit::per(permits, Duration::from_nanos(window)).slices(slices).measures().expect("in range"))
}

/// Books, which has to succeed and to be for `at`.
fn book(log: &mut Log, permits: u32, now: u64, at: u64) -> Booking {
    match log.book(permits, now, END) {
        Answer::Booked(booking) => {
            assert_eq!(booking.at, at, "booked at {now}");
            booking
        }
        other => panic!("{other:?} instead of a booking for {at}"),
    }
}

/// Claims too early or too late, so that it has to be booked again, for `at`.
fn rebook(log: &mut Log, booking: Booking, now: u64, at: u64) -> Booking {
    match log.claim(booking, now, END) {
        Answer::Booked(booking) => {
            assert_eq!(booking.at, at, "claimed at {now}");
            booking
        }
        other => panic!("{other:?} instead of a booking for {at}"),
    }
}

#[test]
fn a_permit_comes_back_one_window_after_it_was_given_and_not_before() {
    let mut log = exact(3, 100);
    assert_eq!([log.take(2, 5), log.take(1, 20)], [Ok(5), Ok(20)]);
    assert_eq!(log.take(1, 20), Err(Some(105)));
    assert_eq!(log.take(1, 104), Err(Some(105)));
    assert_eq!(log.take(3, 105), Err(Some(120)), "the third is there later");
    assert_eq!(log.take(2, 105), Ok(105));
    assert_eq!(log.take(2, 119), Err(Some(205)));
    assert_eq!(log.take(1, 119), Err(Some(120)));
    assert_eq!(log.take(1, 120), Ok(120));
}

#[test]
fn a_window_is_half_open() {
    let mut log = exact(5, 100);
    assert_eq!(log.take(5, 0), Ok(0));
    assert_eq!(log.take(1, 99), Err(Some(100)));
    assert_eq!(log.take(5, 100), Ok(100));
    assert_eq!(log.take(1, 100), Err(Some(200)));
}

#[test]
fn what_is_free_is_what_would_be_given() {
    let mut log = exact(4, 100);
    for (permits, now) in [(1, 0), (1, 30), (2, 60)] {
        assert_eq!(log.take(permits, now), Ok(now));
    }
    for (now, free) in [(60, 0), (99, 0), (100, 1), (129, 1), (130, 2), (160, 4), (END, 4)] {
        assert_eq!(log.available(now), free, "at {now}");
        let mut next = |permits| log.next(permits, now) == Some(now);
        assert!((1..=4).all(|permits| next(permits) == (permits <= free)), "at {now}");
    }
}

#[test]
fn permits_of_one_slice_come_back_together_when_the_last_of_them_may() {
    let mut log = sliced(5, 100, 4); // slices of 25
    assert_eq!([log.take(1, 26), log.take(1, 30), log.take(2, 49)], [Ok(26), Ok(30), Ok(49)]);
    assert_eq!(log.take(1, 50), Ok(50));
    assert_eq!(log.take(1, 50), Err(Some(149)));
    assert_eq!(log.available(148), 0);
    assert_eq!((log.available(149), log.take(4, 149)), (4, Ok(149)));
    assert_eq!(log.take(1, 149), Err(Some(150)));
}

#[test]
fn a_log_in_slices_keeps_no_more_entries_than_it_has_slices() {
    let mut log = sliced(u32::MAX, 1_000, 8);
    let most = log.measures.entries();
    assert_eq!(most, 9);
    for now in 0..10_000 {
        assert_eq!(log.take(1, now), Ok(now));
        assert!(log.given.len() as u64 <= most, "{} entries at {now}", log.given.len());
    }
}

#[test]
fn waiters_book_one_after_the_other_and_nobody_overtakes_them() {
    let mut log = exact(2, 100);
    assert_eq!([log.take(1, 0), log.take(1, 40)], [Ok(0), Ok(40)]);
    let line = [100, 140, 200, 240].map(|at| book(&mut log, 1, 50, at));
    assert_eq!((log.take(1, 50), log.available(50)), (Err(Some(300)), 0));
    for (booking, next) in line.into_iter().zip([Err(Some(300)); 4]) {
        assert_eq!(log.take(1, booking.at), next, "at {}", booking.at);
        assert_eq!(log.claim(booking, booking.at - 1, END), Answer::Booked(booking));
        assert_eq!(log.claim(booking, booking.at, END), Answer::Given(booking.at));
    }
    assert_eq!([log.take(1, 299), log.take(1, 300)], [Err(Some(300)), Ok(300)]);
}

#[test]
fn a_heavy_waiter_is_not_overtaken_by_light_ones() {
    let mut log = exact(3, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let heavy = book(&mut log, 3, 10, 100);
    assert_eq!(log.take(1, 20), Err(Some(200)), "though two are free");
    let light = book(&mut log, 1, 20, 200);
    assert_eq!(log.claim(heavy, 100, END), Answer::Given(100));
    assert_eq!(log.claim(light, 200, END), Answer::Given(200));
}

#[test]
fn what_waiters_have_booked_is_not_free() {
    let mut log = exact(4, 100);
    assert_eq!(log.take(2, 0), Ok(0));
    assert_eq!(log.available(10), 2);
    let heavy = book(&mut log, 3, 10, 100);
    assert_eq!([10, 99, 100].map(|now| log.available(now)), [0, 0, 1], "none before it, and one beside it");
    assert_eq!(log.take(1, 100), Ok(100));
    assert_eq!(log.available(100), 0);
    assert_eq!(log.claim(heavy, 100, END), Answer::Given(100));
    assert_eq!(log.available(200), 4);
}

#[test]
fn who_would_wait_too_long_books_nothing() {
    let mut log = exact(1, 100);
    assert_eq!(log.book(1, 0, 0), Answer::Given(0), "there is nothing to wait for");
    assert_eq!(log.book(1, 10, 99), Answer::TooLate(Some(100)));
    assert!(matches!(log.book(1, 10, 100), Answer::Booked(Booking { at: 100, .. })));
    assert_eq!(log.book(1, 10, 199), Answer::TooLate(Some(200)));
    assert_eq!(log.next(1, 10), Some(200));
}

#[test]
fn the_last_booking_is_undone_as_if_it_had_never_been() {
    let mut log = exact(2, 100);
    assert_eq!([log.take(1, 0), log.take(1, 40)], [Ok(0), Ok(40)]);
    let line = [100, 140, 200].map(|at| book(&mut log, 1, 50, at));
    for (booking, next) in line.into_iter().rev().zip([200, 140, 100]) {
        assert!(log.give_up(booking));
        assert_eq!(log.next(1, 50), Some(next));
    }
    assert_eq!((log.take(2, 100), log.take(1, 100)), (Err(Some(140)), Ok(100)));
}

#[test]
fn a_booking_in_the_middle_is_taken_out_and_the_others_keep_their_instants() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let [first, middle, last] = [100, 200, 300].map(|at| book(&mut log, 1, 50, at));
    assert!(!log.give_up(middle));
    assert_eq!(log.next(1, 50), Some(400));
    assert_eq!(log.claim(first, 100, END), Answer::Given(100));
    assert_eq!(log.next(1, 200), Some(400), "it would overtake");
    assert_eq!(log.claim(last, 300, END), Answer::Given(300));
    let mut log = exact(2, 100);
    assert_eq!([log.take(1, 0), log.take(1, 40)], [Ok(0), Ok(40)]);
    let [_, middle, _] = [100, 140, 200].map(|at| book(&mut log, 1, 50, at));
    assert_eq!(log.next(1, 50), Some(240));
    assert!(!log.give_up(middle));
    assert_eq!(log.next(1, 50), Some(200), "there is room for two then");
}

#[test]
fn a_booking_that_is_never_claimed_holds_nobody_up_after_its_window() {
    let mut log = exact(2, 100);
    assert_eq!(log.take(2, 0), Ok(0));
    let forgotten = book(&mut log, 1, 10, 100);
    assert_eq!(log.take(1, 150), Ok(150));
    assert_eq!(log.take(1, 199), Err(Some(250)), "the other one is reserved");
    assert_eq!(log.take(1, 200), Ok(200));
    assert_eq!(log.take(1, 200), Err(Some(250)));
    assert_eq!(log.claim(forgotten, 300, END), Answer::Given(300));
}

#[test]
fn waiters_who_come_late_all_at_once_still_get_no_more_than_the_limit() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let line = [100, 200, 300, 400, 500].map(|at| book(&mut log, 1, 50, at));
    assert_eq!(log.claim(line[0], 450, END), Answer::Given(450));
    let door = [(1, 550), (2, 650), (3, 750)].map(|(i, at)| rebook(&mut log, line[i], 450, at));
    assert_eq!(log.take(1, 450), Err(Some(850)), "behind those who wait again");
    let last = rebook(&mut log, line[4], 500, 850);
    assert_eq!(log.claim(last, 849, END), Answer::Booked(last));
    for booking in door.into_iter().chain([last]) {
        assert_eq!(log.claim(booking, booking.at, END), Answer::Given(booking.at));
    }
}

#[test]
fn who_is_late_delays_the_others_by_no_more_than_it_must() {
    let mut log = exact(2, 100);
    assert_eq!([log.take(1, 0), log.take(1, 50)], [Ok(0), Ok(50)]);
    let line = [100, 150, 200, 250].map(|at| book(&mut log, 1, 60, at));
    assert_eq!(log.claim(line[0], 107, END), Answer::Given(107));
    assert_eq!(log.claim(line[1], 150, END), Answer::Given(150), "who has room is on time");
    let third = rebook(&mut log, line[2], 200, 207);
    assert_eq!(log.claim(third, 207, END), Answer::Given(207));
    assert_eq!(log.claim(line[3], 250, END), Answer::Given(250));
}

#[test]
fn who_comes_in_disorder_is_put_in_order_again() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let line = [100, 200, 300].map(|at| book(&mut log, 1, 50, at));
    assert_eq!(log.claim(line[2], 350, END), Answer::Given(350), "the others did not come in time");
    let second = rebook(&mut log, line[1], 350, 450);
    let first = rebook(&mut log, line[0], 350, 450);
    let fourth = book(&mut log, 1, 350, 550);
    assert_eq!(log.claim(first, 450, END), Answer::Given(450));
    let second = rebook(&mut log, second, 450, 550);
    assert_eq!(log.take(1, 450), Err(Some(650)));
    assert_eq!(log.claim(second, 550, END), Answer::Given(550));
    let fourth = rebook(&mut log, fourth, 550, 650);
    assert_eq!(log.claim(fourth, 650, END), Answer::Given(650));
}

#[test]
fn who_is_late_again_keeps_its_place() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let line = [100, 200, 300, 400].map(|at| book(&mut log, 1, 50, at));
    assert_eq!(log.claim(line[0], 401, END), Answer::Given(401));
    let [second, third, fourth] =
        [(1, 501), (2, 601), (3, 701)].map(|(i, at)| rebook(&mut log, line[i], 401, at));
    assert_eq!(log.claim(second, 502, END), Answer::Given(502));
    let third = rebook(&mut log, third, 601, 602);
    assert_eq!(log.claim(third, 603, END), Answer::Given(603));
    let fourth = rebook(&mut log, fourth, 701, 703);
    assert_eq!(log.claim(fourth, 703, END), Answer::Given(703));
}

#[test]
fn one_who_comes_very_late_delays_the_others_by_its_own_permits_only() {
    let mut log = exact(2, 100);
    assert_eq!([log.take(1, 0), log.take(1, 50)], [Ok(0), Ok(50)]);
    let line = [100, 150, 200, 250, 300, 350, 400].map(|at| book(&mut log, 1, 60, at));
    for booking in &line[1..4] {
        assert_eq!(log.claim(*booking, booking.at, END), Answer::Given(booking.at));
    }
    let late = rebook(&mut log, line[0], 260, 300);
    assert_eq!(log.claim(late, 300, END), Answer::Given(300), "in front of those who came after it");
    let delayed = [(4, 300, 350), (5, 350, 400), (6, 400, 450)];
    for (i, at, moved) in delayed {
        let booking = rebook(&mut log, line[i], at, moved);
        assert_eq!(log.claim(booking, moved, END), Answer::Given(moved));
    }
}

#[test]
fn who_would_get_it_too_late_in_the_end_leaves_the_line() {
    for (came, now) in [(190, 220), (250, 300)] {
        let mut log = exact(1, 100);
        assert_eq!(log.take(1, 0), Ok(0));
        let [first, second, third] = [100, 200, 300].map(|at| book(&mut log, 1, 50, at));
        assert_eq!(log.claim(first, came, END), Answer::Given(came));
        let at = came + 100;
        assert_eq!(log.claim(second, now, at - 1), Answer::TooLate(Some(at)));
        assert!(log.give_up(third));
        assert_eq!(log.next(1, now), Some(at), "nobody else is there");
    }
}

#[test]
fn a_place_that_was_dropped_leaves_a_trace_when_it_is_given_up() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let [on_time, late] = [100, 200].map(|at| book(&mut log, 1, 50, at));
    assert_eq!(log.claim(on_time, 100, END), Answer::Given(100));
    assert_eq!(log.take(1, 300), Ok(300));
    assert!(!log.give_up(late));
    assert_eq!(log.next(1, 300), Some(400));
}

#[test]
fn a_booking_in_slices_reckons_with_what_will_share_a_slice() {
    let mut log = sliced(2, 100, 4); // slices of 25
    assert_eq!([log.take(1, 20), log.take(1, 101)], [Ok(20), Ok(101)]);
    let first = book(&mut log, 1, 102, 120);
    let second = book(&mut log, 1, 103, 220); // not 201: the permit of 101 will count at 120
    assert_eq!(log.claim(first, 120, END), Answer::Given(120));
    assert_eq!(log.claim(second, 220, END), Answer::Given(220), "not once more at the door");
    assert_eq!([log.take(1, 220), log.take(1, 220)], [Ok(220), Err(Some(320))]);

    let mut log = sliced(2, 100, 4);
    assert_eq!([log.take(1, 30), log.take(1, 60)], [Ok(30), Ok(60)]);
    let [first, second] = [130, 160].map(|at| book(&mut log, 1, 60, at));
    let heavy = book(&mut log, 2, 60, 260);
    assert!(!log.give_up(second));
    for booking in [first, heavy] {
        assert_eq!(log.claim(booking, booking.at, END), Answer::Given(booking.at));
    }
}

#[test]
fn what_was_not_used_goes_back_to_where_it_came_from() {
    let mut log = exact(2, 100);
    assert_eq!([log.take(1, 0), log.take(1, 40)], [Ok(0), Ok(40)]);
    log.take_back(0, 1);
    assert_eq!((log.available(40), log.take(1, 41)), (1, Ok(41)));
    assert_eq!(log.take(1, 41), Err(Some(140)));
    log.take_back(7, 1);
    assert_eq!(log.available(41), 0, "nothing was given then");
    assert_eq!(log.take(1, 300), Ok(300));
    log.take_back(41, 1);
    assert_eq!(log.available(300), 1, "it had left the window by itself");
}

#[test]
fn forgetting_empties_the_window_and_leaves_the_line() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, 0), Ok(0));
    let waiting = book(&mut log, 1, 10, 100);
    log.forget();
    assert_eq!((log.available(20), log.take(1, 20)), (0, Err(Some(200))));
    assert_eq!(log.claim(waiting, 100, END), Answer::Given(100));
    log.forget();
    assert_eq!(log.take(1, 100), Ok(100));
}

#[test]
fn a_clock_that_runs_backwards_frees_nothing() {
    let mut log = exact(2, 100);
    assert_eq!(log.take(1, 500), Ok(500));
    assert_eq!((log.available(10), log.take(1, 10)), (1, Ok(500)), "as of the latest instant that was seen");
    assert_eq!(log.take(1, 20), Err(Some(600)));
    assert_eq!(log.take(2, 600), Ok(600));
}

#[test]
fn there_is_no_room_after_the_end_of_time() {
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, END - 99), Ok(END - 99));
    assert_eq!(log.take(1, END), Err(None));
    assert_eq!(log.book(1, END, END), Answer::TooLate(None));
    let mut log = exact(1, 100);
    assert_eq!(log.take(1, END - 100), Ok(END - 100));
    assert_eq!((log.take(1, END - 1), log.take(1, END)), (Err(Some(END)), Ok(END)));
}
