//! What is given, refused, booked and given back.

use resil_core::sync::lock;
use resil_core::{Clock, Moment, Policy, Reason, Rejected, Verdict, seeded_bug};

use crate::cell::{NotNow, Reading};
use crate::charge::Charge;
use crate::event::Waited;
use crate::limiter::{ACQUIRED, Book, CANCELLED, REFUNDED, REJECTED, WAITED, WAITED_NANOS};
use crate::place::Booked;
use crate::{Event, Permit, RateLimiter};

/// More permits than the burst: no wait would help.
pub(crate) const MORE_THAN_THE_BURST: Reason = Reason::Other("more permits than the burst");

impl<C: Clock> RateLimiter<C> {
    /// Takes one permit, or says when there will be one: an exact hint, never zero.
    #[inline]
    pub fn try_acquire(&self) -> Result<(), Rejected> {
        match self.cell.take_one(self.clock.now()) {
            Ok(()) => {
                self.count(ACQUIRED, 1);
                Ok(())
            }
            Err(NotNow::After(nanos)) => Err(self.refuse(nanos)),
            Err(_) => self.take_with_care(1).map(drop),
        }
    }

    /// Takes `permits` at once or none, or says when there will be so many: an exact hint, never zero. None are always there.
    ///
    /// # Errors
    /// More permits than the burst are refused without a hint, as no wait would help.
    #[inline]
    pub fn try_acquire_n(&self, permits: u32) -> Result<(), Rejected> {
        if permits == 0 { Ok(()) } else { self.take(permits).map(drop) }
    }

    /// Takes `permits`, which are not 0, at once or none.
    #[inline]
    pub(crate) fn take(&self, permits: u32) -> Result<Charge, Rejected> {
        match self.cell.take_many(self.clock.now(), permits) {
            Ok(charge) => {
                self.count(ACQUIRED, permits.into());
                Ok(charge)
            }
            Err(NotNow::After(nanos)) => Err(self.refuse(nanos)),
            Err(_) => self.take_with_care(permits),
        }
    }

    /// Takes `permits` if there are so many; if not, nobody is refused yet.
    // A charge is six words, which get to where they stay in one go only if nothing is called for it.
    #[expect(clippy::inline_always, reason = "a real call costs as much as the exchange")]
    #[inline(always)]
    pub(crate) fn take_if_any(&self, permits: u32) -> Option<Charge> {
        match self.cell.take_many(self.clock.now(), permits) {
            Ok(charge) => {
                self.count(ACQUIRED, permits.into());
                Some(charge)
            }
            Err(NotNow::Unclear) => self.take_if_clear(permits),
            Err(_) => None,
        }
    }

    #[cold]
    fn take_if_clear(&self, permits: u32) -> Option<Charge> {
        let charge = self.with_clear_words(|limiter, now| limiter.cell.take_many(now, permits)).ok()?;
        self.count(ACQUIRED, permits.into());
        Some(charge)
    }

    /// What is out of the common path: more than the burst, a quota that is being changed, the first use, the end of time.
    #[cold]
    fn take_with_care(&self, permits: u32) -> Result<Charge, Rejected> {
        let answer = self.with_clear_words(|limiter, now| limiter.cell.take_many(now, permits));
        if answer.is_ok() {
            self.count(ACQUIRED, permits.into());
        }
        answer.map_err(|not_now| self.refuse_for(not_now))
    }

    /// Asks under the lock, when no quota is being changed and the limiter has been started.
    fn with_clear_words<T>(&self, ask: impl FnOnce(&Self, Moment) -> Result<T, NotNow>) -> Result<T, NotNow> {
        let book = lock(&self.book);
        let now = self.clock.now();
        self.start(&book, now);
        ask(self, now)
    }

    /// Begins with the initial permits, if nobody has used the limiter yet.
    fn start(&self, book: &Book, now: Moment) {
        if let Some(Reading { gcra, .. }) = self.cell.read() {
            self.cell.start(gcra.tat_with(book.quota.initial_permits(), gcra.ticks(now)));
        }
    }

    /// Books the next free place for `permits`, or an earlier one that was given up, unless it is after `latest`.
    #[inline]
    pub(crate) fn book_place(
        &self,
        permits: u32,
        latest: impl FnOnce() -> Moment,
    ) -> Result<Booked<Permit>, Rejected> {
        let now = self.clock.now();
        // Who need not wait leaves the places that were given up to those who must.
        match self.cell.take_many(now, permits) {
            Ok(charge) => Ok(Booked { permit: Permit(charge), at: now, since: now }),
            Err(not_now) => self.book_later(not_now, now, permits, latest()),
        }
    }

    /// Books what is not there `now`.
    #[cold]
    fn book_later(
        &self,
        not_now: NotNow,
        mut now: Moment,
        permits: u32,
        latest: Moment,
    ) -> Result<Booked<Permit>, Rejected> {
        let booked = match not_now {
            NotNow::After(_) => match self.fill_hole(now, permits, latest) {
                Some(booked) => Ok(booked),
                None => self.cell.book(now, permits, latest),
            },
            other => Err(other),
        };
        let booked = match booked {
            Err(NotNow::Unclear) => self.with_clear_words(|limiter, later| {
                now = later;
                limiter.cell.book(later, permits, latest)
            }),
            other => other,
        };
        let (charge, at) = booked.map_err(|not_now| self.refuse_for(not_now))?;
        Ok(Booked { permit: Permit(charge), at, since: now })
    }

