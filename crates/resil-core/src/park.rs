use std::thread;

use crate::{Clock, Moment};

/// Blocks this thread until `clock` has reached `at`: for authors of policies that wait.
///
/// A token of [`Thread::unpark`](std::thread::Thread::unpark) that comes meanwhile ends nothing and is there afterwards: it may be
/// meant for the caller. As parking is allowed to come back without one, so is a token that nobody gave.
///
/// ```
/// use resil_core::{Clock, ManualClock, Moment, wait_until};
/// use std::time::Duration;
///
/// let clock = ManualClock::leaping(); // takes no time
/// wait_until(&clock, Moment::ZERO.saturating_add(Duration::from_secs(3_600)));
/// assert_eq!(clock.now().as_nanos(), 3_600_000_000_000);
/// ```
pub fn wait_until<C: Clock + ?Sized>(clock: &C, at: Moment) {
    if clock.now() >= at {
        return;
    }
    loop {
        clock.park_until(at);
        if clock.now() >= at {
            break;
        }
    }
    thread::current().unpark();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ManualClock;

    #[test]
    fn a_token_for_the_caller_outlives_the_wait() {
        let clock = ManualClock::new();
        let at = Moment::from_nanos(5);
        let waiter = thread::spawn({
            let clock = clock.clone();
            move || {
                wait_until(&clock, at);
                let woke_at = clock.now();
                thread::park(); // for ever, if it had been used up
                woke_at
            }
        });
        waiter.thread().unpark();
        while clock.sleepers_waiting() == 0 {
            thread::yield_now();
        }
        clock.advance(Duration::from_nanos(5));
        assert_eq!(waiter.join().unwrap(), at);
    }
}
