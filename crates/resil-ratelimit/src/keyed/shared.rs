use resil_core::Moment;

use super::line::Line;
use super::table::Tat;
use super::terms::Terms;

/// The one entry for all keys that find no room.
#[derive(Debug)]
pub(super) struct Shared {
    terms: Terms,
    /// `None` before the first use.
    tat: Option<Tat>,
    moves: u64,
    epoch: u64,
    pub(super) acquired: u64,
    pub(super) rejected: u64,
}

impl Shared {
    pub(super) fn new(terms: Terms) -> Self {
        Self { terms, tat: None, moves: 0, epoch: 0, acquired: 0, rejected: 0 }
    }

    pub(super) fn terms(&self) -> Terms {
        self.terms
    }

    pub(super) fn line(&mut self, now: Moment) -> Line<'_> {
        let tat = self.tat.get_or_insert_with(|| Tat::new(self.terms.first_tat(now)));
        Line { tat, terms: self.terms, moves: &mut self.moves, epoch: self.epoch }
    }

    /// Goes over to other terms. The same share stays consumed.
    pub(super) fn set_terms(&mut self, to: Terms, now: Moment) {
        self.epoch += 1;
        self.tat = self.tat.map(|tat| Tat::new(self.terms.gcra().carry_over(tat.get(), now, to.gcra())));
        self.terms = to;
    }
}
