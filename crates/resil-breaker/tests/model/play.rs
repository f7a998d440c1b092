//! Plays a history on the real breaker and on the model, and compares all that can be seen of them.

use std::task::Poll;

use resil_breaker::{Error, ManualClock, PolicyExt, Verdict};

use crate::held::{HeldCall, RealCall, classify, perform, performed, poll_once};
use crate::history::{Deed, History, Hold, Op, Reading, Size, Way};
use crate::ledger::Ledger;
use crate::naive::Naive;
use crate::real::{self, Breaker, Ear};
use crate::settings::Settings;
use crate::vocabulary::Hand;
use crate::witness::Witness;

#[path = "compare.rs"]
mod compare;

/// Plays `history` to its end and compares at each step; `Err` says where the two differ.
pub(crate) fn play(history: &History, witness: &mut Witness) -> Result<(), String> {
    let clock = ManualClock::new();
    real::set_clock(&clock, history.start);
    let breaker = real::breaker(&history.settings, &clock)?;
    let mut player = Player {
        breaker: &breaker,
        clock: &clock,
        ear: history.observed.then(|| Ear::at(&breaker)),
        model: Naive::new(history.settings, history.start),
        settings: history.settings,
        unit: history.unit,
        held: Vec::new(),
        ledger: Ledger::new(),
        witness,
    };
    for (number, op) in history.ops.iter().enumerate() {
        let read = number % history.read_every == 0 || matches!(op, Op::Read(_));
        player.step(op, read).map_err(|difference| format!("operation {number}, {op:?}: {difference}"))?;
        player.write_down(number, op);
    }
    player.come_to_rest().map_err(|difference| format!("when all was handed back at the end: {difference}"))
}

struct Player<'a> {
    breaker: &'a Breaker,
    clock: &'a ManualClock,
    ear: Option<Ear>,
    model: Naive,
    settings: Settings,
    unit: u64,
    held: Vec<HeldCall<'a>>,
    ledger: Ledger,
    witness: &'a mut Witness,
}

impl<'a> Player<'a> {
    fn step(&mut self, op: &Op, read: bool) -> Result<(), String> {
        match *op {
            Op::Admit(hold) => self.admit(hold)?,
            Op::Settle { pick, verdict } => self.settle(pick, verdict)?,
            Op::Release { pick } => self.release(pick)?,
            Op::Call { way, verdict, takes } => {
                self.call(way, verdict, self.after(takes) - self.model.now)?;
            }
            Op::Burst { calls, failed, each_takes } => {
                let takes = self.after(each_takes) - self.model.now;
                let verdict = if failed { Verdict::Failure } else { Verdict::Success };
                for _ in 0..calls {
                    self.call(Way::Call, verdict, takes)?;
                }
            }
            Op::DropUnpolled => drop(self.breaker.call_async(async { Ok::<(), ()>(()) })),
            Op::Record { failed } => self.record(failed)?,
            Op::Advance(wait) => self.move_to(self.after(wait)),
            Op::StepBack(back) => self.step_back(back),
            Op::ByHand(deed) => self.by_hand(deed),
            Op::Reconfigure(settings) => self.reconfigure(settings)?,
            Op::Resize { to: Size { calls, slices, width }, and_back } => {
                let old = self.settings;
                self.reconfigure(old.resized(calls, slices, width * self.unit.max(1_000)))?;
                if and_back {
                    self.reconfigure(old)?;
                }
            }
            Op::Read(reading) => self.read(reading),
        }
        self.compare_events()?;
        if read { self.compare_readings() } else { Ok(()) }
    }

    fn admit(&mut self, hold: Hold) -> Result<(), String> {
        self.ledger.asked += 1;
        let real = RealCall::admit(self.breaker, hold);
        let modelled = self.model.admit();
        self.compare_events()?;
        match (real, modelled) {
            (Ok(real), Ok(modelled)) => {
                self.held.push(HeldCall { real, modelled, transitions: self.ledger.transitions });
                Ok(())
            }
            (real, modelled) => {
                self.book_refusal();
                self.compare_refusals(real.err(), modelled.err())
            }
        }
    }

    fn settle(&mut self, pick: u8, verdict: Verdict) -> Result<(), String> {
        let Some(call) = self.pick(pick) else { return Ok(()) };
        let stale = self.stale_results_if_wanted();
        call.real.settle(self.breaker, verdict);
        self.model.settle(call.modelled, verdict);
        self.compare_events()?;
        self.book(Some(call.transitions), verdict, stale);
        Ok(())
    }

    fn release(&mut self, pick: u8) -> Result<(), String> {
        let Some(call) = self.pick(pick) else { return Ok(()) };
        if let Some(verdict) = call.real.release(self.breaker) {
            self.model.settle(call.modelled, verdict);
            self.compare_events()?;
            self.book(Some(call.transitions), verdict, None);
        } else {
            self.model.release(call.modelled);
            self.ledger.released += 1;
        }
        self.compare_events()
    }

