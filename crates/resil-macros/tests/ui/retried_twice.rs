#[resil::retry]
#[resil::retry(max_attempts = 5)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
