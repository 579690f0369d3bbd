//! What the engine counts, as a table that `careline status` prints.

use super::Switch;
use crate::flow::content::short;
use crate::flow::edition::{Canary, Edition, Share};
use crate::flow::set::FlowSet;
use crate::report::event::Cause;
use crate::sip::counters::Watched;
use std::borrow::Cow;

/// Totals since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    pub offered: u64,
    pub answered: u64,
    pub refused_full: u64,
    pub refused_draining: u64,
    pub refused_busy: u64,
    /// Calls of ours that came back.
    pub circles: u64,
    /// Calls that phones of ours placed.
    pub dialled: u64,
    /// Calls that phones of ours wanted to place and may not.
    pub dials_refused: u64,
    /// Calls that the rules of a trunk were against.
    pub trunk_calls_refused: u64,
    /// Emergency calls of phones of ours.
    pub emergencies: u64,
    pub no_common_media: u64,
    pub peak: u64,
    pub ended: u64,
    pub resumed: u64,
    pub dialogs_kept: u64,
    pub closed_late: u64,
    /// Closings made or ended by phone.
    pub closed_by_phone: u64,
    /// Wrong PINs.
    pub pins_wrong: u64,
    /// PINs that nobody looked at, for too many were wrong before.
    pub pins_unheard: u64,
    pub media_lost: u64,
    /// Times that a party of a call sent neither sound nor reports for too long.
    pub parties_silent: u64,
    /// Persons and guests who were gone.
    pub persons_lost: u64,
    /// Persons of whom no sound ever came.
    pub persons_unheard: u64,
    pub session_lost: u64,
    pub too_long: u64,
    pub cut_off: u64,
    pub playings: u64,
    pub keys: u64,
    pub missed: u64,
    pub ladder_rungs: u64,
    /// Requests to servers of the clinic that came to an end.
    pub requests: u64,
    pub flow_faults: u64,
    pub bridged: u64,
    /// Times that a person put a patient on hold.
    pub patients_held: u64,
    /// Talks that a person handed on to another one, or wanted to.
    pub transfers: u64,
    pub transfers_attended: u64,
    pub transfers_by_keys: u64,
    pub person_keys_dropped: u64,
    pub transfers_failed: u64,
    pub transfers_refused: u64,
    pub moved: u64,
    /// Supervisors and third parties who came into a talk.
    pub guests_joined: u64,
    /// Those who were called into one and not reached.
    pub guests_not_reached: u64,
    /// Times that a supervisor changed between listening, whispering and barging in.
    pub guest_changes: u64,
    /// Interpreters who were wanted, and no vendor was reached.
    pub interpreters_missing: u64,
    pub persons_not_reached: u64,
    pub recordings: u64,
    pub recordings_failed: u64,
    pub frames_dropped: u64,
    pub messages: u64,
}

/// One line of the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name, as a metric would be named.
    pub name: Cow<'static, str>,
    /// The value now.
    pub value: u64,
    /// What it counts, and what to do about it where there is something to do.
    pub meaning: Cow<'static, str>,
}

impl Counters {
    /// A call is over for this reason. What a caller did counts as a call only; a missing ACK is counted by the SIP
    /// machine, a call that was not let in where it was refused, and a crash at the start that finds its calls.
    pub(super) fn count_ending(&mut self, cause: Cause) {
        match cause {
            Cause::NoCommonMedia => self.no_common_media += 1,
            Cause::MediaLost => self.media_lost += 1,
            Cause::SessionLost => self.session_lost += 1,
            Cause::TooLong => self.too_long += 1,
            Cause::Draining => self.cut_off += 1,
            Cause::Normal | Cause::Cancelled | Cause::AckMissing | Cause::EngineRestart => {}
        }
    }
}

