//! What every Unix can say, without `unsafe` of ours.

use std::fs::{File, FileType};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;

/// Opens a file for reading. Never waits, as one would for the writer of a FIFO.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

/// What something is that is neither a file nor a directory.
pub(crate) fn kind(kind: FileType) -> &'static str {
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

/// The name of this host.
pub(crate) fn hostname() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Some(name).filter(|name| !name.is_empty())
}

/// Whether there is a process with that number; `None` if there is no way to know.
pub(crate) fn exists(pid: u32) -> Option<bool> {
    let pid = Pid::from_raw(pid.try_into().ok()?)?;
    match rustix::process::test_kill_process(pid) {
        Ok(()) | Err(rustix::io::Errno::PERM) => Some(true),
        Err(rustix::io::Errno::SRCH) => Some(false),
        Err(_) => None,
    }
}

/// Lets others read it, whatever the process's own mask for new files is.
pub(crate) fn let_others_read(file: &File) {
    use std::os::unix::fs::PermissionsExt;

    const MODE: u32 = 0o644;
    let is_so = file.metadata().is_ok_and(|about| about.permissions().mode() & 0o777 == MODE);
    if !is_so {
        // There are file systems that know no modes; a beat that not all can read is better than none.
        let _ = file.set_permissions(PermissionsExt::from_mode(MODE));
    }
}

/// Puts a folder's entries on the disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
