//! Survivors that somebody has looked at, with the reason why they may live.

use std::fmt::Write as _;

use toml::Value;

/// One `[[explained]]` row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explanation {
    pub(crate) path: String,
    /// What survived, without its line number, which moves.
    pub(crate) what: String,
    pub(crate) why: String,
}

/// Something that no test noticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Survivor {
    pub(crate) path: String,
    pub(crate) line: String,
    pub(crate) what: String,
}

/// Reads the rows.
pub(crate) fn read(table: &toml::Table) -> Result<Vec<Explanation>, String> {
    let rows = table.get("explained").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |row: &Value, key: &str| {
        let text = row.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        text.map(String::from).ok_or(format!("no `{key}` in {row:?}"))
    };
    rows.iter()
        .map(|row| {
            Ok(Explanation { path: text(row, "path")?, what: text(row, "what")?, why: text(row, "why")? })
        })
        .collect()
}

/// A list of the survivors with their reasons; an error when one has none, or when a reason has no survivor.
pub(crate) fn judge(survivors: &[Survivor], explanations: &[Explanation]) -> (String, Result<(), String>) {
    let mut list = String::new();
    let mut open = Vec::new();
    let fits = |survivor: &Survivor, reason: &Explanation| {
        survivor.path == reason.path && survivor.what == reason.what
    };
    for survivor in survivors {
        let place = format!("`{}:{}`: `{}`", survivor.path, survivor.line, survivor.what);
        let reason = explanations.iter().find(|reason| fits(survivor, reason));
        // A string takes any text, so this cannot fail.
        let _ =
            writeln!(list, "- {place}: {}", reason.map_or("**not explained**", |reason| reason.why.trim()));
        if reason.is_none() {
            open.push(format!("{place}: survives, not explained"));
        }
    }
    for reason in explanations {
        if !survivors.iter().any(|survivor| fits(survivor, reason)) {
            open.push(format!("`{}`: `{}`: explained, but it does not survive", reason.path, reason.what));
        }
    }
    (list, if open.is_empty() { Ok(()) } else { Err(open.join("\n")) })
}

#[cfg(test)]
mod tests {
    use super::{Survivor, judge, read};

    fn survivor(what: &str) -> Survivor {
        Survivor { path: "a.rs".into(), line: "7".into(), what: what.into() }
    }

    #[test]
    fn every_survivor_has_a_reason_and_every_reason_a_survivor() {
        let table = "[[explained]]\npath = \"a.rs\"\nwhat = \"x\"\nwhy = \"the same\"".parse().unwrap();
        let reasons = read(&table).unwrap();
        let (list, verdict) = judge(&[survivor("x")], &reasons);
        assert_eq!(list, "- `a.rs:7`: `x`: the same\n");
        assert_eq!(verdict, Ok(()));
        assert!(judge(&[survivor("x"), survivor("y")], &reasons).1.unwrap_err().contains("`y`: survives"));
        assert!(judge(&[], &reasons).1.unwrap_err().contains("does not survive"));
    }

    #[test]
    fn a_reason_without_words_is_none() {
        let table = |text: &str| text.parse::<toml::Table>().unwrap();
        assert!(read(&table("[[explained]]\npath = \"a.rs\"\nwhat = \"x\"\nwhy = \" \"")).is_err());
        assert!(read(&table("[[explained]]\npath = \"a.rs\"\nwhy = \"y\"")).is_err());
        assert_eq!(read(&table("")), Ok(Vec::new()));
    }
}
