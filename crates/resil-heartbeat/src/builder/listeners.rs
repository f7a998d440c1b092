//! Callbacks for one kind of event each.

use resil_core::background::{Herald, Runtime};
use resil_core::{Notice, Severity};

use super::Builder;
use crate::{Event, HeartbeatError, State};

type Listener = Box<dyn Fn(&Event, &Runtime) + Send + Sync>;

/// What a builder collects, and what it needs.
#[derive(Default)]
pub(super) struct Listeners {
    all: Vec<Listener>,
    /// Whether one of them is async.
    #[cfg(feature = "tokio")]
    has_async: bool,
    pub(super) runtime: Runtime,
}

impl Listeners {
    /// Looks for the runtime that this code runs in, if none was given.
    pub(super) fn find_runtime(&mut self) {
        self.runtime.or(&Runtime::current());
    }

    /// Whether there are async ones, and no runtime to run them with.
    #[cfg(feature = "tokio")]
    pub(super) fn lack_a_runtime(&self) -> bool {
        self.has_async && !self.runtime.is_there()
    }

    /// Lets them listen.
    pub(super) fn attend(self, herald: &Herald<Event>) {
        for listener in self.all {
            let runtime = self.runtime.clone();
            herald.observers().observe(move |event| listener(event, &runtime)).forget();
        }
    }
}

/// Callbacks run one at a time on a thread that they share with all who listen, off the schedule. One that panics is counted.
///
/// The async ones run on that thread, too, one after the other, with the tokio runtime entered that was given or found at the start
/// (feature `tokio`); with that feature, a start that finds none is an error.
impl<C> Builder<C> {
    /// Calls `f` with every beat of the schedule that reached everybody, the first included.
    pub fn on_beat(self, f: impl Fn(&State) + Send + Sync + 'static) -> Self {
        self.on(move |event| {
            if let Event::Beat { state, .. } = event {
                f(state);
            }
        })
    }

    /// The async form of [`on_beat`](Self::on_beat).
    pub fn on_beat_async(self, f: impl AsyncFn(&State) + Send + Sync + 'static) -> Self {
        self.on_async(move |event, runtime| {
            if let Event::Beat { state, .. } = event {
                runtime.finish(f(state));
            }
        })
    }

    /// Calls `f` with the error of every beat that did not reach a sink, but for beats by hand, which return theirs.
    pub fn on_missed_beat(self, f: impl Fn(&HeartbeatError) + Send + Sync + 'static) -> Self {
        self.on(move |event| {
            if let Event::MissedBeat { error, .. } = event {
                f(error);
            }
        })
    }

    /// The async form of [`on_missed_beat`](Self::on_missed_beat).
    pub fn on_missed_beat_async(self, f: impl AsyncFn(&HeartbeatError) + Send + Sync + 'static) -> Self {
        self.on_async(move |event, runtime| {
            if let Event::MissedBeat { error, .. } = event {
                runtime.finish(f(error));
            }
        })
    }

    /// Calls `f` when the [target](Self::target) is dead: once for each death, and again where that was
    /// [asked for](Self::target_repeat).
    pub fn on_target_dead(self, f: impl Fn() + Send + Sync + 'static) -> Self {
        self.on(move |event| {
            if let Event::TargetDead { .. } = event {
                f();
            }
        })
    }

    /// The async form of [`on_target_dead`](Self::on_target_dead).
    pub fn on_target_dead_async(self, f: impl AsyncFn() + Send + Sync + 'static) -> Self {
        self.on_async(move |event, runtime| {
            if let Event::TargetDead { .. } = event {
                runtime.finish(f());
            }
        })
    }

    /// Calls `f` with everything that somebody may have to look at: the kind of event as a channel, a sentence, and the event. These
    /// are `missed_beat`, `skipped`, `target_dead`, and `status_changed` where a worker stands still.
    pub fn on_alert(self, f: impl Fn(&str, &str, &Event) + Send + Sync + 'static) -> Self {
        self.on(move |event| {
            if event.severity() == Severity::Warn {
                f(event.kind(), &event.to_string(), event);
            }
        })
    }

    /// The async form of [`on_alert`](Self::on_alert).
    pub fn on_alert_async(self, f: impl AsyncFn(&str, &str, &Event) + Send + Sync + 'static) -> Self {
        self.on_async(move |event, runtime| {
            if event.severity() == Severity::Warn {
                runtime.finish(f(event.kind(), &event.to_string(), event));
            }
        })
    }

    /// The runtime that async callbacks run with, and that `spawn` beats on. Unless given, the one that the start runs in.
    #[cfg(feature = "tokio")]
    pub fn runtime(mut self, runtime: tokio::runtime::Handle) -> Self {
        self.listeners.runtime = Runtime::of(runtime);
        self
    }

    fn on(mut self, listener: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.listeners.all.push(Box::new(move |event, _| listener(event)));
        self
    }

    fn on_async(mut self, listener: impl Fn(&Event, &Runtime) + Send + Sync + 'static) -> Self {
        #[cfg(feature = "tokio")]
        {
            self.listeners.has_async = true;
        }
        self.listeners.all.push(Box::new(listener));
        self
    }
}
