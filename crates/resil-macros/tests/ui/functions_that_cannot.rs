use std::future::Future;
use std::pin::Pin;

#[resil::circuit_breaker]
const fn constant() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker]
unsafe fn dangerous() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker]
extern "C" fn foreign() -> Result<(), resil::Error<()>> {
    Ok(())
}

#[resil::circuit_breaker]
fn boxed() -> Pin<Box<dyn Future<Output = Result<(), resil::Error<()>>>>> {
    Box::pin(async { Ok(()) })
}

#[resil::circuit_breaker]
fn opaque() -> impl Future<Output = Result<(), resil::Error<()>>> {
    async { Ok(()) }
}

#[resil::rate_limiter]
fn never() -> ! {
    loop {}
}

fn main() {}
