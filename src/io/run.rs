//! The loop: the one task that owns the [`Switch`]. It waits for something to happen, gives it to the switch, and
//! does what the switch wants done. No lock, no await between an input and its outputs.

use crate::clock::Instant;
use crate::flow::action::{Heard, Spoken};
use crate::flow::content::short;
use crate::flow::edition::Edition;
use crate::id::{LegId, PlaybackId};
use crate::io::by_phone::{ByPhone, Changed};
use crate::io::control::{Request, TraceRequest};
use crate::io::figures;
use crate::io::guests::Asked;
use crate::io::media_counters::LatenessWatch;
use crate::io::media_worker::Handle;
use crate::io::now::Clock;
use crate::io::prompts::clip_of;
use crate::io::recorder::thread::Recorder;
use crate::io::request::{Answered, Requests};
use crate::io::set_load::NewSets;
use crate::io::sets::{Sets, TooMany};
use crate::io::sip_port::{Ready, SipPort};
use crate::io::sip_tcp::{self, Told};
use crate::io::store::Store;
use crate::io::store::bindings::Bindings;
use crate::io::trace::Tracer;
use crate::io::voice::voiced::VoicedSounds;
use crate::io::voice::{Answer, Question, Voice};
use crate::limits::TRACE_MAX;
use crate::media::command as media;
use crate::sip::way::Way;
use crate::switch::Switch;
use crate::switch::inbox::{Inbox, Turn, Waiting};
use crate::switch::interface::{Input, Now, Output, TraceOrder};
use crate::switch::status::{Figure, figure};
use crate::wire::codec::Codec;
use crate::wire::sip::message;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// Datagrams of one socket, or events of TCP, that are taken in a row before anything else has its turn.
const IN_A_ROW: usize = 64;
/// How often the lateness of the media threads is looked at while calls come in.
const LATENESS_LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// How long to sleep when nothing is due.
const IDLE: Duration = Duration::from_secs(3_600);

/// The engine with its edges.
pub struct Engine {
    /// All state of signalling, calls and flows.
    pub switch: Switch,
    /// The SIP port.
    pub sip: SipPort,
    /// The media workers, by index.
    pub workers: Vec<Handle>,
    /// What they tell.
    pub media_events: mpsc::Receiver<(media::WorkerIndex, media::Event)>,
    /// Who speaks what no recording says.
    pub voice: Voice,
    /// What it said in the calls that are up.
    pub voiced: VoicedSounds,
    /// The recorder.
    pub recorder: Recorder,
    /// What it tells.
    pub recorder_events: mpsc::Receiver<crate::call::recording::Event>,
    /// The event log.
    pub store: Store,
    /// Up to where it is on disk.
    pub durable: watch::Receiver<u64>,
    /// Where phones are, over a restart.
    pub bindings: Bindings,
    /// Up to which change that is on disk.
    pub bindings_kept: watch::Receiver<u64>,
    /// The sets that are served, with the sound of their prompts.
    pub sets: Sets,
    /// What `careline status`, `careline trace` and `careline publish` ask.
    pub requests: mpsc::Receiver<Request>,
    /// Requests of flows to servers of the clinic.
    pub servers: Requests,
    /// The file of what is closed, for who closes by phone.
    pub by_phone: ByPhone,
    /// The files of traced numbers.
    pub tracer: Tracer,
    /// Who waits for word of a guest.
    pub asked: Asked,
    /// The only clock.
    pub clock: Clock,
    /// How long calls may go on after the first signal to stop.
    pub drain: Duration,
    /// What the edges count.
    pub counters: EdgeCounters,
    /// Those who want a call and wait for their turn.
    pub inbox: Inbox,
    /// How late the media threads are.
    pub lateness: LatenessWatch,
    /// When it was looked at.
    pub looked: Instant,
}

/// What the edges count.
#[derive(Clone, Copy, Debug, Default)]
pub struct EdgeCounters {
    /// Prompts that had no sound when they were to be spoken.
    pub silent_prompts: u64,
    /// Media commands that found the worker's queue full.
    pub media_commands_lost: u64,
    /// Calls that an earlier run left open.
    pub calls_recovered: u64,
}

