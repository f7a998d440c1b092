use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A span of time as the text of `grpc-timeout`: one to eight digits and a unit.
///
/// ```
/// use resil_timeout::headers::GrpcTimeout;
/// use std::time::Duration;
///
/// let timeout = GrpcTimeout::at_most(Duration::from_millis(1_500));
/// assert_eq!(timeout.to_string(), "1500000u");
/// assert_eq!("1500m".parse::<GrpcTimeout>()?.duration(), Duration::from_millis(1_500));
/// # Ok::<_, resil_timeout::headers::GrpcTimeoutError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GrpcTimeout {
    /// At most [`MOST`].
    amount: u32,
    unit: Unit,
}

/// Eight digits.
const MOST: u32 = 99_999_999;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    Nano,
    Micro,
    Milli,
    Second,
    Minute,
    Hour,
}

impl Unit {
    /// From the finest one on.
    const ALL: [Self; 6] = [Self::Nano, Self::Micro, Self::Milli, Self::Second, Self::Minute, Self::Hour];

    const fn letter(self) -> u8 {
        match self {
            Self::Nano => b'n',
            Self::Micro => b'u',
            Self::Milli => b'm',
            Self::Second => b'S',
            Self::Minute => b'M',
            Self::Hour => b'H',
        }
    }

    const fn length(self) -> Duration {
        match self {
            Self::Nano => Duration::from_nanos(1),
            Self::Micro => Duration::from_micros(1),
            Self::Milli => Duration::from_millis(1),
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_secs(60),
            Self::Hour => Duration::from_secs(3_600),
        }
    }
}

impl GrpcTimeout {
    /// The longest one that is not longer than `span`, as finely as eight digits can tell it: less than 1 in 100,000 is lost.
    pub fn at_most(span: Duration) -> Self {
        let amount = |unit: Unit| u32::try_from(span.as_nanos() / unit.length().as_nanos()).ok();
        Unit::ALL
            .into_iter()
            .find_map(|unit| {
                amount(unit).filter(|amount| *amount <= MOST).map(|amount| Self { amount, unit })
            })
            // 11,415 years.
            .unwrap_or(Self { amount: MOST, unit: Unit::Hour })
    }

    /// The span that it tells.
    pub const fn duration(self) -> Duration {
        // At most 11,415 years.
        self.unit.length().saturating_mul(self.amount)
    }

    /// Reads a header's value, for any bytes.
    ///
    /// Zero is accepted, although the protocol does not allow it: it is what some send when no time is left.
    pub fn parse(value: impl AsRef<[u8]>) -> Result<Self, GrpcTimeoutError> {
        let value = value.as_ref();
        let (letter, digits) = value.split_last().ok_or(GrpcTimeoutError::Empty)?;
        let is_meant = |unit: &Unit| unit.letter() == *letter;
        let unit = Unit::ALL.into_iter().find(is_meant).ok_or(GrpcTimeoutError::Unit)?;
        if digits.is_empty() {
            return Err(GrpcTimeoutError::NoDigits);
        }
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(GrpcTimeoutError::Digit);
        }
        if digits.len() > 8 {
            return Err(GrpcTimeoutError::TooLong);
        }
        let amount = digits.iter().fold(0, |amount, digit| amount * 10 + u32::from(digit - b'0'));
        Ok(Self { amount, unit })
    }
}

impl FromStr for GrpcTimeout {
    type Err = GrpcTimeoutError;

    fn from_str(value: &str) -> Result<Self, GrpcTimeoutError> {
        Self::parse(value)
    }
}

impl fmt::Display for GrpcTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, char::from(self.unit.letter()))
    }
}

/// Why a text is no `grpc-timeout`.
///
/// ```
/// use resil_timeout::headers::{GrpcTimeout, GrpcTimeoutError};
///
/// let error = GrpcTimeout::parse("5 seconds").unwrap_err();
/// assert_eq!(error, GrpcTimeoutError::Unit);
/// assert_eq!(error.to_string(), "grpc-timeout: does not end in a unit, which is one of H, M, S, m, u, n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GrpcTimeoutError {
    /// There is nothing.
    Empty,
    /// It does not end in a unit.
    Unit,
    /// There is nothing before the unit.
    NoDigits,
    /// There is something else than digits before the unit.
    Digit,
    /// There are more than eight digits.
    TooLong,
}

impl fmt::Display for GrpcTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("grpc-timeout: ")?;
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Unit => "does not end in a unit, which is one of H, M, S, m, u, n",
            Self::NoDigits => "has no digits",
            Self::Digit => "has something else than digits before the unit",
            Self::TooLong => "has more than 8 digits",
        })
    }
}

impl std::error::Error for GrpcTimeoutError {}
