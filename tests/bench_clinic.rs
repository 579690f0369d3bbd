//! The clinic of the benches is written by hand: it must stay a clinic that the engine serves, or the
//! benches measure nothing and nobody is told. And the line that they draw through what they measured.

#[path = "../benches/support/clinic.rs"]
#[allow(dead_code, reason = "the times of the script are the bench's")]
mod clinic;
#[path = "../benches/support/trend.rs"]
mod trend;

use clinic::{Recording, Room};
use std::process::Command;
use trend::Trend;

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

#[test]
fn a_trend_is_the_line_through_all_measures_and_not_the_last_of_them() {
    let table: [(&str, &[f64], f64, f64); 4] = [
        ("a leak", &[10.0, 12.0, 14.0, 16.0], 2.0, 6.0),
        ("nothing", &[5.0, 5.0, 5.0], 0.0, 0.0),
        ("six loads that kept now more, now less", &[104.7, 106.8, 100.1, 96.6, 98.0, 94.3], -2.34, -10.4),
        ("a last one that is high by chance", &[100.0, 100.0, 100.0, 100.0, 103.0], 0.6, 3.0),
    ];
    for (name, measures, per_load, last_less_first) in table {
        let trend = Trend::of(measures);
        let off = [trend.per_load - per_load, trend.last_less_first - last_less_first];
        assert!(off.iter().all(|off| off.abs() < 0.01), "{name}: {trend:?}");
    }
    for few in [&[][..], &[7.0]] {
        let trend = Trend::of(few);
        assert!(trend.per_load.is_nan() && trend.last_less_first.is_nan(), "{few:?}: {trend:?}");
    }
}
