//! Allocations per call and bytes per instance.
//!
//! The counting allocator lives in the binaries that count: were it named here, the timed binaries would carry it
//! too, and the peers that allocate would pay for it.

use std::alloc::System;
use std::hint::black_box;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::contender::{Contender, Instance};
use crate::peer::Peer;
use crate::record::{CallMemory, InstanceMemory};
use crate::row::Row;

/// What a piece of code allocated.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    /// Allocations.
    pub allocations: u64,
    /// Bytes allocated.
    pub bytes: u64,
    /// Bytes allocated and not freed.
    pub live: i64,
}

/// Counts what a piece of code allocates.
pub type Counter = fn(&mut dyn FnMut()) -> Counted;

/// The allocator that counts, for the `#[global_allocator]` of a binary.
pub type Allocator = &'static StatsAlloc<System>;

/// Its one instance.
pub const ALLOCATOR: Allocator = &INSTRUMENTED_SYSTEM;

/// Counts what all threads allocate while `work` runs. A block that grows counts as one more.
///
/// # Panics
/// In a binary that did not name [`ALLOCATOR`].
pub fn count(work: &mut dyn FnMut()) -> Counted {
    let mut probe = Region::new(ALLOCATOR);
    drop(black_box(Box::new(0_u8)));
    assert_ne!(probe.change_and_reset().allocations, 0, "this binary does not count its allocations");
    work();
    let seen = probe.change();
    Counted {
        allocations: (seen.allocations + seen.reallocations) as u64,
        bytes: seen.bytes_allocated as u64,
        live: seen.bytes_allocated as i64 - seen.bytes_deallocated as i64,
    }
}

/// The calls that are counted, after as many to warm up.
const CALLS: u64 = 1_000;

/// How often they are: other threads may allocate meanwhile, such as one that has just begun to watch, and what a call allocates is there
/// each time.
const TIMES: u32 = 3;

/// The rows in which allocations and instructions are counted: one thread, and the same work in every call.
pub fn counts(row: &Row) -> bool {
    !row.two_threads && row.is_versus()
}

/// The allocations of one call of a contender.
pub fn per_call(row: &Row, contender: &Contender, counter: Counter) -> CallMemory {
    let calls = CALLS.min(contender.longest_batch);
    contender.prepare();
    contender.check(calls, contender.run(calls));
    let once = |_| {
        contender.prepare();
        let mut tally = None;
        let counted = counter(&mut || tally = Some(contender.run(calls)));
        contender.check(calls, tally.unwrap_or_default());
        counted
    };
    let counted = (0..TIMES).map(once).min_by_key(|counted| counted.allocations).expect("it was counted");
    CallMemory {
        row: row.key.to_owned(),
        name: contender.name.clone(),
        allocations: counted.allocations as f64 / calls as f64,
        bytes: counted.bytes as f64 / calls as f64,
    }
}

/// One instance of a kind; `None` when the crate lacks the kind.
type Build<Kind> = fn(Kind) -> Option<Instance>;

/// The bytes of one instance of each kind, of ours and of the peers.
pub fn instances<Operation, Kind: Copy>(
    counter: Counter,
    ours: &[(&str, Build<Kind>)],
    peers: &[Peer<Operation, Kind>],
    kinds: &[(&str, Kind)],
) -> Vec<InstanceMemory> {
    let mut all = Vec::new();
    let peers = peers.iter().map(|peer| (peer.name, peer.instance));
    for (name, build) in ours.iter().copied().chain(peers) {
        for &(words, kind) in kinds {
            // The first one pays for what all instances share.
            drop(build(kind));
            let mut built = None;
            let counted = counter(&mut || built = build(kind));
            all.extend(built.map(|instance| InstanceMemory {
                name: name.to_owned(),
                kind: words.to_owned(),
                handle: instance.size,
                total: counted.live,
            }));
        }
    }
    all
}
