//! Changing one's own password.

use maud::html;

use super::layout::{Frame, field, form, respond};
use super::{Answer, error, see_other, success};
use crate::practice::access;
use crate::practice::forms::MemberPost;
use crate::practice::session::lock;
use crate::practice::visit::Member;

/// The form.
pub(super) async fn page(member: Member) -> Answer {
    let required = member
        .desk()
        .read(|account| account.password_reset_required(&member.user));
    let input = |id: &str, complete: &str| {
        html! {
            input id=(id) name=(id) type="password" required autocomplete=(complete) maxlength="128"
                aria-describedby={ (id) "-hint" };
        }
    };
    let rule = "8 to 128 characters, and three of: capitals, small letters, digits, symbols. Not a password that you \
     use \
                elsewhere.";
    let fields = html! {
        (field("old", "Current password", "", &input("old", "current-password")))
        (field("new", "New password", rule, &input("new", "new-password")))
        (field("again", "New password again", "", &input("again", "new-password")))
        button #change-password .primary type="submit" { "Change password" }
    };
    let main = html! {
        div .narrow {
            h1 { "Change password" }
            @if required { p { "The administrator who made this password wants you to choose another one." } }
            (form("password-form", "/password", &member.csrf(), &fields))
        }
    };
    Ok(respond(&Frame::of(&member), "Change password", &main))
}

/// Changes it, and ends the user's other sessions.
pub(super) async fn change(MemberPost { member, fields }: MemberPost) -> Answer {
    access::require_own(&member, "iam:ChangePassword")?;
    let (old, new) = (fields.get("old"), fields.get("new"));
    if new != fields.get("again") {
        return Ok(member.notify("/password", error("The two new passwords are not the same.")));
    }
    let desk = member.desk();
    let now = desk.now();
    let key = format!("change {}", member.user);
    if let Err(seconds) = lock(&desk.throttle).check(&key, now) {
        return Ok(member.notify("/password", error(super::sign_in::wait(seconds))));
    }
    if let Err(refused) = desk.change(|account| account.change_password(&member.user, old, new, now))? {
        if refused.code == "AccessDenied" {
            lock(&desk.throttle).wrong(&key, now);
        }
        return Ok(member.notify("/password", error(refused.message)));
    }
    lock(&desk.throttle).right(&key);
    lock(&desk.sessions).end_others(&member.user, &member.id);
    member
        .visit
        .notify(success("The password is changed, and your other sessions have ended."));
    Ok(see_other("/security-credentials"))
}
