//! What programs read of a check, the pages in the documentation, and repairs in files.

use super::*;
use serde_json::Value;
use std::fs;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A directory with the shipped flows and a configuration, in both of which something is broken.
fn broken() -> (tempfile::TempDir, Paths) {
    let home = tempfile::tempdir().unwrap();
    let flows = home.path().join("ivr-flows");
    fs::create_dir(&flows).unwrap();
    for entry in fs::read_dir(Path::new(ROOT).join("ivr-flows")).unwrap().map(Result::unwrap) {
        if entry.path().is_file() {
            fs::copy(entry.path(), flows.join(entry.file_name())).unwrap();
        }
    }
    let menu = flows.join("main_menu.yaml");
    let text = fs::read_to_string(&menu).unwrap().replacen("3: refill,", "3: refil,", 1);
    fs::write(menu, text).unwrap();
    let config = home.path().join("careline.yaml");
    fs::write(&config, "clals: {max: 5}\n").unwrap();
    (home, Paths { config: Some(config), flows: Some(flows) })
}

fn present(_: &Path, _: &PromptName, _: &Language) -> Audio {
    Audio::Present
}

fn told(paths: &Paths, format: Format) -> (Value, u8) {
    let arguments = Arguments { format, ..Arguments::default() };
    let report = run(paths, &arguments, &present, Paint::Plain);
    (serde_json::from_str(&report.text).unwrap(), report.exit_code)
}

#[test]
fn a_program_reads_every_part_of_a_fault() {
    let (_home, paths) = broken();
    let (read, exit_code) = told(&paths, Format::Json);
    assert_eq!(
        (&read["format"], &read["version"], &read["clean"]),
        (&"careline-check".into(), &1.into(), &false.into())
    );
    let faults = read["faults"].as_array().unwrap();
    let codes: Vec<&str> = faults.iter().map(|fault| fault["code"].as_str().unwrap()).collect();
    assert_eq!((codes.as_slice(), exit_code), (["C001", "F012"].as_slice(), 1));
    let key = &faults[1];
    assert!(key["file"].as_str().unwrap().ends_with("ivr-flows/main_menu.yaml"), "{key}");
    assert_eq!(key["place"], serde_json::json!({"line": 8, "column": 26, "width": 5}));
    assert_eq!(key["page"], "docs/faults/F012.md");
    assert_eq!(key["fix"]["edits"][0]["with"], "refill");
    for word in ["title", "source", "what", "repair", "hears"] {
        assert!(!key[word].as_str().unwrap().is_empty(), "{word}: {key}");
    }
}

#[test]
fn a_clean_set_is_told_as_such_in_every_form() {
    let paths = Paths { config: None, flows: Some(Path::new(ROOT).join("ivr-flows")) };
    let (read, exit_code) = told(&paths, Format::Json);
    // The shipped triage tree is a draft, and a warning says so.
    let codes: Vec<&str> =
        read["faults"].as_array().into_iter().flatten().filter_map(|f| f["code"].as_str()).collect();
    assert_eq!((&read["clean"], codes, exit_code), (&true.into(), vec!["F167"], 0));
    let (read, exit_code) = told(&paths, Format::Sarif);
    assert_eq!((read["runs"][0]["results"].as_array().map(Vec::len), exit_code), (Some(1), 0));
}

/// What the schema of SARIF 2.1.0 requires of the parts in use.
#[test]
fn sarif_has_what_its_standard_requires() {
    let (_home, paths) = broken();
    let nowhere = Paths { config: None, flows: Some(PathBuf::from("no/such/place")) };
    for (paths, count) in [(paths, 2), (nowhere, 0)] {
        let (read, exit_code) = told(&paths, Format::Sarif);
        assert_eq!((&read["version"], exit_code), (&"2.1.0".into(), 1));
        let run = &read["runs"][0];
        let driver = &run["tool"]["driver"];
        assert_eq!(driver["name"], "careline");
        let rules = driver["rules"].as_array().unwrap();
        let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids, pages().map(|page| page.code.id).collect::<Vec<_>>());
        for rule in rules {
            // It would have to be an absolute address (§3.49.12), and the pages have none.
            assert!(rule["helpUri"].is_null(), "{rule}");
            assert!(rule["shortDescription"]["text"].is_string() && rule["help"]["text"].is_string());
            assert!(rule["help"]["markdown"].as_str().unwrap().contains(rule["id"].as_str().unwrap()));
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), count);
        for result in results {
            let id = result["ruleId"].as_str().unwrap();
            assert_eq!(ids[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()], id);
            assert!(!result["message"]["text"].as_str().unwrap().is_empty());
            let physical = &result["locations"][0]["physicalLocation"];
            assert!(physical["artifactLocation"]["uri"].is_string());
            let number = |word: &str| physical["region"][word].as_u64().unwrap();
            assert!(number("startLine") >= 1 && number("startColumn") >= 1);
            assert!(number("endColumn") > number("startColumn"));
            let change = &result["fixes"][0]["artifactChanges"][0];
            assert!(change["artifactLocation"]["uri"].is_string());
            assert!(change["replacements"][0]["deletedRegion"]["startLine"].is_u64());
        }
        let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notes.is_empty(), count > 0, "what cannot be read is told");
    }
}

