//! Files that change while calls are made.
#![cfg(all(feature = "reload", feature = "breaker"))]

mod folder;

use std::fs;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use folder::Folder;
use resil_breaker::CircuitBreaker;
use resil_config::{Clock, Config, Event, Reloader, Resilience};

fn file(threshold: u32) -> String {
    format!("resilience:\n  circuit_breaker: {{ failure_threshold: {threshold} }}\n")
}

const BAD: &str = "resilience:\n  circuit_breaker: { failure_threshold: many }\n";
const WORSE: &str = "resilience:\n  circuit_braker: { failure_threshold: 1 }\n";

fn threshold<C: Clock>(breaker: &CircuitBreaker<C>) -> Option<u32> {
    breaker.config().settings().failure_threshold
}

fn events<C: Clock + Clone + 'static>(resilience: &Resilience<C>) -> Receiver<Event> {
    let (sender, receiver) = mpsc::channel();
    resilience.observe(move |event| _ = sender.send(event.clone())).forget();
    receiver
}

/// So long that only what never comes takes longer.
const LIMIT: Duration = Duration::from_secs(60);

/// What is told next: a reload to so many, or a refusal.
fn next(events: &Receiver<Event>) -> Result<String, String> {
    match events.recv_timeout(LIMIT).expect("something is told") {
        Event::Reloaded(changes) => Ok(changes.to_string()),
        Event::Refused(error) => Err(error.to_string()),
        other => panic!("{other}"),
    }
}

fn changed(from: u32, to: u32) -> String {
    format!("changed circuit_breaker default: failure_threshold: {from} -> {to}")
}

#[test]
fn a_bad_file_changes_nothing_is_told_once_and_the_next_good_one_is_loaded() {
    let folder = Folder::new("bad");
    let path = folder.put("app.yaml", &file(1));
    let resilience = Config::from_file(&path).unwrap().build();
    let breaker = resilience.circuit_breaker("default").unwrap();
    let events = events(&resilience);
    let reloader = Reloader::of(Config::loader().file(&path))
        .debounce(Duration::from_millis(1))
        .poll_every(Duration::from_millis(1)) // so that it looks at each of them again and again
        .start(&resilience)
        .unwrap();
    folder.put("app.yaml", BAD);
    assert!(next(&events).unwrap_err().contains("failure_threshold"));
    folder.put("app.yaml", WORSE);
    assert!(next(&events).unwrap_err().contains("circuit_braker"));
    assert_eq!(threshold(&breaker), Some(1));
    folder.put("app.yaml", &file(3));
    assert_eq!(next(&events), Ok(changed(1, 3)));
    assert_eq!(threshold(&breaker), Some(3));
    folder.put("app.yaml", BAD);
    assert!(next(&events).is_err(), "it is told again when it comes again");
    reloader.stop();
    assert!(events.try_recv().is_err(), "nothing was told twice");
}

#[test]
fn it_is_told_of_files_that_are_written_and_of_those_that_take_their_place() {
    let folder = Folder::new("told");
    let path = folder.put("app.yaml", &file(1));
    let resilience = Config::from_file(&path).unwrap().build();
    let events = events(&resilience);
    let reloader = Reloader::watch(&path, &resilience).unwrap();
    folder.put("app.yaml", &file(2));
    assert_eq!(next(&events), Ok(changed(1, 2)));
    // In one write, so that nobody sees half of it.
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut open| {
            use std::io::Write;
            open.write_all(file(3).as_bytes())
        })
        .unwrap();
    assert_eq!(next(&events), Ok(changed(2, 3)));
    fs::remove_file(&path).unwrap();
    assert!(next(&events).is_err(), "it is gone");
    folder.put("app.yaml", &file(4));
    assert_eq!(next(&events), Ok(changed(3, 4)));
    reloader.stop();
    folder.put("app.yaml", &file(5));
    assert_eq!(
        Config::from_file(&path)
            .map(|config| config.build().circuit_breaker("default").map(|breaker| threshold(&breaker)))
            .unwrap(),
        Ok(Some(5))
    );
    assert_eq!(threshold(&resilience.circuit_breaker("default").unwrap()), Some(4), "it has stopped");
}

