//! pcscd, through which programs ask a smart card for one-time codes, and its drivers: vpcd, which has the reader of
//! `brasskey token --pcsc`, and ccid, for keys on USB and `token --usbip`.

use brasskey_protocol::usb::{PRODUCT_ID, VENDOR_ID};

use super::super::finding::Finding;
use super::machine::Machine;
use crate::soft::server::PCSC_DEFAULT;

/// Where daemons are.
const DIRECTORIES: [&str; 3] = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
/// Where programs reach pcscd. systemd has it before pcscd runs.
const SOCKET: &str = "/run/pcscd/pcscd.comm";
/// Where drivers for readers that are not on USB are named.
const READERS: &str = "/etc/reader.conf.d";
/// Where drivers for readers on USB are, by Debian and by Fedora.
const CCID: [&str; 2] = [
    "/usr/lib/pcsc/drivers/ifd-ccid.bundle",
    "/usr/lib64/pcsc/drivers/ifd-ccid.bundle",
];
/// The driver for virtual cards, as [`READERS`] names it.
const VPCD: &str = "libifdvpcd";
/// The port of its first reader where nobody has changed it.
const PORT: u16 = PCSC_DEFAULT.port();
/// What polkit asks about a program that wants a card, where pcscd asks polkit.
const POLICY: &str = "/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy";
/// Sessions, as systemd-logind keeps them.
const SESSIONS: &str = "/run/systemd/sessions";

pub(super) fn check(machine: &Machine) -> Vec<Finding> {
    if !DIRECTORIES
        .iter()
        .any(|directory| machine.exists(format!("{directory}/pcscd")))
    {
        let without = "no program can use a smart card here, so none can ask a key for one-time codes as one: pcscd is \
                       not installed";
        return vec![Finding::warned(without).remedy(packages(machine))];
    }
    let mut findings = vec![vpcd(machine)];
    findings.extend(ccid(machine));
    if !machine.exists(SOCKET) {
        let remedy = match machine.exists("/run/systemd/system") {
            true => "sudo systemctl enable --now pcscd.socket",
            false => "sudo pcscd",
        };
        findings.push(Finding::warned("pcscd does not run").remedy([remedy]));
    }
    findings.extend(polkit(machine));
    findings
}

/// The driver of `token --pcsc`.
fn vpcd(machine: &Machine) -> Finding {
    let Some(port) = port(machine) else {
        let without = "`token --pcsc` will find no reader: pcscd's driver for virtual cards, vpcd, is not installed";
        return Finding::warned(without).remedy(packages(machine));
    };
    match port {
        PORT => Finding::passed("the driver of `token --pcsc` is installed"),
        port => Finding::passed(format!(
            "the driver of `token --pcsc` is installed, on a port of its own: `token --pcsc 127.0.0.1:{port}`"
        )),
    }
}

/// The driver for readers on USB. Whatever the class of a reader, it serves those that it lists by vendor and product.
fn ccid(machine: &Machine) -> Option<Finding> {
    let Some(driver) = CCID.iter().find(|driver| machine.exists(driver)) else {
        let without = "keys on USB and of `token --usbip` are no smart cards here: pcscd has no driver for readers on \
                       USB";
        let remedy = machine.is_like("debian").then_some("sudo apt-get install libccid");
        return Some(Finding::warned(without).remedy(remedy));
    };
    let list = format!("{driver}/Contents/Info.plist");
    let text = machine.text(&list)?;
    let [vendors, products] = ["ifdVendorID", "ifdProductID"].map(|key| numbers(&text, key));
    if vendors
        .into_iter()
        .zip(products)
        .any(|reader| reader == (VENDOR_ID, PRODUCT_ID))
    {
        return None;
    }
    let add = |key: &str, value: &str| format!("-e '/<key>{key}</,/<array>/ s|<array>|&<string>{value}</string>|'");
    Some(
        Finding::warned(
            "a brasskey on a chip and `token --usbip` are no smart cards here: libccid, pcscd's driver for readers on \
             USB, does not list them",
        )
        .remedy([
            format!(
                "sudo sed -i --follow-symlinks {} {} {} {list}",
                add("ifdVendorID", &format!("{VENDOR_ID:#06x}")),
                add("ifdProductID", &format!("{PRODUCT_ID:#06x}")),
                add("ifdFriendlyName", "brasskey")
            ),
            "sudo systemctl restart pcscd".to_owned(),
        ]),
    )
}

