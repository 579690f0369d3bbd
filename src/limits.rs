//! Every bound of the engine, with its unit and its reason. Nothing that a peer can grow is unbounded.
//!
//! Bounds that an operator may want to move are configuration (`config.rs`) and only have their
//! default here.

pub mod alerts;
pub mod carriers;
pub mod liveness;
pub mod summaries;
pub mod talks;

use std::time::Duration;

/// The longest datagram that is read as SIP, in octets: the greatest UDP payload over IPv4.
pub const SIP_DATAGRAM_MAX_OCTETS: usize = 65_507;
/// The longest message that is taken from a stream, in octets: as long as a datagram, so that one reader does for both.
pub const SIP_STREAM_MESSAGE_MAX_OCTETS: usize = SIP_DATAGRAM_MAX_OCTETS;
/// Connections of SIP over TCP at once: one for each phone of a large clinic and each call of its carriers.
pub const SIP_CONNECTIONS_MAX: usize = 4_096;
/// Connections that one address may open whose calls are taken: a clinic behind one NAT, or a carrier with one for each call.
pub const SIP_CONNECTIONS_OF_ONE_SOURCE_MAX: usize = 1_024;
/// Connections that all addresses together may open whose calls are not taken: proxies that speak within calls from elsewhere, and noise.
pub const SIP_CONNECTIONS_OF_STRANGERS_MAX: usize = 256;
/// Connections that one such address may open: one to speak by, and those whose loss was not noticed yet.
pub const SIP_CONNECTIONS_OF_ONE_STRANGER_MAX: usize = 8;
/// How long a connection of ours may take to open: the first SYN and its two repetitions at 1 s and 3 s.
pub const SIP_CONNECT_MAX: Duration = Duration::from_secs(4);
/// How long half a message may wait for its rest: the longest life of a transaction.
pub const SIP_HALF_MESSAGE_MAX: Duration = Duration::from_secs(32);
/// How long a connection may be silent: longer than the refresh of any session, whose requests it carries.
pub const SIP_CONNECTION_IDLE_MAX: Duration = Duration::from_secs(3_600);
/// Octets that may wait to be written to a peer that does not read: four of the longest messages.
pub const SIP_CONNECTION_QUEUE_MAX_OCTETS: usize = 4 * SIP_STREAM_MESSAGE_MAX_OCTETS;
/// Events that may wait between the connections and the engine; then their peers wait, by TCP's own means.
pub const SIP_CONNECTION_EVENTS_MAX: usize = 1_024;
/// Targets that one call or request may be led to: no failover tries more while somebody waits.
pub const SIP_TARGETS_MAX: usize = 8;
/// Challenges of one target that one request answers: one of a proxy, one of the server behind it, and a nonce of each
/// that was too old.
pub const CHALLENGES_ANSWERED_MAX: u32 = 4;
/// How long the engine waits, when it stops, until the parties of the last calls and the carriers have heard it.
pub const PARTING_MAX: Duration = Duration::from_secs(2);
/// How long all questions for one call or request may take together, before what is known has to do; of a carrier with
/// several hosts, those for each of them.
pub const SIP_LOCATE_MAX: Duration = Duration::from_secs(2);
/// How long a target of a call may say nothing at all before another one of the same name is tried: a proxy sends its
/// 100 within 0.2 s (RFC 3261 §17.2.1), and 4 s hold four sendings over UDP, of which three may be lost.
pub const SIP_TARGET_PATIENCE_DEFAULT: Duration = Duration::from_secs(4);
/// Searches for targets at once: one for each call that is placed and each request in a dialog, many times over.
pub const SIP_LOCATING_MAX: usize = 4_096;
/// Targets that asked to be left alone for a time and are remembered.
pub const SIP_RESTING_MAX: usize = 1_024;
/// The longest time that a target is left alone because it asked for that: a patient's person may be there again sooner.
pub const SIP_REST_MAX: Duration = Duration::from_secs(60);
/// How often transactions are forgotten that nothing more is expected of: all that are due together, for each
/// by itself would wake the engine for nothing. So much longer than the RFC asks they may absorb what comes late.
pub const SIP_FORGET_EVERY: Duration = Duration::from_millis(500);
/// The longest request that goes in a datagram; a longer one goes by TCP (RFC 3261 §18.1.1).
pub const SIP_REQUEST_BY_UDP_MAX_OCTETS: usize = 1_300;
/// The most header fields that one message may carry; RFC 4475's fullest message has under 60.
pub const SIP_HEADERS_MAX: usize = 256;
/// The most Via values that one message may carry: Max-Forwards starts at 70 (RFC 3261 §8.1.1.6).
pub const SIP_VIA_MAX: usize = 70;
/// The most media descriptions that an SDP body may carry; browsers send under ten.
pub const SDP_MEDIA_MAX: usize = 16;
/// The most payload types that are looked at in one media description.
pub const SDP_FORMATS_MAX: usize = 64;
/// The most lines of one section of an SDP body that are kept for their reader though we do not know
/// them: a browser with many ICE candidates sends under 100.
pub const SDP_OTHERS_MAX: usize = 256;
/// Server and client transactions at once: 32 s of finished ones at 2 000 calls a second hold 128 000.
pub const TRANSACTIONS_MAX: usize = 262_144;
/// From this part of them on a new call that is refused with 503 has no transaction: it would hold 1 kB for 5 s, 32 s if
/// nobody acknowledges, and 8 000 such calls a second would leave no room for those who are let in.
pub const TRANSACTIONS_CROWDED_PARTS: usize = 2;
/// Transactions beyond all others that calls for help may have, to the engine and from it.
pub const TRANSACTIONS_FOR_HELP: usize = 1_024;

