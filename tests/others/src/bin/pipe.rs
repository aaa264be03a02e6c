//! A key in another language that knows messages and no reports, behind our CTAPHID:
//! `pipe ADDRESS COMMAND [ARGUMENT]...`.
//!
//! The command reads requests from its standard input and answers to its standard output. A request is one byte, a
//! length of four bytes and so many bytes: `C` a message of CTAPHID_CBOR, `M` one of CTAPHID_MSG, `R` a replug, `N` a
//! key as new. An answer is `A`, a length and the message. Before it there may be a `T`: the key wants a touch. It
//! hears of that one byte: 0 touched, 1 cancelled, 2 timed out.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use brasskey_others::engine::{Desk, Power, serve};
use brasskey_others::finger::{Finger, Touch};
use brasskey_protocol::ctaphid::DeviceInfo;
use brasskey_protocol::request::RequestKind;

/// How long the key waits for its user. CTAP 2.3 §6.1.2 asks for ten seconds at least.
const PATIENCE: Duration = Duration::from_secs(30);

/// What goes to the command, and what comes from it.
struct Pipe<W, R>(W, R);

impl<W: Write, R: Read> Pipe<W, R> {
    fn ask(&mut self, kind: u8, message: &[u8], finger: &Finger) -> io::Result<Vec<u8>> {
        let length = u32::try_from(message.len()).map_err(io::Error::other)?;
        self.0
            .write_all(&[&[kind], &length.to_be_bytes()[..], message].concat())?;
        self.0.flush()?;
        loop {
            let mut what = [0];
            self.1.read_exact(&mut what)?;
            if what == *b"T" {
                let outcome = match finger.wait(PATIENCE) {
                    Touch::Touched => 0,
                    Touch::Cancelled => 1,
                    Touch::TimedOut => 2,
                };
                self.0.write_all(&[outcome])?;
                self.0.flush()?;
                continue;
            }
            let mut length = [0; 4];
            self.1.read_exact(&mut length)?;
            let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?];
            self.1.read_exact(&mut answer)?;
            return Ok(answer);
        }
    }
}

fn start(command: &[String]) -> io::Result<Child> {
    let [program, arguments @ ..] = command else {
        return Err(io::Error::other("usage: pipe ADDRESS COMMAND [ARGUMENT]..."));
    };
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

/// Serves until the command ends, or everything does.
fn run(child: &mut Child, desk: &Desk) -> Option<()> {
    let mut pipe = Pipe(child.stdin.take()?, child.stdout.take()?);
    loop {
        let power = desk.serve(|kind, message| {
            let kind = if kind == RequestKind::Msg { b'M' } else { b'C' };
            pipe.ask(kind, message, &desk.finger).expect("a command that runs")
        })?;
        let kind = if power == Power::Renewed { b'N' } else { b'R' };
        pipe.ask(kind, &[], &desk.finger).ok()?;
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (address, command) = arguments.split_first().ok_or_else(|| io::Error::other("no address"))?;
    let mut child = start(command)?;
    let info = DeviceInfo {
        version: [0, 0, 0],
        wink: false,
    };
    serve(address, info, move |desk| {
        run(&mut child, &desk);
    })
}
