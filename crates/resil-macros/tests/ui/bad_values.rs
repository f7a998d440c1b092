#[resil::circuit_breaker(reset_timeout = "soon")]
fn soon() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker(reset_timeout = -1)]
fn before() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker(max_failures = "three")]
fn three() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker(failure_rate = 50, min_calls = 20, window = 30)]
fn half() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::rate_limiter(rate = 5, blocking = "no")]
fn perhaps() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::retry(backoff = "quadratic")]
fn quadratic() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
