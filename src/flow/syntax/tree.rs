//! Parser events → a tree with places. The only file that names `granit_parser`.
//!
//! A fault of grammar ends the reading of its file, because nothing after it can be trusted; every
//! other fault is noted and the reading goes on with [`Shape::Broken`] in its place, over which later
//! checks are silent.

use crate::flow::diagnostic::{Code, Place, Sources, TOO_MANY, Words};
use crate::flow::mend;
use crate::limits::{FLOW_DEPTH_MAX, FLOW_FILE_MAX_OCTETS};
use granit_parser::{ErrorKind, Event, Parser, Placement, ScalarStyle, ScanError, Span};
use std::collections::BTreeMap;

const fn code(id: &'static str, meaning: &'static str) -> Code {
    Code { id, meaning }
}

/// The file is not text.
pub const NOT_TEXT: Code = code("Y001", "the file is not UTF-8 text");
/// The file is too large.
pub const TOO_LARGE: Code = code("Y002", "the file is larger than any flow needs");
/// The nesting is too deep.
pub const TOO_DEEP: Code = code("Y003", "values are nested deeper than any flow needs");
/// The text is no YAML.
pub const GRAMMAR: Code = code("Y004", "the text breaks a rule of YAML's grammar");
/// A tab indents.
pub const TAB: Code = code("Y005", "a tab stands where YAML wants spaces");
/// A quote is not closed.
pub const QUOTE: Code = code("Y006", "a quotation mark is not closed");
/// A tag.
pub const TAG: Code = code("Y007", "a word with ! is a YAML tag, which changes values unseen");
/// An anchor or alias.
pub const ANCHOR: Code = code("Y008", "a word with & is a YAML anchor, which gives a value a second name");
/// A merge key.
pub const MERGE: Code = code("Y009", "<< is a YAML merge key, which mixes values unseen");
/// Several documents.
pub const DOCUMENTS: Code = code("Y010", "the file holds several YAML documents; only one can be meant");
/// A name twice.
pub const TWICE: Code = code("Y011", "the same name stands twice in one place");
/// The pound key written as a character.
pub const POUND: Code = code("Y012", "`#:` begins a comment, so the line vanishes");
/// The star key written as a character.
pub const STAR: Code = code("Y013", "`*:` begins an alias; the star key is written `star`");
/// A comment swallows text.
pub const CUT: Code = code("Y014", "` #` begins a comment and cuts the text before it");
/// A directive.
pub const DIRECTIVE: Code =
    code("Y015", "a line with % is a YAML directive, which changes how the file is read");
/// Nothing in it.
pub const EMPTY: Code = code("Y016", "the file is empty");
/// A bracket is not closed.
pub const BRACKET: Code = code("Y018", "a bracket is not closed");
/// An alias.
pub const ALIAS: Code = code("Y019", "a word with * is a YAML alias, which repeats a value unseen");

/// All kinds of fault that this file finds.
pub const CODES: &[Code] = &[
    NOT_TEXT, TOO_LARGE, TOO_DEEP, GRAMMAR, TAB, QUOTE, TAG, ANCHOR, MERGE, DOCUMENTS, TWICE, POUND, STAR,
    CUT, DIRECTIVE, EMPTY, TOO_MANY, BRACKET, ALIAS,
];

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub shape: Shape,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One word or text.
    Scalar(Scalar),
    /// `- a` or `[a, b]`.
    List(Vec<Node>),
    /// `name: value`, in the order of the file.
    Map(Vec<(Node, Node)>),
    /// A fault stood here and is noted.
    Broken,
}

/// A word or text as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Its text; escapes of quoted text are resolved.
    pub text: String,
    /// Whether quotation marks or a block protect it.
    pub protection: Protection,
}

/// How a text is kept apart from YAML's own characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    Plain,
    /// Not at all, and a comment follows on its line: the comment may be text that was meant.
    PlainBeforeComment,
    /// By quotation marks or a block.
    Quoted,
}

impl Node {
    /// The text, if it is a word or text.
    pub fn text(&self) -> Option<&str> {
        match &self.shape {
            Shape::Scalar(scalar) => Some(&scalar.text),
            Shape::List(_) | Shape::Map(_) | Shape::Broken => None,
        }
    }

