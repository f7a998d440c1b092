use std::time::Duration;

use super::*;

const SECOND: u64 = 1_000_000_000;

fn at(seconds: u64) -> Moment {
    Moment::from_nanos(seconds * SECOND)
}

fn after(seconds: u64) -> NotNow {
    NotNow::After(seconds * SECOND)
}

fn joint<const N: usize>(quotas: [Quota; N]) -> Joint<N> {
    Joint::new(quotas, Joint::gcras(&quotas).expect("in range"))
}

/// One per second, no burst, and one per second after a burst of ten.
fn narrow_and_wide() -> Joint<2> {
    joint([Quota::per_second(1), Quota::per_second(1).burst(10)])
}

fn marks<const N: usize>(joint: &Joint<N>) -> [Mark; N] {
    joint.lines.map(|line| line.mark)
}

fn available<const N: usize>(joint: &Joint<N>, now: Moment) -> [u32; N] {
    joint.peek(now).map(|peek| peek.available)
}

/// Books for whenever it is.
fn book<const N: usize>(joint: &mut Joint<N>, permits: [u32; N], now: Moment) -> Claim<N> {
    joint.book(permits, now, Moment::MAX).expect("a place")
}

fn instants<const N: usize>(joint: &mut Joint<N>, permits: [u32; N], now: Moment, count: usize) -> Vec<u64> {
    (0..count).map(|_| book(joint, permits, now).at.as_nanos() / SECOND).collect()
}

#[test]
fn all_lines_are_charged_or_none() {
    let mut joint = narrow_and_wide();
    joint.take([1, 3], at(0)).unwrap();
    assert_eq!(available(&joint, at(0)), [0, 7]);
    let before = marks(&joint);
    for (permits, refusal) in
        [([1, 1], after(1)), ([0, 8], after(1)), ([1, 10], after(3)), ([1, 11], NotNow::Never)]
    {
        assert_eq!(joint.take(permits, at(0)).unwrap_err(), refusal, "{permits:?}");
        assert_eq!(marks(&joint), before);
    }
}

#[test]
fn a_refusal_ends_at_the_latest_instant_of_all_lines_in_whatever_units_they_count() {
    // A third, a seventh and 1/32 of a nanosecond, and whole ones.
    let quotas = [
        Quota::per(3, Duration::from_nanos(10)).burst(2),
        Quota::per(7, Duration::from_nanos(10)).burst(3),
        Quota::per(999, Duration::from_millis(1)).burst(1),
        Quota::per(1, Duration::from_micros(1)).burst(2),
    ];
    for (permits, nanos) in [
        ([2, 1, 0, 0], 7),
        ([1, 3, 0, 0], 5),
        ([0, 3, 0, 0], 5),
        ([2, 3, 1, 0], 1_002),
        ([1, 1, 1, 2], 2_000),
    ] {
        let mut joint = joint(quotas);
        joint.take([2, 3, 1, 2], Moment::ZERO).unwrap();
        assert_eq!(joint.take(permits, Moment::ZERO).unwrap_err(), NotNow::After(nanos), "{permits:?}");
        assert_eq!(joint.instant(permits, Moment::ZERO), Ok(Moment::from_nanos(nanos)));
        assert_eq!(joint.take(permits, Moment::from_nanos(nanos - 1)).unwrap_err(), NotNow::After(1));
        assert!(joint.take(permits, Moment::from_nanos(nanos)).is_ok());
    }
}

