//! What a set is made of: the name and the hash of each of its files, flows and sounds alike; and one hash of all.
//! Pure; `io::published` reads the files.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The files of a set by their names in it, such as `flows/clinic.yaml` or `sounds/en/u.person.wav`, each with the
/// SHA-256 of its octets in hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Name → hash.
    pub files: BTreeMap<String, String>,
}

/// The folder of flows in a set.
pub const FLOWS: &str = "flows";
/// The folder of sounds in a set.
pub const SOUNDS: &str = "sounds";

impl Content {
    /// SHA-256 over the names and hashes of all files, in hexadecimal: the version of the set.
    pub fn hash(&self) -> String {
        let mut all = Vec::new();
        for (name, hash) in &self.files {
            all.extend_from_slice(&(name.len() as u64).to_be_bytes());
            all.extend_from_slice(name.as_bytes());
            all.extend_from_slice(hash.as_bytes());
        }
        digest(&all)
    }
}

/// SHA-256 in hexadecimal.
pub fn digest(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The first twelve digits of a hash, as tables and records show it.
pub fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(files: &[(&str, &str)]) -> Content {
        let file = |(name, text): &(&str, &str)| ((*name).to_owned(), digest(text.as_bytes()));
        Content { files: files.iter().map(file).collect() }
    }

    #[test]
    fn the_hash_tells_of_every_name_and_every_octet_and_of_no_order() {
        let base = content(&[("flows/a.yaml", "x"), ("sounds/en/b.wav", "y")]);
        assert_eq!(base.hash(), content(&[("sounds/en/b.wav", "y"), ("flows/a.yaml", "x")]).hash());
        let others = [
            content(&[("flows/a.yaml", "x")]),
            content(&[("flows/a.yaml", "x "), ("sounds/en/b.wav", "y")]),
            content(&[("flows/a.yaml", "x"), ("sounds/es/b.wav", "y")]),
            content(&[("flows/a.yaml", "y"), ("sounds/en/b.wav", "x")]),
        ];
        for other in others {
            assert_ne!(base.hash(), other.hash(), "{other:?}");
        }
        // FIPS 180-4, of the empty message.
        assert_eq!(digest(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(short(&digest(b"")), "e3b0c44298fc");
    }
}