/// Calls at once, unless configuration says otherwise.
pub const MAX_CALLS_DEFAULT: u32 = 1_000;
/// How long an unanswered call may ring, unless configuration says otherwise.
pub const RING_DEFAULT: Duration = Duration::from_secs(180);
/// How long the person may be rung to whom a talk is transferred: the caller hears nothing but the bed meanwhile, and
/// after it the person who transferred has him back.
pub const TRANSFER_RING: Duration = Duration::from_secs(25);
/// How long who transferred is told what comes of it: longer than a ring and a NOTIFY that nobody answers (RFC 3515 §2.4.4).
pub const REFER_EXPIRES: Duration = Duration::from_secs(90);
/// How long an answered call may last, unless configuration says otherwise.
pub const CALL_DEFAULT: Duration = Duration::from_secs(4 * 3_600);
/// How long a leg may send neither RTP nor RTCP before it is probed, unless configuration says otherwise.
pub const MEDIA_LOST_DEFAULT: Duration = Duration::from_secs(60);
/// RTP ports that are kept for emergency calls of phones of ours, where there is a trunk for them: two such calls at once,
/// with two parties each, when every other port is in use.
pub const EMERGENCY_PORTS: usize = 4;
/// Times that an emergency call is placed: the hosts of its trunk, one after another, each time.
pub const EMERGENCY_TRIES: u32 = 3;
/// Names of programs that a configuration may add to those that are not heard: each request is compared with all.
pub const DROP_AGENTS_MAX: usize = 32;
/// Calls over a trunk that a user may place in a day at the most, whatever the configuration says: their times are kept.
pub const DIALLED_PER_DAY_MAX: u32 = 2_000;
/// Calls over one trunk at once, in a minute and in a day that a cap of it may name: the times of a day are kept.
pub const TRUNK_AT_ONCE_MAX: u32 = 100_000;
/// The same, in a minute.
pub const TRUNK_PER_MINUTE_MAX: u32 = 6_000;
/// The same, in a day.
pub const TRUNK_PER_DAY_MAX: u32 = 100_000;
/// Beginnings of numbers that `dialling`, a user or a trunk may allow.
pub const DIALLED_PREFIXES_MAX: usize = 64;
/// Places of phones for emergency calls.
pub const EMERGENCY_PLACES_MAX: usize = 256;
/// How long a freed port rests before a new leg may have it, unless configuration says otherwise: late packets of
/// the old call die out.
pub const PORT_REST_DEFAULT: Duration = Duration::from_secs(10);
/// The packet time of everything we send.
pub const TICK: Duration = Duration::from_millis(20);
/// Legs are spread over this many slots of a tick, so that packets leave in small batches.
pub const SLOTS_PER_TICK: u64 = 4;

/// Tests of flows in one file that are played.
pub const REHEARSALS_MAX: usize = 500;
/// Lines of one of them.
pub const REHEARSAL_LINES_MAX: usize = 200;
/// Things that happen in one of them, after which it is given up: a ladder without an end would go on for ever.
pub const REHEARSAL_INPUTS_MAX: usize = 2_000;

/// The greatest number that a flow may ask for: nine digits are what a caller keeps in mind, and are spoken in words.
pub const NUMBER_TYPED_MAX: u64 = 999_999_999;

/// Flows that call each other, one in the other, at the most: a caller who is so deep has lost the thread too.
pub const FLOW_CALLS_DEPTH_MAX: usize = 8;

/// Keys kept from before a step listens: nobody types ahead more than a menu path and a date.
pub const TYPE_AHEAD_MAX: usize = 32;
/// Steps that one input may run through without waiting for the caller: a loop in a flow is a fault, not a hang.
pub const FLOW_STEPS_PER_INPUT_MAX: usize = 1_000;
/// The longest flow or configuration file that is read, in octets: a hundred times the longest shipped.
pub const FLOW_FILE_MAX_OCTETS: usize = 1_048_576;
/// The deepest nesting in a flow file.
pub const FLOW_DEPTH_MAX: usize = 32;
/// The longest single prompt: nobody listens to more, and it bounds the memory of one.
pub const PROMPT_MAX: Duration = Duration::from_secs(300);
/// Memory for decoded and encoded prompts, in octets: about an hour of speech in one codec.
pub const PROMPT_CACHE_MAX_OCTETS: usize = 64 * 1_048_576;

