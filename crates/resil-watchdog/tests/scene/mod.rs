//! A watchdog whose time a test moves.
#![expect(clippy::unwrap_used, reason = "part of a test")]

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use resil_watchdog::{Builder, Clock, Event, ManualClock, Moment, Watchdog};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// How long to wait for what has to come.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// A clock on which the monitor sleeps until it is called: so that it looks when the test does, and never in between.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hand(pub(crate) ManualClock);

impl Clock for Hand {
    fn now(&self) -> Moment {
        self.0.now()
    }

    fn unix_time(&self) -> Duration {
        self.0.unix_time()
    }

    fn park_until(&self, _at: Moment) {
        std::thread::park();
    }
}

pub(crate) struct Scene {
    pub(crate) clock: ManualClock,
    pub(crate) dog: Watchdog<Hand>,
    heard: Receiver<Event>,
}

impl Scene {
    pub(crate) fn of(builder: Builder) -> Self {
        let (tell, heard) = channel();
        let hand = Hand::default();
        let hear = move |event: &Event| _ = tell.send(event.clone());
        let dog = builder.observe(hear).clock(hand.clone()).start().unwrap();
        let scene = Self { clock: hand.0, dog, heard };
        scene.wait_for_the_monitor();
        scene
    }

    /// Waits until the monitor has had its first look.
    fn wait_for_the_monitor(&self) {
        while self.dog.stats().looks == 0 {
            std::thread::yield_now();
        }
    }

    /// So many ticks pass, with a look at each.
    pub(crate) fn pass(&self, ticks: u32) {
        for _ in 0..ticks {
            self.clock.advance(self.dog.config().check_interval.unwrap());
            self.dog.look();
        }
    }

    /// What is heard of next.
    pub(crate) fn hear(&self) -> Event {
        self.heard.recv_timeout(LIMIT).unwrap()
    }

    /// Stops the watchdog; what was heard of since the start, or since it was asked last.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.dog.stop();
        let mut heard = Vec::new();
        loop {
            match self.hear() {
                Event::Stopped { .. } => return heard,
                Event::Started { .. } => {}
                event => heard.push(event.to_string()),
            }
        }
    }
}
