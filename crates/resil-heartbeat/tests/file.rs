//! The file as its writers leave it.
#![cfg(not(any(loom, shuttle)))]
#![expect(clippy::unwrap_used, reason = "a test")]

mod folder;

use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use folder::Folder;
use resil_heartbeat::{Heartbeat, HeartbeatError, Status, read};

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// H: kstlib's keys come first, in their order, and the time is what Python writes.
#[test]
fn a_file_begins_with_the_keys_of_kstlib() {
    let folder = Folder::new("keys");
    let _heartbeat = Heartbeat::to_file(folder.file()).metadata("version", "1.4").start().unwrap();
    let text = std::fs::read_to_string(folder.file()).unwrap();
    let all = [
        "timestamp",
        "pid",
        "hostname",
        "metadata",
        "status",
        "instance",
        "sequence",
        "interval",
        "boot_id",
        "monotonic",
        "started",
        "progress",
    ];
    let places: Vec<_> = all.iter().filter_map(|key| text.find(&format!("\"{key}\":"))).collect();
    assert!(places.is_sorted() && text.starts_with("{\"timestamp\":\""), "{text}");
    assert_eq!(places.len(), if cfg!(target_os = "linux") { 12 } else { 10 }, "{text}");
    let stamp = text.split('"').nth(3).unwrap();
    assert!(stamp.ends_with("+00:00") && stamp.len() == "2023-11-14T22:13:20.000000+00:00".len(), "{stamp}");
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "one line for those who look at it");
}

/// H2: folders are made, and made again.
#[test]
fn the_folders_on_the_way_are_made_and_made_again() {
    let folder = Folder::new("parents");
    let path = folder.join("a/b/c/app.heartbeat");
    let heartbeat = Heartbeat::to_file(&path).start().unwrap();
    std::fs::remove_dir_all(folder.join("a")).unwrap();
    heartbeat.beat_now().unwrap();
    assert_eq!(read(&path).unwrap().sequence, Some(2));
    heartbeat.stop().unwrap();
    assert_eq!(read(&path).unwrap().status, Some(Status::Stopped));
}

/// H2: nothing is left behind by a beat, nor by one that fails; what was there stays.
#[test]
fn a_beat_that_fails_leaves_the_old_one_and_nothing_else() {
    let folder = Folder::new("fails");
    let heartbeat = Heartbeat::to_file(folder.file()).start().unwrap();
    heartbeat.beat_now().unwrap();
    assert_eq!(names(&folder), ["app.heartbeat"]);
    std::fs::remove_file(folder.file()).unwrap();
    std::fs::create_dir(folder.file()).unwrap();
    let error = heartbeat.beat_now().unwrap_err();
    assert!(matches!(&error, HeartbeatError::File { path, .. } if *path == folder.file()), "{error}");
    assert_eq!(names(&folder), ["app.heartbeat"]);
    std::fs::remove_dir(folder.file()).unwrap();
    heartbeat.beat_now().unwrap();
    assert_eq!((names(&folder).len(), read(folder.file()).unwrap().sequence), (1, Some(4)));
    assert_eq!((heartbeat.stats().beats, heartbeat.stats().missed), (3, 1));
}

/// H2, H5: what is written can be read, however its metadata is nested.
#[test]
fn metadata_is_nested_no_deeper_than_readers_read() {
    let nested = |levels: usize| {
        (1..levels).fold(serde_json::json!({}), |inner, level| match level % 2 {
            0 => serde_json::json!({ "inner": inner }),
            _ => serde_json::json!([inner]),
        })
    };
    let folder = Folder::new("nested");
    let heartbeat = Heartbeat::to_file(folder.file()).metadata("deep", nested(100)).start().unwrap();
    let error = heartbeat.set_metadata("deep", nested(101)).unwrap_err();
    assert_eq!(error.to_string(), "metadata \"deep\": it is nested more than 100 levels deep");
    assert!(heartbeat.set_metadata("deep", nested(2_000)).is_err());
    assert!(Heartbeat::builder().metadata("deep", nested(101)).start().is_err());
    heartbeat.beat_now().unwrap();
    assert_eq!(read(folder.file()).unwrap().metadata.get("deep"), Some(nested(100)));
}

/// H2: by option, each beat is on the disk.
#[test]
fn a_beat_can_be_put_on_the_disk() {
    let folder = Folder::new("fsync");
    let heartbeat = Heartbeat::to_file(folder.file()).fsync(true).start().unwrap();
    heartbeat.stop().unwrap();
    assert_eq!((names(&folder).len(), read(folder.file()).unwrap().status), (1, Some(Status::Stopped)));
}

/// H2: a monitor under another user can read it, whatever the writer's mask is.
#[cfg(unix)]
#[test]
fn others_can_read_the_file_and_only_its_writer_can_write_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("mode");
    let mode = || std::fs::metadata(folder.file()).unwrap().permissions().mode() & 0o777;
    for mask in [0o077, 0o000, 0o022] {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
        let _heartbeat = Heartbeat::to_file(folder.file()).start().unwrap();
        assert_eq!(mode(), 0o644, "with the mask {mask:03o}");
    }
}

#[cfg(unix)]
#[test]
fn of_a_symbolic_link_the_link_is_replaced() {
    let folder = Folder::new("link");
    let elsewhere = folder.join("elsewhere");
    std::fs::write(&elsewhere, "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.file()).unwrap();
    let _heartbeat = Heartbeat::to_file(folder.file()).start().unwrap();
    assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), "mine");
    assert!(read(folder.file()).is_ok());
}

/// H2: eight writers of one file, and four who read it all the time: no error, and nothing torn.
#[test]
fn many_writers_and_readers_of_one_file_see_each_beat_whole() {
    const WRITERS: usize = 8;
    const BEATS: usize = 400;
    let folder = Folder::new("storm");
    let path = folder.file();
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let long = "x".repeat(number * 500);
            Heartbeat::to_file(&path).metadata("number", number).metadata("long", long).start().unwrap()
        })
        .collect();
    let (is_over, reads, begin) = (AtomicBool::new(false), AtomicU64::new(0), Barrier::new(WRITERS + 4));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                begin.wait();
                while !is_over.load(Ordering::Relaxed) {
                    let state = read(&path).unwrap();
                    let number = state.metadata.get::<usize>("number").unwrap();
                    assert_eq!(state.metadata.get::<String>("long").unwrap().len(), number * 500);
                    assert!(state.liveness(Duration::from_secs(60)).is_alive());
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let (begin, writers) = (&begin, &writers);
        let writing: Vec<_> = writers
            .iter()
            .map(|writer| {
                scope.spawn(move || {
                    begin.wait();
                    (0..BEATS).for_each(|_| writer.beat_now().unwrap());
                })
            })
            .collect();
        let results: Vec<_> = writing.into_iter().map(thread::ScopedJoinHandle::join).collect();
        is_over.store(true, Ordering::Relaxed);
        assert!(results.iter().all(Result::is_ok));
    });
    let reads = reads.into_inner();
    println!("{WRITERS} writers x {BEATS} beats, {reads} reads by 4 readers: 0 errors, 0 torn");
    assert!(reads > 100, "only {reads} reads");
    assert!(writers.iter().all(|writer| writer.stats().missed == 0));
    assert_eq!(names(&folder), ["app.heartbeat"]);
}
