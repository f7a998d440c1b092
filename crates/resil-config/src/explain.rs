use std::fmt;

use crate::Source;

/// Every setting that holds, with its value and where it was said.
///
/// ```
/// # #[cfg(feature = "breaker")] {
/// use resil_config::Config;
///
/// let config = Config::from_yaml("resilience: { circuit_breaker: { instances: { payments: { reset_timeout: 5 } } } }")?;
/// let setting = config.explain().get("circuit_breaker.payments.reset_timeout").unwrap().clone();
/// assert_eq!(setting.to_string(), "circuit_breaker.payments.reset_timeout = 5s  (<yaml>:1:74)");
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    settings: Vec<Explained>,
}

/// A setting that holds: its path, its value, and where it was said.
///
/// ```
/// use resil_config::Config;
///
/// for setting in Config::from_yaml("")?.explain().iter() {
///     assert_eq!(setting.source().to_string(), "built-in");
/// }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    path: String,
    value: String,
    source: Source,
}

impl Explanation {
    pub(crate) fn add(&mut self, path: String, value: String, source: Source) {
        self.settings.push(Explained { path, value, source });
    }

    /// The setting at a path such as `circuit_breaker.payments.reset_timeout`, by its canonical word; `instances` may stand in it.
    pub fn get(&self, path: &str) -> Option<&Explained> {
        let path = path.replacen(".instances.", ".", 1);
        self.settings.iter().find(|setting| setting.path == path)
    }

    /// All of them, section by section.
    pub fn iter(&self) -> impl Iterator<Item = &Explained> {
        self.settings.iter()
    }
}

impl Explained {
    /// The path below `resilience`, without `instances`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value in canonical form: `5s`, `50%`.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Where it was said.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}  ({})", self.path, self.value, self.source)
    }
}

impl fmt::Display for Explanation {
    /// A line for each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in &self.settings {
            writeln!(f, "{setting}")?;
        }
        Ok(())
    }
}
