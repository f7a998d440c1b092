mod eyes;
mod look;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use resil_core::{Clock, Moment, MonotonicClock};

use crate::debounce::Debounce;
use crate::{Changes, Config, LoadError, Loader, Problem, Resilience, Source};
use eyes::Eyes;
use look::{Look, Sight};

/// Reloads a [`Resilience`] whenever its file changes, or one that the file includes.
///
/// It watches the folders, so that it also sees editors and copying tools that put another file in the place of the old one, and
/// Kubernetes, which swaps a link. It waits until nothing has changed for 100 ms, or for 1 s at most. Where the system tells nothing,
/// it looks every 2 s. Only contents count: what is written again as it was changes nothing.
///
/// A file that is bad changes nothing, and is told to the [listeners](Resilience::observe) once; the next good one is loaded.
///
/// ```
/// use resil_config::{Config, Reloader};
///
/// # let folder = std::env::temp_dir().join(format!("resil-doc-reloader-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("app.yaml");
/// # std::fs::write(&path, "resilience: {}")?;
/// let resilience = Config::from_file(&path)?.build();
/// resilience.observe(|event| println!("{event}")).forget();
/// let reloader = Reloader::watch(&path, &resilience)?; // until it is dropped
///
/// let changes = reloader.reload_now()?; // as at SIGHUP
/// assert!(changes.is_empty());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// One thread does it, `resil-reload`. Dropping the reloader ends it; a reload that is under way comes to its end.
#[must_use = "dropping the reloader ends it"]
pub struct Reloader {
    sight: Arc<dyn Sight>,
    sender: Sender<Message>,
    thread: Option<JoinHandle<()>>,
    is_told: bool,
}

enum Message {
    Touched,
    Stop,
}

/// A [`Reloader`] that is being described; [`start`](Self::start) starts it.
///
/// ```
/// use resil_config::{Config, Reloader};
/// use std::time::Duration;
///
/// # let folder = std::env::temp_dir().join(format!("resil-doc-reloader-builder-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("app.yaml");
/// # std::fs::write(&path, "resilience: {}")?;
/// let loader = Config::loader().file(&path);
/// let resilience = loader.load()?.build();
/// let reloader = Reloader::of(loader)
///     .poll_every(Duration::from_secs(10)) // also where the system tells nothing: on a network's file system
///     .start(&resilience)?;
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is watched before `start`"]
#[derive(Debug)]
pub struct ReloaderBuilder {
    loader: Loader,
    quiet: Duration,
    poll: Option<Duration>,
}

/// How long nothing may have changed, unless set.
const QUIET: Duration = Duration::from_millis(100);

/// How many times that it waits at most where something changes all the time.
const PATIENCE: u32 = 10;

/// How often it looks where nothing is told, unless set.
const POLL: Duration = Duration::from_secs(2);

impl Reloader {
    /// Watches the file at `path`, as [`Config::from_file`] loads it, and reloads `resilience` from it: now, if it has changed already,
    /// and whenever it does.
    ///
    /// # Errors
    /// If it cannot be loaded now, or if the system has no thread to give.
    pub fn watch<C: Clock + Clone + 'static>(
        path: impl Into<PathBuf>,
        resilience: &Resilience<C>,
    ) -> Result<Self, LoadError> {
        Self::of(Config::loader().file(path).process_environment()).start(resilience)
    }

    /// One that loads as `loader` does: to be described further, and started.
    pub const fn of(loader: Loader) -> ReloaderBuilder {
        ReloaderBuilder { loader, quiet: QUIET, poll: None }
    }

    /// Loads the files now, on this thread, whether or not they have changed: for a signal handler's thread, or an administrator's page.
    ///
    /// # Errors
    /// What is wrong, which listeners are told, too. Nothing has changed.
    pub fn reload_now(&self) -> Result<Changes, LoadError> {
        self.sight.look_now()
    }

    /// Ends it, and waits for the end of a reload that is under way. Not to be called by a listener, for which that reload waits.
    pub fn stop(mut self) {
        let thread = self.thread.take();
        drop(self);
        // A panic of foreign code is reported by the panic hook.
        _ = thread.map(JoinHandle::join);
    }

    /// Whether the system tells of changes. Else the files are looked at every now and then.
    pub const fn is_told(&self) -> bool {
        self.is_told
    }
}

impl Drop for Reloader {
    fn drop(&mut self) {
        self.sight.close();
        // Where nobody listens any longer, it has stopped.
        _ = self.sender.send(Message::Stop);
    }
}

impl fmt::Debug for Reloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloader")
            .field("files", &self.sight.files())
            .field("is_told", &self.is_told)
            .finish_non_exhaustive()
    }
}

impl ReloaderBuilder {
    /// How long nothing may have changed before the files are loaded, by default 100 ms. Where something changes all the time, they are
    /// loaded after ten times that.
    pub fn debounce(self, quiet: Duration) -> Self {
        Self { quiet, ..self }
    }

