//! The house rules, each a function from one file to its faults.
//!
//! The tables at the end are the specification: which floor may name which, where each outside
//! crate lives, which words the floors under the edges never use. Change a table and say why in
//! `docs/decisions/`.

use crate::source::{Source, is_test_file};
use std::fmt;

/// One broken rule: where, which, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule's short name.
    pub rule: &'static str,
    /// What is wrong and how it is put right.
    pub repair: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}  {}: {}", self.path, self.line, self.rule, self.repair)
    }
}

fn fault(source: &Source, line: usize, rule: &'static str, repair: String) -> Fault {
    Fault { path: source.path.clone(), line, rule, repair }
}

/// Every fault of one file.
pub fn check(source: &Source) -> Vec<Fault> {
    let rules: [fn(&Source) -> Vec<Fault>; 12] = [
        floors,
        crates,
        words_under_the_edges,
        unsafe_code,
        file_name,
        opens_with_its_purpose,
        file_length,
        function_length,
        panics,
        tests_run,
        loose_ends,
        public_face,
    ];
    let mut faults: Vec<Fault> = rules.iter().flat_map(|rule| rule(source)).collect();
    faults.sort();
    faults.dedup();
    faults
}

/// Files that no file beside or above them names as a module: they are built by nobody and tested by nobody.
pub fn orphans(texts: &[(String, String)]) -> Vec<Fault> {
    let is_root = |path: &str| ["src/lib.rs", "src/main.rs"].contains(&path);
    let named = |path: &str| {
        let inside = path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix(".rs")).unwrap_or(path);
        let Some((folder, name)) = inside.rsplit_once('/') else { return true };
        let owners = [
            format!("{folder}.rs"),
            format!("{folder}/mod.rs"),
            format!("{folder}/lib.rs"),
            format!("{folder}/main.rs"),
        ];
        let declaration = format!("mod {name};");
        texts.iter().any(|(owner, text)| owners.contains(owner) && text.contains(&declaration))
            || texts.iter().any(|(_, text)| text.contains(&format!("\"{name}.rs\"]")))
    };
    let orphans = texts.iter().filter(|(path, _)| !is_root(path) && !named(path));
    let fault = |(path, _): &(String, String)| Fault {
        path: path.clone(),
        line: 1,
        rule: "orphan",
        repair: "no `mod` names this file: name it, or delete it".to_owned(),
    };
    orphans.map(fault).collect()
}

