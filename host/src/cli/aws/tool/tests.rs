use super::*;

fn read(stderr: &str) -> AwsError {
    AwsError::read(stderr, "iam", "enable-mfa-device", Some("work"))
}

#[test]
fn a_missing_permission_is_named() {
    let error = read(
        "\nAn error occurred (AccessDenied) when calling the EnableMFADevice operation: User: \
         arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:EnableMFADevice on resource: user \
         alice because no identity-based policy allows the iam:EnableMFADevice action\n",
    );
    assert!(
        error.hint().contains("allow iam:EnableMFADevice on user"),
        "{}",
        error.hint()
    );
    let error = read(
        "aws: [ERROR]: An error occurred (AccessDenied) when calling the EnableMFADevice operation (reached max \
         retries: 2): User: arn:aws:iam::123456789012:user/alice is not authorized to perform: iam:EnableMFADevice \
         on resource: arn:aws:iam::123456789012:mfa/work with an explicit deny in an identity-based policy\n\n\
         Additional error details:\nType: Sender",
    );
    let text = error.to_string();
    assert_eq!(
        text,
        "AWS does not allow iam:EnableMFADevice on arn:aws:iam::123456789012:mfa/work for \
         arn:aws:iam::123456789012:user/alice"
    );
    assert!(error.hint().contains("signed in with MFA"), "{}", error.hint());
    assert_eq!((error.code(), error.exit_code()), (Some("AccessDenied"), 7));
}

#[test]
fn a_wrong_code_is_no_missing_permission() {
    let error = read(
        "An error occurred (AccessDenied) when calling the GetSessionToken operation: MultiFactorAuthentication \
         failed with invalid MFA one time pass code. ",
    );
    assert!(
        matches!(&error, AwsError::Service { message, .. } if message.ends_with("pass code.")),
        "{error}"
    );
}

#[test]
fn what_the_cli_says_itself_is_told_apart() {
    let sso = read("Error loading SSO Token: Token for https://x.awsapps.com/start does not exist");
    assert_eq!(sso.hint(), "sign in with `aws sso login --profile work`");
    let ended = read(
        "The SSO session associated with this profile has expired or is otherwise invalid. To refresh \
                      this SSO session run aws sso login with the corresponding profile.",
    );
    assert!(matches!(ended, AwsError::SignIn { .. }), "{ended:?}");
    let login = read("Your session has expired. Please reauthenticate using 'aws login'.");
    assert_eq!(login.hint(), "sign in with `aws login --profile work`");
    let none = read("\nUnable to locate credentials. You can configure credentials by running \"aws configure\".\n");
    assert!(matches!(none, AwsError::NoCredentials { .. }), "{none:?}");
    assert!(none.hint().contains("--source-profile"), "{}", none.hint());
    let profile = read("\nThe config profile (nope) could not be found\n");
    assert!(
        matches!(&profile, AwsError::NoProfile { name } if name == "nope"),
        "{profile:?}"
    );
    assert!(
        profile
            .hint()
            .contains("--profile (of `aws session`: --source-profile)"),
        "{}",
        profile.hint()
    );
    let region = read("You must specify a region. You can also configure your region by running \"aws configure\".");
    assert!(matches!(region, AwsError::NoRegion), "{region:?}");
    let network = read("\nCould not connect to the endpoint URL: \"http://127.0.0.1:9/\"\n");
    assert!(network.to_string().contains("127.0.0.1:9"), "{network}");
    assert!(!network.is_refusal());
    let process = read("\nError when retrieving credentials from custom-process: brasskey: error: no\nhint: x\n");
    assert_eq!(
        process.to_string(),
        "the profile's credential_process failed: brasskey: error: no"
    );
    let old = read("usage: aws [options]\naws: error: argument operation: Invalid choice, valid choices are:\n\na");
    assert!(matches!(old, AwsError::Unknown { .. }), "{old:?}");
    let other = read("");
    assert!(matches!(other, AwsError::Other { .. }), "{other:?}");
    let long = read(&"x".repeat(10_000));
    assert!(long.to_string().len() < 1000);
}

#[test]
fn versions_are_read_and_compared() {
    let version = |text: &str| Version::parse(text).unwrap();
    let debian = version("aws-cli/2.9.19 Python/3.11.2 Linux/6.1 source/x86_64.debian.12 prompt/off");
    assert_eq!(debian.to_string(), "2.9.19");
    assert!(debian.is_new_enough() && !debian.reads_endpoints() && !debian.has_login());
    let first = version("aws-cli/1.46.3 Python/3.11.7 Linux/6.18 botocore/1.43.62");
    assert!(first.is_new_enough() && first.reads_endpoints() && !first.has_login());
    assert!(version("aws-cli/2.32.1").has_login());
    assert!(!version("aws-cli/1.17.99 Python/2.7").is_new_enough());
    assert_eq!(Version::parse("aws-cli/x"), None);
    assert_eq!(Version::parse("GNU bash, version 5.2"), None);
}

#[test]
fn what_changes_an_account_is_not_called_as_if_it_did_not() {
    for (service, operation) in [
        ("iam", "get-user"),
        ("iam", "list-mfa-devices"),
        ("iam", "generate-credential-report"),
        ("sts", "assume-role"),
        ("cloudtrail", "lookup-events"),
        ("configure", "get"),
    ] {
        assert!(only_reads(service, operation), "{operation}");
    }
    for (service, operation) in [
        ("iam", "enable-mfa-device"),
        ("iam", "create-virtual-mfa-device"),
        ("iam", "delete-user"),
        ("configure", "set"),
        ("s3", "rm"),
    ] {
        assert!(!only_reads(service, operation), "{operation}");
    }
}

#[test]
fn a_word_is_quoted_for_a_shell() {
    assert_eq!(
        ["alice", "a b", "it's", "", "<code>", "$(x)"].map(quoted),
        ["alice", "'a b'", r"'it'\''s'", "''", "<code>", "'$(x)'"]
    );
}

#[cfg(unix)]
mod runs {
    use std::time::Instant;

    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<process::Ended, AwsError> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        run(command, patience, Interrupts::Ignore)
    }

    #[test]
    fn a_run_is_bounded_in_time_and_gets_no_input() {
        let begun = Instant::now();
        let error = shell("exec sleep 100", Duration::from_millis(100)).err().unwrap();
        assert!(matches!(error, AwsError::TimedOut(_)), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(50));
        let ended = shell("cat; echo out; echo err >&2; exit 3", PATIENCE).unwrap();
        assert_eq!(
            (ended.success, &**ended.stdout, ended.stderr.as_str()),
            (false, &b"out\n"[..], "err\n")
        );
    }

    #[test]
    fn an_answer_longer_than_a_pipe_comes_whole() {
        let ended = shell("head -c 3000000 /dev/zero; head -c 200000 /dev/zero >&2", PATIENCE).unwrap();
        assert_eq!((ended.stdout.len(), ended.stderr.len()), (3_000_000, 64 << 10));
    }
}
