//! What readers make of whatever is there.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "a test")]

mod folder;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use folder::Folder;
use resil_heartbeat::{
    Clock, Heartbeat, Liveness, MonotonicClock, ReadError, Reader, State, Status, Timestamp, is_alive,
    is_alive_within, liveness, read,
};

const SECOND: Duration = Duration::from_secs(1);
const MAX_AGE: Duration = Duration::from_secs(30);

/// The verdict on what `make` puts at a path, and the error of reading it, which names the path.
fn verdict(make: impl FnOnce(&Path)) -> (Liveness, String) {
    let folder = Folder::new("verdict");
    make(&folder.file());
    let error = read(folder.file()).unwrap_err();
    assert_eq!(error.path(), folder.file());
    assert!(!is_alive(folder.file()) && !is_alive_within(folder.file(), Duration::MAX));
    let text = error.to_string();
    (
        liveness(folder.file(), MAX_AGE),
        text.strip_prefix(&folder.file().display().to_string()).unwrap().to_owned(),
    )
}

fn of_content(content: &[u8]) -> (Liveness, String) {
    verdict(|path| std::fs::write(path, content).unwrap())
}

/// H5: any content is a verdict, and an error says what is wrong.
#[test]
fn whatever_a_file_holds_there_is_a_verdict() {
    let (long, zeros) = ("x".repeat(1 << 16), "\0".repeat(1 << 16));
    let contents: [&[u8]; 8] = [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"{\"timestamp\": \"2023-11-14T2",
        b"\0\xff\xfe\x80",
        zeros.as_bytes(),
        long.as_bytes(),
    ];
    let mut texts = Vec::new();
    for content in contents {
        let (liveness, error) = of_content(content);
        assert!(matches!(liveness, Liveness::Corrupt { .. }), "{liveness}");
        assert!(error.starts_with(": it holds no beat: "), "{error}");
        texts.push(liveness.to_string());
    }
    insta::assert_snapshot!(texts.join("\n"), @r"
    corrupt, EOF while parsing a value at line 1 column 0
    corrupt, invalid type: sequence, expected a map at line 1 column 0
    corrupt, invalid type: null, expected a map at line 1 column 4
    corrupt, there is no timestamp
    corrupt, EOF while parsing a string at line 1 column 27
    corrupt, expected value at line 1 column 1
    corrupt, expected value at line 1 column 1
    corrupt, expected value at line 1 column 1
    ");
}

/// H5: no more is read than a beat can have, and a file that is larger is named with its size.
#[test]
fn a_file_that_is_larger_than_any_beat_is_not_read() {
    for size in [65_537, 100 * 1024 * 1024, 1 << 40] {
        let (liveness, error) = verdict(|path| File::create(path).unwrap().set_len(size).unwrap());
        assert_eq!(error, format!(": it has {size} bytes, more than the 65536 of any beat"));
        assert_eq!(liveness, Liveness::Corrupt { why: error.trim_start_matches(": ").to_owned() });
    }
    // As large as a beat can be, and one that does not know its length.
    let folder = Folder::new("large");
    let mut text = r#"{"timestamp": "2023-11-14T22:13:20Z"}"#.to_owned();
    text.push_str(&" ".repeat(65_536 - text.len()));
    std::fs::write(folder.file(), &text).unwrap();
    assert!(read(folder.file()).is_ok());
    if cfg!(target_os = "linux") {
        assert!(matches!(read("/proc/self/status"), Err(ReadError::Corrupt { .. })));
    }
}

#[test]
fn where_nothing_is_a_process_is_missing() {
    let (liveness, error) = verdict(|_| ());
    assert_eq!((liveness, &*error), (Liveness::Missing, ": there is no file"));
    let folder = Folder::new("missing");
    std::fs::write(folder.file(), "").unwrap();
    let below = folder.file().join("app.heartbeat");
    assert!(matches!(read(&below), Err(ReadError::Missing { .. })), "below a file there is none");
    assert!(matches!(read(""), Err(ReadError::Missing { .. })));
    let error = read("a\0b").unwrap_err();
    assert!(matches!(error, ReadError::Io { .. }) && std::error::Error::source(&error).is_some(), "{error}");
    assert!(matches!(liveness_of("a\0b"), Liveness::Unreadable { .. }));
}

fn liveness_of(path: &str) -> Liveness {
    liveness(path, MAX_AGE)
}

/// H5: what is no regular file is named and not waited for.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_named_and_never_waited_for() {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    let fifo = |path: &Path| mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    let (liveness, error) = verdict(fifo);
    assert_eq!(error, ": it is a FIFO and no regular file");
    assert_eq!(liveness, Liveness::Unreadable { why: "it is a FIFO and no regular file".into() });
    let (liveness, error) = verdict(|path| std::fs::create_dir(path).unwrap());
    assert_eq!(error, ": it is a directory and no regular file");
    assert!(matches!(liveness, Liveness::Unreadable { .. }));
    let (_, error) = verdict(|path| drop(UnixListener::bind(path).unwrap()));
    assert_eq!(error, ": it is a socket and no regular file");
    let (_, error) = verdict(|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap());
    assert_eq!(error, ": it is a device and no regular file");
    let (_, error) = verdict(|path| std::os::unix::fs::symlink(path, path).unwrap());
    assert_eq!(error, ": it could not be read", "a link to itself");
}

