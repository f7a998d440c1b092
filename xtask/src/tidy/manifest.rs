//! Every member has the lints of the workspace.

use crate::tidy::file::File;

/// Refuses a manifest that does not inherit the lints.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let table = match file.text.parse::<toml::Table>() {
        Ok(table) => table,
        Err(error) => return vec![format!("1: {error}")],
    };
    let inherits = table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    if inherits == Some(true) { Vec::new() } else { vec!["1: no `[lints] workspace = true`".into()] }
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tidy::file::File;

    #[test]
    fn a_manifest_inherits_the_lints() {
        let complaints = |text: &str| judge(&File::new("crates/a/Cargo.toml", text)).len();
        assert_eq!(complaints("[package]\n[lints]\nworkspace = true\n"), 0);
        assert_eq!(complaints("[package]\n"), 1);
        assert_eq!(complaints("[lints]\nworkspace = false\n"), 1);
        assert_eq!(complaints("[lints\n"), 1);
    }
}
