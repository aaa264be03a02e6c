//! The clipboard, by the program that each desktop has for it. A library would have to stay and serve the text for as
//! long as somebody may paste it (X11, Wayland); these programs do that, and brasskey needs no windowing library.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use crate::cli::failure::Failure;
use crate::client::oath::Code;

/// The programs and their arguments, the most fitting first.
const PROGRAMS: [&[&str]; 5] = [
    &["wl-copy"],
    &["xclip", "-selection", "clipboard"],
    &["xsel", "--clipboard", "--input"],
    &["pbcopy"],
    &["clip.exe"],
];

/// A program that can take the code. Look for it before a code is asked for: that may take a touch, or a counter's
/// code.
pub(super) fn program() -> Result<&'static [&'static str], Failure> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| std::env::split_paths(&path).any(|directory| directory.join(program).is_file());
    // Without their display the first three would fail only after they were started.
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let fits = |program: &str| match program {
        "wl-copy" => has("WAYLAND_DISPLAY"),
        "xclip" | "xsel" => has("DISPLAY"),
        _ => true,
    };
    let found = PROGRAMS.into_iter().find(|command| {
        command
            .first()
            .is_some_and(|program| fits(program) && is_there(program))
    });
    found.ok_or_else(|| {
        Failure::usage(
            "cannot reach a clipboard: none of wl-copy, xclip, xsel, pbcopy and clip.exe works here",
            "install one, or leave --copy out",
        )
    })
}

/// Gives the code to the program.
pub(super) fn copy(code: &Code, command: &[&str]) -> Result<(), Failure> {
    let [program, arguments @ ..] = command else {
        return Ok(());
    };
    give(program, arguments, code).map_err(|source| Failure::System {
        what: format!("{program} did not take the code"),
        source,
    })
}

/// By its standard input: arguments can be read by every user of the computer.
fn give(program: &str, arguments: &[&str], code: &Code) -> io::Result<()> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(code.to_string().as_bytes())?;
    }
    match child.wait()?.success() {
        true => Ok(()),
        false => Err(io::ErrorKind::Other.into()),
    }
}
