//! The start of the engine: edge after edge, in the order in which each needs the one before.
//!
//! flows checked → control socket → SIP port bound → media ports bound → records opened, recordings reconciled → the
//! control socket is served.

use crate::call::routing;
use crate::cli::close;
use crate::clock::Instant;
use crate::config::interpreters::Vendor;
use crate::config::out::{AccountFile, Out};
use crate::config::{Config, LiveEdit, Trunk, Trust};
use crate::flow::closing::Closings;
use crate::flow::set::FlowSet;
use crate::flow::triage::signature::day_of;
use crate::io::by_phone::ByPhone;
use crate::io::control;
use crate::io::descriptors::{self, Room};
use crate::io::guests::Asked;
use crate::io::kernel_drops::MediaSockets;
use crate::io::live_edit;
use crate::io::media_counters::LatenessWatch;
use crate::io::media_worker::exchange::Hall;
use crate::io::media_worker::{self, Handle};
use crate::io::now::Clock;
use crate::io::recorder::desk;
use crate::io::recorder::thread::{Listener, Recorder};
use crate::io::request::Requests;
use crate::io::request::connect::Connector;
use crate::io::run::{EdgeCounters, Engine};
use crate::io::secret_file::{self, NoSecret};
use crate::io::set_load::NewSets;
use crate::io::sets::Sets;
use crate::io::sip_port::{SipPort, Taken};
use crate::io::store::bindings::{Bindings, Loaded};
use crate::io::store::restart::Recovered;
use crate::io::store::{self, Store, StoreError};
use crate::io::trace::Tracer;
use crate::io::voice::Voice;
use crate::io::voice::voiced::VoicedSounds;
use crate::limits::{MEDIA_EVENTS_MAX, MEDIA_LEGS_GATHERED, RECORDER_COMMANDS_MAX, WAV_ROLL_OCTETS};
use crate::media::command::WorkerIndex;
use crate::rng::Rng;
use crate::sip::carrier::Carrier;
use crate::sip::connections;
use crate::sip::digest::answer::Account;
use crate::sip::digest::nonce::Secret;
use crate::sip::interface::Phones;
use crate::sip::quirks::Quirks;
use crate::switch::inbox::Inbox;
use crate::switch::interface::{Input, Now, Settings, UnsignedTrees};
use crate::switch::messages::Heeds;
use crate::switch::{self, Switch};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The engine, ready to run, and what its banner tells.
pub struct Started {
    /// The engine.
    pub engine: Engine,
    /// How many flows are served.
    pub flows: usize,
    /// The version of the flow set.
    pub version: String,
    /// Triage trees that callers do not get.
    pub withheld: Vec<String>,
    /// Called numbers and the flows they lead to.
    pub numbers: Vec<(String, String)>,
    /// The flow of every other number.
    pub default_flow: String,
    /// What is closed by hand, a line each.
    pub closed: Vec<String>,
    /// RTP port pairs bound.
    pub ports: usize,
    /// The first and the last RTP port.
    pub first_port: u16,
    /// The last one.
    pub last_port: u16,
    /// Legs that the open-files limit allows.
    pub max_legs: u64,
    /// Calls at once.
    pub max_calls: u32,
}

