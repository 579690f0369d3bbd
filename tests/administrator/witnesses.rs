//! Who is no part of Careline: the program that counts the shots, SIPp, and the softphone baresip.

use crate::engine::{Engine, ROOT, free_port, free_stretch};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// What the program that counts the shots answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stock {
    /// So many are left.
    Left(u32),
    /// A page for people, as a server shows that is broken.
    Page,
}

/// The program that counts the shots, on a port of its own; it ends with the test.
pub struct Counter {
    /// Where it answers.
    pub at: SocketAddr,
    stock: Arc<Mutex<Stock>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Counter {
    /// One that has shots.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let at = listener.local_addr().expect("it is bound");
        let (stock, asked) = (Arc::new(Mutex::new(Stock::Left(12))), Arc::new(Mutex::new(Vec::new())));
        let (its_stock, its_asked) = (Arc::clone(&stock), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let stock = *its_stock.lock().expect("nobody panics with it");
                its_asked.lock().expect("nobody panics with it").push(answer(stream, stock));
            }
        });
        Self { at, stock, asked }
    }

    /// From now on it answers this.
    pub fn has(&self, stock: Stock) {
        *self.stock.lock().expect("nobody panics with it") = stock;
    }

    /// The first line of each request so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

/// Answers one request; its first line.
fn answer(stream: TcpStream, stock: Stock) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
            break;
        }
        head.push(line.trim_end().to_owned());
    }
    let (kind, body) = match stock {
        Stock::Left(left) => ("application/json", format!("{{\"left\": {left}}}")),
        Stock::Page => ("text/html", "<html>It works!</html>".to_owned()),
    };
    let length = body.len();
    let text = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    // Who gave up meanwhile needs no answer.
    let _ = reader.into_inner().write_all(text.as_bytes());
    head.into_iter().next().unwrap_or_default()
}

/// A SIPp that calls a number, types keys at once, and waits until the engine has said goodbye.
pub fn sipp(home: &Path, engine: &Engine, number: &str, keys: &str) -> Child {
    let place = home.join("sipp");
    fs::create_dir_all(&place).expect("the test's own directory can be written");
    let log =
        |name: &str| fs::File::create(place.join(name)).expect("the test's own directory can be written");
    let mut command = Command::new("sipp");
    command.current_dir(&place).stdin(Stdio::null()).stdout(log("said")).stderr(log("errors"));
    command.args(["-nostdin", "-i", "127.0.0.1", "-mi", "127.0.0.1", "-timeout_error", "-timeout", "60s"]);
    command.args(["-p", &free_port().port().to_string(), "-mp", &free_stretch(8).to_string()]);
    command.args(["-m", "1", "-s", number, "-key", "keys", keys]);
    command.arg("-sf").arg(format!("{ROOT}/sipp-scenarios/nominal/hears-goodbye.xml"));
    command.arg(engine.sip.to_string());
    command.spawn().unwrap_or_else(|error| {
        panic!("sipp does not start ({error}); install it: apt-get install -y sip-tester")
    })
}

/// A softphone that calls a number, listens, and hangs up after so long.
pub fn baresip(home: &Path, engine: &Engine, number: &str, seconds: u32) -> Child {
    let place = home.join("baresip");
    fs::create_dir_all(&place).expect("the test's own directory can be written");
    let write = |name: &str, text: &str| {
        fs::write(place.join(name), text).expect("the test's own directory can be written");
    };
    let rtp = free_stretch(8);
    write(
        "config",
        &format!(
            "sip_listen {sip}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule ausine.so\n\
             module sndfile.so\nsnd_path {place}\nmodule_app account.so\nmodule_app menu.so\n\
             audio_source ausine,1000\nausrc_srate 48000\nauplay_srate 8000\nausrc_channels 2\n\
             auplay_channels 1\nrtp_ports {rtp}-{last}\n",
            sip = free_port(),
            place = place.display(),
            last = rtp + 8,
        ),
    );
    write("accounts", "<sip:+16175558888@127.0.0.1>;regint=0;audio_codecs=PCMU/8000/1\n");
    write("contacts", "");
    let log =
        |name: &str| fs::File::create(place.join(name)).expect("the test's own directory can be written");
    let dial = format!("/dial sip:{number}@{}", engine.sip);
    let mut command = Command::new("baresip");
    command.args(["-4", "-t", &seconds.to_string(), "-e", &dial, "-f"]).arg(&place);
    command.stdin(Stdio::null()).stdout(log("said")).stderr(log("errors"));
    command.spawn().unwrap_or_else(|error| {
        panic!("baresip does not start ({error}); install it: apt-get install -y baresip-core")
    })
}

/// What that softphone kept of what it heard.
pub fn kept(home: &Path) -> PathBuf {
    let place = home.join("baresip");
    let entries = fs::read_dir(&place).expect("it was written").filter_map(Result::ok);
    let kept = entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("-dec.wav"));
    let said = || ["said", "errors"].map(|name| fs::read_to_string(place.join(name)).unwrap_or_default());
    kept.unwrap_or_else(|| panic!("baresip kept nothing that it heard; it said:\n{}", said().concat()))
}