/// The loudness of everything that is spoken, in LUFS (ITU-R BS.1770-4): within −19 ± 2 for old ears.
pub const PROMPT_LOUDNESS_LUFS: f64 = -19.0;
/// How far from it a prompt may be and still sound like the others, in LU.
pub const PROMPT_LOUDNESS_WITHIN_LU: f64 = 2.0;
/// The greatest sample of a prompt, in dB of full scale: it is made louder only as far as nothing is cut.
pub const PROMPT_PEAK_MAX_DBFS: f64 = -1.0;
/// The most that a prompt is made louder, in dB: with more, the noise of its room is heard before its words.
pub const PROMPT_GAIN_MAX_DB: f64 = 20.0;
/// What is heard of a clinic's own sound under a wait, before it begins again: 12 MB in all codecs.
pub const WAIT_SOUND_MAX: Duration = Duration::from_secs(60);
/// How much softer than words it is, in dB: a wait that is over must not have hurt.
pub const WAIT_SOUND_UNDER_WORDS_DB: f64 = 6.0;
/// How long nothing must be said before music or ringing comes back: longer than a breath between two sentences.
pub const BED_RESTS: Duration = Duration::from_millis(400);
/// Supervisors and third parties in one talk: an interpreter, a nurse, a relative, a supervisor.
pub const GUESTS_MAX: usize = 4;
/// How long a supervisor or third party may be rung: whoever asked for him waits for it.
pub const GUEST_RING: Duration = Duration::from_secs(30);
/// Vendors of interpreters: a clinic has one, and one or two that stand in for it.
pub const INTERPRETERS_MAX: usize = 16;
/// The longest wait for an interpreter, with all vendors that are tried and the menu of the one who answers.
pub const INTERPRETER_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long a menu has to begin before a key of ours is pressed for it, and between two of its questions.
pub const MENU_PAUSE: Duration = Duration::from_secs(2);
/// Keys that are pressed for one question of a menu: a PIN of 16 digits, a key behind it.
pub const MENU_KEYS_MAX: usize = 17;
/// Parties in one mixed conversation: a patient, his family, an interpreter, a team; more is a lecture.
pub const MIXER_PARTIES_MAX: usize = 16;
/// Mixed conversations on one media worker: at 50 kB each, as many as its core could mix beside its other legs.
pub const ROOMS_MAX: usize = 256;

/// The longest file that `careline hear` reads: a long call, 230 MB of samples a channel.
pub const HEARD_FILE_MAX: Duration = Duration::from_secs(4 * 3_600);
/// Streams that `careline hear` tells apart in one capture; the ports of a busy minute.
pub const HEARD_STREAMS_MAX: usize = 256;

/// Frames of 20 ms that wait between a leg and the recorder, which looks every 100 ms: a disk write may take half a second, and
/// nothing is lost. At 8 000 octets a second and side that is 10 106 octets, just under 10 240, in which memory is handed out. Wider
/// sound is made narrow.
pub const RECORDER_RING_FRAMES: usize = 31;
/// The longest message that a caller may leave.
pub const MESSAGE_MAX: Duration = Duration::from_secs(180);
/// The size at which a recording is rolled to its next file, in octets: well under the 4 GiB of a RIFF header.
pub const WAV_ROLL_OCTETS: u64 = 4_000_000_000;
/// Recordings at once: the default of calls, with room for messages beside them.
pub const RECORDINGS_MAX: usize = 4_096;
/// Orders that may wait for the recorder: two for each recording.
pub const RECORDER_COMMANDS_MAX: usize = 2 * RECORDINGS_MAX;
/// How long a recorded sample may be at risk of a power loss, unless configuration says otherwise.
pub const RECORDING_SYNC_DEFAULT: Duration = Duration::from_secs(5);
/// Disk space that recordings may take, in octets, unless configuration says otherwise.
pub const RECORDINGS_QUOTA_DEFAULT_OCTETS: u64 = 50_000_000_000;

/// Events that may wait in memory for a store that is stuck, before ordinary ones are dropped and counted.
pub const EVENT_SPILL_MAX: usize = 100_000;
/// Events that may wait for a store that is stuck, before everything is dropped and counted. The switch waits for
/// nothing that it adds beyond: no recording begins, and no message is told as saved.
pub const EVENT_SPILL_HARD_MAX: usize = 2 * EVENT_SPILL_MAX;
/// Rows of the event log in one commit: a few milliseconds of work, and under the 32 766 values of one statement.
pub const EVENT_BATCH_MAX: usize = 512;
/// Up to here a commit takes all rows that wait and fills its statement up; over it the filling costs more than the
/// next commit, a gathering later, for those that are left.
pub const EVENT_BATCH_FILLED_UP_MAX: usize = 64;
/// Texts of statements that the store keeps: as many as `sqlx` keeps prepared.
pub const STORE_TEXTS_MAX: usize = 100;
/// Calls whose record the store keeps in memory until they end; those over it are read back from the log.
pub const LEDGER_CALLS_MAX: usize = 65_536;
/// How long the first event of a commit waits for others: the 20 ms that a kill may cost, and 50 commits a second at most.
pub const EVENT_GATHER: Duration = Duration::from_millis(20);
/// How long, all together, a start waits for media ports in use: a killed engine's are freed 25 to 55 ms after its end.
pub const MEDIA_PORTS_FREED_WITHIN: Duration = Duration::from_millis(300);
/// How often a media port in use is tried again in that time.
pub const MEDIA_PORT_TRIED_EVERY: Duration = Duration::from_millis(10);
/// Every so many ticks a media socket is read until it is empty, whatever came before: a sender whose
/// clock runs fast is never more than a packet behind.
pub const MEDIA_EMPTIED_EVERY_TICKS: u64 = 64;
/// Commands that may wait for a media worker.
pub const MEDIA_COMMANDS_MAX: usize = 4_096;
/// Events that may wait between a media worker and the switch.
pub const MEDIA_EVENTS_MAX: usize = 16_384;
/// How long a call that is over may wait for its recording to close before its record is written without it.
pub const CLOSING_MAX: Duration = Duration::from_secs(5);
/// How long before its limit a drain tells the callers who are left: the shipped words take 11.1 s in English, 12.8 s in Spanish.
pub const FAREWELL: Duration = Duration::from_secs(15);
/// How long before that the persons in a talk hear that it will end: time to say good-bye, or to promise a call back.
pub const FAREWELL_WARNED: Duration = Duration::from_secs(45);
/// How long a call is up before its dialog is written down for a later start. A shorter call costs nothing for it.
pub const KEPT_AFTER: Duration = Duration::from_secs(2);
/// Requests that may have gone out in a dialog since it was written down: one every few seconds for an hour.
pub const KEPT_CSEQ_GAP: u32 = 1_000;
/// How long a person who talked when the engine died may take to answer its re-INVITE, while the patient hears nothing.
pub const RESUMED_PERSON_WITHIN: Duration = Duration::from_secs(4);
/// How long after the last word of its log a call is still gone on with: later its party is no longer there.
pub const RESUMED_WITHIN: Duration = Duration::from_secs(300);
/// How long a message may take to be opened on disk before the caller is told that it cannot be taken.
pub const MESSAGE_OPEN_MAX: Duration = Duration::from_secs(3);

