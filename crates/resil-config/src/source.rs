use std::fmt;
use std::sync::Arc;

/// Where a value was said, strongest first.
///
/// ```
/// # #[cfg(feature = "breaker")] {
/// use resil_config::Config;
///
/// let config = Config::from_yaml("resilience: { circuit_breaker: { reset_timeout: 5s } }")?;
/// let explained = config.explain();
/// let source = |path| explained.get(path).unwrap().source().to_string();
/// assert_eq!(source("circuit_breaker.reset_timeout"), "<yaml>:1:49");
/// assert_eq!(source("circuit_breaker.failure_threshold"), "built-in");
/// # }
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// In code, by [`Loader::set`](crate::Loader::set) or the loader's other methods.
    Argument,
    /// In this environment variable.
    Environment(Arc<str>),
    /// In a file. Lines and columns count from 1; both are 0 where the file as a whole is meant.
    File {
        /// The file's path as it was given, or `<yaml>`.
        file: Arc<str>,
        /// The line, counted from 1.
        line: u32,
        /// The column in characters, counted from 1.
        column: u32,
    },
    /// By the preset of this name.
    Preset(Arc<str>),
    /// Nowhere: it is the pattern's own default.
    BuiltIn,
}

/// Line and column in a text, both counted from 1; 0 is nowhere in particular.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// What a text is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Argument,
    Environment(Arc<str>),
    File(Arc<str>),
    Preset(Arc<str>),
}

impl Origin {
    /// The place in it.
    pub(crate) fn at(&self, mark: Mark) -> Source {
        match self {
            Self::Argument => Source::Argument,
            Self::Environment(variable) => Source::Environment(variable.clone()),
            Self::File(file) => Source::File { file: file.clone(), line: mark.line, column: mark.column },
            Self::Preset(name) => Source::Preset(name.clone()),
        }
    }

    /// All of it.
    pub(crate) fn whole(&self) -> Source {
        self.at(Mark::default())
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument => f.write_str("argument"),
            Self::Environment(variable) => f.write_str(variable),
            Self::File { file, line: 0, .. } => f.write_str(file),
            Self::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::BuiltIn => f.write_str("built-in"),
        }
    }
}
