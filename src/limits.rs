//! Every bound of the engine, with its unit and its reason. Nothing that a peer can grow is unbounded.
//!
//! Bounds that an operator may want to move are configuration (`config.rs`) and only have their
//! default here.

use std::time::Duration;

/// The longest datagram that is read as SIP, in octets: the greatest UDP payload over IPv4.
pub const SIP_DATAGRAM_MAX_OCTETS: usize = 65_507;
/// The most header fields that one message may carry; RFC 4475's fullest message has under 60.
pub const SIP_HEADERS_MAX: usize = 256;
/// The most Via values that one message may carry: Max-Forwards starts at 70 (RFC 3261 §8.1.1.6).
pub const SIP_VIA_MAX: usize = 70;
/// The most media descriptions that an SDP body may carry; browsers send under ten.
pub const SDP_MEDIA_MAX: usize = 16;
/// The most payload types that are looked at in one media description.
pub const SDP_FORMATS_MAX: usize = 64;
/// Server and client transactions at once: 32 s of finished ones at 2 000 calls a second hold 128 000.
pub const TRANSACTIONS_MAX: usize = 262_144;

/// Calls at once, unless configuration says otherwise.
pub const MAX_CALLS_DEFAULT: u32 = 1_000;
/// How long an unanswered call may ring, unless configuration says otherwise.
pub const RING_DEFAULT: Duration = Duration::from_secs(180);
/// How long an answered call may last, unless configuration says otherwise.
pub const CALL_DEFAULT: Duration = Duration::from_secs(4 * 3_600);
/// How long a leg may send neither RTP nor RTCP before it is probed, unless configuration says otherwise.
pub const MEDIA_LOST_DEFAULT: Duration = Duration::from_secs(60);
/// How long a freed port rests before a new leg may have it: late packets of the old call die out.
pub const PORT_REST: Duration = Duration::from_secs(10);
/// The packet time of everything we send.
pub const TICK: Duration = Duration::from_millis(20);
/// Legs are spread over this many slots of a tick, so that packets leave in small batches.
pub const SLOTS_PER_TICK: u64 = 4;

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

/// Frames of 20 ms that wait between a leg and the recorder: over a second, against one late disk write.
pub const RECORDER_RING_FRAMES: usize = 64;
/// The longest message that a caller may leave.
pub const MESSAGE_MAX: Duration = Duration::from_secs(180);
/// The size at which a recording is rolled to its next file, in octets: well under the 4 GiB of a RIFF header.
pub const WAV_ROLL_OCTETS: u64 = 4_000_000_000;
/// Disk space that recordings may take, in octets, unless configuration says otherwise.
pub const RECORDINGS_QUOTA_DEFAULT_OCTETS: u64 = 50_000_000_000;

/// Events that may wait in memory for a store that is stuck, before ordinary ones are dropped and counted.
pub const EVENT_SPILL_MAX: usize = 100_000;
/// Commands that may wait for a media worker.
pub const MEDIA_COMMANDS_MAX: usize = 4_096;
/// Events that may wait between a media worker and the switch.
pub const MEDIA_EVENTS_MAX: usize = 16_384;

/// Options of one menu: more cannot be kept in mind while listening.
pub const MENU_OPTIONS_MAX: usize = 5;
/// Words of one sentence of a prompt: a longer one is lost before it ends.
pub const SENTENCE_MAX_WORDS: usize = 25;
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
/// Files in one flow set: many times the shipped ones.
pub const FLOW_FILES_MAX: usize = 256;