    /// Takes a place that somebody gave up.
    fn fill_hole(&self, now: Moment, permits: u32, latest: Moment) -> Option<(Charge, Moment)> {
        let mut book = lock(&self.book);
        if book.holes.len() == 0 {
            return None;
        }
        let Reading { gcra, .. } = self.cell.read()?;
        let ticks = gcra.ticks(now);
        book.holes.prune(ticks);
        let instant = |place: Charge| gcra.moment(place.end.saturating_sub(gcra.capacity)).max(now);
        // Nothing may be given after its place has begun; see `Gcra::next`.
        let suits = |place: Charge| instant(place) <= latest && gcra.ticks(instant(place)) <= place.begin();
        let charge = book.holes.take(gcra.cost(permits)?, permits, suits)?;
        Some((Charge { since: ticks, ..charge }, instant(charge)))
    }

    /// Notes that booked permits were given at their instant.
    pub(crate) fn arrive(&self, permits: u32, since: Option<Moment>) {
        self.count(ACQUIRED, permits.into());
        let Some(since) = since else { return };
        let time = self.clock.now().saturating_duration_since(since);
        self.counters.add(WAITED, self.may_stripe);
        self.counters.add_many(
            WAITED_NANOS,
            u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
            self.may_stripe,
        );
        if self.observers.is_observed() {
            self.tell_now(Event::Waited(Waited { name: self.name(), permits, time }));
        }
    }

    /// Takes permits that were used already; whoever comes next waits for them.
    pub(crate) fn owe(&self, permits: u32) {
        self.count(ACQUIRED, permits.into());
        // Under the lock, so that no quota is being changed.
        let book = lock(&self.book);
        let now = self.clock.now();
        self.start(&book, now);
        self.cell.owe(now, permits);
    }

    /// Gives up a booking whose instant nobody waits for any more.
    pub(crate) fn give_up(&self, charge: Charge) {
        self.counters.add(CANCELLED, self.may_stripe);
        self.put_back(charge);
    }

    /// Gives back permits that were given and not used.
    pub(crate) fn refund(&self, charge: Charge) {
        if self.counts {
            self.counters.add_many(REFUNDED, charge.permits.into(), self.may_stripe);
        }
        self.put_back(charge);
    }

    /// Frees what of a charge still lies ahead.
    fn put_back(&self, charge: Charge) {
        let mut book = lock(&self.book);
        let reading = self.cell.read().filter(|reading| reading.epoch == charge.epoch);
        let Some(Reading { mut tat, gcra, .. }) = reading else { return book.holes.expire(charge.permits) };
        let now = gcra.ticks(self.clock.now());
        let shifts = self.cell.shifts();
        book.holes.prune(now);
        let (end, refund) = (charge.end_after(shifts), charge.refund(shifts, now));
        loop {
            let is_last = tat == end;
            let is_free = book.holes.len() == 0 && !gcra.is_booked_ahead(tat, now);
            if refund == 0 {
                return book.holes.expire(charge.permits);
            }
            if !(is_last || is_free || seeded_bug!("shift_under_bookings")) {
                // Moving the others ahead would let the next one book the instant that the last one has.
                return if charge.shifts == shifts {
                    book.holes.keep(charge, now);
                } else {
                    book.holes.expire(charge.permits);
                };
            }
            seeded_bug!("refund_in_two_steps" => {
                drop(book);
                book = lock(&self.book);
                self.cell.set(tat - refund);
                break;
            });
            if self.cell.exchange(tat, tat - refund) {
                break;
            }
            let Some(reading) = self.cell.read() else { return };
            tat = reading.tat;
        }
        if tat == end {
            // The line is shorter now: places that were given up before its end are no places any more.
            let mut last = end - refund;
            while let Some(place) = book.holes.take_ending_at(last) {
                if !self.cell.exchange(last, place.begin()) {
                    book.holes.put_back(place, now);
                    break;
                }
                last = place.begin();
            }
        } else {
            self.cell.shift(refund);
        }
    }

    #[inline]
    fn count(&self, counter: usize, n: u64) {
        if self.counts {
            self.counters.add_many(counter, n, self.may_stripe);
        }
    }

    /// A refusal that says when to come again.
    fn refuse(&self, nanos: u64) -> Rejected {
        self.note(Rejected::new(self.name(), Reason::RateLimited).with_retry_after_nanos(nanos))
    }

    #[cold]
    fn refuse_for(&self, not_now: NotNow) -> Rejected {
        match not_now {
            NotNow::After(nanos) => self.refuse(nanos),
            NotNow::Never => self.note(Rejected::new(self.name(), MORE_THAN_THE_BURST)),
            // The end of time.
            NotNow::Unclear => self.note(Rejected::new(self.name(), Reason::RateLimited)),
        }
    }

    #[inline]
    fn note(&self, refusal: Rejected) -> Rejected {
        self.count(REJECTED, 1);
        if self.observers.is_observed() {
            self.tell_now(Event::Rejected(refusal));
        }
        refusal
    }

    #[cold]
    fn tell_now(&self, event: Event) {
        self.observers.enqueue(event);
        self.observers.deliver();
    }
}

impl<C: Clock> Policy for RateLimiter<C> {
    type Permit = Permit;

    #[inline]
    fn admit(&self) -> Result<Permit, Rejected> {
        self.take(1).map(Permit)
    }

    /// A call that was made has used its permit, whatever became of it.
    #[inline]
    fn settle(&self, _: Permit, _: Verdict) {}

    #[cold]
    fn release(&self, permit: Permit) {
        self.refund(permit.0);
    }
}
