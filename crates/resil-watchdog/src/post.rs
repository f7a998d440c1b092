use std::borrow::Cow;
use std::task::Waker;
use std::time::Duration;

use resil_core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use resil_core::sync::{Mutex, lock};
use resil_core::{Counters, Moment, seeded_bug};

use crate::ward::Sign;

/// What a ward leaves for the monitor: words that one side writes and the other reads now and then, on cache lines of their own.
///
/// All of them are relaxed: a sign of life that is seen a little later than it was given is one that was given a little later.
#[repr(align(128))]
#[derive(Debug)]
pub(crate) struct Post {
    /// 1 from a ping to the next look, or how many pings there were.
    word: AtomicU64,
    /// When the last ping was that read the clock.
    timed: AtomicU64,
    /// How many of those there were.
    timed_pings: AtomicU64,
    is_resting: AtomicBool,
    kind: Kind,
    note: Mutex<Option<Note>>,
    cord: Option<Cord>,
}

/// What somebody has said with a ping.
pub(crate) type Note = Cow<'static, str>;

/// Who pings here.
#[derive(Debug)]
#[cfg_attr(shuttle, expect(clippy::large_enum_variant, reason = "atomics of a checker are large"))]
enum Kind {
    /// Any thread, uncounted.
    Flag,
    /// One thread at a time: it counts with a load and a store.
    Single,
    /// Any thread, counted: plain pings, and those that read the clock.
    Counted(Counters<2>),
}

/// No ping has read the clock.
const NEVER: u64 = u64::MAX;

/// Additions to the shared counters may go to lines of their own.
const MAY_STRIPE: bool = true;

/// What the last look has seen at a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    word: u64,
    timed: u64,
}

impl Post {
    /// Where any thread may ping.
    pub(crate) fn shared(counted: bool) -> Self {
        Self::of(if counted { Kind::Counted(Counters::new()) } else { Kind::Flag }, None)
    }

    /// Where one thread at a time pings.
    pub(crate) fn single(cord: Option<Cord>) -> Self {
        Self::of(Kind::Single, cord)
    }

    fn of(kind: Kind, cord: Option<Cord>) -> Self {
        Self {
            word: AtomicU64::new(0),
            timed: AtomicU64::new(NEVER),
            timed_pings: AtomicU64::new(0),
            is_resting: AtomicBool::new(false),
            kind,
            note: Mutex::new(None),
            cord,
        }
    }

    /// A ping of any thread, uncounted.
    #[inline]
    pub(crate) fn flag(&self) {
        self.word.store(1, Ordering::Relaxed);
    }

