//! What handles do by themselves, on threads and in tasks: loops that keep time, listeners that must not hold them up, and async
//! callbacks; for authors of policies.

mod bell;
mod herald;
#[cfg(target_os = "linux")]
mod notify;
mod parker;
mod rounds;
mod runtime;
mod thread;

pub use bell::Bell;
pub use herald::Herald;
#[cfg(target_os = "linux")]
pub use notify::notify;
pub use parker::Parker;
pub use rounds::{Next, Rounds, RunRounds};
pub use runtime::{Entered, Runtime};
pub use thread::spawn;
