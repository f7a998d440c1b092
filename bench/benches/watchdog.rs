//! The watchdog under criterion.

use resil_bench::{closer_look, watchdog};

fn main() {
    closer_look::run(&watchdog::PATTERN);
}
