//! Profiles as analysts write them: the examples, the faults, doubt, limits, and anything at all.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::schema::{Field, Item, Kind, VARIABLES};
use super::*;

#[test]
fn every_example_loads_and_matches_what_it_is_for() {
    let set = examples();
    assert_eq!(matching(&set, &lawful()), ["random-inspection"]);
    let cases: [Case; 11] = [
        ("carrier-not-active", |passage| passage["parties"][0]["status"] = "suspended".into()),
        ("carrier-not-registered", |passage| passage["parties"] = json!([])),
        ("new-party", |passage| passage["parties"][0]["since"] = "2026-11-01T00:00:00Z".into()),
        ("dangerous-goods-undeclared", |passage| {
            passage["notification"]["goods"][0]["code"] = "271019".into();
            passage["notification"]["dangerous"] = json!([]);
        }),
        ("empty-but-heavy", |passage| passage["notification"]["empty"] = true.into()),
        ("deadline-soon", |passage| passage["declaration"]["deadline"] = "2026-11-24T12:00:00Z".into()),
        ("guarantee-lacking", |passage| passage["declaration"]["guarantee"] = Json::Null),
        ("radiation-alarm", |passage| passage["measured"]["radiation"] = "gamma".into()),
        ("axle-overload", |passage| passage["measured"]["axles_kg"] = json!([7_000, 11_501])),
        ("transit-without-seals", |passage| passage["notification"]["seals"] = json!([])),
        ("goods-not-notified", |passage| passage["declaration"]["goods"][0]["code"] = "999999".into()),
    ];
    for (profile, change) in cases {
        let mut passage = lawful();
        change(&mut passage);
        let matched = matching(&set, &passage);
        assert!(matched.contains(&profile.to_owned()), "{profile}: {matched:?}");
    }
    assert_eq!(set.profiles().len(), cases.len() + 1, "an example without a case");
}

#[test]
fn without_documents_the_examples_decide_and_only_doubt_about_them_holds() {
    let passage = json!({ "parties": [], "findings": [], "vehicle": { "tractor": "123ABC02" } });
    let verdicts = examples().judge(&request(&passage), now());
    let doubts: Vec<_> = verdicts.iter().filter(|verdict| matches!(verdict.says, Match::Undecidable(_))).collect();
    assert!(doubts.is_empty(), "{doubts:?}");
}

#[test]
fn an_expression_that_can_not_tell_counts_where_its_profile_holds() {
    for (channel, counts) in [("green", false), ("blue", false), ("yellow", true), ("red", true)] {
        let set = one(&profile("notification.empty", channel)).expect("loads");
        let verdicts = set.judge(&request(&json!({ "parties": [], "findings": [] })), now());
        let says = Match::Undecidable("a document or party that it asks about is not there".into());
        assert_eq!((&verdicts[0].says, verdicts[0].counts()), (&says, counts), "{channel}");
    }
}

#[test]
fn what_is_missing_is_named_without_naming_any_value() {
    for (expression, why) in [
        ("measured.gross_kg > 1.0", "`gross_kg` is not there"),
        ("declaration.guarantee.valid_until < now", "`guarantee` is not there"),
        ("carrier.status == 'active'", "a document or party that it asks about is not there"),
        ("5 / (1 - 1) == 1", "it divides by zero"),
        ("parties[7].id == 'x'", "the list is shorter"),
        ("timestamp(vehicle.tractor) < now", "timestamp() can not read its text"),
        ("9223372036854775807 + size(vehicle.tractor) > 0", "a number becomes too large"),
    ] {
        let set = one(&profile(expression, "yellow")).expect("loads");
        let mut passage = lawful();
        passage["measured"] = json!({});
        passage["parties"] = json!([]);
        passage["declaration"]["guarantee"] = Json::Null;
        assert_eq!(set.judge(&request(&passage), now())[0].says, Match::Undecidable(why.into()), "{expression}");
    }
}

#[test]
fn an_error_that_does_not_matter_is_no_doubt() {
    for (expression, matched) in [
        ("notification == null || notification.empty", false),
        ("measured.gross_kg > 1.0 || kind == 'arrival'", true),
        ("kind == 'pre_arrival' && measured.gross_kg > 1.0", false),
    ] {
        let set = one(&profile(expression, "red")).expect("loads");
        let mut passage = lawful();
        passage["measured"] = json!({});
        assert_eq!(set.judge(&request(&passage), now())[0].says == Match::Matched, matched, "{expression}");
    }
}

