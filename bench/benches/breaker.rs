//! The breaker under criterion.

use resil_bench::{breaker, closer_look};

fn main() {
    closer_look::run(&breaker::PATTERN);
}
