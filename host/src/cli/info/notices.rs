//! What a website trips over with this key.

use crate::client::ctap2::Info;

/// Fewer free places than this are few.
const FEW: u64 = 3;
/// ES256, which every website asks for, by both of its numbers.
const ES256: [i64; 2] = [-7, -9];

/// What `info` says of it; `None` for a key that is used over U2F only.
pub(super) fn of(info: Option<&Info>) -> Vec<String> {
    let Some(info) = info else {
        return vec!["it makes no passkeys, and verifies no user: it is a second factor beside a password".to_owned()];
    };
    let option = |name: &str| info.options.get(name).copied();
    let mut notices = Vec::new();
    let mut say = |applies: bool, words: &str| {
        if applies {
            notices.push(words.to_owned());
        }
    };
    let verifies = option("clientPin") == Some(true) || option("uv") == Some(true);
    say(
        option("rk") != Some(true),
        "it keeps no passkeys: websites that sign in without a user name cannot use it",
    );
    let can = option("clientPin").is_some() || option("uv").is_some();
    say(
        !can,
        "it can verify no user: websites that demand user verification refuse it",
    );
    say(
        can && !verifies,
        "no PIN is set: websites that demand user verification ask for one (`brasskey pin set`)",
    );
    say(
        info.force_pin_change == Some(true),
        "its PIN must be changed before it can be used (`brasskey pin change`)",
    );
    let algorithms = info.algorithms.as_deref();
    let has_es256 = |list: &[crate::client::ctap2::PublicKeyCredentialParameters]| {
        list.iter().any(|parameters| ES256.contains(&parameters.alg))
    };
    say(
        algorithms.is_some_and(|list| !has_es256(list)),
        "it has no ES256, which many websites take alone",
    );
    let extensions = info.extensions.as_deref().unwrap_or_default();
    say(
        !extensions.iter().any(|name| name == "hmac-secret"),
        "it has no hmac-secret: websites that encrypt with a passkey (PRF) cannot use it",
    );
    if let Some(left) = info.remaining_discoverable_credentials.filter(|left| *left <= FEW) {
        notices.push(match left {
            0 => "there is no room for another passkey (`brasskey credentials list`)".to_owned(),
            left => format!("there is room for {left} more passkeys only (`brasskey credentials list`)"),
        });
    }
    notices
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::client::ctap2::PublicKeyCredentialParameters;

    #[test]
    fn each_thing_is_said_where_it_is_so() {
        let good = Info {
            options: BTreeMap::from([("rk".to_owned(), true), ("clientPin".to_owned(), true)]),
            extensions: Some(vec!["hmac-secret".to_owned()]),
            algorithms: Some(vec![PublicKeyCredentialParameters::public_key(-7)]),
            remaining_discoverable_credentials: Some(20),
            ..Info::default()
        };
        assert!(of(Some(&good)).is_empty());
        assert!(of(None)[0].contains("second factor"));
        let changed = |change: fn(&mut Info), words: &str| {
            let mut info = good.clone();
            change(&mut info);
            let notices = of(Some(&info));
            assert!(notices.len() == 1 && notices[0].contains(words), "{notices:?}");
        };
        changed(
            |info| {
                info.options.remove("rk");
            },
            "keeps no passkeys",
        );
        changed(
            |info| {
                info.options.remove("clientPin");
            },
            "can verify no user",
        );
        changed(
            |info| {
                info.options.insert("clientPin".to_owned(), false);
            },
            "no PIN is set",
        );
        changed(|info| info.force_pin_change = Some(true), "must be changed");
        changed(
            |info| info.algorithms = Some(vec![PublicKeyCredentialParameters::public_key(-8)]),
            "no ES256",
        );
        changed(|info| info.extensions = None, "no hmac-secret");
        changed(
            |info| info.remaining_discoverable_credentials = Some(2),
            "room for 2 more",
        );
        changed(|info| info.remaining_discoverable_credentials = Some(0), "no room");
    }
}
