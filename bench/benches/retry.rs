//! The retry under criterion.

use resil_bench::{closer_look, retry};

fn main() {
    closer_look::run(&retry::PATTERN);
}
