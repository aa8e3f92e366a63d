//! What a user would take otherwise: PostgreSQL with a trigram index, in a private cluster on a Unix socket.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hdrhistogram::Histogram;
use tempfile::TempDir;

use super::plates::{Random, Slip, misread};
use super::say;

const QUERIES: usize = 300;
const TRANSACTIONS: &str = "600";
/// The server's memory holds all of it, durability costs nothing, and the index is always taken: the best it can do.
const SETTINGS: [&str; 7] = [
    "listen_addresses=''",
    "shared_buffers=512MB",
    "maintenance_work_mem=512MB",
    "fsync=off",
    "jit=off",
    "enable_seqscan=off",
    "max_wal_size=4GB",
];
const LOOKUP: &str = "select id from plates where plate % (select query from queries where number = :number) \
     order by similarity(plate, (select query from queries where number = :number)) desc limit 5;";

/// Asks the same of pg_trgm and prints how many times longer it takes than the index.
pub(crate) fn beside(plates: &[String], index_p50_ns: u64, random: &mut Random) {
    let Some(server) = Server::start() else {
        say("pg_trgm: no PostgreSQL with pg_trgm under /usr/lib/postgresql, nothing to compare with");
        return;
    };
    server.load(plates, random);
    let found = server.psql(
        "select count(*) from queries where wanted in (select id from plates where plate % query \
         order by similarity(plate, query) desc limit 5)",
    );
    let (nothing, lookup) = (server.measure("select 1;"), server.measure(LOOKUP));
    let at = Histogram::value_at_quantile;
    say(&format!(
        "pg_trgm, tractor, one exchanged: p50 {} µs, p99 {} µs, of which the way to the server and back {} µs",
        at(&lookup, 0.5),
        at(&lookup, 0.99),
        at(&nothing, 0.5)
    ));
    say(&format!("it names the plate among its best five in {} of {QUERIES}; the index finds all", found.trim()));
    say(&format!("pg_trgm / index: p50 {} times", at(&lookup, 0.5) * 1_000 / index_p50_ns.max(1)));
}

struct Server {
    dir: TempDir,
    programs: PathBuf,
    /// Root runs this; the server refuses root and runs as `postgres`.
    as_root: bool,
}

impl Server {
    fn start() -> Option<Self> {
        let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let mut versions: Vec<_> = installed.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
        versions.sort();
        let programs = versions.into_iter().rev().find(|bin| bin.join("initdb").exists())?;
        let dir = TempDir::new().ok()?;
        let as_root = dir.path().metadata().ok()?.uid() == 0;
        let server = Self { dir, programs, as_root };
        if server.as_root {
            run(Command::new("chown").arg("postgres").arg(server.dir.path()));
        }
        let data = server.dir.path().join("data");
        run(server
            .program("initdb")
            .args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "-D"])
            .arg(&data));
        let mut options = format!("-k {}", server.dir.path().display());
        for setting in SETTINGS {
            write!(options, " -c {setting}").expect("written");
        }
        let log = server.dir.path().join("log");
        run(server.program("pg_ctl").arg("-D").arg(&data).arg("-l").arg(log).args(["-w", "-o", &options, "start"]));
        let known = server.psql("select count(*) from pg_available_extensions where name = 'pg_trgm'");
        (known.trim() == "1").then_some(server)
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if self.as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.dir.path());
        command
    }

    fn client(&self, name: &str) -> Command {
        let mut command = self.program(name);
        command.arg("-h").arg(self.dir.path()).args(["-U", "postgres"]);
        command
    }

    fn psql(&self, sql: &str) -> String {
        let output = run(self.client("psql").args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn copy(&self, table: &str, rows: &str) {
        let sql = format!("copy {table} from stdin");
        let mut psql = self.client("psql");
        let mut psql = psql.args(["-X", "-q", "-c", &sql]).stdin(Stdio::piped()).spawn().expect("psql starts");
        psql.stdin.take().expect("a pipe").write_all(rows.as_bytes()).expect("copied");
        assert!(psql.wait().expect("psql ends").success(), "{sql}");
    }

    fn load(&self, plates: &[String], random: &mut Random) {
        self.psql(
            "create extension pg_trgm; create table plates (id int, plate text); \
             create table queries (number int primary key, wanted int, query text)",
        );
        let mut rows = String::new();
        for (id, plate) in plates.iter().enumerate() {
            writeln!(rows, "{id}\t{plate}").expect("written");
        }
        self.copy("plates", &rows);
        rows.clear();
        for number in 1..=QUERIES {
            let at = random.index(plates.len());
            writeln!(rows, "{number}\t{at}\t{}", misread(random, &plates[at], Slip::Exchanged)).expect("written");
        }
        self.copy("queries", &rows);
        self.psql("create index on plates using gin (plate gin_trgm_ops)");
        // Alone: it can't be part of a transaction.
        self.psql("vacuum analyze");
    }

    /// Microseconds of a prepared statement over the socket, as pgbench logs them; the second of two runs.
    fn measure(&self, statement: &str) -> Histogram<u64> {
        let script = self.dir.path().join("statement.sql");
        std::fs::write(&script, format!("\\set number random(1, {QUERIES})\n{statement}\n")).expect("written");
        let mut log = String::new();
        for _ in 0..2 {
            let mut pgbench = self.client("pgbench");
            pgbench.args(["-n", "-M", "prepared", "-c", "1", "-t", TRANSACTIONS, "-l", "--log-prefix=times", "-f"]);
            run(pgbench.arg(&script).arg("postgres"));
            log = take_log(self.dir.path());
        }
        let mut times = Histogram::new_with_bounds(1, 60_000_000, 3).expect("bounds");
        for line in log.lines() {
            let micros = line.split(' ').nth(2).and_then(|field| field.parse().ok()).expect("a time");
            times.record(micros).expect("in bounds");
        }
        assert!(!times.is_empty(), "pgbench logged nothing");
        times
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.dir.path().join("data");
        self.program("pg_ctl").arg("-D").arg(data).args(["-m", "immediate", "stop"]).output().ok();
    }
}

/// The log of the only thread; its name ends in a process number.
fn take_log(dir: &Path) -> String {
    let mut files = std::fs::read_dir(dir).expect("listed").filter_map(Result::ok);
    let file = files.find(|file| file.file_name().to_string_lossy().starts_with("times.")).expect("a log").path();
    let log = std::fs::read_to_string(&file).expect("read");
    std::fs::remove_file(file).expect("removed");
    log
}

#[track_caller]
fn run(command: &mut Command) -> Output {
    // A server inherits the pipes and keeps them open: nothing of it is read.
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().expect("it starts");
    assert!(output.status.success(), "{command:?} failed: {}", output.status);
    output
}
