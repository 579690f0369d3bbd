//! The clinic of the benches is written by hand: it must stay a clinic that the engine serves, or the
//! benches measure nothing and nobody is told.

#[path = "../benches/support/clinic.rs"]
#[allow(dead_code, reason = "the times of the script are the bench's")]
mod clinic;

use clinic::{Recording, Room};
use std::process::Command;

#[test]
fn the_clinic_of_the_benches_is_without_fault() {
    for recording in [Recording::On, Recording::Off] {
        let directory = tempfile::tempdir().expect("a directory for the clinic");
        let sip = "127.0.0.1:5060".parse().expect("an address");
        clinic::write(directory.path(), sip, recording, Room::for_calls(10)).expect("the clinic is written");
        let output = Command::new(env!("CARGO_BIN_EXE_careline"))
            .arg("check")
            .current_dir(directory.path())
            .output()
            .expect("careline runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "recording {recording:?}: {text}{errors}");
    }
}
