use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use resil_core::sync::{Mutex, lock};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::Token;
use crate::token::Node;

/// A token of tokio-util that is cancelled when this one is triggered. Cancelling it does not trigger this one.
///
/// What ties them together lives as long as this one, so make one of it, and further ones as its children.
///
/// ```
/// use resil_shutdown::Token;
/// use tokio_util::sync::CancellationToken;
///
/// let token = Token::new();
/// let cancellation = CancellationToken::from(&token);
/// token.trigger();
/// assert!(cancellation.is_cancelled());
/// ```
impl From<&Token> for CancellationToken {
    fn from(token: &Token) -> Self {
        let cancellation = Self::new();
        token.wake_when_triggered(Waker::from(Arc::new(Cancel(cancellation.clone()))));
        cancellation
    }
}

struct Cancel(CancellationToken);

impl Wake for Cancel {
    fn wake(self: Arc<Self>) {
        self.0.cancel();
    }
}

/// A token that is triggered when the one of tokio-util is cancelled. Triggering it does not cancel that one.
///
/// ```
/// use resil_shutdown::Token;
/// use tokio_util::sync::CancellationToken;
///
/// let cancellation = CancellationToken::new();
/// let token = Token::from(cancellation.clone());
/// assert!(!token.is_triggered());
/// cancellation.cancel();
/// assert!(token.is_triggered());
/// ```
impl From<CancellationToken> for Token {
    fn from(cancellation: CancellationToken) -> Self {
        let token = Self::new();
        follow(&token, cancellation);
        token
    }
}

/// Triggers `token` when `cancellation` is cancelled. What it waits with lives as long as the token.
fn follow(token: &Token, cancellation: CancellationToken) -> Weak<Follow> {
    let wait = Mutex::new(Some(Box::pin(cancellation.clone().cancelled_owned())));
    let follow = Arc::new(Follow { node: Arc::downgrade(token.node()), cancellation, wait });
    follow.look();
    let weak = Arc::downgrade(&follow);
    token.wake_when_triggered(Waker::from(follow));
    weak
}

/// Triggers a token when the future that it waits with is ready. The token keeps it; no task is needed.
struct Follow {
    node: Weak<Node>,
    cancellation: CancellationToken,
    wait: Mutex<Option<Pin<Box<WaitForCancellationFutureOwned>>>>,
}

impl Follow {
    fn look(self: &Arc<Self>) {
        let Some(mut wait) = lock(&self.wait).take() else { return };
        // Weak, as the future keeps its waker, and this keeps the future.
        let waker = Waker::from(Arc::new(Nudge(Arc::downgrade(self))));
        match wait.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                *lock(&self.wait) = Some(wait);
                // Whoever was woken meanwhile found nothing to look at.
                if self.cancellation.is_cancelled() {
                    self.look();
                }
            }
            Poll::Ready(()) => {
                if let Some(node) = self.node.upgrade() {
                    node.trigger();
                }
            }
        }
    }
}

/// The token was triggered, and so lets it go.
impl Wake for Follow {
    fn wake(self: Arc<Self>) {}
}

struct Nudge(Weak<Follow>);

impl Wake for Nudge {
    fn wake(self: Arc<Self>) {
        if let Some(follow) = self.0.upgrade() {
            follow.look();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_goes_with_its_token_and_with_its_trigger() {
        let cancellation = CancellationToken::new();
        let token = Token::new();
        let follows = follow(&token, cancellation.clone());
        assert!(follows.upgrade().is_some());
        drop(token);
        assert!(follows.upgrade().is_none(), "the token is gone");

        let token = Token::new();
        let follows = follow(&token, cancellation.clone());
        token.trigger();
        assert!(follows.upgrade().is_none(), "triggered by itself");

        let token = Token::new();
        let follows = follow(&token, cancellation.clone());
        cancellation.cancel();
        assert!(token.is_triggered() && follows.upgrade().is_none());
    }
}
