#[resil::circuit_breaker]
async fn count(down: u32) -> Result<u32, resil::Error<()>> {
    if down == 0 { Ok(0) } else { count(down - 1).await }
}

fn main() {}
