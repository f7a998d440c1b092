#[derive(Debug)]
struct Declined;

#[resil::circuit_breaker]
fn charge() -> Result<(), Declined> {
    Ok(())
}

#[derive(Debug)]
struct Refused;

impl From<resil::Rejected> for Refused {
    fn from(_: resil::Rejected) -> Self {
        Self
    }
}

#[resil::timeout(2)]
async fn pay() -> Result<(), Refused> {
    Ok(())
}

fn main() {}
