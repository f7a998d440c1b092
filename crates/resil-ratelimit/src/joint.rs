//! Several quotas that are decided as one, each on a line of time of its own: see [`gcra`](crate::gcra) for the arithmetic of one.
//!
//! Each line tells when it alone would give what is asked of it. The latest of these instants is that of the whole. If it is now, all
//! lines are charged; else nothing is, or a wait is booked on all of them.
//!
//! A booking takes its segment on each line from its instant on, or from the end of the line if that is later: before its instant the
//! permits are not used, and whoever is given some until then must not find that time spent twice. So on every line, what is given at w
//! has its segment within [w, w + capacity], and each line keeps its bound by itself. Time that a line leaves unused before the instant
//! of a booking is what flows over while all wait for the slowest line.

mod line;

use resil_core::Moment;

use crate::cell::NotNow;
use crate::charge::Charge;
use crate::gcra::Gcra;
use crate::{Peek, Quota, QuotaError};
use line::{Line, Mark};

/// How many places that were given up are kept for others.
const KEPT: usize = 64;

/// The state of `N` quotas.
#[derive(Debug)]
pub(crate) struct Joint<const N: usize> {
    lines: [Line; N],
    quotas: [Quota; N],
    /// Whether the initial permits have been counted from the first use.
    is_started: bool,
    /// The number of the newest claim, ever.
    newest: u64,
    /// The claim that left the state as it is.
    last: Option<u64>,
    /// Places that were given up while others had booked behind them.
    given_up: Vec<Claim<N>>,
    /// Permits that nobody could use any more.
    expired: [u64; N],
}

/// Permits of all quotas that were given or booked together, and what is needed to give them back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<const N: usize> {
    /// When it may be used.
    pub(crate) at: Moment,
    number: u64,
    parts: [Charge; N],
    /// What it found.
    before: [Mark; N],
    last_before: Option<u64>,
}

impl<const N: usize> Claim<N> {
    pub(crate) fn permits(&self) -> [u32; N] {
        self.parts.map(|part| part.permits)
    }
}

impl<const N: usize> Joint<N> {
    /// The arithmetic of all `quotas`, or what of one of them is out of its range.
    pub(crate) const fn gcras(quotas: &[Quota; N]) -> Result<[Gcra; N], QuotaError> {
        let mut gcras = [ANY; N];
        let mut index = 0;
        while index < N {
            match Gcra::of(quotas[index]) {
                Ok(gcra) => gcras[index] = gcra,
                Err(error) => return Err(error.in_quota(index)),
            }
            index += 1;
        }
        Ok(gcras)
    }

    /// Nothing was taken yet. `gcras` are those of the quotas.
    pub(crate) const fn new(quotas: [Quota; N], gcras: [Gcra; N]) -> Self {
        let mut lines = [Line::new(ANY); N];
        let mut index = 0;
        while index < N {
            lines[index] = Line::new(gcras[index]);
            index += 1;
        }
        Self {
            lines,
            quotas,
            is_started: false,
            newest: 0,
            last: None,
            given_up: Vec::new(),
            expired: [0; N],
        }
    }

    pub(crate) const fn quotas(&self) -> [Quota; N] {
        self.quotas
    }

    pub(crate) const fn expired(&self) -> [u64; N] {
        self.expired
    }

    /// Takes `permits` now, or says when they would be there.
    pub(crate) fn take(&mut self, permits: [u32; N], now: Moment) -> Result<Claim<N>, NotNow> {
        self.start(now);
        let at = instant(&self.lines, permits, now)?;
        if at > now { Err(until(at, now)) } else { self.claim(permits, now, now) }
    }

    /// Takes `permits` at the first instant at which all are there, or at an earlier one that was given up, unless it is after `latest`.
    pub(crate) fn book(
        &mut self,
        permits: [u32; N],
        now: Moment,
        latest: Moment,
    ) -> Result<Claim<N>, NotNow> {
        self.start(now);
        let at = instant(&self.lines, permits, now)?;
        // Who need not wait leaves the places that were given up to those who must.
        if at == now {
            return self.claim(permits, now, now);
        }
        if let Some(place) = self.find_place(permits, now, at).filter(|i| self.given_up[*i].at <= latest) {
            let claim = self.given_up.remove(place);
            return Ok(Claim { at: claim.at.max(now), ..claim });
        }
        if at > latest { Err(until(at, now)) } else { self.claim(permits, at, now) }
    }

