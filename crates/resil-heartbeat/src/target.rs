/// Something whose death a heartbeat notices: a connection, a child, a thread. A closure that says whether it is dead is one.
///
/// ```
/// use resil_heartbeat::{Heartbeat, ManualClock, Target};
///
/// struct Connection;
/// impl Target for Connection {
///     fn is_dead(&self) -> bool {
///         false
///     }
/// }
///
/// let heartbeat = Heartbeat::builder()
///     .target(Connection)
///     .on_target_dead(|| println!("the connection is gone"))
///     .start()?;
/// # Ok::<_, resil_heartbeat::HeartbeatError>(())
/// ```
pub trait Target: Send + Sync {
    /// Whether it is dead. It is asked once when the heartbeat has begun, and after every beat of the schedule, where that beats: so it
    /// must not block. Where it panics, nothing has changed, and the panic is counted.
    fn is_dead(&self) -> bool;
}

impl<F: Fn() -> bool + Send + Sync> Target for F {
    fn is_dead(&self) -> bool {
        self()
    }
}
