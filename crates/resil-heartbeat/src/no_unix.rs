//! Where there is no Unix to ask.

use std::fs::{File, FileType};
use std::io;
use std::path::Path;

/// Opens a file for reading.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// What something is that is neither a file nor a directory.
pub(crate) fn kind(_kind: FileType) -> &'static str {
    "something else"
}

/// The name of this host.
pub(crate) fn hostname() -> Option<String> {
    std::env::var("COMPUTERNAME").or_else(|_| std::env::var("HOSTNAME")).ok()
}

/// Whether there is a process with that number; `None` if there is no way to know.
pub(crate) fn exists(_pid: u32) -> Option<bool> {
    None
}

/// Others can read it.
pub(crate) fn let_others_read(_file: &File) {}

/// Folders cannot be opened here.
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