impl Switch {
    /// Every figure of the switch and of the SIP machine.
    pub fn status(&self) -> Vec<Figure> {
        let mut figures = self.call_figures();
        figures.extend(self.set_figures());
        figures.extend(self.caller_figures());
        figures.extend(self.silence_figures());
        figures.extend(self.recording_figures());
        figures.extend(self.sip_figures());
        figures.extend(self.door_figures());
        figures.extend(self.phone_figures());
        figures.extend(self.alert_figures());
        figures.extend(self.login_figures());
        figures.extend(self.host_figures());
        figures
    }

    fn call_figures(&self) -> Vec<Figure> {
        let c = &self.counters;
        vec![
            figure("calls_up", self.calls.len() as u64, "calls that are not over"),
            figure("calls_peak", c.peak, "most calls at once"),
            figure("calls_offered", c.offered, "INVITEs that began a call"),
            figure("calls_answered", c.answered, "calls answered"),
            figure("calls_ended", c.ended, "calls that are over, each with one record"),
            figure(
                "dialogs_kept",
                c.dialogs_kept,
                "times that a dialog was written down, so that a start after a crash can go on with it",
            ),
            figure("calls_resumed", c.resumed, "calls of an earlier start, which had died, that went on"),
            figure(
                "calls_refused_full",
                c.refused_full,
                "503: more calls than `calls.max`, or no rested port free",
            ),
            figure(
                "calls_refused_busy",
                c.refused_busy,
                "503: more callers at once than this machine can serve well",
            ),
            figure(
                "calls_in_a_circle",
                c.circles,
                "482: a call of ours to a person came back, or one was sent on again and again: see its record",
            ),
            figure("calls_refused_draining", c.refused_draining, "503: the engine is shutting down"),
            figure(
                "calls_no_common_media",
                c.no_common_media,
                "488: the caller offered none of our codecs over plain RTP",
            ),
            figure("calls_media_lost", c.media_lost, "ended: no sound came and the party did not answer"),
            figure(
                "calls_session_lost",
                c.session_lost,
                "ended: the phone no longer knew the call, or did not refresh it in time",
            ),
            figure("calls_too_long", c.too_long, "ended: they had lasted for `calls.longest_s`"),
            figure("calls_cut_off", c.cut_off, "ended: still up when the engine had waited for `drain_s`"),
            figure(
                "calls_closed_late",
                c.closed_late,
                "a stream or file was not closed in time: look at the disk",
            ),
            figure(
                "closings",
                self.closings.holding(self.now.wall) as u64,
                "closings that hold now: `careline closings`",
            ),
            figure("closed_by_phone", c.closed_by_phone, "closings that were made or ended by phone"),
            figure("pins_wrong", c.pins_wrong, "wrong PINs of who would close lines by phone"),
            figure("pins_unheard", c.pins_unheard, "PINs that nobody looked at: too many were wrong before"),
            figure(
                "pins_locked",
                u64::from(self.pins_are_locked()),
                "1 while no PIN is looked at: `careline close` works meanwhile",
            ),
            figure(
                "traces",
                self.ladders.traces.count() as u64,
                "numbers whose SIP is kept in full: `careline trace`",
            ),
            figure("ports_in_use", self.ports.in_use() as u64, "RTP port pairs owned by legs"),
            figure("ports_total", self.ports.total() as u64, "RTP port pairs bound"),
        ]
    }

    /// Which sets new calls get, and how many calls run on each.
    fn set_figures(&self) -> Vec<Figure> {
        let served = self.served();
        let mut figures = vec![served_figure("flows", &served.current, "new calls get this")];
        if let Some(Canary { set, share }) = &served.canary {
            let who = match share {
                Share::Percent(percent) => format!("{percent}% of the new calls try this"),
                Share::Number(number) => format!("new calls to {number} try this"),
            };
            figures.push(served_figure("canary", set, &who));
        }
        let calls = self.calls_by_edition().into_iter().map(|(edition, calls)| Figure {
            name: Cow::Owned(format!("calls_on_{}", edition.to_string().replace(' ', "_"))),
            value: calls,
            meaning: Cow::Owned(format!("calls that run on {edition} of the flows, and will to their end")),
        });
        figures.extend(calls);
        figures
    }

