//! `brasskey aws console`: the practice account.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc::sync_channel;

use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::address::address;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::output::{BOLD, DIM, Output};
use crate::practice::{Console, FirstCredentials, Options};
use crate::text::escape;

/// The arguments of `aws console`.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Args {
    /// Where to listen: a loopback address; port 0 takes any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8222", value_parser = address)]
    listen: SocketAddr,

    /// The file that keeps the practice account, its passwords and keys among it; created if it is missing [default:
    /// nothing is kept]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut options = Options::default().listen(args.listen);
    if let Some(file) = &args.state {
        options = options.state(file);
    }
    // Before anything is served, so that it ends cleanly however early it is told to.
    let (tell, ended) = sync_channel(1);
    interrupt::listen(move || _ = tell.try_send(()));
    let console = Console::start(options)?;
    output.notice("this is not AWS: a practice account on this computer; use no password that you use elsewhere");
    say_ready(&console, output)?;
    if !output.is_json() {
        output.notice(&format!(
            "hint: open {} and sign in as alice; for the AWS CLI, set AWS_ENDPOINT_URL={}, \
             AWS_DEFAULT_REGION=us-east-1 and the access key of admin",
            console.url(),
            console.endpoint()
        ));
    }
    // The other end is kept by the handler of signals: this waits for one.
    let _ = ended.recv();
    Ok(())
}

/// One line for programs; for people also how to sign in.
fn say_ready(console: &Console, output: &Output) -> Result<(), Failure> {
    let first = console.first_credentials();
    let account = format!("{:012}", console.account_number());
    if output.is_json() {
        return output.line(&json!({
            "url": console.url(),
            "endpoint": console.endpoint(),
            "account": account,
            "root": first.root,
            "users": first.users,
        }));
    }
    output.text(|to| {
        let (url, endpoint) = (console.url(), console.endpoint());
        writeln!(
            to,
            "Ready: {url}  endpoint {endpoint}  account {account}  {DIM}(Ctrl-C ends){DIM:#}"
        )?;
        credentials(to, &first)
    })
}

fn credentials(to: &mut dyn Write, first: &FirstCredentials) -> io::Result<()> {
    let changed = "(was changed)";
    let root = first.root.password.as_ref();
    writeln!(to, "{BOLD}root{BOLD:#}")?;
    writeln!(to, "  email     {}", escape(&first.root.email))?;
    writeln!(to, "  password  {}", root.map_or(changed, |secret| secret.expose()))?;
    for user in &first.users {
        let password = user.password.as_ref();
        writeln!(to, "{BOLD}{}{BOLD:#}", escape(&user.name))?;
        writeln!(to, "  password  {}", password.map_or(changed, |secret| secret.expose()))?;
        if let (Some(id), Some(secret)) = (&user.access_key_id, &user.secret_access_key) {
            writeln!(to, "  AWS_ACCESS_KEY_ID={}", escape(id))?;
            writeln!(to, "  AWS_SECRET_ACCESS_KEY={}", secret.expose())?;
        }
    }
    Ok(())
}