    fn call(&mut self, way: Way, verdict: Verdict, takes: u64) -> Result<(), String> {
        self.ledger.asked += 1;
        let stale = self.stale_results_if_wanted();
        let (breaker, clock, end) = (self.breaker, self.clock, self.model.now + takes);
        let run = || {
            real::set_clock(clock, end);
            perform(verdict)
        };
        let ended = performed(|| match way {
            Way::Call if matches!(verdict, Verdict::Ignored | Verdict::Cancelled) => {
                breaker.call_with(classify, run)
            }
            Way::Call => breaker.call(run),
            Way::Future => {
                let mut future = Box::pin(breaker.call_async_with(classify, async { run() }));
                match poll_once(future.as_mut()) {
                    Poll::Ready(result) => result,
                    Poll::Pending => unreachable!("it waits for nothing"),
                }
            }
            Way::Guard => {
                let guard = breaker.guard().map_err(Error::Rejected)?;
                let result = run();
                match verdict {
                    Verdict::Cancelled => drop(guard),
                    _ => guard.settle(classify(result.as_ref())),
                }
                result.map_err(Error::Inner)
            }
        });
        let modelled = self.model.admit();
        if let Ok(permit) = modelled {
            self.model.now = end;
            self.model.settle(permit, verdict);
        }
        self.compare_events()?;
        match ended {
            Some(Err(Error::Rejected(refusal))) => {
                self.book_refusal();
                return self.compare_refusals(Some(refusal), modelled.err());
            }
            None if verdict == Verdict::Panicked => {}
            Some(Ok(())) if verdict == Verdict::Success => {}
            Some(Err(Error::Inner(own))) if verdict == own => {}
            other => return Err(format!("a call that was to be {verdict:?} gave {other:?}")),
        }
        self.compare_refusals(None, modelled.err())?;
        self.book(None, verdict, stale);
        Ok(())
    }

    fn record(&mut self, failed: bool) -> Result<(), String> {
        self.ledger.reported += 1;
        let stale = self.stale_results_if_wanted();
        let verdict = if failed { Verdict::Failure } else { Verdict::Success };
        self.witness.saw(|| format!("{verdict:?} recorded in {:?}", self.model.state_entered()));
        if failed {
            self.breaker.record_failure();
        } else {
            self.breaker.record_success();
        }
        self.model.record(failed);
        self.compare_events()?;
        self.book(None, verdict, stale);
        Ok(())
    }

    fn by_hand(&mut self, deed: Deed) {
        let span = |units: Option<u8>| units.map(|units| u64::from(units) * self.unit);
        let hand = match deed {
            Deed::Reset => Hand::Reset,
            Deed::ForceClose => Hand::ForceClose,
            Deed::ForceOpen(lasts) => Hand::ForceOpen(span(lasts)),
            Deed::Disable(lasts) => Hand::Disable(span(lasts)),
            Deed::MetricsOnly(lasts) => Hand::MetricsOnly(span(lasts)),
        };
        real::by_hand(self.breaker, hand);
        self.model.by_hand(hand);
    }

    fn reconfigure(&mut self, settings: Settings) -> Result<(), String> {
        self.witness.saw(|| format!("reconfigured in {:?}", self.model.state_entered()));
        let answer = self.breaker.reconfigure(real::config(&settings));
        self.model.reconfigure(settings);
        self.settings = settings;
        answer.map_err(|error| format!("valid settings were refused: {error}"))
    }

    fn read(&self, reading: Reading) {
        match reading {
            Reading::State => drop(self.breaker.state().to_string()),
            Reading::CanProceed => _ = self.breaker.can_proceed(),
            Reading::Stats => _ = self.breaker.stats(),
            Reading::Snapshot => _ = self.breaker.snapshot(),
            Reading::Debug => drop(format!("{:?} {:?}", self.breaker, self.breaker.config())),
            Reading::WarmUp => self.breaker.warm_up(),
        }
    }

    /// Takes one of the held calls.
    fn pick(&mut self, pick: u8) -> Option<HeldCall<'a>> {
        (!self.held.is_empty()).then(|| self.held.remove(usize::from(pick) % self.held.len()))
    }

    /// Books a result that came in, of a call that was admitted after `transitions` transitions, by default just now.
    fn book(&mut self, transitions: Option<u64>, verdict: Verdict, stale_before: Option<u64>) {
        let unseen = self.ledger.goes_unseen(transitions.unwrap_or(self.ledger.transitions));
        if !unseen && verdict == Verdict::Success && stale_before.is_some_and(|n| n == self.stale_results()) {
            self.ledger.leave_uncounted();
        }
    }

    /// Books a call that was refused.
    fn book_refusal(&mut self) {
        if !self.settings.counters {
            self.ledger.leave_uncounted();
        }
    }

    /// Stale results so far, if successes are not counted: then they show which of the two a success was.
    fn stale_results_if_wanted(&self) -> Option<u64> {
        (!self.settings.counters).then(|| self.stale_results())
    }

    fn stale_results(&self) -> u64 {
        self.breaker.stats().stale_results
    }

    /// Settles or hands back all that is held, and looks at everything once more.
    fn come_to_rest(&mut self) -> Result<(), String> {
        const VERDICTS: [Verdict; 3] = [Verdict::Failure, Verdict::Cancelled, Verdict::Success];
        for number in 0..self.held.len() {
            match VERDICTS.get(number % 4) {
                Some(verdict) => self.settle(0, *verdict)?,
                None => self.release(0)?,
            }
        }
        self.compare_readings()?;
        match self.breaker.stats().in_flight {
            0 => Ok(()),
            left => Err(format!("{left} probes are in flight")),
        }
    }
}
