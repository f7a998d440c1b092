use resil::Retry;
use resil::retry::Config;

static AGAIN: Retry = Retry::new("again", Config::new());

#[resil::circuit_breaker(AGAIN)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
