//! The model: a bucket of tokens for each quota, counted in whole parts of a token, and nothing clever.

use resil_ratelimit::Quota;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bucket {
    /// Parts that flow in, in a nanosecond.
    pub(crate) inflow: i128,
    /// Parts in a permit.
    pub(crate) permit: i128,
    /// Parts in the full bucket.
    pub(crate) full: i128,
    /// What was in it at `as_of`. That may be an instant still to come: then what is there before is what may be taken until then.
    level: i128,
    as_of: i128,
}

impl Bucket {
    /// As it is documented: a whole number of parts of a nanosecond for each permit, 32 of them at most, rounded up.
    fn new(quota: Quota, now: i128) -> Self {
        let (permits, period) = (i128::from(quota.permits()), period(quota));
        let inflow = (1..=32).find(|parts| (period * parts) % permits == 0).unwrap_or(32);
        let permit = (period * inflow + permits - 1) / permits;
        let full = permit * i128::from(quota.burst_size());
        Self { inflow, permit, full, level: permit * i128::from(quota.initial_permits()), as_of: now }
    }

    fn level(&self, at: i128) -> i128 {
        (self.level + (at - self.as_of) * self.inflow).min(self.full)
    }

    /// The first instant from `now` on with enough for `permits`; `None` for more than the bucket holds.
    fn first_with(&self, permits: u32, now: i128) -> Option<i128> {
        let needed = self.permit * i128::from(permits);
        if permits == 0 {
            return Some(now);
        }
        if needed > self.full {
            return None;
        }
        let missing = (needed - self.level(now)).max(0);
        Some(now + (missing + self.inflow - 1).div_euclid(self.inflow))
    }

    fn take(&mut self, permits: u32, at: i128) {
        if permits > 0 {
            let as_of = self.as_of.max(at);
            self.level = self.level(as_of) - self.permit * i128::from(permits);
            self.as_of = as_of;
        }
    }
}

/// Several buckets, from which is taken together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Naive {
    pub(crate) buckets: Vec<Bucket>,
}

impl Naive {
    /// Buckets that are first used `now`.
    pub(crate) fn new(quotas: &[Quota], now: u64) -> Self {
        Self { buckets: quotas.iter().map(|quota| Bucket::new(*quota, now.into())).collect() }
    }

    /// The first instant from `now` on at which all have enough.
    pub(crate) fn first_with(&self, permits: &[u32], now: u64) -> Option<u64> {
        let firsts = self.buckets.iter().zip(permits).map(|(bucket, n)| bucket.first_with(*n, now.into()));
        let latest = firsts.collect::<Option<Vec<_>>>()?.into_iter().max().expect("a quota");
        Some(u64::try_from(latest).expect("the times of the test are small"))
    }

    pub(crate) fn take(&mut self, permits: &[u32], at: u64) {
        self.buckets.iter_mut().zip(permits).for_each(|(bucket, n)| bucket.take(*n, at.into()));
    }

    /// The whole permits that may be taken now.
    pub(crate) fn available(&self, now: u64) -> Vec<u32> {
        let whole = |bucket: &Bucket| (bucket.level(now.into()) / bucket.permit).max(0);
        self.buckets.iter().map(|bucket| u32::try_from(whole(bucket)).expect("at most the burst")).collect()
    }
}

fn period(quota: Quota) -> i128 {
    i128::try_from(quota.period().as_nanos()).expect("the times of the test are small")
}