/// The numbers of an array in a property list, as libccid has them: `<string>0x1209</string>`.
fn numbers(text: &str, key: &str) -> Vec<u16> {
    let array = text
        .split_once(&format!("<key>{key}</key>"))
        .map_or("", |(_, rest)| rest);
    let array = array.split("</array>").next().unwrap_or_default();
    let values = array
        .split("<string>")
        .skip(1)
        .filter_map(|value| value.split('<').next());
    values
        .map(|value| u16::from_str_radix(value.trim().trim_start_matches("0x"), 16).unwrap_or_default())
        .collect()
}

/// The port of the driver's first reader (vpcd(8): `DEVICENAME /dev/null:0x8C7B`), where the driver is installed.
fn port(machine: &Machine) -> Option<u16> {
    let names = machine.names(READERS).ok()?;
    let mut files = names
        .iter()
        .filter_map(|name| machine.text(format!("{READERS}/{name}")))
        .filter(|text| settings(text, "LIBPATH").any(|library| library.contains(VPCD)));
    let text = files.next()?;
    let port = settings(&text, "DEVICENAME").find_map(|device| {
        let (_, port) = device.rsplit_once(':')?;
        match port.strip_prefix("0x") {
            Some(digits) => u16::from_str_radix(digits, 16).ok(),
            None => port.parse().ok(),
        }
    });
    Some(port.unwrap_or(PORT))
}

/// The values of a setting, in a file of [`READERS`].
fn settings<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .filter_map(move |line| line.trim().strip_prefix(name)?.strip_prefix([' ', '\t']).map(str::trim))
}

/// polkit lets a user use cards who sits at the computer. Rules may let others; who is no administrator cannot read
/// them.
fn polkit(machine: &Machine) -> Option<Finding> {
    if machine.uid == 0 || !machine.exists(POLICY) {
        return None;
    }
    let uid = format!("UID={}", machine.uid);
    let sessions = machine.names(SESSIONS).unwrap_or_default();
    let is_here = sessions.iter().any(|session| {
        let session = machine.text(format!("{SESSIONS}/{session}")).unwrap_or_default();
        [uid.as_str(), "ACTIVE=1", "REMOTE=0"]
            .iter()
            .all(|wanted| session.lines().any(|line| line == *wanted))
    });
    (!is_here).then(|| {
        Finding::warned(
            "pcscd may refuse this user: it asks polkit, which lets only the user at this computer use smart cards \
             unless a rule says otherwise (not over SSH, and not in a service)",
        )
        .remedy([
            "echo 'polkit.addRule(function(action, subject) { if (action.id.indexOf(\"org.debian.pcsc-lite.\") == 0 \
             && subject.isInGroup(\"brasskey\")) { return polkit.Result.YES; } });' | sudo tee \
             /etc/polkit-1/rules.d/50-brasskey-pcsc.rules",
            "sudo groupadd --force --system brasskey && sudo usermod --append --groups brasskey \"$USER\"",
        ])
    })
}

