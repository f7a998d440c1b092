use resil_core::WordError;

use super::PartialConfig;
use crate::config::RateRule;
use crate::{Config, Window};

/// Unless a rule says otherwise.
const MIN_CALLS: u32 = 20;
const WINDOW: Window = Window::calls(100);
const SLOW_RATE: u8 = 50;

/// What a rule is counted over.
#[derive(Clone, Copy)]
struct Span {
    min_calls: u32,
    window: Window,
}

/// What was said of it.
#[derive(Clone, Copy)]
struct Said {
    min_calls: Option<u32>,
    window: Option<Window>,
    slices: Option<u32>,
}

impl Said {
    /// The first of `words` that was said, if one was.
    fn first(self, words: [&'static str; 3]) -> Option<&'static str> {
        let said = [self.min_calls.is_some(), self.window.is_some(), self.slices.is_some()];
        said.into_iter().zip(words).find_map(|(is_said, word)| is_said.then_some(word))
    }

    fn or(self, other: Self) -> Self {
        let own = self.window.is_some();
        Self {
            min_calls: self.min_calls.or(other.min_calls),
            window: self.window.or(other.window),
            // Those of another window are not meant.
            slices: if own { self.slices } else { self.slices.or(other.slices) },
        }
    }

    /// Over what was there before.
    fn over(self, before: Option<Span>, slices_word: &'static str) -> Result<Span, WordError> {
        let old = before.map(|span| span.window);
        let window = match (self.window, old) {
            (Some(Window::Time { span, .. }), Some(Window::Time { slices, .. })) => {
                Window::slices(span, slices)
            }
            (said, old) => said.or(old).unwrap_or(WINDOW),
        };
        let window = match (window, self.slices) {
            (Window::Time { span, .. }, Some(slices)) => Window::slices(span, slices),
            (Window::Calls(_), Some(_)) => return Err(WordError::Needs(slices_word, "a window of time")),
            (window, None) => window,
        };
        let most = if let Window::Calls(count) = window { MIN_CALLS.min(count) } else { MIN_CALLS };
        let min_calls = self.min_calls.or(before.map(|span| span.min_calls)).unwrap_or(most);
        Ok(Span { min_calls, window })
    }
}

fn span(rule: RateRule) -> Span {
    Span { min_calls: rule.min_calls, window: rule.frame.window() }
}

/// The words of a window: itself, and its slices if they are not the usual.
fn words(window: Window) -> (Option<Window>, Option<u32>) {
    match window {
        Window::Time { span, slices } => {
            (Some(window), Some(slices).filter(|_| window != Window::time(span)))
        }
        Window::Calls(_) => (Some(window), None),
    }
}

impl PartialConfig {
    /// What was said for both rules.
    fn shared(&self) -> Result<Said, WordError> {
        if self.window.is_some() && self.sampling_duration.is_some() {
            return Err(WordError::Both("sampling_duration", "window"));
        }
        let window = self.window.or(self.sampling_duration.map(Window::time));
        Ok(Said { min_calls: self.min_calls, window, slices: self.window_slices })
    }

    fn window_word(&self) -> &'static str {
        if self.sampling_duration.is_some() { "sampling_duration" } else { "window" }
    }

    pub(super) fn failure_rule(&self, config: Config) -> Result<Config, WordError> {
        let said = self.shared()?;
        let word = said.first(["min_calls", self.window_word(), "window_slices"]);
        let old = config.failure_rate;
        let Some(percent) = self.failure_rate.or(old.map(|rule| rule.percent)) else {
            let is_for_slow_calls = self.slow_call.is_some() || config.slow_rate.is_some();
            return match word {
                Some(word) if !is_for_slow_calls => Err(WordError::Needs(word, "failure_rate or slow_call")),
                _ => Ok(config),
            };
        };
        if word.is_none() && self.failure_rate.is_none() {
            return Ok(config);
        }
        let Span { min_calls, window } = said.over(old.map(span), "window_slices")?;
        let config = config.failure_rate(percent, min_calls, window);
        config.check().map_err(|error| WordError::from(error).spelled("window", self.window_word()))?;
        Ok(config)
    }

    pub(super) fn slow_rule(&self, config: Config) -> Result<Config, WordError> {
        const WORDS: [&str; 3] = ["slow_call_min_calls", "slow_call_window", "slow_call_window_slices"];
        let own = Said {
            min_calls: self.slow_call_min_calls,
            window: self.slow_call_window,
            slices: self.slow_call_window_slices,
        };
        let old = config.slow_rate;
        let slower_than =
            self.slow_call.or(old.map(|rule| std::time::Duration::from_nanos(rule.slower_than)));
        let Some(slower_than) = slower_than else {
            let word = self.slow_call_rate.map(|_| "slow_call_rate").or(own.first(WORDS));
            return word.map_or(Ok(config), |word| Err(WordError::Needs(word, "slow_call")));
        };
        let percent = self.slow_call_rate.or(old.map(|rule| rule.rate.percent)).unwrap_or(SLOW_RATE);
        let before = old.map(|rule| rule.rate).or(config.failure_rate).map(span);
        let said = own.or(self.shared()?);
        let slices_word = if own.slices.is_some() { WORDS[2] } else { "window_slices" };
        let Span { min_calls, window } = said.over(before, slices_word)?;
        let config = config.slow_rate(slower_than, percent, min_calls, window);
        config.check().map_err(|error| {
            let error = WordError::from(error);
            let error = if own.min_calls.is_some() { error.spelled("min_calls", WORDS[0]) } else { error };
            let window = if own.window.is_some() { WORDS[1] } else { self.window_word() };
            error.spelled("window", window).spelled("window_slices", slices_word)
        })?;
        Ok(config)
    }

    /// The rules of `config`. That on slow calls shares what is equal in both.
    pub(super) fn say_rules(&mut self, config: &Config) {
        if let Some(rule) = config.failure_rate {
            self.failure_rate = Some(rule.percent);
            self.min_calls = Some(rule.min_calls);
            (self.window, self.window_slices) = words(rule.frame.window());
        }
        let Some(slow) = config.slow_rate else { return };
        self.slow_call = Some(std::time::Duration::from_nanos(slow.slower_than));
        self.slow_call_rate = Some(slow.rate.percent);
        let (window, slices) = words(slow.rate.frame.window());
        if config.failure_rate.is_none() {
            self.min_calls = Some(slow.rate.min_calls);
            (self.window, self.window_slices) = (window, slices);
            return;
        }
        self.slow_call_min_calls = Some(slow.rate.min_calls).filter(|n| Some(*n) != self.min_calls);
        if (window, slices) != (self.window, self.window_slices) {
            (self.slow_call_window, self.slow_call_window_slices) = (window, slices);
        }
    }
}
