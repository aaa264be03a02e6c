//! The button and the plug for programs: HTTP and JSON, for continuous integration.
//!
//! [`OPENAPI`] describes it. No web page may press the button, so each request must carry the control token as a bearer
//! token and name a loopback host, and none may come from a page.

mod api;
mod credentials;
mod guard;
mod token_file;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::server::accept::{accept, bind_loopback};
use super::server::thread::ServerThread;
use super::sync::Mutex;
use super::{Error, SoftKey, lock};
use guard::Guard;

/// The description of the endpoint, OpenAPI 3.1 in YAML.
pub const OPENAPI: &str = include_str!("control/openapi.yaml");

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
struct Timeouts {
    /// To send the head of a request, and the same time again for its body.
    read: Duration,
    /// For one request with its answer.
    whole: Duration,
}

const TIMEOUTS: Timeouts = Timeouts {
    read: Duration::from_secs(5),
    whole: Duration::from_secs(30),
};
/// How many clients may be connected that have not shown the control token yet. One more, and the oldest is dropped: a
/// client with the token sends it at once, and need not wait for the others.
const STRANGERS_MAX: usize = 32;
/// The smallest buffer that hyper allows. A head that does not fit is refused.
const HEAD_MAX: usize = 8192;

/// Where the endpoint listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlAddress {
    /// A loopback address; port 0 takes any that is free.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for ControlAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// `--control` and `--control-token-file`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlOptions {
    /// Where to listen.
    pub address: ControlAddress,
    /// The file with the control token. Where it is missing, it is made, with mode 0600 and a random token.
    pub token_file: PathBuf,
}

/// A control endpoint. Dropping it closes it.
#[derive(Debug)]
pub struct ControlServer {
    address: ControlAddress,
    /// `None` once it has ended; the other thread then ends too.
    acceptor: Option<ServerThread>,
    thread: Option<JoinHandle<()>>,
}

