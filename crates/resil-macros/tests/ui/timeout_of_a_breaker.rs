#[resil::circuit_breaker(timeout = 60)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
