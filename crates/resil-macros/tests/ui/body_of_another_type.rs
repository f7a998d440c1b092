#[resil::circuit_breaker]
fn charge() -> Result<u32, resil::Error<std::num::ParseIntError>> {
    let number: u32 = "42".parse()?;
    Ok(number)
}

#[resil::circuit_breaker]
async fn pay() -> Result<u32, resil::Error<()>> {
    Ok("42")
}

fn main() {}
