//! What the terminal shows while the load runs: one line per second.

use std::io::{self, Write};
use std::time::Duration;

use resil::breaker::State;
use resil::shutdown::Token;
use tokio::time::timeout_at;

use crate::figures::span;
use crate::ledger::{Latencies, Ledger, Outcome, Tally};
use crate::load::Arena;
use crate::phases::Script;

const HEADS: [&str; 2] = [
    "                   ── bare ───────────────────────────────   ── guarded ─────────────────────────────────",
    "  time  phase       sent    ok   429 failed     p50     p99      ok failed limited refused     p50     p99  breaker",
];

/// How much of one side's ledger has been shown.
#[derive(Clone, Copy, Debug, Default)]
struct Bookmark {
    sent: u32,
    ended: usize,
}

/// What happened on one side since the last line.
struct News {
    sent: u32,
    tally: Tally,
    p50: String,
    p99: String,
}

impl Bookmark {
    fn turn(&mut self, ledger: &Ledger) -> News {
        let ended = &ledger.records()[self.ended..];
        let latencies = Latencies::of(ended);
        let text = |latency: Option<Duration>| latency.map_or("-".to_owned(), span);
        let news = News {
            sent: ledger.sent() - self.sent,
            tally: Tally::of(ended),
            p50: text(latencies.p50()),
            p99: text(latencies.p99()),
        };
        *self = Self { sent: ledger.sent(), ended: ledger.records().len() };
        news
    }
}

/// Prints a line per second until the load's end, or until `stop`.
pub(crate) async fn tell(
    arena: &Arena,
    script: &Script,
    stop: &Token,
    out: &mut impl Write,
) -> io::Result<()> {
    let (mut bare, mut guarded) = (Bookmark::default(), Bookmark::default());
    writeln!(out, "{}\n{}", HEADS[0], HEADS[1])?;
    for second in 1..=script.length().as_secs() {
        let [last, now] = [second - 1, second].map(Duration::from_secs);
        if timeout_at(arena.start + now, stop.triggered()).await.is_ok() {
            break;
        }
        let (bare, guarded) = (bare.turn(&arena.bare()), guarded.turn(&arena.guarded()));
        let phase = longest_phase(script, last, now);
        writeln!(out, "{}", line(second, phase, &bare, &guarded, arena.guard.state()))?;
        out.flush()?;
    }
    Ok(())
}

fn line(second: u64, phase: &str, bare: &News, guarded: &News, state: State) -> String {
    format!(
        "{second:>4} s  {phase:<10} {:>5} {:>5} {:>5} {:>6} {:>7} {:>7}   {:>5} {:>6} {:>7} {:>7} {:>7} {:>7}  {state}",
        bare.sent,
        bare.tally.of_kind(Outcome::Ok),
        bare.tally.of_kind(Outcome::OverContract),
        bare.tally.failures(),
        bare.p50,
        bare.p99,
        guarded.tally.of_kind(Outcome::Ok),
        guarded.tally.failures(),
        guarded.tally.of_kind(Outcome::Limited),
        guarded.tally.of_kind(Outcome::Refused),
        guarded.p50,
        guarded.p99,
    )
}

/// The name of the phase that filled most of the time between two moments.
fn longest_phase(script: &Script, from: Duration, until: Duration) -> &'static str {
    let overlap = |spell: &&crate::phases::Spell| spell.until.min(until).saturating_sub(spell.from.max(from));
    script.spells().iter().max_by_key(overlap).map_or("", |spell| spell.phase.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Record;

    #[test]
    fn a_line_tells_only_what_is_new() {
        let mut ledger = Ledger::default();
        let mut bookmark = Bookmark::default();
        let call = |ms, outcome| Record { due: Duration::ZERO, latency: Duration::from_millis(ms), outcome };
        for record in [call(10, Outcome::Ok), call(20, Outcome::TimedOut)] {
            ledger.note_sent();
            ledger.note_ended(record);
        }
        let first = bookmark.turn(&ledger);
        assert_eq!((first.sent, first.tally.all(), first.p99.as_str()), (2, 2, "20 ms"));
        ledger.note_ended(call(30, Outcome::Refused));
        let second = bookmark.turn(&ledger);
        assert_eq!(
            (second.sent, second.tally.of_kind(Outcome::Refused), second.p50.as_str()),
            (0, 1, "30 ms")
        );
        let third = bookmark.turn(&ledger);
        assert_eq!((third.sent, third.tally.all(), third.p50.as_str()), (0, 0, "-"));
    }

    #[test]
    fn lines_fit_their_head() {
        let news =
            |p50: &str| News { sent: 1000, tally: Tally::default(), p50: p50.into(), p99: "1.00 s".into() };
        let text = line(600, "recovering", &news("9.9 ms"), &news("999 µs"), State::HalfOpen);
        // Counted in letters: a microsecond has one that takes two bytes.
        let end = |line: &str, word| line.find(word).map(|at| line[..at].chars().count());
        assert_eq!(end(&text, "half_open"), end(HEADS[1], "breaker"), "{}\n{text}", HEADS[1]);
        assert!(text.chars().count() <= 120);
    }

    #[test]
    fn a_second_of_two_phases_has_the_longer_ones_name() {
        let script = Script::new(Duration::from_secs(6));
        let phase =
            |second| longest_phase(&script, Duration::from_secs(second), Duration::from_secs(second + 1));
        assert_eq!([0, 1, 2, 3, 4, 5].map(phase), ["surge", "slow", "healthy", "failing", "dead", "healthy"]);
    }
}
