use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_core::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A point in time on the wall clock, to the microsecond, in the years 0 to 9999: what a heartbeat's file carries.
///
/// It reads as ISO 8601 in UTC, with microseconds and `+00:00`. Any offset, `Z`, and any number of digits after the second are
/// understood, and those after the sixth dropped; a text without an offset is not, as nobody knows what it means.
///
/// ```
/// use resil_heartbeat::Timestamp;
/// use std::time::Duration;
///
/// let stamp = Timestamp::from_unix(Duration::from_millis(1_700_000_000_250));
/// assert_eq!(stamp.to_string(), "2023-11-14T22:13:20.250000+00:00");
/// assert_eq!("2023-11-15T00:13:20.25+02:00".parse(), Ok(stamp));
/// assert!("2023-11-15T00:13:20".parse::<Timestamp>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Microseconds since 1970.
    micros: i64,
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The first moment of the year 0, and the last microsecond of the year 9999.
const FIRST: i64 = -719_528 * DAY;
const LAST: i64 = 2_932_897 * DAY - 1;

impl Timestamp {
    /// The one that lies so long after 1970-01-01 UTC, without the nanoseconds; at most the end of the year 9999.
    pub fn from_unix(since_1970: Duration) -> Self {
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(LAST);
        Self { micros: micros.min(LAST) }
    }

    /// The time since 1970-01-01 UTC; zero for what lies before.
    pub fn to_unix(self) -> Duration {
        Duration::from_micros(u64::try_from(self.micros).unwrap_or(0))
    }

    /// The time from `earlier` to this one, or how much later that one in fact is.
    pub(crate) fn since(self, earlier: Self) -> Result<Duration, Duration> {
        let between = Duration::from_micros(self.micros.abs_diff(earlier.micros));
        if self < earlier { Err(between) } else { Ok(between) }
    }
}

/// The days since 1970 of a day of the Gregorian calendar, as Howard Hinnant's `days_from_civil` counts them: in years that begin
/// in March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year, month and day of a day since 1970: the way back.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (day, of_day) = (self.micros.div_euclid(DAY), self.micros.rem_euclid(DAY));
        let (year, month, day) = civil(day);
        let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}+00:00")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        parse(text).ok_or_else(|| NotATimestamp { text: text.chars().take(64).collect() })
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2).filter(|month| (1..=12).contains(month))?;
    rest.one_of(b"-")?;
    let day = rest.number(2)?;
    let date = days(year, month, day);
    if civil(date) != (year, month, day) {
        return None;
    }
    rest.one_of(b"Tt ")?;
    let hour = rest.number(2).filter(|hour| *hour < 24)?;
    rest.one_of(b":")?;
    let minute = rest.number(2).filter(|minute| *minute < 60)?;
    rest.one_of(b":")?;
    // A leap second is the same moment as the second after it.
    let second = rest.number(2).filter(|second| *second <= 60)?;
    let micros = if rest.one_of(b".,").is_some() { rest.fraction()? } else { 0 };
    let offset = rest.offset()?;
    if !rest.0.is_empty() {
        return None;
    }
    let seconds = hour * 3_600 + minute * 60 + second - offset;
    let micros = date * DAY + seconds * SECOND + micros;
    (FIRST..=LAST).contains(&micros).then_some(Timestamp { micros })
}

/// What is left to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        wanted.contains(&first).then(|| {
            self.0 = rest;
            first
        })
    }

    fn digit(&mut self) -> Option<i64> {
        self.one_of(b"0123456789").map(|digit| i64::from(digit - b'0'))
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// Digits after the second, as microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let mut micros = self.digit()? * (SECOND / 10);
        let mut worth = SECOND / 100;
        while let Some(digit) = self.digit() {
            micros += digit * worth;
            worth /= 10;
        }
        Some(micros)
    }

    /// The offset from UTC in seconds: `Z`, or hours, and minutes and seconds with or without colons.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let mut offset = self.number(2).filter(|hours| *hours < 24)? * 3_600;
        for unit in [60, 1] {
            let has_colon = self.one_of(b":").is_some();
            if !has_colon && self.0.is_empty() {
                break;
            }
            offset += self.number(2).filter(|number| *number < 60)? * unit;
        }
        Some(sign * offset)
    }
}

/// The error of a text that is no [`Timestamp`].
///
/// ```
/// use resil_heartbeat::Timestamp;
///
/// let error = "yesterday".parse::<Timestamp>().unwrap_err();
/// assert_eq!(error.to_string(), "\"yesterday\" is no time in ISO 8601 with an offset");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATimestamp {
    /// Its first characters.
    text: String,
}

impl fmt::Display for NotATimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no time in ISO 8601 with an offset", self.text)
    }
}

impl std::error::Error for NotATimestamp {}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