/// The most octets of sound in a packet that we send: 40 ms of the widest codec, 60 ms of every other, under any link's bound.
pub const PACKET_OCTETS_MAX: usize = 1_280;
/// The longest datagram that is read as RTP or RTCP, in octets: an Ethernet frame. A longer one is cut.
pub const MEDIA_DATAGRAM_MAX_OCTETS: usize = 1_500;
/// Datagrams taken from one media socket in one system call; a leg has one or two waiting in its tick.
pub const MEDIA_RECEIVE_BATCH: usize = 8;
/// Full batches read from one socket in one tick. A flood costs other legs no more than this, and empties
/// the receive buffer, so that the party's own packets still find room in it.
pub const MEDIA_READS_PER_TICK_MAX: usize = 5;
/// Batches thrown away when a port changes hands: more than its receive buffer holds.
pub const MEDIA_DRAIN_BATCHES_MAX: usize = 64;
/// The receive buffer asked of the kernel for each media socket, in octets: about 400 ms of packets.
pub const MEDIA_SOCKET_BUFFER_OCTETS: usize = 16_384;
/// Legs on one media worker before the next one gets any: a quarter of a core with G.711.
pub const MEDIA_LEGS_GATHERED: usize = 1_000;
/// Operations that one call to io_uring takes: more legs than tick in one slot of a full core.
pub const MEDIA_RING_ENTRIES: u32 = 256;
/// How far a media worker may fall behind and still send every packet; beyond it ticks are skipped and counted.
pub const MEDIA_CATCH_UP_MAX: Duration = Duration::from_millis(200);
/// How often the RTCP socket of a leg is read: reports come every 5 s.
pub const RTCP_READ_EVERY: Duration = Duration::from_secs(1);
/// Sound that a jitter buffer holds back of a new stream, in milliseconds: one packet of 20 ms that is late by a tick
/// is in time. A calm line's delay comes back to it.
pub const JITTER_DELAY_START_MS: u32 = 40;
/// The most sound that waits in a jitter buffer, in milliseconds: a handover between mobile cells of 300 ms and the
/// tick in which its packets come; under the 400 ms of ITU-T G.114 that end a conversation. More loses its oldest.
pub const JITTER_DELAY_MS: u32 = 320;
/// Key presses whose identity is remembered, against packets that come late or twice.
pub const KEY_PRESSES_REMEMBERED: usize = 8;
/// Presses whose other telling is waited for: nobody presses more keys within [`SAME_PRESS_WITHIN`].
pub const PRESSES_TO_PAIR_MAX: usize = 8;
/// How long after a press the same key in another way is the same press, where a phone sends each key in two ways.
pub const SAME_PRESS_WITHIN: Duration = Duration::from_millis(400);
/// Keys that wait to be sent to a party: an extension with its pauses, or a card number.
pub const KEYS_TO_SEND_MAX: usize = 32;
/// Keys of one code by which a person hands on: `*` and up to three digits.
pub const KEYCODE_MAX: usize = 4;
/// How long a key of a person that may begin a code is withheld: who has a code in mind presses the next key sooner.
pub const CODE_KEY_WITHIN: Duration = Duration::from_secs(2);
/// How long after the code the first key of the number may take: it is looked up in a list on the wall.
pub const NUMBER_FIRST_KEY_WITHIN: Duration = Duration::from_secs(8);
/// The pause that ends a number, where no `#` does.
pub const NUMBER_KEY_WITHIN: Duration = Duration::from_secs(4);
/// Keys of a number behind a code: one of E.164 has 15, with a prefix of its country.
pub const KEYED_NUMBER_MAX: usize = 20;
/// Keys of those in a talk that wait to be pressed for another one: half of [`KEYS_TO_SEND_MAX`], so that other keys have
/// room.
pub const KEYS_PASSED_ON_MAX: u32 = 16;
/// How long each key of ours is pressed: longer than what the slowest menus want.
pub const KEY_PRESSED: Duration = Duration::from_millis(100);
/// The silence behind each key of ours, before the next one.
pub const KEY_SENT_PAUSE: Duration = Duration::from_millis(60);
/// The silence behind the last key of ours that goes in the sound of a party that takes no events: what is left of a
/// tone that the one who pressed it sends beside his event would be the same key once more.
pub const KEY_SOUND_REST: Duration = Duration::from_millis(240);
/// How long after a key of ours in the sound to a party the keys heard in its own sound are the echo of ours: a way there
/// and back over the longest lines (ITU-T G.114), and what waits in buffers.
pub const KEY_ECHO_WITHIN: Duration = Duration::from_millis(600);
/// The shortest press that we send: the least that a receiver must take (ITU-T Q.24).
pub const KEY_SENT_MIN: Duration = Duration::from_millis(40);
/// The longest press that we send.
pub const KEY_SENT_MAX: Duration = Duration::from_secs(10);
/// Telephone-events that wait for the next tick of the other leg of a bridge; a press is under ten packets a tick.
pub const RELAYED_EVENTS_MAX: usize = 16;
/// Senders to a port outside a call, kept so that no later call takes one of them for its party.
pub const STRANGERS_PER_PORT_MAX: usize = 4;
/// Packets outside a call that make a sender a stranger, 200 ms of them. Fewer may be a party that is faster
/// than a busy worker's start of the leg; a ghost fills the socket's buffer while the port rests.
pub const STRANGER_PACKETS: u32 = 10;
/// The same on a port that its party has been told of, 80 ms of them: who sends so much before the answer is likely
/// another place that rang as well, and he waits only a moment.
pub const EARLY_SENDER_PACKETS: u32 = 4;
/// How long a sender to a port is remembered as a stranger: a caller who hung up sends for 30 s at the most.
pub const STRANGER_REMEMBERED: Duration = Duration::from_secs(60);
/// How long after the answer a sender from elsewhere is taken for the party who began before it: the party itself is
/// heard from SDP's address within one round trip, and another place that rang as well has stopped by then.
pub const EARLY_SENDER_WAITS: Duration = Duration::from_millis(400);
/// Packets in sequence that an address other than SDP's must send before a leg latches to it (RFC 3550 §A.1).
pub const LATCH_PACKETS: u32 = 2;

