//! Who is told of beats.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use resil_core::contain;

use crate::file::BeatFile;
#[cfg(feature = "systemd")]
use crate::systemd::Systemd;
use crate::{HeartbeatError, State};

/// The program's own sink.
pub(crate) type Callback = Box<dyn Fn(&State) -> io::Result<()> + Send + Sync>;

/// One who is told of every beat.
pub(crate) enum Sink {
    File(PathBuf, BeatFile),
    Callback(Callback),
    #[cfg(feature = "systemd")]
    Systemd(Systemd),
}

/// All who are told of every beat, in the order in which they are.
pub(crate) struct Sinks(pub(crate) Vec<Sink>);

/// How it went to tell a beat.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) errors: Vec<HeartbeatError>,
    /// Panics of callbacks.
    pub(crate) panics: u64,
}

impl Sinks {
    /// Tells the beat to one after the other: also to those after one that fails, unless that spares them.
    pub(crate) fn tell(&mut self, state: &State, first_error_ends_it: bool) -> Told {
        let mut told = Told::default();
        for sink in &mut self.0 {
            sink.tell(state, &mut told);
            if first_error_ends_it && !told.errors.is_empty() {
                break;
            }
        }
        told
    }
}

impl Sink {
    fn tell(&mut self, state: &State, told: &mut Told) {
        let error = match self {
            Self::File(path, file) => file
                .write(state)
                .map_err(|error| HeartbeatError::File { path: path.clone(), error: Arc::new(error) }),
            Self::Callback(callback) => {
                let result = contain(|| callback(state)).unwrap_or_else(|text| {
                    told.panics += 1;
                    Err(io::Error::other(format!("it panicked: {text}")))
                });
                result.map_err(|error| HeartbeatError::Sink(Arc::new(error)))
            }
            #[cfg(feature = "systemd")]
            Self::Systemd(systemd) => {
                systemd.tell(state).map_err(|error| HeartbeatError::Systemd(Arc::new(error)))
            }
        };
        told.errors.extend(error.err());
    }
}
