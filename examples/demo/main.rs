//! The demo: what deadlines, retries on a budget, a rate limiter and a circuit breaker do for callers and for their
//! service, on real sockets, and what retries without a budget do to it.
//!
//! Three identical axum servers on loopback have one contract with their callers and play one script (healthy, surge,
//! slow, flaky, failing, dead, recovering). One open-loop load calls all: one bare, one with naive retries, one through a
//! pipeline. See `--help`.

mod added_load;
mod allowance;
mod axis;
mod cli;
mod client;
mod comparison;
mod contract;
mod course;
mod descriptors;
mod fate;
mod figures;
mod guard;
mod ledger;
mod live;
mod load;
mod naive;
mod outfit;
mod pace;
mod page;
mod panels;
mod phases;
mod picture;
mod report;
mod retries;
mod run;
mod show;
mod sides;
mod table;
mod timeline;
mod traffic_panel;
mod upstream;
mod visits;

use std::io::{self, Write};
use std::process::{ExitCode, Termination};

use resil::shutdown::Cause;

use crate::cli::Wish;

fn main() -> ExitCode {
    let report = match cli::parse(std::env::args().skip(1)) {
        Ok(Wish::Help) => io::stdout().write_all(cli::HELP.as_bytes()).map(|()| None).map_err(Into::into),
        Ok(Wish::Run(settings)) => show::play(&settings).map(Some),
        Err(bad) => Err(bad.into()),
    };
    match report {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(report)) => {
            if report.cause() != Cause::MainEnded && report.is_clean() {
                // Nobody is left to tell if this fails.
                let _ = writeln!(io::stdout(), "\n{report}");
            }
            report.report()
        }
        Err(error) => {
            let _ = writeln!(io::stderr(), "demo: {error}");
            ExitCode::from(2)
        }
    }
}
