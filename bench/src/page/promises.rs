//! The table of promises.

use std::fmt::Write as _;

use super::figures::{figure, ratio, verdict, worse};
use super::section::{Section, find};
use super::{stops, waits};
use crate::limiter::keys::{MOST_BYTES, STRETCH_BYTES};
use crate::memory;
use crate::record::Times;
use crate::row::{OURS, Row, Target};

/// The largest handle that we promise, in bytes.
const LARGEST_HANDLE: usize = 320;

/// The forms of a call, and how the keys of their rows begin.
const FORMS: [(&str, &str); 3] = [("sync", ""), ("async", "async-"), ("tower", "tower-")];

pub(super) fn render(section: &Section, page: &mut String) {
    page.push_str(
        "\n### What is promised\n\n| what | promised | measured | with `fast-clock` | |\n|---|---|--:|--:|---|\n",
    );
    for row in section.pattern.rows {
        for (index, target) in row.targets.iter().enumerate() {
            let reached = |times: &Times| *find(times, row)?.targets.get(index)?;
            price(page, row, target, reached(&section.std_clock), reached(&section.fast_clock));
        }
    }
    if let Some([std_clock, fast_clock]) = &section.waits {
        waits::promises(page, std_clock, fast_clock);
    }
    if let Some(stops) = &section.stops {
        stops::promises(page, stops, &section.memory);
    }
    allocations(section, page);
    handle(section, page);
    keys(section, page);
}

/// A promise about the clock is judged with `fast-clock`, any other with both.
fn price(page: &mut String, row: &Row, target: &Target, std_clock: Option<f64>, fast_clock: Option<f64>) {
    let judged = if target.fast_clock { fast_clock } else { worse(std_clock, fast_clock) };
    let mut promised = format!("≤ {}x {}", target.at_most, target.reference);
    if let Some(stretch) = target.stretch {
        let _ = write!(promised, " (stretch {stretch}x)");
    }
    if target.fast_clock {
        promised.push_str(", `fast-clock`");
    }
    let _ = writeln!(
        page,
        "| {}: {} | {promised} | {} | {} | {} |",
        row.title,
        target.subject,
        ratio(std_clock),
        ratio(fast_clock),
        verdict(judged, target.at_most, target.stretch),
    );
}

fn allocations(section: &Section, page: &mut String) {
    for (title, rows) in FORMS {
        let is_meant = |row: &str| {
            let form = row.starts_with("async-") || row.starts_with("tower-");
            let of_this_form = if rows.is_empty() { !form } else { row.starts_with(rows) };
            of_this_form && !section.pattern.allocating.contains(&row)
        };
        if !section.pattern.rows.iter().any(|row| memory::counts(row) && is_meant(row.key)) {
            continue;
        }
        let ours =
            section.memory.calls.iter().filter(|call| call.name.starts_with(OURS) && is_meant(&call.row));
        let most = ours.map(|call| call.allocations).max_by(f64::total_cmp);
        let _ = writeln!(
            page,
            "| Allocations per call, {title} | 0 | {} | | {} |",
            figure(most),
            verdict(most, 0.0, None),
        );
    }
}

fn handle(section: &Section, page: &mut String) {
    let handle = section.memory.instances.iter().filter(|one| one.name == OURS).map(|one| one.handle).max();
    let _ = writeln!(
        page,
        "| Bytes of a handle | ≤ {LARGEST_HANDLE} | {} | | {} |",
        handle.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string()),
        verdict(handle.map(|bytes| bytes as f64), LARGEST_HANDLE as f64, None),
    );
}

fn keys(section: &Section, page: &mut String) {
    if section.pattern.keys.is_none() {
        return;
    }
    let ours = section.memory.keys.iter().find(|one| one.name == OURS);
    let most = ours.map(|one| one.per_key.max(one.after_others));
    let _ = writeln!(
        page,
        "| Bytes per key of 1,000,000, with eviction | ≤ {MOST_BYTES} (stretch {STRETCH_BYTES}) | {} | | {} |",
        figure(most),
        verdict(most, MOST_BYTES, Some(STRETCH_BYTES)),
    );
}
