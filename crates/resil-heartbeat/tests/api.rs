//! What users of the handle see, of a thread and of a task alike.
#![cfg(not(any(loom, shuttle)))]

mod folder;
mod scene;

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use folder::Folder;
use resil_heartbeat::{
    Clock, Config, Heartbeat, HeartbeatError, ManualClock, Moment, State, Status, Stopper, Timestamp,
    is_alive, read,
};
use scene::{FORMS, LIMIT, SECOND, Scene};

fn at(seconds: u64) -> Moment {
    Moment::ZERO.saturating_add(Duration::from_secs(seconds))
}

/// H1: before `start` returns, the first beat was told.
#[test]
fn the_first_beat_comes_with_the_start() {
    for form in FORMS {
        let folder = Folder::new("first");
        let scene = Scene::set(form, |builder| builder.file(folder.file()));
        assert_eq!(scene.beats.try_recv().map(|state| state.status), Ok(Some(Status::Starting)));
        let state = read(folder.file()).unwrap();
        assert_eq!((state.sequence, state.status), (Some(1), Some(Status::Starting)));
        assert_eq!(state, scene.heartbeat.state());
    }
}

/// H1: a file that cannot be written fails the start, with its path and with what the system said.
#[test]
fn a_file_that_cannot_be_written_fails_the_start() {
    let folder = Folder::new("unwritable");
    std::fs::write(folder.join("file"), "").unwrap();
    std::fs::create_dir(folder.join("folder")).unwrap();
    for (name, says) in [
        ("file/app.heartbeat", "File exists|Not a directory"),
        ("folder", "directory"),
        ("..", "names no file"),
    ] {
        for form in FORMS {
            let path = folder.join(name);
            let error = Scene::try_set(form, |builder| builder.file(&path)).err().unwrap();
            let source = std::error::Error::source(&error).unwrap().to_string();
            assert!(says.split('|').any(|text| source.contains(text)), "{name}: {source}");
            match error {
                HeartbeatError::File { path: told, .. } => assert_eq!(told, path),
                other => panic!("{other}"),
            }
        }
    }
    assert!(Heartbeat::to_file("").start().is_err());
    assert_eq!(std::fs::read_dir(&*folder).unwrap().count(), 2);
}

/// H1: the schedule is fixed from the start on.
#[test]
fn beats_come_at_their_ticks() {
    for form in FORMS {
        let scene = Scene::set(form, |builder| builder.interval(7 * SECOND));
        let began = scene.next_state().timestamp;
        for number in 1..20 {
            scene.advance(7 * SECOND);
            let state = scene.next_state();
            assert_eq!((state.sequence, state.status), (Some(u64::from(number) + 1), Some(Status::Running)));
            assert_eq!(state.timestamp.to_unix(), began.to_unix() + 7 * SECOND * number);
        }
        scene.until_asleep();
        let stats = scene.heartbeat.stats();
        assert_eq!((stats.beats, stats.missed, stats.skipped), (20, 0, 0));
        assert_eq!((stats.started, stats.last_beat), (at(0), Some(at(133))));
    }
}

/// H1: missed ticks are skipped and counted, and the next one comes at its own time.
#[test]
fn ticks_that_were_slept_through_are_skipped() {
    for form in FORMS {
        let scene = Scene::set(form, |builder| builder);
        assert_eq!(scene.next(), (1, Status::Starting));
        scene.advance(35 * SECOND);
        assert_eq!(scene.next(), (2, Status::Running));
        scene.advance(4 * SECOND);
        scene.until_asleep();
        assert!(scene.beats.try_recv().is_err());
        scene.advance(SECOND);
        assert_eq!(scene.next(), (3, Status::Running));
        scene.until_asleep();
        assert_eq!(scene.heartbeat.stats().skipped, 2);
    }
}

