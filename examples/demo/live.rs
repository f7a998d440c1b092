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
use crate::sides::Sides;

/// Requests that went out and calls that ended: well, not well, and the worst but for one in a hundred.
const HEADS: [&str; 2] = [
    "                   ── bare ───────────────   ── naive retries ──────   ── guarded ───────────────────────",
    "  time  phase       sent   ok failed    p99   sent   ok failed    p99   sent   ok failed refused    p99  breaker",
];

/// How much of one side's ledger has been shown.
#[derive(Clone, Copy, Debug, Default)]
struct Bookmark {
    requests: usize,
    ended: usize,
}

/// What happened on one side since the last line.
struct News {
    requests: usize,
    tally: Tally,
    p99: String,
}

impl News {
    fn refused(&self) -> u32 {
        self.tally.of_kind(Outcome::Limited) + self.tally.of_kind(Outcome::Refused)
    }

    /// Sent for nothing, whosever fault it was.
    fn failed(&self) -> u32 {
        self.tally.all() - self.tally.of_kind(Outcome::Ok) - self.refused()
    }
}

impl Bookmark {
    fn turn(&mut self, ledger: &Ledger) -> News {
        let ended = &ledger.records()[self.ended..];
        let requests = ledger.requests().len();
        let news = News {
            requests: requests - self.requests,
            tally: Tally::of(ended),
            p99: Latencies::of(ended).p99().map_or("-".to_owned(), span),
        };
        *self = Self { requests, ended: ledger.records().len() };
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
    let mut bookmarks = Sides::<Bookmark>::default();
    writeln!(out, "{}\n{}", HEADS[0], HEADS[1])?;
    for second in 1..=script.length().as_secs() {
        let [last, now] = [second - 1, second].map(Duration::from_secs);
        if timeout_at(arena.start + now, stop.triggered()).await.is_ok() {
            break;
        }
        let turned = bookmarks.zip(arena.ledgers()).map(|(mut bookmark, ledger)| {
            let news = bookmark.turn(&ledger);
            (bookmark, news)
        });
        bookmarks = turned.as_ref().map(|(bookmark, _)| *bookmark);
        let phase = longest_phase(script, last, now);
        let line = line(second, phase, &turned.map(|(_, news)| news), arena.guard.state());
        writeln!(out, "{line}")?;
        out.flush()?;
    }
    Ok(())
}

fn line(second: u64, phase: &str, news: &Sides<News>, state: State) -> String {
    let Sides { bare, naive, guarded } = news;
    let ended = |news: &News| {
        format!("{:>5} {:>4} {:>6}", news.requests, news.tally.of_kind(Outcome::Ok), news.failed())
    };
    format!(
        "{second:>4} s  {phase:<10} {} {:>6}  {} {:>6}  {} {:>7} {:>6}  {state}",
        ended(bare),
        bare.p99,
        ended(naive),
        naive.p99,
        ended(guarded),
        guarded.refused(),
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
    use crate::ledger::{Record, Request};

    #[test]
    fn a_line_tells_only_what_is_new() {
        let mut ledger = Ledger::default();
        let mut bookmark = Bookmark::default();
        let call = |ms, outcome| Record { due: Duration::ZERO, latency: Duration::from_millis(ms), outcome };
        for record in [call(10, Outcome::Ok), call(20, Outcome::TimedOut), call(5, Outcome::OverContract)] {
            ledger.note_request(Request { at: Duration::ZERO, again: false });
            ledger.note_ended(record);
        }
        let first = bookmark.turn(&ledger);
        assert_eq!((first.requests, first.failed(), first.p99.as_str()), (3, 2, "20 ms"));
        ledger.note_ended(call(30, Outcome::Refused));
        let second = bookmark.turn(&ledger);
        assert_eq!(
            (second.requests, second.failed(), second.refused(), second.p99.as_str()),
            (0, 0, 1, "30 ms")
        );
        let third = bookmark.turn(&ledger);
        assert_eq!((third.requests, third.tally.all(), third.p99.as_str()), (0, 0, "-"));
    }

    #[test]
    fn lines_fit_their_head() {
        let news = |p99: &str| News { requests: 4000, tally: Tally::default(), p99: p99.into() };
        let news = Sides { bare: news("999 µs"), naive: news("1.00 s"), guarded: news("9.9 ms") };
        let text = line(600, "recovering", &news, State::HalfOpen);
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
        assert_eq!([0, 1, 2, 3, 4, 5].map(phase), ["surge", "slow", "flaky", "failing", "dead", "healthy"]);
    }
}
