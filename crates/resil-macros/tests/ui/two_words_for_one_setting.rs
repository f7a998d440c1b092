#[resil::circuit_breaker(max_failures = 3, failure_threshold = 4)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::retry(max_attempts = 3, max_retries = 2)]
fn pay() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
