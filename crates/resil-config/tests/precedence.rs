//! Argument, environment, file, preset: all that there are, in every combination.
#![cfg(feature = "breaker")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use resil_config::Config;

/// A setting, and what each source says of it, strongest first; the last value is the built-in one.
struct Row {
    path: &'static str,
    section: &'static str,
    instance: Option<&'static str>,
    word: &'static str,
    argument: &'static str,
    environment: &'static str,
    file: &'static str,
    /// What `production` says; `None` where it says nothing of this pattern.
    preset: Option<&'static str>,
    built_in: &'static str,
}

const fn row(section: &'static str, word: &'static str, built_in: &'static str) -> Row {
    Row {
        path: "",
        section,
        instance: None,
        word,
        argument: "11s",
        environment: "12s",
        file: "13s",
        preset: None,
        built_in,
    }
}

const ROWS: &[Row] = &[
    #[cfg(feature = "breaker")]
    Row {
        path: "circuit_breaker.half_open_max_calls",
        argument: "2",
        environment: "3",
        file: "4",
        preset: Some("5"),
        ..row("circuit_breaker", "half_open_max_calls", "1")
    },
    #[cfg(feature = "breaker")]
    Row {
        path: "circuit_breaker.payments.half_open_max_calls",
        instance: Some("payments"),
        argument: "2",
        environment: "3",
        file: "4",
        preset: Some("5"),
        ..row("circuit_breaker", "half_open_max_calls", "1")
    },
    #[cfg(feature = "ratelimit")]
    Row { path: "rate_limiter.per", ..row("rate_limiter", "per", "1s") },
    #[cfg(feature = "ratelimit")]
    Row { path: "rate_limiter.payments.per", instance: Some("payments"), ..row("rate_limiter", "per", "1s") },
    #[cfg(feature = "retry")]
    Row {
        path: "retry.initial_delay",
        argument: "1ms",
        environment: "2ms",
        file: "3ms",
        preset: Some("100ms"),
        ..row("retry", "initial_delay", "100ms")
    },
    #[cfg(feature = "retry")]
    Row {
        path: "retry.payments.initial_delay",
        instance: Some("payments"),
        argument: "1ms",
        environment: "2ms",
        file: "3ms",
        preset: Some("100ms"),
        ..row("retry", "initial_delay", "100ms")
    },
    #[cfg(feature = "timeout")]
    Row { path: "timeout.default", preset: Some("1m"), ..row("timeout", "default", "30s") },
    #[cfg(feature = "timeout")]
    Row {
        path: "timeout.payments.default",
        instance: Some("payments"),
        preset: Some("1m"),
        ..row("timeout", "default", "30s")
    },
    #[cfg(feature = "shutdown")]
    Row { path: "shutdown.timeout", ..row("shutdown", "timeout", "30s") },
    #[cfg(feature = "heartbeat")]
    Row { path: "heartbeat.interval", ..row("heartbeat", "interval", "10s") },
    #[cfg(feature = "watchdog")]
    Row { path: "watchdog.timeout", ..row("watchdog", "timeout", "30s") },
];

impl Row {
    /// Which source a combination of them leaves as the strongest, and its value.
    fn expected(&self, mask: u32) -> (&'static str, String) {
        let instance = self.instance.map(|name| format!("{}__", name.to_uppercase())).unwrap_or_default();
        let variable =
            format!("RESIL_{}__{instance}{}", self.section.to_uppercase(), self.word.to_uppercase());
        match (mask & 8 > 0, mask & 4 > 0, mask & 2 > 0, mask & 1 > 0, self.preset) {
            (true, ..) => (self.argument, "argument".into()),
            (_, true, ..) => (self.environment, variable),
            (_, _, true, ..) => (self.file, "<yaml>:".into()),
            (_, _, _, true, Some(preset)) => (preset, "preset production".into()),
            _ => (self.built_in, "built-in".into()),
        }
    }

