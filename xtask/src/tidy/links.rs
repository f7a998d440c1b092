//! A link from one page to another file of the project leads to a file that exists.

use std::path::Path;

use crate::tidy::file::File;

/// Refuses a relative link whose file is not there.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let folder = file.root.join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
    links(&file.text)
        .into_iter()
        .filter(|(_, target)| !folder.join(target).exists())
        .map(|(line, target)| format!("{line}: `{target}` does not exist"))
        .collect()
}

/// The files that the text links to, with the line of each; code is not text.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut links = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        for (start, _) in line.match_indices("](") {
            let in_span = line[..start].matches('`').count() % 2 == 1;
            let target = line[start + 2..].split([')', ' ', '#']).next().unwrap_or_default();
            if !in_span && is_file(target) {
                links.push((at + 1, target));
            }
        }
    }
    links
}

/// Neither an address, nor a place in the same page, nor the path of a Rust item.
fn is_file(target: &str) -> bool {
    let is_address = target.contains("://") || target.starts_with("mailto:");
    !is_address && !target.contains("::") && (target.contains('/') || target.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::{judge, links};
    use crate::tidy::file::File;

    #[test]
    fn files_are_told_from_addresses_and_items() {
        let text = "[a](guides/a.md#top) [b](https://docs.rs/x) [c](#here) [d](crate::Policy) [e](Policy)\n\
                    `[f](no.md)` and [g](../LICENSE-MIT \"title\") ![h](plot.svg)\n```\n[i](code.md)\n```\n";
        assert_eq!(links(text), [(1, "guides/a.md"), (2, "../LICENSE-MIT"), (2, "plot.svg")]);
    }

    #[test]
    fn a_dead_link_is_named() {
        let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let file = |text: &str| File { path: "src/page.md".into(), text: text.into(), root: root.clone() };
        assert_eq!(judge(&file("[x](../Cargo.toml) [y](main.rs)")), Vec::<String>::new());
        assert_eq!(judge(&file("\n[x](../Cargo.tml)")), ["2: `../Cargo.tml` does not exist"]);
    }
}
