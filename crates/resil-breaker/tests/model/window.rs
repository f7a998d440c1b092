//! A window that never forgets: it keeps every outcome that it was told, and looks through all of them each time.

use crate::settings::Span;

#[derive(Clone, Debug)]
pub(crate) struct Window {
    reach: Reach,
    told: Vec<Outcome>,
    /// Whether it lost outcomes when it took its present form.
    cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Calls { calls: usize },
    Slices { width: u64, slices: u64 },
}

#[derive(Clone, Copy, Debug)]
struct Outcome {
    slice: u64,
    /// Failed, in the failure rule's window; slow, in the slow rule's.
    bad: bool,
}

/// What a rule sees in its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) calls: u64,
    pub(crate) bad: u64,
}

impl Reach {
    fn of(span: Span) -> Self {
        match span {
            Span::Calls(calls) => Self::Calls { calls: calls as usize },
            Span::Time(span) => Self::Slices { width: span.div_ceil(10), slices: 10 },
            Span::Slices(span, slices) => {
                Self::Slices { width: span.div_ceil(u64::from(slices)), slices: u64::from(slices) }
            }
        }
    }
}

impl Window {
    pub(crate) fn new(span: Span) -> Self {
        Self { reach: Reach::of(span), told: Vec::new(), cut: false }
    }

    pub(crate) fn empty(&mut self) {
        self.told.clear();
        self.cut = false;
    }

    /// Takes an outcome at `now`; answers whether it had to go into a slice later than its own.
    pub(crate) fn tell(&mut self, now: u64, bad: bool) -> bool {
        let own = match self.reach {
            Reach::Calls { .. } => 0,
            Reach::Slices { width, .. } => now / width,
        };
        let slice = own.max(self.newest().unwrap_or(0));
        self.told.push(Outcome { slice, bad });
        slice > own
    }

    pub(crate) fn view(&self, now: u64) -> View {
        let seen = match self.reach {
            Reach::Calls { .. } => self.held(0),
            Reach::Slices { width, .. } => self.held(now / width),
        };
        let bad = seen.iter().filter(|outcome| outcome.bad).count() as u64;
        View { calls: seen.len() as u64, bad }
    }

    /// The same window under other settings: outcomes move into the new form if it is of the same kind.
    pub(crate) fn reshaped(&self, span: Span) -> Self {
        let mut new = Self::new(span);
        match (self.reach, new.reach) {
            (Reach::Calls { .. }, Reach::Calls { .. }) => {
                // What does not fit is gone for good: the next form takes only what this one sees.
                new.told = self.held(0);
            }
            (Reach::Slices { width, .. }, Reach::Slices { .. }) => {
                // They are in the order of their slices already: nothing goes into a slice before the newest.
                for outcome in self.held(0) {
                    new.tell(outcome.slice * width, outcome.bad);
                }
            }
            _ => {}
        }
        new.cut = new.view(0).calls < self.view(0).calls;
        new
    }

    /// Whether it lost outcomes to a smaller form, and `larger` would have room for them.
    pub(crate) fn regrows(&self, larger: &Self) -> bool {
        match (self.reach, larger.reach) {
            (Reach::Calls { calls }, Reach::Calls { calls: more }) => {
                self.cut && calls < more && self.told.len() >= calls
            }
            _ => false,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    pub(crate) fn is_timed(&self) -> bool {
        matches!(self.reach, Reach::Slices { .. })
    }

    /// Whether it was told more than it still sees.
    pub(crate) fn has_slid(&self, now: u64) -> bool {
        self.view(now).calls < self.told.len() as u64
    }

    /// When the slice of `now` ends, and when the oldest outcome leaves the window.
    pub(crate) fn edges(&self, now: u64) -> Vec<u64> {
        match self.reach {
            Reach::Slices { width, slices } if !self.is_empty() => {
                let oldest = self.held(now / width).first().map(|outcome| (outcome.slice + slices) * width);
                oldest.into_iter().chain([(now / width + 1) * width]).collect()
            }
            _ => Vec::new(),
        }
    }

    fn newest(&self) -> Option<u64> {
        self.told.iter().map(|outcome| outcome.slice).max()
    }

    /// The outcomes inside the window when the present slice is `present`.
    fn held(&self, present: u64) -> Vec<Outcome> {
        match self.reach {
            Reach::Calls { calls } => self.told[self.told.len().saturating_sub(calls)..].to_vec(),
            Reach::Slices { slices, .. } => {
                let newest = present.max(self.newest().unwrap_or(0));
                self.told.iter().filter(|outcome| outcome.slice + slices > newest).copied().collect()
            }
        }
    }
}
