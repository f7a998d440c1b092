//! Nothing that anybody could write makes it panic.

use proptest::prelude::*;
use resil_config::Config;

/// A file with everything that there is.
const FULL: &str = r#"
resilience:
  preset: production
  limits: kstlib
  circuit_breaker:
    failure_threshold: 5
    reset_timeout: 60s
    instances:
      payments: &p { failure_rate: 50%, min_calls: 20, window: 30s, slow_call: 2s, half_open_max_calls: 3 }
      'search': *p
  rate_limiter:
    instances: { payments: { rate: 100, per: 1s, burst: 20, max_wait: 250ms } }
  retry:    { max_attempts: 3, initial_delay: 100ms, factor: 2, max_delay: 10s, jitter: full, budget: 20% }
  timeout:  { default: 30s, max: 5m, propagate_deadline: true, include_queue_time: true }
  shutdown: { timeout: 30s, signals: [TERM, INT], force_exit_code: 1 }
  heartbeat: { interval: 10s, file: "run/app.heartbeat", metadata: { version: "1.4" } }
  watchdog:
    timeout: { secs: 30, nanos: 5 }
  pipelines:
    payments: { deadline: 5s, retry: {}, circuit_breaker: payments, rate_limiter: payments, timeout: 2s }
others: [1, 2.5, ~, !x y]
more: |-
  text
"#;

/// What is put in at random places.
const TOKENS: [&str; 48] = [
    ":",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'",
    "\"",
    "\\",
    "|",
    ">",
    "&a ",
    "*a",
    "!x ",
    "!!int ",
    "#",
    " #",
    "\n",
    "\r\n",
    "\t",
    " ",
    "  ",
    "\n\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "<<: ",
    "null",
    "~",
    ".nan",
    "-.inf",
    "1e999",
    "-1",
    "18446744073709551616",
    "0",
    "1e-320",
    "resilience:",
    "instances:",
    "default",
    "include: ",
    "preset",
    "😀",
    "\u{FEFF}",
    "\u{85}",
    "\u{0}",
];

#[derive(Clone, Debug)]
enum Mutation {
    Insert(usize, &'static str),
    Delete(usize, usize),
    Copy(usize, usize, usize),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        (any::<usize>(), prop::sample::select(TOKENS.to_vec()))
            .prop_map(|(at, token)| Mutation::Insert(at, token)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, len)| Mutation::Delete(at, len)),
        (any::<usize>(), 1..200_usize, any::<usize>())
            .prop_map(|(from, len, to)| Mutation::Copy(from, len, to)),
    ]
}

fn mutated(mutations: &[Mutation]) -> String {
    let mut text: Vec<char> = FULL.chars().collect();
    for mutation in mutations {
        let place = |at: usize| at % (text.len() + 1);
        match *mutation {
            Mutation::Insert(at, token) => {
                let at = place(at);
                text.splice(at..at, token.chars());
            }
            Mutation::Delete(at, len) => {
                let at = place(at);
                text.drain(at..(at + len).min(text.len()));
            }
            Mutation::Copy(from, len, to) => {
                let (from, to) = (place(from), place(to));
                let part = text[from..(from + len).min(text.len())].to_vec();
                text.splice(to..to, part);
            }
        }
    }
    text.into_iter().collect()
}

/// Whatever comes of it, it can be told.
fn load(text: String) {
    match Config::from_yaml(text) {
        Ok(config) => {
            let _ = config.explain().to_string();
            let _ = config.warnings().iter().map(ToString::to_string).collect::<String>();
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.problems().is_empty()),
    }
}

#[cfg(all(
    feature = "breaker",
    feature = "pipeline",
    feature = "ratelimit",
    feature = "retry",
    feature = "timeout"
))]
#[test]
fn the_file_that_is_mutated_is_a_good_one() {
    if let Err(error) = Config::from_yaml(FULL) {
        panic!("{error}");
    }
}

proptest! {
    #[test]
    fn mutated_files_never_panic(mutations in prop::collection::vec(mutation(), 1..12)) {
        load(mutated(&mutations));
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC*") {
        load(text);
    }

    #[test]
    fn texts_of_tokens_never_panic(tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..60)) {
        load(tokens.concat());
        load(format!("resilience:\n  {}", tokens.concat()));
    }

    #[test]
    fn arbitrary_variables_and_arguments_never_panic(
        path in "(CIRCUIT_BREAKER|RETRY|PIPELINES|TIMEOUT|PRESET|[A-Z]{1,3})(__(PAYMENTS|SEARCH|RETRY|MAX_ATTEMPTS|DEFAULT|[A-Z_é]{0,4})){0,4}",
        value in "\\PC{0,12}",
        argument in "(circuit_breaker|retry|pipelines|timeout|[a-z]{1,3})(\\.(payments|search|retry|instances|default|[a-z]{0,3})){0,4}",
    ) {
        let loader = Config::loader().yaml(FULL).environment([(format!("RESIL_{path}"), value.clone())]);
        let _ = loader.set(argument, value).and_then(|loader| loader.load()).map(|config| config.explain().to_string());
    }
}