#[test]
fn repairs_are_shown_or_written_and_a_second_time_there_are_none() {
    let (home, paths) = broken();
    let fix = |dry_run| {
        let arguments = Arguments { fix: true, dry_run, ..Arguments::default() };
        let report = run(&paths, &arguments, &present, Paint::Plain);
        (report.text.replace(&format!("{}/", home.path().display()), ""), report.exit_code)
    };
    let said =
        "careline.yaml:1  `clals` becomes `calls`\nivr-flows/main_menu.yaml:8  `refil` becomes `refill`\n";
    let menu = home.path().join("ivr-flows/main_menu.yaml");
    let before = fs::read_to_string(&menu).unwrap();
    let (text, exit_code) = fix(true);
    assert!(text.starts_with(&format!("{said}2 repairs; nothing is written\n")) && exit_code == 1, "{text}");
    assert_eq!(fs::read_to_string(&menu).unwrap(), before);
    let (text, exit_code) = fix(false);
    assert!(text.starts_with(&format!("{said}2 repairs written\n")) && exit_code == 0, "{text}");
    assert_eq!(fs::read_to_string(&menu).unwrap(), before.replacen("refil,", "refill,", 1));
    assert_eq!(fs::read_to_string(home.path().join("careline.yaml")).unwrap(), "calls: {max: 5}\n");
    let (text, exit_code) = fix(false);
    assert!(text.starts_with("nothing to repair") && exit_code == 0, "{text}");
}

#[test]
fn the_page_of_a_code_is_printed_and_an_unknown_one_is_told() {
    let (_home, paths) = broken();
    let ask = |code: &str| {
        let arguments = Arguments { why: Some(code.to_owned()), ..Arguments::default() };
        run(&paths, &arguments, &present, Paint::Plain)
    };
    assert!(ask("f012").text.starts_with("F012: a key leads"), "{}", ask("f012").text);
    assert!(ask("F9999").exit_code == 1 && ask("F9999").text.contains("no code of a fault"));
}

/// Every file that is written from a table of the engine, and what it should hold.
fn written_pages() -> Vec<(String, String)> {
    let faults = pages().map(|page| (page_path(page.code.id), page.markdown()));
    let others = [
        ("docs/faults/README.md".to_owned(), faults::index(pages())),
        ("docs/admin-guide/steps.md".to_owned(), crate::flow::vocabulary::page()),
    ];
    faults.chain(others).collect()
}

#[test]
fn the_pages_in_the_documentation_are_what_the_tables_say() {
    let written = written_pages();
    let folder = Path::new(ROOT).join("docs/faults");
    if std::env::var_os("CARELINE_REWRITE").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (path, text) in &written {
            fs::write(Path::new(ROOT).join(path), text).unwrap();
        }
    }
    let differs = |(path, text): &&(String, String)| {
        fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_default() != *text
    };
    let stale: Vec<&str> = written.iter().filter(differs).map(|(path, _)| path.as_str()).collect();
    assert!(stale.is_empty(), "write them anew with CARELINE_REWRITE=1 cargo test --lib pages: {stale:?}");
    let there = fs::read_dir(folder)
        .unwrap()
        .map(|entry| format!("docs/faults/{}", entry.unwrap().file_name().display()));
    let orphans: Vec<String> = there.filter(|path| !written.iter().any(|(known, _)| known == path)).collect();
    assert_eq!(orphans, Vec::<String>::new(), "pages of no code");
}