/// The floor of a file of `src/`: its folder, or its own name if it stands directly in `src/`.
fn floor(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    Some(inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs"))
}

fn is_ground(floor: &str) -> bool {
    GROUND.contains(&floor)
}

fn is_under_the_edges(path: &str) -> bool {
    floor(path).is_some_and(|floor| !EDGES.contains(&floor))
}

fn floors(source: &Source) -> Vec<Fault> {
    let Some(own) = floor(&source.path) else { return Vec::new() };
    if own == "lib" {
        return Vec::new();
    }
    let Some((_, may)) = MAY_NAME.iter().find(|(floor, _)| *floor == own) else {
        let repair =
            format!("`{own}` is no floor: give it a row in MAY_NAME (tests/tidy/rules.rs), or move the file");
        return vec![fault(source, 1, "floors", repair)];
    };
    let mut faults = Vec::new();
    for named in source.paths("crate").into_iter().chain(source.paths("careline")) {
        let Some(target) = named.segments.get(1) else { continue };
        let deeper = named.segments[1..].join("::");
        let allowed = target == own
            || is_ground(target)
            || may
                .iter()
                .any(|row| row == target || deeper == *row || deeper.starts_with(&format!("{row}::")));
        let is_item_of_the_root = !is_floor(target);
        if !allowed && !is_item_of_the_root {
            let allowed = if may.is_empty() { "the ground only".to_owned() } else { may.join(", ") };
            let repair = format!(
                "`{own}` names `{target}`, which does not stand under it (it may name: {allowed}); pass the value in, or move the code up"
            );
            faults.push(fault(source, source.line_of(named.offset), "floors", repair));
        }
    }
    faults
}

fn is_floor(name: &str) -> bool {
    is_ground(name) || MAY_NAME.iter().any(|(floor, _)| *floor == name)
}

fn crates(source: &Source) -> Vec<Fault> {
    if floor(&source.path).is_none() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (name, homes) in CRATE_HOMES {
        let is_home = homes.iter().any(|home| source.path.starts_with(home));
        let imports_floor_of_that_name = source
            .paths("crate")
            .iter()
            .chain(&source.paths("super"))
            .any(|named| named.segments.iter().skip(1).any(|s| s == name));
        if is_home || imports_floor_of_that_name {
            continue;
        }
        for named in source.paths(name).iter().filter(|named| named.segments.len() > 1) {
            if source.is_product(named.offset) {
                let repair = format!(
                    "the crate `{name}` is named only in {}: go through that module",
                    homes.join(", ")
                );
                faults.push(fault(source, source.line_of(named.offset), "crates", repair));
            }
        }
    }
    faults
}

fn words_under_the_edges(source: &Source) -> Vec<Fault> {
    if !is_under_the_edges(&source.path) || is_test_file(&source.path) {
        return Vec::new();
    }
    let mut found: Vec<(usize, String, &str)> = Vec::new();
    for (word, instead) in EDGE_WORDS {
        found.extend(source.words(word).into_iter().map(|at| (at, (*word).to_owned(), *instead)));
    }
    for named in source.paths("std") {
        let path = named.segments.join("::");
        for (prefix, instead) in EDGE_PATHS {
            if path == *prefix || path.starts_with(&format!("{prefix}::")) {
                found.push((named.offset, path.clone(), instead));
            }
        }
    }
    let product = found.into_iter().filter(|(at, _, _)| source.is_product(*at));
    let to_fault = |(at, what, instead): (usize, String, &str)| {
        fault(source, source.line_of(at), "sans-io", format!("`{what}` stands under the edges: {instead}"))
    };
    product.map(to_fault).collect()
}

fn unsafe_code(source: &Source) -> Vec<Fault> {
    if UNSAFE_FILES.iter().any(|(path, _)| *path == source.path) {
        return Vec::new();
    }
    let repair = "`unsafe` only in the files that UNSAFE_FILES names (tests/tidy/rules.rs): find a safe way, or argue for a row".to_owned();
    source
        .words("unsafe")
        .into_iter()
        .map(|at| fault(source, source.line_of(at), "unsafe", repair.clone()))
        .collect()
}

fn file_name(source: &Source) -> Vec<Fault> {
    let vague = |part: &&str| VAGUE_NAMES.contains(&part.trim_end_matches(".rs"));
    let found = source.path.split(['/', '_']).find(vague);
    let to_fault = |part: &str| {
        fault(source, 1, "names", format!("`{part}` says nothing: name the file after its one idea"))
    };
    found.map(to_fault).into_iter().collect()
}

fn opens_with_its_purpose(source: &Source) -> Vec<Fault> {
    if source.text.trim_start_matches('\u{feff}').starts_with("//!") {
        return Vec::new();
    }
    let repair = "a file opens with `//!`: what it is, its RFC section, what is not its job".to_owned();
    vec![fault(source, 1, "opening", repair)]
}

fn file_length(source: &Source) -> Vec<Fault> {
    let lines = source.text.lines().count().min(source.tests_from.saturating_sub(1));
    if lines <= FILE_LINES_MAX || is_test_file(&source.path) {
        return Vec::new();
    }
    let repair = format!(
        "{lines} lines before the tests, {FILE_LINES_MAX} at most: it holds two ideas, make them two files"
    );
    vec![fault(source, FILE_LINES_MAX + 1, "length", repair)]
}

fn function_length(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    // A table in a test is a specification, as long as it needs to be.
    for at in source.words("fn").into_iter().filter(|at| source.is_product(*at)) {
        let Some(body) = body_of(&source.code, at) else { continue };
        let lines =
            source.code[body].lines().filter(|line| !line.trim().is_empty()).count().saturating_sub(2);
        if lines > FUNCTION_LINES_MAX {
            let repair = format!(
                "a function of {lines} lines of code, {FUNCTION_LINES_MAX} at most: give its parts names"
            );
            faults.push(fault(source, source.line_of(at), "length", repair));
        }
    }
    faults
}

/// The body of the function whose `fn` stands at `at`, braces included; `None` for a type or a declaration.
pub fn body_of(code: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let mut depth = 0_i32;
    let mut open = None;
    for (i, octet) in code.bytes().enumerate().skip(at + 2) {
        match octet {
            b'(' | b'[' if open.is_none() => depth += 1,
            b')' | b']' if open.is_none() => depth -= 1,
            b';' if open.is_none() && depth == 0 => return None,
            b'{' => {
                open = open.or(Some(i));
                depth += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return open.map(|open| open..i + 1);
                }
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
    }
    None
}

fn panics(source: &Source) -> Vec<Fault> {
    if is_test_file(&source.path) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    for (at, _) in source.code.match_indices(".unwrap()").filter(|(at, _)| source.is_product(*at)) {
        let repair =
            "`.unwrap()` in the engine: handle the case, or `expect(\"why it cannot be\")`".to_owned();
        faults.push(fault(source, source.line_of(at), "panics", repair));
    }
    faults
}

fn tests_run(source: &Source) -> Vec<Fault> {
    let sleeps = source.paths("std").into_iter().chain(source.paths("thread"));
    let sleeps = sleeps.filter(|named| named.segments.ends_with(&["thread".to_owned(), "sleep".to_owned()]));
    let sleeps = sleeps.map(|named| {
        (named.offset, "wait on the thing itself (a condition, a socket, virtual time), never a sleep")
    });
    let ignored = source
        .code
        .match_indices("#[ignore")
        .map(|(at, _)| (at, "a test that is not run is no test: repair it or remove it"));
    let all = sleeps.chain(ignored);
    all.map(|(at, repair)| fault(source, source.line_of(at), "tests", repair.to_owned())).collect()
}

fn loose_ends(source: &Source) -> Vec<Fault> {
    let mut faults = Vec::new();
    for word in LOOSE_ENDS {
        for at in crate::source::whole_words(&source.prose, word) {
            let repair = format!("`{word}`: do it now, or open an issue and say nothing here");
            faults.push(fault(source, source.line_of(at), "loose ends", repair));
        }
    }
    faults
}

fn public_face(source: &Source) -> Vec<Fault> {
    if floor(&source.path).is_none() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut say = |at: usize, repair: &str| {
        if source.is_product(at) {
            faults.push(fault(source, source.line_of(at), "public face", repair.to_owned()));
        }
    };
    for (at, _) in source.code.match_indices("pub use ").filter(|_| source.path != "src/lib.rs") {
        say(at, "a re-export hides where a thing lives: name it at its own path");
    }
    for (at, _) in source.code.match_indices("pub fn ") {
        let rest = &source.code[at + 7..];
        if rest.starts_with("set_") {
            say(at, "a setter: say with a verb what happens (`handle`, `hang_up`), or build the value whole");
        }
        if parameters(rest).is_some_and(|list| list.split(',').any(|one| one.trim().ends_with(": bool"))) {
            say(at, "a bool argument: at the call nobody sees what `true` means; make it a two-armed enum");
        }
    }
    faults
}

/// The text between the parentheses of a signature that begins at its name.
fn parameters(signature: &str) -> Option<&str> {
    let open = signature.find('(')?;
    let mut depth = 0_i32;
    for (i, octet) in signature.bytes().enumerate().skip(open) {
        match octet {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&signature[open + 1..i]);
        }
    }
    None
}

/// Every dependency of `manifest` (the text of Cargo.toml) has a home in the table.
pub fn dependencies(manifest: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside) {
            let name = name.trim().replace('-', "_");
            if !CRATE_HOMES.iter().any(|(known, _)| *known == name) {
                let repair =
                    format!("`{name}` has no home: give it a row in CRATE_HOMES (tests/tidy/rules.rs)");
                faults.push(Fault { path: "Cargo.toml".into(), line: index + 1, rule: "crates", repair });
            }
        }
    }
    faults
}

