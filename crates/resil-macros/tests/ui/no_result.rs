#[resil::circuit_breaker]
fn nothing() {}

#[resil::rate_limiter(blocking = false)]
fn number() -> u32 {
    42
}

#[resil::rate_limiter(max_wait = 1)]
async fn option() -> Option<u32> {
    None
}

fn main() {}
