//! Trees as files, beside the shipped flows: what `careline sign` writes, and what ends it.

use super::block::signed_text;
use super::fixture::{PROMPTS, TREE};
use super::signature::{Seal, Signed};
use crate::flow::content::Content;
use crate::flow::diagnostic::{Diagnostic, Paint};
use crate::flow::set::{Audio, FlowSet, SourceFile};
use crate::flow::value::Date;
use std::fs;
use std::path::Path;

/// The shipped flows with a tree and these prompts for it.
fn loaded(tree: &str, prompts: &str) -> (Option<FlowSet>, Vec<Diagnostic>) {
    let flows = Path::new(env!("CARGO_MANIFEST_DIR")).join("ivr-flows");
    let entries = fs::read_dir(&flows).unwrap().map(|entry| entry.unwrap().path());
    let is_flow = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        name.ends_with(".yaml") && !name.ends_with(".test.yaml")
    };
    let mut files: Vec<SourceFile> = entries
        .filter(|path| is_flow(path))
        .map(|path| SourceFile {
            octets: fs::read(&path).unwrap(),
            path: path.file_name().and_then(|name| name.to_str()).unwrap().to_owned(),
        })
        .collect();
    let shipped = files.iter_mut().find(|file| file.path == "prompts.yaml").unwrap();
    shipped.octets.extend_from_slice(prompts.as_bytes());
    files.push(SourceFile { path: "red_flags.yaml".to_owned(), octets: tree.as_bytes().to_vec() });
    FlowSet::load(files, &|_, _| Audio::Present)
}

#[test]
fn what_is_written_into_the_file_is_the_signature_that_holds() {
    let content = Content { files: [("sounds/es/tt.harm.wav".to_owned(), "01".to_owned())].into() };
    let (set, _) = loaded(TREE, PROMPTS);
    let set = set.unwrap();
    let tree = &set.trees()[0];
    assert_eq!(tree.seal(&content), Seal::Missing);
    let review_due = Date::new(2027, 11, 28).unwrap();
    let signed = Signed {
        by: "Ada \"A.\" Miller: RN #1".to_owned(),
        licence: "RN1/MA".to_owned(),
        on: Date::new(2026, 11, 28).unwrap(),
        review_due,
        sha256: tree.sha256(&content),
    };
    let text = signed_text(TREE, &signed).unwrap();
    // Comments and layout are nobody's words; a text is.
    for (what, text, prompts, seal) in [
        ("as it was written", text.clone(), PROMPTS.to_owned(), Seal::Good { review_due }),
        (
            "another comment",
            text.replace("# A comment.", "# Another.\n\n"),
            PROMPTS.to_owned(),
            Seal::Good { review_due },
        ),
        (
            "another test",
            text.replace("name: all no", "name: nothing"),
            PROMPTS.to_owned(),
            Seal::Good { review_due },
        ),
        ("another purpose", text.replace("Routes the call.", "Routes."), PROMPTS.to_owned(), Seal::Changed),
        ("another text", text.clone(), PROMPTS.replace("chest pain?", "a chest pain?"), Seal::Changed),
        (
            "another way",
            text.replace("yes: emergency_exit, no: poison", "yes: call_now, no: poison"),
            PROMPTS.to_owned(),
            Seal::Changed,
        ),
    ] {
        let (set, faults) = loaded(&text, &prompts);
        let told: String = faults.iter().map(|fault| fault.render(Paint::Plain) + "\n").collect();
        let set = set.unwrap_or_else(|| panic!("{what}: {told}"));
        assert_eq!(set.trees()[0].seal(&content), seal, "{what}");
    }
}