impl Engine {
    /// Serves until the last call is over after SIGTERM or SIGINT; a second signal ends the calls at once.
    ///
    /// # Errors
    /// When the operating system lets no signal be caught.
    pub async fn run(mut self) -> std::io::Result<Self> {
        let mut stop =
            Stop { term: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
        let mut signals = 0;
        loop {
            let mut flushed = Flushed::All;
            let due =
                self.switch.poll_timeout().map(|due| due.at).into_iter().chain(self.sip.poll_timeout()).min();
            let sleep = self.until(due);
            let somebody_waits = self.switch.waits_for_the_disk();
            tokio::select! {
                biased;
                Some((_, event)) = self.media_events.recv() => self.take_media(event),
                Ok(()) = self.durable.changed(), if somebody_waits => self.take_durable(),
                Ok(()) = self.bindings_kept.changed() => {
                    let up_to = *self.bindings_kept.borrow_and_update();
                    self.handle(Input::BindingsKept { up_to });
                }
                Some(event) = self.recorder_events.recv() => self.handle(Input::Recorder(event)),
                () = tokio::time::sleep(sleep) => {
                    self.sip.tcp.timeout(self.clock.now());
                    self.handle(Input::Timeout);
                }
                ready = self.sip.ready() => flushed = self.take_sip(ready?),
                () = stop.signal() => {
                    signals += 1;
                    let within = if signals == 1 { self.drain } else { Duration::ZERO };
                    tracing::info!(drain_s = within.as_secs(), calls = self.switch.calls_up(), "stopping");
                    self.handle(Input::Drain { within });
                }
                answered = self.servers.answer() => self.take_answer(answered),
                changed = self.by_phone.changed() => {
                    let Changed { call, closings } = changed;
                    self.handle(Input::ClosingsChanged { call, closings });
                }
                answer = self.voice.answer() => self.take_voiced(answer),
                Some(request) = self.requests.recv() => self.serve(request),
                () = std::future::ready(()), if !self.inbox.is_empty() => {
                    flushed = self.take_waiting().unwrap_or_default();
                }
            }
            self.catch_up_with_the_disk();
            if flushed.max(self.flush()) == Flushed::Drained {
                return Ok(self);
            }
        }
    }

    /// A commit wakes the loop only when somebody waits for it; else it is taken along with what comes next.
    fn catch_up_with_the_disk(&mut self) {
        if self.durable.has_changed().unwrap_or(false) {
            self.take_durable();
        }
    }

    fn take_answer(&mut self, answered: Answered) {
        let Answered { whose: (call, request), answer } = answered;
        self.handle(Input::Answered { call, request, answer });
    }

    fn take_durable(&mut self) {
        let up_to = *self.durable.borrow_and_update();
        self.handle(Input::Durable { up_to });
    }

    /// What a voice said is kept for its call, then the flow is told.
    fn take_voiced(&mut self, answer: Answer) {
        let Answer { call, voicing, sound } = answer;
        let heard = match sound {
            Some(sound) => self.voiced.keep(call, voicing, sound),
            None => Heard::Nothing,
        };
        self.handle(Input::Voiced { call, voicing, heard });
    }

    /// Whoever asked may be gone: then nobody reads the answer.
    fn serve(&mut self, request: Request) {
        self.catch_up_with_the_disk();
        match request {
            Request::Status(answer) => drop(answer.send(self.status())),
            Request::Trace(request, answer) => drop(answer.send(self.trace(request))),
            Request::Serve(sets, answer) => drop(answer.send(self.serve_sets(*sets))),
            Request::Guest(order, answer) => {
                let ask = self.asked.ask(answer);
                self.handle(Input::Guest { ask, order });
            }
            Request::MessageDone(message, answer) => {
                let ask = self.asked.ask(answer);
                self.handle(Input::MessageDone { ask, message });
            }
            Request::Close(closings, answer) => {
                tracing::info!(
                    closings = closings.holding(self.clock.wall()),
                    "new calls meet these closings"
                );
                self.handle(Input::Closings(closings.into()));
                let _ = answer.send(());
            }
        }
    }

    /// New calls get these sets from here on; those that are up end on the one they began with.
    fn serve_sets(&mut self, new: NewSets) -> Result<BTreeMap<Edition, u64>, TooMany> {
        let served = self.sets.take(new)?;
        let (set, version) = (served.current.edition(), short(served.current.version()));
        tracing::info!(%set, version, "new calls get this set of the flows");
        self.handle(Input::Flows(served));
        Ok(self.switch.calls_by_edition())
    }

    /// Starts, tells or ends traces. No number is in a line of the log.
    fn trace(&mut self, request: TraceRequest) -> String {
        let now = self.clock.now();
        match request {
            TraceRequest::Start { number, lasts, file, path } => {
                let lasts = lasts.min(TRACE_MAX);
                let trace = match self.tracer.begin(file, path, now + lasts) {
                    Ok(trace) => trace,
                    Err(error) => return format!("no {error}\n"),
                };
                tracing::info!(%trace, seconds = lasts.as_secs(), "a number is traced");
                self.handle(Input::Trace(TraceOrder::Start { trace, number, lasts }));
                format!("ok {trace}\n")
            }
            TraceRequest::List => self.tracer.running().iter().fold("ok\n".to_owned(), |all, it| {
                let left = it.until.since(now).as_secs();
                let (messages, lost) = (it.messages, it.lost);
                format!("{all}{}\t{left}\t{messages}\t{lost}\t{}\n", it.trace, it.path.display())
            }),
            TraceRequest::Stop { trace } => {
                if !self.tracer.running().iter().any(|it| it.trace == trace) {
                    return format!("no there is no trace {trace}: `careline trace` names those that run\n");
                }
                tracing::info!(%trace, "a trace is stopped");
                self.handle(Input::Trace(TraceOrder::Stop { trace }));
                "ok\n".to_owned()
            }
        }
    }

    fn now(&self) -> Now {
        Now { at: self.clock.now(), wall: self.clock.wall() }
    }

    fn until(&self, due: Option<Instant>) -> Duration {
        due.map_or(IDLE, |at| at.since(self.clock.now()))
    }

    fn handle(&mut self, input: Input<'_>) {
        let now = self.now();
        self.switch.handle(now, input);
    }

    /// One event wakes the loop; those that wait behind it are taken along.
    fn take_media(&mut self, first: media::Event) {
        self.handle(Input::Media(first));
        while let Ok((_, event)) = self.media_events.try_recv() {
            self.handle(Input::Media(event));
        }
    }

    fn take_sip(&mut self, ready: Ready) -> Flushed {
        match ready {
            Ready::Datagrams => {
                (0..self.sip.udp.len()).map(|n| self.take_datagrams(n)).max().unwrap_or_default()
            }
            Ready::Tcp(event) => self.take_tcp(event),
            Ready::Lost(way) => {
                self.handle(Input::Unreachable { way });
                Flushed::All
            }
            Ready::Found(id, records) => {
                self.handle(Input::Resolved { id, records });
                Flushed::All
            }
        }
    }

    /// Gives its turn to the one who has waited longest; nothing if nobody waits.
    fn take_waiting(&mut self) -> Option<Flushed> {
        let waiting = self.inbox.take()?;
        let now = self.now();
        if now.at.since(self.looked) >= LATENESS_LOOKED_AT_EVERY {
            self.looked = now.at;
            self.sets.forget_unused();
            let late = self.lateness.look(self.workers.iter().map(Handle::counters));
            self.switch.handle(now, Input::TicksLate(late));
        }
        self.switch.handle(now, Input::Waited(waiting.waited(now.at)));
        let Waiting { way, octets, .. } = waiting;
        self.switch.handle(now, Input::Message { way, octets: &octets });
        Some(self.flush())
    }

    /// Takes what has come: those in a call at once, and one who wants a call whenever nothing else waits.
    fn take_datagrams(&mut self, socket: usize) -> Flushed {
        let mut flushed = Flushed::All;
        for _ in 0..IN_A_ROW {
            let Some(arrived) = self.sip.udp[socket].receive() else {
                let Some(done) = self.take_waiting() else { break };
                flushed = flushed.max(done);
                continue;
            };
            let now = self.now();
            let way = Way::udp(arrived.local, arrived.from);
            let octets = self.sip.udp[socket].octets(&arrived);
            let helps = |request: &message::Request<'_>| self.switch.calls_for_help(&way, request);
            if self.inbox.sort(now.at, way, octets, helps) == Turn::Now {
                self.switch.handle(now, Input::Message { way, octets });
                flushed = flushed.max(self.flush());
            }
        }
        flushed
    }

    fn take_tcp(&mut self, first: sip_tcp::Event) -> Flushed {
        let mut flushed = Flushed::All;
        let mut event = Some(first);
        for _ in 0..IN_A_ROW {
            let Some(one) = event.take().or_else(|| self.sip.tcp.try_event()) else { break };
            self.sip.tcp.take(self.clock.now(), one);
            flushed = flushed.max(self.flush());
        }
        flushed
    }

    /// Does all that the switch wants done, and tells it what comes of that at once.
    fn flush(&mut self) -> Flushed {
        let mut flushed = Flushed::All;
        loop {
            while let Some(output) = self.switch.poll_output() {
                flushed = flushed.max(self.put_out(output));
            }
            match self.sip.poll(self.clock.now()) {
                Some(Told::Message { way, octets }) => {
                    let now = self.clock.now();
                    let helps = |request: &message::Request<'_>| self.switch.calls_for_help(&way, request);
                    if self.inbox.sort(now, way, &octets, helps) == Turn::Now {
                        self.handle(Input::Message { way, octets: &octets });
                    }
                }
                Some(Told::Lost { way }) => {
                    // Before the switch forgets who was bound by it: nobody may be bound by it after that.
                    way.connection.into_iter().for_each(|connection| self.inbox.lost(connection));
                    self.handle(Input::Unreachable { way });
                }
                None => return flushed,
            }
        }
    }

    fn put_out(&mut self, output: Output) -> Flushed {
        match output {
            Output::Transmit { way, octets } => self.sip.send(self.clock.now(), way, octets),
            Output::Resolve { id, question } => self.sip.dns.ask(id, question),
            Output::Media { worker, command } => self.tell_worker(worker, command),
            Output::Speak { worker, leg, playback, edition, prompts, codec } => {
                let clips = self.clips(edition, &prompts, codec);
                self.play(worker, leg, playback, clips);
            }
            Output::Voice { call, voicing, text, language } => {
                self.voiced.expect(call);
                self.voice.ask(Question { call, voicing, language, text });
            }
            Output::ForgetVoiced { call } => self.voiced.forget(call),
            Output::Tone { worker, leg, playback, signal, codec } => {
                let clips = vec![self.sets.common().tone(signal, codec)];
                self.play(worker, leg, playback, clips);
            }
            Output::Bed { worker, leg, edition, wait, codec } => {
                let sound = Some(self.sets.prompts(edition).bed(wait, codec));
                self.tell_worker(worker, media::Command::Bed { leg, sound });
            }
            Output::Recorder(command) => self.recorder.command(command),
            Output::ChangeClosings { call, change } => self.by_phone.change(call, change, self.clock.wall()),
            Output::Request { call, request, plan, message } => {
                self.servers.ask((call, request), plan, message);
            }
            Output::LetGo { call, request } => self.servers.cancel((call, request)),
            Output::GuestAnswer { ask, answer } => self.asked.answer(ask, &answer),
            Output::MessageAnswer { ask, answer } => self.asked.marked(ask, answer),
            Output::Append(entry) => drop(self.store.append(entry)),
            Output::KeepBindings(keep) => self.bindings.keep(keep),
            Output::Trace(told) => self.tracer.take(told, self.clock.wall()),
            Output::Drained => return Flushed::Drained,
        }
        Flushed::All
    }

    fn clips(&mut self, edition: Edition, prompts: &[Spoken], codec: Codec) -> Vec<media::Clip> {
        let mut clips = Vec::with_capacity(prompts.len());
        for spoken in prompts {
            if let Some(sound) = self.voiced.get(&spoken.prompt) {
                clips.push(clip_of(sound, spoken.pace, codec));
                continue;
            }
            match self.sets.prompts(edition).clip(spoken, codec) {
                Ok(clip) => clips.push(clip),
                Err(error) => {
                    self.counters.silent_prompts += 1;
                    tracing::error!(%error, prompt = %spoken.prompt, language = %spoken.language, "a prompt is silent");
                }
            }
        }
        clips
    }

    fn play(
        &mut self,
        worker: media::WorkerIndex,
        leg: LegId,
        playback: PlaybackId,
        clips: Vec<media::Clip>,
    ) {
        self.tell_worker(worker, media::Command::Play { leg, playback, clips, repeat: false });
    }

    fn tell_worker(&mut self, worker: media::WorkerIndex, command: media::Command) {
        let sent = self.workers.get(worker.0 as usize).is_some_and(|worker| worker.send(command).is_ok());
        if !sent {
            self.counters.media_commands_lost += 1;
            tracing::error!(?worker, "a media worker takes no commands: its queue is full");
        }
    }

    fn status(&mut self) -> Vec<Figure> {
        self.sets.forget_unused();
        let c = &self.counters;
        let mut all = self.switch.status();
        all.extend(figures::media(self.workers.iter().map(Handle::counters)));
        all.extend(figures::recorder(&self.recorder.counters()));
        all.extend(figures::store(&self.store.counters()));
        all.extend(figures::voice(self.voice.counters()));
        all.extend(figures::sip(&self.sip));
        all.extend(figures::servers(&self.servers));
        all.extend([
            figure(
                "invites_dropped",
                self.inbox.dropped(),
                "new calls that came while too many waited for their turn; they are sent again",
            ),
            figure(
                "calls_recovered",
                c.calls_recovered,
                "calls that a crash broke off, found by this start; `calls_resumed` of them went on",
            ),
            figure("prompts_silent", c.silent_prompts, "prompts that had no sound when they were due"),
            figure("media_commands_lost", c.media_commands_lost, "commands that found a worker's queue full"),
        ]);
        all
    }
}

/// What a flush came to.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Flushed {
    #[default]
    All,
    Drained,
}

struct Stop {
    term: Signal,
    interrupt: Signal,
}

impl Stop {
    async fn signal(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
