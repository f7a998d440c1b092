//! What is compared after each operation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use resil_ratelimit::{Event, Name, Quota, Reason, Rejected, Subscription};

use crate::naive::Refusal;
use crate::play::{Limiter, Player};

/// An event in the words of the model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    Rejected(Rejected),
    Waited { permits: u32, nanos: u64 },
    QuotaChanged { from: Quota, to: Quota },
    Reset,
    Other(String),
}

/// Listens to a limiter.
pub(crate) struct Ear {
    heard: Arc<Mutex<Vec<Heard>>>,
    _subscription: Subscription,
}

impl Ear {
    pub(crate) fn at(limiter: &Limiter) -> Self {
        let heard = Arc::<Mutex<Vec<Heard>>>::default();
        let writer = Arc::clone(&heard);
        let subscription = limiter.observe(move |event| {
            writer.lock().unwrap_or_else(PoisonError::into_inner).push(match event {
                Event::Rejected(refusal) => Heard::Rejected(*refusal),
                Event::Waited(waited) => Heard::Waited { permits: waited.permits, nanos: nanos(waited.time) },
                Event::QuotaChanged(change) => Heard::QuotaChanged { from: change.from, to: change.to },
                Event::Reset(_) => Heard::Reset,
                other => Heard::Other(format!("{other:?}")),
            });
        });
        Self { heard, _subscription: subscription }
    }

    fn take(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(crate) fn refusal(name: Name, refusal: Refusal) -> Rejected {
    match refusal {
        Refusal::Limited { retry_after } => {
            Rejected::new(name, Reason::RateLimited).with_retry_after(Duration::from_nanos(retry_after))
        }
        Refusal::Never => Rejected::new(name, Reason::Other("more permits than the burst")),
    }
}

impl Player<'_> {
    /// Whether a call is answered alike; a refusal is also expected as an event.
    pub(crate) fn compare_answers(
        &mut self,
        real: Option<Rejected>,
        modelled: Option<Refusal>,
    ) -> Result<(), String> {
        let expected = modelled.map(|modelled| refusal(self.limiter.name(), modelled));
        self.expected.extend(expected.map(Heard::Rejected));
        if real == expected {
            return Ok(());
        }
        let say = |answer: Option<Rejected>| {
            answer.map_or("admits".to_owned(), |refusal| format!("refuses: {refusal:?}"))
        };
        Err(format!("the limiter {}, the model {}", say(real), say(expected)))
    }

    pub(crate) fn compare_events(&mut self) -> Result<(), String> {
        let (real, expected) = (self.ear.take(), std::mem::take(&mut self.expected));
        if real == expected {
            return Ok(());
        }
        Err(format!("the limiter tells its observers {real:?}, the model {expected:?}"))
    }

    pub(crate) fn compare_readings(&mut self) -> Result<(), String> {
        let (limiter, model) = (self.limiter, &mut self.model);
        let peek = limiter.peek();
        let burst = limiter.quota().burst_size();
        let amounts = [0, 1, 2, burst / 2, burst, burst.saturating_add(1)];
        same("quota", limiter.quota(), model.quota)?;
        same("available()", limiter.available(), model.available())?;
        same("peek().available", peek.available, model.available())?;
        same("peek().full_in", nanos(peek.full_in), model.full_in())?;
        same("peek().next_in", Some(nanos(peek.next_in)), model.wait_for(1))?;
        same("time_until_available()", Some(nanos(limiter.time_until_available())), model.wait_for(1))?;
        for permits in amounts {
            let real = limiter.time_until_available_n(permits).map(nanos);
            same("time_until_available_n()", (permits, real), (permits, model.wait_for(permits)))?;
        }
        let (stats, counts) = (limiter.stats(), model.counts());
        same("acquired", stats.acquired, counts.acquired)?;
        same("refunded", stats.refunded, counts.refunded)?;
        same("rejected", stats.rejected, counts.rejected)?;
        same("waited", (stats.waited, nanos(stats.waited_time)), (counts.waited, counts.waited_nanos))?;
        same("cancelled", stats.cancelled, counts.cancelled)?;
        same("expired_bookings", stats.expired_bookings, counts.expired)?;
        same("available of the statistics", stats.available, model.available())?;
        same("trouble with listeners", (stats.events_lost, stats.listener_panics), (0, 0))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is told what is the same, most often small values")]
fn same<T: PartialEq + std::fmt::Debug>(what: &str, real: T, modelled: T) -> Result<(), String> {
    if real == modelled {
        return Ok(());
    }
    Err(format!("{what}: the limiter's is {real:?}, the model's {modelled:?}"))
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
