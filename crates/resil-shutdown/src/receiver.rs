use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::Token;

impl Token {
    /// A channel that is disconnected when the token is triggered, for crossbeam's `select!`. No message ever comes.
    ///
    /// Each call makes one, which lives as long as the token: call it before a loop, or clone the receiver.
    ///
    /// ```
    /// let token = resil_shutdown::Token::new();
    /// let (jobs, work) = crossbeam_channel::unbounded::<u32>();
    /// jobs.send(1).unwrap();
    /// let stop = token.receiver();
    /// let mut done = 0;
    /// loop {
    ///     crossbeam_channel::select! {
    ///         recv(stop) -> _ => break,
    ///         recv(work) -> job => { done += job.unwrap(); token.trigger() }
    ///     }
    /// }
    /// assert_eq!(done, 1);
    /// ```
    pub fn receiver(&self) -> Receiver<Infallible> {
        let (sender, receiver) = bounded(0);
        self.wake_when_triggered(Waker::from(Arc::new(Disconnect(Mutex::new(Some(sender))))));
        receiver
    }
}

/// Disconnects a channel when it is woken.
struct Disconnect(Mutex<Option<Sender<Infallible>>>);

impl Disconnect {
    fn take(&self) -> Option<Sender<Infallible>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Wake for Disconnect {
    fn wake(self: Arc<Self>) {
        drop(self.take());
    }
}

/// The token is gone and was never triggered: nor must the receiver be told that it was, so the channel stays connected.
impl Drop for Disconnect {
    fn drop(&mut self) {
        std::mem::forget(self.take());
    }
}
