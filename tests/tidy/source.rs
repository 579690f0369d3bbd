//! One Rust file, read so that rules can look at it: its code without comments and strings, its
//! prose without strings, its line numbers, the line where its tests begin, and the paths it names.
//!
//! This is a scanner, not a parser: it knows comments, strings, characters and brackets. What is
//! *not* its job: any judgement.

/// One file and the views of it that rules use. All views have the same length and line breaks.
pub struct Source {
    /// The path from the root of the repository, with `/`.
    pub path: String,
    /// The file as it is.
    pub text: String,
    /// Comments and the insides of strings are blanks.
    pub code: String,
    /// The insides of strings are blanks, comments stay.
    pub prose: String,
    /// The first line (from 1) of the tests; one past the last line if there are none.
    pub tests_from: usize,
}

/// A path that the code names, such as `crate::wire::sip`, with the offset of its first letter.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// Where it begins in the file, in octets.
    pub offset: usize,
    /// Its segments.
    pub segments: Vec<String>,
}

impl Source {
    /// Reads `text`, which stands at `path`.
    pub fn new(path: &str, text: &str) -> Self {
        let (code, prose) = blank(text);
        let tests_from = if is_test_file(path) { 1 } else { first_test_line(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, prose, tests_from }
    }

    /// The line (from 1) of an offset.
    pub fn line_of(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|&&octet| octet == b'\n').count() + 1
    }

    /// The offset stands before the tests.
    pub fn is_product(&self, offset: usize) -> bool {
        self.line_of(offset) < self.tests_from
    }

    /// Where `word` stands in the code as a whole word.
    pub fn words(&self, word: &str) -> Vec<usize> {
        whole_words(&self.code, word)
    }

    /// Every path of the code that begins with `root`, with `use` groups taken apart.
    pub fn paths(&self, root: &str) -> Vec<Named> {
        let mut found = Vec::new();
        for offset in whole_words(&self.code, root) {
            let before = self.code[..offset].trim_end();
            let inside = before.ends_with("::") && ends_in_word(before.trim_end_matches(':'));
            if !inside && (!before.ends_with('.') || before.ends_with("..")) {
                expand(&self.code, offset, Vec::new(), &mut found);
            }
        }
        found
    }
}

/// A file that holds tests, or stand-ins for tests, only.
pub fn is_test_file(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    !path.starts_with("src/")
        || stem == "tests"
        || stem.starts_with("fake_")
        || stem.ends_with("_tests")
        || path.contains("/tests/")
}

fn first_test_line(code: &str) -> usize {
    let lines: Vec<&str> = code.lines().map(str::trim).collect();
    let opens_tests = |at: usize| {
        let next = lines[at + 1..].iter().find(|line| !line.is_empty() && !line.starts_with("#["));
        lines[at].starts_with("#[cfg(test)]")
            && next.is_some_and(|line| line.split(' ').any(|word| word == "mod"))
    };
    (0..lines.len()).find(|&at| opens_tests(at)).map_or(lines.len() + 1, |at| at + 1)
}

fn is_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

fn ends_in_word(text: &str) -> bool {
    text.bytes().next_back().is_some_and(|octet| is_word(octet) || octet == b'>')
}

/// Where `word` stands in `code` as a whole word.
pub fn whole_words(code: &str, word: &str) -> Vec<usize> {
    let octets = code.as_bytes();
    let free_before = |at: usize| at == 0 || !is_word(octets[at - 1]) || !is_word(word.as_bytes()[0]);
    let free_after = |end: usize| {
        end == octets.len() || !is_word(octets[end]) || !is_word(word.as_bytes()[word.len() - 1])
    };
    let found = code.match_indices(word).map(|(at, _)| at);
    found.filter(|&at| free_before(at) && free_after(at + word.len())).collect()
}

/// Reads a path or a `use` tree from `at`; pushes each leaf; returns where it ended.
fn expand(code: &str, at: usize, mut prefix: Vec<String>, found: &mut Vec<Named>) -> usize {
    let start = skip_blank(code, at);
    let end = start + code.as_bytes()[start..].iter().take_while(|&&octet| is_word(octet)).count();
    prefix.push(code[start..end].to_owned());
    let next = skip_blank(code, end);
    if !code[next..].starts_with("::") {
        found.push(Named { offset: start, segments: prefix });
        return end;
    }
    let after = skip_blank(code, next + 2);
    match code.as_bytes().get(after) {
        Some(b'{') => expand_group(code, after + 1, &prefix, found),
        Some(&octet) if is_word(octet) => expand(code, after, prefix, found),
        _ => {
            found.push(Named { offset: start, segments: prefix });
            after
        }
    }
}

fn expand_group(code: &str, mut at: usize, prefix: &[String], found: &mut Vec<Named>) -> usize {
    loop {
        at = skip_blank(code, at);
        match code.as_bytes().get(at) {
            Some(&octet) if is_word(octet) => at = expand(code, at, prefix.to_vec(), found),
            Some(b'}') | None => return at + 1,
            Some(_) => at += 1,
        }
    }
}

fn skip_blank(code: &str, at: usize) -> usize {
    at + code.as_bytes()[at..].iter().take_while(|octet| octet.is_ascii_whitespace()).count()
}

/// What the scanner stands in.
enum Place {
    Code,
    LineComment,
    BlockComment { depth: u32 },
    Text,
    RawText { hashes: usize },
}

