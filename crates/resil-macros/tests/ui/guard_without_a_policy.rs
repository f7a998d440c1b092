#[resil::guard]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
