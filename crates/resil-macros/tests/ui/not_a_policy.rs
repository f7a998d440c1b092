use resil::Timeout;

static LIMIT: Timeout = Timeout::new(std::time::Duration::from_secs(1));

#[resil::guard(&LIMIT)]
fn charge() -> Result<(), resil::Error<()>> {
    Ok(())
}

fn main() {}
