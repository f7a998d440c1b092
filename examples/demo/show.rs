//! The show, from before its first call to its report. It ends in one order, whether its time is over or Ctrl-C comes:
//! the load, then the upstreams, then what was measured until then is written.

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use resil::Quota;
use resil::shutdown::{self, Token};
use tokio::time::Instant;

use crate::allowance::Allowance;
use crate::cli::Settings;
use crate::client::Client;
use crate::contract::Contract;
use crate::guard::Guard;
use crate::load::{self, Arena, SURGE, Schedule};
use crate::naive::Naive;
use crate::outfit::{Follower, Outfit};
use crate::pace::Pace;
use crate::phases::Script;
use crate::report::Report;
use crate::retries::{Retries, number};
use crate::run::{Run, Side};
use crate::sides::{NAMES, Sides};
use crate::upstream::{Play, Upstream};
use crate::visits::Visit;
use crate::{descriptors, figures, live, page, picture, table};

/// What the sockets, threads and pools get before the first call is due.
const RUN_UP: Duration = Duration::from_millis(100);

/// What the upstreams wrote down.
type Books = Sides<Vec<Visit>>;

/// What is settled before the first call, and where the calls leave their traces.
struct Show {
    script: Script,
    pace: Pace,
    schedule: Schedule,
    contract: Contract,
    promise: Quota,
    allowance: Allowance,
    seed: u64,
    arena: Arc<Arena>,
    follower: Follower,
    html: Place,
    svg: Option<Place>,
}

/// A file that is still empty.
struct Place {
    file: File,
    path: PathBuf,
}

/// Plays it, and says how it ended.
pub(crate) fn play(settings: &Settings) -> Result<shutdown::Report, Box<dyn Error>> {
    // Before the load, not after it: who waits for 30 seconds should not learn then that the path is wrong.
    let html = Place::make("--html", &settings.html)?;
    let svg = settings.svg.as_deref().map(|path| Place::make("--svg", path)).transpose()?;
    let outfit = Outfit::load(settings)?;
    let Outfit { pace, contract, promise, allowance, .. } = outfit;
    let script = Script::new(settings.length);
    let schedule = Schedule::new(settings.rate, &script);
    descriptors::make_room(settings.rate, pace.deadline)?;

    writeln!(
        io::stdout(),
        "Three identical upstreams, whose contract is {contract}.\n{} calls per second to each for {} s, {} in the surge, seed {}.\n",
        settings.rate,
        settings.length.as_secs(),
        settings.rate * SURGE,
        settings.seed
    )?;
    let start = Instant::now() + RUN_UP;
    let play = Play { script: script.clone(), pace, contract, seed: settings.seed, start };
    let upstreams = NAMES.map(|name| Upstream::start(name, play.clone())).transpose()?;
    let clients = upstreams.as_ref().map(|upstream| Client::new(upstream.address()));
    let (naive, guard) = (Naive::new(&outfit.resilience)?, Guard::new(&outfit.resilience, start)?);
    let arena = Arc::new(Arena::new(start, pace, clients, naive, guard));
    let show = Show {
        script: script.clone(),
        pace,
        schedule,
        contract,
        promise,
        allowance,
        seed: settings.seed,
        arena: Arc::clone(&arena),
        follower: outfit.follow()?,
        html,
        svg,
    };

    let shutdown = outfit.resilience.shutdown().named("demo");
    let (hand_over, books) = channel();
    shutdown.register("upstreams").priority(10).run(move || close(upstreams, &hand_over))?;
    shutdown.register("report").priority(20).run(move || show.report(&books))?;
    Ok(shutdown.run_blocking(|| -> Result<(), Box<dyn Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(send(arena, &script, schedule, shutdown.token()))
    }))
}

/// Sends the load, and tells of it, until its end or until `stop`. Calls that are under way come to their ends.
async fn send(
    arena: Arc<Arena>,
    script: &Script,
    schedule: Schedule,
    stop: Token,
) -> Result<(), Box<dyn Error>> {
    let load = tokio::spawn({
        let (arena, stop) = (Arc::clone(&arena), stop.clone());
        async move { load::send(&arena, schedule, &stop).await }
    });
    live::tell(&arena, script, &stop, &mut io::stdout()).await?;
    Ok(load.await?)
}

fn close(upstreams: Sides<Upstream>, hand_over: &Sender<Books>) -> Result<(), Box<dyn Error>> {
    Ok(hand_over.send(upstreams.map(Upstream::stop).transpose()?)?)
}

impl Show {
    fn retries(&self) -> Retries {
        let (guarded, budget) = (self.arena.guard.stats(), self.arena.guard.budget());
        Retries {
            naive: (&self.arena.naive.stats()).into(),
            guarded: (&guarded.retry).into(),
            paid: budget.map_or(0, |budget| number(budget.withdrawn - budget.returned)),
            attempts_cut: number(guarded.attempt_timeout.map_or(0, |limit| limit.timed_out)),
        }
    }

    /// Writes the tables and the page; an error also if a whole run did not show what it should.
    fn report(&self, books: &Receiver<Books>) -> Result<(), Box<dyn Error>> {
        let books = books.recv()?;
        let Self { arena, schedule, .. } = self;
        let (ledgers, diary, progress) = (arena.ledgers(), arena.guard.changes(), arena.progress());
        let sides = ledgers.as_ref().zip(books.as_ref());
        let run = Run {
            script: &self.script,
            pace: self.pace,
            schedule: *schedule,
            contract: self.contract,
            promise: self.promise,
            allowance: self.allowance,
            seed: self.seed,
            sides: sides.map(|(ledger, visits)| Side { ledger, visits }),
            retries: self.retries(),
            diary: &diary,
            final_state: arena.guard.state(),
            waits: arena.guard.waits(),
            progress,
        };
        let is_whole = progress.until >= schedule.length;
        let is_edited = self.follower.is_edited();
        let report = Report::of(&run);
        let mut out = io::stdout();
        if !is_whole {
            let (until, of) = (figures::span(progress.until), figures::span(schedule.length));
            writeln!(out, "\nStopped after {until} of {of}; this is what was measured until then.")?;
        }
        writeln!(out, "\n{}", table::savings(&report))?;
        writeln!(out, "{}", table::retries(&report))?;
        if !report.added.is_empty() {
            writeln!(out, "{}", table::added_load(&report))?;
        }
        if !report.courses.is_empty() {
            writeln!(out, "{}", table::incidents(&report))?;
        }
        self.html.fill(&page::html(&run, &report)?)?;
        writeln!(out, "Plots: {}", self.html.path.display())?;
        if let Some(place) = &self.svg {
            place.fill(&picture::svg(&run)?)?;
            writeln!(out, "Picture: {}", place.path.display())?;
        }

        if is_edited {
            writeln!(out, "Settings were edited during the run; what it should have shown is not judged.")?;
        }
        let shortcomings = if is_whole && !is_edited { report.shortcomings() } else { Vec::new() };
        for shortcoming in &shortcomings {
            writeln!(io::stderr(), "demo: {shortcoming}")?;
        }
        if shortcomings.is_empty() { Ok(()) } else { Err("the run did not show what it should".into()) }
    }
}

impl Place {
    /// The error names the flag that asked for it.
    fn make(flag: &str, path: &Path) -> Result<Self, String> {
        let create = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            File::create(path)
        };
        let file = create().map_err(|error: io::Error| format!("{flag} {}: {error}", path.display()))?;
        Ok(Self { file, path: path.to_owned() })
    }

    fn fill(&self, text: &str) -> io::Result<()> {
        (&self.file).write_all(text.as_bytes())
    }
}
