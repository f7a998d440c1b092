#[resil::circuit_breaker]
struct Client;

trait Payments {
    #[resil::circuit_breaker]
    fn charge(&self) -> Result<(), resil::Error<()>>;
}

fn main() {}