    /// Takes permits that were used already, also more than the burst; whoever comes next waits for them.
    pub(crate) fn owe(&mut self, permits: [u32; N], now: Moment) {
        self.start(now);
        self.lines.iter_mut().zip(permits).for_each(|(line, permits)| line.owe(permits, now));
        self.last = None;
    }

    /// Frees what is still to come of a claim, of which the first `spent` permits were used.
    ///
    /// Undone exactly if nothing was claimed after it. Otherwise what is behind it moves ahead, unless somebody there was told an
    /// instant; then the whole place is kept for the next who has to wait.
    pub(crate) fn put_back(&mut self, claim: Claim<N>, spent: [u32; N], now: Moment) {
        self.forget_past(now);
        let is_unused = spent == [0; N];
        if self.last == Some(claim.number) {
            self.undo(&claim, spent, now);
            // The line ends earlier now: places that were given up before its end are no places any more.
            while let Some(at) = self.given_up.iter().position(|place| self.last == Some(place.number)) {
                let place = self.given_up.remove(at);
                self.undo(&place, [0; N], now);
            }
        } else if is_unused
            && self.given_up.len() < KEPT
            && self.is_booked_ahead(&claim, now)
            && holds_whole(&self.lines, &claim, now)
        {
            self.given_up.push(claim);
        } else {
            self.close_up(&claim, spent, now);
        }
    }

    /// Keeps the first `permits` of a claim on a place that was larger, and frees the rest.
    pub(crate) fn keep(&mut self, claim: Claim<N>, permits: [u32; N], now: Moment) -> Claim<N> {
        if claim.permits() == permits {
            return claim;
        }
        self.put_back(claim, permits, now);
        let mut parts = claim.parts;
        for (part, permits) in parts.iter_mut().zip(permits).filter(|(part, _)| part.permits > 0) {
            *part = part.first(part.cost / u64::from(part.permits) * u64::from(permits), permits);
        }
        self.newest += 1;
        Claim { parts, number: self.newest, ..claim }
    }

    /// Begins anew with the initial permits.
    pub(crate) fn reset(&mut self, now: Moment) {
        self.is_started = true;
        self.lines.iter_mut().zip(self.quotas).for_each(|(line, quota)| line.reset(quota, now));
        self.forget_all();
    }

    /// Goes over to other quotas, whose arithmetic is `gcras`.
    pub(crate) fn change(&mut self, quotas: [Quota; N], gcras: [Gcra; N], now: Moment) {
        for (index, line) in self.lines.iter_mut().enumerate() {
            if self.quotas[index] != quotas[index] {
                line.change(gcras[index], now);
            }
        }
        self.quotas = quotas;
        self.forget_all();
    }

    /// The first instant from now on at which all of `permits` would be given at once, as things stand.
    pub(crate) fn instant(&self, permits: [u32; N], now: Moment) -> Result<Moment, NotNow> {
        instant(&self.lines_at(now), permits, now)
    }

    /// What each quota would answer by itself.
    pub(crate) fn peek(&self, now: Moment) -> [Peek; N] {
        self.lines_at(now).map(|line| line.peek(now))
    }

    fn start(&mut self, now: Moment) {
        if !self.is_started {
            self.lines = self.lines_at(now);
            self.is_started = true;
        }
    }

    /// The lines, as of now if this is the first use.
    fn lines_at(&self, now: Moment) -> [Line; N] {
        let mut lines = self.lines;
        if !self.is_started {
            for (line, quota) in lines.iter_mut().zip(self.quotas) {
                *line = line.started(quota.initial_permits(), now);
            }
        }
        lines
    }

    /// Charges all lines, or none if the time of one is at its end.
    fn claim(&mut self, permits: [u32; N], at: Moment, now: Moment) -> Result<Claim<N>, NotNow> {
        let mut lines = self.lines;
        let mut parts = [NO_CHARGE; N];
        for ((line, part), permits) in lines.iter_mut().zip(&mut parts).zip(permits) {
            *part = line.charge(permits, at, now).ok_or(NotNow::Unclear)?;
        }
        let before = std::mem::replace(&mut self.lines, lines).map(|line| line.mark);
        self.newest += 1;
        let last_before = self.last.replace(self.newest);
        Ok(Claim { at, number: self.newest, parts, before, last_before })
    }

