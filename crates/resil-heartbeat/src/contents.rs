//! What a file holds, read by one who trusts nobody: never more than so much, and without waiting for anybody.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::Path;

use crate::{ReadError, unix};

/// More than any beat has.
pub(crate) const LIMIT: u64 = 64 * 1_024;

/// Reads all of a regular file, unless it is larger than any beat.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ReadError> {
    let failed = |error| failure(path, error);
    // Before it is opened, as opening a device can do something to it.
    check(path, std::fs::metadata(path).map_err(failed)?.file_type())?;
    let file = unix::open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    check(path, about.file_type())?;
    let too_large = |size| ReadError::TooLarge { path: path.to_owned(), size };
    if about.len() > LIMIT {
        return Err(too_large(about.len()));
    }
    let bytes = read_bounded(file).map_err(failed)?;
    let size = bytes.len() as u64;
    if size > LIMIT { Err(too_large(size)) } else { Ok(bytes) }
}

/// It may grow while it is read, or not know its length.
fn read_bounded(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check(path: &Path, kind: FileType) -> Result<(), ReadError> {
    if kind.is_file() {
        return Ok(());
    }
    let kind = if kind.is_dir() { "a directory" } else { unix::kind(kind) };
    Err(ReadError::NotAFile { path: path.to_owned(), kind })
}

fn failure(path: &Path, error: io::Error) -> ReadError {
    let path = path.to_owned();
    match error.kind() {
        // A file on the way to it is as good as nothing there.
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Missing { path },
        io::ErrorKind::PermissionDenied => ReadError::NoPermission { path, error },
        _ => ReadError::Io { path, error },
    }
}
