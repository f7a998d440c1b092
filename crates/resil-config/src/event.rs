use std::fmt;

use resil_core::{Name, Notice, Severity};

use crate::{Changes, LoadError};

/// What listeners of a [`Resilience`](crate::Resilience) are told.
///
/// ```
/// use resil_config::{Config, Event};
///
/// let resilience = Config::from_yaml("resilience: {}")?.build();
/// resilience
///     .observe(|event| match event {
///         Event::Reloaded(changes) => println!("{changes}"),
///         Event::Refused(error) => eprintln!("the old settings stay: {error}"),
///         _ => {}
///     })
///     .forget();
/// # Ok::<_, resil_config::LoadError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Other settings are in force.
    Reloaded(Changes),
    /// What was to be loaded is bad: nothing has changed.
    Refused(LoadError),
}

impl Notice for Event {
    fn name(&self) -> Name {
        const { Name::new("config") }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Reloaded(_) => "reloaded",
            Self::Refused(_) => "refused",
        }
    }

    fn severity(&self) -> Severity {
        match self {
            Self::Reloaded(_) => Severity::Info,
            Self::Refused(_) => Severity::Warn,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reloaded(changes) => write!(f, "reloaded\n{changes}"),
            Self::Refused(error) => write!(f, "refused, the former settings stay\n{error}"),
        }
    }
}
