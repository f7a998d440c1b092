//! A bounded queue: whoever can wait waits for a place, others are refused at once, and what was accepted is done at the end.
//!
//! `cargo run -p resil-examples --example 21_bounded_queue`

use std::error::Error;
use std::time::Duration;

use resil::{Deadline, GracefulShutdown, Name, Reason, Rejected};
use tokio::sync::mpsc::{Receiver, WeakSender, channel};

const QUEUE: Name = Name::new("queue");
const MINUTE: Duration = Duration::from_secs(60);

/// What is to be done, and by when: one that has waited for too long is not begun.
struct Job(u32, Deadline);

/// Puts a job into the queue, within `patience` or not at all: who makes more than is done is slowed down.
async fn submit(queue: &WeakSender<Job>, number: u32, patience: Duration) -> Result<(), Rejected> {
    let closed = Rejected::new(QUEUE, Reason::ShuttingDown);
    let queue = queue.upgrade().ok_or(closed)?;
    let in_time = Deadline::after(patience).run(queue.reserve()).await;
    let place = in_time.map_err(|_| Rejected::new(QUEUE, Reason::CapacityExhausted))?.map_err(|_| closed)?;
    place.send(Job(number, Deadline::after(MINUTE)));
    Ok(())
}

async fn work(mut jobs: Receiver<Job>) {
    while let Some(Job(number, by)) = jobs.recv().await {
        match by.check() {
            Ok(()) => println!("job {number} done"),
            Err(late) => println!("job {number} not begun: {late}"),
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let shutdown = GracefulShutdown::new();
    let (sender, jobs) = channel(2);
    let queue = sender.downgrade(); // for those who submit; the one that keeps it open is below
    for number in 1..=3 {
        let answer = submit(&queue, number, Duration::ZERO).await;
        println!("job {number}: {}", answer.err().map_or("accepted".into(), |refusal| refusal.to_string()));
    }
    let worker = tokio::spawn(work(jobs));
    submit(&queue, 4, MINUTE).await?; // waits until the worker has taken one out
    println!("job 4: accepted");
    shutdown.register("queue").run_async(|| async {
        drop(sender); // nothing more comes in
        worker.await // what is in it is done
    })?;
    println!("exit code {}", shutdown.run(async { shutdown.trigger() }).await.exit_code());
    println!("{}", submit(&queue, 5, MINUTE).await.expect_err("it is closed"));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}
