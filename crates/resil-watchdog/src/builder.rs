use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use resil_core::background::Runtime;
use resil_core::{Clock, MonotonicClock, Name};

use crate::alarm::{Actions, Bark};
use crate::post::Post;
use crate::shared::Shared;
use crate::state_file::StateFile;
use crate::{Config, Event, Silence, Watchdog, WatchdogError};

/// A [`Watchdog`] that is being described; [`start`](Builder::start) starts it.
///
/// ```
/// use resil_watchdog::Watchdog;
/// use std::time::Duration;
///
/// let dog = Watchdog::new(Duration::from_secs(30))
///     .named("jobs")
///     .repeat_every(Duration::from_secs(300))
///     .log() // a line on stderr
///     .on_timeout(|silence| println!("{:?} for {:?}", silence.who, silence.lasted))
///     .start()?;
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
///
/// At an alarm, what goes to stderr goes first, then callbacks and listeners are called, in the order in which they are given here.
#[must_use = "nothing is watched before `start`"]
pub struct Builder<C = MonotonicClock> {
    name: Name,
    config: Config,
    clock: C,
    file: Option<StateFile>,
    actions: Actions,
    listeners: Vec<Box<Listener>>,
    #[cfg(feature = "tokio")]
    is_async: bool,
    runtime: Runtime,
}

type Listener = dyn Fn(&Event, &Runtime) + Send + Sync;

/// Where alerts come from.
const CHANNEL: &str = "watchdog";

impl Builder {
    pub(crate) fn new(config: Config, file: Option<StateFile>) -> Self {
        Self {
            name: Name::UNNAMED,
            config,
            clock: MonotonicClock,
            file,
            actions: Actions::default(),
            listeners: Vec::new(),
            #[cfg(feature = "tokio")]
            is_async: false,
            runtime: Runtime::default(),
        }
    }
}

impl<C> Builder<C> {
    /// The name that its texts carry, in place of "unnamed". One from configuration has to be [interned](Name::intern).
    pub fn named(mut self, name: &'static str) -> Self {
        self.name = Name::new(name);
        self
    }

    /// All settings that are plain values, in place of those that were set before.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// The time between two looks. At pings: 1 ms to a quarter of the timeout and at most 1 s, which it is unless set. At a state file:
    /// 1 ms to 100 years, half of the greatest age unless set.
    pub fn check_interval(mut self, interval: Duration) -> Self {
        self.config.check_interval = Some(interval);
        self
    }

    /// How long the first sign of life may take, where that is longer or shorter than the timeout: 0 to 100 years.
    pub fn startup_grace(mut self, grace: Duration) -> Self {
        self.config.startup_grace = Some(grace);
        self
    }

    /// The greatest age of a state file: 1 ms to 100 years, 30 s unless set. Of a watchdog of pings it is the timeout.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.config.timeout = age;
        self
    }

    /// How often to tell of a silence again while it lasts: 1 ms to 100 years. Unless set, it is told once.
    pub fn repeat_every(mut self, period: Duration) -> Self {
        self.config.repeat_every = Some(period);
        self
    }

    /// Counts the pings of the watchdog itself, which makes each an atomic addition. Those of pingers are counted anyway.
    pub fn counted(mut self) -> Self {
        self.config.counted = true;
        self
    }

    /// A clock of your own: with a [`ManualClock`](crate::ManualClock) a test moves the time, and
    /// [looks](Watchdog::look) after each tick.
    pub fn clock<D: Clock>(self, clock: D) -> Builder<D> {
        Builder {
            name: self.name,
            config: self.config,
            clock,
            file: self.file,
            actions: self.actions,
            listeners: self.listeners,
            #[cfg(feature = "tokio")]
            is_async: self.is_async,
            runtime: self.runtime,
        }
    }

    /// Calls `callback` at each alarm, on a thread of its own, so that one that hangs does not stop the monitor.
    pub fn on_timeout(self, callback: impl Fn(&Silence) + Send + Sync + 'static) -> Self {
        self.observe(move |event| {
            if let Event::TimedOut(silence) = event {
                callback(silence);
            }
        })
    }

    /// Calls `alert` at each alarm with the channel, which is `watchdog`, the message, and its context as pairs of a name and a value: for a
    /// function that alerts whoever has the pager.
    ///
    /// ```
    /// # use resil_watchdog::Watchdog;
    /// fn alert(channel: &str, message: &str, context: &[(&str, String)]) {
    ///     println!("[{channel}] {message} {context:?}");
    /// }
    /// let dog = Watchdog::new(std::time::Duration::from_secs(30)).on_alert(alert).start()?;
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    pub fn on_alert(self, alert: impl Fn(&str, &str, &[(&str, String)]) + Send + Sync + 'static) -> Self {
        self.on_timeout(move |silence| alert(CHANNEL, &silence.to_string(), &silence.context()))
    }

    /// Calls `listener` for every event, also the first: that it has started. More may come later, with
    /// [`Watchdog::observe`].
    pub fn observe(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listeners.push(Box::new(move |event, _| listener(event)));
        self
    }

    /// Writes a line to stderr at each alarm. For `tracing` there is the listener `log()`, with that feature.
    pub fn log(mut self) -> Self {
        self.actions.log = true;
        self
    }

    /// Writes to stderr what every thread of the process is doing, at each alarm, once a second at most, and before anything else is
    /// done; see [`ThreadDump`](crate::ThreadDump). On Linux; elsewhere it says that it cannot.
    pub fn dump_threads(mut self) -> Self {
        self.actions.dump = true;
        self
    }

    /// Aborts the process at the first alarm, so that whoever supervises it starts it again. stderr has the reason by then, and what else
    /// is to be written there, and callbacks have run, unless they or stderr take more than a second.
    pub fn abort_process(mut self) -> Self {
        self.actions.abort = true;
        self
    }
}

