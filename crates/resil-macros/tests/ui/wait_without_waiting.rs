#[resil::rate_limiter(blocking = false, max_wait = 2)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::rate_limiter(timer = |_| ())]
fn pay() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