#[test]
fn a_booking_is_charged_at_its_instant_on_lines_that_would_give_at_once() {
    let mut joint = narrow_and_wide();
    joint.take([1, 0], at(0)).unwrap();
    assert_eq!(instants(&mut joint, [1, 1], at(0), 9), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // All of the burst but one was free at 9 s, and the one is used then.
    assert_eq!(joint.take([0, 10], at(9)).unwrap_err(), after(1));
    assert!(joint.take([0, 9], at(9)).is_ok());
    assert_eq!(joint.take([0, 1], at(9)).unwrap_err(), after(1));
}

#[test]
fn who_comes_later_is_behind_whoever_waits_for_the_same_line() {
    let mut joint = joint([Quota::per_second(1).burst(5), Quota::per_second(1).burst(5)]);
    joint.take([5, 0], at(0)).unwrap();
    assert_eq!(book(&mut joint, [5, 5], at(0)).at, at(5));
    assert_eq!(joint.take([1, 0], at(4)).unwrap_err(), after(2));
    assert_eq!(book(&mut joint, [1, 0], at(1)).at, at(6));
    assert_eq!(book(&mut joint, [0, 1], at(1)).at, at(6));
    assert_eq!(book(&mut joint, [1, 1], at(1)).at, at(7));
}

#[test]
fn who_asks_a_line_for_nothing_does_not_wait_for_it() {
    let mut joint = narrow_and_wide();
    assert_eq!(instants(&mut joint, [1, 0], at(0), 5), [0, 1, 2, 3, 4]);
    joint.take([0, 10], at(0)).unwrap();
    assert_eq!(available(&joint, at(0)), [0, 0]);
}

#[test]
fn a_wait_that_would_end_too_late_books_nothing() {
    let mut joint = narrow_and_wide();
    joint.take([1, 1], at(0)).unwrap();
    let before = marks(&joint);
    let latest = Moment::from_nanos(SECOND - 1);
    assert_eq!(joint.book([1, 1], at(0), latest).unwrap_err(), after(1));
    assert_eq!(marks(&joint), before);
    assert_eq!(joint.book([1, 1], at(0), at(1)).unwrap().at, at(1));
    // Who need not wait is not too late.
    assert_eq!(joint.book([0, 1], at(3), at(2)).unwrap().at, at(3));
}

#[test]
fn what_came_last_is_undone_exactly_back_to_the_first() {
    let mut joint = narrow_and_wide();
    joint.start(at(0));
    let mut claims = Vec::new();
    for (permits, now) in [([0, 10], 0), ([1, 1], 0), ([1, 3], 2), ([0, 2], 2), ([1, 0], 3)] {
        let before = marks(&joint);
        claims.push((book(&mut joint, permits, at(now)), before));
    }
    for (claim, before) in claims.into_iter().rev() {
        joint.put_back(claim, [0, 0], at(3));
        assert_eq!(marks(&joint), before);
    }
    assert_eq!(joint.given_up.len(), 0);
}

#[test]
fn of_the_last_claim_the_first_permits_can_be_kept() {
    let mut joint = narrow_and_wide();
    let claim = joint.take([1, 8], at(0)).unwrap();
    joint.put_back(claim, [0, 3], at(0));
    assert_eq!(available(&joint, at(0)), [1, 7]);
    let claim = joint.take([1, 7], at(0)).unwrap();
    joint.put_back(claim, [1, 0], at(0));
    assert_eq!((available(&joint, at(0)), joint.expired()), ([0, 7], [0, 0]));
}

#[test]
fn what_comes_back_from_the_middle_is_free_again_where_nobody_waits() {
    let mut joint = joint([Quota::per_second(1).burst(3), Quota::per_second(1).burst(10)]);
    let early = joint.take([1, 4], at(0)).unwrap();
    let middle = joint.take([1, 4], at(0)).unwrap();
    let late = joint.take([1, 2], at(0)).unwrap();
    joint.put_back(middle, [0, 1], at(0));
    assert_eq!(available(&joint, at(0)), [1, 3]);
    // A second later, the first permit of `early` is over on the first line, and one of four on the other.
    joint.put_back(early, [0, 0], at(1));
    assert_eq!((available(&joint, at(1)), joint.expired()), ([2, 7], [1, 0]));
    // And the last one is still wholly ahead, as what lay before it moved.
    joint.put_back(late, [0, 0], at(1));
    assert_eq!((available(&joint, at(1)), joint.expired()), ([3, 9], [1, 0]));
}

#[test]
fn what_comes_back_in_any_order_is_all_there_again_also_while_time_passes() {
    let mut joint = joint([Quota::per_day(7), Quota::per_day(100)]);
    let mut micros = 0;
    let mut now = || {
        micros += 1;
        Moment::from_nanos(micros * 1_000)
    };
    let mut claims: std::collections::VecDeque<_> =
        (0..7).map(|_| joint.take([1, 2], now()).unwrap()).collect();
    while let Some(claim) = if claims.len() % 2 == 0 { claims.pop_front() } else { claims.pop_back() } {
        joint.put_back(claim, [0, 0], now());
        let held = u32::try_from(claims.len()).expect("seven");
        assert_eq!(available(&joint, now()), [7 - held, 100 - 2 * held]);
    }
}

#[test]
fn a_place_from_the_middle_of_the_line_goes_to_the_next_who_has_to_wait() {
    let mut joint = narrow_and_wide();
    joint.take([1, 0], at(0)).unwrap();
    let mut line: Vec<_> = (0..4).map(|_| book(&mut joint, [1, 2], at(0))).collect();
    let (second, third) = (line.remove(1), line.remove(1));
    joint.put_back(third, [0, 0], at(0));
    joint.put_back(second, [0, 0], at(0));
    let before = marks(&joint);
    // Who tries does not get it, nor who needs more or cannot wait for it.
    assert_eq!(joint.take([1, 1], at(1)).unwrap_err(), after(4));
    assert_eq!(joint.book([1, 2], at(1), Moment::from_nanos(2 * SECOND - 1)).unwrap_err(), after(4));
    assert_eq!(joint.book([1, 3], at(1), at(4)).unwrap_err(), after(4));
    // The earliest first, whole.
    let light = book(&mut joint, [1, 1], at(1));
    assert_eq!((light.at, light.permits()), (at(2), [1, 2]));
    assert_eq!(book(&mut joint, [1, 2], at(1)).at, at(3));
    assert_eq!(marks(&joint), before);
    assert_eq!(book(&mut joint, [1, 2], at(1)).at, at(5));
    // Given up once more, it is kept once more.
    joint.put_back(light, [0, 0], at(1));
    assert_eq!(book(&mut joint, [1, 2], at(1)).at, at(2));
    assert_eq!(joint.expired(), [0, 0]);
}

#[test]
fn a_place_that_nobody_took_in_time_has_expired() {
    let mut joint = narrow_and_wide();
    joint.take([1, 0], at(0)).unwrap();
    let mut line: Vec<_> = (0..3).map(|_| book(&mut joint, [1, 2], at(0))).collect();
    joint.put_back(line.remove(0), [0, 0], at(0));
    assert_eq!(joint.expired(), [0, 0]);
    assert_eq!(book(&mut joint, [1, 2], Moment::from_nanos(SECOND + 1)).at, at(4));
    assert_eq!(joint.expired(), [1, 2]);
    // Nor can it be kept when its time has come already.
    joint.put_back(line.remove(0), [0, 0], Moment::from_nanos(2 * SECOND + 1));
    assert_eq!((joint.given_up.len(), joint.expired()), (0, [2, 4]));
}

#[test]
fn places_that_were_given_up_vanish_when_all_behind_them_are() {
    let mut joint = narrow_and_wide();
    joint.take([1, 1], at(0)).unwrap();
    let before = marks(&joint);
    let line: Vec<_> = (0..9).map(|_| book(&mut joint, [1, 1], at(0))).collect();
    // Those who came first give up first, as by a timeout.
    for claim in line {
        joint.put_back(claim, [0, 0], at(0));
    }
    assert_eq!((marks(&joint), joint.given_up.len(), joint.expired()), (before, 0, [0, 0]));
}

#[test]
fn no_more_places_are_kept_than_there_is_room_for() {
    let mut joint = narrow_and_wide();
    joint.take([1, 0], at(0)).unwrap();
    let line: Vec<_> = (0..KEPT + 5).map(|_| book(&mut joint, [1, 0], at(0))).collect();
    for claim in &line[..KEPT + 4] {
        joint.put_back(*claim, [0, 0], at(0));
    }
    assert_eq!((joint.given_up.len(), joint.expired()), (KEPT, [4, 0]));
}

#[test]
fn what_a_waiter_does_not_need_of_a_larger_place_comes_back() {
    let mut joint = narrow_and_wide();
    joint.take([1, 8], at(0)).unwrap();
    let large = book(&mut joint, [1, 5], at(0));
    let last = book(&mut joint, [1, 1], at(0));
    assert_eq!((large.at, last.at), (at(3), at(4)));
    joint.put_back(large, [0, 0], at(0));
    let small = book(&mut joint, [1, 2], at(0));
    assert_eq!((small.at, small.permits()), (at(3), [1, 5]));
    let kept = joint.keep(small, [1, 2], at(4));
    assert_eq!(kept.permits(), [1, 2]);
    // Eight, two and one of ten, and four that came back by time: the place of three is free.
    assert_eq!((available(&joint, at(4)), joint.expired()), ([0, 3], [0, 0]));
    // What was kept has its own part to give back, and not as if nobody had come after it.
    joint.put_back(kept, [0, 0], at(4));
    assert_eq!((available(&joint, at(4)), joint.expired()), ([0, 5], [1, 0]));
}

#[test]
fn a_claim_without_surplus_is_kept_as_it_is() {
    let mut joint = narrow_and_wide();
    let claim = book(&mut joint, [1, 2], at(0));
    let before = marks(&joint);
    let kept = joint.keep(claim, [1, 2], at(0));
    assert_eq!((kept.number, marks(&joint)), (claim.number, before));
}

#[test]
fn debts_are_waited_for_and_later_claims_are_not_undone_beyond_them() {
    let mut joint = narrow_and_wide();
    let claim = joint.take([1, 2], at(0)).unwrap();
    joint.owe([0, 30], at(0));
    assert_eq!(joint.take([0, 1], at(0)).unwrap_err(), after(23));
    joint.put_back(claim, [0, 0], at(0));
    // Only what was charged comes back, not the debt.
    assert_eq!(joint.take([0, 1], at(0)).unwrap_err(), after(21));
    assert_eq!(available(&joint, at(0)), [1, 0]);
    joint.owe([u32::MAX, u32::MAX], at(0));
    joint.owe([0, 0], at(0));
    assert_eq!(joint.take([1, 0], at(0)).unwrap_err(), after(u64::from(u32::MAX)));
    assert_eq!(joint.take([1, 1], at(0)).unwrap_err(), after(u64::from(u32::MAX) + 21));
}

#[test]
fn the_initial_permits_count_from_the_first_use_also_a_refused_one() {
    let fresh =
        || joint([Quota::per_second(1).burst(4).initial(2), Quota::per_second(1).burst(4).initial(0)]);
    let joint = fresh();
    assert_eq!(available(&joint, at(100)), [2, 0]);
    assert_eq!(available(&joint, at(101)), [2, 0]);
    let mut joint = fresh();
    assert_eq!(joint.take([1, 1], at(100)).unwrap_err(), after(1));
    assert_eq!(available(&joint, at(101)), [3, 1]);
    let mut joint = fresh();
    joint.owe([1, 0], at(100));
    assert_eq!(available(&joint, at(101)), [2, 1]);
}

#[test]
fn after_a_reset_the_initial_permits_are_there_at_the_last_bookings_instant() {
    let mut joint = joint([Quota::per_second(1).initial(0), Quota::per_second(1).burst(10).initial(3)]);
    let claim = book(&mut joint, [1, 1], at(0));
    assert_eq!(claim.at, at(1));
    joint.owe([0, 99], at(0));
    joint.reset(at(0));
    assert_eq!(
        (joint.take([1, 0], at(0)).unwrap_err(), joint.take([0, 3], at(0)).unwrap_err()),
        (after(2), after(1))
    );
    assert_eq!(available(&joint, at(1)), [0, 3]);
    // What was claimed before has nothing to give back.
    joint.put_back(claim, [0, 0], at(0));
    assert_eq!((available(&joint, at(1)), joint.expired()), ([0, 3], [1, 1]));
    // Without bookings it begins at once.
    joint.reset(at(7));
    assert_eq!(available(&joint, at(7)), [0, 3]);
}

#[test]
fn a_reset_before_the_first_use_is_one() {
    let mut joint = joint([Quota::per_second(1).burst(4).initial(0)]);
    joint.reset(at(0));
    assert_eq!(available(&joint, at(2)), [2]);
}

#[test]
fn another_quota_keeps_the_consumed_share_and_the_instants() {
    let quotas = [Quota::per_second(1).burst(10), Quota::per_second(1).burst(100)];
    let change = |joint: &mut Joint<2>, quotas, now| {
        joint.change(quotas, Joint::gcras(&quotas).unwrap(), now);
    };
    let mut joint = joint(quotas);
    let held = joint.take([4, 50], at(0)).unwrap();
    let waits = book(&mut joint, [10, 10], at(0));
    assert_eq!(waits.at, at(4));
    // The second line would be a fifth full at 4 s, by ten times the rate sooner; but somebody comes at 4 s.
    let fast = [quotas[0], Quota::per_second(10).burst(100)];
    change(&mut joint, fast, at(0));
    assert_eq!(joint.quotas(), fast);
    assert_eq!(joint.take([0, 45], at(4)).unwrap_err(), NotNow::After(SECOND / 10));
    assert!(joint.take([0, 44], at(4)).is_ok());
    // The line that did not change has the permits that were claimed on it before.
    let before = available(&joint, at(14));
    joint.put_back(held, [0, 0], at(4));
    assert_eq!((available(&joint, at(14)), before), ([10, 100], [10, 100]));
    assert_eq!(joint.expired(), [4, 50]);
}

#[test]
fn a_claim_on_a_line_whose_quota_did_not_change_comes_back() {
    let quotas = [Quota::per_second(1).burst(10), Quota::per_second(1).burst(100)];
    let mut joint = joint(quotas);
    let held = joint.take([4, 50], at(0)).unwrap();
    let quotas = [quotas[0], Quota::per_second(1).burst(50)];
    joint.change(quotas, Joint::gcras(&quotas).unwrap(), at(0));
    assert_eq!(available(&joint, at(0)), [6, 25]);
    joint.put_back(held, [0, 0], at(0));
    assert_eq!((available(&joint, at(0)), joint.expired()), ([10, 25], [0, 50]));
}

#[test]
fn at_the_end_of_time_all_lines_refuse_together() {
    // 1/32 ns lasts 18 years, whole nanoseconds 584.
    let mut joint = joint([Quota::per_second(1), Quota::per(31, Duration::from_micros(1))]);
    let years = |years: u64| at(years * 365 * 86_400);
    assert!(joint.take([1, 1], years(18)).is_ok());
    let before = marks(&joint);
    assert_eq!(joint.take([1, 1], years(20)).unwrap_err(), NotNow::Unclear);
    assert_eq!(joint.book([1, 1], years(20), Moment::MAX).unwrap_err(), NotNow::Unclear);
    assert_eq!(joint.instant([1, 1], years(20)), Err(NotNow::Unclear));
    assert_eq!(joint.take([2, 1], years(20)).unwrap_err(), NotNow::Never);
    assert_eq!(marks(&joint), before);
    assert!(joint.take([1, 0], years(20)).is_ok());
}

#[test]
fn the_first_quota_out_of_range_is_named() {
    let good = Quota::per_second(1);
    let error = Joint::gcras(&[good, good.burst(0), Quota::per_second(0)]).unwrap_err();
    assert_eq!((error.field(), error.index()), ("burst", Some(1)));
}
