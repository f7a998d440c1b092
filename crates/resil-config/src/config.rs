use std::path::{Path, PathBuf};

use crate::explain::Explanation;
use crate::resolved::Resolved;
use crate::{LoadError, Loader, Problem};

/// Settings of every pattern, loaded, checked, and with the place where each was said.
///
/// ```
/// use resil_config::Config;
///
/// let config = Config::from_yaml("resilience: { preset: production }")?;
/// assert!(config.warnings().is_empty());
/// println!("{}", config.explain());
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "settings do nothing before something is built from them"]
pub struct Config {
    pub(crate) resolved: Resolved,
    pub(crate) explanation: Explanation,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) files: Vec<PathBuf>,
}

impl Config {
    /// The settings of the file that `RESIL_CONFIG` names, else of `./resil.yaml`, else the patterns' defaults; variables `RESIL_..` of
    /// the environment win over them.
    ///
    /// # Errors
    /// Everything that is wrong, with its place.
    pub fn load() -> Result<Self, LoadError> {
        Self::loader().search().process_environment().load()
    }

    /// The settings of a file; variables `RESIL_..` of the environment win over them.
    ///
    /// # Errors
    /// Everything that is wrong, with its place.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, LoadError> {
        Self::loader().file(path).process_environment().load()
    }

    /// The settings of a text alone, without the environment.
    ///
    /// # Errors
    /// Everything that is wrong, with its place.
    pub fn from_yaml(text: impl Into<String>) -> Result<Self, LoadError> {
        Self::loader().yaml(text).load()
    }

    /// A loader, to which sources are given one by one; it has none yet.
    pub fn loader() -> Loader {
        Loader::new()
    }

    /// What is not wrong but probably not meant.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Every setting with its value and where it was said.
    pub fn explain(&self) -> &Explanation {
        &self.explanation
    }

    /// The files that were read, in that order, the first one first; none if there was no file.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    /// What all of it comes to.
    pub(crate) fn resolved(&self) -> &Resolved {
        &self.resolved
    }
}
