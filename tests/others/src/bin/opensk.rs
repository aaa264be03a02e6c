//! OpenSK's library, which takes reports itself: `opensk ADDRESS`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use brasskey_others::wire::{Arrived, Hand, Wire};
use brasskey_others::{AAGUID, attestation};
use opensk::api::clock::Clock;
use opensk::api::connection::{HidConnection, RecvStatus, UsbEndpoint};
use opensk::api::crypto::software_crypto::SoftwareCrypto;
use opensk::api::customization::{CustomizationImpl, DEFAULT_CUSTOMIZATION};
use opensk::api::key_store::Helper;
use opensk::api::persist::{Attestation, AttestationId, Persist, PersistIter};
use opensk::api::rng::Rng;
use opensk::api::user_presence::{UserPresence, UserPresenceError, UserPresenceWaitResult};
use opensk::ctap::status_code::{Ctap2StatusCode, CtapResult};
use opensk::env::Env;
use opensk::{Ctap, Transport};
use rand::rngs::{OsRng, StdRng};
use rand::{CryptoRng, Error, RngCore, SeedableRng};

/// The shortest time that the key waits for anything but its user: CTAP 2.3 §11.2.5.2 leaves it open.
const SHORTEST: Duration = Duration::from_secs(2);

/// What is stored, which outlives the power.
type Flash = Rc<RefCell<BTreeMap<usize, Vec<u8>>>>;

/// The world around the key, which its parts share.
struct World {
    wire: Wire,
    /// A hand that wants more than a touch while the key waits for one.
    pending: Option<(Hand, std::net::SocketAddr)>,
    failure: Option<io::Error>,
}

/// The key's parts, as the library names them.
struct Parts {
    rng: Random,
    wait: Wait,
    flash: Flash,
    clock: Time,
    connection: Connection,
}

struct Random(StdRng);

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.try_fill_bytes(bytes)
    }
}

impl CryptoRng for Random {}

impl Rng for Random {}

struct Time;

impl Clock for Time {
    /// When it ends. The one that is there by default has always ended.
    type Timer = Option<Instant>;

    fn make_timer(&mut self, milliseconds: usize) -> Self::Timer {
        let timer = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX));
        // The shortest ends a message that stalls. A computer that has more to do must not end one that does not.
        Some(Instant::now() + timer.max(SHORTEST))
    }

    fn is_elapsed(&mut self, timer: &Self::Timer) -> bool {
        timer.is_none_or(|end| Instant::now() >= end)
    }
}

/// The wait for a touch.
struct Wait {
    world: Rc<RefCell<World>>,
    /// The first look returns at once, and the library tells the host that it waits.
    is_first: bool,
}

impl UserPresence for Wait {
    fn check_init(&mut self) {
        self.is_first = true;
    }

    fn wait_with_timeout(&mut self, packet: &mut [u8; 64], timeout_ms: usize) -> UserPresenceWaitResult {
        if std::mem::take(&mut self.is_first) {
            return Ok((Err(UserPresenceError::Timeout), RecvStatus::Timeout));
        }
        let mut world = self.world.borrow_mut();
        let timeout = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(u64::MAX));
        Ok(match world.wire.receive(Some(timeout)) {
            Ok(Arrived::Report(report)) => {
                *packet = report;
                (
                    Err(UserPresenceError::Timeout),
                    RecvStatus::Received(UsbEndpoint::MainHid),
                )
            }
            Ok(Arrived::Hand(Hand::Touch, hand)) => {
                world.failure = world.wire.done(hand).err();
                (Ok(()), RecvStatus::Timeout)
            }
            Ok(Arrived::Hand(what, hand)) => {
                world.pending = Some((what, hand));
                (Err(UserPresenceError::Canceled), RecvStatus::Timeout)
            }
            Ok(Arrived::Nothing) => (Err(UserPresenceError::Timeout), RecvStatus::Timeout),
            Err(error) => {
                world.failure = Some(error);
                (Err(UserPresenceError::Canceled), RecvStatus::Timeout)
            }
        })
    }

    fn check_complete(&mut self) {}
}

struct Connection(Rc<RefCell<World>>);

impl HidConnection for Connection {
    fn send(&mut self, report: &[u8; 64], _: UsbEndpoint) -> CtapResult<()> {
        self.0
            .borrow()
            .wire
            .send(report)
            .map_err(|_| Ctap2StatusCode::CTAP2_ERR_VENDOR_HARDWARE_FAILURE)
    }

