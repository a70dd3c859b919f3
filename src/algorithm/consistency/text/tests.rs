use super::super::{Act, Operation, Outcome};
use super::read;

const UNKNOWN: u64 = u64::MAX;

fn operation(process: u64, act: Act, outcome: Outcome, invoked: u64, completed: u64) -> Operation {
    Operation { process, key: 0, act, outcome, invoked, completed, line: invoked as u32 }
}

#[test]
fn jepsens_log_is_read_with_and_without_its_prefix() {
    let text = "\
INFO  jepsen.util - 3\t:invoke\t:read\tnil
INFO  jepsen.util - :nemesis\t:info\t:start\tnil
0 :invoke :write 1
3\t:ok   :read nil\r
INFO jepsen.core - Everything is ready
1   :invoke :cas [1 4]
INFO  jepsen.util - 2 :invoke :cas [-3, nil]

1 :fail :cas [1 4]
2 :info :cas :timed-out
0 :ok :write 1
4 :invoke :read nil
4 :fail :read :timed-out
5 :invoke :write nil
6 :invoke :write 2
6 :fail :write 2
7 :invoke :write 2
7 :fail :write :timed-out
8 :invoke :read nil
8 :info :read clojure.lang.ExceptionInfo: throw+: {:status 500}
";
    let history = read(text).expect("it can be read");
    let swap = |old, new| Act::CompareAndSet { old, new };
    let expected = [
        operation(3, Act::Read(None), Outcome::Ok, 1, 4),
        operation(0, Act::Write(Some(1)), Outcome::Ok, 3, 11),
        operation(1, swap(Some(1), Some(4)), Outcome::Failed, 6, 9),
        operation(2, swap(Some(-3), None), Outcome::Unknown, 7, UNKNOWN),
        operation(4, Act::Read(None), Outcome::Failed, 12, 13),
        operation(5, Act::Write(None), Outcome::Unknown, 14, UNKNOWN),
        operation(6, Act::Write(Some(2)), Outcome::Failed, 15, 16),
        operation(7, Act::Write(Some(2)), Outcome::Unknown, 17, UNKNOWN),
        operation(8, Act::Read(None), Outcome::Unknown, 19, UNKNOWN),
    ];
    assert_eq!(history.operations, expected);
}

#[test]
fn our_json_is_read() {
    let text = r#"{
      "healed": 90,
      "operations": [
        { "process": 1, "key": "x", "f": "read", "value": null, "invoked": 15, "completed": 30 },
        { "process": 0, "key": "y", "f": "write", "value": 1, "invoked": 10, "completed": 20 },
        { "process": 2, "key": "x", "f": "cas", "value": [1, 2], "invoked": 18,
          "outcome": "unknown" },
        { "process": 3, "key": "x", "f": "cas", "value": [1, 2], "invoked": 19, "completed": 20,
          "outcome": "failed" }
      ]
    }"#;
    let history = read(text).expect("it can be read");
    let swap = Act::CompareAndSet { old: Some(1), new: Some(2) };
    let at = |key, line, it: Operation| Operation { key, line, ..it };
    let expected = [
        at(1, 5, operation(0, Act::Write(Some(1)), Outcome::Ok, 10, 20)),
        at(0, 4, operation(1, Act::Read(None), Outcome::Ok, 15, 30)),
        at(0, 6, operation(2, swap, Outcome::Unknown, 18, UNKNOWN)),
        at(0, 8, operation(3, swap, Outcome::Failed, 19, 20)),
    ];
    assert_eq!(history.operations, expected);
    assert_eq!((history.keys, history.healed), (vec!["x".into(), "y".into()], Some(90)));
}

#[track_caller]
fn refused(text: &str, line: u32, field: &str, part: &str) {
    let error = read(text).expect_err("it is refused");
    assert_eq!((error.line, error.field.as_str()), (line, field), "{error}");
    assert!(error.problem.contains(part), "{error}");
    assert!(line == 0 || error.to_string().starts_with(&format!("line {line}: ")), "{error}");
}

