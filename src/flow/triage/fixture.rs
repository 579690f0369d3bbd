//! A tree without fault for tests, beside the shipped prompts.

/// The tree.
pub const TREE: &str = r#"# A comment.
flow: red_flags
kind: triage
title: The questions before a nurse
intended_use: "Routes the call. Does not diagnose and advises no self-care."
sources: [CDC warning signs, the clinic's own lead]
start: begin
steps:
  begin: {menu: tt.begin, keys: {1: breath}}
  breath: {ask: tt.breath, code: chest-breathing, next: {yes: call_now, no: stroke}}
  stroke: {ask: tt.stroke, code: stroke, next: {yes: call_now, no: bleed}}
  bleed: {ask: tt.bleed, code: bleed-collapse, next: {yes: call_now, no: seizure}}
  seizure: {ask: tt.seizure, code: seizure-anaphylaxis, next: {yes: emergency_exit, no: poison}}
  poison: {ask: tt.poison, code: ingestion, next: {yes: poison_help, no: harm}}
  harm: {ask: tt.harm, code: self-harm, next: {yes: crisis, no: nurse}}
  call_now: {say: tt.call_now, next: emergency_exit}
  poison_help: {say: tt.poison_help, next: nurse}
tests:
  - {name: chest pain, keys: [1, 1], exit: emergency}
  - {name: stroke, keys: [1, 2, 1], exit: emergency}
  - {name: bleeding, keys: [1, 2, 2, 1], exit: emergency}
  - {name: seizure, keys: [1, 2, 2, 2, 1], exit: emergency}
  - {name: poison, keys: [1, 2, 2, 2, 2, 1], exit: nurse}
  - {name: self harm, keys: [1, 2, 2, 2, 2, 2, 1], exit: crisis}
  - {name: all no, keys: [1, 2, 2, 2, 2, 2, 2], exit: nurse}
  - {name: silence, keys: [1, silence, silence], exit: nurse}
  - {name: wrong keys, keys: [1, 2, 5, 6], exit: nurse}
  - {name: zero at once, keys: [0], exit: person}
  - {name: a nurse at once, keys: [4], exit: nurse}
  - {name: nine in the middle, keys: [1, 2, 9], exit: crisis}
"#;

/// Its prompts.
pub const PROMPTS: &str = r#"
tt.begin: {en: "I will ask some short questions. To begin, press 1. For a nurse now, press 4.", es: "Le haré unas preguntas. Para empezar, marque 1. Para una enfermera ahora, marque 4."}
tt.breath: {en: "Is there chest pain? Press 1 for yes. Press 2 for no.", es: "¿Hay dolor de pecho? Marque 1 para sí. Marque 2 para no."}
tt.stroke: {en: "Is the face drooping? Press 1 for yes. Press 2 for no.", es: "¿Hay la cara caída? Marque 1 para sí. Marque 2 para no."}
tt.bleed: {en: "Is there bleeding that will not stop? Press 1 for yes. Press 2 for no.", es: "¿Hay sangre que no para? Marque 1 para sí. Marque 2 para no."}
tt.seizure: {en: "Is there a seizure? Press 1 for yes. Press 2 for no.", es: "¿Hay convulsiones? Marque 1 para sí. Marque 2 para no."}
tt.poison: {en: "Did someone take poison? Press 1 for yes. Press 2 for no.", es: "¿Alguien tomó veneno? Marque 1 para sí. Marque 2 para no."}
tt.harm: {en: "Are you thinking about hurting yourself? Press 1 for yes. Press 2 for no.", es: "¿Piensa en hacerse daño? Marque 1 para sí. Marque 2 para no."}
tt.call_now: {en: "Hang up and call 9 1 1 now.", es: "Cuelgue y llame al 9 1 1 ahora."}
tt.poison_help: {en: "Poison help is at 1 800, 2 2 2, 1 2 2 2.", es: "El centro de veneno está en el 1 800, 2 2 2, 1 2 2 2."}
"#;