    /// Nothing stands behind the colon.
    pub fn is_missing(&self) -> bool {
        matches!(&self.shape, Shape::Scalar(s) if s.text.is_empty() && s.protection != Protection::Quoted)
    }
}

/// What came of reading a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Its tree; faults may be noted.
    Tree(Node),
    /// Nothing but comments: whether that is a fault, the reader of the file knows.
    Empty,
    /// Its grammar is broken, and the fault is noted.
    Broken,
}

/// Reads one file into `sources`; the number names it in places.
pub fn read(sources: &mut Sources, path: &str, octets: &[u8]) -> (usize, Reading) {
    match take_in(sources, path, octets) {
        Ok((file, text)) => {
            let reader = Reader { sources, file, text: &text, open: Vec::new(), root: None, documents: 0 };
            (file, reader.run())
        }
        Err(file) => (file, Reading::Broken),
    }
}

/// Takes a file that is no YAML into `sources`: its number there.
///
/// # Errors
/// The number too, if the file is no text or too large; the fault is noted.
pub fn text(sources: &mut Sources, path: &str, octets: &[u8]) -> Result<usize, usize> {
    take_in(sources, path, octets).map(|(file, _)| file)
}

/// The number of a file and its text; the number alone if it is none, and its fault is noted.
fn take_in(sources: &mut Sources, path: &str, octets: &[u8]) -> Result<(usize, String), usize> {
    let octets = octets.strip_prefix("\u{feff}".as_bytes()).unwrap_or(octets);
    if octets.len() > FLOW_FILE_MAX_OCTETS {
        let file = sources.add(path, String::new());
        let words = Words::what(format!("the file has {} octets", octets.len()))
            .repair(format!("split it: at most {FLOW_FILE_MAX_OCTETS} are read"));
        sources.fault(Place::whole_file(file), TOO_LARGE, words);
        return Err(file);
    }
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text.to_owned(),
        Err(error) => return Err(not_text(sources, path, octets, error.valid_up_to())),
    };
    Ok((sources.add(path, text.clone()), text))
}

fn not_text(sources: &mut Sources, path: &str, octets: &[u8], good: usize) -> usize {
    let before = String::from_utf8_lossy(&octets[..good]).into_owned();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let file = sources.add(path, String::from_utf8_lossy(octets).into_owned());
    let words = Words::what(format!("the octet {:#04x} is no UTF-8 text", octets[good]))
        .repair("save the file as UTF-8 in your editor");
    sources.fault(Place { file, line, column, width: 1 }, NOT_TEXT, words);
    file
}

/// The entries of a map that is open, and the lines of their names.
#[derive(Default)]
struct Entries {
    list: Vec<(Node, Node)>,
    lines: BTreeMap<String, usize>,
}

/// A list or map whose end has not come yet.
enum Open {
    List(Place, Vec<Node>),
    Map(Place, Entries, Option<Node>),
}

