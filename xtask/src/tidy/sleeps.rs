//! A test that sleeps is slow when it passes and wrong when the machine is busy.

use crate::source::Source;
use crate::tidy::file::File;

/// Refuses `thread::sleep` everywhere in the crates, and any other sleep in a test without paused time.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let source = Source::read(&file.text);
    let is_paused = source.code.contains("start_paused");
    let mut is_test = file.is_test();
    let mut complaints = Vec::new();
    for (line, code) in source.code_lines() {
        is_test |= code.contains("#[cfg(test)]");
        if calls(code, "thread::sleep") {
            complaints.push(format!(
                "{line}: a thread sleeps; move a `ManualClock`, or wait for what should happen"
            ));
        } else if is_test && !is_paused && calls(code, "sleep") {
            complaints.push(format!("{line}: a test sleeps without `start_paused`"));
        }
    }
    complaints
}

/// Whether the line calls a function of that name, which is neither a method nor being defined.
fn calls(code: &str, function: &str) -> bool {
    code.match_indices(&format!("{function}(")).any(|(at, _)| {
        let before = &code[..at];
        let is_other = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        !is_other && !before.trim_end().ends_with("fn")
    })
}

#[cfg(test)]
mod tests {
    use super::judge;
    use crate::tidy::file::File;

    fn complaints(path: &str, text: &str) -> usize {
        judge(&File::new(path, text)).len()
    }

    #[test]
    fn sleeping_threads_are_found_in_code_and_tests() {
        assert_eq!(complaints("crates/a/src/b.rs", "fn f() { std::thread::sleep(d); }"), 1);
        assert_eq!(complaints("crates/a/tests/b.rs", "fn f() { thread::sleep(d); }"), 1);
    }

    #[test]
    fn sleeping_tasks_are_found_in_tests_without_paused_time() {
        assert_eq!(complaints("crates/a/tests/b.rs", "tokio::time::sleep(d).await;"), 1);
        assert_eq!(complaints("crates/a/tests/b.rs", "sleep(d).await;"), 1);
        assert_eq!(complaints("crates/a/src/b.rs", "#[cfg(test)]\nmod tests { sleep(d).await; }"), 1);
        let paused = "#[tokio::test(start_paused = true)]\nasync fn f() { tokio::time::sleep(d).await; }";
        assert_eq!(complaints("crates/a/tests/b.rs", paused), 0);
        assert_eq!(complaints("crates/a/src/b.rs", "tokio::time::sleep(d)"), 0);
    }

    #[test]
    fn what_only_looks_like_sleep_is_left_alone() {
        for text in [
            "// thread::sleep(d)",
            "f(\"sleep(d)\")",
            "timer.sleep(d)",
            "fn sleep(d: u8) {}",
            "no_sleep(d)",
            "sleep_until(d)",
        ] {
            assert_eq!(complaints("crates/a/tests/b.rs", text), 0, "{text}");
        }
    }
}
