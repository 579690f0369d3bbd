//! Any octets as a flow, as `clinic.yaml`, as `prompts.yaml` and as `careline.yaml`: a verdict, never a panic,
//! and each fault with a place that exists.
#![no_main]

use careline::config::Config;
use careline::flow::diagnostic::{Diagnostic, Paint, Severity};
use careline::flow::set::{Audio, FlowSet, SourceFile};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 4] = ["main_menu.yaml", "clinic.yaml", "prompts.yaml", "entry.yaml"];

fn shipped(name: &str) -> SourceFile {
    let octets: &[u8] = match name {
        "main_menu.yaml" => include_bytes!("../../ivr-flows/main_menu.yaml"),
        "clinic.yaml" => include_bytes!("../../ivr-flows/clinic.yaml"),
        "prompts.yaml" => include_bytes!("../../ivr-flows/prompts.yaml"),
        _ => include_bytes!("../../ivr-flows/entry.yaml"),
    };
    SourceFile { path: name.to_owned(), octets: octets.to_vec() }
}

fn look(faults: &[Diagnostic]) {
    for fault in faults {
        assert!(!fault.what.is_empty(), "{fault:?}");
        assert!(fault.render(Paint::Plain).contains(fault.code.id));
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((choice, octets)) = input.split_first() else { return };
    let (config, faults) = Config::read("careline.yaml", octets);
    assert_eq!(config.is_none(), !faults.is_empty());
    look(&faults);
    let place = usize::from(*choice) % NAMES.len();
    let files = NAMES.iter().enumerate().map(|(n, name)| {
        if n == place {
            SourceFile { path: (*name).to_owned(), octets: octets.to_vec() }
        } else {
            shipped(name)
        }
    });
    let (set, faults) = FlowSet::load(files.collect(), &|_, _| Audio::Present);
    assert_eq!(set.is_none(), faults.iter().any(|fault| fault.severity == Severity::Fault));
    look(&faults);
});
