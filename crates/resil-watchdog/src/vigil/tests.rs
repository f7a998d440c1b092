//! The rules of the machine, with moments made by hand.

mod draw;
mod model;
mod naive;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn moment(span: Duration) -> Moment {
    Moment::ZERO.saturating_add(span)
}

/// That many milliseconds after the origin.
fn at(millis: u64) -> Moment {
    moment(Duration::from_millis(millis))
}

fn terms() -> Terms {
    Terms { timeout: 4 * SECOND, grace: 4 * SECOND, tick: SECOND, repeat: None, judged: false }
}

fn vigil() -> Vigil {
    Vigil::new(terms(), Moment::ZERO)
}

/// A look at which those have pinged; who is told, and when to look again.
fn look_with(vigil: &mut Vigil, millis: u64, pinged: &[Id]) -> (Vec<Id>, Moment) {
    let now = at(millis);
    vigil.wake(now);
    for id in pinged {
        vigil.hear(*id, Sign::Ping(now), now);
    }
    let mut told = Vec::new();
    loop {
        match vigil.step(now) {
            Step::Tell(id, _) => told.push(id),
            Step::Wait(until) => return (told, until),
        }
    }
}

fn look(vigil: &mut Vigil, millis: u64) -> (Vec<Id>, Moment) {
    look_with(vigil, millis, &[])
}

/// W1: silence counts from the look that saw the ping, and the next look is exactly when it ends.
#[test]
fn a_silence_is_told_a_timeout_after_the_look_that_saw_the_last_ping() {
    let mut vigil = vigil();
    assert_eq!(look_with(&mut vigil, 300, &[Id::OWN]), (vec![], at(1_000)));
    for second in 1..4 {
        assert_eq!(look(&mut vigil, second * 1_000), (vec![], at((second + 1) * 1_000)));
    }
    assert_eq!(look(&mut vigil, 4_000), (vec![], at(4_300)), "between two ticks");
    vigil.wake(at(4_300));
    let alarm = Alarm { since: at(300), lasted: 4 * SECOND, times: 1 };
    assert_eq!(vigil.step(at(4_300)), Step::Tell(Id::OWN, alarm));
    assert_eq!(vigil.step(at(4_300)), Step::Wait(at(5_000)));
}

/// W2
#[test]
fn a_silence_is_told_once_and_a_ping_arms_it_again() {
    let mut vigil = vigil();
    let mut told = Vec::new();
    for second in 1..=20 {
        let pinged = if second == 9 { &[Id::OWN][..] } else { &[] };
        told.extend(look_with(&mut vigil, second * 1_000, pinged).0.iter().map(|_| second));
    }
    assert_eq!(told, [4, 13]);
    assert_eq!(vigil.tally(), Tally { stalls: 2, alarms: 2, overslept: 0 });
}

/// W2
#[test]
fn who_recovers_is_told_with_the_length_of_the_silence() {
    let mut vigil = vigil();
    (1..=6).for_each(|second| _ = look(&mut vigil, second * 1_000));
    vigil.wake(at(6_500));
    assert_eq!(vigil.hear(Id::OWN, Sign::Ping(at(6_500)), at(6_500)), Some(Duration::from_millis(6_500)));
    assert_eq!(vigil.hear(Id::OWN, Sign::Ping(at(6_600)), at(6_600)), None);
}

/// W2
#[test]
fn a_silence_is_told_again_while_it_lasts_if_that_is_wanted() {
    let mut vigil = Vigil::new(Terms { repeat: Some(SECOND * 5 / 2), ..terms() }, Moment::ZERO);
    let mut told = Vec::new();
    let mut now = at(1_000);
    while now < at(12_000) {
        vigil.wake(now);
        while let Step::Tell(_, alarm) = vigil.step(now) {
            told.push((now, alarm.times, alarm.lasted));
        }
        now = vigil.due;
    }
    let seconds = |tenths| SECOND * tenths / 10;
    assert_eq!(
        told,
        [(40, 1), (65, 2), (90, 3), (115, 4)].map(|(t, times)| (moment(seconds(t)), times, seconds(t)))
    );
    assert_eq!(vigil.tally(), Tally { stalls: 1, alarms: 4, overslept: 0 });
}

