//! Where there is no Linux to ask.

use std::time::Duration;

use crate::grace::Clocks;

pub(crate) fn since_boot() -> Option<Duration> {
    None
}

pub(crate) fn clocks() -> Option<Clocks> {
    None
}

pub(crate) fn boot_id() -> Option<String> {
    None
}

pub(crate) fn namespace(_kind: &str) -> Option<u64> {
    None
}

pub(crate) struct Stat {
    pub(crate) has_ended: bool,
    pub(crate) started: u64,
}

pub(crate) fn stat(_pid: u32) -> Option<Stat> {
    None
}