/// Languages between which a caller chooses: 2 is the one key that chooses.
pub const LANGUAGES_MAX: usize = 2;

/// Options of one menu: more cannot be kept in mind while listening.
pub const MENU_OPTIONS_MAX: usize = 5;
/// Words of one sentence of a prompt: a longer one is lost before it ends.
pub const SENTENCE_MAX_WORDS: usize = 25;
/// Digits of one entry: a card number and an account number with what belongs to it have under 20.
pub const ENTRY_DIGITS_MAX: usize = 32;
/// How long a star that nothing follows is waited on, within an entry: then it means what it means everywhere.
pub const ENTRY_STAR_WAITS: Duration = Duration::from_secs(2);
/// How long after the last digit a pound still belongs to an entry that ended by its length: callers were told to press it.
pub const ENTRY_LATE_POUND: Duration = Duration::from_secs(2);
/// Steps that speaking one value may take: the longest number in words takes under 60, a code of 32 characters 64.
pub const SPOKEN_STEPS_MAX: usize = 512;
/// Characters of a code or telephone number that are spoken: nobody writes more down by ear.
pub const SPOKEN_CHARACTERS_MAX: usize = 32;
/// Characters of one value that a voice speaks: a name with a title and a place; nobody follows more by ear.
pub const VOICE_TEXT_MAX_CHARACTERS: usize = 200;
/// How long a voice may take until its sound is there: a caller who waits longer thinks that the line is dead.
pub const VOICE_MAX: Duration = Duration::from_secs(1);
/// How long a flow waits for the voice's answer: the voice's own bound, and the way there and back.
pub const VOICE_ANSWER_MAX: Duration = Duration::from_millis(1_200);
/// Voices that speak at once: each is a process of its own for a few hundredths of a second.
pub const VOICE_AT_ONCE_MAX: usize = 4;
/// Texts that may wait for a voice: more could not be said within [`VOICE_MAX`].
pub const VOICE_WAITING_MAX: usize = 128;
/// Octets that a voice may give: half a minute of 48 kHz, of a text of [`VOICE_TEXT_MAX_CHARACTERS`].
pub const VOICE_OCTETS_MAX: usize = 4 * 1_048_576;
/// The longest sound that is taken of a voice.
pub const VOICE_SOUND_MAX: Duration = Duration::from_secs(30);
/// Octets of sound that are kept of what a voice said: three hundred names of a second and a half.
pub const VOICE_KEPT_MAX_OCTETS: usize = 24 * 1_048_576;
/// Sounds of voices that one call may hold: fifty steps with a few names each.
pub const VOICED_PER_CALL_MAX: usize = 64;
/// Octets of one expression in a flow: one that is longer belongs in a step of its own.
pub const EXPRESSION_MAX_OCTETS: usize = 1_024;
/// How deep an expression may be nested, and how many of its parts `and` may join: nobody follows more by eye.
pub const EXPRESSION_DEPTH_MAX: usize = 48;
/// Words from which on a text has a reading grade: in a shorter one a single long name outweighs all the rest.
pub const GRADED_FROM_WORDS: usize = 10;
/// The emergency number's keys count as one when they are typed within this time.
pub const EMERGENCY_KEYS_WITHIN: Duration = Duration::from_secs(3);
/// Silence between two emergency lines to a caller for whom somebody is being called: a line every 15 s.
pub const EMERGENCY_EVERY: Duration = Duration::from_secs(10);
/// Silence between two words to a caller for whom somebody is being called.
pub const COMFORT_EVERY: Duration = Duration::from_secs(15);
/// Rest before the person ladder is climbed again from its foot: a target that refuses at once is not flooded.
pub const LADDER_REST: Duration = Duration::from_secs(5);
/// How long a flow waits for the engine's own answer (a tone, a saved file, a failed call) before it goes on without.
pub const ENGINE_ANSWER_MAX: Duration = Duration::from_secs(10);
/// Steps of one flow: nobody can follow more on paper.
pub const FLOW_STEPS_MAX: usize = 500;
/// Faults that are told at once: more cannot be repaired before the next check.
pub const FAULTS_MAX: usize = 500;
/// Rounds of `careline check --fix`, in each of which one repair may uncover the next.
pub const REPAIR_ROUNDS_MAX: usize = 50;
/// Files in one flow set: many times the shipped ones, and a thousand flows of a chain of clinics.
pub const FLOW_FILES_MAX: usize = 2_048;
/// Files in one published set, sounds and all: a hundred sounds for each of the shipped ones.
pub const PUBLISHED_FILES_MAX: usize = 20_000;
/// Folders in folders of a set: a language, a collection in it, and one more.
pub const PUBLISHED_DEPTH_MAX: usize = 4;
/// Earlier sets that a step back can lead to, one after the other.
pub const PUBLISHED_BEFORE_MAX: usize = 32;
/// The longest name of whoever publishes, in characters.
pub const PUBLISHED_BY_MAX_CHARACTERS: usize = 64;
/// Sets that are served at once, with the sounds of each in memory: the current one, one that is tried, and those that
/// calls began with before.
pub const SETS_SERVED_MAX: usize = 8;
/// How long the loading of a set may take before whoever asked for it is told no: a thousand flows on a slow, busy disk.
pub const SET_LOAD_MAX: Duration = Duration::from_secs(120);
/// Calendars of one clinic: one for each of its doors and lines.
pub const CALENDARS_MAX: usize = 64;
/// Holidays of one calendar: five times those of the country with the most.
pub const HOLIDAYS_MAX: usize = 200;
/// Times of opening in one day: nobody opens more often.
pub const INTERVALS_MAX: usize = 12;
/// Days that a holiday may lie before or after the day it is counted from: Pentecost and Corpus Christi lie 60 behind.
pub const HOLIDAY_SHIFT_MAX_DAYS: u32 = 70;
/// Events that one iCalendar file may hold: thirty years of holidays, each written out.
pub const ICS_EVENTS_MAX: usize = 1_000;
/// The longest event of an iCalendar file, in days: what begins earlier need not be looked for.
pub const ICS_EVENT_MAX_DAYS: i64 = 31;
/// Days that are walked in one iCalendar file to find the last day of its counted rules: a thousand counts of five years.
pub const ICS_WALK_MAX_DAYS: u32 = 2_000_000;
/// Dates that one iCalendar event may leave out.
pub const ICS_EXCEPTIONS_MAX: usize = 500;
/// Days that the rules of one iCalendar file may close at once, each event's length once: a month for each of thirty rules.
/// Every day of a rule is a question that each answer asks.
pub const ICS_RULE_DAYS_MAX: i64 = 1_000;
/// iCalendar files of one calendar: the country's, the state's, the clinic's own.
pub const ICS_FILES_MAX: usize = 8;
/// How far ahead the next change of a calendar is looked for, in days: over every holiday that comes each year.
pub const HOURS_AHEAD_DAYS: usize = 400;
/// The longest closing: two weeks of a flood. What lasts longer stands in hours.yaml.
pub const CLINIC_CLOSED_MAX: Duration = Duration::from_secs(14 * 86_400);
/// Closings at once: more than a clinic has numbers that anybody would close apart.
pub const CLOSINGS_MAX: usize = 64;
/// A list of holidays that ends in fewer days is told by `careline check`: the time to get the next one.
pub const CALENDAR_ENDS_SOON_DAYS: i64 = 60;

