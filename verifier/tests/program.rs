//! The verifier as a program: exit codes and sentences, on journals made here by hand from the tables' description.

use std::path::Path;
use std::process::{Command, Output};

use ed25519_dalek::SigningKey;
use journal_verify::{
    Edge, Fields, GENESIS, Head, JournalFile, PublicKey, PublicKeys, SignedHead, hash_record, prove_consistency,
    prove_inclusion, sign,
};
use rusqlite::{Connection, params};
use tempfile::TempDir;

const TABLES: &str = "
CREATE TABLE head (one INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, hash BLOB NOT NULL);
CREATE TABLE record (sequence INTEGER PRIMARY KEY, at INTEGER, lane TEXT, passage TEXT, kind TEXT, body TEXT,
  previous BLOB, hash BLOB);
CREATE INDEX record_passage ON record (passage) WHERE passage IS NOT NULL;
";

#[test]
fn exit_codes_say_clean_broken_shorter_or_not_looked_at() {
    let bench = Bench::new(30);
    let head = bench.file("head", &bench.heads[29].to_json());
    let all = bench.file("all", &bench.heads.iter().map(|head| head.to_json() + "\n").collect::<String>());
    for (arguments, code, said) in [
        (vec![], 0, "30 records, all in order; signed heads vouch for 0 of them"),
        (vec!["--head", &head, "--key", &bench.keys], 0, "vouch for 30 of them"),
        (vec!["--head", &all, "--key", &bench.keys, "--deep"], 0, "vouch for 30 of them"),
        (vec!["--head", &head], 3, "not among the public keys"),
        (vec!["--head", &bench.keys, "--key", &bench.keys], 3, "line 1: it is no head"),
        (vec!["--key", &head], 3, "line 1"),
        (vec!["--head", "/nowhere"], 3, "/nowhere"),
        (vec!["--unheard-of"], 3, "--help"),
        (vec!["--head"], 3, "--help"),
        (vec!["second"], 3, "--help"),
    ] {
        bench.expect(&arguments, code, said);
    }
    bench.sql("DELETE FROM record WHERE sequence > 28; UPDATE head SET (sequence, hash) = (SELECT sequence, hash FROM record WHERE sequence = 28)");
    bench.expect(&[], 0, "28 records");
    bench.expect(&["--head", &head, "--key", &bench.keys], 2, "ends at record 28, a signed head covers 30");
    bench.sql("UPDATE record SET body = 'x' WHERE sequence = 9");
    bench.expect(&["--head", &head, "--key", &bench.keys], 1, "broken at 9: record 9 was changed");
    bench.sql("UPDATE record SET lane = CAST(lane AS BLOB) WHERE sequence = 5");
    bench.expect(&[], 1, "broken at 5: ");
    bench.sql("PRAGMA user_version = 2");
    bench.expect(&[], 3, "run a newer version");
    std::fs::write(bench.path("journal.db"), "no database").expect("written");
    bench.expect(&[], 3, "can not be read");
    std::fs::remove_file(bench.path("journal.db")).expect("removed");
    bench.expect(&[], 3, "there is no journal");
    assert_eq!(run(&[]).status.code(), Some(3));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    assert_eq!(run(&["--version"]).status.code(), Some(0));
}

#[test]
fn an_index_that_hides_a_record_is_found_when_looked_for() {
    let bench = Bench::new(10);
    bench.sql(
        "PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT NULL', 'IS NOT ''p-3''') WHERE name = 'record_passage'; \
         PRAGMA writable_schema = RESET; REINDEX record_passage; PRAGMA writable_schema = ON; \
         UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT ''p-3''', 'IS NOT NULL') WHERE name = 'record_passage'",
    );
    bench.expect(&[], 0, "10 records");
    bench.expect(&["--deep"], 1, "the records are good, the database around them is not");
}

