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

/// Copies the code, and returns the name of the program that took it.
pub(super) fn copy(code: &Code) -> Result<&'static str, Failure> {
    // Without their display the first three would fail only after they were started.
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let fits = |program: &str| match program {
        "wl-copy" => has("WAYLAND_DISPLAY"),
        "xclip" | "xsel" => has("DISPLAY"),
        _ => true,
    };
    for command in PROGRAMS {
        let [program, arguments @ ..] = command else { continue };
        if fits(program) && give(program, arguments, code).is_ok() {
            return Ok(program);
        }
    }
    Err(Failure::System {
        what: "cannot reach a clipboard".to_owned(),
        source: io::Error::new(
            io::ErrorKind::Unsupported,
            "none of wl-copy, xclip, xsel, pbcopy and clip.exe works here; install one, or leave --copy out",
        ),
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
