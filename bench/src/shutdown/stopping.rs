//! Many tasks that are started and then told to end, in real time: the processor time of it, and the allocations.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time::sleep;

use crate::interleave::turns;
use crate::memory::{Counted, Counter};
use crate::real_time::{THREADS, processor_time, runtime};
use crate::record::{Cost, Stop, StopCase, Stops, TaskMemory};
use crate::row::OURS;
use crate::shutdown::ours;
use crate::shutdown::peers::{tokio_graceful_shutdown, tokio_util};
use crate::summary::Track;

/// The tasks.
pub const TASKS: usize = 1_000;
/// The contender with whose processor time the others' is compared.
pub const REFERENCE: &str = tokio_graceful_shutdown::NAME;
/// Our processor time at most, as a multiple of the reference's.
pub const MOST_OF_REFERENCE: f64 = 0.6;
/// Our allocations per task at most.
pub const MOST_ALLOCATIONS: f64 = 4.0;
/// Those of ours about whom something is promised.
pub const PROMISED: [&str; 3] = [OURS, ours::ONE_CALLBACK, ours::IN_ORDER];

/// The time in which a runtime comes to rest, so that no thread runs when the processor time is read.
const SETTLING: Duration = Duration::from_millis(2);
/// The time after which tasks that have not begun will not begin any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often they are stopped.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Rounds; every contender stops its tasks once in each.
    pub rounds: usize,
}

impl Plan {
    /// For figures that are written down.
    pub const FULL: Self = Self { rounds: 301 };
    /// For a look.
    pub const QUICK: Self = Self { rounds: 15 };
}

/// One contender's tasks.
pub trait Crew: Send + 'static {
    /// As it stands in the tables.
    const NAME: &'static str;
    /// Whether they end one after the other: each before the next is told.
    const IN_ORDER: bool;

    /// Starts the tasks, each of which tells `roll` that it waits, waits until it is told to end, and tells `roll`.
    fn start(roll: &Arc<Roll>) -> Self;

    /// Tells them to end, and waits until all have.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

/// Who waits and who has ended.
#[derive(Debug, Default)]
pub struct Roll {
    waiting: AtomicUsize,
    ended: AtomicUsize,
    in_order: AtomicUsize,
}

impl Roll {
    /// A task begins to wait.
    pub fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// The task of that number ends.
    pub fn end(&self, number: usize) {
        let before = self.ended.fetch_add(1, Ordering::Relaxed);
        self.in_order.fetch_add(usize::from(before == number), Ordering::Relaxed);
    }

    fn all_wait(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) == TASKS && self.ended.load(Ordering::Relaxed) == 0
    }

    /// Whether all have ended, and in order if they are to.
    fn check(&self, is_ordered: bool) -> Result<(), String> {
        let (ended, in_order) = (self.ended.load(Ordering::Relaxed), self.in_order.load(Ordering::Relaxed));
        if ended != TASKS {
            return Err(format!("{ended} of {TASKS} tasks ended"));
        }
        if is_ordered && in_order != TASKS {
            return Err(format!("{in_order} of {TASKS} tasks ended in their turn"));
        }
        Ok(())
    }
}

/// The names of the tasks, for those who want one for each.
pub static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    (0..TASKS).map(|number| &*Box::leak(format!("task {number}").into_boxed_str())).collect()
});

/// A contender.
#[derive(Debug, Clone, Copy)]
struct Contender {
    name: &'static str,
    round: fn(&Runtime) -> Result<Round, String>,
}

impl Contender {
    const fn of<C: Crew>() -> Self {
        Self { name: C::NAME, round: round::<C> }
    }
}

/// All contenders, in the order of the tables.
const CONTENDERS: [Contender; 8] = [
    Contender::of::<ours::AtOnce>(),
    Contender::of::<ours::OneToken>(),
    Contender::of::<ours::InOrder>(),
    Contender::of::<ours::OneCallback>(),
    Contender::of::<tokio_graceful_shutdown::AtOnce>(),
    Contender::of::<tokio_graceful_shutdown::InOrder>(),
    Contender::of::<tokio_util::AtOnce>(),
    Contender::of::<tokio_util::InOrder>(),
];

/// What one stop cost.
#[derive(Debug, Clone, Copy)]
struct Round {
    stop: Duration,
    whole: Duration,
    waited: Duration,
}

/// Measures on every runtime.
///
/// # Errors
/// When a runtime cannot be made, or when tasks did not end as they should.
pub fn measure(plan: Plan) -> Result<Stops, String> {
    let cases = THREADS.into_iter().map(|threads| case(plan, threads));
    Ok(Stops { cases: cases.collect::<Result<_, _>>()? })
}

