//! The real program on a disk without room: calls go on to their normal end, what is missing is told, and
//! what can wait is written when there is room again.
//!
//! A disk of its own is a tiny tmpfs, for which the test must be root and may mount. Elsewhere the quota
//! of the recordings, and a limit of the system on the length of files, stand in for it; `CARELINE_NO_MOUNT`
//! chooses them.

#[path = "engine/mod.rs"]
mod engine;
#[path = "phone/mod.rs"]
mod phone;
#[path = "sound/mod.rs"]
mod sound;

use engine::{Engine, Notice, ROOT, Wishes, recordings};
use phone::{Heard, Phone};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The size of a disk.
const DISK_OCTETS: u64 = 1_048_576;
/// What is left on it for a recording: two seconds.
const LEFT_OCTETS: u64 = 65_536;
/// Samples before the first of a recording's tone: what the jitter buffer holds back, and a tick.
const HELD_BACK: usize = 480;

/// A tiny disk, mounted until it is dropped.
struct Disk {
    at: PathBuf,
}

impl Disk {
    /// `None`, with a line that says so, where nothing may be mounted.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).expect("the test's own directory can be written");
        let size = format!("size={DISK_OCTETS}");
        let asked = std::env::var_os("CARELINE_NO_MOUNT").is_none();
        let mount = || {
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &size, "careline-test"]).arg(at).stderr(Stdio::null()).status()
        };
        if asked && mount().is_ok_and(|status| status.success()) {
            return Some(Self { at: at.to_path_buf() });
        }
        println!("SKIPPED: a tmpfs, which may not be mounted here; a limit of another kind stands in for it");
        None
    }

    /// Takes all room but `left` octets.
    fn fill(&self, left: u64) {
        let mut ballast = fs::File::create(self.at.join("ballast")).expect("the disk is there");
        let piece = [0_u8; 4_096];
        while ballast.write(&piece).is_ok_and(|written| written == piece.len()) {}
        let length = ballast.metadata().map_or(0, |data| data.len());
        ballast.set_len(length.saturating_sub(left)).expect("a file can be cut");
    }

    fn free(&self) {
        fs::remove_file(self.at.join("ballast")).expect("the ballast is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What is left mounted goes with the machine.
        let _ = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

fn wishes(home: &Path) -> Wishes {
    let sounds = home.join("sounds");
    sound::short_prompts(Path::new(ROOT), &sounds);
    // The menu is spoken for long enough that no caller here is silent in it.
    sound::write_tone(&sounds.join("en/mm.menu.wav"), 300.0, 30.0);
    Wishes { sounds, notice: Notice::InTheFirstWords, ..Wishes::default() }
}

fn call(engine: &Engine) -> Phone {
    Phone::call(engine.sip, "100", 440.0).unwrap_or_else(|fault| panic!("{fault}\n{}", engine.said()))
}

/// The caller still hears, is still heard, and hangs up as he wants.
fn goes_on_to_its_end(engine: &Engine, phone: Phone) -> Heard {
    let before = engine.status();
    phone.listen(25);
    phone.press(6);
    engine.wait_for("the next menu", |figures| figures["playings"] > before["playings"]);
    let heard = phone.hang_up().unwrap_or_else(|fault| panic!("BYE: {fault}\n{}", engine.said()));
    assert_eq!((heard.missing, heard.out_of_order), (0, 0), "{heard:?}");
    let ended = before["calls_ended"] + 1;
    engine.wait_for("the end of the call", |figures| figures["calls_ended"] == ended);
    heard
}

/// A call whose recording breaks off.
fn is_cut(engine: &Engine, fault: &str) {
    let phone = call(engine);
    let figures = engine.wait_for("the fault", |figures| figures["recordings_failed"] == 1);
    assert_eq!((figures["calls_up"], figures["recorder_failed"]), (1, 1), "{figures:#?}");
    goes_on_to_its_end(engine, phone);
    engine.wait_for("its record", |figures| figures["events_not_durable"] == 0);
    let text = engine.told(&["calls", &engine.calls()[0].0]);
    println!("{text}");
    assert!(text.contains(&format!("broke off: {fault}")), "{text}");
    assert!(text.contains("a key → more") && text.contains("ended: hung up, by the caller"), "{text}");
}

/// A call that is recorded from its notice to its end.
fn is_recorded(home: &Path, engine: &Engine) {
    let (before, known) = (engine.status(), recordings(home));
    let phone = call(engine);
    engine.wait_for("a recording", |figures| figures["recorder_opened"] > before["recorder_opened"]);
    phone.listen(50);
    let heard = goes_on_to_its_end(engine, phone);
    let figures = engine.wait_for("its file", |figures| {
        figures["recorder_closed"] > before["recorder_closed"] && figures["events_not_durable"] == 0
    });
    assert_eq!(figures["recordings_failed"], before["recordings_failed"], "{figures:#?}");
    let text = engine.told(&["calls", &engine.calls()[0].0]);
    assert!(text.contains("complete") && !text.contains("broke off"), "{text}");
    let new = recordings(home).into_iter().find(|file| !known.contains(file));
    let file = new.unwrap_or_else(|| panic!("no new file beside {known:?}\n{text}"));
    let stereo = sound::read(&file).unwrap_or_else(|fault| panic!("{fault}"));
    let share = sound::heard_in(&stereo.left[HELD_BACK..], 440.0);
    let length = sound::seconds(&stereo.left);
    // A press takes the place of 160 ms of the tone.
    let least = if heard.sent_late == 0 { 0.85 } else { 0.7 };
    assert!(
        length > 1.0 && share > least,
        "the tone is in {:.0} % of {length:.2} s; {heard:?}",
        share * 100.0
    );
}

#[test]
fn recordings_without_room_break_off_calls_go_on_and_with_room_calls_are_recorded_again() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let home = home.path();
    match Disk::mount(&home.join("recordings")) {
        Some(disk) => {
            let engine = Engine::start(home, &wishes(home));
            disk.fill(LEFT_OCTETS);
            is_cut(&engine, "the disk is full");
            let cut = recordings(home);
            let kept = sound::read(&cut[0]).unwrap_or_else(|fault| panic!("{fault}"));
            assert!(sound::seconds(&kept.left) > 0.4, "what was written before stays: {cut:?}");
            disk.free();
            is_recorded(home, &engine);
        }
        None => {
            let engine = Engine::start(home, &Wishes { quota_mb: 1, ..wishes(home) });
            let (sip, desk) = (engine.sip, engine.desk);
            is_cut(&engine, "the quota of recordings is used up");
            let (status, said) = engine.stop();
            assert!(status.success(), "{status}\n{said}");
            recordings(home).iter().for_each(|file| fs::remove_file(file).expect("a recording is there"));
            is_recorded(home, &Engine::start_again(home, sip, desk));
        }
    }
}

/// A store that cannot grow, until it is let.
enum Stuck {
    Disk(Disk),
    Limit { pid: u32 },
}

impl Stuck {
    fn begin(&self, store: &Path) {
        match self {
            Self::Disk(disk) => disk.fill(0),
            Self::Limit { pid } => {
                let log = PathBuf::from(format!("{}-wal", store.display()));
                let length = fs::metadata(&log).map_or(0, |data| data.len());
                limit(*pid, &length.to_string());
            }
        }
    }

    fn end(&self) {
        match self {
            Self::Disk(disk) => disk.free(),
            Self::Limit { pid } => limit(*pid, "unlimited"),
        }
    }
}

/// The greatest length of a file that the process may write.
fn limit(pid: u32, octets: &str) {
    let status =
        Command::new("prlimit").args(["--pid", &pid.to_string(), &format!("--fsize={octets}:")]).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "prlimit: {status:?}");
}

