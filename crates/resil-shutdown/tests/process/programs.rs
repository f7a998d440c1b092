//! What the children run.
#![expect(clippy::unwrap_used, reason = "a program that is a test")]

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use resil_shutdown::{Cause, Config, GracefulShutdown, Report, Signal};
use rustix::process::{getpid, kill_process};

/// The budget where a callback hangs.
pub(crate) const FIVE: Duration = Duration::from_secs(3);

/// The budget where a thread of the runtime is stuck.
pub(crate) const STUCK: Duration = Duration::from_secs(3);

/// A budget that nobody uses up.
const ENOUGH: Duration = Duration::from_secs(60);

/// The limit of a callback that hangs.
const LIMIT: Duration = Duration::from_millis(200);

/// Runs the program of that name, and ends the process.
pub(crate) fn run(name: &str) -> ! {
    let report = match name {
        "five" => five(FIVE, None),
        "five_with_a_limit" => five(ENOUGH, Some(LIMIT)),
        "five_blocking" => five_blocking(FIVE, None),
        "five_blocking_with_a_limit" => five_blocking(ENOUGH, Some(LIMIT)),
        "hangs" => hangs(),
        "stuck_and_hangs" => stuck_and_hangs(),
        "triggers_and_hangs" => triggers_and_hangs(),
        "install_race" => return_after(install_race),
        "register_race" => return_after(register_race),
        "no_runtime" => no_runtime(),
        "current_thread" => current_thread(),
        "stuck_current_thread" => stuck_current_thread(),
        "stuck_workers" => stuck_workers(),
        "uninstalls" => uninstalls(),
        "uninstalls_over_a_handler" => return_after(uninstalls_over_a_handler),
        "uninstalls_over_ignored" => return_after(uninstalls_over_ignored),
        "two_handles" => return_after(two_handles),
        "main_never_returns" => main_never_returns(),
        "stuck_with_a_hung_listener" => stuck_with_a_hung_listener(),
        "asks_late_for_the_exit" => asks_late_for_the_exit(),
        "signals_itself_while_it_installs" => signals_itself_while_it_installs(),
        "hands_over" => return_after(hands_over),
        #[cfg(all(feature = "systemd", target_os = "linux"))]
        "notifies" => notifies(),
        other => panic!("there is no program {other}"),
    };
    std::process::exit(report.exit_code().into());
}

fn return_after(program: impl FnOnce()) -> ! {
    program();
    std::process::exit(0);
}

/// Writes a line at once, past the test's own buffers.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

fn hear() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
}

/// Blocks this thread for ever.
fn hang() {
    loop {
        thread::park();
    }
}

fn within(budget: Duration) -> Config {
    Config::new().timeout(budget)
}

fn of_five(shutdown: &GracefulShutdown, limit: Option<Duration>) {
    let mut hangs = shutdown.register("hangs").priority(50);
    if let Some(limit) = limit {
        hangs = hangs.within(limit);
    }
    hangs
        .run(|| {
            say("fifth: hangs");
            hang();
        })
        .unwrap();
    shutdown.register("panics").priority(40).run(|| -> () { panic!("no way") }).unwrap();
    shutdown.register("fails").priority(30).run(|| Err::<(), _>("disk full")).unwrap();
    shutdown.register("async").priority(20).run_async(|| async { say("second: async") }).unwrap();
    shutdown.register("sync").priority(10).run(|| say("first: sync")).unwrap();
}

fn five(budget: Duration, limit: Option<Duration>) -> Report {
    let shutdown = GracefulShutdown::with_config(within(budget).force_exit_code(3));
    of_five(&shutdown, limit);
    let _installed = shutdown.install().unwrap().exit_when_done();
    say("ready");
    hang();
    unreachable!()
}

fn five_blocking(budget: Duration, limit: Option<Duration>) -> Report {
    let shutdown = GracefulShutdown::with_config(within(budget).force_exit_code(3));
    of_five(&shutdown, limit);
    let report = shutdown.run_blocking(|| {
        say("ready");
        shutdown.token().wait();
    });
    eprintln!("{report}");
    report
}

fn hung_callback(shutdown: &GracefulShutdown) {
    shutdown
        .register("hangs")
        .run(|| {
            say("hung");
            hang();
        })
        .unwrap();
}

fn hangs() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH));
    hung_callback(&shutdown);
    shutdown.run_blocking(|| {
        say("ready");
        shutdown.token().wait();
    })
}

fn stuck_and_hangs() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH).drain_timeout(Duration::ZERO));
    hung_callback(&shutdown);
    stuck(&shutdown, tokio::runtime::Builder::new_current_thread())
}