    /// Looks at the files so often besides, whether or not the system tells of changes. Unless set, they are looked at every 2 s where
    /// it does not.
    pub fn poll_every(self, period: Duration) -> Self {
        Self { poll: Some(period), ..self }
    }

    /// Starts it, after it has loaded the files on this thread.
    ///
    /// # Errors
    /// If they cannot be loaded, or if the system has no thread to give.
    pub fn start<C: Clock + Clone + 'static>(
        self,
        resilience: &Resilience<C>,
    ) -> Result<Reloader, LoadError> {
        let Self { loader, quiet, poll } = self;
        let (sender, receiver) = mpsc::channel();
        let sight = Arc::new(Look::new(loader, &resilience.shared));
        // Before the first look, so that nothing is missed between the two.
        let mut eyes = Eyes::open(sender.clone(), &sight.folders());
        sight.look_now()?;
        eyes.follow(&sight.folders());

        let is_told = eyes.are_told();
        let course = Course {
            sight: Arc::clone(&sight) as Arc<dyn Sight>,
            eyes,
            debounce: Debounce::new(quiet, quiet.saturating_mul(PATIENCE)),
            poll,
            clock: MonotonicClock,
        };
        let thread = thread::Builder::new().name("resil-reload".into()).spawn(move || course.run(&receiver));
        let thread = thread.map_err(|error| {
            let text = format!("the thread that reloads cannot be started: {error}");
            LoadError::of(Problem::new(Source::Argument, "", text))
        })?;
        Ok(Reloader { sight, sender, thread: Some(thread), is_told })
    }
}

/// What the thread goes by.
struct Course {
    sight: Arc<dyn Sight>,
    eyes: Eyes,
    debounce: Debounce,
    poll: Option<Duration>,
    clock: MonotonicClock,
}

impl Course {
    fn run(mut self, messages: &Receiver<Message>) {
        let mut looked = self.clock.now();
        loop {
            let next_poll = self.period().map(|period| looked.saturating_add(period));
            match self.wait(messages, next_poll) {
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Message::Touched) => self.debounce.touch(self.clock.now()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = self.clock.now();
            if self.debounce.take(now) || next_poll.is_some_and(|at| at <= now) {
                if !self.sight.look() {
                    return;
                }
                looked = self.clock.now();
                self.eyes.follow(&self.sight.folders());
            }
        }
    }

    fn period(&self) -> Option<Duration> {
        self.poll.or((!self.eyes.are_told()).then_some(POLL))
    }

    fn wait(
        &self,
        messages: &Receiver<Message>,
        next_poll: Option<Moment>,
    ) -> Result<Message, RecvTimeoutError> {
        match self.debounce.due().into_iter().chain(next_poll).min() {
            Some(at) => messages.recv_timeout(at.saturating_duration_since(self.clock.now())),
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use resil_core::MonotonicClock;

    use super::{Course, Eyes, Message, Sight};
    use crate::debounce::Debounce;
    use crate::{Changes, LoadError};

    /// Has nothing left to load into after so many looks.
    struct Looks(AtomicU32);

    impl Sight for Looks {
        fn look(&self) -> bool {
            self.0.fetch_sub(1, Ordering::Relaxed) > 1
        }
        fn look_now(&self) -> Result<Changes, LoadError> {
            unreachable!("nobody asks")
        }
        fn folders(&self) -> BTreeSet<PathBuf> {
            BTreeSet::from(["/no/such/folder".into()])
        }
        fn files(&self) -> Vec<PathBuf> {
            Vec::new()
        }
        fn close(&self) {}
    }

    /// Runs until it ends by itself, and tells how many looks were left then.
    fn left_of(looks: u32, poll: Option<Duration>, messages: Vec<Message>) -> u32 {
        let (sender, receiver) = mpsc::channel();
        for message in messages {
            sender.send(message).unwrap();
        }
        let sight = Arc::new(Looks(AtomicU32::new(looks)));
        let eyes = Eyes::open(sender.clone(), &sight.folders());
        assert!(!eyes.are_told());
        let debounce = Debounce::new(Duration::ZERO, Duration::ZERO);
        let course = Course { sight: Arc::clone(&sight) as _, eyes, debounce, poll, clock: MonotonicClock };
        course.run(&receiver);
        sight.0.load(Ordering::Relaxed)
    }

    #[test]
    fn it_ends_when_it_is_stopped() {
        assert_eq!(left_of(5, None, vec![Message::Stop, Message::Touched]), 5);
        assert_eq!(left_of(5, None, vec![Message::Touched, Message::Stop]), 4);
    }

    #[test]
    fn it_ends_when_there_is_nothing_left_to_reload() {
        assert_eq!(left_of(1, None, vec![Message::Touched]), 0);
    }

    #[test]
    fn where_nothing_is_told_it_looks_by_itself() {
        assert_eq!(left_of(3, Some(Duration::from_millis(1)), vec![]), 0);
    }
}
