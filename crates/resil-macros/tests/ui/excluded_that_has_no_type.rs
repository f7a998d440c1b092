#[derive(Debug)]
struct Invalid;

#[resil::circuit_breaker(excluded = [Invalid])]
fn charge() -> Result<(), resil::Error<String>> {
    Ok(())
}

fn main() {}
