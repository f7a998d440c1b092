//! What the children run.
#![expect(clippy::unwrap_used, reason = "a program that is a test")]

use std::io::{BufRead, Write, stdin};
use std::path::PathBuf;
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use resil_heartbeat::{Builder, Heartbeat, HeartbeatError, is_alive, liveness};

/// Names the file that a child writes or reads.
pub(crate) const FILE: &str = "RESIL_TEST_FILE";

const MILLI: Duration = Duration::from_millis(1);

/// Runs the program of that name, and ends the process.
pub(crate) fn run(name: &str) -> ! {
    match name {
        "obeys" => obeys(),
        "beats_fast" => beats_fast(),
        "storms" => storms(),
        "beats_400_times" => beats_400_times(),
        "freezes" => freezes(),
        "panics" => panics(),
        "returns" => drop(to_file().start().unwrap()),
        "has_no_room" => has_no_room(),
        "moves" => moves(),
        "judges" => judges(),
        "reads" => reads(),
        #[cfg(all(feature = "systemd", target_os = "linux"))]
        "notifies" => notifies(),
        other => panic!("there is no program {other}"),
    }
    std::process::exit(0);
}

/// A whole line at once, whatever other threads write.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).unwrap();
}

fn path() -> PathBuf {
    std::env::var_os(FILE).unwrap().into()
}

fn to_file() -> Builder {
    Heartbeat::to_file(path())
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

/// The lines that the parent says.
fn orders() -> impl Iterator<Item = String> {
    stdin().lock().lines().map_while(Result::ok)
}

/// Beats when it is told to, and hardly ever by itself.
fn obeys() {
    let heartbeat = to_file().interval(Duration::from_secs(3_600)).start().unwrap();
    say("ready");
    for order in orders() {
        match &*order {
            "beat" => heartbeat.beat_now().unwrap(),
            "stop" => heartbeat.stop().unwrap(),
            other => panic!("{other}?"),
        }
        say("done");
    }
}

fn beats_fast() {
    let heartbeat = to_file().interval(20 * MILLI).start().unwrap();
    heartbeat
        .observe(|event| {
            if let resil_heartbeat::Event::Skipped { .. } = event {
                say("skipped");
            }
        })
        .forget();
    say("ready");
    hang();
}

/// Does nothing but write, beats of many sizes.
fn storms() {
    let heartbeat = to_file().metadata("long", "").start().unwrap();
    say("ready");
    for number in 0.. {
        let long = "x".repeat(number % 8 * 2_500);
        heartbeat.set_metadata("length", long.len()).unwrap();
        heartbeat.set_metadata("long", long).unwrap();
        heartbeat.beat_now().unwrap();
    }
}

fn beats_400_times() {
    let heartbeat = to_file().start().unwrap();
    say("ready");
    for _ in orders() {
        (0..400).for_each(|_| heartbeat.beat_now().unwrap());
        say("done");
    }
    // The others go on.
    std::process::exit(0);
}

/// Its work is locked up, and its beating thread is fine.
fn freezes() {
    let heartbeat = to_file().interval(20 * MILLI).start().unwrap();
    let ticket = heartbeat.progress_within("work loop", 200 * MILLI).unwrap();
    for _ in 0..100 {
        ticket.advance();
    }
    let (one, other) = (Mutex::new(()), Mutex::new(()));
    let both = Barrier::new(2);
    say("ready");
    thread::scope(|scope| {
        scope.spawn(|| {
            let _one = one.lock();
            both.wait();
            let _other = other.lock();
        });
        let _other = other.lock();
        both.wait();
        let _one = one.lock();
    });
}

/// The heartbeat is dropped by the panic that ends the process.
fn panics() {
    let crash = thread::spawn(|| {
        let _heartbeat = to_file().start().unwrap();
        panic!("a crash");
    });
    let _ = crash.join();
    std::process::exit(101);
}

/// Its files may not grow any more, as on a full disk.
fn has_no_room() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let heartbeat = to_file()
        .interval(20 * MILLI)
        .on_missed_beat(|error| {
            let source = std::error::Error::source(error).unwrap();
            say(&format!("missed: {source}"));
        })
        .start()
        .unwrap();
    say("ready");
    let mut orders = orders();
    let limit = getrlimit(Resource::Fsize);
    orders.next();
    setrlimit(Resource::Fsize, Rlimit { current: Some(0), ..limit }).unwrap();
    let error = heartbeat.beat_now().unwrap_err();
    assert!(matches!(error, HeartbeatError::File { .. }), "{error}");
    say("no room");
    orders.next();
    setrlimit(Resource::Fsize, limit).unwrap();
    heartbeat.beat_now().unwrap();
    heartbeat.stop().unwrap();
    say("stopped");
}

/// A relative path is one from the folder in which it was started.
fn moves() {
    std::env::set_current_dir(path().parent().unwrap()).unwrap();
    let heartbeat = Heartbeat::to_file("app.heartbeat").start().unwrap();
    std::env::set_current_dir("/").unwrap();
    heartbeat.beat_now().unwrap();
    heartbeat.stop().unwrap();
    assert_eq!(heartbeat.file().unwrap().to_str(), Some("app.heartbeat"));
    say("moved");
}

/// Tells its verdict whenever it is asked.
fn judges() {
    say("ready");
    for _ in orders() {
        let verdict = liveness(path(), Duration::from_secs(600));
        say(if verdict.is_alive() { "it lives" } else { "it does not" });
        say(&verdict.to_string());
    }
}

/// Reads what it may not.
fn reads() {
    say(&format!("{}", resil_heartbeat::read(path()).unwrap_err()));
    assert!(!is_alive(path()));
    say(&liveness(path(), Duration::from_secs(600)).to_string());
}

/// Does as it is told, under the eyes of systemd.
#[cfg(all(feature = "systemd", target_os = "linux"))]
fn notifies() {
    let clock = resil_heartbeat::ManualClock::new();
    let ready_later = std::env::var_os("READY_LATER").is_some();
    let builder = Heartbeat::to_file(path()).systemd().ready_later(ready_later).clock(clock.clone());
    let heartbeat = match builder.start() {
        Ok(heartbeat) => heartbeat,
        Err(error) => return say(&error.to_string()),
    };
    let mut ticket = None;
    for order in orders() {
        match &*order {
            "beat" => heartbeat.beat_now().unwrap(),
            "ready" => heartbeat.ready().unwrap(),
            "freeze" => {
                ticket = Some(heartbeat.progress_within("indexer\nWATCHDOG=1", MILLI).unwrap());
                clock.advance(MILLI);
                heartbeat.beat_now().unwrap();
            }
            // It beats by itself then, as there is something new to say.
            "thaw" => drop(ticket.take()),
            "beat until it is missed" => {
                let error = (0..10_000).find_map(|_| heartbeat.beat_now().err()).unwrap();
                say(&format!("{error}, after all: {}", heartbeat.stats().beats > 1));
            }
            "stop" => heartbeat.stop().unwrap(),
            "stop anyway" => {
                heartbeat.stop().unwrap_err();
                say("stopped");
            }
            other => panic!("{other}?"),
        }
    }
}
