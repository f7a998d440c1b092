use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::explain::Explanation;
use crate::files::Files;
use crate::layer::Layer;
use crate::node::Node;
use crate::problem::{Findings, Problem};
use crate::resolve::Resolution;
use crate::resolved::Resolved;
use crate::source::{Mark, Origin};
use crate::{Config, LoadError, Source, preset, spoken, yaml};

/// Where the file is looked for if nothing names it.
const HERE: &str = "resil.yaml";

/// What settings are loaded from: a file, the environment, arguments in code, a preset, any of which may be missing.
///
/// Strongest first: arguments, the environment, the file (in it an instance before its section), the preset, the patterns' defaults.
///
/// ```
/// # #[cfg(feature = "breaker")] {
/// use resil_config::Config;
///
/// let config = Config::loader()
///     .yaml("resilience: { circuit_breaker: { failure_threshold: 7, reset_timeout: 10 } }")
///     .environment([("RESIL_CIRCUIT_BREAKER__FAILURE_THRESHOLD", "4")])
///     .set("circuit_breaker.reset_timeout", "20s")?
///     .load()?;
/// let value = |path| config.explain().get(path).unwrap().value().to_owned();
/// assert_eq!(value("circuit_breaker.failure_threshold"), "4");
/// assert_eq!(value("circuit_breaker.reset_timeout"), "20s");
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is loaded before `load` is called"]
pub struct Loader {
    file: Input,
    environment: Environment,
    arguments: Vec<(String, Node)>,
}

#[derive(Clone, Debug, Default)]
enum Input {
    #[default]
    None,
    Search,
    File(PathBuf),
    Text(String),
}

#[derive(Clone, Debug, Default)]
enum Environment {
    #[default]
    None,
    Process,
    Given(Vec<(String, String)>),
}

