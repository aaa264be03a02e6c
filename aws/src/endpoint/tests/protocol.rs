use super::*;

#[test]
fn answers_have_aws_shape() {
    let (mut account, mut admin) = Client::new("admin");
    let number = account.number();
    let reply = admin
        .call(&mut account, "CreateUser", &[("UserName", "bob"), ("Path", "/a/")])
        .ok();
    assert!(reply.body.starts_with(
        "<CreateUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><CreateUserResult><User><Path>/a/"
    ));
    assert!(reply.body.contains("</CreateUserResult><ResponseMetadata><RequestId>"));
    assert_eq!(reply.text("Arn"), format!("arn:aws:iam::{number}:user/a/bob"));
    assert_eq!(reply.text("CreateDate"), "2026-11-29T12:00:00Z");
    let empty = admin.call(&mut account, "DeleteUser", &[("UserName", "bob")]).ok();
    assert!(!empty.body.contains("Result"), "{}", empty.body);
    let error = admin.call(&mut account, "GetUser", &[("UserName", "bob")]);
    assert!(error.body.starts_with(
        "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
         <Code>NoSuchEntity</Code><Message>The user with name bob cannot be found.</Message></Error><RequestId>"
    ));
    assert_eq!(error.status, 404);
}

#[test]
fn actions_that_are_not_there_are_named() {
    let (mut account, admin) = Client::new("admin");
    for (body, code, words) in [
        (&b""[..], "MissingAction", ""),
        (
            b"Action=Fly&Version=2010-05-08",
            "InvalidAction",
            "Could not find operation Fly for version 2010-05-08",
        ),
        (
            b"Action=ListUsers",
            "InvalidAction",
            "Could not find operation ListUsers for version NO_VERSION_SPECIFIED",
        ),
        (
            b"Action=GetCallerIdentity&Version=2011-06-15",
            "InvalidAction",
            "GetCallerIdentity",
        ),
        (
            b"Action=ListUsers&Version=2010-05-08&x=%",
            "MalformedQueryString",
            "syntax",
        ),
    ] {
        let (named, status, message) = admin.post(&mut account, body).error();
        assert_eq!((&*named, status), (code, 400));
        assert!(message.contains(words), "{message}");
    }
    let large = vec![b'a'; MAX_BODY + 1];
    assert_eq!(admin.post(&mut account, &large).error().1, 413);
}

#[test]
fn only_what_changes_the_account_has_to_be_saved() {
    let (mut account, admin) = Client::new("admin");
    let mut changed = |body: &[u8]| {
        let headers = admin.headers(body, NOW);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let request = Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
            body,
        };
        answer(&mut account, &request, NOW).changed
    };
    assert!(!changed(b"Action=ListUsers&Version=2010-05-08"));
    assert!(changed(b"Action=CreateUser&UserName=bob&Version=2010-05-08"));
    assert!(
        !changed(b"Action=CreateUser&UserName=bob&Version=2010-05-08"),
        "an error"
    );
    assert!(!changed(b"Action=GetUser&Version=2010-05-08"));
}

#[test]
fn lists_come_in_pages() {
    let (mut account, mut admin) = Client::new("admin");
    for number in 0..250 {
        account.add_user(&format!("u{number:03}"), "/", 0).unwrap();
    }
    let mut names = Vec::new();
    let mut marker = None;
    loop {
        let mut parameters = vec![("MaxItems", "100")];
        parameters.extend(marker.as_deref().map(|marker| ("Marker", marker)));
        let reply = admin.call(&mut account, "ListUsers", &parameters).ok();
        names.extend(reply.all("UserName"));
        match &*reply.text("IsTruncated") {
            "true" => marker = Some(reply.text("Marker")),
            _ => break assert!(reply.all("Marker").is_empty()),
        }
    }
    assert_eq!(names.len(), 252);
    assert!(names.is_sorted());
    let default = admin.call(&mut account, "ListUsers", &[]).ok();
    assert_eq!(default.all("UserName").len(), 100);
    let elsewhere = admin.call(&mut account, "ListUsers", &[("Marker", "~~~")]).ok();
    assert_eq!(elsewhere.all("UserName").len(), 0);
    for (name, value) in [("MaxItems", "0"), ("MaxItems", "1001"), ("Marker", "")] {
        assert_eq!(
            admin.call(&mut account, "ListUsers", &[(name, value)]).error().0,
            "ValidationError"
        );
    }
}
