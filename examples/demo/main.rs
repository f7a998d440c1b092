//! The demo: what a rate limiter and a circuit breaker do for callers and for their service, on real sockets.
//!
//! Two identical axum servers on loopback have one contract with their callers and play one script (healthy, surge,
//! slow, failing, dead, recovering). One open-loop load calls both: one bare, one through a limiter and a breaker. See
//! `--help`.

mod axis;
mod cli;
mod client;
mod comparison;
mod contract;
mod descriptors;
mod fate;
mod figures;
mod guard;
mod ledger;
mod live;
mod load;
mod pace;
mod page;
mod panels;
mod phases;
mod report;
mod run;
mod table;
mod timeline;
mod traffic_panel;
mod upstream;
mod visits;

use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::cli::{Settings, Wish};
use crate::client::Client;
use crate::contract::Contract;
use crate::guard::Guard;
use crate::load::{Arena, SURGE, Schedule};
use crate::pace::Pace;
use crate::phases::Script;
use crate::report::Report;
use crate::run::{Run, Side};
use crate::upstream::{Play, Upstream};

/// What the sockets, threads and pools get before the first call is due.
const RUN_UP: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let result = match cli::parse(std::env::args().skip(1)) {
        Ok(Wish::Help) => io::stdout().write_all(cli::HELP.as_bytes()).map(|()| true).map_err(Into::into),
        Ok(Wish::Run(settings)) => play(&settings),
        Err(bad) => Err(bad.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _ = writeln!(io::stderr(), "demo: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs the demo: whether it showed what it should.
fn play(settings: &Settings) -> Result<bool, Box<dyn Error>> {
    // Before the load, not after it: who waits for 30 seconds should not learn then that the path is wrong.
    let mut html =
        create(&settings.html).map_err(|error| format!("--html {}: {error}", settings.html.display()))?;
    let (script, pace) = (Script::new(settings.length), Pace::of(settings.length));
    let (schedule, contract) = (Schedule::new(settings.rate, &script), Contract::for_load(settings.rate));
    descriptors::make_room(settings.rate, pace.timeout)?;

    let mut out = io::stdout();
    writeln!(
        out,
        "Two identical upstreams, whose contract is {contract}.\n{} calls per second to each for {} s, {} in the surge, seed {}.\n",
        settings.rate,
        settings.length.as_secs(),
        settings.rate * SURGE,
        settings.seed
    )?;
    let start = Instant::now() + RUN_UP;
    let play = Play { script: script.clone(), pace, contract, seed: settings.seed, start };
    let upstreams = (Upstream::start("bare", play.clone())?, Upstream::start("guarded", play)?);
    let client = |upstream: &Upstream| Client::new(upstream.address(), pace.timeout);
    let guard = Guard::new(contract, &pace, start)?;
    let arena = Arc::new(Arena::new(start, client(&upstreams.0), client(&upstreams.1), guard));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let most_late = runtime.block_on(async {
        let load = tokio::spawn({
            let arena = Arc::clone(&arena);
            async move { load::send(&arena, schedule).await }
        });
        live::tell(&arena, &script, &mut out).await?;
        load.await.map_err(Box::<dyn Error>::from)
    })?;
    let visits = (upstreams.0.stop()?, upstreams.1.stop()?);

    let (bare, guarded, diary) = (arena.bare(), arena.guarded(), arena.guard.changes());
    let run = Run {
        script: &script,
        pace,
        schedule,
        contract,
        seed: settings.seed,
        bare: Side { ledger: &bare, visits: &visits.0 },
        guarded: Side { ledger: &guarded, visits: &visits.1 },
        diary: &diary,
        final_state: arena.guard.state(),
        waits: arena.guard.waits(),
        most_late,
    };
    let report = Report::of(&run);
    writeln!(out, "\n{}\n{}", table::savings(&report), table::incidents(&report))?;
    html.write_all(page::html(&run, &report)?.as_bytes())?;
    writeln!(out, "Plots: {}", settings.html.display())?;

    let shortcomings = report.shortcomings();
    for shortcoming in &shortcomings {
        writeln!(io::stderr(), "demo: {shortcoming}")?;
    }
    Ok(shortcomings.is_empty())
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    File::create(path)
}
