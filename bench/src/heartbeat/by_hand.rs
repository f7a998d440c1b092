//! What one would write by hand.

use std::fs::{self, File};
use std::io::Write as _;
use std::process;
use std::time::SystemTime;

use crate::contender::Contender;
use crate::floor::each;
use crate::heartbeat::place::Place;

/// Written in place, where a reader may find half of it.
pub const IN_PLACE: &str = "written in place";
/// Written beside, and renamed.
pub const RENAMED: &str = "written and renamed";
/// Read and parsed.
pub const READ: &str = "read and parsed";

fn text() -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let state = serde_json::json!({
        "timestamp": now.to_string(), "pid": process::id(), "hostname": "bench", "metadata": {}
    });
    serde_json::to_vec(&state).expect("it is text")
}

/// Beats without our care.
pub fn beats() -> Vec<Contender> {
    let (first, second, third) = (Place::new(), Place::new(), Place::new());
    let rename = |place: &Place, sync: bool| {
        let (path, beside) = (place.file(), place.path().join("beside"));
        let mut file = File::create(&beside).expect("a new file");
        file.write_all(&text()).expect("a few bytes");
        if sync {
            file.sync_all().expect("a disk");
        }
        drop(file);
        fs::rename(&beside, &path).expect("the same folder");
    };
    vec![
        each(IN_PLACE, move || fs::write(first.file(), text()).expect("a few bytes")),
        each(RENAMED, move || rename(&second, false)),
        each("written, fsynced and renamed", move || rename(&third, true)),
    ]
}

/// A look without our care.
pub fn look() -> Contender {
    let place = Place::new();
    fs::write(place.file(), text()).expect("a few bytes");
    each(READ, move || {
        let bytes = fs::read(place.file()).expect("it was written");
        serde_json::from_slice::<serde_json::Value>(&bytes).expect("it is whole")
    })
}
