//! What the children run.
#![expect(clippy::unwrap_used, reason = "a program that is a test")]

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use resil_watchdog::{Builder, Clock, MonotonicClock, Watchdog};

/// Runs the program of that name, and ends the process.
pub(crate) fn run(name: &str) -> ! {
    match name {
        "works" => works(),
        "hangs" => hangs(aborting()),
        "hangs_with_a_hung_listener" => hangs(aborting().on_timeout(|_| {
            say("listening");
            hang();
        })),
        "hangs_with_a_listener_that_hung_before" => hangs(aborting().observe(|_| hang())),
        "hangs_with_a_listener" => hangs(aborting().on_timeout(|silence| say(&format!("heard: {silence}")))),
        "hangs_with_stderr_full" => {
            fill_stderr();
            hangs(aborting().on_timeout(|_| say("listening")));
        }
        #[cfg(feature = "tokio")]
        "blocks_its_runtime" => blocks_its_runtime(),
        "aborts_by_itself" => hangs(
            Watchdog::new(TIMEOUT).named("job").log().dump_threads().on_timeout(|_| std::process::abort()),
        ),
        "only_tells" => only_tells(),
        other => panic!("there is no program {other}"),
    }
    std::process::exit(0);
}

const TIMEOUT: Duration = Duration::from_millis(200);

fn aborting() -> Builder {
    Watchdog::new(TIMEOUT).named("job").dump_threads().abort_process()
}

/// Writes a line at once, past the test's own buffers.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).unwrap();
}

/// Blocks this thread for ever.
fn hang() {
    loop {
        thread::park();
    }
}

/// Nothing more can be written to stderr.
fn fill_stderr() {
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        loop {
            if std::io::stderr().write_all(&[b'x'; 4_096]).is_err() || tell.send(()).is_err() {
                return;
            }
        }
    });
    // Until it no longer comes back from that.
    while told.recv_timeout(Duration::from_millis(500)).is_ok() {}
}

fn hangs(builder: Builder) {
    let dog = builder.start().unwrap();
    let pinger = dog.pinger("worker-3");
    pinger.ping_with("row 7");
    say("ready");
    hang();
}

/// Pings every few milliseconds, and says so after each hundred, until it is told to end.
fn works() {
    let dog = Watchdog::new(Duration::from_secs(1))
        .on_timeout(|silence| say(&format!("alarm: {silence}")))
        .start()
        .unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let copy = Arc::clone(&is_over);
    thread::spawn(move || {
        std::io::stdin().read_line(&mut String::new()).unwrap();
        copy.store(true, Ordering::Relaxed);
    });
    let pinger = dog.pinger("worker");
    while !is_over.load(Ordering::Relaxed) {
        for _ in 0..100 {
            pinger.ping();
            MonotonicClock.park_until(MonotonicClock.now().saturating_add(Duration::from_millis(2)));
        }
        say("100 pings");
    }
    say(&format!("overslept: {}", dog.stats().overslept));
}

#[cfg(feature = "tokio")]
fn blocks_its_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("blocked-worker")
        .build()
        .unwrap();
    let dog = aborting().runtime(runtime.handle().clone()).on_timeout_async(|_| async {}).start().unwrap();
    dog.watch_tokio(runtime.handle()).forget();
    for _ in 0..2 {
        runtime.spawn(async { hang() });
    }
    say("ready");
    hang();
}

/// Neither dump nor abort: it goes on.
fn only_tells() {
    let (tell, told) = std::sync::mpsc::channel();
    let dog =
        Watchdog::new(TIMEOUT).named("job").log().on_timeout(move |_| _ = tell.send(())).start().unwrap();
    told.recv().unwrap();
    dog.stop();
    say("still here");
}
