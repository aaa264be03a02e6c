//! Passkeys, their large blobs and their secrets.

use std::io::Read as _;

use serde_json::{Value, json};

use super::Home;

#[test]
fn passkeys_are_listed_renamed_and_deleted() {
    let home = Home::with_pin();
    assert_eq!(home.pass("credentials list --pin-env PIN")["relyingParties"], json!([]));
    let id = home.passkey(" --cred-protect 2");
    let shown = home.pass(&format!("credentials show {} --pin-env PIN", &id[..8]));
    assert_eq!(shown["rpId"], "example.com");
    assert_eq!(shown["user"]["name"], "alice");
    assert_eq!((&shown["credProtect"], &shown["algorithm"]), (&json!(2), &json!(-7)));
    assert_eq!(shown["largeBlobKey"], false);

    let renamed = home.pass(&format!(
        "credentials rename {id} --name bob --display-name  --pin-env PIN"
    ));
    assert_eq!(
        (&renamed["user"]["name"], &renamed["user"]["displayName"]),
        (&json!("bob"), &json!(null))
    );

    // Nobody is at the terminal to say yes.
    let delete = format!("credentials delete {id} --pin-env PIN");
    assert_eq!(home.fail(&delete).0, 2);
    assert_eq!(home.pass(&format!("{delete} --yes"))["deleted"], id);
    assert_eq!(home.pass("credentials list --pin-env PIN")["existing"], 0);
    assert_eq!(home.fail(&format!("{delete} --yes")).0, 2);
}

/// A key hides them from those who do not give its PIN (CTAP 2.3 §12.1).
#[test]
fn a_protected_credential_asks_for_the_pin_that_was_not_given() {
    let home = Home::with_pin();
    home.pass("register --user protected --cred-protect 3");
    home.passkey(" --cred-protect 2");
    for sign_in in ["--user protected", "--resident"] {
        let (code, error) = home.fail(&format!("authenticate {sign_in}"));
        assert_eq!(code, 5, "{error}");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains("--cred-protect") && hint.contains("--pin-env"), "{hint}");
        assert!(!hint.contains("register this one"), "{hint}");
        home.pass(&format!("authenticate {sign_in} --uv required --pin-env PIN"));
    }
}

#[test]
fn each_account_of_a_key_can_sign_in() {
    let home = Home::with_pin();
    for user in ["alice", "bob"] {
        home.passkey(&format!(" --user {user}"));
    }
    // A passkey at the same website that its registrations do not know: made elsewhere.
    home.passkey(" --user carol --registrations elsewhere.json");
    let sign_in = |flags: &str| home.pass(&format!("authenticate --resident --uv required --pin-env PIN{flags}"));
    for user in ["alice", "bob"] {
        let signed_in = sign_in(&format!(" --user {user}"));
        assert_eq!(
            (&signed_in["user"], &signed_in["signedIn"]),
            (&json!(user), &json!(true))
        );
    }
    let (code, error) = home.fail("authenticate --resident --uv required --pin-env PIN");
    assert_eq!(code, 2);
    assert_eq!(
        error["message"],
        "this security key has passkeys of several users: bob, alice"
    );
    assert!(error["hint"].as_str().unwrap().contains("--user"));
    assert_eq!(
        home.fail("authenticate --resident --uv required --pin-env PIN --user carol")
            .0,
        2
    );
    home.pass("register --user dave --pin-env PIN");
    let (code, error) = home.fail("authenticate --resident --user dave --pin-env PIN");
    assert_eq!(
        (code, &error["message"]),
        (5, &json!("this security key shows no passkey of the account"))
    );
    assert!(error["hint"].as_str().unwrap().contains("leave --resident out"));
    // One that is left is no question.
    let signed_in = sign_in(" --registrations elsewhere.json");
    assert_eq!(signed_in["user"], "carol");
    let write = "authenticate --resident --write-large-blob state --pin-env PIN";
    assert_eq!(home.fail(write).0, 2);
}

