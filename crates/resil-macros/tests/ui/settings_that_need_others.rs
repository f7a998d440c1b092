#[resil::circuit_breaker(window = 30)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker(slow_call_rate = "50%", failure_rate = "50%")]
fn pay() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::retry(backoff = "fixed", factor = 2)]
fn refund() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
