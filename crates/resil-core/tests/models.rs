//! Models of what several threads share, for loom and shuttle.
#![cfg(any(loom, shuttle))]