/// A decision names all five parts of its form.
pub fn decision(path: &str, text: &str) -> Vec<Fault> {
    let missing = DECISION_PARTS
        .iter()
        .filter(|part| !text.lines().any(|line| line.starts_with('#') && line.contains(*part)));
    let to_fault = |part: &&str| Fault {
        path: path.to_owned(),
        line: 1,
        rule: "decisions",
        repair: format!("no heading `{part}`: a decision has {}", DECISION_PARTS.join(" · ")),
    };
    missing.map(to_fault).collect()
}

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;
const DECISION_PARTS: [&str; 5] =
    ["Situation", "Choice", "What it costs", "What else we weighed", "We were wrong if"];
const VAGUE_NAMES: [&str; 8] = ["util", "utils", "common", "manager", "helper", "helpers", "misc", "stuff"];
const LOOSE_ENDS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

/// Values that every floor may name.
const GROUND: [&str; 6] = ["clock", "id", "limits", "near", "phi", "rng"];
/// The only floors with clocks, sockets, files, threads and tasks.
const EDGES: [&str; 6] = ["io", "console", "simulate", "cli", "main", "config"];

/// Which floor may name which, from the bottom up. A row is a floor, or a module of one.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("id", &[]),
    ("limits", &[]),
    ("near", &[]),
    ("phi", &[]),
    ("rng", &[]),
    ("wire", &[]),
    ("audio", &["wire::codec", "wire::telephone_event"]),
    ("rtp", &["wire"]),
    ("sip", &["wire"]),
    ("media", &["wire", "audio", "rtp"]),
    ("call", &["sip", "media", "wire", "rtp", "audio"]),
    ("flow", &["call", "wire::telephone_event", "wire::barred"]),
    ("report", &["call", "flow", "wire", "media::command", "sip::dialog::kept", "sip::way"]),
    ("switch", &["wire", "audio", "rtp", "sip", "media", "call", "flow", "report"]),
    ("io", &["wire", "audio", "rtp", "sip", "media", "call", "flow", "report", "switch"]),
    ("config", &["wire", "sip", "media", "call", "flow", "report", "switch", "io"]),
    ("cli", &["wire", "audio", "rtp", "sip", "media", "call", "flow", "report", "switch", "io", "config"]),
    ("main", &["cli"]),
];

