//! The contract of a sliding window under random schedules: never more than the limit in any window, and never less than possible.
#![cfg(not(any(loom, shuttle)))]

#[path = "sliding/naive.rs"]
mod naive;

#[path = "sliding/scene.rs"]
mod scene;

use std::time::Duration;

use naive::Naive;
use proptest::prelude::*;
use resil_ratelimit::{Clock, ManualClock};
use scene::{Scene, Settings, Window, hint_of, nanos};

fn settings(slices: impl Strategy<Value = Option<u32>>) -> impl Strategy<Value = Settings> {
    let permits = prop_oneof![1..=4_u32, Just(7), Just(20)];
    let window = prop_oneof![1..=3_u64, Just(7), Just(10), Just(64), Just(100), Just(997)];
    (permits, window, slices).prop_map(|(permits, window, slices)| Settings { permits, window, slices })
}

fn exact() -> impl Strategy<Value = Option<u32>> {
    Just(None)
}

fn sliced() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![1..=4_u32, Just(10), Just(64)].prop_map(Some)
}

fn any_slices() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![exact(), sliced()]
}

/// How far the clock goes: to the edges of a window and of a slice, a nanosecond beside them, or anywhere.
#[derive(Clone, Copy, Debug)]
enum Jump {
    Nowhere,
    Windows(u64, i64),
    Slices(u64, i64),
    By(u64),
}

impl Jump {
    fn nanos(self, settings: Settings) -> u64 {
        let slice = settings.lateness() + 1;
        match self {
            Self::Nowhere => 0,
            Self::Windows(n, off) => (n * settings.window).saturating_add_signed(off),
            Self::Slices(n, off) => (n * slice).saturating_add_signed(off),
            Self::By(percent) => settings.window * percent / 100,
        }
    }
}

fn jump() -> impl Strategy<Value = Jump> {
    prop_oneof![
        2 => Just(Jump::Nowhere),
        2 => (1..=2_u64, -1..=1_i64).prop_map(|(n, off)| Jump::Windows(n, off)),
        2 => (1..=3_u64, -1..=1_i64).prop_map(|(n, off)| Jump::Slices(n, off)),
        4 => (0..=150_u64).prop_map(Jump::By),
    ]
}

/// What callers who do not wait do: pass the time and ask for permits.
fn asks() -> impl Strategy<Value = Vec<(Jump, u32)>> {
    prop::collection::vec((jump(), 1..=8_u32), 1..60)
}

/// Asks, and checks the hint of a refusal: a nanosecond before it one is refused again, at its end given.
fn ask(window: &Window, clock: &ManualClock, permits: u32) -> (bool, u64) {
    let asked_at = clock.now().as_nanos();
    assert_eq!(window.available() >= permits, window.time_until_available_n(permits) == Some(Duration::ZERO));
    let foreseen = window.time_until_available_n(permits);
    let answer = window.try_acquire_n(permits);
    let Some(hint) = hint_of(&answer) else { return (true, asked_at) };
    assert_eq!(foreseen, Some(Duration::from_nanos(hint)));
    clock.advance(Duration::from_nanos(hint - 1));
    let too_early = hint_of(&window.try_acquire_n(permits));
    assert_eq!(too_early, Some(1), "a nanosecond before the hint is over");
    clock.advance(Duration::from_nanos(1));
    assert_eq!(window.try_acquire_n(permits), Ok(()), "when the hint is over");
    (false, asked_at)
}

proptest! {
    #[test]
    fn an_exact_window_gives_exactly_what_the_contract_allows(settings in settings(exact()), asks in asks()) {
        let (window, clock) = settings.open();
        let mut naive = Naive::new(settings.permits, settings.window);
        for (jump, permits) in asks {
            let permits = permits.min(settings.permits);
            clock.advance(Duration::from_nanos(jump.nanos(settings)));
            let expected = naive.next(clock.now().as_nanos(), permits);
            let (at_once, asked_at) = ask(&window, &clock, permits);
            let given_at = clock.now().as_nanos();
            prop_assert_eq!((at_once, given_at), (expected == asked_at, expected));
            naive.give(given_at, permits);
        }
        prop_assert_eq!(naive.broken_window(), None);
    }

    #[test]
    fn a_window_in_slices_never_gives_too_much_and_gives_back_less_than_a_slice_late(
        settings in settings(sliced()),
        asks in asks(),
    ) {
        let (window, clock) = settings.open();
        let mut naive = Naive::new(settings.permits, settings.window);
        let lateness = settings.lateness();
        for (jump, permits) in asks {
            let permits = permits.min(settings.permits);
            clock.advance(Duration::from_nanos(jump.nanos(settings)));
            let possible = naive.next(clock.now().as_nanos(), permits);
            let late = naive.slowed(lateness).next(clock.now().as_nanos(), permits);
            ask(&window, &clock, permits);
            let given_at = clock.now().as_nanos();
            prop_assert!((possible..=late).contains(&given_at), "{given_at} is not in {possible}..={late}");
            naive.give(given_at, permits);
        }
        prop_assert_eq!(naive.broken_window(), None);
    }
}