/// Why the engine does not start: each with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The SIP port cannot be had.
    #[error(
        "SIP cannot listen on {} {}: {}\n  another program, or another Careline, may hold the port: stop it, or set `sip: {{listen: …}}`",
        .0.listen.transport.in_uri(), .0.listen.address, .0.cause
    )]
    SipPort(Taken),
    /// No media worker could start.
    #[error(transparent)]
    Media(#[from] media_worker::StartError),
    /// The records cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The recordings' folder cannot be used.
    #[error("recordings cannot be kept in {}: {cause}\n  make the folder writable, or set `recordings: {{directory: …}}`", directory.display())]
    Recordings {
        /// The folder.
        directory: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The control socket cannot be made.
    #[error("the control socket {} cannot be made: {cause}\n  is another Careline running here? then set `control: …` and `store: …` for this one", path.display())]
    Control {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file of the PIN of who closes lines by phone.
    #[error("{0}\n  mend it, or take `close_by_phone` out of careline.yaml")]
    Pin(NoSecret),
    /// The file of the password of an account at a carrier.
    #[error("{0}\n  mend it, or take `user` and `password_file` of that trunk out of careline.yaml")]
    Password(NoSecret),
    /// The file of the PIN at a vendor of interpreters.
    #[error("{0}\n  mend it, or take `pin_file` of that vendor out of careline.yaml")]
    VendorPin(NoSecret),
    /// The thread of the voice.
    #[error("no thread for the voice: {0}")]
    Voice(io::Error),
    /// The system gives no randomness.
    #[error("the system gives no random numbers: {0}")]
    Random(io::Error),
}

/// Opens every edge. Must be called inside a tokio runtime.
///
/// # Errors
/// [`StartError`], with the repair in its text.
pub fn start(config: &Config, sets: NewSets, unsigned: UnsignedTrees) -> Result<Started, StartError> {
    let clock = Clock::start();
    let Room { legs: max_legs, connections } = descriptors::raise_and_share();
    let control = control::listen(&config.control)
        .map_err(|cause| StartError::Control { path: config.control.clone(), cause })?;
    let bounds = connections::Settings { all: connections, listen_to: config.sip_settings().listen_to };
    let sip = SipPort::open(&config.sip.listen, bounds).map_err(StartError::SipPort)?;
    let (workers, ports, media_events) = start_workers(config, clock, max_legs)?;
    let mut records = open_records(config, clock)?;
    let (sets, served) = Sets::new(sets);
    let flows = Arc::clone(&served.current);
    let (calls_recovered, interrupted) = left_open(&mut records.recovered);
    let settings = with_secrets(config, settings(config, &records, unsigned))?;
    tell_unknown_flows(&settings.messages, &flows);
    let max_calls = settings.max_calls;
    let mut switch = Switch::new(settings, Arc::clone(&flows), &ports, seeded_rng()?);
    let now = || Now { at: clock.now(), wall: clock.wall() };
    switch.handle(now(), Input::Flows(served));
    switch.handle(now(), Input::Closings(closings(config).into()));
    switch.handle(now(), Input::MessagesWait(std::mem::take(&mut records.recovered.messages)));
    let (kept_sender, bindings_kept) = watch::channel(0);
    let (bindings, kept) = Bindings::open(&config.store, clock, kept_sender)?;
    switch.handle(now(), Input::Phones(Box::new(phones(config, kept)?)));
    switch.handle(now(), Input::Carriers(carriers(config)?));
    switch.handle(now(), interrupted);
    let sockets = workers.iter().flat_map(media_worker::Handle::sockets).cloned().collect();
    let (ask, requests) = control.serve(MediaSockets::new(sockets), config.shelf());
    if config.live_edit == LiveEdit::On {
        live_edit::watch(config.draft(), ask);
    }
    let engine = Engine {
        switch,
        sip,
        workers,
        media_events,
        voice: Voice::start(config.voice.clone()).map_err(StartError::Voice)?,
        voiced: VoicedSounds::default(),
        recorder: records.recorder,
        recorder_events: records.recorder_events,
        store: records.store,
        durable: records.durable,
        bindings,
        bindings_kept,
        sets,
        requests,
        servers: Requests::new(Connector::system(), seeded_rng()?),
        by_phone: ByPhone::new(config.shelf()),
        tracer: Tracer::default(),
        asked: Asked::default(),
        clock,
        drain: config.drain,
        counters: EdgeCounters { calls_recovered, ..EdgeCounters::default() },
        inbox: Inbox::default(),
        lateness: LatenessWatch::default(),
        looked: Instant::START,
    };
    let all: Vec<u16> = ports.iter().flatten().copied().collect();
    Ok(Started {
        engine,
        flows: flows.flows().len(),
        version: flows.version().to_owned(),
        withheld: withheld(&flows, clock),
        numbers: flows.numbers().map(|(number, flow)| (number.to_owned(), flow.to_string())).collect(),
        default_flow: flows.default_flow().to_string(),
        closed: close::lines(&config.shelf(), clock.wall()),
        ports: all.len(),
        first_port: all.iter().copied().min().unwrap_or(0),
        last_port: all.iter().copied().max().unwrap_or(0).saturating_add(1),
        max_legs,
        max_calls,
    })
}

/// A user may heed the messages of a flow that is not served yet, or by a slip of the pen of none.
fn tell_unknown_flows(messages: &switch::messages::Settings, flows: &FlowSet) {
    for (user, heeds) in messages {
        let Heeds::Of(names) = heeds else { continue };
        for flow in names.iter().filter(|flow| flows.position(flow).is_none()) {
            tracing::warn!(%user, %flow, "this user's phones show the messages of a flow that is not served");
        }
    }
}

/// Who may log in with a phone.
fn phones(config: &Config, kept: Loaded) -> Result<Phones, StartError> {
    let (realm, users) = (config.sip.realm.clone(), config.users.clone());
    if !users.is_empty() && !config.has_emergency_trunk() {
        tracing::warn!("no trunk is named `emergency`: phones that log in cannot call for help (C025)");
    }
    Ok(Phones { realm, users, secret: Secret(random()?), kept })
}

/// The trunks that calls go out over, with the passwords of their accounts.
fn carriers(config: &Config) -> Result<Vec<Carrier>, StartError> {
    let outgoing = config.trunks.iter().filter_map(|trunk| Some((trunk, trunk.out.as_ref()?)));
    let carrier = |(trunk, out): (&Trunk, &Out)| {
        let account = out.account.as_ref().map(|AccountFile { user, password_file, digests }| {
            let password = secret_file::password(password_file).map_err(StartError::Password);
            password.map(|password| Account::new(user, password.expose()).shown_by(*digests))
        });
        Ok(Carrier {
            name: trunk.name.clone(),
            to: out.to.clone(),
            caller: out.caller.clone(),
            trusted: trunk.trust == Trust::Trusted,
            account: account.transpose()?,
            login_s: out.login_s,
            health_every: out.health_every,
            diversion: out.diversion,
            quirks: Quirks(out.quirks.iter().map(|it| it.quirk).collect()),
        })
    };
    outgoing.map(carrier).collect()
}

/// Where lines are closed by phone.
fn service(config: &Config) -> Result<Option<switch::by_phone::Settings>, StartError> {
    let service = config.close_by_phone.as_ref().map(|service| {
        let pin = secret_file::pin(&service.pin_file).map_err(StartError::Pin)?;
        Ok(switch::by_phone::Settings { number: service.number.clone(), pin })
    });
    service.transpose()
}

/// Vendors of interpreters with their PINs, and who is never recorded.
fn interpreters(config: &Config) -> Result<switch::interpreters::Settings, StartError> {
    let vendor = |vendor: &Vendor| {
        let pin =
            vendor.pin_file.as_deref().map(secret_file::keys).transpose().map_err(StartError::VendorPin)?;
        Ok(switch::interpreters::Vendor {
            name: vendor.name.clone(),
            target: vendor.call.clone(),
            languages: vendor.languages.clone(),
            pin,
            keys: vendor.keys.clone(),
            recorded: vendor.recorded,
        })
    };
    let address = |name: &String| format!("sip:{name}@{}", config.sip.realm);
    Ok(switch::interpreters::Settings {
        vendors: config.interpreters.iter().map(vendor).collect::<Result<_, StartError>>()?,
        unrecorded: config.unrecorded.iter().map(address).collect(),
    })
}

/// What is closed by hand. If that cannot be known nothing is: callers come to persons.
fn closings(config: &Config) -> Closings {
    config.shelf().closings().unwrap_or_else(|error| {
        tracing::error!("{error}");
        Closings::default()
    })
}

/// The triage trees that callers of today get the safe stub for.
fn withheld(flows: &FlowSet, clock: Clock) -> Vec<String> {
    let trees = flows.trees().iter();
    let withheld = trees.filter(|tree| flows.not_answered(tree.flow, || day_of(clock.wall())).is_some());
    withheld.map(|tree| tree.name.to_string()).collect()
}

/// Ends the edges, each after what it still has to write.
pub fn stop(engine: Engine) {
    engine.recorder.stop();
    engine.tracer.stop();
    engine.bindings.close();
    engine.store.close();
    engine.workers.into_iter().for_each(Handle::stop);
}

type Workers = (Vec<Handle>, Vec<Vec<u16>>, mpsc::Receiver<(WorkerIndex, crate::media::command::Event)>);

/// One worker per core, each with its share of the port range.
fn start_workers(config: &Config, clock: Clock, max_legs: u64) -> Result<Workers, StartError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = config.media.workers.unwrap_or(cores).max(1);
    let (events, receiver) = mpsc::channel(MEDIA_EVENTS_MAX);
    let (mut handles, mut ports, hall) = (Vec::new(), Vec::new(), Arc::<Hall>::default());
    let pairs = usize::from(config.media.last_port - config.media.first_port).div_ceil(2);
    let pairs = pairs.min(usize::try_from(max_legs).unwrap_or(usize::MAX)) / count;
    let mut first = config.media.first_port;
    for index in 0..count {
        let settings = media_worker::Settings {
            index: WorkerIndex(index as u32),
            bind: config.media.address,
            ports: first..=config.media.last_port,
            pairs,
            clock,
            events: events.clone(),
            batching: config.media.batching,
            priority: config.media.priority,
            hall: Arc::clone(&hall),
        };
        let (handle, bound) = media_worker::start(settings)?;
        first = bound.last().map_or(first, |pair| pair.rtcp.saturating_add(1));
        handles.push(handle);
        ports.push(bound.iter().map(|pair| pair.rtp).collect());
    }
    Ok((handles, ports, receiver))
}

/// The same settings with what files of their own hold: PINs.
fn with_secrets(config: &Config, settings: Settings) -> Result<Settings, StartError> {
    Ok(Settings { service: service(config)?, interpreters: interpreters(config)?, ..settings })
}

/// The settings of the switch, from the configuration and what the records say of earlier runs.
fn settings(config: &Config, records: &Records, unsigned: UnsignedTrees) -> Settings {
    Settings {
        sip: config.sip_settings(),
        service: None,
        dial: config.dial_settings(),
        interpreters: switch::interpreters::Settings::default(),
        messages: config.messages.clone(),
        keys: config.keys.clone(),
        external_address: config.sip.external_address,
        trunks: config.trunks.iter().map(trunk).collect(),
        max_calls: config.calls.max,
        legs_gathered: MEDIA_LEGS_GATHERED,
        port_rest: config.media.port_rest,
        unsigned,
        longest: config.calls.longest,
        ring: config.calls.ring,
        media_lost: config.media.silent_after,
        first_seq: records.recovered.next_seq,
        first_id: records.recovered.next_id,
    }
}

/// The store and the recorder, with what they tell.
struct Records {
    store: Store,
    durable: watch::Receiver<u64>,
    recorder: Recorder,
    recorder_events: mpsc::Receiver<crate::call::recording::Event>,
    recovered: Recovered,
}

/// Opens the records, settles what an earlier run left open, and starts the recorder.
fn open_records(config: &Config, clock: Clock) -> Result<Records, StartError> {
    let (durable_sender, durable) = watch::channel(0);
    let listener: store::Listener = Arc::new(move |event| match event {
        store::Event::Durable { up_to } => drop(durable_sender.send_replace(up_to)),
        store::Event::Stuck { .. } | store::Event::Recovered => {}
    });
    let (store, recovered) =
        Store::open(&config.store, &config.recordings.directory, clock.wall(), listener)?;
    let (event_sender, recorder_events) = mpsc::channel(2 * RECORDER_COMMANDS_MAX);
    let settings = desk::Settings {
        quota_octets: config.recordings.quota_octets,
        sync_within: config.recordings.sync,
        roll_octets: WAV_ROLL_OCTETS,
    };
    let directory = config.recordings.directory.clone();
    let listener: Listener = Arc::new(move |event| {
        if event_sender.try_send(event).is_err() {
            tracing::error!("the recorder told more than the engine could take in");
        }
    });
    let recorder = Recorder::start(directory.clone(), settings, recovered.octets, listener)
        .map_err(|cause| StartError::Recordings { directory, cause })?;
    Ok(Records { store, durable, recorder, recorder_events, recovered })
}

/// How many calls the last run left open, and those of them that may go on. The log is told.
fn left_open(recovered: &mut Recovered) -> (u64, Input<'static>) {
    tell_recovered(recovered);
    let Recovered { calls, interrupted, .. } = recovered;
    let count = (calls.len() + interrupted.len()) as u64;
    (count, Input::Resume(std::mem::take(interrupted)))
}

/// Says what the last run left open, and that it is closed now.
fn tell_recovered(recovered: &Recovered) {
    let Recovered { calls, interrupted, recordings, .. } = recovered;
    if !calls.is_empty() || !interrupted.is_empty() || !recordings.is_empty() {
        tracing::warn!(
            go_on = interrupted.len(),
            calls = calls.len(),
            recordings = recordings.len(),
            lost = recovered.lost.len(),
            "the last run ended in mid-call: `go_on` calls are asked whether they go on, the other records and recordings are closed now"
        );
    }
    if recovered.foreign > 0 {
        tracing::warn!(
            files = recovered.foreign,
            "files in the recordings' folder that no record knows: left alone"
        );
    }
}

fn trunk(trunk: &Trunk) -> routing::Trunk {
    routing::Trunk {
        name: trunk.name.clone(),
        networks: trunk.addresses.clone(),
        trusted: trunk.trust == Trust::Trusted,
        called_number_from: trunk.called_number_from,
        country: trunk.country,
    }
}

fn seeded_rng() -> Result<Rng, StartError> {
    Ok(Rng::seeded(u64::from_le_bytes(random()?)))
}

fn random<const OCTETS: usize>() -> Result<[u8; OCTETS], StartError> {
    let mut octets = [0; OCTETS];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| io::Read::read_exact(&mut source, &mut octets))
        .map_err(StartError::Random)?;
    Ok(octets)
}
