//! One run of the AWS CLI: bounded in time and output, and ended with the command that runs it.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::error::AwsError;
use crate::cli::interrupt::interrupt;
use crate::client::Watch as _;

/// The longest answer, in bytes: more than that of any list of a full account.
const LONGEST: u64 = 64 << 20;
/// How much is read of what the CLI says on stderr, in bytes.
const LONGEST_ERROR: u64 = 64 << 10;
/// Room for an answer with a secret in it, in bytes: such a one is never copied to a larger place, which would leave
/// the smaller one as it is.
const ROOM: usize = 64 << 10;
/// How long Ctrl-C and the end of the patience may go unnoticed.
const GLANCE: Duration = Duration::from_millis(50);
/// How long what the CLI wrote may take to arrive once it has ended.
const REST: Duration = Duration::from_secs(2);

/// What Ctrl-C does to the run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interrupts {
    /// It ends it.
    End,
    /// Nothing.
    Ignore,
}

/// A run that came to its end.
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) stdout: Zeroizing<Vec<u8>>,
    pub(super) stderr: String,
}

/// Ends the child when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// The status, once there is one.
    fn ended(&mut self) -> Result<Option<ExitStatus>, AwsError> {
        self.0.try_wait().map_err(AwsError::Start)
    }
}

/// Runs the CLI. It gets no stdin: what it would ask for there is missing.
pub(super) fn run(mut command: Command, patience: Duration, interrupts: Interrupts) -> Result<Ended, AwsError> {
    // There before the child is, so that a Ctrl-C that comes at once is noticed.
    let interrupt = interrupt();
    let deadline = Instant::now() + patience;
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    if interrupts == Interrupts::Ignore {
        // The terminal sends its signals to the whole group.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    let mut child = Running(command.spawn().map_err(AwsError::Start)?);
    let (sender, receiver) = mpsc::channel();
    let stdout = child.0.stdout.take().map(|pipe| (pipe, sender.clone()));
    let stderr = child.0.stderr.take().map(|pipe| (pipe, sender));
    let stdout = stdout.map(|(pipe, done)| thread::spawn(move || read(pipe, LONGEST, &done)));
    let stderr = stderr.map(|(pipe, done)| thread::spawn(move || read(pipe, LONGEST_ERROR, &done)));
    let mut open = 2;
    let mut ended = None;
    let status = loop {
        // The end of both pipes is nearly always that of the child.
        let news = match open {
            0 => {
                thread::sleep(Duration::from_millis(1));
                Ok(())
            }
            _ => receiver.recv_timeout(GLANCE).map(|()| open -= 1),
        };
        if news == Err(RecvTimeoutError::Disconnected) {
            open = 0;
        }
        ended = ended.or(child.ended()?.map(|status| (status, Instant::now())));
        match ended {
            Some((status, _)) if open == 0 => break status,
            // A program that the CLI left behind keeps a pipe open.
            Some((_, when)) if when.elapsed() > REST => return Err(AwsError::Answer),
            _ => {}
        }
        if interrupts == Interrupts::End && interrupt.is_cancelled() {
            return Err(AwsError::Cancelled);
        }
        if Instant::now() >= deadline {
            return Err(AwsError::TimedOut(patience));
        }
    };
    // The terminal's Ctrl-C ends the CLI, too, and may be noticed there first.
    if interrupts == Interrupts::End && interrupt.is_cancelled() {
        return Err(AwsError::Cancelled);
    }
    let stdout = joined(stdout)?;
    if u64::try_from(stdout.len()).is_ok_and(|length| length >= LONGEST) {
        return Err(AwsError::TooLong);
    }
    Ok(Ended {
        success: status.success(),
        stdout,
        stderr: String::from_utf8_lossy(&joined(stderr)?).into_owned(),
    })
}

type Reader = thread::JoinHandle<io::Result<Zeroizing<Vec<u8>>>>;

fn joined(reader: Option<Reader>) -> Result<Zeroizing<Vec<u8>>, AwsError> {
    let read = reader.and_then(|reader| reader.join().ok());
    read.unwrap_or_else(|| Ok(Zeroizing::default()))
        .map_err(AwsError::Start)
}

/// Reads up to `longest` bytes. What follows is thrown away, so that the writer comes to its end.
fn read(mut pipe: impl Read, longest: u64, done: &mpsc::Sender<()>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    let read = pipe.by_ref().take(longest).read_to_end(&mut bytes);
    let rest = read.and_then(|_| io::copy(&mut pipe, &mut io::sink()));
    // Nobody waits any more where the run was given up.
    let _ = done.send(());
    rest.map(|_| bytes)
}
