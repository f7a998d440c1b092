//! Random trees of deadlines, timeouts and calls beside a list of frames that was written on its own.

use std::cell::{Cell, RefCell};
use std::future::{Pending, pending, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use resil_core::testing::poll_once;
use resil_timeout::{Clock, Config, Deadline, Moment, Timeout, Timer};

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

thread_local! {
    static NOW: Cell<u64> = const { Cell::new(0) };
}

fn now() -> Moment {
    Moment::from_nanos(NOW.get())
}

/// The same clock in two forms: one that can be read from everywhere, and one that has to be read by whoever has it.
#[derive(Clone, Copy, Debug)]
struct Hand {
    is_public: bool,
}

impl Clock for Hand {
    fn now(&self) -> Moment {
        now()
    }
    fn reader(&self) -> Option<fn() -> Moment> {
        self.is_public.then_some(now)
    }
}

/// Remembers until when it was asked to sleep.
#[derive(Clone, Copy)]
struct Asked<'a>(&'a Cell<Option<Moment>>);

impl Timer for Asked<'_> {
    type Sleep = Pending<()>;

    fn sleep_until(&self, at: Moment) -> Pending<()> {
        self.0.set(Some(at));
        pending()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Compares the current deadline.
    Ask,
    Advance(u64),
    /// A deadline at a moment, around a closure or a future.
    Scope {
        at: u64,
        is_async: bool,
        steps: Vec<Step>,
    },
    /// A future under a timeout; with `pends`, it is pending afterwards.
    Timed {
        config: Config,
        is_public: bool,
        pends: bool,
        steps: Vec<Step>,
    },
    /// A closure under a timeout.
    Call {
        config: Config,
        steps: Vec<Step>,
    },
}

fn config() -> impl Strategy<Value = Config> {
    (1..20_u64, prop::bool::weighted(0.9), prop::bool::weighted(0.1)).prop_map(
        |(limit, propagates, includes)| {
            Config::new(Duration::from_nanos(limit))
                .propagate_deadline(propagates)
                .include_queue_time(includes)
        },
    )
}

fn tree() -> impl Strategy<Value = Vec<Step>> {
    let leaf = prop_oneof![Just(Step::Ask), (0..6_u64).prop_map(Step::Advance)];
    let step = leaf.prop_recursive(6, 40, 5, |step| {
        let steps = || prop::collection::vec(step.clone(), 0..5);
        prop_oneof![
            1 => Just(Step::Ask),
            2 => (0..6_u64).prop_map(Step::Advance),
            1 => (0..40_u64, any::<bool>(), steps())
                .prop_map(|(at, is_async, steps)| Step::Scope { at, is_async, steps }),
            4 => (config(), prop::bool::weighted(0.8), any::<bool>(), steps())
                .prop_map(|(config, is_public, pends, steps)| Step::Timed { config, is_public, pends, steps }),
            1 => (config(), steps()).prop_map(|(config, steps)| Step::Call { config, steps }),
        ]
    });
    prop::collection::vec(step, 1..6)
}

/// A limit that work is under.
#[derive(Clone, Copy, Debug)]
struct Frame {
    name: &'static str,
    limit: u64,
    end: Option<u64>,
}

/// What should be: the frames from the outermost to the innermost one.
#[derive(Debug, Default)]
struct Model {
    frames: Vec<Frame>,
    entered: usize,
}

impl Model {
    /// The end that comes first, and the innermost frame that has it. Whatever has not begun does so now.
    fn ask(&mut self) -> Option<(u64, &'static str)> {
        for frame in &mut self.frames {
            frame.end.get_or_insert(NOW.get() + frame.limit);
        }
        let ends = self.frames.iter().rev().filter_map(|frame| Some((frame.end?, frame.name)));
        ends.reduce(|inner, outer| if outer.0 < inner.0 { outer } else { inner })
    }

    fn has_begun(&self) -> bool {
        self.frames.iter().any(|frame| frame.end.is_some())
    }

    fn next_name(&mut self) -> &'static str {
        self.entered += 1;
        NAMES[self.entered % NAMES.len()]
    }
}

struct Play {
    model: RefCell<Model>,
}

impl Play {
    fn ask(&self) {
        let expected = self.model.borrow_mut().ask();
        let current = Deadline::current();
        assert_eq!(
            current.map(|deadline| (deadline.moment().as_nanos(), deadline.name().as_str())),
            expected
        );
    }

    fn steps(&self, steps: &[Step]) {
        for step in steps {
            self.step(step);
        }
    }