/// H1: a beat by hand is told at once, from any thread; it moves no schedule and calls no `on_beat`.
#[test]
fn a_beat_by_hand_changes_nothing_but_the_file() {
    for form in FORMS {
        let folder = Folder::new("by-hand");
        let (tell, told) = channel();
        let scene = Scene::set(form, |builder| {
            builder.file(folder.file()).on_beat(move |state| tell.send(state.sequence).unwrap())
        });
        assert_eq!(told.recv_timeout(LIMIT), Ok(Some(1)));
        scene.advance(6 * SECOND);
        scene.until_asleep();
        thread::scope(|scope| scope.spawn(|| scene.heartbeat.beat_now().unwrap()).join().unwrap());
        assert_eq!(read(folder.file()).unwrap().sequence, Some(2));
        scene.advance(4 * SECOND);
        assert_eq!(
            told.recv_timeout(LIMIT),
            Ok(Some(3)),
            "it comes at its tick, and is the next that is heard of"
        );
        scene.until_asleep();
        assert_eq!(scene.heartbeat.stats().beats, 3);
    }
}

/// H3, H9: a stop is the last word, however often it is said.
#[test]
fn a_stop_says_stopped_and_no_beat_comes_after_it() {
    for form in FORMS {
        let folder = Folder::new("stop");
        let scene = Scene::set(form, |builder| builder.file(folder.file()));
        scene.until_asleep();
        assert!(scene.heartbeat.is_running());
        scene.heartbeat.stop().unwrap();
        assert!(!scene.heartbeat.is_running());
        assert_eq!((scene.next(), scene.next()), ((1, Status::Starting), (2, Status::Stopped)));
        assert_eq!(read(folder.file()).unwrap().status, Some(Status::Stopped));
        assert!(!is_alive(folder.file()));
        scene.heartbeat.stop().unwrap();
        scene.heartbeat.stopper().stop().unwrap();
        assert!(matches!(scene.heartbeat.beat_now(), Err(HeartbeatError::Stopped)));
        assert!(matches!(scene.heartbeat.ready(), Err(HeartbeatError::Stopped)));
        scene.clock.advance(100 * SECOND);
        // The loop is gone: nobody but the handle has the sink's end of the channel.
        let Scene { heartbeat, beats, .. } = scene;
        drop(heartbeat);
        assert!(beats.recv_timeout(LIMIT).is_err());
        assert_eq!(read(folder.file()).unwrap().sequence, Some(2));
    }
}

/// H9: dropping the handle is a stop.
#[test]
fn a_dropped_heartbeat_says_stopped() {
    for form in FORMS {
        let folder = Folder::new("drop");
        let Scene { heartbeat, .. } = Scene::set(form, |builder| builder.file(folder.file()));
        drop(heartbeat);
        assert_eq!(read(folder.file()).unwrap().status, Some(Status::Stopped));
    }
}

/// A crash must not look like a stop.
#[test]
fn a_heartbeat_that_is_dropped_by_a_panic_says_nothing() {
    for form in FORMS {
        let folder = Folder::new("panic");
        let Scene { heartbeat, beats, .. } = Scene::set(form, |builder| builder.file(folder.file()));
        let stopper = heartbeat.stopper();
        let crash = thread::spawn(move || {
            let _heartbeat = heartbeat;
            std::panic::resume_unwind(Box::new("a crash"));
        });
        assert!(crash.join().is_err());
        stopper.stop().unwrap();
        let said: Vec<_> = beats.iter().map(|state| state.status.unwrap()).collect();
        assert_eq!(said, [Status::Starting], "and the loop has gone");
        assert_eq!(read(folder.file()).unwrap().status, Some(Status::Starting));
    }
}

/// H9: a stop works from inside a callback, a listener, the target and a sink.
#[test]
fn a_stop_works_from_wherever_it_is_called() {
    let stop = |stopper: Stopper| move || stopper.stop().unwrap();
    for form in FORMS {
        for place in ["on_beat", "target", "sink"] {
            let scene = Scene::set(form, |builder| {
                let stop = stop(builder.stopper());
                match place {
                    "on_beat" => builder.on_beat(move |_| stop()),
                    "target" => builder.target(move || {
                        stop();
                        true
                    }),
                    _ => builder.sink(move |state: &State| {
                        if state.sequence == Some(2) {
                            stop();
                        }
                        Ok(())
                    }),
                }
                .on_target_dead(|| panic!("it was stopped"))
            });
            if place == "sink" {
                scene.advance(10 * SECOND);
            }
            let last = scene.beats.iter().find(|state| state.status == Some(Status::Stopped)).unwrap();
            assert!(last.sequence <= Some(3), "{place}: {:?}", last.sequence);
            while scene.heartbeat.is_running() {
                thread::yield_now();
            }
            assert!(scene.beats.try_recv().is_err(), "{place}");
            assert_eq!(scene.heartbeat.stats().callback_panics, 0);
        }
        let scene = Scene::set(form, |builder| builder);
        let stopper = scene.heartbeat.stopper();
        scene.heartbeat.observe(move |_| stopper.stop().unwrap()).forget();
        scene.advance(10 * SECOND);
        assert!(scene.beats.iter().any(|state| state.status == Some(Status::Stopped)));
    }
}

