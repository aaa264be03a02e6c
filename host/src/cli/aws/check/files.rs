//! The answers that somebody saved.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use brasskey_aws::audit::{Inputs, MAX_INPUT, ReadError};

use super::progress::Late;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Reads files, all files of directories, and standard input.
pub(super) fn read(from: &[PathBuf], output: &Output) -> Result<Inputs, Failure> {
    let mut inputs = Inputs::default();
    for path in from {
        if path.as_os_str() == "-" {
            let bytes = whole(io::stdin().lock(), Path::new("standard input"))?;
            inputs.read("standard input", &bytes).map_err(unfit)?;
            continue;
        }
        let mut files = Vec::new();
        below(path, &mut files)?;
        if files.is_empty() {
            return Err(Failure::usage(
                format!("there are no files in {}", path.display()),
                "`brasskey aws check --help` lists the answers that it reads",
            ));
        }
        let mut progress = Late::new(files.len(), "files", output);
        for (done, file) in files.iter().enumerate() {
            progress.reach(done, Instant::now());
            let opened = File::open(file).map_err(|source| unreadable(file, source))?;
            let bytes = whole(opened, file)?;
            inputs.read(&file.display().to_string(), &bytes).map_err(unfit)?;
        }
    }
    Ok(inputs)
}

/// A file, or those of a directory and of all below it, by name. Hidden ones are the system's.
fn below(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |source| unreadable(path, source);
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // A link to a directory could lead in a circle.
        let is_link_to_directory = entry.path().is_symlink() && entry.path().is_dir();
        if !entry.file_name().as_encoded_bytes().starts_with(b".") && !is_link_to_directory {
            names.push(entry.path());
        }
    }
    names.sort();
    names.iter().try_for_each(|name| below(name, files))
}

/// All bytes, or one more than what is judged.
fn whole(from: impl Read, path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = (MAX_INPUT as u64).saturating_add(1);
    from.take(limit)
        .read_to_end(&mut bytes)
        .map_err(|source| unreadable(path, source))?;
    Ok(bytes)
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    let what = format!("cannot read {}", path.display());
    Failure::System { what, source }
}

/// A file that is damaged, or something else.
pub(super) fn unfit(error: ReadError) -> Failure {
    Failure::usage(error.to_string(), error.hint())
}
