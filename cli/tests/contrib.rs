//! What ships beside the program, as far as it can be tried without a machine to install it on.

use std::process::Command;

use serde_json::Value;

/// Every `${{ CONTEXT.NAME ...` in a text, without the braces.
fn expressions(text: &str) -> impl Iterator<Item = &str> {
    let expressions = text.split("${{").skip(1);
    expressions.map(|behind| behind.split("}}").next().unwrap().trim())
}

#[test]
fn the_action_uses_only_what_it_declares_and_nothing_of_others() {
    let text = include_str!("../../action.yml");
    let action: Value = serde_saphyr::from_str(text).unwrap();
    assert_eq!(action["runs"]["using"], "composite");
    let steps = action["runs"]["steps"].as_array().unwrap();
    for step in steps {
        assert!(step["run"].is_string() && step.get("uses").is_none(), "{step}");
        assert_eq!(step["shell"], "bash", "{step}");
    }
    let used: Vec<_> = expressions(text).collect();
    assert_eq!(used.len(), text.matches("${{").count());
    for expression in used {
        let path: Vec<_> = expression.split('.').collect();
        match path[..] {
            ["inputs", name] => {
                assert!(action["inputs"][name]["description"].is_string(), "{name}");
                assert!(
                    include_str!("../../docs/ci.md").contains(&format!("\n| `{name}` |")),
                    "{name}"
                );
            }
            ["steps", id, "outputs", name] => {
                assert!(steps.iter().any(|step| step["id"] == id), "{id}");
                // The script writes it under this name.
                let script = include_str!("../../contrib/ci/plug-in");
                let writes = [format!("  tell {name} "), format!("'{name}=%s\\n'")];
                assert!(writes.iter().any(|write| script.contains(write)), "{name}");
            }
            // Where the action itself comes from.
            ["github", "server_url" | "action_repository" | "action_ref"] => (),
            _ => panic!("{expression}"),
        }
    }
}

#[test]
fn the_compose_example_has_the_options_of_the_recipe() {
    let compose: Value = serde_saphyr::from_str(include_str!("../../contrib/ci/compose.yml")).unwrap();
    let tests = &compose["services"]["tests"];
    assert_eq!(tests["build"]["dockerfile"], "contrib/ci/Containerfile");
    let recipe = include_str!("../../contrib/ci/Containerfile");
    for argument in tests["build"]["args"].as_object().unwrap().keys() {
        assert!(recipe.contains(&format!("\nARG {argument}=")), "{argument}");
    }
    let mut options = 0;
    for (option, member) in [
        ("--device", "devices"),
        ("--device-cgroup-rule", "device_cgroup_rules"),
        ("-v", "volumes"),
    ] {
        for value in tests[member].as_array().unwrap() {
            // The recipe's shell has the number in another variable, and quotes.
            let value = value.as_str().unwrap();
            let shown = match value
                .split_once("${HIDRAW_MAJOR")
                .and_then(|(_, rest)| rest.split_once('}'))
            {
                Some((_, rest)) => format!("\"c $major{rest}\""),
                None => value.to_owned(),
            };
            assert!(recipe.contains(&format!("{option} {shown} ")), "{option} {shown}");
            options += 1;
        }
    }
    assert_eq!(options, 3);
}

