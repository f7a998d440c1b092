//! What is compared after each operation, and how the clock is moved.

use std::time::Duration;

use resil_breaker::Rejected;

use super::Player;
use crate::history::{Back, Op, Wait};
use crate::real;
use crate::vocabulary::{Event, Refusal};

impl Player<'_> {
    pub(super) fn compare_refusals(
        &mut self,
        real: Option<Rejected>,
        modelled: Option<Refusal>,
    ) -> Result<(), String> {
        let expected = modelled.map(|Refusal { reason, retry_after }| {
            let refusal = Rejected::new(self.breaker.name(), reason);
            match retry_after {
                Some(wait) => refusal.with_retry_after(Duration::from_nanos(wait)),
                None => refusal,
            }
        });
        if let Some(refusal) = expected {
            let hint = if refusal.retry_after().is_some() { "with a hint" } else { "without a hint" };
            self.witness.saw(|| format!("refused as {:?} {hint}", refusal.reason()));
            self.witness.wrote(|| format!("      {refusal}"));
        }
        if real == expected {
            return Ok(());
        }
        let answer = |refusal: Option<Rejected>| {
            refusal.map_or_else(|| "admits the call".to_owned(), |refusal| format!("refuses it: {refusal:?}"))
        };
        Err(format!("the breaker {}, the model {}", answer(real), answer(expected)))
    }

    /// Compares the transitions in their order, and how many there were of the other events.
    pub(super) fn compare_events(&mut self) -> Result<(), String> {
        let modelled = self.model.take_events();
        if let Some(ear) = &self.ear {
            let real = ear.take()?;
            let transition = |event: &&Event| matches!(event, Event::Transition { .. });
            let same_transitions = real.iter().filter(transition).eq(modelled.iter().filter(transition));
            let others = [Event::Rejected, Event::SlowCall, Event::ThresholdExceeded];
            let count =
                |events: &[Event]| others.map(|kind| events.iter().filter(|event| **event == kind).count());
            if !same_transitions || count(&real) != count(&modelled) {
                return Err(format!("the breaker tells its observers {real:?}, the model {modelled:?}"));
            }
        }
        self.ledger.hear(&modelled);
        self.describe(&modelled);
        Ok(())
    }

    pub(super) fn compare_readings(&mut self) -> Result<(), String> {
        let (real, modelled) = (real::state(self.breaker.state()), self.model.state());
        if real != Some(modelled) {
            return Err(format!("the breaker's state reads {real:?}, the model's {modelled:?}"));
        }
        let (real, modelled) = (self.breaker.can_proceed(), self.model.can_proceed());
        if real != modelled {
            return Err(format!("can_proceed() is {real}, the model's is {modelled}"));
        }
        let stats = real::stats(self.breaker).ok_or("the statistics have a state that no history reaches")?;
        let modelled = self.model.stats();
        if stats != modelled {
            return Err(format!("the breaker's statistics are {stats:#?}\nand the model's {modelled:#?}"));
        }
        self.ledger.balance(&stats, self.held.len())
    }

    pub(super) fn move_to(&mut self, now: u64) {
        self.model.now = now;
        real::set_clock(self.clock, now);
    }

    pub(super) fn step_back(&mut self, back: Back) {
        self.witness.saw(|| format!("clock stepped back in {:?}", self.model.state_entered()));
        self.move_to(match back {
            Back::Nanos(nanos) => self.model.now.saturating_sub(u64::from(nanos)),
            Back::Units(units) => self.model.now.saturating_sub(u64::from(units) * self.unit),
            Back::ToZero => 0,
        });
    }

    /// The moment to which `wait` leads, never an earlier one.
    pub(super) fn after(&self, wait: Wait) -> u64 {
        let now = self.model.now;
        match wait {
            Wait::Nanos(nanos) => now + u64::from(nanos),
            Wait::Units(units) => now + u64::from(units) * self.unit,
            Wait::ToEdge { pick, offset } => {
                let mut edges = self.model.edges();
                // A nanosecond after this a call that starts now would be slow.
                edges.extend(self.settings.slow_rate.map(|rule| now + rule.slower_than));
                edges.retain(|edge| *edge > now);
                match edges.get(usize::from(pick) % edges.len().max(1)) {
                    Some(edge) => edge.saturating_add_signed(offset.into()),
                    None => now + u64::from(pick) * self.unit,
                }
            }
        }
    }

    /// Tells the witness of the events of an operation.
    fn describe(&mut self, events: &[Event]) {
        for sight in self.model.take_sights() {
            self.witness.saw(|| sight.to_owned());
        }
        for event in events {
            self.witness.wrote(|| format!("      {event:?}"));
            self.witness.saw(|| match event {
                Event::Transition { from, to, cause } => format!("{from:?} -> {to:?} by {cause:?}"),
                other => format!("{other:?}"),
            });
        }
        let transitions = events.iter().filter(|event| matches!(event, Event::Transition { .. })).count();
        if transitions > 1 {
            self.witness.saw(|| "two transitions at once".to_owned());
        }
    }

    /// Tells the witness where an operation led.
    pub(super) fn write_down(&mut self, number: usize, op: &Op) {
        let (entered, read) = (self.model.state_entered(), self.model.state());
        let again = if self.model.reads_half_open_again() { " again" } else { "" };
        self.witness.saw(|| format!("{entered:?} reads {read:?}{again}"));
        let (now, held) = (self.model.now, self.held.len());
        self.witness.wrote(|| format!("{number:4}  {op:?}\n      -> {now} ns, {read:?}, {held} held"));
    }
}
