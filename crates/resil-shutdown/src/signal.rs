use std::fmt;

/// A signal that asks the process to end.
///
/// On Windows, Ctrl-C and Ctrl-Break come as [`Interrupt`](Signal::Interrupt). When the console is closed, Windows does not wait.
///
/// ```
/// use resil_shutdown::Signal;
/// assert_eq!(Signal::Terminate.to_string(), "SIGTERM");
/// assert_eq!(Signal::Terminate.number(), 15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Signal {
    /// SIGTERM: what service managers, containers and `kill` send.
    Terminate,
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGHUP: the terminal is gone.
    Hangup,
    /// SIGQUIT: Ctrl-\, which leaves a core dump if nobody listens.
    Quit,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Terminate, Self::Interrupt, Self::Hangup, Self::Quit];

    /// The signal's number, the same on every Unix.
    pub const fn number(self) -> i32 {
        match self {
            Self::Terminate => 15,
            Self::Interrupt => 2,
            Self::Hangup => 1,
            Self::Quit => 3,
        }
    }

    /// The signal of that number, if it is one of these.
    #[cfg(all(feature = "signal", unix))]
    pub(crate) fn of(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|signal| signal.number() == number)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terminate => "SIGTERM",
            Self::Interrupt => "SIGINT",
            Self::Hangup => "SIGHUP",
            Self::Quit => "SIGQUIT",
        })
    }
}

/// A set of [`Signal`]s.
///
/// ```
/// use resil_shutdown::{Signal, Signals};
///
/// const SIGNALS: Signals = Signals::of(&[Signal::Terminate, Signal::Hangup]);
/// assert!(SIGNALS.contains(Signal::Hangup));
/// assert_eq!(SIGNALS.iter().count(), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signals(u8);

impl Signals {
    /// The set of these.
    pub const fn of(signals: &[Signal]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < signals.len() {
            bits |= signals[index].bit();
            index += 1;
        }
        Self(bits)
    }

    /// Whether `signal` is one of them.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }

    /// Each of them once.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.into_iter().filter(move |signal| self.contains(*signal))
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