/// W2
#[test]
fn a_reset_arms_again_and_forgets_the_silence() {
    let mut vigil = vigil();
    (1..=5).for_each(|second| _ = look(&mut vigil, second * 1_000));
    assert!(vigil.is_starving(Id::OWN, at(5_000)));
    vigil.reset(at(5_500));
    assert!(!vigil.is_starving(Id::OWN, at(5_500)));
    let told = (6..=9).flat_map(|second| look(&mut vigil, second * 1_000).0).count();
    assert_eq!(told, 0);
    assert_eq!(look(&mut vigil, 9_500).0, [Id::OWN]);
}

/// W3
#[test]
fn of_many_the_one_that_starves_is_told() {
    let mut vigil = vigil();
    let ids: Vec<_> = (0..16).map(|_| vigil.enlist(Moment::ZERO)).collect();
    let others: Vec<_> = ids.iter().copied().filter(|id| *id != ids[11]).collect();
    let told: Vec<_> = (1..=10).flat_map(|second| look_with(&mut vigil, second * 1_000, &others).0).collect();
    assert_eq!(told, [ids[11]]);
}

/// W3
#[test]
fn the_own_ping_is_waited_for_until_others_come_and_from_its_first_on() {
    let mut alone = vigil();
    let told: Vec<_> = (1..=4).flat_map(|second| look(&mut alone, second * 1_000).0).collect();
    assert_eq!(told, [Id::OWN], "nobody else is there");

    let mut others = vigil();
    let pinger = others.enlist(at(500));
    let told: Vec<_> =
        (1..=9).flat_map(|second| look_with(&mut others, second * 1_000, &[pinger]).0).collect();
    assert!(told.is_empty(), "only pingers are used");
    others.dismiss(pinger);
    let told: Vec<_> = (10..=19).flat_map(|second| look(&mut others, second * 1_000).0).collect();
    assert!(told.is_empty(), "and they have gone");
    assert!(others.ward(Id::OWN).is_none());

    look_with(&mut others, 20_000, &[Id::OWN]);
    let told: Vec<_> = (21..=29).flat_map(|second| look(&mut others, second * 1_000).0).collect();
    assert_eq!(told, [Id::OWN], "now it is used");
}

/// W3
#[test]
fn who_rests_is_not_silent() {
    let mut vigil = vigil();
    for second in 1..=10 {
        vigil.wake(at(second * 1_000));
        vigil.hear(Id::OWN, Sign::Rest, at(second * 1_000));
        assert_eq!(vigil.step(at(second * 1_000)), Step::Wait(at((second + 1) * 1_000)));
    }
    assert_eq!(vigil.silence(Id::OWN, at(10_500)), Duration::ZERO);
}

/// W1: the first sign may take another time than those after it.
#[test]
fn the_first_ping_has_a_limit_of_its_own() {
    let mut vigil = Vigil::new(Terms { grace: 9 * SECOND, ..terms() }, Moment::ZERO);
    let told: Vec<_> = (1..=8).flat_map(|second| look(&mut vigil, second * 1_000).0).collect();
    assert!(told.is_empty());
    assert_eq!(look(&mut vigil, 9_000).0, [Id::OWN]);
    look_with(&mut vigil, 10_000, &[Id::OWN]);
    let told = (11..=14).map(|second| look(&mut vigil, second * 1_000).0.len()).collect::<Vec<_>>();
    assert_eq!(told, [0, 0, 0, 1]);
}

/// W4: what is bad is told at once, unless it has never been good and may still become so.
#[test]
fn bad_news_is_told_at_the_next_look_and_within_the_grace_not_at_all() {
    let terms = Terms { grace: 5 * SECOND, judged: true, ..terms() };
    let mut vigil = Vigil::new(terms, Moment::ZERO);
    let mut told = Vec::new();
    let signs = "bbbbbbbggbbgrrb"; // bad, good, at rest
    for (second, sign) in (1..).zip(signs.chars()) {
        let now = at(second * 1_000);
        let sign = match sign {
            'g' => Sign::Ping(now),
            'r' => Sign::Rest,
            _ => Sign::Bad,
        };
        vigil.wake(now);
        vigil.hear(Id::OWN, sign, now);
        while let Step::Tell(..) = vigil.step(now) {
            told.push(second);
        }
        assert_eq!(vigil.step(now), Step::Wait(at((second + 1) * 1_000)), "never between its ticks");
    }
    assert_eq!(told, [5, 10, 15]);
}