#[test]
fn a_store_without_room_holds_up_no_call_and_writes_everything_when_there_is_room() {
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    let home = home.path();
    let wishes = Wishes { store: "store/records.sqlite", ..wishes(home) };
    let (engine, stuck) = match Disk::mount(&home.join("store")) {
        Some(disk) => (Engine::start(home, &wishes), Stuck::Disk(disk)),
        None => {
            let engine = Engine::start_deaf_to_file_limits(home, &wishes);
            let pid = engine.pid();
            (engine, Stuck::Limit { pid })
        }
    };
    is_recorded(home, &engine);
    let before = recordings(home);
    stuck.begin(&home.join("store/records.sqlite"));
    for _ in 0..2 {
        let phone = call(&engine);
        // The first words take 0.8 s here; then comes the menu.
        phone.listen(75);
        goes_on_to_its_end(&engine, phone);
    }
    // A second failed commit meets what the first one left behind.
    let figures = engine.wait_for("the store to be stuck", |figures| figures["store_failures"] > 2);
    println!("{figures:#?}");
    assert!(figures["store_waiting"] > 0 && figures["events_not_durable"] > 0, "{figures:#?}");
    assert_eq!((figures["calls_ended"], figures["store_dropped"]), (3, 0), "{figures:#?}");
    assert_eq!(recordings(home), before, "no file without a name in the log");
    stuck.end();
    let figures = engine.wait_for("everything to be written", |figures| {
        (figures["store_waiting"], figures["events_not_durable"]) == (0, 0)
    });
    assert_eq!(figures["store_committed"], figures["events_appended"], "{figures:#?}");
    let calls = engine.calls();
    assert_eq!(calls.len(), 3, "{calls:?}");
    for (id, line) in &calls {
        let text = engine.told(&["calls", id]);
        let whole = ["the call came in", "a key → more", "ended: hung up, by the caller"];
        assert!(whole.iter().all(|line| text.contains(line)), "{line}\n{text}");
    }
    is_recorded(home, &engine);
    let (status, said) = engine.stop();
    assert!(status.success() && !said.contains("panicked"), "{status}\n{said}");
    let (code, listed) = engine::run_to_end(home, "calls");
    assert_eq!((code, listed.lines().count()), (Some(0), 5), "four calls under a head:\n{listed}");
}
