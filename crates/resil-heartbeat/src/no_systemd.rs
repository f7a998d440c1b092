//! Where there is no systemd to tell.

use std::io;

use crate::{Config, HeartbeatError, State};

#[derive(Debug)]
pub(crate) struct Systemd;

#[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as with systemd")]
impl Systemd {
    pub(crate) fn new(_config: Config) -> Result<Self, HeartbeatError> {
        Ok(Self)
    }

    pub(crate) fn tell(&mut self, _state: &State) -> io::Result<()> {
        Ok(())
    }
}