fn triggers_and_hangs() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH).drain_timeout(Duration::ZERO));
    hung_callback(&shutdown);
    shutdown.run_blocking(|| {
        // Registered last, so that it is set when all that the first signal does is done.
        let has_come = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(15, Arc::clone(&has_come)).unwrap();
        shutdown.trigger();
        while !has_come.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        say("still here");
        hang();
    })
}

/// Spins for a while that differs from round to round.
fn delay(round: usize, most: usize) {
    for _ in 0..round.wrapping_mul(7_919) % most {
        std::hint::spin_loop();
    }
}

/// A thread sends SIGTERM to this process while another installs, a thousand times.
fn install_race() {
    // What is there before gets the signals that come too early, so that they do not end the process.
    let came = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(15, Arc::clone(&came)).unwrap();
    for round in 0..1_000 {
        let shutdown = Arc::new(GracefulShutdown::with_config(within(ENOUGH)));
        let runs = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&runs);
        shutdown.register("count").run(move || _ = count.fetch_add(1, Ordering::SeqCst)).unwrap();
        let (is_installed, start) = (Arc::new(AtomicBool::new(false)), Arc::new(Barrier::new(2)));
        let sender = thread::spawn({
            let (is_installed, start) = (Arc::clone(&is_installed), Arc::clone(&start));
            move || {
                start.wait();
                delay(round, 60_000);
                let must_be_heard = is_installed.load(Ordering::SeqCst);
                kill_process(getpid(), rustix::process::Signal::TERM).unwrap();
                must_be_heard
            }
        });
        start.wait();
        let installed = shutdown.install().unwrap();
        is_installed.store(true, Ordering::SeqCst);
        let must_be_heard = sender.join().unwrap();
        if !must_be_heard {
            shutdown.trigger();
        }
        let report = shutdown.completed_blocking();
        assert!(report.is_clean());
        assert!(!must_be_heard || report.cause() == Cause::Signal(Signal::Terminate));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        // One that is on its way would be the next round's, and its own then the second.
        while !came.swap(false, Ordering::SeqCst) {
            thread::yield_now();
        }
        drop(installed);
        say_hundreds(round);
    }
}

/// Says how many rounds are done, at each hundred.
fn say_hundreds(round: usize) {
    let done = round + 1;
    if done.is_multiple_of(100) {
        say(&format!("{done} rounds"));
    }
}

/// A thread sends SIGTERM to this process while another registers, a thousand times.
fn register_race() {
    for round in 0..1_000 {
        let shutdown = Arc::new(GracefulShutdown::with_config(within(ENOUGH)));
        let installed = shutdown.install().unwrap();
        let start = Arc::new(Barrier::new(2));
        let sender = thread::spawn({
            let start = Arc::clone(&start);
            move || {
                start.wait();
                delay(round, 20_000);
                kill_process(getpid(), rustix::process::Signal::TERM).unwrap();
            }
        });
        start.wait();
        let runs = Arc::new(AtomicUsize::new(0));
        let mut taken = 0;
        for number in 0..200 {
            let count = Arc::clone(&runs);
            let name = format!("callback {number}");
            let result = shutdown.register(name).run(move || _ = count.fetch_add(1, Ordering::SeqCst));
            taken += usize::from(result.is_ok());
        }
        sender.join().unwrap();
        let report = shutdown.completed_blocking();
        assert!(report.is_clean());
        assert_eq!(report.cause(), Cause::Signal(Signal::Terminate));
        assert_eq!((report.callbacks().len(), runs.load(Ordering::SeqCst)), (taken, taken));
        drop(installed);
        say_hundreds(round);
    }
}

fn of_two(shutdown: &GracefulShutdown) {
    shutdown.register("sync").priority(1).run(|| say("sync callback")).unwrap();
    shutdown.register("async").priority(2).run_async(|| async { say("async callback") }).unwrap();
}

fn no_runtime() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH));
    of_two(&shutdown);
    shutdown.run_blocking(|| {
        say("ready");
        shutdown.token().wait();
    })
}

fn current_thread() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH));
    of_two(&shutdown);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    // Needs the runtime's timer, so the runtime.
    runtime.block_on(async {
        let waits = || async {
            _ = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>()).await;
        };
        shutdown.register("waits").run_async(waits).unwrap();
        shutdown
            .run(async {
                say("ready");
                shutdown.token().triggered().await;
            })
            .await
    })
}

/// Blocks the thread of a runtime for ever.
fn stuck(shutdown: &GracefulShutdown, mut builder: tokio::runtime::Builder) -> Report {
    builder.build().unwrap().block_on(shutdown.run(std::future::poll_fn(|_| -> Poll<()> {
        say("ready");
        hang();
        Poll::Pending
    })))
}