#[test]
fn a_profile_counts_from_its_first_to_before_its_last_instant() {
    let text = profile("true", "red")
        .replace("[reason]", "valid_from = 2026-11-24T05:00:00+05:00\nvalid_until = 2026-11-25T00:00:00Z\n[reason]");
    let set = one(&text).expect("loads");
    for (at, counts) in [
        ("2026-11-23T23:59:59.999Z", false),
        ("2026-11-24T00:00:00Z", true),
        ("2026-11-24T23:59:59.999Z", true),
        ("2026-11-25T00:00:00Z", false),
    ] {
        let at = serde_json::from_value(at.into()).expect("an instant");
        assert_eq!(set.judge(&request(&lawful()), at)[0].counts(), counts, "{at}");
    }
}

#[test]
fn a_plate_is_the_same_in_every_script() {
    let set = one(&profile("vehicle.tractor == '123ABC02'", "red")).expect("loads");
    let mut passage = lawful();
    passage["vehicle"]["tractor"] = "123-авс 02".into();
    assert!(set.judge(&request(&passage), now())[0].counts());
}

#[test]
fn a_wrong_profile_is_refused_with_file_line_and_column() {
    let good = profile("true", "red");
    for (from, to, place, message) in [
        ("id = \"p-1\"", "id = \"P 1\"", "1:6", "characters of a-z"),
        ("channel = \"red\"", "channel = \"mauve\"", "3:11", "unknown variant `mauve`"),
        ("channel = \"red\"", "chanel = \"red\"", "3:1", "unknown field `chanel`"),
        ("expression = 'true'", "expression = 'notification.emty'", "2:27", "did you mean `empty`?"),
        ("expression = 'true'", "expression = '''\ntrue &&\n  noow == now'''", "4:3", "did you mean `now`?"),
        ("expression = 'true'", "expression = \"lane != \\\"\\u0411\\\" && noow == now\"", "2:37", "`now`"),
        ("expression = 'true'", "expression = \"\"\"\n  true && \\\n     noow == now\"\"\"", "4:6", "`now`"),
        ("en = \"Look\"", "en = \"\"", "8:6", "1 to 300 characters"),
        ("en = \"Look\"", "en = \"Rule P-1 says so\"", "8:6", "names the profile"),
        ("en = \"Look\"", "", "5:1", "missing field `en`"),
        ("[reason]", "rate_ppm = 0\n[reason]", "5:12", "1 to 1000000 of a million"),
        ("[reason]", "quota = 5\n[reason]", "5:9", "needs a rate_ppm"),
        ("[reason]", "valid_from = 2026-01-01\n[reason]", "5:14", "with its offset"),
        (
            "[reason]",
            "valid_from = 2026-01-02T00:00:00Z\nvalid_until = 2026-01-01T00:00:00Z\n[reason]",
            "6:15",
            "ends before it begins",
        ),
        ("measures = [\"scan\"]", "measures = [\"dance\"]", "4:13", "unknown variant `dance`"),
        ("[reason]", "[reason", "5:8", ""),
    ] {
        assert!(good.contains(from), "{from}");
        let text = good.replace(from, to);
        let faults = one(&text).expect_err("refused");
        let told = faults[0].to_string();
        assert!(told.starts_with(&format!("a.toml:{place}: ")), "{to}: {told}");
        assert!(told.contains(message), "{to}: {told}");
    }
}

#[test]
fn all_faults_of_all_files_are_told_and_nothing_is_taken() {
    let files = [
        ("b.toml".to_owned(), profile("tru", "red")),
        ("a.toml".to_owned(), profile("true", "red").replace("en = \"Look\"", "en = \"p-1\"")),
        ("c.toml".to_owned(), profile("true", "red")),
        ("d.toml".to_owned(), profile("true", "red")),
    ];
    let told: Vec<String> = ProfileSet::load(&files).expect_err("refused").iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("a.toml:8") && told[1].starts_with("b.toml:2"), "{told:?}");
    assert!(told[2].contains("there is a profile `p-1` in c.toml already"), "{told:?}");
}

