//! Every page of the book, so that `cargo test --doc -p resil-book` compiles and runs its code.

/// Gives each page a module whose documentation it is.
macro_rules! pages {
    ($($name:ident: $page:literal;)+) => {
        $(
            #[doc = include_str!($page)]
            mod $name {}
        )+
    };
}

pages! {
    front_page: "../README.md";
    architecture: "../ARCHITECTURE.md";
    introduction: "introduction.md";
    breaker: "patterns/breaker.md";
    ratelimit: "patterns/ratelimit.md";
    retry: "patterns/retry.md";
    timeout: "patterns/timeout.md";
    pipeline: "patterns/pipeline.md";
    shutdown: "patterns/shutdown.md";
    heartbeat: "patterns/heartbeat.md";
    watchdog: "patterns/watchdog.md";
    composing: "guides/composing.md";
    configuration: "guides/configuration.md";
    macros: "guides/macros.md";
    resources: "guides/resources.md";
    testing_with_a_clock: "guides/testing-with-a-clock.md";
    tower: "guides/tower.md";
    http_clients: "guides/http-clients.md";
    http_servers: "guides/http-servers.md";
    service_managers: "guides/service-managers.md";
    kubernetes: "guides/kubernetes.md";
    supervision: "guides/supervision.md";
    from_backon: "guides/migrating-from-backon.md";
    from_failsafe: "guides/migrating-from-failsafe.md";
    from_governor: "guides/migrating-from-governor.md";
    from_kstlib: "guides/migrating-from-kstlib.md";
    from_tower_resilience: "guides/migrating-from-tower-resilience.md";
    adr_0001: "adr/0001-machine-and-handle.md";
    adr_0002: "adr/0002-admit-settle-release.md";
    adr_0003: "adr/0003-flat-errors.md";
    adr_0004: "adr/0004-lock-free-front.md";
    adr_0005: "adr/0005-counters.md";
    adr_0006: "adr/0006-slow-probes.md";
    adr_0007: "adr/0007-snapshots-keep-state.md";
    adr_0008: "adr/0008-observers.md";
    adr_0009: "adr/0009-registry-type-parameters.md";
    adr_0010: "adr/0010-cost-of-a-call.md";
    adr_0011: "adr/0011-ticks.md";
    adr_0012: "adr/0012-refunds.md";
    adr_0013: "adr/0013-threads-of-the-end.md";
    adr_0014: "adr/0014-loops-and-heralds.md";
    adr_0015: "adr/0015-flags-and-exchanges.md";
    adr_0016: "adr/0016-lines-and-lazy-limits.md";
}
