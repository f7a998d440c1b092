//! The shutdown under criterion.

use resil_bench::{closer_look, shutdown};

fn main() {
    closer_look::run(&shutdown::PATTERN);
}
