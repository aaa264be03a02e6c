//! Where hosts connect: sockets for this computer alone, and the loop that accepts.

use std::collections::HashMap;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::fd::OwnedFd as Owned;
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(windows)]
use std::os::windows::io::OwnedSocket as Owned;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use mio::event::Source;

use super::thread::{ServerThread, Sleep};
use crate::soft::sync::Mutex;
use crate::soft::{Error, lock};

/// How long a server rests when it cannot accept.
const PAUSE: Duration = Duration::from_millis(100);

/// Binds a socket to `address`, unless other computers could reach it there, and says which address that is: port 0 has
/// become the port that was free.
pub(in crate::soft) fn bind_loopback<S>(
    address: SocketAddr,
    bind: impl FnOnce(SocketAddr) -> io::Result<S>,
    bound_to: impl FnOnce(&S) -> io::Result<SocketAddr>,
) -> Result<(S, SocketAddr), Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let bound = bind(address).and_then(|socket| bound_to(&socket).map(|address| (socket, address)));
    bound.map_err(|source| Error::Bind {
        address: address.to_string(),
        source,
    })
}

/// A socket that others connect to.
pub(in crate::soft) trait Listener {
    /// The socket as [`Sleep`] takes it.
    type Waiting: Source + Send + 'static;
    /// A connection.
    type Stream: Connection;

    fn wait(self) -> io::Result<Self::Waiting>;

    fn accept(waiting: &Self::Waiting) -> io::Result<Self::Stream>;
}

/// One end of a connection, which another thread can close.
pub(in crate::soft) trait Connection: Send + Sync + 'static {
    fn close(&self);
}

impl Listener for TcpListener {
    type Waiting = mio::net::TcpListener;
    type Stream = TcpStream;

    fn wait(self) -> io::Result<Self::Waiting> {
        self.set_nonblocking(true)?;
        Ok(mio::net::TcpListener::from_std(self))
    }

    fn accept(waiting: &Self::Waiting) -> io::Result<TcpStream> {
        let (stream, _) = waiting.accept()?;
        let stream = TcpStream::from(Owned::from(stream));
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}

impl Connection for TcpStream {
    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

#[cfg(unix)]
impl Listener for UnixListener {
    type Waiting = mio::net::UnixListener;
    type Stream = UnixStream;

    fn wait(self) -> io::Result<Self::Waiting> {
        self.set_nonblocking(true)?;
        Ok(mio::net::UnixListener::from_std(self))
    }

    fn accept(waiting: &Self::Waiting) -> io::Result<UnixStream> {
        let (stream, _) = waiting.accept()?;
        let stream = UnixStream::from(Owned::from(stream));
        stream.set_nonblocking(false)?;
        Ok(stream)
    }
}

#[cfg(unix)]
impl Connection for UnixStream {
    fn close(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

/// Starts a thread that gives each connection to `take`.
pub(in crate::soft) fn accept<L: Listener>(
    name: &str,
    listener: L,
    mut take: impl FnMut(L::Stream) + Send + 'static,
) -> Result<ServerThread, Error> {
    let mut listener = listener.wait().map_err(Error::Thread)?;
    let sleep = Sleep::on(&mut listener).map_err(Error::Thread)?;
    let serve = move |sleep: &mut Sleep| {
        while let Some(accepted) = sleep.next(|| L::accept(&listener)) {
            match accepted {
                Ok(stream) => take(stream),
                // Most likely there are no descriptors left: without a pause this would spin until there are.
                Err(_) => drop(sleep.rest(PAUSE)),
            }
        }
    };
    ServerThread::start(name, sleep, serve).map_err(Error::Thread)
}

/// A server with a thread for each connection. Dropping it closes them all.
#[derive(Debug)]
pub(super) struct Acceptor<S: Connection> {
    connections: Connections<S>,
    /// `None` once it has ended.
    thread: Option<ServerThread>,
}

type Connections<S> = Arc<Mutex<HashMap<u64, Arc<S>>>>;

impl<S: Connection> Acceptor<S> {
    /// Has `attend` serve each connection, at most `max` at once: one more finds itself closed.
    pub(super) fn start<L: Listener<Stream = S>>(
        name: &str,
        listener: L,
        max: usize,
        attend: impl Fn(&Arc<S>) + Clone + Send + 'static,
    ) -> Result<Self, Error> {
        let connections = Connections::<S>::default();
        let open = Arc::clone(&connections);
        let mut count: u64 = 0;
        let take = move |stream: S| {
            if lock(&open).len() >= max {
                return;
            }
            count += 1;
            let (number, stream) = (count, Arc::new(stream));
            lock(&open).insert(number, Arc::clone(&stream));
            let (attend, still_open) = (attend.clone(), Arc::clone(&open));
            let started = thread::Builder::new().name("brasskey-host".into()).spawn(move || {
                attend(&stream);
                lock(&still_open).remove(&number);
            });
            if started.is_err() {
                lock(&open).remove(&number);
            }
        };
        Ok(Self {
            thread: Some(accept(name, listener, take)?),
            connections,
        })
    }
}

impl<S: Connection> Drop for Acceptor<S> {
    fn drop(&mut self) {
        drop(self.thread.take());
        for connection in lock(&self.connections).values() {
            connection.close();
        }
    }
}
