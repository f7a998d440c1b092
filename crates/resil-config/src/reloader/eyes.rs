use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::mpsc::Sender;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::Message;

/// What the system tells of folders.
pub(super) struct Eyes {
    /// `None` where the system tells nothing.
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// Whether all folders are watched that should be.
    is_complete: bool,
}

impl Eyes {
    pub(super) fn open(sender: Sender<Message>, folders: &BTreeSet<PathBuf>) -> Self {
        let tell = move |event: notify::Result<Event>| {
            // Reading a file is an event, too, and the reloader reads.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            // Where nobody listens any longer, it has stopped.
            _ = sender.send(Message::Touched);
        };
        let watcher = notify::recommended_watcher(tell).ok();
        let mut eyes = Self { watcher, watched: BTreeSet::new(), is_complete: false };
        eyes.follow(folders);
        eyes
    }

    /// Watches these folders, and no others any longer.
    pub(super) fn follow(&mut self, folders: &BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        for left in self.watched.difference(folders) {
            // One that is gone is no longer watched.
            _ = watcher.unwatch(left);
        }
        self.watched.retain(|folder| folders.contains(folder));
        for folder in folders {
            // Again and again: another folder may have come in the place of one that was watched.
            if watcher.watch(folder, RecursiveMode::NonRecursive).is_ok() {
                self.watched.insert(folder.clone());
            } else {
                self.watched.remove(folder);
            }
        }
        self.is_complete = self.watched.len() == folders.len();
    }

    pub(super) const fn are_told(&self) -> bool {
        self.is_complete
    }
}

impl fmt::Debug for Eyes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eyes").field("watched", &self.watched).finish_non_exhaustive()
    }
}