struct Reader<'a> {
    sources: &'a mut Sources,
    file: usize,
    text: &'a str,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Reader<'_> {
    fn run(mut self) -> Reading {
        let options = granit_parser::options! {
            emit_unresolved_aliases: true,
            disallow_directives: true,
            flow_nesting_limit: FLOW_DEPTH_MAX,
            block_nesting_limit: FLOW_DEPTH_MAX,
            max_buffered_comment_events: 10_000,
        };
        let text = self.text;
        for event in Parser::new_from_str_with_options(text, options) {
            match event {
                Ok((event, span)) => self.event(event, span),
                Err(error) => {
                    self.grammar(&error);
                    return Reading::Broken;
                }
            }
        }
        self.root.filter(|root| !root.is_missing()).map_or(Reading::Empty, Reading::Tree)
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        let place = self.place(&span);
        self.forbidden(&event, place);
        match event {
            Event::DocumentStart(..) => self.document(place),
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.alias(place),
            Event::Scalar(text, style, ..) => {
                let protection = match style {
                    ScalarStyle::Plain => Protection::Plain,
                    _ => Protection::Quoted,
                };
                // The parser says `~` where nothing is written.
                let nothing = protection == Protection::Plain && span.is_empty();
                let text = if nothing { String::new() } else { text.into_owned() };
                self.put(Node { place, shape: Shape::Scalar(Scalar { text, protection }) });
            }
            Event::SequenceStart(..) => self.open.push(Open::List(place, Vec::new())),
            Event::MappingStart(..) => self.open.push(Open::Map(place, Entries::default(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Comment(text, placement) => self.comment(&text, placement, place),
            _ => {}
        }
    }

    fn close(&mut self) {
        let node = match self.open.pop() {
            Some(Open::List(place, items)) => Node { place, shape: Shape::List(items) },
            Some(Open::Map(place, entries, _)) => Node { place, shape: Shape::Map(entries.list) },
            None => return,
        };
        self.put(node);
    }

    /// Hands a finished value to the list or map that is open.
    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None if self.documents <= 1 => self.root = Some(node),
            None => {}
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, _, key @ None)) => {
                *key = Some(node);
                self.merge_key();
            }
            Some(Open::Map(_, entries, key)) => {
                let Some(key) = key.take() else { return };
                let Some(name) = key.text().map(str::to_owned) else { return entries.list.push((key, node)) };
                match entries.lines.get(&name) {
                    None => {
                        entries.lines.insert(name, key.place.line);
                        entries.list.push((key, node));
                    }
                    Some(first) => {
                        let words = Words::what(format!("`{name}` stands here for the second time"))
                            .repair(format!("keep one of them; the first is in line {first}"));
                        let again = |text| mend::same_line(text, *first, key.place, &node);
                        // Looking at lines takes time in a file of nothing but faults.
                        let fix = Some(self.text).filter(|_| !self.sources.is_full()).and_then(again);
                        let words = words.mends(fix);
                        self.sources.fault(key.place, TWICE, words);
                    }
                }
            }
        }
    }

    fn merge_key(&mut self) {
        let Some(Open::Map(_, _, Some(key))) = self.open.last_mut() else { return };
        if key.text() == Some("<<") {
            let words = Words::what("`<<` would mix another part of the file in here")
                .repair("write the names and values out");
            self.sources.fault(key.place, MERGE, words);
            key.shape = Shape::Broken;
        }
    }

    /// Tags and anchors, wherever they stand.
    fn forbidden(&mut self, event: &Event<'_>, place: Place) {
        if event.tag().is_some() {
            let words = Words::what("a word that begins with ! is a YAML tag")
                .repair("take it out, or put the text in quotation marks");
            self.sources.fault(place, TAG, words);
        }
        let anchor = match event {
            Event::Scalar(_, _, anchor, _) => *anchor,
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => *anchor,
            _ => 0,
        };
        if anchor != 0 {
            let words = Words::what("a word that begins with & is a YAML anchor")
                .repair("take it out, or put the text in quotation marks");
            self.sources.fault(place, ANCHOR, words);
        }
    }

    fn alias(&mut self, place: Place) {
        let written = self.written(place);
        let (code, words) = match written.trim_end_matches(':').trim_end() {
            "*" => (STAR, star_words()),
            name => {
                let what = format!("`{name}` is a YAML alias: it would repeat another part of the file");
                (ALIAS, Words::what(what).repair("write the value out; the star key is written `star`"))
            }
        };
        self.sources.fault(place, code, words);
        self.put(Node { place, shape: Shape::Broken });
    }

    fn comment(&mut self, text: &str, placement: Placement, place: Place) {
        if text.starts_with(':') {
            let words = Words::what(format!("the line `#{text}` is a comment, so it vanishes"))
                .repair("the pound key is written `pound`")
                .hears("a caller who presses pound would get more time and nothing else");
            let text = Some(self.text).filter(|_| !self.sources.is_full());
            let words = words.mends(text.and_then(|text| mend::pound_line(text, place)));
            self.sources.fault(place, POUND, words);
        }
        if placement == Placement::Right {
            self.mark_cut(place.line);
        }
    }

    /// The last word before a comment on the same line may be a text that the comment cuts.
    fn mark_cut(&mut self, line: usize) {
        let last = match self.open.last_mut() {
            None => self.root.as_mut(),
            Some(Open::List(_, items)) => items.last_mut(),
            Some(Open::Map(_, entries, None)) => entries.list.last_mut().map(|(_, value)| value),
            Some(Open::Map(_, _, Some(_))) => None,
        };
        let Some(Node { place, shape: Shape::Scalar(scalar) }) = last else { return };
        if place.line == line && scalar.protection == Protection::Plain && !scalar.text.is_empty() {
            scalar.protection = Protection::PlainBeforeComment;
        }
    }

    fn document(&mut self, place: Place) {
        self.documents += 1;
        if self.documents == 2 {
            let words = Words::what("a second document begins here").repair("keep one document in a file");
            self.sources.fault(place, DOCUMENTS, words);
        }
    }

    fn grammar(&mut self, error: &ScanError) {
        let marker = *error.marker();
        let mut place = self.place(&Span::new(marker, marker));
        let line = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or("");
        let (code, words) = match error.kind() {
            _ if line.trim_start().starts_with("*:") => (STAR, star_words()),
            kind if is_tab(kind) => {
                place = self.indenting_tab(place);
                let words =
                    Words::what("a tab stands where YAML wants spaces").repair("put spaces in its place");
                (TAB, words.mends(mend::tabs(self.text, place.file)))
            }
            ErrorKind::DirectiveDisallowed => (
                DIRECTIVE,
                Words::what("a line that begins with % is a YAML directive").repair("take it out"),
            ),
            ErrorKind::RecursionLimitExceeded => (
                TOO_DEEP,
                Words::what("values are nested too deep").repair(format!(
                    "at most {FLOW_DEPTH_MAX} levels are read; no flow needs more than five"
                )),
            ),
            kind => unclosed(kind).unwrap_or_else(|| (GRAMMAR, grammar_words(error))),
        };
        self.sources.fault(place, code, words);
    }

    /// The first line from here on that a tab indents: the parser tells where its trouble began.
    fn indenting_tab(&self, from: Place) -> Place {
        for (index, line) in self.text.lines().enumerate().skip(from.line.saturating_sub(1)) {
            let mut indent = line.chars().take_while(|c| c.is_whitespace());
            if let Some(column) = indent.position(|c| c == '\t') {
                return Place { line: index + 1, column: column + 1, width: 1, ..from };
            }
        }
        from
    }

    fn written(&self, place: Place) -> &str {
        let line = self.text.lines().nth(place.line.saturating_sub(1)).unwrap_or("");
        let from = line.char_indices().nth(place.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
        let rest = &line[from..];
        &rest[..rest.char_indices().nth(place.width).map_or(rest.len(), |(at, _)| at)]
    }

    fn place(&self, span: &Span) -> Place {
        let one_line = span.end.line() == span.start.line();
        let width = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        Place { file: self.file, line: span.start.line(), column: span.start.col() + 1, width: width.max(1) }
    }
}

