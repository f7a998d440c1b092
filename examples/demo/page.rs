//! The page: everything in one HTML file, with no script and nothing from elsewhere.

use std::fmt::{self, Write as _};

use crate::comparison;
use crate::figures::{count, span};
use crate::load::SURGE;
use crate::report::Report;
use crate::run::Run;
use crate::table::{COURSE_HEADS, course_cells};
use crate::timeline::Timeline;

const STYLE: &str = include_str!("page.css");

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
<title>resil: what a rate limiter and a circuit breaker saved</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<h1>What a rate limiter and a circuit breaker saved</h1>
<p class="lead">Two identical HTTP servers went through the same troubles for {seconds} seconds. Each was sent
{rate} calls per second, and {} per second in the surge: one by a bare client, one by the same client behind a limiter
and a breaker from <code>resil</code>. Their contract: {}. Seed {seed}.</p>"#,
        rate * SURGE,
        run.contract
    )?;
    tiles(&mut page, report)?;
    writeln!(
        page,
        r"<figure>
{}<figcaption>Each column holds the calls that were <em>due</em> in its part of a second, whenever they ended, so every
column is as high as the load. The third panel holds requests by when they <em>arrived</em>; the contract allows more
than its rate for a moment, not for long. Hover over a column or a state for its figures.</figcaption>
</figure>",
        Timeline(run).svg()?
    )?;
    whole_run(&mut page, report)?;
    courses(&mut page, report)?;
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
            r#"<li><div class="what">{}</div><div class="figure">{}</div><div class="instead">instead of {} &middot; <span class="{}">{}</span></div></li>"#,
            row.label,
            row.guarded,
            row.bare,
            row.class(),
            row.change
        )?;
    }
    page.push_str("</ul>\n");
    Ok(())
}

fn whole_run(page: &mut String, report: &Report) -> fmt::Result {
    page.push_str(
        "<h2>Bare and guarded</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th scope=\"col\">The whole run</th>\
         <th scope=\"col\">bare</th><th scope=\"col\">guarded</th><th scope=\"col\">guarded has</th></tr></thead>\n<tbody>\n",
    );
    for row in comparison::rows(report) {
        writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>",
            row.label,
            row.bare,
            row.guarded,
            row.class(),
            row.change
        )?;
    }
    page.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

fn courses(page: &mut String, report: &Report) -> fmt::Result {
    if report.courses.is_empty() {
        return Ok(());
    }
    page.push_str("<h2>Trouble by trouble</h2>\n<div class=\"scroll\"><table>\n<thead><tr>");
    for head in COURSE_HEADS {
        write!(page, "<th scope=\"col\">{head}</th>")?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for course in &report.courses {
        page.push_str("<tr>");
        for (index, cell) in course_cells(course).into_iter().enumerate() {
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
<li>Both servers draw the same fate for the same call from the seed. Dead means dead: the listening socket is closed,
open connections are cut, and callers are refused by the system.</li>
<li>The upstream counts by a limiter of its own: {}. What is over that it answers 429 at once. A 429 is no failure of the
service, so the breaker ignores it.</li>
<li>The guarded client allows itself {} per second and {} at once, a little less than the contract, because requests
that are held up on their way arrive together. Its callers take their turns, first come, first served; who would wait
longer than {} is refused at once and told when to come back, in {} at most. {} calls waited; the longest wait, with
what a busy machine adds to it, took {}.</li>
<li>A caller gives up after {}. The breaker opens when half of the last 20 calls failed or took longer than {}; it
stays open for {} the first time and up to {} later, lets one call through at a time, and closes after three good
answers.</li>
<li>Both have a price. A breaker, while it is open, also refuses calls that a slow server would have answered late; a
limiter makes calls wait, and keeps off the last of what the contract allows. The rows &ldquo;answered well&rdquo; and
&ldquo;latency&rdquo; show it.</li>
<li>Run it again: <code>cargo xtask demo --seconds {} --rate {} --seed {}</code></li>
</ul>",
        span(run.progress.most_late),
        run.contract,
        run.contract.promise().permits(),
        run.contract.promise().burst_size(),
        span(run.pace.patience),
        span(run.waits.longest_hint),
        count(run.waits.calls),
        span(run.waits.longest),
        span(run.pace.timeout),
        span(run.pace.slow),
        span(run.pace.first_open),
        span(run.pace.longest_open),
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
            let run = Run::of_both(&script, ledger, diary);
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
