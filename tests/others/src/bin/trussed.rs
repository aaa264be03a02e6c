//! fido-authenticator on trussed, behind our CTAPHID: `trussed ADDRESS`.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use brasskey_others::attestation;
use brasskey_others::engine::{Desk, Power, serve};
use brasskey_others::finger::{Finger, Touch};
use brasskey_protocol::ctaphid::DeviceInfo;
use brasskey_protocol::limits::MAX_MESSAGE;
use brasskey_protocol::request::RequestKind;
use ctaphid_app::{App, Command};
use fido_authenticator::{Authenticator, Config, Conforming, LargeBlobsConfig};
use heapless_bytes::Bytes;
use littlefs2_core::{DynFilesystem, path};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use trussed::ClientImplementation;
use trussed::backend::BackendId;
use trussed::key::{Flags, Key, Kind};
use trussed::pipe::{ServiceEndpoint, TrussedChannel};
use trussed::platform;
use trussed::service::Service;
use trussed::types::CoreContext;
use trussed::virt::{Store, StoreConfig};
use trussed_core::InterruptFlag;
use trussed_core::types::Location;
use trussed_core::types::consent::Level;
use trussed_staging::StagingContext;
use trussed_staging::virt::{BackendIds, Dispatcher};

/// How long a look at the finger lasts. The service looks again and again.
const LOOK: Duration = Duration::from_millis(20);

/// The most that large blobs may take of the 64 KiB of storage.
const LARGE_BLOBS: usize = 4096;

static INTERRUPT: InterruptFlag = InterruptFlag::new();

struct UserInterface {
    finger: Finger,
    begun: Instant,
}

impl platform::UserInterface for UserInterface {
    fn check_user_presence(&mut self) -> Level {
        match self.finger.wait(LOOK) {
            Touch::Touched => Level::Normal,
            Touch::Cancelled => {
                INTERRUPT.interrupt();
                Level::None
            }
            Touch::TimedOut => Level::None,
        }
    }

    fn uptime(&mut self) -> Duration {
        self.begun.elapsed()
    }
}

struct Platform<'a> {
    rng: ChaCha8Rng,
    store: Store<'a>,
    user_interface: UserInterface,
}

impl<'a> platform::Platform for Platform<'a> {
    type R = ChaCha8Rng;
    type S = Store<'a>;
    type UI = UserInterface;

    fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.rng
    }

    fn store(&self) -> Store<'a> {
        self.store
    }

    fn user_interface(&mut self) -> &mut UserInterface {
        &mut self.user_interface
    }
}

type Served<'a> = (
    Service<Platform<'a>, Dispatcher>,
    [ServiceEndpoint<'a, BackendIds, StagingContext>; 1],
);

/// A call of the service, in the same thread.
#[derive(Clone)]
struct Syscall<'a>(Rc<RefCell<Served<'a>>>);

impl platform::Syscall for Syscall<'_> {
    fn syscall(&mut self) {
        let (service, endpoints) = &mut *self.0.borrow_mut();
        service.process(endpoints);
    }
}

/// What a vendor installs: the key and the certificate of the attestation, which U2F cannot do without.
fn provision(internal: &dyn DynFilesystem) {
    let key = Key {
        flags: Flags::SENSITIVE,
        kind: Kind::P256,
        material: attestation::PRIVATE_KEY.as_slice().try_into().expect("32 bytes"),
    };
    let files = [
        (path!("fido/sec"), path!("fido/sec/00"), &key.serialize()[..]),
        (path!("fido/x5c"), path!("fido/x5c/00"), attestation::CERTIFICATE),
    ];
    for (directory, file, content) in files {
        internal.create_dir_all(directory).expect("a directory");
        internal.write(file, content).expect("a file");
    }
}

/// Runs the key until its power goes off.
fn run(store: Store<'_>, desk: &Desk) -> Option<Power> {
    let platform = Platform {
        rng: ChaCha8Rng::from_entropy(),
        store,
        user_interface: UserInterface {
            finger: desk.finger.clone(),
            begun: Instant::now(),
        },
    };
    let channel = TrussedChannel::new();
    let (requester, responder) = channel.split()?;
    let backends = &[BackendId::Custom(BackendIds::StagingBackend), BackendId::Core];
    let context = CoreContext::with_interrupt(path!("fido").into(), Some(&INTERRUPT));
    let endpoint = ServiceEndpoint::new(responder, context, backends);
    let service = Service::with_dispatch(platform, Dispatcher::default());
    let syscall = Syscall(Rc::new(RefCell::new((service, [endpoint]))));
    let client = ClientImplementation::<_, Dispatcher>::new(requester, syscall, Some(&INTERRUPT));
    let config = Config {
        large_blobs: Some(LargeBlobsConfig {
            location: Location::Internal,
            max_size: LARGE_BLOBS,
        }),
        ..Config::new(MAX_MESSAGE)
    };
    let mut key = Authenticator::new(client, Conforming {}, config);
    desk.serve(|kind, message| {
        let mut answer = Bytes::<MAX_MESSAGE>::new();
        let command = if kind == RequestKind::Msg {
            Command::Msg
        } else {
            Command::Cbor
        };
        INTERRUPT.set_working();
        let called = key.call(command, message, answer.as_mut_view());
        INTERRUPT.set_idle();
        called.expect("a command of the two");
        answer.to_vec()
    })
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let info = DeviceInfo {
        version: [0, 4, 0],
        wink: false,
    };
    serve(address.as_deref().unwrap_or("127.0.0.1:8111"), info, |desk| {
        let mut power = Some(Power::Renewed);
        let mut stored = StoreConfig::ram();
        while let Some(why) = power {
            if why == Power::Renewed {
                stored = StoreConfig::ram();
            }
            power = stored.with_store(|store| {
                if why == Power::Renewed {
                    provision(store.internal);
                }
                run(store, &desk)
            });
            (stored.internal.format, stored.external.format) = (false, false);
        }
    })
}