    fn caller_figures(&self) -> Vec<Figure> {
        let c = &self.counters;
        vec![
            figure("playings", c.playings, "times that prompts were spoken"),
            figure("keys", c.keys, "keys pressed"),
            figure(
                "person_keys_dropped",
                c.person_keys_dropped,
                "keys in a talk that were pressed faster than they can be passed on",
            ),
            figure("answers_missed", c.missed, "silences and wrong keys"),
            figure(
                "requests",
                c.requests,
                "requests to servers of the clinic that are over, answered or not",
            ),
            figure("ladder_rungs", c.ladder_rungs, "times that a caller went up the person ladder"),
            figure("bridged", c.bridged, "callers who were put through to a person"),
            figure("patients_held", c.patients_held, "times that a person put a caller on hold"),
            figure("transfers", c.transfers, "talks that a person began to hand on to somebody else"),
            figure(
                "transfers_attended",
                c.transfers_attended,
                "of them, those to somebody with whom the person had spoken",
            ),
            figure(
                "transfers_by_keys",
                c.transfers_by_keys,
                "of them, those for which a person pressed keys",
            ),
            figure("transfers_failed", c.transfers_failed, "of them, those in which nobody was reached"),
            figure(
                "transfers_refused",
                c.transfers_refused,
                "transfers to somebody who is no user and no target of the flows, or when it could not be",
            ),
            figure(
                "legs_moved",
                c.moved,
                "callers who went to another media worker, where a person had a port left",
            ),
            figure("persons_not_reached", c.persons_not_reached, "calls to a person that came to nothing"),
            figure(
                "guests_in",
                self.calls.values().map(|call| call.guests.len() as u64).sum(),
                "supervisors and third parties who are in a talk now, or called into one",
            ),
            figure("guests_joined", c.guests_joined, "supervisors and third parties who came into a talk"),
            figure(
                "guests_not_reached",
                c.guests_not_reached,
                "calls to a supervisor or third party that came to nothing",
            ),
            figure(
                "guest_changes",
                c.guest_changes,
                "times that a supervisor changed between listening, whispering and barging in",
            ),
            figure(
                "interpreters_missing",
                c.interpreters_missing,
                "talks that went on without the interpreter that was wanted: no vendor was reached",
            ),
            figure("messages", c.messages, "messages left"),
            figure("flow_faults", c.flow_faults, "a flow did what its check rules out; please report it"),
        ]
    }

    fn silence_figures(&self) -> Vec<Figure> {
        let c = &self.counters;
        vec![
            figure(
                "parties_silent",
                c.parties_silent,
                "times that a party of a call sent no sound for `media.silent_after_s`, and was asked whether it is there",
            ),
            figure(
                "persons_lost",
                c.persons_lost,
                "persons and guests whose phone was gone in mid-talk: hung up, and the caller led on",
            ),
            figure(
                "persons_unheard",
                c.persons_unheard,
                "persons who answered and never sent any sound: hung up, and the caller led on",
            ),
        ]
    }

    fn recording_figures(&self) -> Vec<Figure> {
        let c = &self.counters;
        vec![
            figure("recordings", c.recordings, "recordings named"),
            figure(
                "recordings_failed",
                c.recordings_failed,
                "recordings broken off: disk full, quota or a fault",
            ),
            figure(
                "recording_frames_dropped",
                c.frames_dropped,
                "20 ms frames that the disk was too slow for",
            ),
            figure(
                "messages_waiting",
                self.messages.waiting(),
                "messages of callers that nobody has marked as done: `careline messages` lists them",
            ),
            figure("events_appended", self.next_seq - self.settings.first_seq, "lines of the event log"),
            figure(
                "events_not_durable",
                (self.next_seq - 1).saturating_sub(self.durable_up_to),
                "lines that are not on disk yet",
            ),
        ]
    }