#[test]
fn the_digest_names_the_content() {
    let set = |text: &str| one(text).expect("loads").digest().to_owned();
    let text = profile("true", "red");
    assert_eq!(set(&text), set(&text));
    assert_ne!(set(&text), set(&text.replace("red", "yellow")));
}

#[test]
fn work_beyond_the_limit_is_doubt_and_holds() {
    let loops = "declaration.goods.all(a, declaration.goods.all(b, a.code == b.code || a.item != b.item))";
    let set = one(&profile(loops, "yellow")).expect("loads");
    for (items, says) in [(10, Match::Matched), (999, Match::NotMatched)] {
        let mut passage = lawful();
        passage["declaration"]["goods"] = goods(items);
        let verdict = &set.judge(&request(&passage), now())[0];
        if says == Match::Matched {
            assert_eq!(verdict.says, says);
        } else {
            assert!(matches!(&verdict.says, Match::Undecidable(why) if why.contains("too much work")), "{verdict:?}");
            assert!(verdict.counts());
        }
    }
    let once = one(&profile("declaration.goods.all(a, a.gross_kg > 0.5)", "red")).expect("loads");
    let mut passage = lawful();
    passage["declaration"]["goods"] = goods(999);
    assert_eq!(once.judge(&request(&passage), now())[0].says, Match::Matched);
}

#[test]
fn all_profiles_together_have_a_limit_too() {
    let text = |number: usize| {
        profile("declaration.goods.all(a, a.gross_kg > 0.5 && a.item > 0 && a.code != 'x')", "red")
            .replace("p-1", &format!("p-{number}"))
    };
    let files: Vec<_> = (0..60).map(|number| (format!("{number:02}.toml"), text(number))).collect();
    let mut passage = lawful();
    passage["declaration"]["goods"] = goods(999);
    let verdicts = ProfileSet::load(&files).expect("loads").judge(&request(&passage), now());
    assert_eq!(verdicts[0].says, Match::Matched);
    assert!(matches!(&verdicts[59].says, Match::Undecidable(why) if why.contains("no time")));
}

