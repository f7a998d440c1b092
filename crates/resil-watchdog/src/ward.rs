use std::time::Duration;

use resil_core::Moment;

/// One who is watched: when it last gave a sign of life, and what was told of its silence. Pure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ward {
    /// When its last sign was seen, or the watch began.
    seen: Moment,
    /// Whether it has ever given one.
    has_pinged: bool,
    mood: Mood,
    told: Option<Told>,
}

/// What is known of a ward besides the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    /// It is to give a sign from time to time.
    Watched,
    /// It rests: its silence does not count.
    Resting,
    /// It is known not to be alive.
    Bad,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    times: u32,
    next: Moment,
}

/// What was seen of a ward at a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It has given a sign of life, at that moment.
    Ping(Moment),
    /// Nothing new.
    Silent,
    /// It rests.
    Rest,
    /// It is not alive.
    Bad,
}

/// The spans that count for all wards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// How long a silence may last.
    pub(crate) timeout: Duration,
    /// How long the first sign may take.
    pub(crate) grace: Duration,
    /// The time between two looks.
    pub(crate) tick: Duration,
    /// How often a silence is told again.
    pub(crate) repeat: Option<Duration>,
    /// Whether somebody judges the watchdog's own ward: then only what is bad is told of it, and at ticks only.
    pub(crate) judged: bool,
}

/// A silence that has lasted too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) since: Moment,
    pub(crate) lasted: Duration,
    /// How often it has been told, this time included.
    pub(crate) times: u32,
}

impl Ward {
    pub(crate) fn new(now: Moment) -> Self {
        Self { seen: now, has_pinged: false, mood: Mood::Watched, told: None }
    }

    pub(crate) fn has_pinged(&self) -> bool {
        self.has_pinged
    }

    pub(crate) fn is_resting(&self) -> bool {
        self.mood == Mood::Resting
    }

    /// Whether its silence was told, and lasts.
    pub(crate) fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// Takes `asleep` off its silence. Where the clock has run backwards, its silence begins now.
    pub(crate) fn wake(&mut self, now: Moment, asleep: Duration, terms: &Terms) {
        self.seen = self.seen.saturating_add(asleep).min(now);
        if let (Some(told), Some(repeat)) = (&mut self.told, terms.repeat) {
            told.next = told.next.min(now.saturating_add(repeat));
        }
    }

    /// Takes note of a sign; how long the silence was that it ends, if that was told.
    pub(crate) fn hear(&mut self, sign: Sign, now: Moment) -> Option<Duration> {
        let at = match sign {
            Sign::Silent => {
                self.mood = Mood::Watched;
                return None;
            }
            Sign::Bad => {
                self.mood = Mood::Bad;
                return None;
            }
            Sign::Ping(at) => {
                self.has_pinged = true;
                self.mood = Mood::Watched;
                at
            }
            Sign::Rest => {
                self.mood = Mood::Resting;
                now
            }
        };
        let silence = at.saturating_duration_since(self.seen);
        self.seen = self.seen.max(at);
        self.told.take().map(|_| silence)
    }

    /// When its silence is to be told, if nothing happens before. Of one who is judged, only what is bad is told.
    pub(crate) fn due(&self, terms: &Terms, is_judged: bool) -> Moment {
        let limit = match (self.mood, self.told, self.has_pinged) {
            (Mood::Resting, ..) => return Moment::MAX,
            (Mood::Watched, ..) if is_judged => return Moment::MAX,
            (_, Some(told), _) => return told.next,
            (_, None, false) => terms.grace,
            (Mood::Bad, None, true) => Duration::ZERO,
            (Mood::Watched, None, true) => terms.timeout,
        };
        self.seen.saturating_add(limit)
    }

    /// Its silence is told now.
    pub(crate) fn tell(&mut self, now: Moment, terms: &Terms) -> Alarm {
        let times = self.told.map_or(0, |told| told.times).saturating_add(1);
        let next = terms.repeat.map_or(Moment::MAX, |repeat| now.saturating_add(repeat));
        self.told = Some(Told { times, next });
        Alarm { since: self.seen, lasted: self.silence(now), times }
    }

    /// How long it has been silent.
    pub(crate) fn silence(&self, now: Moment) -> Duration {
        if self.is_resting() { Duration::ZERO } else { now.saturating_duration_since(self.seen) }
    }

    /// Forgets its silence, and what was told of it.
    pub(crate) fn reset(&mut self, now: Moment) {
        *self = Self { has_pinged: self.has_pinged, ..Self::new(now) };
    }
}
