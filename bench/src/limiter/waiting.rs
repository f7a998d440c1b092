//! Tasks that wait for permits, in real time: the rate that they get, and the processor time that it costs.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use tower_service::Service;

use crate::limiter::operation::Spec;
use crate::limiter::ours;
use crate::limiter::peers::{governor, leaky_bucket, ratelimit, tower, tower_resilience};
use crate::real_time::{THREADS, processor_time, runtime};
use crate::record::{Wait, WaitCase, Waits};
use crate::row::OURS;
use crate::summary::Track;

/// Permits per second.
pub const RATE: u32 = 10_000;
/// Tasks that wait at the same time.
pub const TASKS: usize = 8;
/// The contender whose processor time the others' is compared with.
pub const REFERENCE: &str = governor::NAME;
/// Our processor time at most, as a multiple of the reference's.
pub const MOST_OF_REFERENCE: f64 = 0.15;
/// Our processor time at most, as a share of a core.
pub const MOST_OF_A_CORE: f64 = 0.05;
/// What we promise of the rate.
pub const PROMISED: [Promised; 2] = [
    Promised { burst: 100, share: 0.99, stretch: None },
    Promised { burst: 10, share: 0.86, stretch: Some(0.95) },
];

/// The share of the rate that tasks get at least.
#[derive(Debug, Clone, Copy)]
pub struct Promised {
    /// At this burst.
    pub burst: u32,
    /// The share.
    pub share: f64,
    /// A share beyond the promise.
    pub stretch: Option<f64>,
}

/// How long the tasks wait.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds; every contender waits once in each.
    pub rounds: usize,
    /// The time that is measured of a round.
    pub round: Duration,
}

impl Plan {
    /// For figures that are written down.
    pub const FULL: Self = Self { rounds: 5, round: Duration::from_secs(1) };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 1, round: Duration::from_millis(250) };
}

/// The time before it, in which the tasks use up the burst and settle.
const SETTLING: Duration = Duration::from_millis(150);

/// One task's access to a limiter that can be awaited.
pub trait Awaited: Clone + Send + 'static {
    /// Waits for one permit.
    fn acquire(&mut self) -> impl Future<Output = ()> + Send;
}

/// What stands behind a tower service for which tasks wait: nothing.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

/// Its answer.
pub type Answer = Ready<Result<(), Infallible>>;

impl Service<()> for Nothing {
    type Response = ();
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Answer {
        ready(Ok(()))
    }
}

/// A contender.
#[derive(Debug, Clone, Copy)]
pub struct Waiter {
    /// As it stands in the tables.
    pub name: &'static str,
    /// Starts the tasks, which count what they get.
    pub start: fn(Spec, &Arc<AtomicU64>),
}

/// All contenders, in the order of the tables.
const WAITERS: [Waiter; 7] = [
    Waiter { name: OURS, start: |spec, got| start(&ours::awaited(spec), got) },
    Waiter { name: governor::NAME, start: |spec, got| start(&governor::awaited(spec), got) },
    Waiter { name: leaky_bucket::NAME, start: |spec, got| start(&leaky_bucket::awaited(spec), got) },
    Waiter { name: ratelimit::NAME, start: |spec, got| start(&ratelimit::awaited(spec), got) },
    Waiter { name: tower::NAME, start: |spec, got| start(&tower::awaited(spec), got) },
    Waiter { name: tower_resilience::NAME, start: |spec, got| start(&tower_resilience::awaited(spec), got) },
    Waiter { name: "no limiter, 1 ms of sleep a task", start: |_, got| start(&Sleeper, got) },
];

/// Sleeps a millisecond for each permit: what as many timers cost.
#[derive(Clone)]
struct Sleeper;

impl Awaited for Sleeper {
    async fn acquire(&mut self) {
        sleep(Duration::from_millis(1)).await;
    }
}

fn start(limiter: &impl Awaited, got: &Arc<AtomicU64>) {
    for _ in 0..TASKS {
        let (mut limiter, got) = (limiter.clone(), Arc::clone(got));
        tokio::spawn(async move {
            loop {
                limiter.acquire().await;
                got.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

/// Measures every case.
///
/// # Errors
/// When a runtime cannot be made, or when a contender got more than its limiter may give.
pub fn measure(plan: Plan) -> Result<Waits, String> {
    let mut waits = Waits::default();
    for promised in PROMISED {
        for threads in THREADS {
            waits.cases.push(case(plan, promised.burst, threads)?);
        }
    }
    Ok(waits)
}

fn case(plan: Plan, burst: u32, threads: usize) -> Result<WaitCase, String> {
    let mut tracks = vec![(Track::default(), Track::default()); WAITERS.len()];
    for _ in 0..plan.rounds {
        for (waiter, (shares, costs)) in WAITERS.iter().zip(&mut tracks) {
            let round = round(plan.round, waiter, burst, threads)?;
            shares.rounds.push(Some(round.share));
            costs.rounds.push(Some(round.processor));
        }
    }
    let reference = WAITERS.iter().position(|waiter| waiter.name == REFERENCE).map(|index| &tracks[index].1);
    let waiters = WAITERS.iter().zip(&tracks).map(|(waiter, (shares, costs))| Wait {
        name: waiter.name.to_owned(),
        share: shares.median(),
        least: shares.minimum(),
        processor: costs.median(),
        ratio: reference.and_then(|reference| costs.ratio_to(reference)),
    });
    Ok(WaitCase { burst, threads, waiters: waiters.collect() })
}

/// One contender's tasks for one round, both figures as shares of one.
struct Round {
    share: f64,
    processor: f64,
}

fn round(length: Duration, waiter: &Waiter, burst: u32, threads: usize) -> Result<Round, String> {
    let runtime = runtime(threads)?;
    let round = runtime.block_on(async {
        let got = Arc::new(AtomicU64::new(0));
        (waiter.start)(Spec::waiting(RATE, burst), &got);
        sleep(SETTLING).await;
        let (started, before, spent) = (Instant::now(), got.load(Ordering::Relaxed), processor_time()?);
        sleep(length).await;
        let (elapsed, after) = (started.elapsed().as_secs_f64(), got.load(Ordering::Relaxed));
        let permits = (after - before) as f64;
        // Fixed windows may give a whole burst at either end.
        let most = f64::from(RATE) * elapsed + 2.0 * f64::from(burst);
        if permits > most {
            return Err(format!("{} gave {permits} permits where {most:.0} were allowed", waiter.name));
        }
        Ok(Round {
            share: permits / (f64::from(RATE) * elapsed),
            processor: (processor_time()? - spent).as_secs_f64() / elapsed,
        })
    });
    // The tasks end with the runtime, wherever they wait.
    drop(runtime);
    round
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a permit whenever it is asked.
    #[derive(Clone)]
    struct Lenient;

    impl Awaited for Lenient {
        async fn acquire(&mut self) {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn a_limiter_that_gives_too_much_is_caught() {
        let waiter = Waiter { name: "lenient", start: |_, got| start(&Lenient, got) };
        let seen = round(Duration::from_millis(20), &waiter, 10, 1).map(|round| round.share);
        assert!(seen.is_err_and(|error| error.starts_with("lenient gave ")));
    }
}
