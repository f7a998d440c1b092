use std::fmt;

use crate::Source;

/// One thing that is wrong with the settings, or that deserves a warning: where, which setting, and what about it.
///
/// ```
/// # #[cfg(feature = "breaker")] {
/// use resil_config::Config;
///
/// let error = Config::from_yaml("resilience: { circuit_breaker: { failure_treshold: 3 } }").unwrap_err();
/// assert_eq!(
///     error.problems()[0].to_string(),
///     "<yaml>:1:34: circuit_breaker.failure_treshold: is not a setting; did you mean `failure_threshold`?"
/// );
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    source: Source,
    path: String,
    text: String,
}

impl Problem {
    pub(crate) fn new(source: Source, path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { source, path: path.into(), text: text.into() }
    }

    /// Where it was said.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The path of the setting below `resilience`, as `circuit_breaker.instances.payments.window`; empty where it is about none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong, with the value, the range and what was probably meant, as far as they are known.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.source)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// Everything that is wrong with the settings, of all files, the environment and the arguments at once.
///
/// Its text has a line for each: `file:line:column: path: what is wrong`.
///
/// ```
/// use resil_config::Config;
///
/// let error = Config::from_yaml("resilience: { preset: prodution, limits: kst }").unwrap_err();
/// assert_eq!(error.problems().len(), 2);
/// assert_eq!(error.to_string().lines().count(), 2);
/// assert_eq!(format!("{error:?}"), format!("\n{error}")); // what a `main` prints that ends with it
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct LoadError {
    problems: Vec<Problem>,
}

impl LoadError {
    /// One problem that stands for itself.
    #[cfg(feature = "reload")]
    pub(crate) fn of(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }

    /// What is wrong: at least one, in the order of the files and their lines.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// The same text on lines of its own: a `main` that ends with this error prints it for people.
impl fmt::Debug for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Findings {
    /// A problem that is already known, as a setting's that several instances inherit, is not told again.
    pub(crate) fn problem(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Whether something is known already to be wrong with the same setting.
    pub(crate) fn is_told(&self, problem: &Problem) -> bool {
        self.problems.iter().any(|known| known.source == problem.source && known.path == problem.path)
    }

    pub(crate) fn warning(&mut self, warning: Problem) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// Takes over the problems of others, not their warnings.
    pub(crate) fn problems_of(&mut self, others: Self) {
        self.problems.extend(others.problems);
    }

    /// The warnings, if there is no problem; `files` are in the order in which they were read.
    pub(crate) fn settle(mut self, files: &[std::sync::Arc<str>]) -> Result<Vec<Problem>, LoadError> {
        let place = |problem: &Problem| match &problem.source {
            Source::File { file, line, column } => {
                (files.iter().position(|known| known == file).unwrap_or(files.len()), *line, *column)
            }
            _ => (usize::MAX, 0, 0),
        };
        self.warnings.sort_by_key(place);
        if self.problems.is_empty() {
            return Ok(self.warnings);
        }
        self.problems.sort_by_key(place);
        Err(LoadError { problems: self.problems })
    }
}