/// Where each outside crate lives.
const CRATE_HOMES: &[(&str, &[&str])] = &[
    ("clap", &["src/cli/", "src/main.rs"]),
    ("granit_parser", &["src/flow/syntax"]),
    ("hickory_resolver", &["src/io/dns"]),
    ("http_body_util", &["src/io/http.rs"]),
    ("hyper", &["src/io/http.rs"]),
    ("hyper_util", &["src/io/http.rs"]),
    ("etherparse", &["src/io/capture.rs"]),
    ("hmac", &["src/sip/digest"]),
    ("hound", &["src/io/recorder"]),
    ("io_uring", &["src/io/media_ring.rs"]),
    (
        "jiff",
        &[
            "src/io/",
            "src/cli/",
            "src/flow/closing/phone.rs",
            "src/flow/hours/",
            "src/flow/read/hours.rs",
            "src/flow/rehearsal/",
            "src/flow/saved.rs",
            "src/flow/set.rs",
        ],
    ),
    ("libc", &["src/io/", "src/cli/"]),
    ("md5", &["src/sip/digest"]),
    ("md_5", &["src/sip/digest"]),
    ("memchr", &["src/wire/"]),
    ("mimalloc", &["src/main.rs"]),
    ("pcap_file", &["src/io/capture.rs"]),
    ("realfft", &["src/audio/fingerprint"]),
    ("rtp", &["src/wire/rtp.rs"]),
    ("phonenumber", &["src/wire/national.rs"]),
    ("rtrb", &["src/media/tap.rs"]),
    ("rubato", &["src/io/prompts"]),
    ("rustls_native_certs", &["src/io/request/"]),
    ("serde", &["src/io/", "src/cli/", "src/config", "src/flow/request/answer.rs"]),
    ("serde_json", &["src/io/", "src/cli/", "src/flow/request/answer.rs"]),
    ("serde_saphyr", &["src/config"]),
    ("sha2", &["src/audio/g722.rs", "src/flow/", "src/sip/digest"]),
    ("smallvec", &["src/flow/"]),
    ("socket2", &["src/io/"]),
    ("sqlx", &["src/io/store"]),
    ("strsim", &["src/flow/", "src/config"]),
    ("subtle", &["src/sip/digest"]),
    ("symphonia", &["src/io/prompts"]),
    ("thiserror", &["src/"]),
    ("tokio", &["src/io/", "src/cli/", "src/main.rs"]),
    ("tokio_rustls", &["src/io/request/"]),
    ("tracing", &["src/"]),
    ("tracing_subscriber", &["src/cli/", "src/main.rs"]),
    ("webrtc_util", &["src/wire/rtp.rs"]),
];