#[test]
fn bad_lines_are_named_with_line_and_field() {
    let begin = "0 :invoke :write 1\n";
    refused("", 0, "", "no operation");
    refused("\n \n", 0, "", "no operation");
    refused("hello", 1, "process", "\"hello\" is not a process number");
    refused("-1 :invoke :read nil", 1, "process", "not a process number");
    refused("99999999999999999999 :invoke :read nil", 1, "process", "not a process number");
    refused("INFO  jepsen.util - x :invoke :read nil", 1, "process", "\"x\"");
    refused("0 :begin :read nil", 1, "type", ":begin");
    refused("0", 1, "type", "\"\"");
    refused("0 :invoke :append 1", 1, "operation", ":append");
    refused("0 :invoke :write", 1, "value", "missing");
    refused("0 :invoke :write one", 1, "value", "\"one\"");
    refused("0 :invoke :write 1.5", 1, "value", "\"1.5\"");
    refused("0 :invoke :write 9223372036854775808", 1, "value", "whole number");
    refused("0 :invoke :write 1 2", 1, "value", "\"1 2\"");
    refused("0 :invoke :read 3", 1, "value", "nil");
    refused("0 :invoke :cas 3", 1, "value", "[old new]");
    refused("0 :invoke :cas [1]", 1, "value", "[old new]");
    refused("0 :invoke :cas [1 2 3]", 1, "value", "[old new]");
    refused("0 :invoke :cas [a b]", 1, "value", "\"a\"");
    refused("0 :ok :write 1", 1, "process", "invoked nothing");
    refused(&format!("{begin}0 :ok :write 2"), 2, "value", "line 1");
    refused(&format!("{begin}0 :ok :read 1"), 2, "operation", ":write");
    refused(&format!("{begin}0 :invoke :read nil"), 2, "process", "line 1");
    refused(&format!("{begin}0 :ok :write 1\n0 :ok :write 1"), 3, "process", "invoked nothing");
    refused("0 :invoke :read nil\n0 :ok :read :timed-out", 2, "value", ":timed-out");
}

#[test]
fn bad_json_is_named_with_line_and_field() {
    let with = |operation: &str| format!("{{\n\"operations\": [\n{operation}\n]}}");
    let rest = r#""f": "write", "value": 1, "invoked": 1, "completed": 2"#;
    refused("{", 1, "", "not JSON");
    refused("{\n\"operations\": [,]}", 2, "", "not JSON");
    refused("{}", 0, "operations", "list");
    refused(r#"{"operations": [], "extra": 1}"#, 0, "extra", "no such field");
    refused(r#"{"operations": [], "healed": -1}"#, 0, "healed", "-1");
    refused(r#"{"operations": []}"#, 0, "", "no operation");
    refused(&with("[]"), 3, "operations[0]", "object");
    refused(&with(&format!("{{{rest}}}")), 3, "operations[0].process", "missing");
    refused(&with(&format!("{{\"process\": 1.5, {rest}}}")), 3, "operations[0].process", "1.5");
    refused(&with(&format!("{{\"process\": 1, \"who\": 2, {rest}}}")), 3, "operations[0].who", "");
    refused(&with(&format!("{{\"process\": 1, \"key\": 2, {rest}}}")), 3, "operations[0].key", "2");
    let bad = |f: &str, value: &str, times: &str| {
        with(&format!("{{\"process\": 1, \"f\": {f}, \"value\": {value}, {times}}}"))
    };
    let times = "\"invoked\": 1, \"completed\": 2";
    refused(&bad("\"append\"", "1", times), 3, "operations[0].f", "append");
    refused(&bad("\"write\"", "\"1\"", times), 3, "operations[0].value", "whole number");
    refused(&bad("\"write\"", "1e3", times), 3, "operations[0].value", "whole number");
    refused(&bad("\"cas\"", "[1]", times), 3, "operations[0].value", "[old, new]");
    refused(
        &bad("\"read\"", "1", "\"invoked\": 1, \"completed\": 0"),
        3,
        "operations[0].completed",
        "before",
    );
    refused(
        &bad("\"read\"", "1", "\"invoked\": 1, \"outcome\": \"ok\""),
        3,
        "operations[0].completed",
        "missing",
    );
    refused(
        &bad("\"read\"", "1", "\"invoked\": 1, \"outcome\": 3"),
        3,
        "operations[0].outcome",
        "3",
    );
    let one = format!("{{\"process\": 1, {rest}}}");
    refused(&with(&format!("{one},\n{one}")), 4, "process", "line 3");
    // Deeper than any history: the reader has a limit of its own and says so.
    refused(&format!("{{\"operations\": {}", "[".repeat(100_000)), 1, "", "recursion limit");
}

/// Whatever comes, it is read or refused.
#[test]
fn no_text_breaks_the_reader() {
    use proptest::prelude::*;
    let word = prop_oneof![
        "[0-9]{1,3}",
        ":invoke|:ok|:fail|:info",
        ":read|:write|:cas",
        "nil|:timed-out",
        r"\[[0-9 ,nil]{0,6}\]",
        r"\PC{0,6}",
        "INFO|jepsen.util|-|:nemesis",
    ];
    let line = prop::collection::vec(word, 0..6).prop_map(|it| it.join(" "));
    let lines = prop::collection::vec(line, 0..12).prop_map(|it| it.join("\n"));
    proptest!(ProptestConfig::with_cases(3_000), |(text in lines)| {
        if let Err(error) = read(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    });
    proptest!(ProptestConfig::with_cases(1_000), |(text in r#"\{["operations:\[\]{}, 0-9a-z\\]{0,60}"#)| {
        let _ = read(&text);
    });
}
