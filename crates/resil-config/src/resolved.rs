//! What a loaded configuration comes to: the settings of everything that has a name, each layer laid over the one below.

#[cfg(any(
    feature = "breaker",
    feature = "heartbeat",
    feature = "ratelimit",
    feature = "retry",
    feature = "timeout"
))]
use std::collections::BTreeMap;
#[cfg(any(feature = "heartbeat", feature = "watchdog"))]
use std::path::PathBuf;
#[cfg(feature = "pipeline")]
use std::time::Duration;

use resil_core::Name;

use crate::Source;
use crate::problem::{Findings, Problem};

/// The instance that every section has: its defaults.
pub(crate) const DEFAULT: &str = "default";

/// What the names of that begin with which a pipeline has in place.
pub(crate) const IN_PLACE: &str = "pipelines.";

/// The settings of everything that has a name.
///
/// Each map has [`DEFAULT`], and what a pipeline writes in place under `pipelines.NAME`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Resolved {
    /// Whether everything passes (`preset: disabled`).
    pub(crate) is_disabled: bool,
    #[cfg(feature = "breaker")]
    pub(crate) circuit_breakers: BTreeMap<String, resil_breaker::Config>,
    #[cfg(feature = "ratelimit")]
    pub(crate) rate_limiters: BTreeMap<String, resil_ratelimit::Config>,
    #[cfg(feature = "retry")]
    pub(crate) retries: BTreeMap<String, RetrySettings>,
    #[cfg(feature = "timeout")]
    pub(crate) timeouts: BTreeMap<String, resil_timeout::Config>,
    #[cfg(feature = "pipeline")]
    pub(crate) pipelines: BTreeMap<String, PipelinePlan>,
    #[cfg(feature = "shutdown")]
    pub(crate) shutdown: resil_shutdown::Config,
    #[cfg(feature = "heartbeat")]
    pub(crate) heartbeat: HeartbeatSettings,
    #[cfg(feature = "watchdog")]
    pub(crate) watchdog: WatchdogSettings,
}

impl Resolved {
    /// Keeps every name, since handles have names for ever; that there are too many is a problem.
    pub(crate) fn intern(&self, findings: &mut Findings) {
        let mut intern = |section: &str, name: &String| {
            let name = name.strip_prefix(IN_PLACE).unwrap_or(name);
            if let Err(full) = Name::intern(name) {
                findings.problem(Problem::new(
                    Source::BuiltIn,
                    format!("{section}.{name}"),
                    full.to_string(),
                ));
            }
        };
        // Where there is none of them.
        _ = (self, &mut intern);
        #[cfg(feature = "breaker")]
        self.circuit_breakers.keys().for_each(|name| intern("circuit_breaker.instances", name));
        #[cfg(feature = "ratelimit")]
        self.rate_limiters.keys().for_each(|name| intern("rate_limiter.instances", name));
        #[cfg(feature = "retry")]
        self.retries.keys().for_each(|name| intern("retry.instances", name));
        #[cfg(feature = "timeout")]
        self.timeouts.keys().for_each(|name| intern("timeout.instances", name));
        #[cfg(feature = "pipeline")]
        self.pipelines.keys().for_each(|name| intern("pipelines", name));
        // Where nothing has a name.
        _ = &mut intern;
    }
}

/// A retry and the share of the calls that its retries may add.
#[cfg(feature = "retry")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RetrySettings {
    pub(crate) config: resil_retry::Config,
    /// None: as many as there are failures.
    pub(crate) budget: Option<resil_retry::BudgetConfig>,
}

/// What stands in a pipeline, by the names that its parts have in the other maps.
#[cfg(feature = "pipeline")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PipelinePlan {
    pub(crate) deadline: Option<Duration>,
    pub(crate) retry: Option<String>,
    pub(crate) rate_limiter: Option<String>,
    pub(crate) circuit_breaker: Option<String>,
    pub(crate) timeout: Option<String>,
}

/// A heartbeat, and where it goes.
#[cfg(feature = "heartbeat")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct HeartbeatSettings {
    pub(crate) config: resil_heartbeat::Config,
    pub(crate) file: Option<PathBuf>,
    /// As JSON values.
    pub(crate) metadata: BTreeMap<String, serde_json::Value>,
}

/// A watchdog of pings, or of a state file.
#[cfg(feature = "watchdog")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WatchdogSettings {
    pub(crate) config: resil_watchdog::Config,
    pub(crate) file: Option<PathBuf>,
}