    /// The earliest place that was given up, is large enough and is earlier than `end`.
    fn find_place(&mut self, permits: [u32; N], now: Moment, end: Moment) -> Option<usize> {
        self.forget_past(now);
        let fits = |place: &Claim<N>| place.parts.iter().zip(permits).all(|(part, n)| part.permits >= n);
        let places = self.given_up.iter().enumerate().filter(|(_, place)| place.at < end && fits(place));
        places.min_by_key(|(_, place)| place.at).map(|(index, _)| index)
    }

    /// Whether somebody who was told an instant that is still to come stands behind `claim`.
    fn is_booked_ahead(&self, claim: &Claim<N>, now: Moment) -> bool {
        self.lines.iter().zip(&claim.parts).any(|(line, part)| part.permits > 0 && line.is_booked_ahead(now))
    }

    fn undo(&mut self, claim: &Claim<N>, spent: [u32; N], now: Moment) {
        for (index, line) in self.lines.iter_mut().enumerate() {
            let (part, spent) = (claim.parts[index], spent[index]);
            if part.permits > spent && line.refund(part.without_the_first(spent), now) == 0 {
                self.expired[index] += u64::from(part.permits - spent);
            }
            line.undo(&part, claim.before[index], spent);
        }
        self.last = if spent == [0; N] { claim.last_before } else { None };
    }

    /// Moves what is behind the part of `claim` that was not spent ahead, on each line where nobody has been told an instant.
    fn close_up(&mut self, claim: &Claim<N>, spent: [u32; N], now: Moment) {
        let mut has_moved = false;
        for (index, line) in self.lines.iter_mut().enumerate() {
            let (part, spent) = (claim.parts[index], spent[index]);
            if part.permits == spent {
                continue;
            }
            let refund = line.refund(part.without_the_first(spent), now);
            if refund == 0 || line.is_booked_ahead(now) {
                self.expired[index] += u64::from(part.permits - spent);
            } else {
                line.close_up(&part, refund);
                has_moved = true;
            }
        }
        if has_moved {
            self.forget_all();
        }
    }

    /// Gives up the places whose time has come.
    fn forget_past(&mut self, now: Moment) {
        let (lines, expired) = (&self.lines, &mut self.expired);
        self.given_up.retain(|place| {
            let is_whole = holds_whole(lines, place, now);
            if !is_whole {
                expire(expired, place);
            }
            is_whole
        });
    }

    /// Segments are no longer where they were claimed.
    fn forget_all(&mut self) {
        self.last = None;
        self.given_up.drain(..).for_each(|place| expire(&mut self.expired, &place));
    }
}

/// What stands in a list until the quotas' own take its place.
const ANY: Gcra = Gcra { per_nano: 1, interval: 1, capacity: 1 };

/// What is charged for no permits, before it is known where.
const NO_CHARGE: Charge = Charge { end: 0, cost: 0, permits: 0, since: 0, shifts: 0, epoch: 0 };

fn instant<const N: usize>(lines: &[Line; N], permits: [u32; N], now: Moment) -> Result<Moment, NotNow> {
    if lines.iter().zip(permits).any(|(line, permits)| line.gcra.cost(permits).is_none()) {
        return Err(NotNow::Never);
    }
    lines.iter().zip(permits).try_fold(now, |latest, (line, permits)| {
        line.instant(permits, now).map(|at| at.max(latest)).ok_or(NotNow::Unclear)
    })
}

/// Whether all of `claim` is still to come, where it was claimed.
fn holds_whole<const N: usize>(lines: &[Line; N], claim: &Claim<N>, now: Moment) -> bool {
    lines.iter().zip(&claim.parts).all(|(line, part)| line.holds_whole(part, now))
}

fn expire<const N: usize>(expired: &mut [u64; N], claim: &Claim<N>) {
    expired.iter_mut().zip(claim.permits()).for_each(|(expired, permits)| *expired += u64::from(permits));
}

fn until(at: Moment, now: Moment) -> NotNow {
    NotNow::After(at.as_nanos() - now.as_nanos())
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests;