#[test]
fn a_heartbeat_that_was_stopped_before_it_began_does_not() {
    for form in FORMS {
        let folder = Folder::new("refused");
        let error = Scene::try_set(form, |builder| {
            builder.stopper().stop().unwrap();
            builder.file(folder.file())
        });
        assert!(matches!(error.err(), Some(HeartbeatError::Stopped)));
        assert!(!folder.file().exists());
    }
}

#[test]
fn a_stopper_without_its_heartbeat_does_nothing() {
    let heartbeat = Heartbeat::builder().start().unwrap();
    let stopper = heartbeat.stopper();
    drop(heartbeat);
    stopper.stop().unwrap();
    let builder = Heartbeat::builder();
    let stopper = builder.stopper();
    drop(builder);
    stopper.stop().unwrap();
}

/// H7: metadata can be changed while it runs; the next beat carries the change.
#[test]
fn metadata_can_be_changed_while_it_runs() {
    let folder = Folder::new("metadata");
    let scene = Scene::set(FORMS[0], |builder| {
        builder.file(folder.file()).metadata("version", "1.4").metadata("jobs", 0)
    });
    let read = || read(folder.file()).unwrap().metadata;
    assert_eq!(read().to_string(), r#"{"jobs":0,"version":"1.4"}"#);
    scene.heartbeat.set_metadata("jobs", 7).unwrap();
    scene.heartbeat.set_metadata("queue", ("a", [1, 2])).unwrap();
    assert!(scene.heartbeat.remove_metadata("version"));
    assert!(!scene.heartbeat.remove_metadata("version"));
    assert_eq!(read().to_string(), r#"{"jobs":0,"version":"1.4"}"#, "no beat has come");
    scene.heartbeat.beat_now().unwrap();
    assert_eq!(read().to_string(), r#"{"jobs":7,"queue":["a",[1,2]]}"#);
    assert_eq!(read().get::<u32>("jobs"), Some(7));
    assert_eq!((read().get::<u32>("queue"), read().get::<u32>("nothing")), (None, None));
    assert_eq!(
        (read().keys().collect::<Vec<_>>(), read().len(), read().is_empty()),
        (vec!["jobs", "queue"], 2, false)
    );
}

#[test]
fn metadata_that_no_file_can_hold_is_refused_and_nothing_changes() {
    let heartbeat = Heartbeat::builder().metadata("version", "1.4").start().unwrap();
    let odd = std::collections::BTreeMap::from([((1, 2), 3)]);
    let errors = [
        heartbeat.set_metadata("odd", odd).unwrap_err(),
        heartbeat.set_metadata("long", "x".repeat(30_000)).unwrap_err(),
        heartbeat.set_metadata("version", "x".repeat(30_000)).unwrap_err(),
        heartbeat.set_metadata("k".repeat(30_000), 1).unwrap_err(),
        Heartbeat::builder().metadata("long", "x".repeat(30_000)).metadata("fine", 1).start().unwrap_err(),
    ];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r#"
    metadata "odd": key must be a string
    metadata "long": all metadata would have 30027 bytes, more than 24576
    metadata "version": all metadata would have 30014 bytes, more than 24576
    metadata "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk": all metadata would have 30022 bytes, more than 24576
    metadata "long": all metadata would have 30011 bytes, more than 24576
    "#);
    heartbeat.beat_now().unwrap();
    assert_eq!(heartbeat.state().metadata.to_string(), r#"{"version":"1.4"}"#);
    heartbeat.set_metadata("long", "x".repeat(24_000)).unwrap();
}

/// H4: a worker that stands still turns the status, at its limit and not a tick later, and back when it moves.
#[test]
fn a_frozen_worker_turns_the_status_to_stalled() {
    for form in FORMS {
        let scene = Scene::set(form, |builder| builder.interval(10 * SECOND));
        assert_eq!(scene.next(), (1, Status::Starting));
        scene.until_asleep();
        let ticket = scene.heartbeat.progress_within("indexer", 13 * SECOND).unwrap();
        let _other = scene.heartbeat.progress_within("other", 600 * SECOND).unwrap();
        scene.heartbeat.beat_now().unwrap();
        assert_eq!(scene.next(), (2, Status::Running));
        scene.advance(10 * SECOND);
        assert_eq!(scene.next(), (3, Status::Running));
        scene.advance(3 * SECOND);
        let state = scene.next_state();
        assert_eq!((state.sequence, state.status), (Some(4), Some(Status::Stalled)), "between two ticks");
        let workers: Vec<_> =
            state.progress.iter().map(|worker| (&*worker.name, worker.is_stalled)).collect();
        assert_eq!(workers, [("indexer", true), ("other", false)]);
        assert_eq!(state.progress[0].still_for, 13 * SECOND);
        assert_eq!((scene.heartbeat.stats().workers, scene.heartbeat.stats().stalled), (2, 1));
        scene.advance(7 * SECOND);
        assert_eq!(scene.next(), (5, Status::Stalled));
        ticket.advance();
        scene.advance(10 * SECOND);
        assert_eq!(scene.next(), (6, Status::Running));
        scene.advance(10 * SECOND);
        assert_eq!(scene.next(), (7, Status::Running));
        scene.advance(3 * SECOND);
        assert_eq!(scene.next(), (8, Status::Stalled));
        drop(ticket);
        assert_eq!(scene.next(), (9, Status::Running), "who is gone is not missed");
    }
}

/// H4: the limit of a worker that is watched between two ticks ends between two ticks.
#[test]
fn a_limit_that_ends_before_the_next_tick_is_not_missed() {
    for form in FORMS {
        let scene = Scene::set(form, |builder| builder.interval(100 * SECOND).progress_limit(5 * SECOND));
        scene.advance(20 * SECOND);
        scene.until_asleep();
        let mut ticket = scene.heartbeat.progress("indexer");
        assert_eq!(scene.next(), (1, Status::Starting));
        // It slept until another moment, and was told that there is an earlier one.
        scene.advance(5 * SECOND);
        assert_eq!(scene.next(), (2, Status::Stalled));
        let waiting = ticket.pause();
        scene.heartbeat.beat_now().unwrap();
        assert_eq!(scene.next(), (3, Status::Running));
        drop(waiting);
        scene.heartbeat.beat_now().unwrap();
        let state = scene.next_state();
        assert_eq!((state.progress[0].advances, state.progress[0].is_paused), (1, false));
    }
}

#[test]
fn a_file_with_very_many_workers_can_be_read() {
    let folder = Folder::new("many");
    let heartbeat = Heartbeat::to_file(folder.file()).metadata("long", "\0".repeat(3_900)).start().unwrap();
    let name = |number: u32| format!("{number}{}", "\u{1}".repeat(500));
    let tickets: Vec<_> = (0..1_000).map(|number| heartbeat.progress(name(number))).collect();
    heartbeat.beat_now().unwrap();
    let state = read(folder.file()).unwrap();
    assert_eq!((state.progress.len(), heartbeat.stats().workers), (64, 1_000));
    assert_eq!(state.progress[0].name.chars().count(), 64);
    drop(tickets);
    heartbeat.beat_now().unwrap();
    assert!(read(folder.file()).unwrap().progress.is_empty());
}

/// H8: several sinks at once; one that fails or panics takes the beat from no other.
#[test]
fn a_sink_that_fails_misses_the_beat_and_the_others_hear_it() {
    for form in FORMS {
        let folder = Folder::new("sinks");
        let mood = Arc::new(Mutex::new("good"));
        let moody = Arc::clone(&mood);
        let (tell, told) = channel();
        let scene = Scene::set(form, |builder| {
            builder
                .file(folder.file())
                .sink(move |_| {
                    let mood = *moody.lock().unwrap();
                    match mood {
                        "good" => Ok(()),
                        "bad" => Err(std::io::Error::other("no network")),
                        _ => std::panic::resume_unwind(Box::new("oh")),
                    }
                })
                .on_missed_beat(move |error| {
                    let source = std::error::Error::source(error).unwrap();
                    tell.send(format!("{error}: {source}")).unwrap();
                })
        });
        assert_eq!(scene.next(), (1, Status::Starting));
        for (number, now, says) in [(2, "bad", "no network"), (3, "worse", "it panicked: oh")] {
            *mood.lock().unwrap() = now;
            scene.advance(10 * SECOND);
            assert_eq!(told.recv_timeout(LIMIT).unwrap(), format!("a sink did not take the beat: {says}"));
            assert_eq!(scene.next(), (number, Status::Running), "after the one that fails");
            assert_eq!(read(folder.file()).unwrap().sequence, Some(number), "before it");
        }
        let error = scene.heartbeat.beat_now().unwrap_err();
        assert!(matches!(error, HeartbeatError::Sink(_)), "{error}");
        scene.until_asleep();
        let stats = scene.heartbeat.stats();
        assert_eq!((stats.beats, stats.missed, stats.missed_in_a_row, stats.callback_panics), (1, 3, 3, 2));
        *mood.lock().unwrap() = "good";
        scene.heartbeat.beat_now().unwrap();
        let stats = scene.heartbeat.stats();
        assert_eq!((stats.beats, stats.missed, stats.missed_in_a_row), (2, 3, 0));
        drop(scene);
        assert!(told.recv_timeout(LIMIT).is_err(), "whoever asks for a beat is told of its errors alone");
    }
}

#[test]
fn a_sink_that_fails_at_the_start_fails_it_and_the_file_says_stopped() {
    for form in FORMS {
        let folder = Folder::new("sink-start");
        let error = Scene::try_set(form, |builder| {
            builder.file(folder.file()).sink(|_| Err(std::io::Error::other("no network")))
        });
        assert!(matches!(error.err(), Some(HeartbeatError::Sink(_))));
        assert_eq!(read(folder.file()).unwrap().status, Some(Status::Stopped));
    }
}

/// H3: a last beat that did not reach everybody is an error, and the next stop tries again.
#[test]
fn a_stop_that_did_not_reach_everybody_can_be_tried_again() {
    let is_down = Arc::new(Mutex::new(false));
    let down = Arc::clone(&is_down);
    let scene = Scene::set(FORMS[0], |builder| {
        builder.sink(move |_| if *down.lock().unwrap() { Err(std::io::Error::other("down")) } else { Ok(()) })
    });
    *is_down.lock().unwrap() = true;
    assert!(matches!(scene.heartbeat.stop(), Err(HeartbeatError::Sink(_))));
    assert!(!scene.heartbeat.is_running());
    *is_down.lock().unwrap() = false;
    scene.heartbeat.stop().unwrap();
    scene.heartbeat.stop().unwrap();
    let said: Vec<_> = scene.beats.try_iter().map(|state| state.status.unwrap()).collect();
    assert_eq!(said, [Status::Starting, Status::Stopped, Status::Stopped]);
}

#[test]
fn a_sink_cannot_ask_for_a_beat_in_the_middle_of_one() {
    let handle: Arc<OnceLock<Heartbeat<ManualClock>>> = Arc::default();
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (own, noted) = (Arc::clone(&handle), Arc::clone(&answers));
    let scene = Scene::set(FORMS[0], |builder| {
        builder.sink(move |_| {
            if let Some(heartbeat) = own.get() {
                noted.lock().unwrap().push(heartbeat.beat_now().unwrap_err().to_string());
                let _ = (heartbeat.stats(), heartbeat.state(), format!("{heartbeat:?}"));
            }
            Ok(())
        })
    });
    let Scene { heartbeat, beats, .. } = scene;
    assert!(handle.set(heartbeat).is_ok());
    handle.get().unwrap().beat_now().unwrap();
    assert_eq!(*answers.lock().unwrap(), ["a sink asked for a beat in the middle of one"]);
    assert_eq!(beats.try_iter().count(), 2);
    handle.get().unwrap().stop().unwrap();
}

/// H1: beats of all threads reach everybody in their order.
#[test]
fn beats_of_many_threads_come_one_after_the_other() {
    let scene = Scene::set(FORMS[0], |builder| builder);
    let begin = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                begin.wait();
                (0..200).for_each(|_| scene.heartbeat.beat_now().unwrap());
            });
        }
    });
    scene.heartbeat.stop().unwrap();
    let numbers: Vec<_> = scene.beats.try_iter().map(|state| state.sequence.unwrap()).collect();
    assert_eq!(numbers, (1..=802).collect::<Vec<_>>());
}