/// What brings pcscd and the drivers.
fn packages(machine: &Machine) -> Option<&'static str> {
    if machine.is_like("debian") {
        Some("sudo apt-get install pcscd vsmartcard-vpcd")
    } else if machine.is_like("fedora") {
        Some("sudo dnf install pcsc-lite pcsc-lite-ccid  # vpcd: https://frankmorgner.github.io/vsmartcard")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fake;
    use super::*;
    use crate::relying_party::Outcome;

    const LIST: &str = "/usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist";

    /// libccid's list of readers.
    fn list(vendors: &str, products: &str) -> String {
        let array = |key, values: &str| {
            let values: String = values
                .split(' ')
                .map(|value| format!("\t\t<string>{value}</string>\n"))
                .collect();
            format!("\t<key>{key}</key>\n\t<array>\n{values}\t</array>\n")
        };
        array("ifdVendorID", vendors) + &array("ifdProductID", products)
    }

    /// A computer that has all of it: Debian's packages.
    fn debian() -> Fake {
        let fake = Fake::new();
        fake.file("/etc/os-release", "ID=debian\n");
        fake.file("/usr/sbin/pcscd", "");
        fake.file(SOCKET, "");
        fake.file(LIST, &list("0x072F 0x1209", "0x90CC 0x0001"));
        let reader = "FRIENDLYNAME \"Virtual PCD\"\nDEVICENAME   /dev/null:0x8C7B\n\
                      LIBPATH      /usr/lib/pcsc/drivers/serial/libifdvpcd.so\nCHANNELID    0x8C7B\n";
        fake.file("/etc/reader.conf.d/vpcd", reader);
        fake
    }

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        let install = "sudo apt-get install pcscd vsmartcard-vpcd";
        for (missing, detail, remedy) in [
            ("/usr/sbin/pcscd", "pcscd is not installed", install),
            ("/etc/reader.conf.d/vpcd", "vpcd, is not installed", install),
            (SOCKET, "pcscd does not run", "sudo pcscd"),
        ] {
            let fake = debian();
            fake.remove(missing);
            let findings = check(&fake.machine());
            let warned: Vec<_> = findings
                .iter()
                .filter(|finding| finding.outcome == Outcome::Warned)
                .collect();
            let [finding] = warned[..] else { panic!("{findings:?}") };
            assert!(finding.detail.ends_with(detail), "{}", finding.detail);
            assert_eq!(finding.remedy, [remedy]);
        }
        let fake = debian();
        fake.remove(SOCKET);
        fake.file("/run/systemd/system/x", "");
        assert_eq!(
            check(&fake.machine())[1].remedy,
            ["sudo systemctl enable --now pcscd.socket"]
        );
    }

    #[test]
    fn a_driver_that_does_not_list_the_key_gets_a_line_for_it() {
        // The same numbers, but not of one reader.
        for (vendors, products) in [("0x072F", "0x90CC"), ("0x1209 0x072F", "0x90CC 0x0001"), ("", "")] {
            let fake = debian();
            fake.file(LIST, &list(vendors, products));
            let findings = check(&fake.machine());
            assert!(findings[1].detail.contains("libccid"), "{findings:?}");
            assert!(findings[1].remedy[0].ends_with(LIST));
            assert!(findings[1].remedy[0].contains("&<string>0x1209</string>|"));
        }
        let fake = Fake::new();
        fake.file("/etc/os-release", "ID=debian\n");
        assert_eq!(ccid(&fake.machine()).unwrap().remedy, ["sudo apt-get install libccid"]);
    }

    #[test]
    fn a_port_that_somebody_changed_is_named() {
        let [finding] = &check(&debian().machine())[..] else {
            panic!()
        };
        assert_eq!(finding.outcome, Outcome::Passed);
        assert!(!finding.detail.contains("127.0.0.1"));
        for (device, port) in [("/dev/null:0x9C7B", "40059"), ("/dev/null:4000", "4000")] {
            let fake = debian();
            let reader = format!("# DEVICENAME none\nDEVICENAME\t{device}\nLIBPATH /opt/libifdvpcd.so\n");
            fake.file("/etc/reader.conf.d/vpcd", &reader);
            let detail = &check(&fake.machine())[0].detail;
            assert!(
                detail.ends_with(&format!("`token --pcsc 127.0.0.1:{port}`")),
                "{detail}"
            );
        }
        // Another reader's driver is none.
        let fake = debian();
        fake.file(
            "/etc/reader.conf.d/vpcd",
            "DEVICENAME /dev/ttyS0\nLIBPATH /usr/lib/other.so\n",
        );
        assert_eq!(check(&fake.machine())[0].outcome, Outcome::Warned);
    }

    #[test]
    fn who_does_not_sit_at_the_computer_is_told_of_polkit() {
        let fake = debian();
        fake.file(POLICY, "");
        let refused = |fake: &Fake| {
            let findings = check(&fake.machine());
            findings.iter().any(|finding| finding.detail.contains("polkit"))
        };
        assert!(refused(&fake), "no session");
        for (session, is_refused) in [
            ("UID=1000\nACTIVE=1\nREMOTE=1\n", true),
            ("UID=1000\nACTIVE=0\nREMOTE=0\n", true),
            ("UID=10\nACTIVE=1\nREMOTE=0\n", true),
            ("UID=1000\nACTIVE=1\nREMOTE=0\n", false),
        ] {
            fake.file("/run/systemd/sessions/3", session);
            assert_eq!(refused(&fake), is_refused, "{session}");
        }
        fake.file("/run/systemd/sessions/3", "");
        fake.remove(POLICY);
        assert!(!refused(&fake), "this pcscd does not ask polkit");
    }
}