    fn load(&self, mask: u32) -> Config {
        let said = match (mask & 2 > 0, self.instance) {
            (true, None) => format!("{}: {}", self.word, self.file),
            (true, Some(name)) => format!("instances: {{ {name}: {{ {}: {} }} }}", self.word, self.file),
            (false, None) => String::new(),
            (false, Some(name)) => format!("instances: {{ {name}: }}"),
        };
        let preset = if mask & 1 > 0 { "preset: production, " } else { "" };
        let mut loader =
            Config::loader().yaml(format!("resilience: {{ {preset}{}: {{ {said} }} }}", self.section));
        if mask & 4 > 0 {
            let instance = self.instance.map(|name| format!("{}__", name.to_uppercase())).unwrap_or_default();
            let variable = format!("RESIL_{}__{instance}{}", self.section, self.word).to_uppercase();
            loader = loader.environment([(variable, self.environment)]);
        }
        if mask & 8 > 0 {
            let instance = self.instance.map(|name| format!("{name}.")).unwrap_or_default();
            let value = self.argument.parse::<u32>().map_or(Ok(self.argument), Err);
            let path = format!("{}.{instance}{}", self.section, self.word);
            loader = match value {
                Ok(text) => loader.set(path, text),
                Err(number) => loader.set(path, number),
            }
            .unwrap();
        }
        loader.load().unwrap()
    }
}

/// All 2^4 combinations for a setting of each pattern, of the section itself and of an instance.
#[test]
fn the_strongest_source_wins_and_explain_names_it() {
    for row in ROWS {
        for mask in 0..16 {
            let config = row.load(mask);
            let explained = config.explain().get(row.path).unwrap();
            let (value, source) = row.expected(mask);
            assert_eq!(explained.value(), value, "{} {mask:04b}", row.path);
            let told = explained.source().to_string();
            assert!(told.starts_with(&source), "{} {mask:04b}: {told}", row.path);
        }
    }
}

/// Within the file: the instance before its section, and both before the preset.
#[cfg(feature = "breaker")]
#[test]
fn an_instance_wins_over_its_section() {
    for mask in 0..8 {
        let preset = if mask & 1 > 0 { "preset: production, " } else { "" };
        let section = if mask & 2 > 0 { "half_open_max_calls: 3, " } else { "" };
        let instance = if mask & 4 > 0 { "half_open_max_calls: 4" } else { "" };
        let file = format!(
            "resilience: {{ {preset}circuit_breaker: {{ {section}instances: {{ payments: {{ {instance} }} }} }} }}"
        );
        let config = Config::from_yaml(file).unwrap();
        let value = |path| config.explain().get(path).unwrap().value().parse::<u32>().unwrap();
        let default = if mask & 2 > 0 {
            3
        } else if mask & 1 > 0 {
            5
        } else {
            1
        };
        assert_eq!(value("circuit_breaker.half_open_max_calls"), default);
        let payments = if mask & 4 > 0 { 4 } else { default };
        assert_eq!(value("circuit_breaker.payments.half_open_max_calls"), payments);
    }
}

/// A word may be put away by another one for the same setting, from a stronger source.
#[cfg(feature = "retry")]
#[test]
fn another_word_for_the_same_setting_wins_as_the_same_word_would() {
    let load = |file: &str, variable: &str, text: &str| {
        let config = Config::loader().yaml(file).environment([(variable, text)]).load().unwrap();
        config.explain().get("retry.max_attempts").unwrap().to_string()
    };
    assert_eq!(
        load("resilience: { retry: { max_attempts: 5 } }", "RESIL_RETRY__MAX_RETRIES", "1"),
        "retry.max_attempts = 2  (RESIL_RETRY__MAX_RETRIES)"
    );
    assert_eq!(
        load("resilience: { retry: { max_retries: 5 } }", "RESIL_RETRY__MAX_ATTEMPTS", "1"),
        "retry.max_attempts = 1  (RESIL_RETRY__MAX_ATTEMPTS)"
    );
    let config =
        Config::from_yaml("resilience: { retry: { max_retries: 5, instances: { a: { max_attempts: 2 } } } }");
    assert_eq!(config.unwrap().explain().get("retry.a.max_attempts").unwrap().value(), "2");
}