/// Forks of one call of ours that are acknowledged: targets are named in configuration, none forks widely.
pub const FORKS_MAX: usize = 8;

/// Rungs of a ladder that are kept from its beginning: how a call began is what is looked for.
pub const LADDER_HEAD_RUNGS: usize = 48;
/// Rungs of a ladder that are kept from its end; what lies between is counted.
pub const LADDER_TAIL_RUNGS: usize = 16;
/// The longest text of a peer that a rung keeps, in octets: longer ones are attacks or mistakes.
pub const LADDER_TEXT_MAX: usize = 256;
/// Legs of one call that its ladder follows: the patient's, and those of persons called one after another.
pub const LADDER_LEGS_MAX: usize = 32;
/// How long a ladder waits after its call for the answers that are still missing: a slow peer's 200 to BYE.
pub const LADDER_LINGERS: Duration = Duration::from_secs(5);
/// Ladders that wait so at once: those of 3 000 calls a second; over it the oldest is written as it is.
pub const LADDERS_LINGERING_MAX: usize = 16_384;
/// Numbers that are traced at once: traces are for one fault at a time.
pub const TRACES_MAX: usize = 8;
/// How long a number may be traced: full messages of a patient are not kept for longer than a day's search.
pub const TRACE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Octets that one trace may write: 30 000 messages; what comes later is counted.
pub const TRACE_FILE_MAX_OCTETS: u64 = 64 * 1_048_576;
/// Messages that may wait for the disk of a trace: at most 16 MB of them.
pub const TRACE_WAITING_MAX: usize = 256;