/// The state of a beat so many seconds ago, by one who knows no boot.
fn beat(seconds_ago: u64) -> State {
    let then = MonotonicClock.unix_time().saturating_sub(Duration::from_secs(seconds_ago));
    State::new(Timestamp::from_unix(then))
}

fn put(path: &Path, state: &State) {
    std::fs::write(path, serde_json::to_vec(state).unwrap()).unwrap();
}

/// H5: three of the file's own intervals, 30 s where it has none, or what the reader says.
#[test]
fn a_file_may_be_as_old_as_it_says_or_as_its_reader_says() {
    let folder = Folder::new("age");
    let path = folder.file();
    for (interval, age, is_alive_now) in [
        (None, 10, true),
        (None, 60, false),
        (Some(100), 200, true),
        (Some(100), 500, false),
        (Some(10), 100, false),
    ] {
        let mut state = beat(age);
        state.interval = interval.map(Duration::from_secs);
        put(&path, &state);
        assert_eq!(is_alive(&path), is_alive_now, "{interval:?} {age}");
        assert_eq!(Reader::new(&path).check().is_alive(), is_alive_now);
        assert!(is_alive_within(&path, Duration::from_secs(10_000)));
        assert!(!is_alive_within(&path, Duration::from_secs(1)));
        assert!(Reader::new(&path).max_age(Duration::from_secs(10_000)).check().is_alive());
    }
}

