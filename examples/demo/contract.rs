//! What the upstream allows its callers, and what the guarded side makes of it.

use std::fmt;

use resil::Quota;

/// So many requests per second, and so many at once after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contract {
    pub(crate) per_second: u32,
    pub(crate) at_once: u32,
}

impl Contract {
    /// The contract of an upstream whose callers ordinarily send `rate` requests per second: half as much again, and
    /// what comes in a third of a second at once.
    pub(crate) fn for_load(rate: u32) -> Self {
        let per_second = rate * 3 / 2;
        Self { per_second, at_once: per_second / 3 }
    }

    /// What the upstream counts by.
    pub(crate) fn quota(self) -> Quota {
        Quota::per_second(self.per_second).burst(self.at_once)
    }

    /// What a careful client allows itself: a tenth less, and hardly anything at once. Permits are given in time, but
    /// requests that are held up on their way arrive together, and the rest of the burst is for them.
    pub(crate) fn promise(self) -> Quota {
        Quota::per_second(self.per_second * 9 / 10).burst((self.at_once / 20).max(1))
    }

    /// Of how many calls the guarded side judges the service: about an eighth of a second's.
    pub(crate) fn sample(self) -> u32 {
        self.per_second.div_ceil(8).max(20)
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per second, {} at once", self.per_second, self.at_once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::SURGE;

    #[test]
    fn an_ordinary_load_fits_the_promise_and_a_surge_does_not_fit_the_contract() {
        for rate in 20..=1000 {
            let contract = Contract::for_load(rate);
            let promise = contract.promise();
            assert!(rate < promise.permits() && promise.permits() < contract.per_second, "{rate}");
            assert!(contract.per_second < SURGE * rate);
            assert_eq!((contract.quota().check(), promise.check()), (Ok(()), Ok(())));
        }
    }

    #[test]
    fn the_promise_still_fits_when_its_requests_are_held_up_for_a_quarter_of_a_second() {
        for rate in 20..=1000 {
            let contract = Contract::for_load(rate);
            let promise = contract.promise();
            let together = f64::from(promise.burst_size()) + 0.25 * f64::from(promise.permits());
            assert!(together <= f64::from(contract.at_once), "{rate}: {together} of {contract}");
        }
    }

    #[test]
    fn a_contract_reads_as_a_sentence() {
        assert_eq!(Contract::for_load(200).to_string(), "300 per second, 100 at once");
    }
}
