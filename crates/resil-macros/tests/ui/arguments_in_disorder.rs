use resil::CircuitBreaker;
use resil::breaker::Config;

static API: CircuitBreaker = CircuitBreaker::new("api", Config::new());

#[resil::circuit_breaker(crate = ::resil, API)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::guard(&API, &API)]
fn pay() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