/// Files that may say `unsafe`, and why.
const UNSAFE_FILES: &[(&str, &str)] = &[
    ("src/near.rs", "the prefetch instruction: it touches nothing, and safe Rust has no name for it"),
    ("src/io/descriptors.rs", "getrlimit and setrlimit"),
    (
        "src/io/media_memory.rs",
        "madvise: a thousand legs in small pages are more than a processor has in mind",
    ),
    ("src/io/media_ring.rs", "io_uring: one system call for all packets of a slot"),
    ("src/io/media_stamp.rs", "recvmsg with the time of arrival: the way there and back is reckoned from it"),
    ("src/io/media_socket.rs", "recvmmsg and sendmmsg: batches are what makes the media floor cheap"),
    ("src/io/voice/child.rs", "kill of a process group: what a speech engine started ends with it"),
    ("src/io/sip_udp.rs", "recvmsg with IP_PKTINFO: which of our addresses a datagram came to"),
    ("benches/support/allocations.rs", "an allocator that counts is unsafe by its trait"),
    ("benches/support/sockets.rs", "the same batches, measured without the engine"),
    ("benches/support/uring.rs", "io_uring, measured as another floor"),
];

/// Words that only the edges may use, and what the floors under them do instead.
const EDGE_WORDS: &[(&str, &str)] = &[
    ("SystemTime", "wall time comes in as `clock::WallTime`"),
    ("UdpSocket", "octets come in as an `Input` and go out as an `Output`"),
    ("TcpStream", "octets come in as an `Input` and go out as an `Output`"),
    ("Mutex", "one owner holds the state; there is nothing to lock"),
    ("RwLock", "one owner holds the state; there is nothing to lock"),
    ("Condvar", "one owner holds the state; nobody waits"),
    ("mpsc", "inputs come in by `handle`, outputs leave by `poll_output`"),
    ("async", "nothing waits under the edges: ask with an output, take the answer as an input"),
    ("await", "nothing waits under the edges: ask with an output, take the answer as an input"),
    ("tokio", "tasks live in `io` only"),
    ("println", "tell it as an event or a counter"),
    ("eprintln", "tell it as an event or a counter"),
    ("thread_rng", "chance comes in as `rng::Rng`"),
    ("getrandom", "chance comes in as `rng::Rng`"),
    ("RandomState", "an unseeded map makes a run that cannot be told again: BTreeMap"),
];

/// Paths of the standard library that only the edges may use.
const EDGE_PATHS: &[(&str, &str)] = &[
    ("std::time::Instant", "time comes in as `clock::Instant`"),
    ("std::thread", "threads live in `io` only"),
    ("std::fs", "files live in `io` only"),
    ("std::io", "reading and writing live in `io` only"),
    ("std::env", "settings come in by configuration"),
    ("std::process", "processes live in `io` only"),
    ("std::net::ToSocketAddrs", "names are resolved in `io` only"),
];
