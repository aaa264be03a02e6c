//! The thread of a server: how it waits, and how it ends.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::event::Source;
use mio::{Events, Interest, Poll, Token, Waker};

/// A server's thread. Dropping it ends the thread, and waits until it has ended.
#[derive(Debug)]
pub(in crate::soft) struct ServerThread {
    end: Arc<End>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct End {
    is_near: AtomicBool,
    waker: Waker,
}

/// What a server's thread sleeps with until its socket or device has something.
pub(in crate::soft) struct Sleep {
    poll: Poll,
    events: Events,
    end: Arc<End>,
}

/// Wakes a server's thread while it rests.
#[derive(Clone, Debug)]
pub(super) struct Bell(Arc<End>);

impl Bell {
    pub(super) fn ring(&self) {
        // Best effort: otherwise the thread rests to the end.
        let _ = self.0.waker.wake();
    }
}

impl ServerThread {
    /// Starts the thread. `serve` has to return once [`Sleep::next`] has said that the server ends.
    pub(in crate::soft) fn start(
        name: &str,
        mut sleep: Sleep,
        serve: impl FnOnce(&mut Sleep) + Send + 'static,
    ) -> io::Result<Self> {
        let end = Arc::clone(&sleep.end);
        let builder = thread::Builder::new().name(name.into());
        let thread = builder.spawn(move || serve(&mut sleep))?;
        Ok(Self {
            end,
            thread: Some(thread),
        })
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        self.end.is_near.store(true, Ordering::Release);
        let woken = self.end.waker.wake();
        if let (Ok(()), Some(thread)) = (woken, self.thread.take()) {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

impl Sleep {
    /// Sleeps on `source`, which must not block.
    pub(in crate::soft) fn on(source: &mut impl Source) -> io::Result<Self> {
        let sleep = Self::on_nothing()?;
        sleep.watch(source)?;
        Ok(sleep)
    }

    /// Sleeps until there is something to [`watch`](Self::watch).
    pub(super) fn on_nothing() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), Token(1))?;
        Ok(Self {
            poll,
            events: Events::with_capacity(2),
            end: Arc::new(End {
                is_near: AtomicBool::new(false),
                waker,
            }),
        })
    }

    /// Sleeps on `source` too, which must not block, until it is closed.
    pub(super) fn watch(&self, source: &mut impl Source) -> io::Result<()> {
        self.poll.registry().register(source, Token(0), Interest::READABLE)
    }

    /// What wakes the thread while it rests.
    pub(super) fn bell(&self) -> Bell {
        Bell(Arc::clone(&self.end))
    }

    /// Tries to `read` from the source, and sleeps while there is nothing. `None` when the server ends.
    pub(in crate::soft) fn next<T>(&mut self, mut read: impl FnMut() -> io::Result<T>) -> Option<io::Result<T>> {
        while !self.end.is_near.load(Ordering::Acquire) {
            match read() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.sleep(None)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return Some(result),
            }
        }
        None
    }

    /// Rests for a while, or until the [`Bell`] rings or the server ends, and says whether it goes on.
    pub(super) fn rest(&mut self, pause: Duration) -> bool {
        self.sleep(Some(pause)).is_some() && !self.end.is_near.load(Ordering::Acquire)
    }

    fn sleep(&mut self, timeout: Option<Duration>) -> Option<()> {
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != ErrorKind::Interrupted => None,
            _ => Some(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};

    use super::*;

    #[test]
    fn a_thread_that_sleeps_ends_when_it_is_dropped() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
        socket.set_nonblocking(true).expect("a socket");
        let mut socket = mio::net::UdpSocket::from_std(socket);
        let sleep = Sleep::on(&mut socket).expect("a poll");
        let kept = Arc::new(());
        let held = Arc::clone(&kept);
        let serve = move |sleep: &mut Sleep| {
            let _held = held;
            assert!(sleep.next(|| socket.recv(&mut [0])).is_none());
        };
        let thread = ServerThread::start("a thread", sleep, serve).expect("a thread");
        drop(thread);
        assert_eq!(Arc::strong_count(&kept), 1, "dropping it waits");
    }
}
