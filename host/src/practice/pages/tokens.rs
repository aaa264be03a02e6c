//! The practice account's hardware tokens: what one would hold in the hand.

use ::time::OffsetDateTime;
use brasskey_aws::account::{Account, Device, DeviceKind, STEP};
use brasskey_aws::names::AwsUser;
use maud::html;

use super::checks::frame;
use super::layout::respond;
use super::{Answer, Refusal, time};
use crate::practice::session::Stage;
use crate::practice::visit::Visit;

/// Tokens that nobody has, and the visitor's own.
fn tokens<'a>(account: &'a Account, user: &AwsUser) -> Vec<&'a Device> {
    let own = account.devices(user).into_iter();
    let own = own.filter(|device| matches!(device.kind, DeviceKind::Hardware(_)));
    own.chain(account.tokens()).collect()
}

/// Their codes of now.
pub(super) async fn page(visit: Visit) -> Answer {
    let (Stage::Password(user) | Stage::SignedIn { user, .. }) = visit.stage() else {
        return Err(Refusal::Elsewhere("/signin"));
    };
    let now = visit.desk.now().unix_timestamp();
    let next = now - now.rem_euclid(STEP) + STEP;
    let shown: Vec<(String, bool, String)> = visit.desk.read(|account| {
        let tokens = tokens(account, &user).into_iter();
        let row = |device: &Device| {
            let code = device.totp().map(|totp| totp.code(now)).unwrap_or_default();
            (device.serial.clone(), device.owner.is_some(), code)
        };
        tokens.map(row).collect()
    });
    let until = OffsetDateTime::from_unix_timestamp(next).ok();
    let main = html! {
        h1 { "Practice hardware tokens" }
        p {
            "Nobody has the secrets of the tokens that AWS sells. So the practice account gives these away: write \
             down a "
            "serial number, and read the code as if you held the token in your hand."
        }
        ul #tokens .cards {
            @for (serial, is_yours, code) in &shown {
                li .card.token data-serial=(serial) data-code=(code) {
                    h2 .small { "Serial number " code { (serial) } @if *is_yours { " (yours)" } }
                    p .display { (code) }
                }
            }
        }
        @if shown.is_empty() { p { "Other users have them all." } }
        p { "These codes are good until " @if let Some(until) = until { (time::moment(until)) } "." }
        p { a #next-code .button href="/tokens" { "Show the codes of now" } }
    };
    Ok(respond(&frame(visit), "Practice hardware tokens", &main))
}
