/// A segment of the line of time that was given or booked, and what is needed to give it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    /// Where it ends, unless segments have been moved since.
    pub(crate) end: u64,
    pub(crate) cost: u64,
    pub(crate) permits: u32,
    /// When it was charged.
    pub(crate) since: u64,
    /// How far segments had been moved by then, ever.
    pub(crate) shifts: u64,
    /// The quota under which it was charged.
    pub(crate) epoch: u64,
}

impl Charge {
    /// Where it begins, unless segments have been moved since.
    pub(crate) const fn begin(self) -> u64 {
        self.end - self.cost
    }

    /// Where it ends, given how far segments have been moved by now. Those before it do not count but are not known: so this may be
    /// too early, and is never too late.
    pub(crate) const fn end_after(self, shifts: u64) -> u64 {
        self.end.saturating_sub(shifts.wrapping_sub(self.shifts))
    }

    /// How much of it is still to come and can be given to others.
    ///
    /// What is over would have been lost to an idle limiter anyway. Both limits hold by themselves: no more than what lies ahead of now,
    /// and no less than what cannot have begun when it was charged. As the first may be too small, the larger one counts.
    pub(crate) const fn refund(self, shifts: u64, now: u64) -> u64 {
        let by_place = self.end_after(shifts).saturating_sub(now);
        let by_time = self.cost.saturating_sub(now.saturating_sub(self.since));
        let refund = if by_place > by_time { by_place } else { by_time };
        if refund < self.cost { refund } else { self.cost }
    }

    /// The part that is left when the first `permits` of it are spent.
    pub(crate) fn without_the_first(self, permits: u32) -> Self {
        let spent = self.cost / u64::from(self.permits) * u64::from(permits);
        // It begins when they end, and so counts as charged that much later.
        let (cost, since) = (self.cost - spent, self.since.saturating_add(spent));
        Self { cost, since, permits: self.permits - permits, ..self }
    }

    /// How many of its permits have begun.
    pub(crate) fn begun(self, now: u64) -> u32 {
        let begun = now.saturating_sub(self.begin()).div_ceil(self.cost / u64::from(self.permits));
        u32::try_from(begun).map_or(self.permits, |begun| begun.min(self.permits))
    }

    /// Both in one, if `next` begins where this ends.
    pub(crate) fn joined(self, next: Self) -> Option<Self> {
        let permits = self.permits.checked_add(next.permits).filter(|_| next.begin() == self.end)?;
        Some(Self { end: next.end, cost: self.cost + next.cost, permits, ..self })
    }

    /// The first part, of `permits` at `cost`.
    pub(crate) const fn first(self, cost: u64, permits: u32) -> Self {
        Self { end: self.begin() + cost, cost, permits, ..self }
    }
}
