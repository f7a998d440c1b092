//! Where the files of a measurement are.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

/// A folder of its own, gone with this.
#[derive(Debug)]
pub struct Place(PathBuf);

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("resil-bench-{}-{number}", process::id()));
        fs::create_dir_all(&path).expect("a folder for the files of a measurement");
        Self(path)
    }

    /// A file in it.
    pub fn file(&self) -> PathBuf {
        self.0.join("beat")
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
