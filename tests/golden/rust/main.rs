// main.rs: what serde_json and chrono print of inputs.jsonl, given on standard input. Arguments: who
// made it, the command, the name of the number form.
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{json, Value};
use std::io::Read;

fn hex(text: String) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn texts<'a>(inputs: &'a Value, name: &str) -> impl Iterator<Item = &'a str> {
    inputs[name].as_array().unwrap().iter().map(|text| text.as_str().unwrap())
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let numbers = &arguments[3];
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let mut inputs = json!({});
    for line in text.lines() {
        for (name, value) in serde_json::from_str::<Value>(line).unwrap().as_object().unwrap() {
            inputs[name] = value.clone();
        }
    }
    let style = json!({ "like": "serde", "numbers": numbers });
    println!("{}", json!({ "made_by": arguments[1], "command": arguments[2] }));
    let documents: Vec<Option<String>> = texts(&inputs, "documents")
        .map(|text| serde_json::from_str::<Value>(text).ok().map(|value| hex(value.to_string()))).collect();
    println!("{}", json!({ "style": style, "documents": documents }));
    let strings: Vec<Option<String>> = texts(&inputs, "strings")
        .map(|text| String::from_utf8(bytes(text)).ok().map(|text| hex(serde_json::to_string(&text).unwrap()))).collect();
    println!("{}", json!({ "style": style, "strings": strings }));
    let doubles: Vec<String> = texts(&inputs, "doubles")
        .map(|bits| serde_json::to_string(&f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).unwrap()).collect();
    println!("{}", json!({ "numbers": numbers, "doubles": doubles }));

    let times: Vec<DateTime<Utc>> = inputs["instants"].as_array().unwrap().iter()
        .map(|instant| DateTime::from_timestamp_micros(instant.as_i64().unwrap()).unwrap()).collect();
    let print = |how: Value, print: fn(&DateTime<Utc>) -> String| {
        let texts: Vec<String> = times.iter().map(print).collect();
        println!("{}", json!({ "time": how, "instants": texts }));
    };
    print(json!({ "digits": "thousands", "zone": "+00:00" }), |time| time.to_rfc3339());
    print(json!({ "digits": "thousands" }), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    print(json!({ "digits": 3 }), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true));
    print(json!({ "digits": 6 }), |time| time.to_rfc3339_opts(SecondsFormat::Micros, true));
    print(json!({ "digits": 9, "zone": "+00:00" }), |time| time.to_rfc3339_opts(SecondsFormat::Nanos, false));
    print(json!({ "digits": "thousands", "zone": "none" }), |time| format!("{:?}", time.naive_utc()));
    print(json!({ "digits": "thousands", "zone": "none", "separator": " " }), |time| time.naive_utc().to_string());
    print(json!({ "notation": "epoch", "unit": "ms" }), |time| time.timestamp_millis().to_string());
}
