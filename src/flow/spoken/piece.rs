//! Pieces of speech: the closed set of words that a language's rules can say, each with the name of its recording.
//!
//! Not here: which pieces make a value ([`super`]), and the sounds.

use std::collections::BTreeMap;

/// A few words that are always spoken together, so that they can be recorded once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// What is said, as it is written.
    pub text: String,
    /// The name of its recording: lower-case letters, digits, `-` and `_`. Within a language no two are the same.
    pub name: String,
}

/// The piece that is not a word: a short rest between parts of what is said.
pub const PAUSE: &str = ",";

/// The name of [`PAUSE`].
pub const PAUSE_NAME: &str = "pause";

/// Where a piece stands in its [`Pieces`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PieceAt(usize);

/// All pieces of a language, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pieces {
    pieces: Vec<Piece>,
    by_name: BTreeMap<String, usize>,
}

impl Pieces {
    /// Takes in a text; gives the other text instead whose recording would have the same name.
    pub fn add(&mut self, text: &str) -> Result<PieceAt, String> {
        let name = name_of(text);
        match self.by_name.get(&name) {
            Some(at) if self.pieces[*at].text == text => Ok(PieceAt(*at)),
            Some(at) => Err(self.pieces[*at].text.clone()),
            None => {
                let at = self.pieces.len();
                self.pieces.push(Piece { text: text.to_owned(), name: name.clone() });
                self.by_name.insert(name, at);
                Ok(PieceAt(at))
            }
        }
    }

    pub fn get(&self, at: PieceAt) -> &Piece {
        &self.pieces[at.0]
    }

    pub fn all(&self) -> &[Piece] {
        &self.pieces
    }
}

/// A name for a file: ASCII letters and digits as they are, in lower case, blanks as `-`, all else by its code point.
fn name_of(text: &str) -> String {
    if text == PAUSE {
        return PAUSE_NAME.to_owned();
    }
    let mut name = String::with_capacity(text.len());
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            ' ' => name.push('-'),
            _ => name.push_str(&format!("_{:x}_", u32::from(c))),
        }
    }
    name
}

/// The text of what is said: blanks between pieces, none before a pause.
pub fn text(pieces: &[&Piece]) -> String {
    let mut text = String::new();
    for piece in pieces {
        if !text.is_empty() && piece.text != PAUSE {
            text.push(' ');
        }
        text.push_str(&piece.text);
    }
    text
}