#[test]
fn gitlabs_template_takes_what_its_user_sets_and_what_gitlab_sets() {
    let text = include_str!("../../contrib/ci/gitlab.yml");
    let template: Value = serde_saphyr::from_str(text).unwrap();
    let job = &template[".brasskey"];
    let lines = ["before_script", "after_script"].map(|part| job[part][0].as_str().unwrap());
    let mut used = 0;
    for name in lines.iter().flat_map(|script| script.split('$').skip(1)) {
        let end = name.find(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_');
        // A variable of GitLab's and of its user is in upper case, one of the script's own is not.
        match name.split_at(end.unwrap_or(name.len())).0 {
            "" | "PATH" | "CI_BUILDS_DIR" | "CI_JOB_ID" => continue,
            name => assert!(job["variables"][name].is_string(), "{name}"),
        }
        used += 1;
    }
    assert!(used >= 3);
    // The page sets all of them.
    for name in job["variables"].as_object().unwrap().keys() {
        assert!(
            include_str!("../../docs/ci.md").contains(&format!("\n    {name}: ")),
            "{name}"
        );
    }
}

/// And nothing is changed for them.
#[cfg(target_os = "linux")]
#[test]
fn a_key_for_nobody_is_not_plugged_in() {
    for user in ["no-such-user", "--help", "a\" b", ""] {
        let output = Command::new("/bin/bash")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../contrib/ci/plug-in"))
            .env("BRASSKEY_USER", user)
            .env("BRASSKEY", "/nonexistent")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{user}: {said}");
        assert!(said.contains("hint: "), "{said}");
        if !user.is_empty() {
            assert!(said.contains(&format!("there is no user {user}\n")), "{said}");
        }
    }
}

/// Runs commands of bash behind the functions of the script.
#[cfg(target_os = "linux")]
fn with_functions(directory: &std::path::Path, commands: &str, arguments: &[&str]) -> String {
    let output = Command::new("/bin/bash")
        .args(["-c", &format!(". \"$1\"\nshift\n{commands}"), "test"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../contrib/ci/plug-in"))
        .args(arguments)
        .env("BRASSKEY_RUN", directory)
        .env("GITHUB_OUTPUT", directory.join("output"))
        .env("GITHUB_ENV", directory.join("environment"))
        .env("BRASSKEY_TOUCH", "deny")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn a_key_that_is_not_plugged_in_leaves_no_empty_directory() {
    let directory = tempfile::tempdir().unwrap();
    let commands =
        "mkdir \"$run/kept\"; (fail it why) || :; rmdir \"$run/kept\"; (fail it why) || :; ls -d \"$run\" || echo gone";
    assert_eq!(with_functions(directory.path(), commands, &[]), "gone\n");
    let kept = "touch \"$run/token.log\"; (fail it why) || :; ls \"$run\"";
    std::fs::create_dir(directory.path()).unwrap();
    assert_eq!(with_functions(directory.path(), kept, &[]), "token.log\n");
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_caller_says_of_the_key_goes_before_what_is_usual() {
    let directory = tempfile::tempdir().unwrap();
    for (arguments, options) in [
        ("", "--ephemeral --touch deny"),
        ("--log", "--ephemeral --log --touch deny"),
        ("--ephemeral --touch auto", "--ephemeral --touch auto"),
        ("--name ci", "--name ci --touch deny"),
        ("--token-name=ci", "--token-name=ci --touch deny"),
        ("--token-name ci", "--token-name ci --touch deny"),
        ("--state key --touch=prompt", "--state key --touch=prompt"),
        ("--touch control", "--ephemeral --touch control --control 127.0.0.1:0"),
        (
            "--user-verification=control",
            "--ephemeral --user-verification=control --touch deny --control 127.0.0.1:0",
        ),
        (
            "--touch=control --control button",
            "--ephemeral --touch=control --control button",
        ),
    ] {
        let arguments: Vec<_> = arguments.split_whitespace().collect();
        let chosen = with_functions(directory.path(), "choose \"$@\"\necho \"${options[@]}\"", &arguments);
        assert_eq!(chosen, format!("{options}\n"), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_job_is_told_where_the_key_is_and_where_its_button_is() {
    let (_, section) = include_str!("../../docs/json.md").split_once("\n## `token`\n").unwrap();
    let ready: Value = serde_json::from_str(section.split("```").nth(1).unwrap().trim_start_matches("json")).unwrap();
    let (control, file) = (
        ready["control"].as_str().unwrap(),
        ready["controlTokenFile"].as_str().unwrap(),
    );
    let without = {
        let mut ready = ready.clone();
        (ready["control"], ready["controlTokenFile"]) = (Value::Null, Value::Null);
        ready
    };
    let button = format!("control={control}\ncontrol_token_file={file}\n");
    let variables = format!("BRASSKEY_CONTROL={control}\nBRASSKEY_CONTROL_TOKEN_FILE={file}\n");
    for (ready, button, variables) in [(ready, button, variables), (without, String::new(), String::new())] {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("said"), format!("pid 7\n{ready}\n")).unwrap();
        let printed = with_functions(directory.path(), "uid=0\nas_root() { true; }\nanswer", &[]);
        assert_eq!(printed, format!("hidraw=/dev/hidraw3\n{button}"));
        let written = |name| std::fs::read_to_string(path(name)).unwrap();
        let log = path("token.log");
        assert_eq!(written("output"), format!("{printed}log={}\n", log.display()));
        assert_eq!(
            written("environment"),
            format!("BRASSKEY_HIDRAW=/dev/hidraw3\n{variables}")
        );
    }
}

#[test]
fn doctor_prints_what_its_description_shows_and_ends_accordingly() {
    let output = Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (_, section) = include_str!("../../docs/json.md")
        .split_once("\n## `doctor`\n\n```json\n")
        .unwrap();
    let example: Value = serde_json::from_str(section.split("```").next().unwrap()).unwrap();
    let members = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&printed), members(&example));
    assert_eq!(members(&printed["findings"][0]), members(&example["findings"][0]));
    let code = if printed["healthy"] == true { 0 } else { 6 };
    assert_eq!(output.status.code(), Some(code));
}

#[test]
fn doctor_says_its_checks_line_by_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_brasskey"))
        .args(["doctor"])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown
            .lines()
            .all(|line| line.starts_with("  ") || line.starts_with("Nothing was changed"))
    );
    assert!(
        ["keys", "udev", "holders"]
            .iter()
            .all(|check| shown.contains(&format!("  {check}")))
    );
}