/// Actors run on threads with 2 MiB of stack.
#[test]
fn no_expression_needs_much_stack() {
    let request = request(&lawful());
    let run = move || {
        for (open, middle, close) in [
            ("(1 + ", "1", ")"),
            ("!(", "true", ")"),
            ("-(", "1", ")"),
            ("[", "1", "]"),
            ("(", "true", ")"),
            ("size(", "1", ")"),
            ("true ? true : (", "true", ")"),
            ("true ? true : ", "true", ""),
            ("true && !(", "true", ")"),
            ("{1: ", "1", "}"),
            ("a.exists(a, ", "true", ")"),
            ("has(a.", "a", ")"),
            ("1 < ", "1", ""),
            ("1 + ", "1", ""),
            ("1 - ", "1", ""),
            ("a.", "a", ""),
            ("a[", "1", "]"),
            ("!", "true", ""),
            ("- ", "1", ""),
        ] {
            for times in [8, 14, 16, 17, 18, 19, 90, 300, 2_000] {
                let text = format!("{}{middle}{}", open.repeat(times), close.repeat(times));
                for text in [format!("{text} == 1"), format!("{text} > 0"), text] {
                    if let Ok(set) = one(&profile(&text, "red")) {
                        assert_eq!(set.judge(&request, now()).len(), 1);
                    }
                }
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(1024 * 1024).spawn(run).expect("a thread");
    thread.join().expect("enough stack");
}

/// The small parser is marked as internal by its makers: it must make of the examples what the official one does.
#[test]
fn both_parsers_of_the_interpreter_agree_on_the_examples() {
    let compare = || {
        for (name, text) in example_files() {
            let file: toml::Table = toml::from_str(&text).expect("TOML");
            let expression = file["expression"].as_str().expect("a text");
            let small = cel::parser::PrattParser::new().parse(expression).expect("parses");
            let official = cel::parser::Parser::new().parse(expression).expect("parses");
            assert_eq!(bare(&format!("{small:?}")), bare(&format!("{official:?}")), "{name}");
        }
    };
    // The official parser needs far more stack.
    let thread = std::thread::Builder::new().stack_size(64 * 1024 * 1024).spawn(compare).expect("a thread");
    thread.join().expect("they agree");
}

#[test]
fn the_schema_names_what_the_requests_carry() {
    let passage = lawful();
    let request = request(&passage);
    let facts = Facts::of(&request, now());
    let context = facts.context(environment());
    let mut seen = 0;
    for variable in VARIABLES {
        let mut paths = vec![];
        leaves(variable.name, variable.kind, &mut paths);
        for path in paths {
            let expression = cel::parser::PrattParser::new().parse(&path).expect("a path");
            let value = cel::Value::resolve(&expression, &context);
            assert!(value.is_ok_and(|value| value != cel::Value::Null), "{path} is not there");
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} fields");
}

proptest! {
    #[test]
    fn any_text_is_a_profile_or_refused(text in ".{0,300}") {
        drop(one(&text));
    }

    #[test]
    fn any_expression_is_taken_or_refused_at_a_place_in_it(text in ".{0,120}") {
        if let Err(fault) = Expression::parse(&text) {
            prop_assert!(fault.at <= text.len() + 2);
        }
    }

    #[test]
    fn any_words_of_the_language_are_evaluated_or_refused(
        words in proptest::collection::vec(proptest::sample::select(WORDS), 1..24),
        spaced: bool,
    ) {
        let text = words.join(if spaced { " " } else { "" });
        if let Ok(set) = one(&profile(&text.replace('\'', "\""), "yellow")) {
            let verdicts = [lawful(), json!({ "parties": [], "findings": [] })].map(|facts| set.judge(&request(&facts), now()));
            prop_assert!(verdicts.iter().all(|verdicts| verdicts.len() == 1));
        }
    }

    #[test]
    fn any_place_in_an_expression_is_a_place_in_its_file(text in "[a-z\\\\\"'\n ]{0,40}") {
        for expression in [format!("'''\n{text}'''"), format!("\"\"\"{text}\"\"\""), format!("\"{text}\"")] {
            let file = profile("true", "red").replace("'true'", &expression);
            if let Err(faults) = one(&file) {
                prop_assert!(faults.iter().all(|fault| fault.span.start <= file.len()));
            }
        }
    }
}

const WORDS: &[&str] = &[
    "notification",
    "declaration",
    "parties",
    "carrier",
    "measured",
    "findings",
    "now",
    "vehicle",
    ".",
    ".goods",
    ".gross_kg",
    ".tare_kg",
    ".empty",
    ".status",
    ".roles",
    ".exists(x, ",
    ".all(x, ",
    ".filter(x, ",
    ".map(x, ",
    "x",
    ".code",
    ".since",
    "has(",
    "(",
    ")",
    "[",
    "]",
    "0",
    "1",
    "-9223372036854775808",
    "300.0",
    "1e400",
    "'active'",
    "\"a\"",
    "null",
    "true",
    "false",
    "&&",
    "||",
    "!",
    "==",
    "!=",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "%",
    " in ",
    "?",
    ":",
    ",",
    "size(",
    "duration('2h')",
    "duration(\"-1s\")",
    "timestamp('2026-01-01T00:00:00Z')",
    ".startsWith('8')",
    ".getHours('Asia/Almaty')",
    "int(",
    "double(",
    "{",
    "}",
    "//",
    "\n",
    "é",
    "b'x'",
    "1u",
    ".?x",
];

/// A profile, and what makes it match.
type Case = (&'static str, fn(&mut Json));

fn examples() -> ProfileSet {
    ProfileSet::load(&example_files()).expect("the examples load")
}

#[allow(clippy::disallowed_methods, reason = "a test reads the examples")]
fn example_files() -> Vec<(String, String)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/config/risk");
    let entries = std::fs::read_dir(directory).expect("examples");
    let read = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(&path).expect("read"))
    });
    read.collect()
}

fn one(text: &str) -> Result<ProfileSet, Vec<ProfileFault>> {
    ProfileSet::load(&[("a.toml".to_owned(), text.to_owned())])
}

fn profile(expression: &str, channel: &str) -> String {
    let expression =
        if expression.contains(['\'', '\n']) { format!("'''{expression}'''") } else { format!("'{expression}'") };
    format!(
        "id = \"p-1\"\nexpression = {expression}\nchannel = \"{channel}\"\nmeasures = [\"scan\"]\n[reason]\nkk = \"Қара\"\nru = \"Смотри\"\nen = \"Look\"\n"
    )
}

fn matching(set: &ProfileSet, passage: &Json) -> Vec<String> {
    let verdicts = set.judge(&request(passage), now());
    verdicts.iter().filter(|verdict| verdict.counts()).map(|verdict| verdict.profile.id.clone()).collect()
}

fn request(passage: &Json) -> RiskRequest {
    let mut json = json!({
        "request_id": uuid::Uuid::nil(), "kind": "arrival", "site": "test", "lane": "in-01", "direction": "entry",
        "passage": uuid::Uuid::nil(), "at": "2026-11-24T06:00:00Z", "reply_by": "2026-11-24T06:00:03Z", "vehicle": {},
    });
    for (key, value) in passage.as_object().expect("an object") {
        json[key] = value.clone();
    }
    serde_json::from_value(json).expect("a request")
}

fn now() -> Timestamp {
    serde_json::from_value("2026-11-24T06:00:00Z".into()).expect("an instant")
}

fn goods(items: usize) -> Json {
    let item = |item| json!({ "item": item, "code": "870323", "description": "cars", "gross_kg": 1_000.0 });
    Json::Array((1..=items).map(item).collect())
}

/// A laden truck in transit with everything that a request can carry, and nothing wrong with it.
fn lawful() -> Json {
    let plate = |plate: &str| json!({ "plate": plate, "country": "KZ" });
    let vehicle = json!({ "tractor": plate("123ABC02"), "trailers": [plate("45DEF02")] });
    let goods = json!([{
        "item": 1, "code": "870323", "description": "cars", "gross_kg": 12_000.0, "packages": 4, "origin": "CN",
    }]);
    json!({
        "vehicle": { "tractor": "123ABC02", "trailer": "45DEF02", "country": "KZ" },
        "notification": {
            "number": "N-1", "revision": 1, "submitted_at": "2026-11-24T01:00:00Z",
            "expected_at": "2026-11-24T05:00:00Z", "valid_until": "2026-12-24T05:00:00Z", "direction": "transit",
            "carrier": { "id": "240440000300", "name": "Carrier", "country": "KZ" }, "vehicle": vehicle,
            "containers": ["CSQU3054383"], "seals": ["S-1"],
            "documents": [{ "kind": "transit_declaration", "number": "55302/150324/0000123" }], "goods": goods,
            "gross_kg": 12_000.0, "tare_kg": 15_000.0, "laden_kg": 27_000.0, "empty": false,
            "dangerous": [{ "un": "1203", "class": "3" }],
        },
        "declaration": {
            "number": "55302/150324/0000123", "kind": "transit", "revision": 1, "status": "released",
            "vehicle": vehicle, "containers": ["CSQU3054383"], "seals": ["S-1"], "goods": goods,
            "gross_kg": 12_000.0, "guarantee": { "kind": "cash", "valid_until": "2027-01-01T00:00:00Z" },
            "holder": { "id": "240440000300", "country": "KZ" }, "deadline": "2026-12-01T00:00:00Z",
            "customs_status": "foreign",
        },
        "parties": [{
            "id": "240440000300", "revision": 1, "name": "Carrier", "country": "KZ", "roles": ["carrier"],
            "status": "active", "since": "2020-01-01T00:00:00Z",
        }],
        "measured": { "gross_kg": 27_100, "axles_kg": [7_000, 10_000, 10_100], "radiation": "none" },
        "findings": [{ "code": "tare_unknown", "severity": "info", "detail": "none" }],
    })
}

/// Every field below a name, as an expression that reads it.
fn leaves(path: &str, kind: Kind, paths: &mut Vec<String>) {
    let (path, item) = match kind {
        Kind::One(item) => (path.to_owned(), item),
        Kind::List(item) => (format!("{path}[0]"), item),
    };
    match item {
        Item::Record(fields) => {
            fields.iter().for_each(|Field { name, kind, .. }| leaves(&format!("{path}.{name}"), *kind, paths));
        }
        Item::Any
        | Item::Null
        | Item::Bool
        | Item::Int
        | Item::Double
        | Item::Text
        | Item::Plate
        | Item::Time
        | Item::Span
        | Item::Word(_) => paths.push(path),
    }
}

/// Without the numbers that a parser gives its nodes.
fn bare(tree: &str) -> String {
    let mut parts = tree.split("id: ");
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        bare.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    bare
}
