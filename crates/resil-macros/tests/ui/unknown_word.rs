#[resil::circuit_breaker(max_failure = 3)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::retry(speed = 3)]
fn pay() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
