//! The page: everything in one HTML file, with no script and nothing from elsewhere.

use std::fmt::{self, Write as _};

use crate::comparison;
use crate::figures::{count, span};
use crate::load::SURGE;
use crate::naive::ATTEMPTS;
use crate::report::Report;
use crate::run::Run;
use crate::table::{ADDED_HEADS, COURSE_HEADS, RETRY_HEADS, SAVINGS_HEADS, added_cells, course_cells};
use crate::timeline::Timeline;

const STYLE: &str = concat!(include_str!("picture.css"), include_str!("page.css"));

/// The page as text.
pub(crate) fn html(run: &Run<'_>, report: &Report) -> Result<String, fmt::Error> {
    let mut page = String::new();
    let (seconds, rate, seed) = (run.schedule.length.as_secs(), run.schedule.rate, run.seed);
    writeln!(
        page,
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>resil: bare calls, naive retries, and a guarded pipeline</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<h1>Bare calls, naive retries, and a guarded pipeline</h1>
<p class="lead">Three identical HTTP servers went through the same troubles for {seconds} seconds. Each had {rate} calls
per second to answer, and {} per second in the surge: one from a bare client, one from the same client with up to {ATTEMPTS}
attempts at every call, and one from the same client in a pipeline from <code>resil</code>: deadline, retries on a budget,
limiter, breaker, attempt timeout. Their contract: {}. Seed {seed}.</p>"#,
        rate * SURGE,
        run.contract
    )?;
    tiles(&mut page, report)?;
    writeln!(
        page,
        r"<figure>
{}<figcaption>The first panel holds requests by when they <em>went out</em>, also to a door that was closed. Where retries
have no budget, they come down on an upstream that is in trouble already: the retry storm. The contract allows more than
its rate for a moment, not for long. In the panels below, each column holds the calls that were <em>due</em> in its part
of a second, whenever they ended, so every column is as high as the load. Hover over a column or a state for its figures.</figcaption>
</figure>",
        Timeline(run).svg()?
    )?;
    whole_run(&mut page, report)?;
    let retries = comparison::retry_rows(report).into_iter();
    let retries = retries.map(|row| [vec![row.label], row.cells.into_array().to_vec()].concat());
    section(&mut page, "Retries", &RETRY_HEADS, retries)?;
    section(&mut page, "Added load, phase by phase", &ADDED_HEADS, report.added.iter().map(added_cells))?;
    section(&mut page, "Trouble by trouble", &COURSE_HEADS, report.courses.iter().map(course_cells))?;
    diary(&mut page, run)?;
    notes(&mut page, run)?;
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(page)
}

fn tiles(page: &mut String, report: &Report) -> fmt::Result {
    page.push_str("<ul class=\"tiles\">\n");
    for row in comparison::highlights(report) {
        writeln!(
            page,
            r#"<li><div class="what">{}</div><div class="figure">{}</div><div class="instead">bare {}, naive {} <span class="{}">{}</span></div></li>"#,
            row.label,
            row.cells.guarded,
            row.cells.bare,
            row.cells.naive,
            row.class(),
            row.change
        )?;
    }
    page.push_str("</ul>\n");
    Ok(())
}

