use proptest::prelude::*;

use super::*;

/// The value as another parser has it.
fn plain(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => serde_json::from_str(number).unwrap(),
        Value::String(string) => string.as_str().into(),
        Value::List(list) => list.iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|member| (member.name.clone(), plain(&member.node)));
            serde_json::Value::Object(members.collect())
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(".{0,4}", inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn each_error_names_its_line() {
    for (text, line) in [
        ("", 1),
        ("\n\n", 3),
        ("{\n\"a\": 1,\n}", 3),
        ("{\n\"a\": 1\n\"b\": 2}", 3),
        ("{\"a\"\n1}", 2),
        ("[1,\n2\n", 3),
        ("[1 2]", 1),
        ("\n\"abc", 2),
        ("\"a\nb\"", 1),
        ("\"\\x\"", 1),
        ("01", 1),
        ("1.", 1),
        ("tru", 1),
        ("'a'", 1),
        ("{}\n{}", 2),
        ("{\"a\":1,\n\"b\":2,\n\"a\":3}", 3),
        ("{\"a\":1,\"\\u0061\":3}", 1),
        ("\u{feff}{}", 1),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text:?}: {error}");
    }
}

#[test]
fn nesting_has_an_end() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    assert!(parse(&nested(MAX_DEPTH + 2)).is_err());
    assert!(parse(&"[".repeat(1_000_000)).is_err());
}

#[test]
fn the_size_leaves_out_what_is_between_the_parts() {
    for (json, expected) in [("{}", 2), ("{ \"a b\" :\n [ 1 , \"\\\" x\" ] }", 18), ("\"\\\\\" ", 4)] {
        assert_eq!(size(json), expected, "{json}");
    }
}

proptest! {
    #[test]
    fn what_another_parser_writes_is_read_alike(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        prop_assert_eq!(plain(&parse(&text).unwrap()), value.clone());
        prop_assert_eq!(size(&text), serde_json::to_string(&value).unwrap().chars().count());
    }

    #[test]
    fn what_another_parser_refuses_is_refused(text in "[\\[\\]{}\",:a1 \\\\\n.-]{0,12}") {
        let other: Result<serde_json::Value, _> = serde_json::from_str(&text);
        // The other takes a name twice.
        if let Ok(node) = parse(&text) {
            prop_assert_eq!(plain(&node), other.unwrap());
        } else if let Ok(value) = other {
            prop_assert!(value.to_string().len() < size(&text), "{:?}", text);
        }
    }
}