#[cfg(feature = "tokio")]
impl<C> Builder<C> {
    /// The runtime that async callbacks run with, in place of the one in which [`start`](Self::start) is called.
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.runtime = Runtime::of(runtime);
        self
    }

    /// [`on_timeout`](Self::on_timeout) for an async function. Its future runs on the thread of the callbacks with the runtime
    /// entered: a runtime that is blocked does not keep it from running, unless it needs that runtime's timers or sockets.
    pub fn on_timeout_async<F>(self, callback: impl Fn(Silence) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()>,
    {
        self.listen_async(move |silence, runtime| runtime.finish(callback(silence.clone())))
    }

    /// [`on_alert`](Self::on_alert) for an async function, which runs as that of [`on_timeout_async`](Self::on_timeout_async) does.
    pub fn on_alert_async<F>(
        self,
        alert: impl Fn(&'static str, String, Vec<(&'static str, String)>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()>,
    {
        self.listen_async(move |silence, runtime| {
            runtime.finish(alert(CHANNEL, silence.to_string(), silence.context()));
        })
    }

    fn listen_async(mut self, listener: impl Fn(&Silence, &Runtime) + Send + Sync + 'static) -> Self {
        self.is_async = true;
        self.listeners.push(Box::new(move |event, runtime| {
            if let Event::TimedOut(silence) = event {
                listener(silence, runtime);
            }
        }));
        self
    }

    /// The runtime for async callbacks, if there are any.
    fn find_runtime(&mut self) -> Result<(), WatchdogError> {
        self.runtime.or(&Runtime::current());
        if self.is_async && !self.runtime.is_there() { Err(WatchdogError::NoRuntime) } else { Ok(()) }
    }
}

#[cfg(not(feature = "tokio"))]
impl<C> Builder<C> {
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as with tokio")]
    fn find_runtime(&mut self) -> Result<(), WatchdogError> {
        Ok(())
    }
}

impl<C: Clock + Clone + 'static> Builder<C> {
    /// Starts it: a thread of its own watches from now on.
    ///
    /// # Errors
    /// If a setting is out of its range, if there are async callbacks and no runtime to run them with, or if the system has no thread to
    /// give.
    pub fn start(mut self) -> Result<Watchdog<C>, WatchdogError> {
        match &self.file {
            Some(_) => self.config.check_for_file()?,
            None => self.config.check()?,
        }
        self.find_runtime()?;
        let config = self.config.filled_in(self.file.is_some());
        let bark = Bark::new(self.actions);
        for listener in self.listeners {
            let runtime = self.runtime.clone();
            bark.observe(move |event| listener(event, &runtime)).forget();
        }
        let own = Arc::new(Post::shared(config.counted));
        let shared = Arc::new(Shared::new(self.name, config, self.clock, self.file, bark, &own));
        shared.start()?;
        Ok(Watchdog::of(shared, own))
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .field("config", &self.config)
            .field("file", &self.file)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}