fn whole_run(page: &mut String, report: &Report) -> fmt::Result {
    page.push_str("<h2>The whole run</h2>\n<div class=\"scroll\"><table>\n<thead><tr>");
    for head in SAVINGS_HEADS {
        write!(page, "<th scope=\"col\">{head}</th>")?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in comparison::rows(report) {
        write!(page, "<tr><th scope=\"row\">{}</th>", row.label)?;
        for cell in row.cells.as_ref().into_array() {
            write!(page, "<td>{cell}</td>")?;
        }
        writeln!(page, "<td class=\"{}\">{}</td></tr>", row.class(), row.change)?;
    }
    page.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

/// A table under a title; nothing if it has no line.
fn section(
    page: &mut String,
    title: &str,
    heads: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> fmt::Result {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    write!(page, "<h2>{title}</h2>\n<div class=\"scroll\"><table>\n<thead><tr>")?;
    for head in heads {
        write!(page, "<th scope=\"col\">{head}</th>")?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        page.push_str("<tr>");
        for (index, cell) in row.into_iter().enumerate() {
            let (open, close) = if index == 0 { ("<th scope=\"row\">", "</th>") } else { ("<td>", "</td>") };
            write!(page, "{open}{cell}{close}")?;
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

fn diary(page: &mut String, run: &Run<'_>) -> fmt::Result {
    writeln!(
        page,
        "<details><summary>Every change of the breaker's state ({})</summary>\n<div class=\"scroll\"><table>\n\
         <thead><tr><th scope=\"col\">at</th><th scope=\"col\">from</th><th scope=\"col\">to</th><th scope=\"col\">because</th><th scope=\"col\">upstream</th></tr></thead>\n<tbody>",
        run.diary.len()
    )?;
    for change in run.diary {
        writeln!(
            page,
            "<tr><td>{:.3} s</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            change.at.as_secs_f64(),
            change.from,
            change.to,
            change.cause,
            run.script.phase_at(change.at)
        )?;
    }
    page.push_str("</tbody>\n</table></div></details>\n");
    Ok(())
}

fn notes(page: &mut String, run: &Run<'_>) -> fmt::Result {
    writeln!(
        page,
        r"<h2>How it was measured</h2>
<ul>
<li>Open loop: call number n is due at a fixed instant, whether or not earlier ones were answered. Latency counts from
that instant, so waiting behind a slow call is never left out. The most belated call was sent {} late.</li>
<li>All servers draw the same fate for the same request from the seed: for the first of a call, for the second, and so
on. Dead means dead: the listening socket is closed, open connections are cut, and callers are refused by the system.
Flaky means that three answers of ten are 500.</li>
<li>The naive client makes up to {ATTEMPTS} attempts, whatever went wrong, {} apart, and gives each of them the time that
its caller has for the whole call.</li>
<li>The guarded one makes up to three, whose waits are drawn from a growing range, within a deadline of {}, and cuts each
off after {}. Its budget for retries: {}. It tells the upstream what is left of the deadline. An attempt that the limiter
refuses comes again when the limiter said, if the deadline and the budget allow it; one that the open breaker refuses does
not.</li>
<li>The upstream counts by a limiter of its own: {}. What is over that it answers 429 at once. A 429 is no failure of the
service, so the breaker ignores it.</li>
<li>The guarded client allows itself {} per second and {} at once, a little less than the contract, because requests
that are held up on their way arrive together. Its callers take their turns, first come, first served; who would wait
longer than {} is refused at once and told when to come back, in {} at most. {} calls waited; the longest wait, with
what a busy machine adds to it, took {}.</li>
<li>The breaker opens when six of ten requests failed, counted over an eighth of a second or so, or half of the last 20
took longer than {}; it stays open for {} the first time and up to {} later, lets one call through at a time, and closes
after three good answers.</li>
<li>After the outage it takes {} at most to see that the upstream is well: the longest time that the breaker stays open,
and one attempt. One that was slow may keep the last probe for an attempt more.</li>
<li>All this has a price. A breaker, while it is open, also refuses calls that a slow server would have answered late; a
limiter makes calls wait, and keeps off the last of what the contract allows. The rows &ldquo;answered well&rdquo; and
&ldquo;latency&rdquo; show it.</li>
<li>Run it again: <code>cargo xtask demo --seconds {} --rate {} --seed {}</code></li>
</ul>",
        span(run.progress.most_late),
        span(run.pace.backoff),
        span(run.pace.deadline),
        span(run.pace.attempt),
        run.allowance,
        run.contract,
        run.promise.permits(),
        run.promise.burst_size(),
        span(run.pace.patience),
        span(run.waits.longest_hint),
        count(run.waits.calls),
        span(run.waits.longest),
        span(run.pace.slow),
        span(run.pace.first_open),
        span(run.pace.longest_open),
        span(run.pace.recovery()),
        run.schedule.length.as_secs(),
        run.schedule.rate,
        run.seed,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Change;
    use crate::ledger::{Ledger, Outcome, Record};
    use crate::phases::Script;
    use resil::breaker::{Cause, State};
    use std::time::Duration;

    #[test]
    fn the_page_is_well_formed_and_needs_nothing_from_elsewhere() -> fmt::Result {
        let script = Script::new(Duration::from_secs(6));
        let mut ledger = Ledger::default();
        for (outcome, n) in Outcome::ALL.into_iter().cycle().zip(0..120) {
            let due = Duration::from_millis(n * 50);
            ledger.note_ended(Record { due, latency: Duration::from_millis(1 + n), outcome });
        }
        let (from, to, cause) = (State::Closed, State::Open, Cause::SlowRate);
        let diary = [Change { at: Duration::from_secs(1), from, to, cause }];
        for (ledger, diary) in [(&ledger, &diary[..]), (&Ledger::default(), &[])] {
            let run = Run::of_all(&script, ledger, diary);
            let page = html(&run, &Report::of(&run))?;
            for foreign in ["<script", "src=", "href=", "@import", "http:", "https:", "NaN"] {
                assert!(!page.contains(foreign), "{foreign}");
            }
            for element in
                "html head style body main h1 h2 p ul li div span figure figcaption svg g text title desc \
                            defs pattern table thead tbody tr th td details summary code"
                    .split_whitespace()
            {
                let count = |start: String| page.matches(&start).count();
                let opened = count(format!("<{element}>")) + count(format!("<{element} "));
                assert_eq!(opened, count(format!("</{element}>")), "{element}");
                assert!(opened > 0, "{element}");
            }
        }
        Ok(())
    }
}
