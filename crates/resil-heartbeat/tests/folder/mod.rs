//! A place for the files of one test.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::ops::Deref;
use std::path::{Path, PathBuf};

/// A folder of its own, which goes with it: in memory where that is possible, as writes are so quick there that whoever comes in between
/// comes into the middle of them.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = base.join(format!("resil-heartbeat-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where a heartbeat may write.
    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("app.heartbeat")
    }
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
