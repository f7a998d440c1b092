//! The names of files on the way to their place, and what to do with those that never got there.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::Process;
use crate::host;
use crate::identity::Identity;

/// How much of the file's own name is in that of a temporary one, which may not be longer than 255 bytes.
const STEM: usize = 100;

/// A file that no writer can still be about to rename.
const OLD: Duration = Duration::from_secs(24 * 3_600);

/// How one writer of one file names its temporary files: `.app.heartbeat.1234-9f0c2a7b5d3e1846-5b1f0e9d-17.tmp`, with the number of the
/// process, where that number means something, the instance, and a number of its own.
#[derive(Debug)]
pub(crate) struct Names {
    folder: PathBuf,
    /// What the names for this file begin with, whoever writes it.
    stem: String,
    pid: u32,
    /// Where the number of the process means the same; `None` where that is not known.
    scope: Option<u64>,
    instance: String,
    made: u64,
}

impl Names {
    pub(crate) fn new(folder: &Path, file: &OsStr, identity: &Identity) -> Self {
        let name: String = file.to_string_lossy().chars().filter(|c| !c.is_control()).collect();
        let end = (0..=STEM.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        Self {
            folder: folder.to_owned(),
            stem: format!(".{}.", &name[..end]),
            pid: identity.pid,
            scope: scope(identity),
            instance: identity.instance.chars().take(16).collect(),
            made: 0,
        }
    }

    /// A name that nobody has.
    pub(crate) fn next(&mut self) -> PathBuf {
        self.made += 1;
        let Self { stem, pid, instance, made, .. } = self;
        let scope = self.scope.unwrap_or_default();
        self.folder.join(format!("{stem}{pid}-{scope:016x}-{instance}-{made}.tmp"))
    }

    /// Removes what others left behind who were killed in the middle of a beat.
    ///
    /// Only what nobody can still need: what a process made that is certainly gone, or what is a day old. A writer in the middle of a
    /// beat that lives on after a day would miss that one beat.
    pub(crate) fn sweep(&self, now: Duration) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let Some(mark) = self.mark(&entry.file_name()) else { continue };
            let age = entry.metadata().and_then(|about| about.modified()).ok().and_then(|at| age(at, now));
            if self.is_orphan(mark) || age.is_some_and(|age| age > OLD) {
                // Another who starts now may have been faster.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    fn is_orphan(&self, mark: Mark) -> bool {
        self.scope.is_some() && self.scope == Some(mark.scope) && host::process(mark.pid) == Process::Gone
    }

    /// Who made the temporary file of that name, if it is one of this file.
    fn mark(&self, name: &OsString) -> Option<Mark> {
        let name = name.to_str()?.strip_prefix(&self.stem)?.strip_suffix(".tmp")?;
        let parts: Vec<_> = name.split('-').collect();
        let [pid, scope, _instance, _number] = parts[..] else { return None };
        Some(Mark { pid: pid.parse().ok()?, scope: u64::from_str_radix(scope, 16).ok()? })
    }
}

/// Who made a temporary file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    pid: u32,
    scope: u64,
}

/// How long ago that was, by the wall clock.
fn age(at: SystemTime, now: Duration) -> Option<Duration> {
    now.checked_sub(at.duration_since(SystemTime::UNIX_EPOCH).ok()?)
}

/// Where the number of a process means the same: one boot of one host, and one namespace of processes. Hashed as FNV-1a, which is the
/// same in every build.
fn scope(identity: &Identity) -> Option<u64> {
    let host = &identity.host;
    let (boot, name, namespace) = (host.boot_id.as_ref()?, host.hostname.as_ref()?, host.pid_namespace?);
    let text = format!("{boot}/{name}/{namespace}");
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    Some(text.bytes().fold(0xcbf2_9ce4_8422_2325, mix))
}

#[cfg(test)]
mod tests;
