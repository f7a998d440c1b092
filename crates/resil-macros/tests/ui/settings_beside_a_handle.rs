use resil::CircuitBreaker;
use resil::breaker::Config;

static API: CircuitBreaker = CircuitBreaker::new("api", Config::new());

#[resil::circuit_breaker(API, max_failures = 3)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