/// Beats say `starting` for as long as the program does.
#[test]
fn a_program_that_is_ready_later_says_so() {
    for form in FORMS {
        let scene = Scene::set(form, |builder| builder.ready_later(true));
        scene.advance(10 * SECOND);
        assert_eq!((scene.next(), scene.next()), ((1, Status::Starting), (2, Status::Starting)));
        scene.heartbeat.ready().unwrap();
        assert_eq!(scene.next(), (3, Status::Running));
        scene.advance(10 * SECOND);
        assert_eq!(scene.next(), (4, Status::Running));
    }
}

/// C3: a handle tells its name, its settings and its state.
#[test]
fn a_handle_says_what_it_is() {
    let folder = Folder::new("tells");
    let scene = Scene::set(FORMS[0], |builder| {
        builder
            .name("api")
            .file(folder.file())
            .fsync(true)
            .interval(5 * SECOND)
            .target_repeat(SECOND, 9 * SECOND)
    });
    let heartbeat = &scene.heartbeat;
    assert_eq!((heartbeat.name().as_str(), heartbeat.file()), ("api", Some(&*folder.file())));
    let config = Config::new().interval(5 * SECOND).fsync(true).target_repeat(SECOND, 9 * SECOND);
    assert_eq!(heartbeat.config(), config);
    let text = format!("{heartbeat:?}");
    for part in ["api", "app.heartbeat", "5s", "Starting", "beats: 1"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    for text in [format!("{:?}", heartbeat.stopper()), format!("{:?}", heartbeat.progress("x"))] {
        assert!(!text.is_empty());
    }
    assert_eq!(Heartbeat::builder().start().unwrap().file(), None);
}

/// What every beat says of its process.
#[test]
fn a_beat_carries_who_when_and_where() {
    let folder = Folder::new("identity");
    let scene = Scene::set(FORMS[0], |builder| builder.file(folder.file()).interval(5 * SECOND));
    let other = Scene::set(FORMS[0], |builder| builder);
    let state = read(folder.file()).unwrap();
    assert_eq!(state.timestamp, Timestamp::from_unix(scene.clock.unix_time()));
    assert_eq!((state.pid, state.interval), (Some(std::process::id()), Some(5 * SECOND)));
    assert!(state.hostname.is_some_and(|name| !name.is_empty()));
    let instance = state.instance.unwrap();
    assert!(instance.len() == 32 && instance.chars().all(|c| c.is_ascii_hexdigit()), "{instance}");
    assert_ne!(Some(instance), other.heartbeat.state().instance);
    assert_eq!(state.started.unwrap().at, state.timestamp);
    if cfg!(target_os = "linux") {
        assert!(state.boot_id.is_some() && state.monotonic.is_some());
        assert!(state.started.unwrap().process.is_some() && state.started.unwrap().pid_namespace.is_some());
    }
}

/// C6: a handle is shared by reference or in an `Arc`.
#[test]
fn handles_can_be_shared_between_threads() {
    fn can_be_shared<T: Send + Sync>() {}
    can_be_shared::<Heartbeat>();
    can_be_shared::<Stopper>();
    can_be_shared::<resil_heartbeat::Progress>();
    can_be_shared::<resil_heartbeat::Reader>();
    can_be_shared::<State>();
    can_be_shared::<HeartbeatError>();
}