/// What callers who wait do, and those around them.
#[derive(Clone, Copy, Debug)]
enum Step {
    Pass(Jump),
    Ask(u32),
    Admit,
    GiveBack(usize),
    Come { permits: u32, within: Option<Jump> },
    Poll(usize),
    PollAll,
    GiveUp(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let within = prop::option::weighted(0.2, jump());
    prop_oneof![
        6 => jump().prop_map(Step::Pass),
        2 => (1..=8_u32).prop_map(Step::Ask),
        2 => Just(Step::Admit),
        1 => any::<usize>().prop_map(Step::GiveBack),
        5 => (1..=8_u32, within).prop_map(|(permits, within)| Step::Come { permits, within }),
        4 => any::<usize>().prop_map(Step::Poll),
        2 => Just(Step::PollAll),
        2 => any::<usize>().prop_map(Step::GiveUp),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..80)
}

/// One of so many.
fn pick(index: usize, all: usize) -> Option<usize> {
    index.checked_rem(all)
}

impl Scene<'_> {
    fn play(&mut self, step: Step, settings: Settings) {
        match step {
            Step::Pass(jump) => self.pass(jump.nanos(settings)),
            Step::Ask(permits) => drop(self.ask(permits)),
            Step::Admit => self.admit(),
            Step::GiveBack(index) => self.give_back(index),
            Step::Come { permits, within } => {
                self.come(permits, within.map(|jump| jump.nanos(settings)));
            }
            Step::Poll(index) => {
                if let Some(index) = pick(index, self.waiters.len()) {
                    self.poll(index, true);
                }
            }
            Step::PollAll => self.poll_all(),
            Step::GiveUp(index) => {
                if let Some(index) = pick(index, self.waiters.len()) {
                    self.give_up(index);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn however_late_and_in_whatever_order_waiters_come_no_window_gets_too_much(
        settings in settings(any_slices()),
        steps in steps(),
    ) {
        let (window, clock) = settings.open();
        let mut scene = Scene::new(&window, &clock, settings);
        for step in steps {
            scene.play(step, settings);
        }
        // Everybody is served in the end, and then the window is empty.
        let mut rounds = 0;
        while !scene.waiters.is_empty() && rounds < 10 * scene.came {
            rounds += 1;
            scene.pass(settings.window + settings.lateness());
            scene.poll_all();
        }
        prop_assert_eq!(scene.waiters.len(), 0);
        prop_assert_eq!(scene.naive.broken_window(), None);
        let (expected, counted) = scene.accounts();
        prop_assert_eq!(counted, expected);
        scene.pass(settings.window + settings.lateness());
        prop_assert_eq!(window.available(), settings.permits);
    }

    #[test]
    fn waiters_who_are_late_are_served_in_the_order_in_which_they_came(
        settings in settings(any_slices()),
        steps in steps(),
    ) {
        let (window, clock) = settings.open();
        let mut scene = Scene::new(&window, &clock, settings);
        for step in steps {
            scene.play(step, settings);
            scene.poll_all();
            let hint = scene.ask(1);
            prop_assert!(hint.is_some() || scene.waiters.is_empty(), "nobody overtakes those who wait");
        }
        prop_assert!(scene.served.is_sorted(), "{:?}", scene.served);
        prop_assert_eq!(scene.naive.broken_window(), None);
    }

    #[test]
    fn a_waiter_who_comes_in_time_is_served_at_the_instant_that_it_was_told(
        settings in settings(any_slices()),
        steps in steps(),
        reversed: bool,
    ) {
        let (window, clock) = settings.open();
        let mut scene = Scene::new(&window, &clock, settings);
        let mut told: Vec<(usize, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Pass(jump) => {
                    let until = scene.now() + jump.nanos(settings);
                    while let Some(at) = told.iter().map(|(_, at)| *at).min().filter(|at| *at <= until) {
                        scene.pass(at - 1 - scene.now());
                        let waiting = scene.waiters.len();
                        scene.poll_all();
                        prop_assert_eq!(scene.waiters.len(), waiting, "a nanosecond before it");
                        scene.pass(1);
                        let due = told.extract_if(.., |(_, told)| *told == at).map(|(number, _)| number);
                        let mut due: Vec<_> = due.collect();
                        if reversed {
                            due.reverse();
                        }
                        for number in due {
                            let index = scene.waiters.iter().position(|waiter| waiter.number == number).expect("it waits");
                            scene.naive.keep_promise(at, scene.waiters[index].permits);
                            prop_assert!(!scene.poll(index, true), "{number} waits on at {at}");
                        }
                    }
                    scene.pass(until - scene.now());
                }
                Step::Come { permits, within } => {
                    let permits = permits.min(settings.permits);
                    let possible = scene.naive.next(scene.now(), permits);
                    let late = scene.naive.slowed(settings.lateness()).next(scene.now(), permits);
                    let foreseen = window.time_until_available_n(permits).map(nanos).expect("within the limit");
                    prop_assert_eq!(window.available() >= permits, foreseen == 0);
                    let at = scene.now() + foreseen;
                    prop_assert!((possible..=late).contains(&at), "{at} is not in {possible}..={late}");
                    let number = scene.came;
                    let within = within.map(|jump| jump.nanos(settings));
                    let waits = scene.come(permits, within);
                    prop_assert_eq!(waits, foreseen > 0 && within.is_none_or(|within| foreseen <= within));
                    if waits {
                        told.push((number, at));
                        scene.naive.promise(at, permits);
                    }
                }
                Step::GiveUp(index) => {
                    if let Some(index) = pick(index, scene.waiters.len()) {
                        let waiter = &scene.waiters[index];
                        let (_, at) = told.remove(index);
                        scene.naive.keep_promise(at, waiter.permits);
                        scene.give_up(index);
                    }
                }
                step => scene.play(step, settings),
            }
        }
        prop_assert_eq!(scene.naive.broken_window(), None);
        let (expected, counted) = scene.accounts();
        prop_assert_eq!(counted, expected);
    }
}