/// A ConfigMap is a folder of links to files in `..data`, which is a link to a folder that is swapped.
#[cfg(unix)]
#[test]
fn it_follows_the_links_of_a_config_map() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new("configmap");
    let swap = |version: &str, threshold| {
        fs::create_dir(folder.path(version)).unwrap();
        fs::write(folder.path(version).join("app.yaml"), file(threshold)).unwrap();
        symlink(version, folder.path("..new")).unwrap();
        fs::rename(folder.path("..new"), folder.path("..data")).unwrap();
    };
    swap("..one", 1);
    symlink("..data/app.yaml", folder.path("app.yaml")).unwrap();
    let resilience = Config::from_file(folder.path("app.yaml")).unwrap().build();
    let events = events(&resilience);
    let _reloader = Reloader::watch(folder.path("app.yaml"), &resilience).unwrap();
    for (version, from, to) in [("..two", 1, 2), ("..three", 2, 3)] {
        swap(version, to);
        assert_eq!(next(&events), Ok(changed(from, to)));
        fs::remove_dir_all(folder.path(if from == 1 { "..one" } else { "..two" })).unwrap();
    }
}

/// A link to a file in another folder, which is written there.
#[cfg(unix)]
#[test]
fn it_watches_the_file_behind_a_link() {
    let (folder, other) = (Folder::new("link"), Folder::new("behind"));
    other.put("real.yaml", &file(1));
    std::os::unix::fs::symlink(other.path("real.yaml"), folder.path("app.yaml")).unwrap();
    let resilience = Config::from_file(folder.path("app.yaml")).unwrap().build();
    let events = events(&resilience);
    let reloader = Reloader::watch(folder.path("app.yaml"), &resilience).unwrap();
    other.put("real.yaml", &file(2));
    assert_eq!(next(&events), Ok(changed(1, 2)));
    drop(reloader);
}

#[test]
fn included_files_are_watched_also_those_that_come_later() {
    let folder = Folder::new("include");
    let main = "resilience:\n  include: [more.yaml]\n";
    let path = folder.put("app.yaml", &file(1));
    let resilience = Config::from_file(&path).unwrap().build();
    let events = events(&resilience);
    let _reloader = Reloader::watch(&path, &resilience).unwrap();
    folder.put("more.yaml", &file(2));
    folder.put("app.yaml", main);
    assert_eq!(next(&events), Ok(changed(1, 2)));
    folder.put("more.yaml", &file(3));
    assert_eq!(next(&events), Ok(changed(2, 3)));
    fs::remove_file(folder.path("more.yaml")).unwrap();
    assert!(next(&events).is_err());
    folder.put("more.yaml", &file(4));
    assert_eq!(next(&events), Ok(changed(3, 4)));
}

#[test]
fn what_changed_before_it_began_is_loaded_and_a_file_that_is_not_there_is_an_error() {
    let folder = Folder::new("start");
    let path = folder.put("app.yaml", &file(1));
    let resilience = Config::from_file(&path).unwrap().build();
    folder.put("app.yaml", &file(2));
    let reloader = Reloader::watch(&path, &resilience).unwrap();
    let breaker = resilience.circuit_breaker("default").unwrap();
    assert_eq!(threshold(&breaker), Some(2));
    assert!(reloader.reload_now().unwrap().is_empty());
    assert!(Reloader::watch(folder.path("other.yaml"), &resilience).is_err());
    drop(resilience);
    assert!(reloader.reload_now().unwrap().is_empty(), "there is nothing to reload");
}

#[test]
fn two_reloads_at_once_come_one_after_the_other() {
    let config = |threshold| Config::from_yaml(file(threshold)).unwrap();
    let resilience = config(1).build();
    let events = events(&resilience);
    let configs: Vec<_> = (2..6).map(config).collect();
    thread::scope(|scope| {
        for config in &configs {
            let resilience = &resilience;
            scope.spawn(move || {
                // Not more events than wait for a listener.
                for _ in 0..50 {
                    resilience.reload(config).unwrap();
                }
            });
        }
    });
    // Each tells what it found and what it left: together they are a chain.
    let mut last = "1".to_owned();
    for event in events.try_iter() {
        let Event::Reloaded(changes) = event else { panic!("{event}") };
        let setting = &changes.changed[0].settings[0];
        assert_eq!(setting.from.as_deref(), Some(&*last));
        last = setting.to.clone().unwrap();
    }
    assert_eq!(threshold(&resilience.circuit_breaker("default").unwrap()).unwrap().to_string(), last);
}

#[test]
fn handles_are_shared_by_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Resilience>();
    is_shared::<Reloader>();
    #[cfg(feature = "pipeline")]
    is_shared::<resil_config::Pipeline>();
}
