//! A shop that takes orders: for apples at the third try, for pears never, and for anything else it takes forever.

#[path = "orders.rs"]
pub(crate) mod orders;

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tonic::{Request, Response, Status};

/// When a client is to come again, in milliseconds (gRPC proposal A6).
pub(crate) const PUSHBACK: &str = "grpc-retry-pushback-ms";

pub(crate) async fn take(order: Request<String>) -> Result<Response<String>, Status> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    println!("  asked for {}", order.get_ref());
    match (order.into_inner().as_str(), ASKED.fetch_add(1, Relaxed)) {
        ("apples", 0) => Err(Status::unavailable("the shop opens")),
        ("apples", 1) => {
            let mut busy = Status::resource_exhausted("too many orders");
            busy.metadata_mut().insert(PUSHBACK, 50.into());
            Err(busy)
        }
        ("apples", _) => Ok(Response::new("3 apples".to_owned())),
        ("pears", _) => Err(Status::not_found("no pears")),
        _ => pending().await,
    }
}
