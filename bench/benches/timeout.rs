//! The time limit under criterion.

use resil_bench::{closer_look, timeout};

fn main() {
    closer_look::run(&timeout::PATTERN);
}
