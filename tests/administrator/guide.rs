//! The guide as it is followed: its blocks, each written where its head says.

use crate::engine::ROOT;
use std::fs;
use std::path::Path;

/// The blocks of the guide: the line above each, without its `# `, and the lines to write.
pub fn blocks() -> Vec<(String, String)> {
    let guide = fs::read_to_string(Path::new(ROOT).join("docs/admin-guide/flu-shot-line.md"));
    let guide = guide.expect("the guide is shipped");
    let block = |text: &str| {
        let text = text.split("\n```").next().unwrap_or_default();
        let (head, body) = text.split_once('\n').unwrap_or((text, ""));
        let head =
            head.strip_prefix("# ").unwrap_or_else(|| panic!("a block does not say its file:\n{text}"));
        (head.to_owned(), format!("{body}\n"))
    };
    guide.split("```yaml\n").skip(1).map(block).collect()
}

/// Writes one block where its head says.
pub fn write(home: &Path, head: &str, body: &str) {
    let (file, place) = head.split_once(", ").unwrap_or((head, ""));
    let path = home.join(file);
    let before = if place == "a new file" { String::new() } else { read(&path) };
    let after = if let Some(word) = place.strip_prefix("under ") {
        let at = before.find(&format!("\n{word}")).unwrap_or_else(|| panic!("{file} has no `{word}`"));
        let end = before[at + 1..].find('\n').map_or(before.len(), |end| at + 1 + end + 1);
        format!("{}{body}{}", &before[..end], &before[end..])
    } else if let Some(step) = place.strip_prefix("in place of the keys of ") {
        let at = before.find(&format!("\n  {step}:\n")).unwrap_or_else(|| panic!("{file} has no `{step}`"));
        let keys = before[at..].find("\n    keys:").unwrap_or_else(|| panic!("`{step}` has no keys"));
        let from = at + keys + 1;
        let end = before[from..].find('\n').map_or(before.len(), |end| from + end + 1);
        format!("{}{body}{}", &before[..from], &before[end..])
    } else {
        assert!(["a new file", "at the end"].contains(&place), "nobody knows where this is: {head}");
        let gap = if place == "at the end" && !body.starts_with(' ') { "\n" } else { "" };
        format!("{before}{gap}{body}")
    };
    fs::write(&path, after).expect("the test's own directory can be written");
}

/// The text of a file that must be there.
pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the prompts that the guide adds.
pub fn new_prompts() -> Vec<String> {
    let of_prompts = blocks().into_iter().filter(|(head, _)| head.starts_with("ivr-flows/prompts.yaml"));
    let names = |(_, body): (String, String)| {
        let name =
            |line: &str| line.strip_suffix(':').filter(|name| !name.starts_with(' ')).map(str::to_owned);
        body.lines().filter_map(name).collect::<Vec<_>>()
    };
    of_prompts.flat_map(names).collect()
}
