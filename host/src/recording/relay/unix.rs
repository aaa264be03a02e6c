//! Hosts at a Unix socket: reports of 64 bytes, with nothing between them.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use brasskey_protocol::ctaphid::Report;
use brasskey_protocol::limits::REPORT_SIZE;

use super::HOSTS_MAX;
use crate::soft::Error;
use crate::soft::server::bind_private;

pub(super) struct Hosts {
    listener: UnixListener,
    path: PathBuf,
    hosts: Vec<Host>,
}

struct Host {
    stream: UnixStream,
    /// The report that is arriving, and how much of it has arrived.
    partial: Report,
    filled: usize,
}

/// What came of a look at a host.
enum Look {
    Report(Report),
    Nothing,
    Gone,
}

impl Hosts {
    pub(super) fn bind(path: &Path) -> Result<Self, Error> {
        let listener = bind_private(path)?;
        listener.set_nonblocking(true).map_err(|source| Error::Bind {
            address: path.display().to_string(),
            source,
        })?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            hosts: Vec::new(),
        })
    }
}

impl Host {
    fn look(&mut self) -> Look {
        let space = self.partial.get_mut(self.filled..).unwrap_or_default();
        match self.stream.read(space) {
            Ok(0) => return Look::Gone,
            Ok(length) => self.filled += length,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => return Look::Gone,
        }
        match self.filled {
            REPORT_SIZE => {
                self.filled = 0;
                Look::Report(self.partial)
            }
            _ => Look::Nothing,
        }
    }
}

impl super::Hosts for Hosts {
    fn receive(&mut self) -> Option<Report> {
        while let Ok((stream, _)) = self.listener.accept() {
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if self.hosts.len() == HOSTS_MAX {
                self.hosts.remove(0);
            }
            self.hosts.push(Host {
                stream,
                partial: [0; REPORT_SIZE],
                filled: 0,
            });
        }
        let mut found = None;
        self.hosts.retain_mut(|host| {
            if found.is_some() {
                return true;
            }
            match host.look() {
                Look::Report(report) => found = Some(report),
                Look::Nothing => {}
                Look::Gone => return false,
            }
            true
        });
        found
    }

    /// After a part of a report nobody knows where the next begins: a host that does not read loses its connection.
    fn send(&mut self, report: &Report) {
        self.hosts
            .retain_mut(|host| matches!(host.stream.write(report), Ok(REPORT_SIZE)));
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        // Best effort: somebody may have removed the socket already.
        let _ = fs::remove_file(&self.path);
    }
}
