//! baresip, a softphone that nobody of us wrote: its home is furnished with a configuration, an account and a voice, and
//! it is started there. What is *not* its job: what a test makes it do.

#![allow(dead_code, reason = "each test program uses its own part of this support")]

use crate::{engine, sound};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A codec as baresip calls it, and the rate of its sound.
#[derive(Clone, Copy)]
pub struct Spoken {
    /// As its account names it.
    pub account: &'static str,
    /// Samples a second.
    pub rate: u32,
    /// As `careline calls` names it.
    pub word: &'static str,
}

/// What every phone speaks.
pub const PCMU: Spoken = Spoken { account: "PCMU/8000/1", rate: 8_000, word: "PCMU" };

/// The file in a baresip's home that names where it takes commands.
pub const CONTROL: &str = "control";

/// A file with a minute of a tone, in the place of a baresip, as its source.
pub fn tone_file(home: &Path, hertz: f64, rate: u32) -> String {
    fs::create_dir_all(home).expect("the test's own directory can be written");
    let file = home.join("voice.wav");
    sound::write_tone_at(rate, &file, hertz, 60.0);
    format!("aufile,{}", file.display())
}

/// Writes what a baresip in `home` needs to know.
pub fn furnish(home: &Path, sip: SocketAddr, source: &str, spoken: Spoken, account: &str) {
    fs::create_dir_all(home).expect("the test's own directory can be written");
    let write = |name: &str, text: &str| {
        fs::write(home.join(name), text).expect("the test's own directory can be written")
    };
    let rtp = engine::free_stretch(8);
    let control = engine::free_port();
    write(CONTROL, &control.to_string());
    // baresip's own sine comes at 48 kHz in stereo only; it resamples.
    let is_sine = source.starts_with("ausine");
    write(
        "config",
        &format!(
            "sip_listen {sip}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule g722.so\n\
             module l16.so\nmodule ausine.so\nmodule aufile.so\nmodule sndfile.so\nsnd_path {home}\n\
             module_app account.so\nmodule_app menu.so\nmodule_app ctrl_tcp.so\nctrl_tcp_listen {control}\n\
             audio_source {source}\nausrc_srate {rate}\nauplay_srate {heard}\nausrc_channels {channels}\n\
             auplay_channels 1\nrtp_ports {rtp}-{last}\n",
            home = home.display(),
            heard = spoken.rate,
            rate = if is_sine { 48_000 } else { spoken.rate },
            channels = if is_sine { 2 } else { 1 },
            last = rtp + 8,
        ),
    );
    write("accounts", &format!("{account};audio_codecs={}\n", spoken.account));
    write("contacts", "");
}

/// Starts the baresip that lives in `home`; what it says is kept there.
pub fn run(home: &Path, arguments: &[&str]) -> Child {
    let log =
        |name: &str| fs::File::create(home.join(name)).expect("the test's own directory can be written");
    Command::new("baresip")
        .arg("-4")
        .args(arguments)
        .arg("-f")
        .arg(home)
        .stdin(Stdio::null())
        .stdout(log("said"))
        .stderr(log("errors"))
        .spawn()
        .unwrap_or_else(|error| {
            panic!("baresip does not start ({error}); install it: apt-get install -y baresip-core")
        })
}

/// Everything that a baresip printed so far.
pub fn said(home: &Path) -> String {
    ["said", "errors"].map(|name| fs::read_to_string(home.join(name)).unwrap_or_default()).concat()
}