/// W8
#[test]
fn time_asleep_is_taken_off_the_silence_and_nobody_is_told_before_a_tick_later() {
    let mut vigil = vigil();
    (1..=3).for_each(|second| _ = look(&mut vigil, second * 1_000));
    // The next look was to be at 4 s, and the silence to end there.
    assert_eq!(vigil.wake(at(64_000)), Some(60 * SECOND));
    assert_eq!(vigil.step(at(64_000)), Step::Wait(at(65_000)));
    assert!(!vigil.is_starving(Id::OWN, at(64_999)));
    vigil.wake(at(65_000));
    let alarm = Alarm { since: at(60_000), lasted: 5 * SECOND, times: 1 };
    assert_eq!(vigil.step(at(65_000)), Step::Tell(Id::OWN, alarm));
    assert_eq!(vigil.tally().overslept, 1);
}

/// W8: a machine that is always late does not keep it from telling.
#[test]
fn a_monitor_that_is_late_every_time_tells_all_the_same() {
    let mut vigil = vigil();
    let late = (1..100).find(|look_no| !look(&mut vigil, look_no * 2_500).0.is_empty());
    assert_eq!(late, Some(5));
    assert_eq!(vigil.tally().overslept, 5);
}

/// W8
#[test]
fn a_look_that_is_less_than_a_tick_late_is_on_time() {
    let mut vigil = vigil();
    assert_eq!(vigil.wake(at(1_999)), None);
    assert_eq!(vigil.step(at(1_999)), Step::Wait(at(2_000)));
    assert_eq!(vigil.wake(at(3_000)), Some(SECOND));
}

/// W8: a ping that was given before the sleep, and is seen after it.
#[test]
fn the_sleep_is_taken_off_pings_that_came_before_it() {
    let mut vigil = vigil();
    look(&mut vigil, 1_000);
    vigil.wake(at(62_000));
    vigil.hear(Id::OWN, Sign::Ping(at(1_500)), at(62_000));
    vigil.step(at(62_000));
    assert_eq!(vigil.silence(Id::OWN, at(62_000)), Duration::from_millis(500));
    assert_eq!(vigil.last_ping(), Some(at(1_500)));
}

/// W8: whoever asks before the monitor is awake is not told of its sleep.
#[test]
fn a_question_while_the_monitor_is_asleep_finds_the_silence_as_it_was() {
    let mut vigil = vigil();
    look(&mut vigil, 1_000);
    assert_eq!(vigil.silence(Id::OWN, at(2_999)), Duration::from_millis(2_999));
    assert_eq!(vigil.silence(Id::OWN, at(50_000)), 2 * SECOND);
    assert!(!vigil.is_starving(Id::OWN, at(50_000)));
}

/// W7
#[test]
fn a_new_run_begins_with_everybody_just_seen() {
    let mut vigil = vigil();
    let pinger = vigil.enlist(Moment::ZERO);
    look_with(&mut vigil, 1_000, &[Id::OWN]);
    (2..=9).for_each(|second| _ = look(&mut vigil, second * 1_000));
    assert_eq!(vigil.tally().stalls, 2);
    vigil.start(at(20_000));
    assert_eq!((vigil.last_ping(), vigil.silence(pinger, at(20_000))), (None, Duration::ZERO));
    assert!(!vigil.is_starving(pinger, at(20_000)) && vigil.ward(Id::OWN).is_none());
    let told: Vec<_> = (21..=24).flat_map(|second| look(&mut vigil, second * 1_000).0).collect();
    assert_eq!(told, [pinger]);
}