fn star_words() -> Words {
    Words::what("`*` begins a YAML alias, so the star key cannot be written so")
        .repair("the star key is written `star`; it repeats what was said, everywhere")
        .mend("*", "star")
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    )
}

fn unclosed(kind: &ErrorKind) -> Option<(Code, Words)> {
    let (what, repair) = match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            ("a quotation mark is not closed".to_owned(), "close it where the text ends".to_owned())
        }
        ErrorKind::UnclosedFlowCollection { open } | ErrorKind::MismatchedFlowCollectionEnd { open, .. } => {
            let close = if *open == '{' { '}' } else { ']' };
            (format!("the bracket `{open}` is not closed"), format!("close it with `{close}`"))
        }
        ErrorKind::UnexpectedEofFlowSequence => {
            ("the bracket `[` is not closed".to_owned(), "close it with `]`".to_owned())
        }
        ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => {
            ("the bracket `{` is not closed".to_owned(), "close it with `}`".to_owned())
        }
        _ => return None,
    };
    let code = if what.starts_with("the bracket") { BRACKET } else { QUOTE };
    Some((code, Words::what(what).repair(repair)))
}

fn grammar_words(error: &ScanError) -> Words {
    let repair = match error.kind() {
        // The parser's words would be of scalars; most often the text of a line above has no end.
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            return Words::what("something stands behind a quotation mark that ends a text").repair(
                "end every text with its quotation mark, in the lines above too; take out what is behind it",
            );
        }
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey => {
            "begin the line under its neighbours; a text with `: ` needs quotation marks"
        }
        ErrorKind::CommentInterceptedScalar => "put the text in quotation marks; ` #` begins a comment",
        _ => "compare with a line above that is right; put texts in quotation marks",
    };
    Words::what(format!("this is no YAML: {}", error.info())).repair(repair)
}
