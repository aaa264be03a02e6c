//! The practice account: pages and an endpoint on this computer, to try MFA at AWS before the real account is touched.
//!
//! It is not AWS and says so on every page. [`Console::start`] serves an [`Account`] on one loopback port: pages for
//! people at [`Console::url`], and IAM, STS and CloudTrail for the AWS CLI and SDKs at [`Console::endpoint`].
//!
//! ```
//! use brasskey::practice::{Console, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let console = Console::start(Options::default())?;
//! println!("open {} and sign in as {}", console.url(), console.first_credentials().root.email);
//! # Ok(())
//! # }
//! ```
//!
//! A security key can be enrolled without a browser, too: `examples/practice_account.rs` does it with a soft key.

mod access;
mod ceremony;
mod desk;
mod error;
mod forms;
mod guard;
mod pages;
mod security_key;
mod server;
mod session;
mod state_file;
mod throttle;
mod visit;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use time::OffsetDateTime;
use tokio::sync::oneshot;

pub use brasskey_aws::account::{Account, FirstCredentials, FirstRoot, FirstUser, IamError, Login};
pub use brasskey_aws::names::{AwsUser, DeviceName};
#[doc(no_inline)]
pub use brasskey_aws::{account, endpoint};
pub use error::Error;
pub use security_key::Refused;

use crate::relying_party::Report;
use crate::webauthn::{AssertionResponse, AttestationResponse, CreationOptions, NoRandomness, Origin, RequestOptions};
use desk::Desk;

/// What tells the time: the system's clock, or that of a test.
type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// How a practice account is served.
#[derive(Clone)]
pub struct Options {
    listen: SocketAddr,
    state: Option<PathBuf>,
    clock: Clock,
}

impl Default for Options {
    /// A new account in memory, on any port that is free.
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            state: None,
            clock: Arc::new(OffsetDateTime::now_utc),
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Options {
    /// Where to listen: a loopback address; port 0 takes any that is free.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// The file that keeps the account. It is made, with a new account, where it is missing.
    #[must_use]
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.state = Some(file.into());
        self
    }

    /// Another clock, for tests that cannot wait for the next code.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

/// A practice account that is served. Dropping it ends that.
#[derive(Debug)]
pub struct Console {
    desk: Arc<Desk>,
    address: SocketAddr,
    /// `None` once it has ended.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Console {
    /// Serves a practice account as `options` say.
    ///
    /// # Errors
    /// [`Error::NotLoopback`] where other computers could reach the address; [`Error::Bind`], [`Error::Thread`],
    /// [`Error::Randomness`]; and what is wrong with the state file.
    pub fn start(options: Options) -> Result<Self, Error> {
        let (listeners, address) = server::bind(options.listen)?;
        let desk = Arc::new(Desk::open(options.state, options.clock, address.port())?);
        // One thread serves all clients: this runtime has no other.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(Error::Thread)?;
        let (end, ended) = oneshot::channel();
        let served = Arc::clone(&desk);
        let thread = thread::Builder::new()
            .name("brasskey-practice".into())
            .spawn(move || runtime.block_on(server::serve(listeners, served, ended)))
            .map_err(Error::Thread)?;
        Ok(Self {
            desk,
            address,
            end: Some(end),
            thread: Some(thread),
        })
    }

    /// The address of the pages. The host is `localhost`, because a WebAuthn RP ID cannot be an IP address.
    #[must_use]
    pub fn url(&self) -> &str {
        self.desk.origin.as_str()
    }

    /// The address for `aws --endpoint-url` and SDKs.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The account's number.
    #[must_use]
    pub fn account_number(&self) -> u64 {
        self.desk.read(Account::number)
    }

    /// The credentials that the account began with, as far as they are still good.
    #[must_use]
    pub fn first_credentials(&self) -> FirstCredentials {
        self.desk.read(Account::first_credentials)
    }

    /// Looks at the account or changes it, while nobody else does, and keeps it.
    ///
    /// # Errors
    /// [`Error::State`] where the account cannot be kept; then it is as before.
    pub fn with_account<T>(&self, change: impl FnOnce(&mut Account) -> T) -> Result<T, Error> {
        self.desk.change_perhaps(change)
    }

    /// The origin that asks security keys: that of the pages.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.desk.origin
    }

    /// What a browser is given to register a security key for a user.
    ///
    /// # Errors
    /// [`NoRandomness`], for the challenge.
    pub fn creation_options(&self, user: &AwsUser) -> Result<CreationOptions, NoRandomness> {
        self.desk
            .read(|account| security_key::creation_options(account, user, &self.desk.origin))
    }

    /// Verifies what the browser answered, and gives the user the security key. Returns what was checked, and the
    /// serial number of the device.
    ///
    /// # Errors
    /// [`Error::State`] where the account cannot be kept.
    pub fn register_security_key(
        &self,
        user: &AwsUser,
        name: &DeviceName,
        options: CreationOptions,
        answer: &AttestationResponse,
    ) -> Result<(Report, Result<String, Refused>), Error> {
        let now = self.desk.now();
        self.desk
            .change(|account| security_key::register(account, user, name, &self.desk.origin, options, answer, now))
    }

    /// What a browser is given to sign a user in with any of the user's security keys.
    ///
    /// # Errors
    /// [`NoRandomness`], for the challenge.
    pub fn request_options(&self, user: &AwsUser) -> Result<RequestOptions, NoRandomness> {
        self.desk
            .read(|account| security_key::request_options(account, user, &self.desk.origin))
    }

    /// Verifies what the browser answered. Returns what was checked, and the serial number of the security key.
    ///
    /// # Errors
    /// [`Error::State`] where the account cannot be kept.
    pub fn verify_security_key(
        &self,
        user: &AwsUser,
        options: RequestOptions,
        answer: &AssertionResponse,
    ) -> Result<(Report, Result<String, Refused>), Error> {
        let now = self.desk.now();
        self.desk
            .change(|account| security_key::verify(account, user, &self.desk.origin, options, answer, now))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr.
            let _ = thread.join();
        }
        // Only when access keys were last used can be lost, and there is nobody left to tell.
        let _ = self.desk.keep();
    }
}
