//! The key as a smart card of this computer, without a reader: vpcd, a driver inside pcscd, has the reader, and the key
//! is the card that connects to it.

mod virtual_card;

#[cfg(unix)]
use std::io::ErrorKind;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use self::virtual_card::{Inbox, VirtualCard};
use super::thread::{Bell, ServerThread, Sleep};
use crate::soft::cards::{CardHost, Incoming, Kind};
use crate::soft::host::{HostId, Plug};
use crate::soft::sync::Mutex;
use crate::soft::{Error, SoftKey, lock};

/// Where vpcd has its reader, unless somebody has configured another place.
pub const PCSC_DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 35_963);

/// How long the card waits between attempts to get into the reader.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one attempt may take. A reader that has a card lets another one wait.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long pcscd may take to start.
const START: Duration = Duration::from_secs(2);
/// How many attempts the card makes meanwhile.
const START_ATTEMPTS: u32 = 20;
/// How much is read at once, in bytes.
const CHUNK: usize = 4096;
/// Where programs reach pcscd, unless the environment names another place, as for its own library.
#[cfg(unix)]
const PCSCD: &str = "/run/pcscd/pcscd.comm";

/// A key that is a card in a reader of vpcd. It waits for a pcscd that does not run or starts again.
#[derive(Debug)]
pub struct PcscServer {
    address: SocketAddr,
    refusal: Option<io::Error>,
    _thread: ServerThread,
}

impl PcscServer {
    /// Puts the card into the reader that listens on `address`. Where nothing listens there this is no error, also if
    /// programs have no other way to the key: pcscd commonly starts with the first program that wants a card.
    /// [`Self::refusal`] then says so.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where `address` may be another computer's: what goes to the card and comes from it would
    /// be on the network for all to read. [`Error::Thread`].
    pub fn start(key: &SoftKey, address: SocketAddr) -> Result<Self, Error> {
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        let mut sleep = Sleep::on_nothing().map_err(Error::Thread)?;
        let place = Arc::new(Place {
            bell: sleep.bell(),
            state: Mutex::default(),
        });
        key.attach(&place)?;
        let mut card = Card {
            key: key.clone(),
            place,
            address,
            #[cfg(unix)]
            pcscd: None,
        };
        let (stream, refusal) = match card.start(&mut sleep) {
            Ok(stream) => (Some(stream), None),
            Err(error) => (None, Some(error)),
        };
        let thread = ServerThread::start("brasskey-pcsc", sleep, move |sleep| card.serve(stream, sleep));
        Ok(Self {
            address,
            refusal,
            _thread: thread.map_err(Error::Thread)?,
        })
    }

    /// Where the reader listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Why the card was in no reader at the start, where that is so.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        self.refusal.as_ref().map(io::Error::to_string)
    }
}

/// Where the card goes while the key is on.
#[derive(Debug)]
struct Place {
    bell: Bell,
    state: Mutex<PlaceState>,
}

#[derive(Debug, Default)]
struct PlaceState {
    is_on: bool,
    /// While the card is in the reader.
    reader: Option<Arc<Reader>>,
}

impl Plug for Place {
    fn plug_in(&self) -> Result<(), Error> {
        lock(&self.state).is_on = true;
        self.bell.ring();
        Ok(())
    }

    /// A reader whose connection ends sees that the card was taken out.
    fn unplug(&self) {
        let mut state = lock(&self.state);
        state.is_on = false;
        if let Some(reader) = state.reader.take() {
            reader.close();
        }
    }
}

/// A reader that the card is in.
#[derive(Debug)]
struct Reader {
    id: HostId,
    stream: mio::net::TcpStream,
}

