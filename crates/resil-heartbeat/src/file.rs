//! The file that says that the process lives.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use resil_core::Clock;

use crate::identity::Identity;
use crate::temporary::Names;
use crate::{State, contents, unix};

/// Writes each beat whole, or not at all: to a new file in the same folder, which then takes the place of the old one.
///
/// So readers see one beat or the next and nothing in between, however many write the same path, and whenever one is killed.
#[derive(Debug)]
pub(crate) struct BeatFile {
    /// Absolute, so that a change of the working directory changes nothing.
    path: PathBuf,
    folder: PathBuf,
    names: Names,
    fsync: bool,
}

impl BeatFile {
    /// For the file at `path`; the folders on the way to it are made. It is an error if it cannot be a file's path.
    pub(crate) fn new(path: &Path, fsync: bool, who: &Identity, clock: &impl Clock) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let name = path.file_name().ok_or(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        fs::create_dir_all(&folder)?;
        let names = Names::new(&folder, name, who);
        names.sweep(clock.unix_time());
        Ok(Self { path, folder, names, fsync })
    }

    /// Puts the beat in the place of the last one.
    pub(crate) fn write(&mut self, state: &State) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(state)?;
        bytes.push(b'\n');
        let length = bytes.len() as u64;
        if length > contents::LIMIT {
            let why = format!("it has {length} bytes, and readers read no more than {}", contents::LIMIT);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        match self.replace(&bytes) {
            // Somebody has cleaned up.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.folder)?;
                self.replace(&bytes)
            }
            result => result,
        }
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.names.next();
        let result = self.write_to(&temporary, bytes).and_then(|()| fs::rename(&temporary, &self.path));
        if result.is_err() {
            // What went wrong is told already.
            let _ = fs::remove_file(&temporary);
        }
        result?;
        if self.fsync { unix::sync_folder(&self.folder) } else { Ok(()) }
    }

    fn write_to(&self, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(temporary)?;
        unix::let_others_read(&file);
        file.write_all(bytes)?;
        if self.fsync { file.sync_all() } else { Ok(()) }
    }
}