    fn recv(&mut self, report: &mut [u8; 64], timeout_ms: usize) -> CtapResult<RecvStatus> {
        let timeout = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(u64::MAX));
        match self.0.borrow_mut().wire.receive(Some(timeout)) {
            Ok(Arrived::Report(received)) => {
                *report = received;
                Ok(RecvStatus::Received(UsbEndpoint::MainHid))
            }
            Ok(_) => Ok(RecvStatus::Timeout),
            Err(_) => Err(Ctap2StatusCode::CTAP2_ERR_VENDOR_HARDWARE_FAILURE),
        }
    }
}

struct Silence;

impl Write for Silence {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        Ok(())
    }
}

impl Persist for Parts {
    fn find(&self, key: usize) -> CtapResult<Option<Vec<u8>>> {
        Ok(self.flash.borrow().get(&key).cloned())
    }

    fn insert(&mut self, key: usize, value: &[u8]) -> CtapResult<()> {
        self.flash.borrow_mut().insert(key, value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: usize) -> CtapResult<()> {
        self.flash.borrow_mut().remove(&key);
        Ok(())
    }

    fn iter(&self) -> CtapResult<PersistIter<'_>> {
        let keys: Vec<usize> = self.flash.borrow().keys().copied().collect();
        Ok(Box::new(keys.into_iter().map(Ok)))
    }
}

impl Helper for Parts {}

impl Env for Parts {
    type Rng = Random;
    type UserPresence = Wait;
    type Persist = Self;
    type KeyStore = Self;
    type Write = Silence;
    type Customization = CustomizationImpl;
    type HidConnection = Connection;
    type Clock = Time;
    type Crypto = SoftwareCrypto;

    fn rng(&mut self) -> &mut Random {
        &mut self.rng
    }

    fn user_presence(&mut self) -> &mut Wait {
        &mut self.wait
    }

    fn persist(&mut self) -> &mut Self {
        self
    }

    fn key_store(&mut self) -> &mut Self {
        self
    }

    fn clock(&mut self) -> &mut Time {
        &mut self.clock
    }

    fn write(&mut self) -> Silence {
        Silence
    }

    fn customization(&self) -> &CustomizationImpl {
        &DEFAULT_CUSTOMIZATION
    }

    fn hid_connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    fn boots_after_soft_reset(&self) -> bool {
        false
    }
}

/// The key with its power on.
fn power_on(world: &Rc<RefCell<World>>, flash: &Flash) -> Ctap<Parts> {
    let mut parts = Parts {
        rng: Random(StdRng::from_rng(OsRng).expect("randomness")),
        wait: Wait {
            world: Rc::clone(world),
            is_first: true,
        },
        flash: Rc::clone(flash),
        clock: Time,
        connection: Connection(Rc::clone(world)),
    };
    let batch = Attestation {
        wrapped_private_key: attestation::PRIVATE_KEY.to_vec(),
        certificate: attestation::CERTIFICATE.to_vec(),
    };
    // Without one there is no U2F. It refuses where it has one already.
    let _ = parts.set_attestation(AttestationId::Batch, Some(&batch));
    parts.set_aaguid(&AAGUID).expect("room");
    Ctap::new(parts)
}

fn serve(address: &str) -> io::Result<()> {
    let world = Rc::new(RefCell::new(World {
        wire: Wire::listen(address)?,
        pending: None,
        failure: None,
    }));
    let mut flash = Flash::default();
    let mut key = power_on(&world, &flash);
    loop {
        let pending = world.borrow_mut().pending.take();
        let arrived = match pending {
            Some((what, hand)) => Arrived::Hand(what, hand),
            None => world.borrow_mut().wire.receive(None)?,
        };
        match arrived {
            Arrived::Report(report) => {
                for report in key.process_hid_packet(&report, Transport::MainHid) {
                    world.borrow().wire.send(&report)?;
                }
            }
            Arrived::Hand(Hand::Touch, hand) => {
                key.u2f_grant_user_presence();
                world.borrow().wire.done(hand)?;
            }
            Arrived::Hand(what, hand) => {
                if what == Hand::Renew {
                    flash = Flash::default();
                }
                key = power_on(&world, &flash);
                let mut world = world.borrow_mut();
                world.wire.forget();
                world.wire.done(hand)?;
            }
            Arrived::Nothing => {}
        }
        if let Some(error) = world.borrow_mut().failure.take() {
            return Err(error);
        }
    }
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    serve(address.as_deref().unwrap_or("127.0.0.1:8111"))
}
