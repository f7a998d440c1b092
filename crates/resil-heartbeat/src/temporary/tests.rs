use resil_core::{Clock, MonotonicClock};

use super::*;

/// A folder of its own, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("resil-heartbeat-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn names(folder: &Folder, file: &str, identity: &Identity) -> Names {
    Names::new(&folder.0, file.as_ref(), identity)
}

/// The number of no process: the largest that Linux ever gives is 2^22.
const NOBODY: u32 = 1 << 30;

/// H2: what a killed writer left behind goes, and nothing else.
#[test]
fn only_what_nobody_can_need_is_swept() {
    let folder = Folder::new("sweep");
    let identity = Identity::new(&MonotonicClock);
    if scope(&identity).is_none() {
        return println!("skipped: nothing is known of processes here");
    }
    let dead = Identity { pid: NOBODY, ..identity.clone() };
    let mut elsewhere = dead.clone();
    elsewhere.host.pid_namespace = Some(7);
    let make = |file: &str, identity: &Identity| {
        let path = names(&folder, file, identity).next();
        std::fs::write(&path, "half a be").unwrap();
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    let orphan = make("app.heartbeat", &dead);
    let mut kept = vec![
        make("app.heartbeat", &identity),
        make("app.heartbeat", &elsewhere),
        make("other.heartbeat", &dead),
        make("app.heartbeat.old", &dead),
    ];
    for name in ["app.heartbeat", ".app.heartbeat.txt", ".app.heartbeat.1-2-3.tmp", ".app.heartbeat.tmp"] {
        std::fs::write(folder.0.join(name), "").unwrap();
        kept.push(name.to_owned());
    }
    kept.sort();
    assert!(folder.names().contains(&orphan));
    let sweeper = names(&folder, "app.heartbeat", &identity);
    sweeper.sweep(MonotonicClock.unix_time());
    assert_eq!(folder.names(), kept);

    // A clock that stands at the beginning of time makes nothing old.
    sweeper.sweep(Duration::ZERO);
    assert_eq!(folder.names(), kept);

    // A day later nobody can be about to rename any of them.
    let minutes = |minutes: u64| MonotonicClock.unix_time() + Duration::from_secs(minutes * 60);
    sweeper.sweep(minutes(24 * 60 - 10));
    assert_eq!(folder.names(), kept);
    sweeper.sweep(minutes(24 * 60 + 10));
    kept.retain(|name| {
        !(name.starts_with(".app.heartbeat.") && name.matches('-').count() == 3) || name.contains(".old.")
    });
    assert_eq!(kept.len(), 6);
    assert_eq!(folder.names(), kept);
}

#[test]
fn names_are_short_hidden_and_never_the_same() {
    let folder = Folder::new("names");
    let identity = Identity::new(&MonotonicClock);
    for file in ["a", "app.heartbeat", &"ü".repeat(120), &"x".repeat(255), "a\nb", " "] {
        let mut names = names(&folder, file, &identity);
        let (first, second) = (names.next(), names.next());
        assert_ne!(first, second);
        for path in [first, second] {
            assert_eq!(path.parent(), Some(&*folder.0));
            let name = path.file_name().unwrap();
            let text = name.to_str().unwrap();
            assert!(text.len() < 255 && text.starts_with('.') && !text.contains('\n'), "{text}");
            let mark = names.mark(&name.to_owned()).unwrap();
            assert_eq!(mark.pid, std::process::id());
            std::fs::write(path, "").unwrap();
        }
    }
}

#[test]
fn two_heartbeats_of_one_process_have_names_of_their_own() {
    let folder = Folder::new("two");
    let make = || names(&folder, "app.heartbeat", &Identity::new(&MonotonicClock)).next();
    assert_ne!(make(), make());
}
