use resil_core::Moment;

use crate::Config;

/// The half-open phase: who probes, until when, and what came of it so far.
#[derive(Debug)]
pub(crate) struct Probes {
    /// When the phase ends without a verdict.
    until: Moment,
    /// The probes in flight, by the order of their admission.
    leases: Vec<Lease>,
    next_id: u32,
    successes: u32,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Lease {
    id: u32,
    until: Moment,
}

/// What a half-open phase comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Recovered,
    StillSick,
}

/// The number of a probe within its phase; 0 is a call that is none.
pub(crate) type ProbeId = u32;

impl Probes {
    pub(crate) fn start(config: &Config, now: Moment) -> Self {
        Self {
            until: now.saturating_add(config.half_open_limit()),
            leases: Vec::with_capacity(config.probes_at_once()),
            next_id: 1,
            successes: 0,
            failures: 0,
        }
    }

    /// When the phase ends without a verdict.
    pub(crate) fn until(&self) -> Moment {
        self.until
    }

    /// Takes the slots of probes whose time is over.
    pub(crate) fn expire(&mut self, now: Moment) {
        self.leases.retain(|lease| lease.until > now);
    }

    pub(crate) fn in_flight_at(&self, now: Moment) -> usize {
        self.leases.iter().filter(|lease| lease.until > now).count()
    }

    /// When the next slot comes free at the latest, or the phase ends.
    pub(crate) fn next_change(&self) -> Moment {
        self.leases.iter().map(|lease| lease.until).fold(self.until, Moment::min)
    }

    pub(crate) fn is_full(&self, config: &Config) -> bool {
        self.leases.len() >= config.probes_at_once()
    }

    /// Admits a probe, if a slot is free.
    pub(crate) fn admit(&mut self, config: &Config, now: Moment) -> Option<ProbeId> {
        if self.is_full(config) {
            return None;
        }
        let id = self.next_id;
        // 23 bits, as a permit has them; never 0.
        self.next_id = self.next_id % 0x7F_FFFF + 1;
        self.leases.push(Lease { id, until: now.saturating_add(config.probe_lease()) });
        Some(id)
    }

    /// Gives back the slot of a probe; `false` if its time was over.
    pub(crate) fn free(&mut self, id: ProbeId) -> bool {
        let place = self.leases.iter().position(|lease| lease.id == id);
        place.map(|place| self.leases.remove(place)).is_some()
    }

    /// Takes note of a probe's outcome, and judges as early as it can.
    pub(crate) fn judge(&mut self, config: &Config, healthy: bool) -> Option<Finding> {
        let needed = config.successes_to_close();
        if healthy {
            self.successes = self.successes.saturating_add(1);
            return (self.successes >= needed).then_some(Finding::Recovered);
        }
        self.failures = self.failures.saturating_add(1);
        let too_many = match config.half_open_rate() {
            None => true,
            Some(percent) => u64::from(self.failures) * 100 >= u64::from(percent) * u64::from(needed),
        };
        too_many.then_some(Finding::StillSick)
    }
}