    /// What became of the texts that tell the house of emergency calls.
    fn alert_figures(&self) -> [Figure; 3] {
        let s = self.sip.counters();
        [
            figure("alerts", s.alerts, "times that a phone was told of an emergency call"),
            figure(
                "alerts_refused",
                s.alerts_refused,
                "of them, those that the phone refused or did not answer: does it know MESSAGE?",
            ),
            figure(
                "alerts_unsent",
                s.alerts_unsent,
                "users who were to be told and have no phone that is logged in, or phones that answer nothing",
            ),
        ]
    }

    fn phone_figures(&self) -> Vec<Figure> {
        let s = self.sip.counters();
        vec![
            figure("phones", self.sip.bindings() as u64, "phones that are logged in"),
            figure("phones_logged_in", s.registers, "times that a phone logged in, stayed or left"),
            figure(
                "phones_refused",
                s.registers_refused,
                "logins with a wrong password, or for somebody else: is a phone set up wrongly?",
            ),
            figure("calls_dialled", self.counters.dialled, "calls that phones placed"),
            figure(
                "calls_dialled_refused",
                self.counters.dials_refused,
                "calls that phones wanted to place and may not: the log says why",
            ),
            figure(
                "trunk_calls_refused",
                self.counters.trunk_calls_refused,
                "calls out that the rules of their trunk were against: whoever was next was called; the log says why",
            ),
            figure(
                "calls_emergency",
                self.counters.emergencies,
                "emergency calls of phones: the log says where from",
            ),
            figure(
                "calls_challenged",
                s.invites_challenged,
                "calls of phones that were asked for a password",
            ),
            figure(
                "calls_wrong_password",
                s.invites_refused,
                "calls with a wrong password: is a phone set up wrongly?",
            ),
            figure(
                "phones_sent_away",
                s.registers_shed,
                "503: too many phones logged in at once; they come again by themselves",
            ),
            figure(
                "phones_subscribed",
                self.sip.subscriptions() as u64,
                "subscriptions of phones to how many messages wait",
            ),
            figure("subscriptions", s.subscriptions, "times that a phone asked to be told, stayed or left"),
            figure(
                "subscriptions_refused",
                s.subscriptions_refused,
                "the same with a wrong password, or for another's messages: is a phone set up wrongly?",
            ),
            figure(
                "subscriptions_sent_away",
                s.subscriptions_sent_away,
                "503: no new subscriptions now; they come again by themselves",
            ),
            figure("summaries", s.summaries, "times that a phone was told how many messages wait"),
            figure(
                "summaries_refused",
                s.summaries_refused,
                "of them, those that the phone refused or did not answer: it is told nothing until it logs in or asks anew",
            ),
        ]
    }

    /// Whether each trunk that we log in at has us.
    fn login_figures(&self) -> impl Iterator<Item = Figure> {
        self.sip.logins(self.now.at).into_iter().map(|login| {
            let name = login.name.as_str().replace(['-', '.'], "_");
            let meaning = match login.failures {
                0 => "1 while this trunk has us logged in".to_owned(),
                refused => format!("1 while this trunk has us logged in; refused {refused} times in a row"),
            };
            Figure {
                name: Cow::Owned(format!("trunk_{name}_logged_in")),
                value: u64::from(login.holds),
                meaning: Cow::Owned(meaning),
            }
        })
    }

    /// Whether the hosts of each trunk that is asked are there.
    fn host_figures(&self) -> impl Iterator<Item = Figure> {
        self.sip.watched(self.now.at).into_iter().map(|Watched { name, hosts, answering, down }| {
            let named: Vec<String> = down.iter().map(ToString::to_string).collect();
            let whom = if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
            Figure {
                name: Cow::Owned(format!("trunk_{}_hosts_down", name.as_str().replace(['-', '.'], "_"))),
                value: down.len() as u64,
                meaning: Cow::Owned(format!(
                    "hosts of this trunk, of {hosts}, that calls go past{whom}; {answering} answer OPTIONS"
                )),
            }
        })
    }

