use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use resil_core::TimedOut;

use crate::house::House;
use crate::post::Post;
use crate::vigil::Id;

/// A thread's or a task's own handle on a [`Watchdog`](crate::Watchdog): it is watched by its own name until it is dropped.
///
/// ```
/// use resil_watchdog::Watchdog;
/// use std::time::Duration;
///
/// let dog = Watchdog::new(Duration::from_secs(30)).start()?;
/// std::thread::scope(|scope| {
///     for number in 1..=4 {
///         let pinger = dog.pinger(format!("worker-{number}"));
///         scope.spawn(move || (0..100).for_each(|_| pinger.ping()));
///     }
/// });
/// assert_eq!(dog.stats().pings, 400); // pingers count
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
///
/// One thread pings at a time, so that counting costs it a load and a store, not an atomic addition. A pinger can be sent to another
/// thread, but not shared by two:
///
/// ```compile_fail,E0277
/// fn shared<T: Sync>() {}
/// shared::<resil_watchdog::Pinger>();
/// ```
#[must_use = "who drops it is no longer watched"]
pub struct Pinger {
    id: Id,
    who: Cow<'static, str>,
    post: Arc<Post>,
    house: Arc<dyn House>,
    /// Not `Sync`: there is one writer.
    single: PhantomData<Cell<()>>,
}

impl Pinger {
    pub(crate) fn new(id: Id, who: Cow<'static, str>, post: Arc<Post>, house: Arc<dyn House>) -> Self {
        Self { id, who, post, house, single: PhantomData }
    }

    /// The name under which it is watched.
    pub fn name(&self) -> &str {
        &self.who
    }

    /// Says that it is alive: a load and a store, without a clock and a lock. When it was is known to one tick.
    #[inline]
    pub fn ping(&self) {
        self.post.count();
    }

    /// Says that it is alive, and when exactly: reads the clock.
    pub fn ping_timed(&self) {
        self.post.at(self.house.now());
    }

    /// Says that it is alive, and what it is about to do, which is told if this was the last that was heard of it.
    ///
    /// Takes a lock that only the monitor contends for, at an alarm. A `&'static str` is not copied.
    pub fn ping_with(&self, note: impl Into<Cow<'static, str>>) {
        self.post.leave(note.into());
        self.ping();
    }

    /// It rests while `f` runs: its silence does not count. For the wait for the next piece of work, which is no stall however long it
    /// takes. The end of it is a ping.
    ///
    /// ```
    /// # use resil_watchdog::Watchdog;
    /// # use std::{sync::mpsc, time::Duration};
    /// # let dog = Watchdog::new(Duration::from_secs(30)).start()?;
    /// # let (sender, queue) = mpsc::channel();
    /// # sender.send("a job").unwrap();
    /// # drop(sender);
    /// let pinger = dog.pinger("worker");
    /// while let Ok(job) = pinger.rest_while(|| queue.recv()) {
    ///     println!("{job}");
    /// }
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    pub fn rest_while<T>(&self, f: impl FnOnce() -> T) -> T {
        let _resting = Resting::at(&self.post);
        f()
    }

    /// It rests until the guard is dropped, as in [`rest_while`](Self::rest_while): for async code.
    ///
    /// ```
    /// # use resil_watchdog::{Watchdog, background::Parker, MonotonicClock};
    /// # let dog = Watchdog::new(std::time::Duration::from_secs(30)).start()?;
    /// # async fn next_job() -> u32 { 42 }
    /// # let main = async {
    /// let mut pinger = dog.pinger("worker");
    /// let resting = pinger.rest();
    /// let job = next_job().await;
    /// drop(resting);
    /// # job };
    /// # assert_eq!(Parker::new().finish(main, &MonotonicClock), 42);
    /// # Ok::<_, resil_watchdog::WatchdogError>(())
    /// ```
    pub fn rest(&mut self) -> Rest<'_> {
        Rest { _resting: Resting::at(&self.post), pinger: PhantomData }
    }

    /// An error if it has been silent for too long, with the silence that was measured: for code that would rather stop than be told.
    pub fn check(&self) -> Result<(), TimedOut> {
        match self.house.starving(self.id) {
            Some(silence) => Err(TimedOut::new(self.house.name(), silence)),
            None => Ok(()),
        }
    }

    pub(crate) fn post(&self) -> &Arc<Post> {
        &self.post
    }
}

impl Drop for Pinger {
    fn drop(&mut self) {
        self.house.dismiss(self.id);
    }
}

impl fmt::Debug for Pinger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinger")
            .field("name", &self.who)
            .field("watchdog", &self.house.name())
            .field("pings", &self.post.pings())
            .finish_non_exhaustive()
    }
}

/// While it lives, its [`Pinger`] rests; see [`Pinger::rest`].
///
/// ```
/// # use resil_watchdog::Watchdog;
/// # let dog = Watchdog::new(std::time::Duration::from_secs(30)).start()?;
/// let mut pinger = dog.pinger("worker");
/// let resting = pinger.rest();
/// assert!(dog.watched()[0].is_resting);
/// drop(resting);
/// assert!(!dog.watched()[0].is_resting);
/// # Ok::<_, resil_watchdog::WatchdogError>(())
/// ```
#[must_use = "dropping it ends the rest"]
pub struct Rest<'a> {
    _resting: Resting<'a>,
    /// Nobody pings meanwhile.
    pinger: PhantomData<&'a mut Pinger>,
}

impl fmt::Debug for Rest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rest").finish_non_exhaustive()
    }
}

/// While it lives, whoever pings at this post rests.
struct Resting<'a> {
    post: &'a Post,
    /// This is a rest within another, which goes on after it.
    is_within: bool,
}

impl<'a> Resting<'a> {
    fn at(post: &'a Post) -> Self {
        let is_within = post.is_resting();
        post.rest(true);
        Self { post, is_within }
    }
}

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.post.count();
        self.post.rest(self.is_within);
    }
}
