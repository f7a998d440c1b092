use std::cell::Cell;
use std::ptr;

use super::{Deadline, TimeLimit};
use crate::Moment;

thread_local! {
    static CURRENT: Cell<Slot> = const { Cell::new(Slot::Empty) };
}

/// What is current on this thread.
///
/// Beneath a deadline that is resolved everything is resolved: so a limit that has not begun lies on nothing, or on others of its clock.
#[derive(Clone, Copy)]
enum Slot {
    Empty,
    At(Deadline),
    /// The limit of the innermost scope or of one around it, whichever is the shortest: it will end first, as they will begin together.
    Lazy(Lazy),
}

/// A limit that begins when somebody needs to know: work that is done at once then costs no reading of the clock.
#[derive(Clone, Copy)]
pub(super) struct Lazy {
    pub(super) limit: TimeLimit,
    pub(super) now: fn() -> Moment,
}

/// The current deadline. A limit begins now if it has not begun.
#[inline]
pub(super) fn resolve() -> Option<Deadline> {
    match CURRENT.get() {
        Slot::Empty => None,
        Slot::At(deadline) => Some(deadline),
        Slot::Lazy(lazy) => {
            let deadline = lazy.limit.starting_at((lazy.now)());
            CURRENT.set(Slot::At(deadline));
            Some(deadline)
        }
    }
}

/// The time in which a deadline is current; its end brings back the one before, also when a panic unwinds.
pub(super) struct Entered {
    outer: Slot,
}

impl Entered {
    /// Makes `deadline` current, or leaves the one that is if it is earlier.
    #[inline]
    pub(super) fn enter(deadline: Deadline) -> Self {
        let outer = resolve();
        Self::exchange(match outer {
            None => Slot::At(deadline),
            Some(outer) => Slot::At(deadline.earlier(outer)),
        })
    }

    /// Makes a limit current that begins when it is needed, or leaves the one that is if it is shorter. The error is the deadline that
    /// is current already: under it the limit has to begin at once.
    #[inline]
    pub(super) fn enter_lazily(lazy: Lazy) -> Result<Self, Deadline> {
        match CURRENT.get() {
            Slot::Empty => Ok(Self::exchange(Slot::Lazy(lazy))),
            Slot::At(outer) => Err(outer),
            // Two functions that do the same may share an address or have several: either way this is right.
            Slot::Lazy(outer) if ptr::fn_addr_eq(outer.now, lazy.now) => {
                Ok(Self::exchange(Slot::Lazy(Lazy { limit: lazy.limit.shorter(outer.limit), ..lazy })))
            }
            Slot::Lazy(outer) => {
                let outer = outer.limit.starting_at((outer.now)());
                CURRENT.set(Slot::At(outer));
                Err(outer)
            }
        }
    }

    #[inline]
    fn exchange(slot: Slot) -> Self {
        Self { outer: CURRENT.replace(slot) }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(match (self.outer, CURRENT.get()) {
            // Somebody inside needed to know: the limits around it have begun at that same moment.
            (Slot::Lazy(outer), Slot::At(inner)) => {
                let begin = Moment::from_nanos(inner.at.as_nanos() - inner.limit.min(inner.at.as_nanos()));
                Slot::At(outer.limit.starting_at(begin))
            }
            (outer, _) => outer,
        });
    }
}
