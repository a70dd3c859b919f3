//! JSON Merge Patch: what leads from one JSON value to another, as JSON that people can read.
//! Source: RFC 7396. A field that is null in a patch is taken away, so nulls cannot be set.

use serde_json::{Map, Value};

/// The patch that leads from one value to another; none if they are equal.
pub fn between(before: &Value, after: &Value) -> Option<Value> {
    if before == after {
        return None;
    }
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Some(after.clone());
    };
    let mut patch = Map::new();
    for (name, item) in after {
        match before.get(name) {
            None => _ = patch.insert(name.clone(), item.clone()),
            Some(was) => {
                if let Some(change) = between(was, item) {
                    patch.insert(name.clone(), change);
                }
            }
        }
    }
    for name in before.keys().filter(|it| !after.contains_key(*it)) {
        patch.insert(name.clone(), Value::Null);
    }
    Some(Value::Object(patch))
}

/// Carries a patch out (`MergePatch` in the RFC).
pub fn apply(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(map) = target else { return };
    for (name, item) in patch {
        if item.is_null() {
            map.remove(name);
        } else {
            apply(map.entry(name.as_str()).or_insert(Value::Null), item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::from_str;

    /// RFC 7396, appendix A: original, patch, result.
    const CASES: [(&str, &str, &str); 15] = [
        (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
        (r#"{"a":"b"}"#, r#"{"a":null}"#, r#"{}"#),
        (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
        (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
        (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
        (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
        (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
        (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
        (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
        (r#"{"a":"foo"}"#, "null", "null"),
        (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
        (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
        (r#"[1,2]"#, r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
        (r#"{}"#, r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
    ];

    #[test]
    fn the_examples_of_the_rfc_hold() {
        for (original, patch, result) in CASES {
            let mut value: Value = from_str(original).unwrap();
            apply(&mut value, &from_str(patch).unwrap());
            assert_eq!(value, from_str::<Value>(result).unwrap(), "{original} + {patch}");
        }
    }

    #[test]
    fn what_is_between_two_values_leads_from_one_to_the_other() {
        let values = CASES.map(|it| from_str::<Value>(it.2).unwrap());
        for before in &values {
            for after in values.iter().filter(|it| it.get("e").is_none()) {
                let mut value = before.clone();
                if let Some(patch) = between(before, after) {
                    apply(&mut value, &patch);
                }
                assert_eq!(&value, after, "from {before}");
            }
        }
    }
}
