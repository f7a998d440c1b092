//! Where and with what the figures were taken.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

/// What stands at the head of the page, as pairs of a word and its value.
pub fn facts() -> Vec<(&'static str, String)> {
    let unknown = || "unknown".to_owned();
    let cores = thread::available_parallelism().map_or_else(|_| unknown(), |cores| cores.to_string());
    vec![
        ("Processor", processor().unwrap_or_else(unknown)),
        ("Cores", cores),
        ("System", said("uname", &["-srm"]).unwrap_or_else(unknown)),
        ("Compiler", said("rustc", &["--version"]).unwrap_or_else(unknown)),
        ("Profile", "release, `lto = \"fat\"`, `codegen-units = 1`, no `target-cpu`".to_owned()),
        ("Day", said("date", &["-u", "+%F"]).unwrap_or_else(unknown)),
    ]
}

fn processor() -> Option<String> {
    let described = fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        let line = described.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    Some(format!("{} (family {}, model {})", field("model name")?, field("cpu family")?, field("model\t")?))
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The version of a package in a lock file; all of them, when the peers depend on several.
///
/// # Errors
/// When the file cannot be read or does not have the package.
pub fn locked_version(lock: &Path, package: &str) -> Result<String, String> {
    let text = fs::read_to_string(lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    match versions_in(&text, package).as_slice() {
        [] => Err(format!("{} does not have {package}", lock.display())),
        versions => Ok(versions.join(" and ")),
    }
}

fn versions_in<'a>(lock: &'a str, package: &str) -> Vec<&'a str> {
    let name = format!("name = \"{package}\"");
    let next = lock.lines().zip(lock.lines().skip(1)).filter(|(line, _)| *line == name);
    next.filter_map(|(_, version)| version.strip_prefix("version = \"")?.strip_suffix('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::versions_in;

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = "[[package]]\nname = \"one\"\nversion = \"1.2.3\"\n\n\
                    [[package]]\nname = \"one\"\nversion = \"2.0.0\"\n\n\
                    [[package]]\nname = \"one-more\"\nversion = \"4.5.6\"\n";
        assert_eq!(versions_in(lock, "one"), ["1.2.3", "2.0.0"]);
        assert_eq!(versions_in(lock, "one-more"), ["4.5.6"]);
        assert!(versions_in(lock, "other").is_empty());
    }
}
