//! The three ways to call that are set side by side.

/// One thing for each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sides<T> {
    /// One request for a call.
    pub(crate) bare: T,
    /// Retries without a budget.
    pub(crate) naive: T,
    /// A pipeline.
    pub(crate) guarded: T,
}

impl<T> Sides<T> {
    pub(crate) fn map<U>(self, mut f: impl FnMut(T) -> U) -> Sides<U> {
        Sides { bare: f(self.bare), naive: f(self.naive), guarded: f(self.guarded) }
    }

    pub(crate) fn as_ref(&self) -> Sides<&T> {
        Sides { bare: &self.bare, naive: &self.naive, guarded: &self.guarded }
    }

    /// Each with its partner.
    pub(crate) fn zip<U>(self, other: Sides<U>) -> Sides<(T, U)> {
        Sides {
            bare: (self.bare, other.bare),
            naive: (self.naive, other.naive),
            guarded: (self.guarded, other.guarded),
        }
    }

    /// In the order of the columns.
    pub(crate) fn into_array(self) -> [T; 3] {
        [self.bare, self.naive, self.guarded]
    }
}

impl<T, E> Sides<Result<T, E>> {
    pub(crate) fn transpose(self) -> Result<Sides<T>, E> {
        Ok(Sides { bare: self.bare?, naive: self.naive?, guarded: self.guarded? })
    }
}

/// What the sides are called.
pub(crate) const NAMES: Sides<&str> = Sides { bare: "bare", naive: "naive", guarded: "guarded" };
