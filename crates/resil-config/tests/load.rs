//! Bad and good files while calls are made.
#![cfg(all(feature = "reload", feature = "breaker", feature = "ratelimit", feature = "pipeline"))]

mod folder;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use folder::Folder;
use resil_breaker::State;
use resil_config::{Config, ManualClock, PolicyExt, Reloader};

const BAD: &str = "resilience:\n  circuit_breaker: { failure_threshold: many }\n";
const WORSE: &str = "resilience:\n  circuit_braker: { failure_threshold: 1 }\n";

/// While threads call through everything, bad, bad and good files come again and again.
#[test]
fn a_reload_under_load_loses_and_refuses_no_call() {
    const THREADS: u64 = 4;
    const ROUNDS: u32 = 40;
    const BURST: u32 = 1_000;

    let folder = Folder::new("load");
    let good = |round: u32| {
        let odd = round % 2 == 1;
        format!(
            "resilience:
  circuit_breaker:
    instances:
      payments: {{ failure_threshold: {} }}
      dead: {{ failure_threshold: 1, reset_timeout: {}s }}
      {}: {{}}
  rate_limiter:
    instances:
      used: {{ rate: {}, per: 3600s }}
      busy: {{ rate: {BURST}, per: 3600s }}
      wide: {{ rate: 1000000000, per: 1s, burst: 4000000000 }}
  pipelines:
    checkout: {{ retry: {{ max_attempts: {} }}, rate_limiter: wide, circuit_breaker: payments{} }}
",
            3 + round,
            60 + round,
            if odd { "odd" } else { "even" },
            100 * (1 + round % 2),
            1 + round,
            if odd { ", timeout: 2s" } else { "" },
        )
    };
    let path = folder.put("app.yaml", &good(0));
    let clock = ManualClock::new();
    let resilience = Config::from_file(&path).unwrap().build_on(clock.clone());
    let refusals = AtomicU64::new(0);
    let reloader = Reloader::of(Config::loader().file(&path))
        .debounce(Duration::from_secs(3_600)) // by hand
        .start(&resilience)
        .unwrap();

    let payments = resilience.circuit_breaker("payments").unwrap();
    let dead = resilience.circuit_breaker("dead").unwrap();
    let used = resilience.rate_limiter("used").unwrap();
    let busy = resilience.rate_limiter("busy").unwrap();
    let checkout = resilience.pipeline("checkout").unwrap();
    dead.record_failure();
    used.try_acquire_n(40).unwrap();
    clock.advance(Duration::from_secs(10));

    let is_over = AtomicBool::new(false);
    let [direct, through, taken] = [const { AtomicU64::new(0) }; 3];
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    assert_eq!(payments.call(|| Ok::<_, ()>(1)), Ok(1));
                    direct.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(checkout.call(|| Ok::<_, ()>(2)), Ok(2));
                    let looked_up = resilience.pipeline("checkout").unwrap();
                    assert_eq!(looked_up.call(|| Ok::<_, ()>(3)), Ok(3));
                    through.fetch_add(2, Ordering::Relaxed);
                    taken.fetch_add(u64::from(busy.try_acquire().is_ok()), Ordering::Relaxed);
                    assert_eq!(
                        dead.call(|| Ok::<_, ()>(4)).unwrap_err().retry_after(),
                        Some(Duration::from_secs(50))
                    );
                    refusals.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 1..=ROUNDS {
            for bad in [BAD, WORSE] {
                folder.put("app.yaml", bad);
                assert!(reloader.reload_now().is_err());
            }
            folder.put("app.yaml", &good(round));
            let changes = reloader.reload_now().unwrap();
            assert_eq!(
                (changes.added.len(), changes.removed.len()),
                (1 + round as usize % 2, 2 - round as usize % 2),
                "{changes}"
            );
            // What is removed drains.
            let (gone, new) = if round % 2 == 1 { ("even", "odd") } else { ("odd", "even") };
            assert!(resilience.circuit_breaker(gone).is_err());
            assert_eq!(resilience.circuit_breaker(new).unwrap().call(|| Ok::<_, ()>(5)), Ok(5));
        }
        is_over.store(true, Ordering::Relaxed);
    });

    let counted = |count: &AtomicU64| count.load(Ordering::Relaxed);
    let stats = payments.stats();
    assert_eq!(
        (stats.successes, stats.total),
        (counted(&direct) + counted(&through), stats.successes),
        "none is lost"
    );
    assert_eq!(resilience.rate_limiter("wide").unwrap().stats().acquired, counted(&through));
    assert_eq!(counted(&taken), u64::from(BURST).min(counted(&direct)), "no permit is lost or made");
    assert_eq!(busy.stats().acquired, counted(&taken));
    assert_eq!(dead.stats().rejected, counted(&refusals));
    assert_eq!(used.available(), 60 * (1 + ROUNDS % 2), "its used share is kept");

    clock.advance(Duration::from_nanos(49_999_999_999));
    assert_eq!(dead.state(), State::Open);
    clock.advance(Duration::from_nanos(1));
    assert_eq!(dead.state(), State::HalfOpen, "after the rest of its time");
}
