use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use resil_core::Clock;
use resil_core::sync::{Mutex, lock};

use crate::resilience::Shared;
use crate::text::LONGEST;
use crate::{Changes, LoadError, Loader};

/// Looks at files and loads them; without the type of the clock.
pub(super) trait Sight: Send + Sync {
    /// Loads the files if their contents are others than before; `false` once there is nothing to load them into.
    fn look(&self) -> bool;
    /// Loads the files.
    fn look_now(&self) -> Result<Changes, LoadError>;
    /// The folders in which something may change.
    fn folders(&self) -> BTreeSet<PathBuf>;
    /// The files that were read last.
    fn files(&self) -> Vec<PathBuf>;
    /// No look does anything any longer.
    fn close(&self);
}

/// The files of one [`Resilience`](crate::Resilience).
pub(super) struct Look<C: Clock + 'static> {
    loader: Loader,
    shared: Weak<Shared<C>>,
    seen: Mutex<Prints>,
    is_closed: AtomicBool,
}

/// Files and their contents, as hashes; `None` is a file that cannot be read.
type Prints = BTreeMap<PathBuf, Option<u64>>;

/// How often it loads again at most where the files that are included change all the time.
const ROUNDS: usize = 8;

impl<C: Clock + Clone + 'static> Look<C> {
    pub(super) fn new(loader: Loader, shared: &Arc<Shared<C>>) -> Self {
        let seen = loader.first().into_iter().map(|path| (path, None)).collect();
        let shared = Arc::downgrade(shared);
        Self { loader, shared, seen: Mutex::new(seen), is_closed: AtomicBool::new(false) }
    }

    /// Loads until what was loaded is what was looked at.
    fn load(&self, seen: &mut Prints) -> Result<crate::Config, LoadError> {
        let mut round = 0;
        loop {
            round += 1;
            *seen = seen.keys().map(|path| (path.clone(), print(path))).collect();
            let (config, paths) = self.loader.load_and_tell();
            let is_known = paths.iter().all(|path| seen.contains_key(path));
            if config.is_ok() {
                seen.retain(|path, _| paths.contains(path));
            }
            // Of a bad file, also the files stay known that it included when it was good.
            seen.extend(paths.into_iter().map(|path| (path, None)).filter(|_| !is_known));
            if is_known || round == ROUNDS {
                return config;
            }
        }
    }

    fn put(shared: &Shared<C>, config: Result<crate::Config, LoadError>) -> Result<Changes, LoadError> {
        match config {
            Ok(config) => shared.take(&config),
            Err(error) => {
                shared.refuse(error.clone());
                Err(error)
            }
        }
    }
}

impl<C: Clock + Clone + 'static> Sight for Look<C> {
    fn look(&self) -> bool {
        let Some(shared) = self.shared.upgrade() else { return false };
        if self.is_closed.load(Ordering::Relaxed) {
            return false;
        }
        let mut seen = lock(&self.seen);
        if seen.iter().any(|(path, known)| print(path) != *known) {
            let config = self.load(&mut seen);
            // What is wrong is in the event.
            _ = Self::put(&shared, config);
        }
        drop(seen);
        shared.deliver();
        true
    }

    fn look_now(&self) -> Result<Changes, LoadError> {
        let Some(shared) = self.shared.upgrade() else { return Ok(Changes::default()) };
        let mut seen = lock(&self.seen);
        let config = self.load(&mut seen);
        let outcome = Self::put(&shared, config);
        drop(seen);
        shared.deliver();
        outcome
    }

    fn folders(&self) -> BTreeSet<PathBuf> {
        let seen = lock(&self.seen);
        // Of a link both: the folder that it is in, and that of the file.
        let paths = seen.keys().flat_map(|path| [Some(path.clone()), path.canonicalize().ok()]).flatten();
        paths.filter_map(|path| folder(&path)).collect()
    }

    fn files(&self) -> Vec<PathBuf> {
        lock(&self.seen).keys().cloned().collect()
    }

    fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }
}

fn folder(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    Some(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() })
}

/// What is in a file, as a hash; of one that is too long to be loaded, its beginning.
fn print(path: &Path) -> Option<u64> {
    let mut contents = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(LONGEST as u64 + 1).read_to_end(&mut contents).ok()?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&contents);
    Some(hasher.finish())
}