/// H5: kstlib's files, with stamps of any offset.
#[test]
fn files_of_kstlib_are_judged() {
    let folder = Folder::new("kstlib");
    let put = |stamp: &str| {
        let text =
            format!(r#"{{"timestamp": "{stamp}", "pid": 1234, "hostname": "h", "metadata": {{"a": 1}}}}"#);
        std::fs::write(folder.file(), text).unwrap();
    };
    let now = beat(0).timestamp.to_string();
    let (date, _) = now.split_once('+').unwrap();
    let (whole, _) = date.split_once('.').unwrap();
    for stamp in [format!("{date}+00:00"), format!("{whole}+00:00"), format!("{whole}Z")] {
        put(&stamp);
        assert!(is_alive(folder.file()), "{stamp}");
    }
    for stamp in [format!("{date}+02:00"), "2023-11-14T22:13:20+00:00".to_owned()] {
        put(&stamp);
        assert!(matches!(liveness(folder.file(), MAX_AGE), Liveness::Stale { .. }), "{stamp}");
    }
    put(&format!("{date}-02:00"));
    assert!(matches!(liveness(folder.file(), MAX_AGE), Liveness::FromFuture { .. }));
    assert_eq!(read(folder.file()).unwrap().metadata.get::<u32>("a"), Some(1));
}

/// H3, H4: a reader that looks again and again hears of each change, and keeps the last state that it could read.
#[test]
fn a_reader_sees_a_life_from_its_beginning_to_its_end() {
    let folder = Folder::new("life");
    let reader = Reader::new(folder.file()).max_age(Duration::from_secs(600));
    assert_eq!(reader.path(), folder.file());
    assert_eq!((reader.check(), reader.last()), (Liveness::Missing, None));
    let heartbeat = Heartbeat::to_file(folder.file()).start().unwrap();
    assert!(reader.check().is_alive());
    let first = reader.last().unwrap();
    assert_eq!(first, heartbeat.state());
    let ticket = heartbeat.progress_within("indexer", Duration::from_millis(1)).unwrap();
    loop {
        if let Liveness::Stalled { workers, .. } = reader.check() {
            assert_eq!(workers, ["indexer"]);
            break;
        }
    }
    drop(ticket);
    heartbeat.stop().unwrap();
    assert!(reader.check().is_stopped());
    assert_eq!(reader.last().unwrap().status, Some(Status::Stopped));
    std::fs::write(folder.file(), "[]").unwrap();
    assert!(matches!(reader.check(), Liveness::Corrupt { .. }));
    assert_eq!(reader.last().unwrap().instance, first.instance);
    put(&folder.file(), &beat(700));
    assert!(matches!(reader.check(), Liveness::Stale { .. }));
    put(&folder.file(), &beat(0));
    assert!(reader.check().is_alive());
}

/// H5: this process lives, and one that cannot be does not.
#[cfg(target_os = "linux")]
#[test]
fn a_beat_of_a_process_that_is_gone_is_dead_however_fresh_it_is() {
    let folder = Folder::new("dead");
    let heartbeat = Heartbeat::to_file(folder.file()).start().unwrap();
    let mut state = heartbeat.state();
    assert!(state.liveness(MAX_AGE).is_alive());
    // Another one has its number now.
    let started = state.started.as_mut().unwrap();
    started.process = started.process.map(|ticks| ticks + 1);
    put(&folder.file(), &state);
    let own = std::process::id();
    assert!(matches!(liveness(folder.file(), MAX_AGE), Liveness::Dead { pid, .. } if pid == own));
    let mut state = heartbeat.state();
    state.pid = Some(1 << 30);
    put(&folder.file(), &state);
    assert!(matches!(liveness(folder.file(), MAX_AGE), Liveness::Dead { .. }));
    state.boot_id = Some("another boot".into());
    put(&folder.file(), &state);
    assert!(is_alive(folder.file()));
    state.pid = Some(u32::MAX);
    state.boot_id = heartbeat.state().boot_id;
    put(&folder.file(), &state);
    assert!(is_alive(folder.file()), "no number that a process can have says nothing");
}

/// What each verdict says.
#[test]
fn verdicts_read_as_sentences() {
    let age = Duration::from_millis(45_250);
    let verdicts = [
        Liveness::Alive { age },
        Liveness::Stale { age, max_age: MAX_AGE },
        Liveness::Stalled { age, workers: vec!["indexer".into(), "mailer".into()] },
        Liveness::Stalled { age, workers: Vec::new() },
        Liveness::Stopped { age },
        Liveness::Missing,
        Liveness::Corrupt { why: "there is no timestamp".into() },
        Liveness::Unreadable { why: "it is a FIFO and no regular file".into() },
        Liveness::FromFuture { ahead: 3_600 * SECOND },
        Liveness::Dead { age, pid: 1_234 },
    ];
    insta::assert_snapshot!(verdicts.map(|verdict| verdict.to_string()).join("\n"), @r"
    alive, the last beat is 45.2s old
    stale, the last beat is 45.2s old, more than 30s
    stalled, no progress by indexer, mailer
    stalled
    stopped, 45.2s ago
    missing, there is no file
    corrupt, there is no timestamp
    unreadable, it is a FIFO and no regular file
    from the future, the last beat is 3600.0s ahead
    dead, process 1234 is gone, its last beat is 45.2s old
    ");
}