#[test]
fn a_copy_under_any_name_is_verified_where_it_lies() {
    let bench = Bench::new(5);
    bench.sql("PRAGMA journal_mode = WAL");
    let file = bench.path("journal.db");
    std::fs::create_dir(bench.path("strange # name?")).expect("a directory");
    let copy = bench.path("strange # name?/50% of it.db");
    std::fs::copy(&file, &copy).expect("copied");
    let output = run(&[&copy]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn proofs_are_checked_with_nothing_but_the_public_keys() {
    let bench = Bench::new(30);
    let mut keys = PublicKeys::default();
    keys.add(&public(7)).expect("a key");
    let journal = JournalFile::open(bench.dir.path()).expect("opened");
    let inclusion = prove_inclusion(&journal, 17, bench.heads[29].clone(), &keys).expect("proved");
    let consistency =
        prove_consistency(&journal, bench.heads[10].clone(), bench.heads[29].clone(), &keys).expect("proved");
    std::fs::remove_file(bench.path("journal.db")).expect("removed");
    let other = bench.file("other", &serde_json::to_string(&public(8)).expect("prints"));
    for (proof, shown) in
        [(&inclusion, "record 17 is under the head of 30"), (&consistency, "continues the head of 11")]
    {
        let text = serde_json::to_string(proof).expect("prints");
        let proof = bench.file("proof", &text);
        let check = |arguments: &[&str], code, said: &str| expect(&run(arguments), code, said);
        check(&["--proof", &proof, "--key", &bench.keys], 0, shown);
        check(&["--proof", &proof, "--key", &other], 3, "not among the public keys");
        check(&["--proof", &proof], 3, "--key");
        let at = text.rfind("\"path\":[\"").expect("a path") + "\"path\":[\"".len();
        let mut forged = text.into_bytes();
        forged[at] = if forged[at] == b'0' { b'1' } else { b'0' };
        let forged = bench.file("forged", &String::from_utf8(forged).expect("text"));
        check(&["--proof", &forged, "--key", &bench.keys], 1, "does not hold");
    }
    expect(&run(&["--proof", &bench.keys, "--key", &bench.keys]), 3, "it is no proof");
}

struct Bench {
    dir: TempDir,
    keys: String,
    /// `heads[i]` covers `i + 1` records.
    heads: Vec<SignedHead>,
}

impl Bench {
    fn new(records: u64) -> Self {
        let dir = TempDir::new().expect("a directory");
        let connection = Connection::open(dir.path().join("journal.db")).expect("opened");
        connection.execute_batch(TABLES).expect("made");
        connection.pragma_update(None, "user_version", 1).expect("set");
        let (mut edge, mut previous, mut heads) = (Edge::new(), GENESIS, vec![]);
        for sequence in 1..=records {
            let (passage, number) = (format!("p-{sequence}"), i64::try_from(sequence).expect("small"));
            let passage = (sequence % 2 == 1).then_some(passage);
            let fields = Fields {
                sequence,
                at: number,
                lane: b"in-01",
                passage: passage.as_ref().map(|passage| passage.as_bytes()),
                kind: b"held",
                body: b"{}",
            };
            let hash = hash_record(&fields, &previous);
            let row = params![number, number, "in-01", passage, "held", "{}", previous, hash];
            connection.execute("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)", row).expect("written");
            edge.push(&hash);
            previous = hash;
            let (site, at) = ("korday".to_owned(), "2026-11-24T05:12:03.412Z".to_owned());
            let head = Head { site, epoch: 1, size: sequence, root: edge.root(), last_hash: hash, at };
            heads.push(sign(&head, &SigningKey::from_bytes(&[7; 32])));
        }
        let last = i64::try_from(records).expect("small");
        connection.execute("INSERT INTO head VALUES (1, ?1, ?2)", params![last, previous]).expect("written");
        let keys = write(dir.path(), "keys", &serde_json::to_string(&public(7)).expect("prints"));
        Self { dir, keys, heads }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, text: &str) -> String {
        write(self.dir.path(), name, text)
    }

    fn sql(&self, statements: &str) {
        let connection = Connection::open(self.path("journal.db")).expect("opened");
        connection.execute_batch(statements).expect("carried out");
    }

    #[track_caller]
    fn expect(&self, arguments: &[&str], code: i32, said: &str) {
        let journal = self.dir.path().display().to_string();
        expect(&run(&[&[journal.as_str()], arguments].concat()), code, said);
    }
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn public(seed: u8) -> PublicKey {
    PublicKey::of(&SigningKey::from_bytes(&[seed; 32]).verifying_key(), "2026".to_owned())
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_journal-verify")).args(arguments).output().expect("it runs")
}

#[track_caller]
fn expect(output: &Output, code: i32, said: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(said), "{said}: {text}");
}
