struct Ticket;

#[resil::retry]
fn travel(ticket: Ticket) -> Result<(), resil::Error<()>> {
    drop(ticket);
    Ok(())
}

#[resil::retry]
async fn count(number: &mut u32) -> Result<(), resil::Error<()>> {
    *number += 1;
    Ok(())
}

fn main() {}
