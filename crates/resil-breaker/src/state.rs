use std::fmt;

/// The state of a circuit.
///
/// ```
/// use resil_breaker::State;
/// assert_eq!(State::HalfOpen.to_string(), "half_open");
/// assert_eq!("Half-Open".parse(), Ok(State::HalfOpen));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
#[repr(u8)]
pub enum State {
    /// Calls are admitted and their outcomes recorded.
    Closed,
    /// Calls are refused, as too many before them were bad.
    Open,
    /// A few calls probe whether the other side is well again; the rest are refused.
    HalfOpen,
    /// Opened by hand: calls are refused until somebody says otherwise.
    ForcedOpen,
    /// Switched off by hand: calls are admitted and nothing is recorded.
    Disabled,
    /// Calls are admitted and recorded, rules are watched, and nothing ever opens.
    MetricsOnly,
}

impl State {
    /// All states.
    pub const ALL: [Self; 6] =
        [Self::Closed, Self::Open, Self::HalfOpen, Self::ForcedOpen, Self::Disabled, Self::MetricsOnly];

    /// The state's name in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the name in any case, with or without `_` and `-`.
impl std::str::FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        let letters = |text: &str| text.replace(['_', '-'], "").to_ascii_lowercase();
        let wanted = letters(text);
        let found = Self::ALL.into_iter().find(|state| letters(state.as_str()) == wanted);
        found.ok_or_else(|| UnknownState(text.to_owned()))
    }
}

/// The error of reading a [`State`] from a text that names none.
///
/// ```
/// use resil_breaker::State;
/// let error = "ajar".parse::<State>().unwrap_err();
/// assert_eq!(error.to_string(), r#"no state "ajar", expected closed, open, half_open, forced_open, disabled or metrics_only"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownState(String);

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rest @ .., last] = Self::NAMES;
        write!(f, "no state {:?}, expected {} or {last}", self.0, rest.join(", "))
    }
}

impl UnknownState {
    const NAMES: [&'static str; 6] = {
        let mut names = [""; 6];
        let mut i = 0;
        while i < 6 {
            names[i] = State::ALL[i].as_str();
            i += 1;
        }
        names
    };
}

impl std::error::Error for UnknownState {}