#[test]
fn a_clock_that_runs_backwards_delays_nothing_for_ever() {
    let mut vigil = Vigil::new(Terms { repeat: Some(SECOND), ..terms() }, at(100_000));
    look_with(&mut vigil, 101_000, &[Id::OWN]);
    assert_eq!(look(&mut vigil, 7_000), (vec![], at(8_000)));
    let told: Vec<_> = (8..=12).map(|second| look(&mut vigil, second * 1_000).0.len()).collect();
    assert_eq!(told, [0, 0, 0, 1, 1]);
    assert_eq!(look(&mut vigil, 1_000).1, at(2_000));
    assert_eq!(look(&mut vigil, 2_000).0.len(), 1);
}

/// W7, W8
#[test]
fn a_new_run_knows_nothing_of_the_sleeps_of_the_one_before() {
    let mut vigil = Vigil::new(Terms { grace: SECOND / 4, ..terms() }, Moment::ZERO);
    vigil.wake(at(60_000));
    vigil.start(at(60_100));
    assert_eq!(vigil.step(at(60_100)), Step::Wait(at(60_350)), "nothing is held back");
    assert_eq!(vigil.wake(at(90_000)), Some(Duration::from_millis(29_650)));
    assert_eq!(vigil.step(at(90_000)), Step::Wait(at(90_100)), "the first of a row of sleeps");
}

#[test]
fn a_clock_that_runs_backwards_after_a_sleep_holds_nothing_back_for_ever() {
    let mut vigil = vigil();
    vigil.wake(at(900_000));
    vigil.step(at(900_000));
    let told: Vec<_> = (10..=14).map(|second| look(&mut vigil, second * 1_000).0.len()).collect();
    assert_eq!(told, [0, 0, 0, 0, 1]);
}

#[test]
fn ticks_lie_on_a_grid_and_missed_ones_are_skipped() {
    let mut vigil = vigil();
    for (now, next) in [(300, 1_000), (1_000, 2_000), (1_900, 2_000), (2_400, 3_000), (3_999, 4_000)] {
        assert_eq!(look_with(&mut vigil, now, &[Id::OWN]).1, at(next));
    }
}

/// Where the clock stands at its end, nothing is told for ever.
#[test]
fn at_the_end_of_time_a_silence_is_told_once_and_a_rest_never() {
    let mut vigil = vigil();
    let resting = vigil.enlist(Moment::ZERO);
    for _ in 0..3 {
        vigil.wake(Moment::MAX);
        vigil.hear(resting, Sign::Rest, Moment::MAX);
        assert_eq!(vigil.step(Moment::MAX), Step::Wait(Moment::MAX));
    }
    let late = Terms { tick: Duration::MAX, ..terms() };
    let mut vigil = Vigil::new(late, Moment::ZERO);
    vigil.wake(Moment::MAX);
    assert!(matches!(vigil.step(Moment::MAX), Step::Tell(Id::OWN, _)));
    assert_eq!(vigil.step(Moment::MAX), Step::Wait(Moment::MAX));
}

#[test]
fn extremes_overflow_nothing() {
    let long = Duration::from_secs(100 * 365 * 24 * 3_600);
    let terms =
        Terms { timeout: long, grace: Duration::MAX, tick: long, repeat: Some(Duration::MAX), judged: false };
    let mut vigil = Vigil::new(terms, Moment::MAX);
    vigil.wake(Moment::MAX);
    vigil.hear(Id::OWN, Sign::Ping(Moment::MAX), Moment::ZERO);
    assert!(matches!(vigil.step(Moment::MAX), Step::Tell(..) | Step::Wait(_)));
    vigil.wake(Moment::ZERO);
    vigil.dismiss(Id::OWN);
    vigil.hear(Id::OWN, Sign::Bad, Moment::ZERO);
    assert_eq!(vigil.silence(Id::OWN, Moment::MAX), Duration::ZERO);
    let tiny = Terms { tick: Duration::ZERO, timeout: Duration::ZERO, ..terms };
    let mut vigil = Vigil::new(tiny, Moment::ZERO);
    vigil.wake(at(1));
    assert!(matches!(vigil.step(at(1)), Step::Wait(until) if until > at(1)));
}