fn stuck_current_thread() -> Report {
    let shutdown = GracefulShutdown::with_config(within(STUCK).drain_timeout(Duration::from_millis(100)));
    of_two(&shutdown);
    stuck(&shutdown, tokio::runtime::Builder::new_current_thread())
}

fn stuck_workers() -> Report {
    let shutdown = GracefulShutdown::with_config(within(STUCK));
    of_two(&shutdown);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let blocked = Arc::new(Barrier::new(3));
    for _ in 0..2 {
        let blocked = Arc::clone(&blocked);
        runtime.spawn(async move {
            blocked.wait();
            hang();
        });
    }
    blocked.wait();
    let report = runtime.block_on(shutdown.run(async {
        say("ready");
        shutdown.token().triggered().await;
    }));
    // Hangs, as its workers do; the report is alive, so the process ends with the budget.
    drop(runtime);
    report
}

fn uninstalls() -> Report {
    let shutdown = GracefulShutdown::new();
    shutdown.install().unwrap().uninstall();
    // And once more, as the second time finds its own handlers there.
    shutdown.install().unwrap().uninstall();
    say("ready");
    hang();
    unreachable!()
}

fn uninstalls_over_a_handler() {
    let other = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(15, Arc::clone(&other)).unwrap();
    let shutdown = GracefulShutdown::new();
    shutdown.install().unwrap().uninstall();
    say("ready");
    while !other.load(Ordering::SeqCst) {
        thread::yield_now();
    }
    assert!(!shutdown.is_shutting_down());
    say("the other handler was called");
}

fn uninstalls_over_ignored() {
    let shutdown = GracefulShutdown::with_config(Config::new().signals(&[Signal::Hangup]));
    shutdown.install().unwrap().uninstall();
    say("ready");
    hear();
    say("still here");
}

fn two_handles() {
    let config = within(ENOUGH).signals(&[Signal::Hangup]);
    let (one, other) = (GracefulShutdown::with_config(config), GracefulShutdown::with_config(config));
    let (first, second) = (one.install().unwrap(), other.install().unwrap());
    assert!(one.install().is_err());
    say("ready");
    let _ = (one.completed_blocking(), other.completed_blocking());
    say("both");
    drop((first, second));
}

fn main_never_returns() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH).drain_timeout(Duration::ZERO));
    shutdown.register("clean up").run(|| say("cleaned up")).unwrap();
    shutdown.run_blocking(|| {
        say("ready");
        hang();
    })
}

fn stuck_with_a_hung_listener() -> Report {
    let shutdown = GracefulShutdown::with_config(within(STUCK));
    shutdown.observe(|_| hang()).forget();
    stuck(&shutdown, tokio::runtime::Builder::new_current_thread())
}

fn asks_late_for_the_exit() -> Report {
    let shutdown = GracefulShutdown::new();
    shutdown.register("fails").run(|| Err::<(), _>("disk full")).unwrap();
    let installed = shutdown.install().unwrap();
    let _ = shutdown.trigger_blocking();
    let _installed = installed.exit_when_done();
    hang();
    unreachable!()
}

fn signals_itself_while_it_installs() -> Report {
    let round: usize = std::env::var("ROUND").unwrap().parse().unwrap();
    let start = Arc::new(Barrier::new(2));
    let sender = thread::spawn({
        let start = Arc::clone(&start);
        move || {
            start.wait();
            delay(round, 60_000);
            say("sent");
            kill_process(getpid(), rustix::process::Signal::TERM).unwrap();
        }
    });
    let shutdown = GracefulShutdown::new();
    start.wait();
    let _installed = shutdown.install().unwrap().exit_when_done();
    sender.join().unwrap();
    hang();
    unreachable!()
}

/// One handle goes while another comes; a signal right after that must be heard.
fn hands_over() {
    let config = within(ENOUGH).signals(&[Signal::Hangup]);
    for round in 0..300 {
        let (one, other) = (GracefulShutdown::with_config(config), GracefulShutdown::with_config(config));
        let going = one.install().unwrap();
        let start = Arc::new(Barrier::new(2));
        let goes = thread::spawn({
            let start = Arc::clone(&start);
            move || {
                start.wait();
                drop(going);
            }
        });
        start.wait();
        let coming = other.install().unwrap();
        goes.join().unwrap();
        kill_process(getpid(), rustix::process::Signal::HUP).unwrap();
        assert_eq!(other.completed_blocking().cause(), Cause::Signal(Signal::Hangup));
        drop(coming);
        say_hundreds(round);
    }
}

#[cfg(all(feature = "systemd", target_os = "linux"))]
fn notifies() -> Report {
    let shutdown = GracefulShutdown::with_config(within(ENOUGH));
    shutdown.run_blocking(|| {
        shutdown.notify_ready().unwrap();
        shutdown.token().wait();
        hear();
    })
}
