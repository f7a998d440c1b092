//! No call allocates, and a limited future is hardly larger than what it is made of.

use std::cell::Cell;
use std::future::{Pending, Ready, pending, ready};
use std::mem::size_of_val;
use std::pin::pin;
use std::time::Duration;

use allocation_counter::measure;
use resil_core::testing::poll_once;
use resil_timeout::{Clock, Config, Deadline, ManualClock, Moment, Timeout, Timer, headers};

const SECOND: Duration = Duration::from_secs(1);

/// A timer whose sleep is of a known size, and which counts how often it was asked.
struct Asleep<'a>(&'a Cell<u32>);

impl Timer for Asleep<'_> {
    type Sleep = Pending<()>;

    fn sleep_until(&self, _: Moment) -> Pending<()> {
        self.0.set(self.0.get() + 1);
        pending()
    }
}

fn allocates_nothing(what: &str, call: impl Fn(&Timeout<ManualClock>, &Cell<u32>)) {
    let clock = ManualClock::new();
    let timeout = Timeout::with_clock("payments".into(), Config::new(SECOND), clock.clone());
    let asked = Cell::new(0);
    let counted = measure(|| (0..1_000).for_each(|_| call(&timeout, &asked)));
    assert_eq!(counted.count_total, 0, "{what}");
}

// D1
#[test]
fn no_form_of_a_call_allocates() {
    let ok = || Ok::<_, ()>(7);
    allocates_nothing("ready", |timeout, asked| {
        assert!(poll_once(pin!(timeout.call_async_with(Asleep(asked), ready(ok())))).is_ready());
        assert!(poll_once(pin!(timeout.within(SECOND).run_with(Asleep(asked), ready(7)))).is_ready());
    });
    allocates_nothing("pending, and cancelled", |timeout, asked| {
        assert!(poll_once(pin!(timeout.run_with(Asleep(asked), pending::<()>()))).is_pending());
    });
    allocates_nothing("synchronous", |timeout, _| assert!(timeout.call(ok).is_ok()));
    allocates_nothing("not started", |timeout, _| {
        assert!(timeout.within(Duration::ZERO).call(ok).is_err());
    });
    allocates_nothing("nested", |timeout, asked| {
        let inner = timeout.run_with(Asleep(asked), ready(7));
        let call = timeout.run_with(Asleep(asked), inner);
        assert!(poll_once(pin!(Deadline::after(SECOND).scope(call))).is_ready());
    });
    allocates_nothing("headers", |timeout, _| {
        let _ = headers::deadline("5S", SECOND).map(|deadline| headers::grpc_timeout(deadline, SECOND));
        let _ = timeout.config();
    });
}

thread_local! {
    static READ: Cell<u32> = const { Cell::new(0) };
}

/// A clock that is the same for the whole process, and counts how often it was read.
struct Public;

impl Clock for Public {
    fn now(&self) -> Moment {
        READ.set(READ.get() + 1);
        Moment::ZERO
    }
    fn reader(&self) -> Option<fn() -> Moment> {
        Some(|| Self.now())
    }
}

// D1
#[test]
fn what_is_ready_at_once_costs_no_timer_and_no_clock() {
    let asked = Cell::new(0);
    let timeout = Timeout::with_clock("payments".into(), Config::new(SECOND), Public);
    let call = || poll_once(pin!(timeout.run_with(Asleep(&asked), ready(7)))).is_ready();
    assert!(call());
    assert_eq!((asked.get(), READ.get()), (0, 0));
    assert!(Deadline::at(Moment::MAX).scope_blocking(call));
    assert_eq!((asked.get(), READ.get()), (0, 1));
    assert!(poll_once(pin!(timeout.run_with(Asleep(&asked), pending::<()>()))).is_pending());
    assert_eq!((asked.get(), READ.get()), (1, 2));
    let queued = Timeout::with_clock("payments".into(), Config::new(SECOND).include_queue_time(true), Public);
    assert!(poll_once(pin!(queued.run_with(Asleep(&asked), ready(7)))).is_ready());
    assert_eq!((asked.get(), READ.get()), (1, 4));
    assert!(timeout.call(|| Ok::<_, ()>(7)).is_ok());
    assert_eq!(READ.get(), 5);
}

#[test]
fn a_limited_future_is_the_bare_one_its_sleep_and_a_little() {
    let timeout = Timeout::new(SECOND);
    let asked = Cell::new(0);
    for (bare, limited) in [
        (8, size_of_val(&timeout.run_with(Asleep(&asked), small()))),
        (4_096, size_of_val(&timeout.call_async_with(Asleep(&asked), large()))),
    ] {
        // The reference to the counter is the timer.
        assert!(limited <= bare + size_of::<Asleep<'_>>() + 80, "{limited} for {bare}");
    }
    assert!(size_of::<Timeout>() <= 128, "{}", size_of::<Timeout>());
}

fn small() -> Ready<u32> {
    ready(7)
}

fn large() -> Large {
    Large([0; 4_096])
}

struct Large([u8; 4_096]);

impl Future for Large {
    type Output = Result<u8, ()>;

    fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::task::Poll::Ready(Ok(self.0[0]))
    }
}
