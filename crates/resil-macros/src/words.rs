//! The words of the attributes: one of ours for each setting, and those of others that mean the same.

use crate::kind::Kind;

/// A setting: its word, and what else it is called.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) aliases: &'static [&'static str],
}

const fn word(name: &'static str, aliases: &'static [&'static str]) -> Word {
    Word { name, aliases }
}

impl Word {
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// What every attribute understands.
const ALL: &[Word] = &[word("crate", &[])];

/// What those understand that may have a handle of their own, or of a registry.
const OF_HANDLES: &[Word] = &[word("name", &[]), word("in", &[]), word("accessor", &[])];

const JUDGED: &[Word] =
    &[word("classify", &[]), word("excluded", &["excluded_exceptions", "exclude_exceptions", "exclude"])];

const TIMER: &[Word] = &[word("timer", &[])];

const CIRCUIT_BREAKER: &[Word] = &[
    word("config", &[]),
    word("failure_threshold", &["max_failures"]),
    word(
        "reset_timeout",
        &[
            "wait_duration_in_open",
            "wait_duration_in_open_state",
            "break_duration",
            "cooldown",
            "cooldown_seconds",
            "recovery_time",
            "recovery_timeout",
        ],
    ),
    word(
        "half_open_max_calls",
        &[
            "half_open_max_requests",
            "permitted_calls_in_half_open",
            "permitted_number_of_calls_in_half_open_state",
        ],
    ),
    word("success_threshold", &["half_open_success_threshold"]),
    word("failure_rate", &["failure_rate_threshold", "failure_ratio"]),
    word("min_calls", &["minimum_number_of_calls", "minimum_throughput"]),
    word("window", &["sliding_window", "window_size"]),
    word("sampling_duration", &[]),
    word("window_slices", &[]),
    word("slow_call", &["slow_call_duration_threshold"]),
    word("slow_call_rate", &["slow_call_rate_threshold"]),
    word("slow_call_min_calls", &[]),
    word("slow_call_window", &[]),
    word("reopen_factor", &[]),
    word("reopen_max", &[]),
    word("reopen_jitter", &[]),
    word("half_open_failure_rate", &[]),
    word("probe_timeout", &[]),
    word("max_half_open", &[]),
    word("ramp_up", &[]),
    word("on_cancel", &[]),
    word("counters", &[]),
    word("striped", &[]),
];

const RATE_LIMITER: &[Word] = &[
    word("config", &["quota"]),
    word("rate", &["default_rate"]),
    word("per", &["default_per", "period", "limit_refresh_period"]),
    word("burst", &["max_tokens", "burst_size"]),
    word("initial", &["initial_tokens"]),
    word("max_wait", &["timeout", "timeout_duration"]),
    word("blocking", &[]),
];

const RETRY: &[Word] = &[
    word("config", &[]),
    word("max_attempts", &[]),
    word("max_retries", &[]),
    word("initial_delay", &["base_delay", "initial", "delay", "initial_interval"]),
    word("factor", &["multiplier", "backoff_factor"]),
    word("max_delay", &["max", "max_interval"]),
    word("backoff", &["strategy"]),
    word("jitter", &[]),
    word("jitter_factor", &[]),
    word("max_elapsed", &[]),
    word("retry_open_circuit", &[]),
    word("budget", &[]),
    word("on", &["when", "retry_on", "retry_exceptions", "retryable_exceptions"]),
    word("never", &["excluded", "excluded_exceptions", "exclude_exceptions", "exclude"]),
    word("after", &[]),
];

const TIMEOUT: &[Word] = &[
    word("config", &[]),
    word("default", &["default_timeout", "timeout", "timeout_seconds", "seconds"]),
    word("max", &["max_timeout"]),
    word("propagate_deadline", &[]),
    word("include_queue_time", &[]),
];

/// All words of an attribute.
pub(crate) fn of(kind: Kind) -> impl Iterator<Item = &'static Word> {
    let groups: &[&[Word]] = match kind {
        Kind::Guard => &[JUDGED, ALL],
        Kind::CircuitBreaker => &[CIRCUIT_BREAKER, JUDGED, OF_HANDLES, ALL],
        Kind::RateLimiter => &[RATE_LIMITER, OF_HANDLES, TIMER, ALL],
        Kind::Retry => &[RETRY, OF_HANDLES, TIMER, ALL],
        Kind::Timeout => &[TIMEOUT, OF_HANDLES, TIMER, ALL],
        Kind::Pipeline => &[OF_PIPELINES, TIMER, ALL],
    };
    groups.iter().flat_map(|group| group.iter())
}

const OF_PIPELINES: &[Word] = &[word("name", &[]), word("in", &[])];

/// The words that say how a call is made, and so go with any handle. All others are settings of a handle that the attribute makes.
pub(crate) fn is_about_the_call(word: &str) -> bool {
    const WORDS: [&str; 9] =
        ["crate", "in", "timer", "classify", "excluded", "blocking", "max_wait", "on", "never"];
    WORDS.contains(&word) || word == "after"
}

/// The word of `kind` that is most like `said`, if one is.
pub(crate) fn like(kind: Kind, said: &str) -> Option<&'static str> {
    of(kind)
        .flat_map(|word| word.aliases.iter().copied().chain([word.name]))
        .map(|name| (distance(name, said), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min()
        .map(|(_, name)| name)
}

/// How many letters have to be put in, left out or changed (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(x != y)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, like, of};
    use crate::kind::Kind;

    #[test]
    fn no_word_means_two_settings_of_one_attribute() {
        for kind in Kind::ALL {
            let mut names: Vec<_> =
                of(kind).flat_map(|word| word.aliases.iter().copied().chain([word.name])).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{kind:?}");
        }
    }

    #[test]
    fn a_misspelt_word_finds_its_neighbour_and_nonsense_finds_none() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(like(Kind::CircuitBreaker, "max_failure"), Some("max_failures"));
        assert_eq!(like(Kind::Retry, "max_atempts"), Some("max_attempts"));
        assert_eq!(like(Kind::RateLimiter, "zzzzzzzz"), None);
    }
}