impl Reader {
    fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl CardHost for Reader {
    fn id(&self) -> HostId {
        self.id
    }

    /// Sends one message without waiting. The reader asks for each, so there is room; one that does not read loses the
    /// card.
    fn send(&self, message: &[u8]) {
        if !matches!((&self.stream).write(message), Ok(sent) if sent == message.len()) {
            self.close();
        }
    }
}

/// The card, on its thread.
struct Card {
    key: SoftKey,
    place: Arc<Place>,
    address: SocketAddr,
    /// A connection to pcscd as a program has it. Where systemd starts pcscd for the first such connection and ends it
    /// after the last one, this makes it run as long as the card does.
    #[cfg(unix)]
    pcscd: Option<UnixStream>,
}

impl Card {
    /// Serves one reader after the other until the server ends.
    fn serve(mut self, mut stream: Option<TcpStream>, sleep: &mut Sleep) {
        loop {
            if let Some(stream) = stream.take() {
                // A reader that goes or breaks the protocol loses the card, which comes back.
                let _ = self.attend(stream, sleep);
            }
            if !sleep.rest(PAUSE) {
                return;
            }
            if lock(&self.place.state).is_on {
                stream = self.connect().ok();
            }
        }
    }

    /// Connects, and gives a pcscd that this starts the time for it.
    fn start(&mut self, sleep: &mut Sleep) -> io::Result<TcpStream> {
        for _ in 1..START_ATTEMPTS {
            match self.connect() {
                Err(_) if self.has_pcscd() => drop(sleep.rest(START / START_ATTEMPTS)),
                connected => return connected,
            }
        }
        self.connect()
    }

    fn connect(&mut self) -> io::Result<TcpStream> {
        self.wake_pcscd();
        TcpStream::connect_timeout(&self.address, PATIENCE)
    }

    /// Starts a pcscd that starts when it is needed. Only the one that has the reader by default: who names another
    /// place has a pcscd of their own.
    #[cfg(unix)]
    fn wake_pcscd(&mut self) {
        if self.address != PCSC_DEFAULT {
            return;
        }
        let is_open = |pcscd: &UnixStream| {
            let mut from = pcscd;
            matches!(from.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        if !self.pcscd.as_ref().is_some_and(is_open) {
            let path = std::env::var_os("PCSCLITE_CSOCK_NAME").unwrap_or_else(|| PCSCD.into());
            let connected = UnixStream::connect(path);
            self.pcscd = connected
                .and_then(|pcscd| pcscd.set_nonblocking(true).map(|()| pcscd))
                .ok();
        }
    }

    #[cfg(unix)]
    const fn has_pcscd(&self) -> bool {
        self.pcscd.is_some()
    }

    #[cfg(not(unix))]
    fn wake_pcscd(&mut self) {}

    #[cfg(not(unix))]
    const fn has_pcscd(&self) -> bool {
        false
    }

    /// Is the card in one reader, until it is taken out.
    fn attend(&self, stream: TcpStream, sleep: &mut Sleep) -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        sleep.watch(&mut stream)?;
        let id = HostId::unique();
        let reader = Arc::new(Reader { id, stream });
        {
            let mut state = lock(&self.place.state);
            if !state.is_on {
                return Ok(());
            }
            state.reader = Some(Arc::clone(&reader));
        }
        self.key
            .insert_card(Kind::Virtual, Arc::clone(&reader) as _, Box::<VirtualCard>::default());
        let ended = self.listen(&reader, sleep);
        self.key.remove_card(id);
        // The key may have been switched off and on meanwhile, but only this thread puts a reader in its place.
        lock(&self.place.state).reader = None;
        ended
    }

    /// Takes in what the reader says, until it ends.
    fn listen(&self, reader: &Reader, sleep: &mut Sleep) -> io::Result<()> {
        let mut inbox = Inbox::new();
        let mut chunk = [0; CHUNK];
        while let Some(read) = sleep.next(|| (&reader.stream).read(&mut chunk)) {
            let read = read?;
            if read == 0 {
                break;
            }
            inbox.put(chunk.get_mut(..read).unwrap_or_default());
            while let Some(message) = inbox.take() {
                self.key.receive_from_reader(reader.id, Incoming::Bytes(&message));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
