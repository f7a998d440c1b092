//! The contract by its words: a list of all that was given, gone through for every question.

/// What was given, and what is promised to those who wait, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Naive {
    pub(crate) permits: u64,
    pub(crate) window: u64,
    pub(crate) given: Vec<(u64, u64)>,
    pub(crate) promised: Vec<(u64, u64)>,
}

impl Naive {
    pub(crate) fn new(permits: u32, window: u64) -> Self {
        Self { permits: permits.into(), window, given: Vec::new(), promised: Vec::new() }
    }

    pub(crate) fn give(&mut self, at: u64, permits: u32) {
        self.given.push((at, permits.into()));
    }

    pub(crate) fn promise(&mut self, at: u64, permits: u32) {
        self.promised.push((at, permits.into()));
    }

    /// Takes a promise back, as it is kept now or not needed any more.
    pub(crate) fn keep_promise(&mut self, at: u64, permits: u32) {
        let promised = (at, permits.into());
        let index = self.promised.iter().position(|other| *other == promised).expect("it was promised");
        self.promised.swap_remove(index);
    }

    /// The same with permits that come back so much later.
    pub(crate) fn slowed(&self, lateness: u64) -> Self {
        Self { window: self.window + lateness, ..self.clone() }
    }

    /// Takes back one permit that was given at `at`.
    pub(crate) fn take_back(&mut self, at: u64) {
        let index = self.given.iter().position(|given| *given == (at, 1)).expect("it was given");
        self.given.swap_remove(index);
    }

    /// The permits of `[end - length + 1, end]`, which is half open if read as `[end - length + 1, end + 1)`.
    pub(crate) fn used(&self, end: u64, length: u64) -> u64 {
        let all = self.given.iter().chain(&self.promised);
        all.filter(|(at, _)| *at <= end && at + length > end).map(|(_, permits)| permits).sum()
    }

    /// Whether `permits` more at `now` would still keep the contract, with what was given before.
    pub(crate) fn has_room(&self, now: u64, permits: u32) -> bool {
        self.used(now, self.window) + u64::from(permits) <= self.permits
    }

    /// The first instant from `now` on, and not before the last promise, at which `permits` have room.
    pub(crate) fn next(&self, now: u64, permits: u32) -> u64 {
        let from = self.promised.iter().map(|(at, _)| *at).fold(now, u64::max);
        let leaving = self.given.iter().chain(&self.promised).map(|(at, _)| at + self.window);
        leaving
            .chain([from])
            .filter(|at| *at >= from && self.has_room(*at, permits))
            .min()
            .expect("all leave")
    }

    /// The first window in which more was given than may be, if there is one. Each window that matters begins with a permit.
    pub(crate) fn broken_window(&self) -> Option<(u64, u64)> {
        let permits_from = |start: u64| {
            let within = self.given.iter().filter(|(at, _)| (start..start + self.window).contains(at));
            within.map(|(_, permits)| permits).sum::<u64>()
        };
        let windows = self.given.iter().map(|(start, _)| (*start, permits_from(*start)));
        windows.into_iter().find(|(_, permits)| *permits > self.permits)
    }
}