fn case(plan: Plan, threads: usize) -> Result<StopCase, String> {
    let mut tracks = vec![[(); 3].map(|()| Track::default()); CONTENDERS.len()];
    // What is made at the first use is no part of it.
    for contender in CONTENDERS {
        (contender.round)(&runtime(threads)?)?;
    }
    for turn in turns(plan.rounds, CONTENDERS.len()) {
        let Round { stop, whole, waited } = (CONTENDERS[turn].round)(&runtime(threads)?)?;
        for (track, time) in tracks[turn].iter_mut().zip([stop, whole, waited]) {
            track.rounds.push(Some(time.as_secs_f64() * 1e6));
        }
    }
    let reference = CONTENDERS.iter().position(|contender| contender.name == REFERENCE);
    let reference = reference.map(|index| &tracks[index]);
    let contenders = CONTENDERS.iter().zip(&tracks).map(|(contender, [stop, whole, waited])| Stop {
        name: contender.name.to_owned(),
        stop: Cost::new(stop, reference.map(|[stop, ..]| stop)),
        whole: Cost::new(whole, reference.map(|[_, whole, _]| whole)),
        waited: waited.median(),
    });
    Ok(StopCase { threads, contenders: contenders.collect() })
}

/// The allocations of all contenders per task, from the start to the end of all, on a runtime of one thread.
///
/// # Panics
/// When a runtime cannot be made, or when tasks did not end as they should.
pub fn allocations(counter: Counter) -> Vec<TaskMemory> {
    let counted = |contender: &Contender| {
        let runtime = runtime(1).expect("a runtime can be made");
        let mut round = || {
            (contender.round)(&runtime).expect("all tasks end");
        };
        // The first one pays for what the runtime keeps.
        round();
        let Counted { allocations, bytes, .. } = counter(&mut round);
        TaskMemory {
            name: contender.name.to_owned(),
            allocations: allocations as f64 / TASKS as f64,
            bytes: bytes as f64 / TASKS as f64,
        }
    };
    CONTENDERS.iter().map(counted).collect()
}

fn round<C: Crew>(runtime: &Runtime) -> Result<Round, String> {
    // In a task, as the tasks of a program are started by others.
    let round = runtime.block_on(async { tokio::spawn(stopped::<C>()).await });
    round.unwrap_or_else(|error| Err(error.to_string())).map_err(|error| format!("{}: {error}", C::NAME))
}

async fn stopped<C: Crew>() -> Result<Round, String> {
    let roll = Arc::new(Roll::default());
    sleep(SETTLING).await;
    let before = processor_time()?;
    let crew = C::start(&roll);
    let since = Instant::now();
    while !roll.all_wait() {
        if since.elapsed() > PATIENCE {
            return Err("not all tasks wait".to_owned());
        }
        sleep(SETTLING).await;
    }
    sleep(SETTLING).await;
    let (started, since) = (processor_time()?, Instant::now());
    crew.stop().await;
    let waited = since.elapsed();
    roll.check(C::IN_ORDER)?;
    sleep(SETTLING).await;
    let ended = processor_time()?;
    Ok(Round { stop: ended - started, whole: ended - before, waited })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tasks that end by themselves, the last one first, but for some.
    struct Staged<const LEFT: usize, const IN_ORDER: bool>(Arc<Roll>);

    impl<const LEFT: usize, const IN_ORDER: bool> Crew for Staged<LEFT, IN_ORDER> {
        const NAME: &'static str = "staged";
        const IN_ORDER: bool = IN_ORDER;

        fn start(roll: &Arc<Roll>) -> Self {
            (0..TASKS).for_each(|_| roll.wait());
            Self(Arc::clone(roll))
        }

        async fn stop(self) {
            (LEFT..TASKS).rev().for_each(|number| self.0.end(number));
        }
    }

    fn seen<C: Crew>() -> Result<(), String> {
        round::<C>(&runtime(1)?).map(|_| ())
    }

    #[test]
    fn tasks_that_are_left_are_noticed() {
        assert_eq!(seen::<Staged<0, false>>(), Ok(()));
        assert_eq!(seen::<Staged<3, false>>(), Err("staged: 997 of 1000 tasks ended".to_owned()));
    }

    #[test]
    fn tasks_that_end_out_of_turn_are_noticed() {
        let seen = seen::<Staged<0, true>>();
        assert_eq!(seen, Err("staged: 0 of 1000 tasks ended in their turn".to_owned()));
    }
}
