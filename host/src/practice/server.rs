//! The sockets, the thread's loop, and how clients are bounded.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{Ipv6Addr, SocketAddr, TcpListener as Socket};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::desk::Desk;
use super::error::Error;
use super::pages;

/// How long a client may take for the head of a request; a connection without one ends then, too.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// The longest head, in bytes: room for a signed request with a session token.
const HEAD_MAX: usize = 32 * 1024;
/// How many clients may be connected. One more, and the one that came first is dropped.
const CLIENTS_MAX: usize = 64;
/// How many ports are tried where any will do.
const TRIES: usize = 10;
/// How long the server rests when it cannot accept: most likely there are no descriptors left.
const PAUSE: Duration = Duration::from_millis(100);

/// Binds the port on 127.0.0.1, and on ::1 where there is such an address: a browser may take either for `localhost`,
/// and no other program should be what it meets there.
pub(super) fn bind(address: SocketAddr) -> Result<(Vec<Socket>, SocketAddr), Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    // A port that is free on one of the two may be taken on the other.
    for _ in 0..if address.port() == 0 { TRIES } else { 0 } {
        if let Ok(bound) = bind_both(address) {
            return Ok(bound);
        }
    }
    bind_both(address)
}

fn bind_both(address: SocketAddr) -> Result<(Vec<Socket>, SocketAddr), Error> {
    let error = |address| move |source| Error::Bind { address, source };
    let first = Socket::bind(address).map_err(error(address))?;
    let bound = first.local_addr().map_err(error(address))?;
    let mut sockets = vec![first];
    if bound.ip().is_ipv4() {
        let second = SocketAddr::from((Ipv6Addr::LOCALHOST, bound.port()));
        match Socket::bind(second) {
            Ok(socket) => sockets.push(socket),
            Err(source) if source.kind() == ErrorKind::AddrInUse => return Err(error(second)(source)),
            // This computer has no IPv6.
            Err(_) => {}
        }
    }
    for socket in &sockets {
        socket.set_nonblocking(true).map_err(error(bound))?;
    }
    Ok((sockets, bound))
}

/// Serves clients until the other end of `ended` is dropped. What still runs then ends with the runtime.
pub(super) async fn serve(sockets: Vec<Socket>, desk: Arc<Desk>, mut ended: oneshot::Receiver<()>) {
    let router = pages::router(desk);
    // Fails only where the runtime cannot watch any socket: then nothing is served, and clients find that out.
    let mut listeners = sockets.into_iter().flat_map(TcpListener::from_std);
    let (first, second) = (listeners.next(), listeners.next());
    let mut clients = Clients::default();
    loop {
        let accepted = tokio::select! {
            _ = &mut ended => return,
            accepted = accept(first.as_ref()) => accepted,
            accepted = accept(second.as_ref()) => accepted,
        };
        match accepted {
            Ok(stream) => clients.attend(stream, router.clone()),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
        // Read what this client has sent already before the next one comes, which may push it out.
        tokio::task::yield_now().await;
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Those who are connected, the first one first.
#[derive(Default)]
struct Clients(VecDeque<AbortHandle>);

impl Clients {
    fn attend(&mut self, stream: TcpStream, router: Router) {
        self.0.retain(|client| !client.is_finished());
        if self.0.len() >= CLIENTS_MAX
            && let Some(first) = self.0.pop_front()
        {
            first.abort();
        }
        // An answer is written at once: there is nothing to wait for.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        // The client was told what is wrong with its HTTP.
        let task = tokio::spawn(async move { drop(connection.await) });
        self.0.push_back(task.abort_handle());
    }
}
