//! An append-only journal: a line for each entry, which begins with its number. No number is missing, and none is there twice,
//! whenever the process that writes it was killed.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// How long a line may be, so that the last one is found without reading the others.
const LONGEST: u16 = 4_096;

/// The journal, while this process holds it: nobody else can open it before this one has ended, in whatever way.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// The number of the last entry.
    last: u64,
}

/// What was there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The number of the last whole entry, 0 if there is none.
    pub(crate) last: u64,
    /// How many bytes of half an entry were cut off.
    pub(crate) cut: u64,
}

/// Why there is no journal to write.
#[derive(Debug)]
pub(crate) enum JournalError {
    /// Another process holds it: this one has lost its place, or never had it.
    Held,
    /// Its last whole line does not begin with a number.
    Damaged,
    Io(io::Error),
}

impl Journal {
    /// Takes the journal at `path`, and cuts off half an entry.
    pub(crate) fn open(path: &Path) -> Result<(Self, Found), JournalError> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        // The system gives the lock back when the process ends. One that is stopped for an hour still has it, and nobody writes
        // behind its back.
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Err(JournalError::Held),
            locked => locked.map_err(io::Error::from)?,
        }
        let length = file.metadata()?.len();
        let from = length.saturating_sub(2 * u64::from(LONGEST));
        file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let found = last_entry(&tail, from == 0)?;
        if found.cut > 0 {
            file.set_len(length - found.cut)?;
        }
        Ok((Self { file, last: found.last }, found))
    }

    /// Writes an entry, and gives its number.
    ///
    /// After an error there may be half an entry: whoever opens it next cuts that off, and nobody else may write.
    pub(crate) fn append(&mut self, text: &str) -> io::Result<u64> {
        let number = self.last + 1;
        let line = entry(number, text)?;
        // In one piece. What was written is safe from the end of this process, and not yet from that of the machine.
        self.file.write_all(line.as_bytes())?;
        self.last = number;
        Ok(number)
    }

    /// Writes half an entry, as a disk that is full does.
    pub(crate) fn tear(&mut self, text: &str) -> io::Result<()> {
        let line = entry(self.last + 1, text)?;
        self.file.write_all(&line.as_bytes()[..line.len() / 2])
    }

    /// Brings all of it to the disk; gives the number of the last entry.
    pub(crate) fn flush(&self) -> io::Result<u64> {
        self.file.sync_data()?;
        Ok(self.last)
    }
}

fn entry(number: u64, text: &str) -> io::Result<String> {
    let line = format!("{number} {text}\n");
    if line.len() > usize::from(LONGEST) || text.contains('\n') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "an entry is one line, which is not too long",
        ));
    }
    Ok(line)
}

/// Finds the last whole line at the end of a journal, or of a piece of it that is longer than two lines.
fn last_entry(tail: &[u8], is_all: bool) -> Result<Found, JournalError> {
    let after_newline = |text: &[u8]| text.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
    let Some(end) = after_newline(tail) else {
        // Not even one line in so many bytes is none that this has written.
        return if is_all { Ok(Found { last: 0, cut: bytes(tail) }) } else { Err(JournalError::Damaged) };
    };
    let begin = after_newline(&tail[..end - 1]).unwrap_or(0);
    let line = str::from_utf8(&tail[begin..end - 1]).ok();
    let number = line.and_then(|line| line.split(' ').next()?.parse().ok());
    let last = number.filter(|number| *number > 0).ok_or(JournalError::Damaged)?;
    Ok(Found { last, cut: bytes(&tail[end..]) })
}

fn bytes(text: &[u8]) -> u64 {
    text.len() as u64
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => f.write_str("the journal is held by another process"),
            Self::Damaged => f.write_str("the last line of the journal has no number"),
            Self::Io(error) => write!(f, "the journal: {error}"),
        }
    }
}

impl std::error::Error for JournalError {}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(test)]
mod tests;