/// A client's connection.
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl ControlServer {
    /// Listens as `options` say.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where other computers could reach the address; [`Error::Bind`], [`Error::InUse`],
    /// [`Error::NotASocket`], [`Error::TokenFile`], [`Error::WeakToken`] and [`Error::Thread`].
    pub fn start(key: &SoftKey, options: &ControlOptions) -> Result<Self, Error> {
        Self::start_with(key, options, TIMEOUTS)
    }

    fn start_with(key: &SoftKey, options: &ControlOptions, timeouts: Timeouts) -> Result<Self, Error> {
        let control_token = token_file::read_or_create(&options.token_file)?;
        let (connections, accepted) = mpsc::channel(1);
        let (acceptor, address) = listen(&options.address, connections)?;
        let guard = Guard::new(control_token, &address);
        // One thread serves all clients: this runtime has no other.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(1)
            .build()
            .map_err(Error::Thread)?;
        let service = Arc::new(Service {
            key: key.clone(),
            guard,
            timeouts,
            strangers: Mutex::default(),
        });
        let thread = thread::Builder::new()
            .name("brasskey-control".into())
            .spawn(move || runtime.block_on(serve(accepted, service)))
            .map_err(Error::Thread)?;
        Ok(Self {
            address,
            acceptor: Some(acceptor),
            thread: Some(thread),
        })
    }

    /// Where the endpoint listens: port 0 has become the port that was free.
    #[must_use]
    pub fn address(&self) -> &ControlAddress {
        &self.address
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        drop(self.acceptor.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
        if let ControlAddress::Unix(path) = &self.address {
            // Best effort: somebody may have removed the socket already.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Has each connection to `address` sent to `connections`.
fn listen(
    address: &ControlAddress,
    connections: mpsc::Sender<Stream>,
) -> Result<(ServerThread, ControlAddress), Error> {
    const THREAD: &str = "brasskey-accept";
    // Fails where the endpoint ends.
    let send = move |stream| drop(connections.blocking_send(stream));
    match address {
        ControlAddress::Tcp(tcp) => {
            let (listener, tcp) = bind_loopback(*tcp, TcpListener::bind, TcpListener::local_addr)?;
            let acceptor = accept(THREAD, listener, move |stream| send(Stream::Tcp(stream)))?;
            Ok((acceptor, ControlAddress::Tcp(tcp)))
        }
        #[cfg(unix)]
        ControlAddress::Unix(path) => {
            let listener = super::server::bind_private(path)?;
            let acceptor = accept(THREAD, listener, move |stream| {
                if super::server::unix::is_allowed(&stream) {
                    send(Stream::Unix(stream));
                }
            })?;
            Ok((acceptor, address.clone()))
        }
        #[cfg(not(unix))]
        ControlAddress::Unix(_) => Err(Error::Unsupported("a Unix socket")),
    }
}

/// What every client is served with.
struct Service {
    key: SoftKey,
    guard: Guard,
    timeouts: Timeouts,
    strangers: Mutex<Strangers>,
}

/// The clients that have not shown the control token, the oldest first.
#[derive(Default)]
struct Strangers {
    waiting: VecDeque<(u64, AbortHandle)>,
    /// How many clients there were.
    count: u64,
}

impl Strangers {
    fn next_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Adds one, and drops the oldest where there are too many.
    fn add(&mut self, number: u64, connection: AbortHandle) {
        self.waiting.push_back((number, connection));
        if self.waiting.len() > STRANGERS_MAX
            && let Some((_, oldest)) = self.waiting.pop_front()
        {
            oldest.abort();
        }
    }

    /// Removes one that has shown the token, or is gone.
    fn remove(&mut self, number: u64) {
        self.waiting.retain(|(other, _)| *other != number);
    }
}

/// Serves clients until no more are accepted. What still runs then ends with the runtime.
async fn serve(mut accepted: mpsc::Receiver<Stream>, service: Arc<Service>) {
    while let Some(stream) = accepted.recv().await {
        // A connection that cannot be used is closed.
        let _ = match stream {
            Stream::Tcp(stream) => stream
                .set_nonblocking(true)
                .and_then(|()| tokio::net::TcpStream::from_std(stream))
                .map(|stream| attend(stream, &service)),
            #[cfg(unix)]
            Stream::Unix(stream) => stream
                .set_nonblocking(true)
                .and_then(|()| tokio::net::UnixStream::from_std(stream))
                .map(|stream| attend(stream, &service)),
        };
        // Read what this client has sent already before the next one comes, which may push it out.
        tokio::task::yield_now().await;
    }
}

/// Serves one client beside the others.
fn attend<S>(stream: S, service: &Arc<Service>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let number = lock(&service.strangers).next_number();
    let connection = connection(TokioIo::new(stream), number, Arc::clone(service));
    let (whole, served) = (service.timeouts.whole, Arc::clone(service));
    let task = tokio::spawn(async move {
        // The client was told what is wrong with its HTTP.
        let _ = tokio::time::timeout(whole, connection).await;
        lock(&served.strangers).remove(number);
    });
    lock(&service.strangers).add(number, task.abort_handle());
}

fn connection<I>(io: I, number: u64, service: Arc<Service>) -> impl Future<Output = hyper::Result<()>>
where
    I: Read + Write + Unpin,
{
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(service.timeouts.read)
        .max_buf_size(HEAD_MAX)
        .keep_alive(false)
        .serve_connection(
            io,
            service_fn(move |request| {
                let service = Arc::clone(&service);
                async move {
                    let Service { key, guard, .. } = &*service;
                    let (parts, body) = request.into_parts();
                    let admitted = guard.check(&parts);
                    if admitted.is_ok() {
                        lock(&service.strangers).remove(number);
                    }
                    let patience = service.timeouts.read;
                    Ok::<_, Infallible>(api::answer(key, admitted, parts, api::Body { body, patience }).await)
                }
            }),
        )
}

#[cfg(test)]
mod tests;
