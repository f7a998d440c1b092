trait Payments {
    fn charge(&self) -> Result<(), resil::Error<()>>;
}

struct Client;

impl Payments for Client {
    #[resil::circuit_breaker(max_failures = 3)]
    fn charge(&self) -> Result<(), resil::Error<()>> {
        Ok(())
    }
}

fn main() {}
