//! Text tables for the terminal.

use std::fmt::Write as _;

use crate::added_load::AddedLoad;
use crate::comparison::{self, Row};
use crate::course::Course;
use crate::figures::{added, count, delay, share, span};
use crate::report::Report;
use crate::sides::Sides;

/// Lays cells out in columns: the first to the left, the others to the right.
fn columns(rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len))
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let mut line = format!("  {:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            // A `String` takes every write.
            let _ = write!(line, "   {cell:>width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
        if index == 0 {
            let rule = widths.iter().sum::<usize>() + 3 * (widths.len() - 1);
            text.push_str("  ");
            text.push_str(&"─".repeat(rule));
            text.push('\n');
        }
    }
    text
}

/// What the guard saved.
pub(crate) fn savings(report: &Report) -> String {
    let rows = comparison::rows(report).into_iter();
    let cells = |row: Row| [vec![row.label], row.cells.into_array().to_vec(), vec![row.change]].concat();
    under(&SAVINGS_HEADS, rows.map(cells))
}

/// What the retries did.
pub(crate) fn retries(report: &Report) -> String {
    let rows = comparison::retry_rows(report).into_iter();
    under(&RETRY_HEADS, rows.map(|row| [vec![row.label], row.cells.into_array().to_vec()].concat()))
}

pub(crate) const SAVINGS_HEADS: [&str; 5] =
    ["What the guard saved", "bare", "naive retries", "guarded", "guarded has"];

pub(crate) const RETRY_HEADS: [&str; 4] = ["What retries did", "bare", "naive retries", "guarded"];

/// The heads of [`added_cells`].
pub(crate) const ADDED_HEADS: [&str; 8] = [
    "Load that retries added",
    "calls",
    "naive retries",
    "guarded",
    "its budget allows",
    "well bare",
    "naive",
    "guarded",
];

/// One phase, cell by cell.
pub(crate) fn added_cells(one: &AddedLoad) -> Vec<String> {
    let added = |retries| added(retries, one.calls);
    let mut cells = vec![
        one.spell.phase.to_string(),
        count(one.calls),
        added(one.added.naive),
        added(one.added.guarded),
        added(one.allowed),
    ];
    cells.extend(one.well.map(|well| share(well, one.calls)).into_array());
    cells
}

/// Each phase with what retries added in it.
pub(crate) fn added_load(report: &Report) -> String {
    under(&ADDED_HEADS, report.added.iter().map(added_cells))
}

/// The heads of [`course_cells`].
pub(crate) const COURSE_HEADS: [&str; 10] = [
    "Incident",
    "lasted",
    "opened after",
    "refused",
    "failed bare",
    "naive",
    "guarded",
    "bare well in",
    "naive",
    "guarded",
];

/// One incident, cell by cell.
pub(crate) fn course_cells(course: &Course) -> Vec<String> {
    let incident = &course.incident;
    let Sides { bare, naive, guarded } = course.failed.map(count);
    let mut cells = vec![
        incident.phase.to_string(),
        span(incident.length()),
        delay(course.opened),
        count(course.refused),
        bare,
        naive,
        guarded,
    ];
    cells.extend(course.recovery.map(delay).into_array());
    cells
}

/// Each incident with its opening and its recovery.
pub(crate) fn incidents(report: &Report) -> String {
    under(&COURSE_HEADS, report.courses.iter().map(course_cells))
}

fn under(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let heads = heads.iter().map(|head| (*head).to_owned()).collect();
    columns(&std::iter::once(heads).chain(rows).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_also_beyond_ascii() {
        let rows = [["what", "bare", "x"], ["wait", "12 µs", ""], ["a longer label", "1", "2"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        let expected = "  what              bare   x\n  ────────────────────────\n  wait             12 µs\n  a longer label       1   2\n";
        let expected = expected.replace(&"─".repeat(24), &"─".repeat(14 + 5 + 1 + 6));
        assert_eq!(columns(&rows), expected);
    }
}
