//! K7: the schema that is checked in is the one of this code.
#![cfg(all(
    feature = "breaker",
    feature = "heartbeat",
    feature = "pipeline",
    feature = "ratelimit",
    feature = "retry",
    feature = "schema",
    feature = "shutdown",
    feature = "timeout",
    feature = "watchdog"
))]

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/resil.schema.json");

/// `RESIL_BLESS=1 cargo test -p resil-config --all-features --test schema` writes it anew.
#[test]
fn the_schema_that_is_checked_in_is_current() {
    let current = resil_config::schema();
    if std::env::var_os("RESIL_BLESS").is_some() {
        std::fs::write(PATH, &current).unwrap();
    }
    let checked_in = std::fs::read_to_string(PATH).unwrap().replace("\r\n", "\n");
    assert!(checked_in == current, "run this test with RESIL_BLESS=1 to write it anew");
}
