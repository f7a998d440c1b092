use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use resil_core::{Moment, Name};

use crate::post::{Note, Post, Seen};
use crate::ward::{Alarm, Sign};
#[cfg(all(feature = "tokio", target_has_atomic = "64"))]
use crate::worker::Worker;
use crate::{Cause, Reading, Silence};

/// A ward as the monitor knows it: its name, and where its signs of life come from.
#[derive(Debug)]
pub(crate) struct Source {
    /// None for the watchdog's own.
    pub(crate) who: Option<Cow<'static, str>>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Post(Arc<Post>, Seen),
    /// Where it is, and what was said of it last.
    File(PathBuf, Cow<'static, str>),
    #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
    Worker(Worker),
}

impl Source {
    /// Somebody who pings at `post`.
    pub(crate) fn of_pings(who: Option<Cow<'static, str>>, post: Arc<Post>) -> Self {
        Self { who, kind: Kind::Post(post, Seen::NOTHING) }
    }

    /// Whoever renews a file.
    pub(crate) fn of_file(path: PathBuf) -> Self {
        Self { who: None, kind: Kind::File(path, Cow::Borrowed("not looked at")) }
    }

    /// A worker of a runtime.
    #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
    pub(crate) fn of_worker(worker: Worker) -> Self {
        Self { who: Some(worker.to_string().into()), kind: Kind::Worker(worker) }
    }

    /// The sign that it has given since the last look.
    pub(crate) fn look(&mut self, reading: Option<&Reading>, now: Moment) -> Sign {
        match &mut self.kind {
            Kind::Post(post, seen) => post.look(seen, now),
            Kind::File(_, verdict) => match reading {
                Some(Reading::Alive) => Sign::Ping(now),
                Some(Reading::Stopped) => Sign::Rest,
                Some(Reading::Bad(text)) => {
                    verdict.clone_from(text);
                    Sign::Bad
                }
                None => Sign::Silent,
            },
            #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
            Kind::Worker(worker) => worker.look(now),
        }
    }

    /// The sign that the next look would see; nothing changes by that.
    pub(crate) fn peek(&self, now: Moment) -> Sign {
        match &self.kind {
            Kind::Post(post, seen) => post.peek(*seen, now),
            Kind::File(..) => Sign::Silent,
            #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
            Kind::Worker(worker) => worker.peek(now),
        }
    }

    /// Whether there is nobody any more who could give a sign.
    pub(crate) fn is_gone(&self) -> bool {
        match &self.kind {
            Kind::Post(..) | Kind::File(..) => false,
            #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
            Kind::Worker(worker) => worker.is_gone(),
        }
    }

    /// What there is to tell of an alarm.
    pub(crate) fn silence(&self, watchdog: Name, alarm: Alarm) -> Silence {
        let cause = match &self.kind {
            Kind::Post(..) => Cause::NoPing,
            Kind::File(path, verdict) => Cause::File { path: path.clone(), verdict: verdict.clone() },
            #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
            Kind::Worker(worker) => worker.cause(),
        };
        let Alarm { since, lasted, times } = alarm;
        Silence { watchdog, who: self.who.clone(), since, lasted, cause, note: self.note(), times }
    }

    pub(crate) fn note(&self) -> Option<Note> {
        self.post().and_then(|post| post.note())
    }

    /// How many pings there were, where they are counted.
    pub(crate) fn pings(&self) -> u64 {
        self.post().map_or(0, |post| post.pings())
    }

    pub(crate) fn post(&self) -> Option<&Arc<Post>> {
        match &self.kind {
            Kind::Post(post, _) => Some(post),
            Kind::File(..) => None,
            #[cfg(all(feature = "tokio", target_has_atomic = "64"))]
            Kind::Worker(_) => None,
        }
    }
}
