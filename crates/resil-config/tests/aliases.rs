//! Every other word for a setting, through the whole loader.

use resil_config::Config;

/// Section, other word, its value; canonical word, its value.
const ALIASES: &[(&str, &str, &str, &str, &str)] = &[
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "max_failures", "3", "failure_threshold", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "wait_duration_in_open", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "wait_duration_in_open_state", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "break_duration", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "cooldown", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "cooldown_seconds", "3", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "recovery_time", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "recovery_timeout", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "timeout", "3s", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "timeout_seconds", "3", "reset_timeout", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "half_open_max_requests", "3", "half_open_max_calls", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "permitted_calls_in_half_open", "3", "half_open_max_calls", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "permitted_number_of_calls_in_half_open_state", "3", "half_open_max_calls", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "half_open_success_threshold", "3", "success_threshold", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_rate_threshold", "0.5", "failure_rate", "50%"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_ratio", "50%", "failure_rate", "50%"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_rate: 50%, minimum_number_of_calls", "3", "min_calls", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_rate: 50%, minimum_throughput", "3", "min_calls", "3"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_rate: 50%, sliding_window", "30", "window", "30"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_rate: 50%, window_size", "30s", "window", "30s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "failure_rate: 50%, sampling_duration", "30", "window", "30s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "slow_call_duration_threshold", "3", "slow_call", "3s"),
    #[cfg(feature = "breaker")]
    ("circuit_breaker", "slow_call: 2s, slow_call_rate_threshold", "30%", "slow_call_rate", "30%"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "default_rate", "3", "rate", "3"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "default_per", "3", "per", "3s"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "period", "3", "per", "3s"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "limit_refresh_period", "3", "per", "3s"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "max_tokens", "3", "burst", "3"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "burst_size", "3", "burst", "3"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "initial_tokens", "3", "initial", "3"),
    #[cfg(feature = "ratelimit")]
    ("rate_limiter", "timeout_duration", "3", "max_wait", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "max_retries", "3", "max_attempts", "4"),
    #[cfg(feature = "retry")]
    ("retry", "base_delay", "3", "initial_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "initial", "3", "initial_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "delay", "3", "initial_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "initial_interval", "3", "initial_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "multiplier", "3", "factor", "3"),
    #[cfg(feature = "retry")]
    ("retry", "backoff_factor", "3", "factor", "3"),
    #[cfg(feature = "retry")]
    ("retry", "max", "3", "max_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "max_interval", "3", "max_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "strategy", "Fixed", "backoff", "fixed"),
    #[cfg(feature = "retry")]
    ("retry", "backoff", "constant", "backoff", "fixed"),
    #[cfg(feature = "retry")]
    ("retry", "backoff", "{ type: linear, initial: 3, max: 5 }", "backoff", "linear"),
    #[cfg(feature = "retry")]
    ("retry", "backoff", "{ type: linear, initial: 3, max: 5 }", "initial_delay", "3s"),
    #[cfg(feature = "retry")]
    ("retry", "backoff", "ExponentialWithJitter", "backoff", "exponential"),
    #[cfg(feature = "retry")]
    ("retry", "jitter", "true", "jitter", "full"),
    #[cfg(feature = "retry")]
    ("retry", "jitter_factor", "0.3", "jitter", "0.3"),
    #[cfg(feature = "timeout")]
    ("timeout", "default_timeout", "3", "default", "3s"),
    #[cfg(feature = "timeout")]
    ("timeout", "timeout", "3", "default", "3s"),
    #[cfg(feature = "timeout")]
    ("timeout", "timeout_seconds", "3", "default", "3s"),
    #[cfg(feature = "timeout")]
    ("timeout", "seconds", "3", "default", "3s"),
    #[cfg(feature = "timeout")]
    ("timeout", "max_timeout", "300", "max", "5m"),
    #[cfg(feature = "shutdown")]
    ("shutdown", "default_timeout", "3", "timeout", "3s"),
    #[cfg(feature = "shutdown")]
    ("shutdown", "shutdown_timeout", "3", "timeout", "3s"),
    #[cfg(feature = "heartbeat")]
    ("heartbeat", "state_file", "run/x", "file", "run/x"),
];

#[test]
fn every_alias_says_its_setting() {
    for (section, alias, value, word, canonical) in ALIASES {
        let config = Config::from_yaml(format!("resilience: {{ {section}: {{ {alias}: {value} }} }}"))
            .unwrap_or_else(|error| panic!("{alias}: {error}"));
        let explained = config.explain().get(&format!("{section}.{word}"));
        let explained = explained.unwrap_or_else(|| panic!("{alias}: nothing says {section}.{word}"));
        assert_eq!(explained.value(), *canonical, "{section}.{alias}: {value}");
        assert!(explained.source().to_string().starts_with("<yaml>:1:"), "{alias}: {explained}");
    }
}

/// K1
#[test]
fn two_words_for_one_setting_are_an_error_that_names_both() {
    for (section, alias, value, word, canonical) in ALIASES {
        let alias_word = alias.rsplit(' ').next().unwrap();
        if alias_word == *word || alias_word == "backoff" {
            continue;
        }
        let text = format!("resilience: {{ {section}: {{ {alias}: {value}, {word}: {canonical} }} }}");
        let error = Config::from_yaml(text).expect_err(alias).to_string();
        let expected =
            format!("{section}.{word}: is a second word for the same setting: `{alias_word}` and `{word}`");
        assert!(error.contains(&expected), "{alias}: {error}");
    }
}