/// The views `code` and `prose` of a file.
fn blank(text: &str) -> (String, String) {
    let octets = text.as_bytes();
    let (mut code, mut prose) = (octets.to_vec(), octets.to_vec());
    let mut place = Place::Code;
    let mut at = 0;
    while at < octets.len() {
        let (next, length) = step(&place, octets, at);
        let end = (at + length).min(octets.len());
        for i in at..end {
            if octets[i] != b'\n' {
                let stays = matches!(place, Place::Code)
                    && matches!(next, Place::Code | Place::Text | Place::RawText { .. });
                let is_char = matches!(place, Place::Code) && length > 1 && octets[at] == b'\'';
                if !stays || is_char {
                    code[i] = b' ';
                }
                if matches!(place, Place::Text | Place::RawText { .. }) || is_char {
                    prose[i] = b' ';
                }
            }
        }
        place = next;
        at = end;
    }
    (String::from_utf8_lossy(&code).into_owned(), String::from_utf8_lossy(&prose).into_owned())
}

/// From `place` at `at`: the next place, and how many octets belong to the step.
fn step(place: &Place, octets: &[u8], at: usize) -> (Place, usize) {
    let rest = &octets[at..];
    match *place {
        Place::Code => step_in_code(rest, at > 0 && is_word(octets[at - 1])),
        Place::LineComment if rest[0] == b'\n' => (Place::Code, 1),
        Place::LineComment => (Place::LineComment, 1),
        Place::BlockComment { depth } if rest.starts_with(b"/*") => {
            (Place::BlockComment { depth: depth + 1 }, 2)
        }
        Place::BlockComment { depth: 1 } if rest.starts_with(b"*/") => (Place::Code, 2),
        Place::BlockComment { depth } if rest.starts_with(b"*/") => {
            (Place::BlockComment { depth: depth - 1 }, 2)
        }
        Place::BlockComment { depth } => (Place::BlockComment { depth }, 1),
        Place::Text if rest[0] == b'\\' => (Place::Text, 2),
        Place::Text if rest[0] == b'"' => (Place::Code, 1),
        Place::Text => (Place::Text, 1),
        Place::RawText { hashes } => {
            let closes =
                rest[0] == b'"' && rest[1..].iter().take_while(|&&octet| octet == b'#').count() >= hashes;
            if closes { (Place::Code, 1 + hashes) } else { (Place::RawText { hashes }, 1) }
        }
    }
}

fn step_in_code(rest: &[u8], after_word: bool) -> (Place, usize) {
    if rest.starts_with(b"//") {
        return (Place::LineComment, 2);
    }
    if rest.starts_with(b"/*") {
        return (Place::BlockComment { depth: 1 }, 2);
    }
    let prefix = rest.iter().take_while(|octet| matches!(octet, b'b' | b'c' | b'r')).count();
    let hashes = rest[prefix..].iter().take_while(|&&octet| octet == b'#').count();
    let is_raw = rest[..prefix].contains(&b'r') && rest.get(prefix + hashes) == Some(&b'"');
    match rest[0] {
        b'r' | b'b' | b'c' if is_raw && prefix <= 2 && !after_word => {
            (Place::RawText { hashes }, prefix + hashes + 1)
        }
        b'"' => (Place::Text, 1),
        b'\'' => (Place::Code, character(rest)),
        _ => (Place::Code, 1),
    }
}

/// The length of a character literal, or 1 for a lifetime.
fn character(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        let close = rest[2..].iter().skip(1).position(|&octet| octet == b'\'');
        return close.map_or(1, |at| at + 4);
    }
    let close = rest[1..].iter().take(5).position(|&octet| octet == b'\'');
    match close {
        Some(at) if at > 0 && (at == 1 || rest[1] >= 0x80) => at + 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_no_code() {
        let source = Source::new(
            "src/a.rs",
            "let a = \"unsafe \\\" x\"; // unsafe\nlet b = r#\"un\"safe\"#; /* a /* unsafe */ */ let c = '\"'; let d: &'a str = b\"y\";\nunsafe",
        );
        let places: Vec<usize> = source.words("unsafe").iter().map(|&at| source.line_of(at)).collect();
        assert_eq!(places, [3], "code: {}", source.code);
        assert_eq!(source.code.len(), source.text.len());
        assert!(source.code.contains("&'a str"), "a lifetime is code: {}", source.code);
    }

    #[test]
    fn groups_of_use_are_taken_apart() {
        let source = Source::new(
            "src/a.rs",
            "use crate::{wire::{sip::Uri, sdp}, media};\nlet x = crate::call::f::<u8>(1);",
        );
        let paths: Vec<String> =
            source.paths("crate").iter().map(|named| named.segments.join("::")).collect();
        assert_eq!(paths, ["crate::wire::sip::Uri", "crate::wire::sdp", "crate::media", "crate::call::f"]);
    }

    #[test]
    fn a_path_inside_another_path_is_not_its_own() {
        let source = Source::new(
            "src/a.rs",
            "use crate::rtp; use rtp::Packet; use ::rtp::Header; x.rtp; crate::rtp::y",
        );
        let found: Vec<String> = source.paths("rtp").iter().map(|named| named.segments.join("::")).collect();
        assert_eq!(found, ["rtp::Packet", "rtp::Header"]);
    }

    #[test]
    fn tests_begin_at_their_module() {
        let source = Source::new(
            "src/a.rs",
            "#[cfg(test)]\nfn seen_in_tests() {}\nfn a() {}\n#[cfg(test)]\nmod tests {\n}\n",
        );
        assert_eq!(source.tests_from, 4);
        assert_eq!(Source::new("src/a.rs", "fn a() {}\n").tests_from, 2);
        assert_eq!(Source::new("src/a/tests.rs", "fn a() {}\n").tests_from, 1);
        assert_eq!(Source::new("tests/a.rs", "fn a() {}\n").tests_from, 1);
    }
}
