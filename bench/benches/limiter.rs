//! The limiter under criterion.

use resil_bench::{closer_look, limiter};

fn main() {
    closer_look::run(&limiter::PATTERN);
}
