use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use resil_core::contain;

use crate::Reading;

/// A file that another process renews while it is alive, and what can read it.
pub(crate) struct StateFile {
    path: PathBuf,
    reader: Box<Reader>,
}

type Reader = dyn Fn(&Path, Duration) -> Reading + Send + Sync;

impl StateFile {
    pub(crate) fn new<R: Into<Reading>>(
        path: PathBuf,
        reader: impl Fn(&Path, Duration) -> R + Send + Sync + 'static,
    ) -> Self {
        Self { path, reader: Box::new(move |path, max_age| reader(path, max_age).into()) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What the reader says, or the text of its panic.
    pub(crate) fn read(&self, max_age: Duration) -> Result<Reading, String> {
        contain(|| (self.reader)(&self.path, max_age))
    }
}

impl fmt::Debug for StateFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateFile").field("path", &self.path).finish_non_exhaustive()
    }
}
