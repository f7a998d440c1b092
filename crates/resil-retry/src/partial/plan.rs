use resil_core::WordError;
use resil_core::duration::OrNone;

use super::{PartialBackoff, PartialConfig, Strategy};
use crate::backoff::Plan;
use crate::{Backoff, Config, Jitter};

impl PartialConfig {
    /// What was said of the plan, over the one before.
    pub(super) fn plan(&self, before: Backoff) -> Result<Backoff, WordError> {
        let tagged = self.backoff.unwrap_or_default();
        let initial = either(self.initial_delay, tagged.initial, ["initial_delay", "backoff.initial"])?;
        let factor = either(self.factor, tagged.multiplier, ["factor", "backoff.multiplier"])?;
        let max = either(self.max_delay, tagged.max, ["max_delay", "backoff.max"])?;
        let share = self.jitter_factor.map(|share| Jitter::Fraction(share.0));
        let jitter = either(self.jitter, share, ["jitter", "jitter_factor"])?;
        let implied = (tagged.strategy == Some(Strategy::ExponentialWithJitter)).then_some(Jitter::Full);
        Ok(Backoff {
            plan: grown(tagged.strategy, initial, factor, before.plan),
            max: max.map_or(before.max, |max| max.0),
            jitter: jitter.or(implied).unwrap_or(before.jitter),
        })
    }

    /// The error in the words that were said.
    pub(super) fn spell(&self, error: WordError) -> WordError {
        let tagged = self.backoff.unwrap_or_default();
        if let WordError::OutOfRange { word: "backoff.max", value, .. } = error
            && self.max_delay.or(tagged.max).is_none()
        {
            // Nobody said it, so what is wrong is what was said.
            let word = if tagged.initial.is_some() { "backoff" } else { "initial_delay" };
            return WordError::Refused {
                word,
                why: format!("it is longer than max_delay, which is {value}"),
            };
        }
        let one_of = |is_tagged, tagged, flat| if is_tagged { tagged } else { flat };
        error
            .spelled("max_attempts", one_of(self.max_retries.is_some(), "max_retries", "max_attempts"))
            .spelled("backoff.base", one_of(tagged.initial.is_some(), "backoff", "initial_delay"))
            .spelled("backoff.factor", one_of(tagged.multiplier.is_some(), "backoff", "factor"))
            .spelled("backoff.max", one_of(tagged.max.is_some(), "backoff", "max_delay"))
            .spelled("backoff.jitter", one_of(self.jitter_factor.is_some(), "jitter_factor", "jitter"))
    }

    pub(super) fn say_plan(&mut self, backoff: Backoff) {
        self.max_delay = Some(OrNone(backoff.max));
        self.jitter = Some(backoff.jitter);
        let (strategy, initial) = match backoff.plan {
            Plan::Fixed(delay) => (Strategy::Fixed, delay),
            Plan::Linear(step) => (Strategy::Linear, step),
            Plan::Exponential { base, factor } => {
                self.factor = Some(factor);
                (Strategy::Exponential, base)
            }
            Plan::Fibonacci(base) => (Strategy::Fibonacci, base),
            Plan::Decorrelated(base) => (Strategy::Decorrelated, base),
            Plan::By(_) => return,
        };
        self.backoff = Some(PartialBackoff { strategy: Some(strategy), ..PartialBackoff::default() });
        self.initial_delay = Some(initial);
    }
}

/// What was said by one of two words.
fn either<T>(one: Option<T>, other: Option<T>, words: [&'static str; 2]) -> Result<Option<T>, WordError> {
    match (one, other) {
        (Some(_), Some(_)) => Err(WordError::Both(words[1], words[0])),
        (one, other) => Ok(one.or(other)),
    }
}

/// The kind of `before`, or another; and its base, or another.
fn grown(
    strategy: Option<Strategy>,
    initial: Option<std::time::Duration>,
    factor: Option<f64>,
    before: Plan,
) -> Plan {
    let (same, base, growth) = match before {
        Plan::Fixed(base) => (Strategy::Fixed, base, None),
        Plan::Linear(base) => (Strategy::Linear, base, None),
        Plan::Exponential { base, factor } => (Strategy::Exponential, base, Some(factor)),
        Plan::Fibonacci(base) => (Strategy::Fibonacci, base, None),
        Plan::Decorrelated(base) => (Strategy::Decorrelated, base, None),
        Plan::By(_) if strategy.is_none() && initial.is_none() && factor.is_none() => return before,
        Plan::By(_) => match Config::DEFAULT_BACKOFF.plan {
            Plan::Exponential { base, factor } => (Strategy::Exponential, base, Some(factor)),
            _ => return before,
        },
    };
    let base = initial.unwrap_or(base);
    match strategy.unwrap_or(same) {
        Strategy::Fixed => Plan::Fixed(base),
        Strategy::Linear => Plan::Linear(base),
        Strategy::Exponential | Strategy::ExponentialWithJitter => {
            Plan::Exponential { base, factor: factor.or(growth).unwrap_or(2.0) }
        }
        Strategy::Fibonacci => Plan::Fibonacci(base),
        Strategy::Decorrelated => Plan::Decorrelated(base),
    }
}