    fn under(&self, frame: Frame, steps: &[Step]) {
        self.model.borrow_mut().frames.push(frame);
        self.steps(steps);
    }

    fn leave(&self) {
        self.model.borrow_mut().frames.pop();
    }

    fn step(&self, step: &Step) {
        match step {
            Step::Ask => self.ask(),
            Step::Advance(nanos) => NOW.set(NOW.get() + nanos),
            Step::Scope { at, is_async, steps } => self.scope(*at, *is_async, steps),
            Step::Timed { config, is_public, pends, steps } => self.timed(*config, *is_public, *pends, steps),
            Step::Call { config, steps } => self.call(*config, steps),
        }
    }

    fn scope(&self, at: u64, is_async: bool, steps: &[Step]) {
        let name = self.model.borrow_mut().next_name();
        self.model.borrow_mut().ask();
        let deadline = Deadline::at(Moment::from_nanos(at)).named(name);
        let frame = Frame { name, limit: 0, end: Some(at) };
        if is_async {
            let work = poll_fn(|_| {
                self.under(frame, steps);
                Poll::Ready(())
            });
            assert!(poll_once(pin!(deadline.scope(work))).is_ready());
        } else {
            deadline.scope_blocking(|| self.under(frame, steps));
        }
        self.leave();
    }

    fn call(&self, config: Config, steps: &[Step]) {
        let name = self.model.borrow_mut().next_name();
        let timeout = Timeout::with_clock(name.into(), config, Hand { is_public: true });
        if !config.propagate_deadline {
            assert!(timeout.run_blocking(|| self.steps(steps)).is_ok());
            return;
        }
        let limit = nanos(config);
        let frame = Frame { name, limit, end: Some(NOW.get() + limit) };
        let outer = self.model.borrow_mut().ask();
        let has_time = outer.is_none_or(|(end, _)| end > NOW.get());
        let called = timeout.run_blocking(|| self.under(frame, steps));
        assert_eq!(called.is_ok(), has_time);
        match called {
            Ok(()) => self.leave(),
            Err(cut) => assert_eq!(Some(cut.name().as_str()), outer.map(|(_, name)| name)),
        }
    }

    fn timed(&self, config: Config, is_public: bool, pends: bool, steps: &[Step]) {
        let name = self.model.borrow_mut().next_name();
        let timeout = Timeout::with_clock(name.into(), config, Hand { is_public });
        let limit = nanos(config);
        let asked = Cell::new(None);
        if !config.propagate_deadline {
            let begin = NOW.get();
            let work = poll_fn(|_| {
                self.steps(steps);
                if pends { Poll::Pending } else { Poll::Ready(()) }
            });
            let polled = poll_once(pin!(timeout.run_with(Asked(&asked), work)));
            assert_eq!(polled.is_pending(), pends);
            let begin = if config.include_queue_time { begin } else { NOW.get() };
            assert_eq!(asked.get().map(Moment::as_nanos), pends.then_some(begin + limit));
            return;
        }
        let begins = config.include_queue_time || !is_public || self.model.borrow().has_begun();
        let outer = if begins { self.model.borrow_mut().ask() } else { None };
        let has_time = outer.is_none_or(|(end, _)| end > NOW.get());
        let frame = Frame { name, limit, end: begins.then_some(NOW.get() + limit) };
        let ends = Cell::new(None);
        let work = poll_fn(|_| {
            self.under(frame, steps);
            if pends {
                ends.set(self.model.borrow_mut().ask().map(|(end, _)| end));
            }
            self.leave();
            if pends { Poll::Pending } else { Poll::Ready(()) }
        });
        let polled = poll_once(pin!(timeout.run_with(Asked(&asked), work)));
        assert_eq!(asked.get().map(Moment::as_nanos), ends.get());
        match polled {
            Poll::Ready(Err(cut)) => {
                assert!(!has_time);
                assert_eq!(Some(cut.name().as_str()), outer.map(|(_, name)| name));
            }
            Poll::Ready(Ok(())) => assert!(has_time && !pends),
            Poll::Pending => assert!(has_time && pends),
        }
    }
}

fn nanos(config: Config) -> u64 {
    u64::try_from(config.timeout.as_nanos()).expect("a few")
}

proptest! {
    // D2
    #[test]
    fn in_any_tree_of_limits_no_child_is_later_than_its_parent(steps in tree()) {
        NOW.set(0);
        let play = Play { model: RefCell::default() };
        play.steps(&steps);
        prop_assert!(Deadline::current().is_none());
    }
}