    /// Who is not answered at all.
    fn door_figures(&self) -> Vec<Figure> {
        let s = self.sip.counters();
        vec![
            figure(
                "sip_scanners",
                s.scanners,
                "requests of programs that look for engines to call through, by their User-Agent: dropped",
            ),
            figure(
                "sip_unrouted",
                s.unrouted,
                "INVITEs from the Internet to numbers that no flow is named for: not answered; is a trunk missing?",
            ),
        ]
    }

    fn sip_figures(&self) -> Vec<Figure> {
        let s = self.sip.counters();
        vec![
            figure("sip_datagrams", s.datagrams, "datagrams seen"),
            figure("sip_noise", s.noise, "datagrams that were no SIP: dropped"),
            figure("sip_keep_alives", s.keep_alives, "empty datagrams that keep a path open"),
            figure(
                "sip_malformed",
                s.malformed,
                "messages that break a rule: 400 to requests, nothing to answers",
            ),
            figure(
                "sip_over_rate",
                s.over_rate,
                "requests of a source over `sip.requests_a_second`: dropped; is a trunk missing?",
            ),
            figure("sip_banned", s.banned, "requests of sources that sent nonsense again and again: dropped"),
            figure(
                "sip_diversions_unread",
                s.diversions_unread,
                "values of Diversion and History-Info that are none: left out, and the call is answered",
            ),
            figure("sip_unlisted", s.unlisted, "requests from networks that no trunk names: dropped"),
            figure("sip_requests", s.requests, "requests seen"),
            figure("sip_retransmissions_in", s.retransmissions_in, "requests that came again"),
            figure("sip_retransmissions_out", s.retransmissions_out, "messages that we sent again"),
            figure("sip_stray_responses", s.stray_responses, "answers to nothing we asked"),
            figure("sip_answers_1xx", s.answers[0], "provisional answers"),
            figure("sip_answers_2xx", s.answers[1], "answers that said yes"),
            figure("sip_answers_3xx", s.answers[2], "answers that redirected"),
            figure("sip_answers_4xx", s.answers[3], "answers that refused the request"),
            figure("sip_answers_5xx", s.answers[4], "answers that refused for a reason of ours"),
            figure("sip_answers_6xx", s.answers[5], "answers that refused everywhere"),
            figure("sip_unreachable", s.unreachable, "times that nobody was where a message went"),
            figure("sip_failovers", s.failovers, "requests that went on to the next host of a name"),
            figure(
                "trunk_hosts_asked",
                s.hosts_asked,
                "times that a host of a trunk was asked by OPTIONS whether it is there",
            ),
            figure(
                "trunk_accounts_shown",
                s.accounts_shown,
                "times that a trunk asked for its account and was answered",
            ),
            figure(
                "trunk_accounts_refused",
                s.accounts_refused,
                "times that a trunk did not take our account: is `password_file` right? is there one?",
            ),
            figure(
                "sip_acks_missing",
                s.acks_missing,
                "200s whose ACK never came: look at NAT and `external_address`",
            ),
            figure(
                "sip_transactions_full",
                s.transactions_full,
                "503: more transactions than the engine holds",
            ),
        ]
    }
}

/// `flows_set` with the number of a published set, `flows_draft` with the count of an unpublished one.
fn served_figure(what: &str, set: &FlowSet, who: &str) -> Figure {
    let (kind, value) = match set.edition() {
        Edition::Published(number) => ("set", number),
        Edition::Draft(count) => ("draft", count),
    };
    Figure {
        name: Cow::Owned(format!("{what}_{kind}")),
        value: u64::from(value),
        meaning: Cow::Owned(format!("{who} {kind} of the flows: version {}", short(set.version()))),
    }
}

/// One line.
pub fn figure(name: &'static str, value: u64, meaning: &'static str) -> Figure {
    Figure { name: Cow::Borrowed(name), value, meaning: Cow::Borrowed(meaning) }
}
