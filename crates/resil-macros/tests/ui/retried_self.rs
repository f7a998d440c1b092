struct Client;

impl Client {
    #[resil::retry]
    fn consumed(self) -> Result<(), resil::Error<()>> {
        Ok(())
    }

    #[resil::retry]
    async fn borrowed(&mut self) -> Result<(), resil::Error<()>> {
        Ok(())
    }
}

fn main() {}
