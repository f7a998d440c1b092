//! An axum server that ends in order: SIGTERM comes while 200 requests are under way, and all of them are answered.
//!
//! `cargo run -p resil-examples --bin 15_shutdown_axum` starts itself again as the server, and stops it.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Command, ExitCode, Stdio, Termination};

use axum::{Router, extract::Request, extract::State, middleware, routing::get};
use resil::{GracefulShutdown, shutdown::Token};

static SHUTDOWN: GracefulShutdown = GracefulShutdown::new();

async fn order(State(work): State<Token>) -> &'static str {
    println!("order taken");
    work.triggered().await;
    "accepted"
}

async fn serve() -> io::Result<()> {
    let work = Token::new();
    let counted = middleware::from_fn(|request: Request, next: middleware::Next| async {
        let _in_flight = SHUTDOWN.in_flight(); // callbacks wait for it
        next.run(request).await
    });
    let app = Router::new().route("/", get(order)).layer(counted).with_state(work.clone());
    std::thread::spawn(move || io::stdin().read_line(&mut String::new()).map(|_| work.trigger()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, app).with_graceful_shutdown(SHUTDOWN.token().triggered()).await
}

fn send(address: &str, path: &str) -> io::Result<std::net::TcpStream> {
    let mut connection = std::net::TcpStream::connect(address)?;
    write!(connection, "GET {path} HTTP/1.0\r\n\r\n").map(|()| connection)
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        SHUTDOWN.register("database").run(|| println!("database closed"))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let report = runtime.block_on(SHUTDOWN.run(serve()));
        println!("{}, left in flight: {}", report.cause(), report.drain().left);
        return Ok(report.report()); // a program that does only this has `fn main() -> Report`
    }
    let mut command = Command::new(std::env::current_exe()?);
    let mut server = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(server.stdout.take().ok_or("no stdout")?).lines();
    let address = lines.next().ok_or("no address")??;
    let order = |_| send(&address, "/").inspect(|_| drop(lines.next())); // with that line it is in its handler
    let orders = (0..200).map(order).collect::<io::Result<Vec<_>>>()?;
    Command::new("kill").arg(server.id().to_string()).status()?; // with SIGTERM
    while send(&address, "/none").and_then(io::read_to_string).is_ok() {} // the listener closes a moment later
    println!("new connections refused");
    drop(server.stdin.take()); // which ends the work on the orders
    let answers = orders.into_iter().map(io::read_to_string).collect::<io::Result<Vec<_>>>()?;
    println!("{} of 200 answered", answers.iter().filter(|text| text.ends_with("accepted")).count());
    lines.try_for_each(|line| line.map(|line| println!("server: {line}")))?;
    println!("{}", server.wait()?);
    Ok(ExitCode::SUCCESS)
}