    /// A ping of the one thread that pings here.
    #[inline]
    pub(crate) fn count(&self) {
        self.word.store(self.word.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// A ping of any thread, counted.
    pub(crate) fn add(&self) {
        if let Kind::Counted(counters) = &self.kind {
            counters.add(0, MAY_STRIPE);
        }
    }

    /// A ping at a moment that is known.
    pub(crate) fn at(&self, now: Moment) {
        self.timed.store(now.as_nanos().min(NEVER - 1), Ordering::Relaxed);
        match &self.kind {
            Kind::Flag => {}
            Kind::Single => {
                self.timed_pings.store(self.timed_pings.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            Kind::Counted(counters) => counters.add(1, MAY_STRIPE),
        }
    }

    pub(crate) fn leave(&self, note: Note) {
        let replaced = lock(&self.note).replace(note);
        drop(replaced);
    }

    pub(crate) fn note(&self) -> Option<Note> {
        lock(&self.note).clone()
    }

    pub(crate) fn rest(&self, on: bool) {
        self.is_resting.store(on, Ordering::Relaxed);
    }

    pub(crate) fn is_resting(&self) -> bool {
        self.is_resting.load(Ordering::Relaxed)
    }

    /// What is to be cut when it has been silent for too long.
    pub(crate) fn cord(&self) -> Option<&Cord> {
        self.cord.as_ref()
    }

    /// How many pings there were, where they are counted.
    pub(crate) fn pings(&self) -> u64 {
        match &self.kind {
            Kind::Flag => 0,
            Kind::Single => self.word.load(Ordering::Relaxed) + self.timed_pings.load(Ordering::Relaxed),
            Kind::Counted(counters) => counters.sums().iter().sum(),
        }
    }

    fn word(&self) -> u64 {
        match &self.kind {
            Kind::Flag | Kind::Single => self.word.load(Ordering::Relaxed),
            Kind::Counted(counters) => counters.sums()[0],
        }
    }

    /// Looks for a sign that was not there at the last look.
    pub(crate) fn look(&self, seen: &mut Seen, now: Moment) -> Sign {
        let has_pinged = match &self.kind {
            Kind::Flag => seeded_bug!("flag_cleared_blindly" => {
                let has_pinged = self.word.load(Ordering::Relaxed) != 0;
                self.word.store(0, Ordering::Relaxed);
                has_pinged
            } else {
                self.word.compare_exchange(1, 0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            }),
            Kind::Single | Kind::Counted(_) => {
                let word = self.word();
                let has_pinged = word != seen.word;
                seen.word = seeded_bug!("count_read_twice" => { self.word() } else { word });
                has_pinged
            }
        };
        let timed = self.timed.load(Ordering::Relaxed);
        let has_timed = std::mem::replace(&mut seen.timed, timed) != timed;
        if self.is_resting() {
            Sign::Rest
        } else if has_pinged {
            // Sometime since the last look: taken for now, so that nobody is told too early.
            Sign::Ping(now)
        } else if has_timed {
            Sign::Ping(Moment::from_nanos(timed))
        } else {
            Sign::Silent
        }
    }

    /// The sign that the next look would see; nothing changes by that.
    pub(crate) fn peek(&self, seen: Seen, now: Moment) -> Sign {
        let timed = self.timed.load(Ordering::Relaxed);
        if self.is_resting() {
            Sign::Rest
        } else if self.word() != seen.word {
            Sign::Ping(now)
        } else if timed != seen.timed {
            Sign::Ping(Moment::from_nanos(timed))
        } else {
            Sign::Silent
        }
    }
}

impl Seen {
    /// Nothing yet.
    pub(crate) const NOTHING: Self = Self { word: 0, timed: NEVER };
}

/// What a monitor cuts when a ward has been silent for too long.
#[derive(Debug)]
pub(crate) struct Cord(Mutex<Ends>);

#[derive(Debug, Default)]
struct Ends {
    /// How long the silence was that it was cut for.
    cut: Option<Duration>,
    /// Wakes who holds the other end.
    waker: Option<Waker>,
}

impl Cord {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Ends::default()))
    }

    /// Cuts it; who is to be woken.
    pub(crate) fn cut(&self, silence: Duration) -> Option<Waker> {
        let mut ends = lock(&self.0);
        ends.cut = Some(silence);
        ends.waker.take()
    }

    /// For how long a silence it was cut, if it was.
    pub(crate) fn is_cut(&self) -> Option<Duration> {
        lock(&self.0).cut
    }

    /// The same; otherwise `waker` is woken when it is cut.
    pub(crate) fn hold(&self, waker: &Waker) -> Option<Duration> {
        let ends = lock(&self.0);
        let cut = ends.cut;
        if cut.is_some() || ends.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            return cut;
        }
        drop(ends);
        // Wakers are foreign code: cloned before the lock is taken, and dropped after.
        let waker = waker.clone();
        let mut ends = lock(&self.0);
        let cut = seeded_bug!("cord_held_late" => { cut } else { ends.cut });
        let replaced = if cut.is_none() { ends.waker.replace(waker) } else { None };
        drop(ends);
        drop(replaced);
        cut
    }
}

#[cfg(test)]
mod tests;
