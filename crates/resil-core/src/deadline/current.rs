use std::cell::Cell;
use std::ptr;

use super::{Deadline, TimeLimit};
use crate::{Moment, Name};

thread_local! {
    static CURRENT: Current = const {
        Current {
            kind: Cell::new(Kind::Nothing),
            limit: Cell::new(TimeLimit::from_nanos(Name::UNNAMED, 0)),
            at: Cell::new(Moment::MAX),
            now: Cell::new(never),
        }
    };
}

/// What is current on this thread. In words of their own, as it is written and read back within a few nanoseconds.
///
/// Beneath a deadline that is resolved everything is resolved: so a limit that has not begun lies on nothing, or on others of its clock.
struct Current {
    kind: Cell<Kind>,
    /// Of the innermost scope or of one around it, whichever is the shortest: it will end first, as they will begin together.
    limit: Cell<TimeLimit>,
    at: Cell<Moment>,
    now: Cell<fn() -> Moment>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    /// `limit` ends `at`.
    At,
    /// `limit` begins when somebody needs to know, on the clock that is read by `now`.
    Lazy,
}

fn never() -> Moment {
    Moment::MAX
}

/// A limit that begins when somebody needs to know: work that is done at once then costs no reading of the clock.
#[derive(Clone, Copy)]
pub(super) struct Lazy {
    pub(super) limit: TimeLimit,
    pub(super) now: fn() -> Moment,
}

impl Current {
    fn deadline(&self) -> Deadline {
        let TimeLimit { name, nanos } = self.limit.get();
        Deadline { name, at: self.at.get(), limit: nanos }
    }

    fn set(&self, Deadline { name, at, limit: nanos }: Deadline) {
        self.limit.set(TimeLimit { name, nanos });
        self.at.set(at);
        self.kind.set(Kind::At);
    }

    #[inline]
    fn set_lazy(&self, Lazy { limit, now }: Lazy) {
        self.limit.set(limit);
        self.now.set(now);
        self.kind.set(Kind::Lazy);
    }

    fn resolve(&self) -> Option<Deadline> {
        match self.kind.get() {
            Kind::Nothing => return None,
            Kind::At => {}
            Kind::Lazy => self.set(self.limit.get().starting_at((self.now.get())())),
        }
        Some(self.deadline())
    }
}

/// The current deadline. A limit begins now if it has not begun.
#[inline]
pub(super) fn resolve() -> Option<Deadline> {
    CURRENT.with(Current::resolve)
}

/// The time in which a deadline is current; its end brings back the one before, also when a panic unwinds.
pub(super) enum Entered {
    /// Nothing was changed.
    Apart,
    OnNothing,
    On(Deadline),
    OnLazy(Lazy),
}

/// On what has entered nothing so far.
impl Entered {
    /// Makes `deadline` current, or leaves the one that is if it is earlier.
    #[inline]
    pub(super) fn enter(&mut self, deadline: Deadline) {
        CURRENT.with(|current| match current.resolve() {
            None => {
                current.set(deadline);
                *self = Self::OnNothing;
            }
            Some(outer) => {
                current.set(deadline.earlier(outer));
                *self = Self::On(outer);
            }
        });
    }

    /// Makes a limit current that begins when it is needed, if nothing is current; whether it did.
    #[inline]
    pub(super) fn enter_on_nothing(&mut self, lazy: Lazy) -> bool {
        CURRENT.with(|current| {
            let is_nothing = current.kind.get() == Kind::Nothing;
            if is_nothing {
                current.set_lazy(lazy);
                *self = Self::OnNothing;
            }
            is_nothing
        })
    }

    /// Makes a limit current that begins when it is needed, or leaves the one that is if it is shorter; whether it did. It does not where
    /// there is a deadline: under that the limit has to begin at once.
    pub(super) fn enter_lazily(&mut self, lazy: Lazy) -> bool {
        CURRENT.with(|current| {
            let outer = Lazy { limit: current.limit.get(), now: current.now.get() };
            // Two functions that do the same may share an address or have several: either way this is right.
            if current.kind.get() == Kind::Lazy && ptr::fn_addr_eq(outer.now, lazy.now) {
                current.limit.set(lazy.limit.shorter(outer.limit));
                *self = Self::OnLazy(outer);
                return true;
            }
            if current.resolve().is_some() {
                return false;
            }
            current.set_lazy(lazy);
            *self = Self::OnNothing;
            true
        })
    }

    /// What is current in here, unless this changed nothing.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Deadline> {
        match self {
            Self::Apart => None,
            _ => resolve(),
        }
    }

    /// Whether what is current in here has an end that somebody may know: if not, and it lies on nothing, it is the limit that was
    /// entered.
    #[inline]
    pub(super) fn has_begun(&self) -> bool {
        match self {
            Self::Apart => false,
            Self::OnNothing => CURRENT.with(|current| current.kind.get() != Kind::Lazy),
            Self::On(_) | Self::OnLazy(_) => true,
        }
    }

    #[cold]
    fn bring_back(&self) {
        CURRENT.with(|current| match *self {
            Self::Apart | Self::OnNothing => {}
            Self::On(outer) => current.set(outer),
            // Somebody inside needed to know: the limits around it have begun at that same moment.
            Self::OnLazy(outer) if current.kind.get() == Kind::At => {
                let inner = current.deadline();
                let begin = inner.at.as_nanos() - inner.limit.min(inner.at.as_nanos());
                current.set(outer.limit.starting_at(Moment::from_nanos(begin)));
            }
            Self::OnLazy(outer) => current.set_lazy(outer),
        });
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        match self {
            Self::Apart => {}
            Self::OnNothing => CURRENT.with(|current| current.kind.set(Kind::Nothing)),
            _ => self.bring_back(),
        }
    }
}
