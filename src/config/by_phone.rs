//! `close_by_phone:` of `careline.yaml`: the number that is called to close lines, and the file of the PIN.
//!
//! Not here: whether that file is good ([`crate::io::secret_file`]): other commands than the engine need not read it.

use super::codes::{FAMILY, SERVICE_NUMBER};
use super::{CloseByPhone, vocabulary};
use crate::flow::diagnostic::{Sources, Words};
use crate::flow::syntax::fields::{self, Fields};
use crate::flow::syntax::tree::Node;
use std::path::PathBuf;

/// Reads the section; nothing if it has a fault.
pub fn read(node: &Node, sources: &mut Sources) -> Option<CloseByPhone> {
    let mut fields = Fields::of_object(node, &[&vocabulary::CLOSE_BY_PHONE], FAMILY, sources)?;
    let number = fields.need("number", sources);
    let number = number.and_then(|node| fields::word(node, "a number", FAMILY, sources));
    let pin_file = fields.need("pin_file", sources);
    let pin_file = pin_file.and_then(|node| fields::word(node, "a path", FAMILY, sources));
    fields.finish(sources);
    let (number, pin_file) = (number?, pin_file?);
    if !number.value.trim_start_matches('+').bytes().any(|octet| octet.is_ascii_digit())
        || !number.value.chars().all(|c| c.is_ascii_digit() || " -.()+".contains(c))
    {
        let words = Words::what(format!("`{}` is no number that can be called", number.value))
            .repair("write it as carriers send it, such as \"+16175550180\", or an extension such as 180");
        sources.fault(number.place, SERVICE_NUMBER, words);
        return None;
    }
    Some(CloseByPhone { number: number.value, pin_file: PathBuf::from(pin_file.value) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::flow::diagnostic::Paint;

    #[test]
    fn it_is_off_until_both_a_number_and_a_file_are_named() {
        let read = |text: &str| Config::read("careline.yaml", text.as_bytes());
        assert_eq!(read("").0.map(|config| config.close_by_phone), Some(None));
        let (config, _) = read("close_by_phone: {number: \"+1 617 555 0180\", pin_file: close.pin}\n");
        let expected = CloseByPhone { number: "+1 617 555 0180".to_owned(), pin_file: "close.pin".into() };
        assert_eq!(config.and_then(|config| config.close_by_phone), Some(expected));
        for (text, fault) in [
            ("{number: 180}", "C002  `close_by_phone` needs `pin_file`"),
            ("{pin_file: close.pin}", "C002  `close_by_phone` needs `number`"),
            ("{number: desk, pin_file: close.pin}", "C017  `desk` is no number that can be called"),
            ("{number: +, pin_file: close.pin}", "C017"),
            ("{number: 180, pin_file: close.pin, pin: 271828}", "C001"),
        ] {
            let (_, faults) = read(&format!("close_by_phone: {text}\n"));
            let told: String = faults.iter().map(|fault| fault.render(Paint::Plain)).collect();
            assert!(told.contains(fault), "{text}: {told}");
        }
    }
}
