#[resil::circuit_breaker("payments")]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

struct Registry;

#[resil::circuit_breaker(in = Registry)]
fn pay() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
