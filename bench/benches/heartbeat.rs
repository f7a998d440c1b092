//! The heartbeat under criterion.

use resil_bench::{closer_look, heartbeat};

fn main() {
    closer_look::run(&heartbeat::PATTERN);
}