#[test]
fn large_blobs_are_kept_for_passkeys() {
    let home = Home::with_pin();
    let id = home.passkey(" --large-blob");
    home.write("note", "a note that is longer than nothing");
    let set = home.pass(&format!("blobs set {id} note --pin-env PIN"));
    assert_eq!((&set["size"], &set["credential"]["id"]), (&json!(34), &json!(id)));
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!(
        (&listed["entries"], &listed["blobs"][0]["size"]),
        (&json!(1), &json!(34))
    );
    home.pass(&format!("blobs get {id} --out copy --pin-env PIN"));
    let copy = std::fs::read_to_string(home.path().join("copy")).unwrap();
    assert_eq!(copy, "a note that is longer than nothing");

    // The same through the ceremony.
    let signed_in = home.pass("authenticate --large-blob --pin-env PIN");
    let read = signed_in["extensions"]["largeBlob"]["blob"].as_str().unwrap();
    assert!(read.starts_with("61206e6f7465"));
    let written = home.pass("authenticate --write-large-blob copy --pin-env PIN");
    assert_eq!(written["extensions"]["largeBlob"]["written"], true);

    let delete = format!("blobs delete {id} --pin-env PIN");
    assert_eq!(home.fail(&delete).0, 2);
    home.pass(&format!("{delete} --yes"));
    assert_eq!(home.fail(&format!("blobs get {id} --pin-env PIN")).0, 2);
    assert_eq!(home.pass("blobs list --pin-env PIN")["entries"], 0);
}

#[test]
fn large_blobs_go_with_their_passkeys_and_orphans_can_be_pruned() {
    let home = Home::with_pin();
    home.write("note", "a note");
    let id = home.passkey(" --large-blob");
    home.pass(&format!("blobs set {id} note --pin-env PIN"));
    let deleted = home.pass(&format!("credentials delete {id} --yes --pin-env PIN"));
    assert_eq!(deleted["largeBlobDeleted"], true);
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!((&listed["entries"], &listed["orphans"]), (&json!(0), &json!([])));
    let pruned = home.pass("blobs prune --pin-env PIN");
    assert_eq!((&pruned["deleted"], &pruned["freed"]), (&json!(0), &json!(0)));
    let without = home.passkey("");
    let deleted = home.pass(&format!("credentials delete {without} --yes --pin-env PIN"));
    assert_eq!(deleted["largeBlobDeleted"], json!(null));

    // A passkey that is made anew for the same account leaves the blob of the one before.
    let flags = " --large-blob --registrations registrations.json";
    let orphan = || {
        let id = home.passkey(flags);
        // What does not compress: there is room for one such blob.
        let mut noise = [0; 3000];
        std::fs::File::open("/dev/urandom")
            .unwrap()
            .read_exact(&mut noise)
            .unwrap();
        std::fs::write(home.path().join("noise"), noise).unwrap();
        home.pass(&format!("blobs set {id} noise --pin-env PIN"));
        let file = home.path().join("registrations.json");
        let mut accounts: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        accounts["accounts"][0]["registrations"] = json!([]);
        std::fs::write(&file, accounts.to_string()).unwrap();
        home.passkey(flags)
    };
    orphan();
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!(listed["entries"], 1);
    let freed = listed["orphans"][0].as_u64().unwrap();
    assert!(freed > 3000);
    assert_eq!(home.fail("blobs prune --pin-env PIN").0, 2, "nobody said yes");
    let pruned = home.pass("blobs prune --yes --pin-env PIN");
    assert_eq!((&pruned["deleted"], &pruned["freed"]), (&json!(1), &json!(freed)));
    assert_eq!(home.pass("blobs list --pin-env PIN")["entries"], 0);

    // Where room is needed, they make it.
    std::fs::remove_file(home.path().join("registrations.json")).unwrap();
    let listed = home.pass("credentials list --pin-env PIN");
    let old = listed["relyingParties"][0]["credentials"][0]["id"].as_str().unwrap();
    home.pass(&format!("credentials delete {old} --yes --pin-env PIN"));
    let id = orphan();
    home.pass(&format!("blobs set {id} noise --pin-env PIN"));
    let listed = home.pass("blobs list --pin-env PIN");
    assert_eq!((&listed["entries"], &listed["orphans"]), (&json!(1), &json!([])));
    assert_eq!(listed["blobs"][0]["size"], 3000);
}

#[test]
fn a_secret_is_the_same_at_each_sign_in() {
    let home = Home::with_pin();
    let registered = home.pass("register --prf disk --uv required --pin-env PIN");
    assert_eq!(registered["extensions"]["prf"]["enabled"], true);
    let first = registered["extensions"]["prf"]["first"].clone();
    let signed_in = home.pass("authenticate --prf other --prf-second disk --uv required --pin-env PIN");
    assert_eq!(
        (&signed_in["extensions"]["prf"]["second"], first.as_str().map(str::len)),
        (&first, Some(64))
    );
    assert_eq!(home.fail("authenticate --prf disk --uv required").0, 2);
}
