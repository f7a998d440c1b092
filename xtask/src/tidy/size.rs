//! A file holds one idea, and one idea is short.

use crate::tidy::file::File;

/// Where a second idea is likely.
const LONG: usize = 350;
/// Where it is certain.
const TOO_LONG: usize = 400;
/// What one reads at a glance.
const EXAMPLE: usize = 60;

/// Refuses a source file that is too long, and points at one that is getting there.
pub(crate) fn judge(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines > LONG && lines <= TOO_LONG {
        println!("   {}: {lines} lines; is there more than one idea in it?", file.path);
    }
    over(lines, TOO_LONG)
}

/// Refuses a long example.
pub(crate) fn judge_example(file: &File) -> Vec<String> {
    over(file.text.lines().count(), EXAMPLE)
}

fn over(lines: usize, limit: usize) -> Vec<String> {
    if lines > limit { vec![format!("{lines}: at most {limit} lines")] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::{judge, judge_example};
    use crate::tidy::file::File;

    #[test]
    fn the_limits_are_sharp() {
        let file = |lines: usize| File::new("a.rs", &"x\n".repeat(lines));
        assert!(judge(&file(400)).is_empty());
        assert_eq!(judge(&file(401)).len(), 1);
        assert!(judge_example(&file(60)).is_empty());
        assert_eq!(judge_example(&file(61)).len(), 1);
    }
}
