//! What is measured call by call.

/// One call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Whether a token has been triggered, which it has not.
    Look,
    /// Begins to wait for a token, and gives it up: what a loop around `select!` does in each round.
    Wait,
    /// Makes a child of a token, and drops it.
    Child,
    /// Triggers a token for which so many wait.
    Tell(usize),
    /// Triggers a token with so many children, for each of which one waits.
    TellChildren(usize),
    /// Counts something as in flight, and out again.
    Count,
}

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What tells tasks to stop.
    Token,
    /// What waits until all have.
    Waiter,
}
