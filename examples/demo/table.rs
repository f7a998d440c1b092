//! Text tables for the terminal.

use std::fmt::Write as _;

use crate::comparison;
use crate::figures::{count, delay, span};
use crate::report::{Course, Report};

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
    let head = ["What the guard saved", "bare", "guarded", ""].map(str::to_owned).to_vec();
    let rows = comparison::rows(report).into_iter();
    let rows = rows.map(|row| vec![row.label, row.bare, row.guarded, row.change]);
    columns(&std::iter::once(head).chain(rows).collect::<Vec<_>>())
}

/// The heads of [`course_cells`].
pub(crate) const COURSE_HEADS: [&str; 8] = [
    "Incident",
    "lasted",
    "opened after",
    "refused",
    "failed bare",
    "failed guarded",
    "bare well in",
    "guarded well in",
];

/// One incident, cell by cell.
pub(crate) fn course_cells(course: &Course) -> Vec<String> {
    let incident = &course.incident;
    vec![
        incident.phase.to_string(),
        span(incident.length()),
        delay(course.opened),
        count(course.refused),
        count(course.bare_failed),
        count(course.guarded_failed),
        delay(course.bare_recovery),
        delay(course.guarded_recovery),
    ]
}

/// Each incident with its opening and its recovery.
pub(crate) fn incidents(report: &Report) -> String {
    let head = COURSE_HEADS.map(str::to_owned).to_vec();
    columns(&std::iter::once(head).chain(report.courses.iter().map(course_cells)).collect::<Vec<_>>())
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