/// Sources of requests outside a dialog that are measured one by one; those over it share one meter.
pub const GUARD_SOURCES_MAX: usize = 4_096;
/// Requests outside a dialog that one source may send in a second, unless configuration says otherwise: more than
/// any telephone system of a clinic begins calls.
pub const GUARD_REQUESTS_A_SECOND_DEFAULT: u32 = 100;
/// How far ahead of its rate a source may be: a switchboard that comes back sends all it has at once.
pub const GUARD_BURST: Duration = Duration::from_secs(2);
/// Offences in a row that are borne. A telephone that is set up wrongly makes one a minute, a scanner all it can.
pub const GUARD_OFFENCES_MAX: u32 = 20;
/// After this long one offence is forgotten.
pub const GUARD_OFFENCE_COOLS_IN: Duration = Duration::from_secs(3);
/// How long a source that offended too often is not heard.
pub const GUARD_BAN: Duration = Duration::from_secs(60);
/// How often sources that behave are forgotten.
pub const GUARD_SWEEP_EVERY: Duration = Duration::from_secs(1);

/// New requests that may wait for their turn: at 1 000 a second they have waited a second, and are sent again.
pub const INBOX_MAX: usize = 1_024;
/// Calls for help that others make room for in a full inbox: more phones than any house has that call in one second.
pub const INBOX_HELP_MAX: usize = 256;
/// The shortest wait within this time says whether new calls only pass or pile up.
pub const ADMISSION_WINDOW: Duration = Duration::from_millis(100);
/// New calls that all wait longer than this pile up; a tenth of T1, so that nobody sends again because of it.
pub const QUEUE_BUSY: Duration = Duration::from_millis(50);
/// A wait with which trusted trunks are refused too: half of T1.
pub const QUEUE_OVERRUN: Duration = Duration::from_millis(250);
/// Media threads later than this for their slots can be heard soon.
pub const TICKS_BUSY: Duration = Duration::from_millis(10);
/// Media threads later than this are heard.
pub const TICKS_OVERRUN: Duration = Duration::from_millis(40);
/// How long a measure of lateness counts.
pub const ADMISSION_LATENESS_HOLDS: Duration = Duration::from_secs(2);
/// One of so many places is kept for trusted trunks, where there are any.
pub const ADMISSION_RESERVE_PARTS: usize = 20;
/// The shortest session interval that we agree to, in seconds (RFC 4028 §5): more refreshes help nobody.
pub const SESSION_EXPIRES_MIN_S: u32 = 90;
/// The session interval that we ask for, in seconds, unless configuration says otherwise (RFC 4028 §4).
pub const SESSION_EXPIRES_DEFAULT_S: u32 = 1_800;
/// How long before its end a session that nobody refreshed is ended, at most (RFC 4028 §10).
pub const SESSION_ENDS_EARLY_MAX: Duration = Duration::from_secs(32);
/// How often a call or a refresh is tried because its session interval was too short for a hop on its way.
pub const INTERVAL_TRIES_MAX: u32 = 3;
/// How often a change of ours that meets one of the peer's is tried: over 10 s, more is no accident.
pub const GLARE_TRIES_MAX: u32 = 8;
/// The longest Request-URI that is read, in octets: four times what a carrier with all its parameters sends.
pub const SIP_URI_MAX_OCTETS: usize = 2_048;
/// The longest body that is read, in octets: an SDP with all its candidates stays under 10 000.
pub const SIP_BODY_MAX_OCTETS: usize = 32_768;

/// Words of one question of a triage tree, without those that offer its keys: more are not answered with yes or no.
pub const TRIAGE_QUESTION_MAX_WORDS: usize = 25;
/// Ways by answers through one triage tree: each has a test that somebody wrote and reads.
pub const TRIAGE_WAYS_MAX: u64 = 200;
/// Inputs after which a test of a triage tree has gone nowhere: ten times those of the longest way.
pub const TRIAGE_TEST_INPUTS_MAX: usize = 10_000;
/// How long a signature holds at the most, in days: a clinical lead looks at a tree once a year.
pub const SIGNED_MAX_DAYS: i32 = 366;
/// The longest URL of a request, its query with it, in octets: what servers and proxies take for granted.
pub const REQUEST_URL_MAX_OCTETS: usize = 2_048;
/// The longest body of a request, in octets: a hundred lines for each value that a step may send.
pub const REQUEST_BODY_MAX_OCTETS: usize = 65_536;
/// Values that one request may send, and fields that its answer may have to hold: what one step can still be read with.
pub const REQUEST_VALUES_MAX: usize = 32;
/// The longest answer of a request, in octets: a list of a thousand appointments. What is longer is cut off, unread.
pub const REQUEST_ANSWER_MAX_OCTETS: usize = 262_144;
/// The longest head of an answer, in octets: four times what servers with all their cookies send.
pub const REQUEST_HEAD_MAX_OCTETS: usize = 16_384;
/// The most header fields in the head of an answer.
pub const REQUEST_HEADERS_MAX: usize = 64;
/// Items of a list in an answer: nobody hears more of them to the end.
pub const REQUEST_LIST_ITEMS_MAX: usize = 100;
/// The longest text in an answer, in characters: half a minute of speech.
pub const REQUEST_TEXT_MAX_CHARACTERS: usize = 500;
/// The longest row of digits in an answer: they are spoken one by one.
pub const REQUEST_DIGITS_MAX: usize = 32;
/// Digits of a telephone number in an answer: an emergency number to the longest of all (ITU-T E.164 §6.1).
pub const REQUEST_PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=15;
/// How long a request may take, in seconds, over all its tries: who waits longer hangs up.
pub const REQUEST_WITHIN_SECONDS: std::ops::RangeInclusive<u64> = 1..=10;
/// How long a request may take if its step does not say.
pub const REQUEST_WITHIN_DEFAULT: Duration = Duration::from_secs(3);
/// Tries of one request: a server that failed three times in a few seconds is down.
pub const REQUEST_TRIES_MAX: u64 = 3;
/// The pause before a request is tried again: a server that was just restarted listens again.
pub const REQUEST_TRY_AGAIN_AFTER: Duration = Duration::from_millis(250);
/// Requests that are under way at once: every tenth of two and a half thousand callers. Over it they fail at once.
pub const REQUESTS_MAX: usize = 256;
/// How long a caller waits for an answer before words are said: most answers come sooner.
pub const REQUEST_WORDS_AFTER: Duration = Duration::from_secs(1);
/// How long the edge may take over `within` before the run goes on without it.
pub const REQUEST_GRACE: Duration = Duration::from_secs(1);

