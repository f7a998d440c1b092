//! The whole stack under criterion.

use resil_bench::{closer_look, stack};

fn main() {
    closer_look::run(&stack::PATTERN);
}
