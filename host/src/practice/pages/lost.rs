//! What a lost device means.

use maud::html;

use super::Answer;
use super::checks::frame;
use super::layout::respond;
use crate::practice::visit::Visit;

/// For anybody: who lost a device cannot sign in.
pub(super) async fn page(visit: Visit) -> Answer {
    let main = html! {
        h1 { "A lost MFA device" }
        p #no-recovery-codes .notice.odd {
            strong { "AWS has no recovery codes." } " A guide that tells you to print them is wrong. What helps is a \
             second "
            "device."
        }
        h2 { "You have another device" }
        ol {
            li { "Sign in with the password, choose “Try another way”, and use the other device." }
            li { "Remove the lost one in Security credentials: whoever finds it lacks only the password." }
            li { "Assign a new one at once, so that there are two again." }
        }
        h2 { "You are an IAM user without another device" }
        ol {
            li { "Ask an administrator of the account. AWS does not help IAM users." }
            li {
                "The administrator makes sure that it is you, opens Users, your name, and removes the MFA device. \
                 From the "
                "command line: " code { "aws iam deactivate-mfa-device --user-name YOU --serial-number ARN" } ", and "
                code { "aws iam delete-virtual-mfa-device --serial-number ARN" } " if it was an app."
            }
            li { "Sign in with the password, and assign a new device before anything else." }
        }
        p { "Here, sign in as " code { "admin" } " to play the administrator." }
        h2 { "You are root without another device" }
        ol {
            li { "On AWS's sign-in page, choose “Troubleshoot MFA”, and “Sign in using alternative factors of \
             authentication”." }
            li { "AWS sends an e-mail to the account's address, and calls the phone number of the account." }
            li {
                "If phone or address are no longer yours, AWS Support asks for proof: what was paid, with which card, \
                 from "
                "where. That takes days."
            }
            li { "Sign in, remove the lost device, and assign two new ones." }
        }
        p {
            "So keep the e-mail address, the phone number and the payment method of the account up to date, and let \
             them "
            "be reached without the device that you may lose. This practice account cannot play the phone call: end \
             it and "
            "start a new one."
        }
        h2 { "Before it happens" }
        ul {
            li { "Two devices for everybody, three for root; not all in one place." }
            li { "Two administrators, so that each can help the other." }
            li { "An authenticator app whose secrets are copied to another phone is one secret, not two devices." }
        }
    };
    Ok(respond(&frame(visit), "A lost MFA device", &main))
}