/// Digits of the PIN of who closes lines by phone: with fewer it would be guessed, and more are typed wrongly.
pub const PIN_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;
/// Wrong PINs in one call, after which it ends.
pub const PIN_TRIES: u32 = 3;
/// Wrong PINs over all calls, after which none is looked at for a while: two calls of somebody who has forgotten it.
pub const PINS_WRONG_BEFORE_LOCK: u32 = 5;
/// How long none is looked at for the first time; each time twice as long as before.
pub const PIN_LOCK_FIRST: Duration = Duration::from_secs(5 * 60);
/// How long at the most: whoever guesses gets 120 tries in a day, and who has the PIN waits for an hour.
pub const PIN_LOCK_MAX: Duration = Duration::from_secs(60 * 60);
/// Closed lines that are told by phone: who needs to know of more asks `careline closings`.
pub const CLOSINGS_TOLD_MAX: usize = 6;
/// How long who closes lines by phone may think before a key: he stands in the snow and looks for a slip of paper.
pub const SERVICE_FIRST_KEY: Duration = Duration::from_secs(15);

/// Parameters of one Digest value: those of RFC 7616 are twelve.
pub const SIP_CREDENTIALS_PARAMETERS_MAX: usize = 24;
/// The longest nonce, realm or user name that is looked at, in octets: ours are shorter.
pub const DIGEST_TEXT_MAX_OCTETS: usize = 256;
/// How long a nonce of ours is taken: a phone that registers each half hour asks for one each time, which costs one
/// more message, and who has recorded one can do nothing with it a little later.
pub const DIGEST_NONCE_LIVES: Duration = Duration::from_secs(300);
/// Nonces whose uses are counted; over it the oldest are stale: a phone uses one or two, so these are all phones of a
/// large house.
pub const DIGEST_NONCES_COUNTED_MAX: usize = 65_536;
/// Contacts of one user: a desk phone, a headset, a mobile, and their forgotten predecessors.
pub const REGISTER_CONTACTS_MAX: usize = 10;
/// Bindings of all users.
pub const REGISTER_BINDINGS_MAX: usize = 100_000;
/// The longest Contact URI that is kept, in octets: phones send 40 to 120.
pub const REGISTER_CONTACT_MAX_OCTETS: usize = 256;
/// The longest Path that is kept, in octets, all its values together.
pub const REGISTER_PATH_MAX_OCTETS: usize = 512;
/// The longest Call-ID or instance name that is kept, in octets.
pub const REGISTER_NAME_MAX_OCTETS: usize = 128;
/// The shortest time for which a phone may register, in seconds: more refreshes help nobody.
pub const REGISTER_EXPIRES_MIN_S: u32 = 60;
/// The longest, in seconds; what phones ask for that ask for nothing too (RFC 3261 §10.2.1.1).
pub const REGISTER_EXPIRES_MAX_S: u32 = 3_600;
/// Each time is shortened by chance by up to one of so many parts: phones that began together part.
pub const REGISTER_JITTER_PARTS: u32 = 10;
/// Registrations that are judged in a second, and in one moment before that: each costs a few hashes and a transaction
/// that lives for half a minute, and calls go first. 100 000 phones are back in 50 s.
pub const REGISTRATIONS_A_SECOND: u32 = 2_000;
/// When who was turned away may come again, in seconds: chance chooses, so that they do not come together.
pub const REGISTER_RETRY_AFTER_S: std::ops::RangeInclusive<u32> = 5..=30;
/// Changes of bindings that may wait for the disk; over it they are turned away.
pub const REGISTRATIONS_WAITING_MAX: usize = 4_096;
/// How long a change may wait for the disk: a phone gives up after 64·T1.
pub const REGISTRATION_WAITS_MAX: Duration = Duration::from_secs(16);
/// Users in careline.yaml: ten times the desks of the largest call centres.
pub const USERS_MAX: usize = 100_000;

/// Messages of callers that nobody has marked as done and that the engine knows one by one: a month of a hundred a day. Of
/// those beyond it keeps the count.
pub const MESSAGES_WAITING_MAX: usize = 4_096;
/// How long `careline messages done` waits for the disk.
pub const MESSAGE_DONE_WAITS_MAX: Duration = Duration::from_secs(10);
/// Days ahead in which the end of a promise is looked for in a calendar.
pub const PROMISE_AHEAD_DAYS: i32 = 400;
