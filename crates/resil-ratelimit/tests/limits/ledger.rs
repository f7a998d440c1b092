//! What was given and when, to be held against each quota's bound by brute force.

use crate::naive::{Bucket, Naive};

/// What was given at one time: the permits of each quota that were used in the end.
#[derive(Clone, Debug)]
struct Entry {
    at: u64,
    used: Vec<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
}

impl Ledger {
    /// Writes down what was given at `at`.
    pub(crate) fn give(&mut self, at: u64, used: &[u32]) {
        self.entries.push(Entry { at, used: used.to_vec() });
    }

    /// The number of the last line.
    pub(crate) fn last(&self) -> usize {
        self.entries.len() - 1
    }

    /// Corrects a line: so much was used in the end.
    pub(crate) fn correct(&mut self, line: usize, used: &[u32]) {
        self.entries[line].used = used.to_vec();
    }

    /// In every interval, of any length T, each quota gave at most its burst and what comes back in T. Quotas with debts do not count.
    pub(crate) fn check(&self, quotas: &Naive, indebted: &[bool]) -> Result<(), String> {
        for (index, bucket) in quotas.buckets.iter().enumerate().filter(|(index, _)| !indebted[*index]) {
            let mut given: Vec<_> = self.entries.iter().map(|entry| (entry.at, entry.used[index])).collect();
            given.sort_unstable();
            for first in 0..given.len() {
                let mut sum = 0;
                for (at, used) in &given[first..] {
                    sum += i128::from(*used);
                    check_interval(bucket, sum, given[first].0, *at)
                        .map_err(|error| format!("quota {index}: {error}; given {given:?}"))?;
                }
            }
        }
        Ok(())
    }
}

fn check_interval(bucket: &Bucket, permits: i128, from: u64, to: u64) -> Result<(), String> {
    if permits * bucket.permit <= bucket.full + i128::from(to - from) * bucket.inflow {
        return Ok(());
    }
    Err(format!("{permits} permits from {from} to {to} ns, more than burst and rate allow"))
}