impl Loader {
    /// A loader of the patterns' own defaults.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Reads this file, and those that it includes.
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        Self { file: Input::File(path.into()), ..self }
    }

    /// Reads the file that `RESIL_CONFIG` names, else `./resil.yaml` if it exists, else none.
    pub fn search(self) -> Self {
        Self { file: Input::Search, ..self }
    }

    /// Reads this text in place of a file.
    pub fn yaml(self, text: impl Into<String>) -> Self {
        Self { file: Input::Text(text.into()), ..self }
    }

    /// Reads the variables `RESIL_..` of these, as `RESIL_CIRCUIT_BREAKER__PAYMENTS__RESET_TIMEOUT`, in place of the process's.
    pub fn environment<K: Into<String>, V: Into<String>>(
        self,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { environment: Environment::Given(variables), ..self }
    }

    /// Reads the variables `RESIL_..` of the process.
    pub fn process_environment(self) -> Self {
        Self { environment: Environment::Process, ..self }
    }

    /// Begins with a preset: `production`, `development` or `disabled`. It takes the place of the one that the file names.
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.arguments.push(("preset".into(), Node::of(yaml::Tree::Text(name.into()), Mark::default())));
        self
    }

    /// Sets one setting: its path below `resilience`, with or without `instances`, and anything that a file could say there.
    ///
    /// # Errors
    /// If the value cannot be one of a file. What the path means turns out when the file is known.
    pub fn set(mut self, path: impl Into<String>, value: impl Serialize) -> Result<Self, LoadError> {
        let path = path.into();
        match yaml::tree_of(&value) {
            Ok(tree) => {
                self.arguments.push((path, Node::of(tree, Mark::default())));
                Ok(self)
            }
            Err(reason) => {
                let mut findings = Findings::default();
                findings.problem(Problem::new(Source::Argument, path, format!("is no value: {reason}")));
                findings.settle(&[]).map(|_| self)
            }
        }
    }

    /// Loads and checks all of it.
    ///
    /// # Errors
    /// Everything that is wrong, not only the first: see [`LoadError`].
    pub fn load(&self) -> Result<Config, LoadError> {
        self.load_with(&mut Files::default())
    }

    /// Loads and checks all of it, and tells which files it has looked for, also where one of them is bad.
    #[cfg(feature = "reload")]
    pub(crate) fn load_and_tell(&self) -> (Result<Config, LoadError>, Vec<PathBuf>) {
        let mut files = Files::default();
        let config = self.load_with(&mut files);
        let mut tried = files.tried;
        // Also one that is not there yet.
        tried.extend(self.first());
        (config, tried)
    }

    /// The file to begin with, whether or not it is there.
    #[cfg(feature = "reload")]
    pub(crate) fn first(&self) -> Option<PathBuf> {
        match &self.file {
            Input::None | Input::Text(_) => None,
            Input::File(path) => Some(path.clone()),
            Input::Search => {
                let environment = self.variables(&mut Findings::default()).unwrap_or_default();
                Some(named(&environment).unwrap_or_else(|| HERE.into()))
            }
        }
    }

    fn load_with(&self, files: &mut Files) -> Result<Config, LoadError> {
        let mut findings = Findings::default();
        let environment = self.variables(&mut findings);
        match &self.file {
            Input::None => {}
            Input::Text(text) => files.read_text(text, &mut findings),
            Input::File(path) => files.read(path, &mut findings),
            Input::Search => {
                if let Some(path) = found(environment.as_deref().unwrap_or_default()) {
                    files.read(&path, &mut findings);
                }
            }
        }
        let said = files.layers.iter().fold(Layer::default(), Layer::under);
        let environment = environment.map(|variables| spoken::environment(&variables, &said, &mut findings));
        let arguments = spoken::arguments(&self.arguments, &said, &mut findings);
        let layers = [said, environment.unwrap_or_default(), arguments];
        let (resolved, explanation) = resolved(layers, &mut findings);
        resolved.intern(&mut findings);
        let warnings = findings.settle(&files.labels)?;
        Ok(Config { resolved, explanation, warnings, files: std::mem::take(&mut files.paths) })
    }

    /// The variables of ours, if any are to be read.
    fn variables(&self, findings: &mut Findings) -> Option<Vec<(String, String)>> {
        let mut variables: Vec<_> = match &self.environment {
            Environment::None => return None,
            Environment::Given(variables) => variables.clone(),
            Environment::Process => {
                let ours = |name: &std::ffi::OsString| {
                    name.to_str().is_some_and(|name| name.starts_with(spoken::PREFIX))
                };
                let mut texts = Vec::new();
                for (name, value) in env::vars_os().filter(|(name, _)| ours(name)) {
                    let name = name.to_string_lossy().into_owned();
                    if let Ok(value) = value.into_string() {
                        texts.push((name, value));
                    } else {
                        let origin = Origin::Environment(Arc::from(name));
                        findings.problem(Problem::new(origin.whole(), "", "is not UTF-8"));
                    }
                }
                texts
            }
        };
        variables.sort();
        Some(variables)
    }
}

/// The file to read if none was named.
fn found(environment: &[(String, String)]) -> Option<PathBuf> {
    named(environment).or_else(|| Some(Path::new(HERE)).filter(|path| path.exists()).map(Path::to_owned))
}

/// The file that the environment names.
fn named(environment: &[(String, String)]) -> Option<PathBuf> {
    let named = environment.iter().find(|(name, path)| name == spoken::FILE && !path.is_empty());
    named.map(|(_, path)| path.into())
}

/// What the file, the environment and the arguments come to, over the preset that they choose.
fn resolved(layers: [Layer; 3], findings: &mut Findings) -> (Resolved, Explanation) {
    let strongest = |choice: fn(&Layer) -> &Option<crate::layer::Choice>| {
        layers.iter().rev().find_map(|layer| choice(layer).clone())
    };
    let chosen = strongest(|layer| &layer.preset);
    let limits = strongest(|layer| &layer.limits);
    let below = chosen.as_ref().map(|choice| preset::layer(&choice.word, findings)).unwrap_or_default();
    let is_disabled = chosen.is_some_and(|choice| choice.word == preset::DISABLED);
    let [file, environment, arguments] = layers;
    let layers = [below, file, environment, arguments];
    let mut resolution = Resolution { layers, limits, findings, explanation: Explanation::default() };
    let resolved = resolution.all(is_disabled);
    (resolved, resolution.explanation)
}
