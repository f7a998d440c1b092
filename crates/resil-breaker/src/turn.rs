use std::hash::{BuildHasher, RandomState};

use resil_core::sync::lock;
use resil_core::{Clock, Moment};

use crate::circuit::{Circuit, News};
use crate::event::{ThresholdExceeded, Transition};
use crate::stats::Facts;
use crate::tally::Published;
use crate::{CircuitBreaker, Event, State, Stats};

/// What is made when it is first needed, and only touched under the lock.
pub(crate) struct Core {
    circuit: Circuit,
    published: Published,
}

impl Core {
    pub(crate) const fn circuit(&self) -> &Circuit {
        &self.circuit
    }
}

/// A turn at the circuit: with its lock, and with all that the front has collected folded into it.
impl<C: Clock> CircuitBreaker<C> {
    /// Reads the circuit as of now; `None` if nobody has used it yet: to look at it makes no windows.
    pub(crate) fn with_circuit<R>(&self, read: impl FnOnce(&Circuit, Moment) -> R) -> Option<R> {
        let mut core = lock(&self.circuit);
        let Core { circuit, published } = core.as_deref_mut()?;
        let now = self.clock.now();
        circuit.absorb(self.front.take(*published));
        if circuit.wants_counts() {
            circuit.set_counts(self.counted());
        }
        let result = read(circuit, now);
        *published = self.front.publish_tally(circuit, *published);
        Some(result)
    }

    /// Runs `act` on the circuit, with all that was recorded folded into it, and tells the listeners what came of it.
    pub(crate) fn locked<R>(&self, act: impl FnOnce(&mut Circuit, Moment) -> R) -> R {
        let mut core = lock(&self.circuit);
        let now = self.clock.now();
        let Core { circuit, published } = &mut **core.get_or_insert_with(|| {
            let circuit = Circuit::new(self.name(), self.initial, RandomState::new().hash_one(0), now);
            Box::new(Core { circuit, published: Published::NONE })
        });
        circuit.absorb(self.front.take(*published));
        if circuit.wants_counts() {
            circuit.set_counts(self.counted());
        }
        let result = act(circuit, now);
        let news = circuit.take_news();
        let tell = !news.is_empty();
        if self.observers.is_observed() {
            for item in news {
                self.observers.enqueue(self.event(item));
            }
        }
        self.front.publish_state(circuit);
        *published = self.front.publish_tally(circuit, *published);
        drop(core);
        if tell {
            self.observers.deliver();
        }
        result
    }

    /// Folds a tally that is used up into the circuit and records one outcome more, if that needs no clock: it cannot trip, and no
    /// window slides by time.
    pub(crate) fn fold(&self, epoch: u64, failed: bool, slow: bool) -> bool {
        let mut core = lock(&self.circuit);
        let Some(Core { circuit, published }) = core.as_deref_mut() else { return false };
        circuit.absorb(self.front.take(*published));
        let recorded = epoch == circuit.epoch() && circuit.record_within_slack(failed, slow);
        *published = self.front.publish_tally(circuit, *published);
        recorded
    }

    /// What the circuit knows, with what is counted beside it.
    pub(crate) fn stats_of(&self, state: State, facts: Facts) -> Stats {
        let counts = Stats::of(self.name(), state, facts, self.counted());
        let (events_lost, listener_panics) = (self.observers.events_lost(), self.observers.listener_panics());
        Stats { events_lost, listener_panics, ..counts }
    }

    fn event(&self, news: News) -> Event {
        match news {
            News::Changed { from, to, cause, reason, epoch, at, open_for, before } => {
                let before = self.stats_of(from, before);
                let name = self.name();
                Event::Transition(Box::new(Transition {
                    name,
                    from,
                    to,
                    cause,
                    reason,
                    epoch,
                    at,
                    open_for,
                    before,
                }))
            }
            News::Exceeded { state, cause, facts } => {
                let stats = self.stats_of(state, facts);
                Event::ThresholdExceeded(Box::new(ThresholdExceeded { name: self.name(), cause, stats }))
            }
        }
    }
}
