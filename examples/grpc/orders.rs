//! The service `shop.Orders` with one method, whose messages are texts: what tonic's generator would write, less protobuf.

use axum::routing::post;
use bytes::{Buf, BufMut, Bytes};
use hyper::http::uri::PathAndQuery;
use tonic::client::GrpcService;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::UnaryService;
use tonic::{Request, Response, Status};

const TAKE: &str = "/shop.Orders/Take";

/// A message is the bytes of its text.
#[derive(Clone, Copy, Debug)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        String::from_utf8(bytes.into()).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

/// The client.
#[derive(Clone, Debug)]
pub(crate) struct Client<T>(pub(crate) T);

impl<T> Client<T>
where
    T: GrpcService<tonic::body::Body> + Clone,
    T::ResponseBody: hyper::body::Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as hyper::body::Body>::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    /// Takes an order.
    pub(crate) async fn take(self, order: &str) -> Result<String, Status> {
        let mut client = tonic::client::Grpc::new(self.0);
        client.ready().await.map_err(|error| Status::unavailable(error.into().to_string()))?;
        let request = Request::new(order.to_owned());
        client.unary(request, PathAndQuery::from_static(TAKE), Text).await.map(Response::into_inner)
    }
}

/// The server, around a function.
#[derive(Clone, Copy, Debug)]
struct Take<F>(F);

impl<F, A> UnaryService<String> for Take<F>
where
    F: Fn(Request<String>) -> A,
    A: Future<Output = Result<Response<String>, Status>>,
{
    type Response = String;
    type Future = A;

    fn call(&mut self, request: Request<String>) -> A {
        (self.0)(request)
    }
}

/// The server's routes; `take` takes orders.
pub(crate) fn routes<F, A>(take: F) -> axum::Router
where
    F: Fn(Request<String>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Response<String>, Status>> + Send + 'static,
{
    let unary = move |request: axum::extract::Request| async move {
        tonic::server::Grpc::new(Text).unary(Take(take), request).await
    };
    axum::Router::new().route(TAKE, post(unary))
}
