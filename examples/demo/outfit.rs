//! What the demo goes by: the file, and over it what the flags say.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use resil::breaker::PartialConfig;
use resil::config::{Config, Event, LoadError, Loader};
use resil::pipeline::retry::RetryBudget;
use resil::{Quota, Reloader, Resilience, duration};

use crate::allowance::Allowance;
use crate::cli::Settings;
use crate::contract::Contract;
use crate::pace::Pace;

/// The settings of all that stands around the calls.
pub(crate) struct Outfit {
    pub(crate) resilience: Resilience,
    pub(crate) pace: Pace,
    pub(crate) contract: Contract,
    /// What the guarded side asks for at most.
    pub(crate) promise: Quota,
    pub(crate) allowance: Allowance,
    loader: Loader,
}

/// Follows the file for as long as it lives.
pub(crate) struct Follower {
    _reloader: Reloader,
    is_edited: Arc<AtomicBool>,
}

impl Outfit {
    /// Loads the file that the flags name. What follows from their length and rate wins over it where these are not the ordinary ones.
    pub(crate) fn load(settings: &Settings) -> Result<Self, Box<dyn Error>> {
        let mut loader = Config::loader().file(&settings.config).process_environment();
        let ordinary = Settings::default();
        let pace = Pace::of(settings.length);
        if pace != Pace::of(ordinary.length) {
            loader = timed(loader, &pace)?;
        }
        if settings.rate != ordinary.rate {
            loader = sized(loader, settings.rate)?;
        }
        let config = loader.load()?;
        for warning in config.warnings() {
            writeln!(io::stderr(), "demo: {warning}")?;
        }
        let resilience = config.build();
        let pace = pace_of(&config, &resilience)?;
        let contract = resilience.rate_limiter("contract")?.quota();
        let promise = resilience.rate_limiter("orders")?.quota();
        let retry = resilience.retry("orders")?;
        let budget = retry.retry_budget().map(RetryBudget::config);
        let budget = budget.ok_or("retry.orders has no budget, and this is about budgets")?;
        Ok(Self {
            pace,
            contract: Contract { per_second: contract.permits(), at_once: contract.burst_size() },
            promise,
            allowance: Allowance {
                share_percent: budget.share_percent,
                floor: budget.floor_per_second,
                banked: budget.cap,
            },
            resilience,
            loader,
        })
    }

    /// Reloads the file whenever it is edited, and says so.
    pub(crate) fn follow(&self) -> Result<Follower, LoadError> {
        let is_edited = Arc::new(AtomicBool::new(false));
        let edited = Arc::clone(&is_edited);
        let tell = move |event: &Event| {
            edited.fetch_or(matches!(event, Event::Reloaded(_)), Ordering::Relaxed);
            // Nobody is left to tell if this fails.
            _ = writeln!(io::stdout(), "  {}", event.to_string().replace('\n', "\n  "));
        };
        self.resilience.observe(tell).forget();
        Ok(Follower { _reloader: Reloader::of(self.loader.clone()).start(&self.resilience)?, is_edited })
    }
}

impl Follower {
    /// Whether other settings came in while the demo ran.
    pub(crate) fn is_edited(&self) -> bool {
        self.is_edited.load(Ordering::Relaxed)
    }
}

/// The times of a short run.
fn timed(loader: Loader, pace: &Pace) -> Result<Loader, LoadError> {
    [
        ("circuit_breaker.orders.slow_call", pace.slow),
        ("circuit_breaker.orders.reset_timeout", pace.first_open),
        ("circuit_breaker.orders.reopen_max", pace.longest_open),
        ("circuit_breaker.orders.probe_timeout", pace.deadline),
        ("circuit_breaker.orders.max_half_open", pace.deadline),
        ("rate_limiter.orders.max_wait", pace.patience),
        ("retry.naive.initial_delay", pace.backoff),
        ("retry.orders.initial_delay", pace.backoff),
        ("timeout.caller.default", pace.deadline),
        ("pipelines.orders.deadline", pace.deadline),
        ("pipelines.orders.timeout", pace.attempt),
    ]
    .into_iter()
    .try_fold(loader, |loader, (path, span)| loader.set(path, span.as_secs_f64()))
}

/// The numbers of another load.
fn sized(loader: Loader, rate: u32) -> Result<Loader, LoadError> {
    let (contract, allowance) = (Contract::for_load(rate), Allowance::for_load(rate));
    let promise = contract.promise();
    [
        ("circuit_breaker.orders.window", contract.sample()),
        ("rate_limiter.contract.rate", contract.per_second),
        ("rate_limiter.contract.burst", contract.at_once),
        ("rate_limiter.orders.rate", promise.permits()),
        ("rate_limiter.orders.burst", promise.burst_size()),
        ("retry.orders.budget_floor", allowance.floor),
        ("retry.orders.budget_cap", allowance.banked),
    ]
    .into_iter()
    .try_fold(loader, |loader, (path, number)| loader.set(path, number))
}

/// The times that the report goes by.
fn pace_of(config: &Config, resilience: &Resilience) -> Result<Pace, Box<dyn Error>> {
    let deadline = resilience.timeout("caller")?.config().timeout;
    let pipeline = resilience.pipeline("orders")?.now();
    let breaker = resilience.circuit_breaker("orders")?.config();
    let settings = breaker.settings();
    let patience = config.explain().get("rate_limiter.orders.max_wait");
    let backoff = resilience.retry("orders")?.config().backoff;
    Ok(Pace {
        deadline,
        attempt: pipeline.attempt_timeout_handle().map_or(deadline, |limit| limit.config().timeout),
        slow: settings.slow_rate.map_or(deadline, |(slow, _)| slow),
        first_open: settings.reset_timeout,
        longest_open: PartialConfig::from(&breaker).reopen_max.unwrap_or(settings.reset_timeout),
        patience: patience.map_or(Ok(Duration::ZERO), |setting| duration::parse(setting.value()))?,
        backoff: backoff.into_iter().next().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::naive::ATTEMPTS;

    fn outfit(length: u64, rate: u32) -> Result<Outfit, Box<dyn Error>> {
        Outfit::load(&Settings { length: Duration::from_secs(length), rate, ..Settings::default() })
    }

    #[test]
    fn the_file_says_what_the_flags_would_say_of_an_ordinary_run() -> Result<(), Box<dyn Error>> {
        let by_file = outfit(30, 200)?;
        let by_flags = Config::loader().file(Settings::default().config);
        let by_flags = sized(timed(by_flags, &Pace::of(Duration::from_secs(30)))?, 200)?.load()?;
        for setting in by_flags.explain().iter() {
            let in_file =
                by_file.loader.load()?.explain().get(setting.path()).map(|known| known.value().to_owned());
            assert_eq!(in_file.as_deref(), Some(setting.value()), "{}", setting.path());
        }
        Ok(())
    }

    #[test]
    fn the_report_goes_by_what_is_in_force() -> Result<(), Box<dyn Error>> {
        for (length, rate) in [(30, 200), (6, 200), (30, 50), (12, 1_000)] {
            let outfit = outfit(length, rate)?;
            assert_eq!(outfit.pace, Pace::of(Duration::from_secs(length)));
            assert_eq!(outfit.contract, Contract::for_load(rate));
            assert_eq!(outfit.promise, outfit.contract.promise());
            assert_eq!(outfit.allowance, Allowance::for_load(rate));
            assert_eq!(outfit.resilience.retry("naive")?.config().max_attempts, ATTEMPTS);
        }
        Ok(())
    }
}
