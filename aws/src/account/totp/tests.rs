use super::*;

const NOW: i64 = 1_800_000_000;

fn totp() -> Totp {
    Totp {
        seed: Secret::new(BASE32_NOPAD.encode(b"12345678901234567890")),
        drift: 0,
        last: None,
    }
}

fn pair(totp: &Totp, at: i64) -> (String, String) {
    (totp.code(at), totp.code(at + STEP))
}

/// RFC 6238, appendix B: the last six of the eight digits.
#[test]
fn codes_are_those_of_the_standard() {
    for (time, code) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        assert_eq!(totp().code(time), code);
    }
}

#[test]
fn a_code_is_taken_once_and_none_before_it() {
    let mut totp = totp();
    let (before, now) = (totp.code(NOW - STEP), totp.code(NOW));
    assert!(totp.verify(&now, NOW));
    assert!(!totp.verify(&now, NOW));
    assert!(!totp.verify(&before, NOW));
    let next = totp.code(NOW + STEP);
    assert!(totp.verify(&next, NOW + STEP));
}

#[test]
fn a_clock_that_goes_wrong_slowly_is_followed() {
    let mut totp = totp();
    let mut ahead = 0;
    for day in 1..100 {
        let now = NOW + day * 86_400;
        ahead += STEP;
        let code = totp.code(now + ahead);
        assert!(totp.verify(&code, now), "day {day}");
    }
    let mut behind = totp.clone();
    let two_more = totp.code(NOW + 101 * 86_400 + ahead + 2 * STEP);
    assert!(!totp.verify(&two_more, NOW + 101 * 86_400));
    let two_less = behind.code(NOW + 101 * 86_400 + ahead - 2 * STEP);
    assert!(!behind.verify(&two_less, NOW + 101 * 86_400));
}

#[test]
fn two_consecutive_codes_are_wanted() {
    let mut totp = totp();
    let (first, second) = pair(&totp, NOW);
    let third = totp.code(NOW + 2 * STEP);
    for (one, two) in [
        (&first, &first),
        (&second, &first),
        (&first, &third),
        (&first, &"000000".to_owned()),
        (&String::new(), &String::new()),
    ] {
        assert!(!totp.synchronize(one, two, NOW + STEP), "{one} {two}");
    }
    assert!(totp.synchronize(&first, &second, NOW + STEP));
    assert!(!totp.synchronize(&first, &second, NOW + STEP), "twice");
    assert!(!totp.verify(&second, NOW + STEP), "enabling took it");
    assert!(totp.verify(&third, NOW + 2 * STEP));
}

/// As EnableMFADevice warns.
#[test]
fn stale_codes_leave_a_device_out_of_sync_until_it_is_resynchronized() {
    let mut totp = totp();
    let (first, second) = pair(&totp, NOW - 1800);
    assert!(totp.synchronize(&first, &second, NOW));
    let code = totp.code(NOW + 60);
    assert!(!totp.verify(&code, NOW + 60));
    let (first, second) = pair(&totp, NOW + 60);
    assert!(totp.synchronize(&first, &second, NOW + 90));
    let code = totp.code(NOW + 120);
    assert!(totp.verify(&code, NOW + 120));
    let (first, second) = pair(&totp, NOW - 3 * 3600);
    assert!(!totp.synchronize(&first, &second, NOW + 120), "too stale");
}
