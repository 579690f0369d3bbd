//! What real phones do that few expect: each phone of a world may have one quirk. The names in brackets are
//! those of the catalogue of traps that the project keeps.
//!
//! Some quirks are in how a request is written: [`dress`] does that, last of all. The others are in what a
//! phone does, and when; `caller.rs`, `callee.rs`, `codes.rs`, `glare.rs`, `reliable.rs` and `early.rs` ask for them by name.

use super::caller::Act;
use careline::rng::Rng;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// One odd way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Header names of one letter, in any case, and some that nobody knows (P1).
    CompactNames,
    /// Lines folded, names in odd case, space and tab about the colon (P2).
    FoldedLines,
    /// No Content-Length, line ends before the message, SDP with line feeds alone and none at its end (P3).
    NoLength,
    /// Behind a proxy that stays in the way: our requests carry Route (P4).
    LooseRoute,
    /// The proxy is of the old kind, without `lr` (P4).
    StrictRoute,
    /// Its Contact changes with a re-INVITE (P4).
    MovesContact,
    /// CANCEL that comes when the call stands already (P5).
    LateCancel,
    /// CANCEL of what was never asked (P5).
    StrayCancel,
    /// ACK to the second 200 only (P7).
    LateAck,
    /// ACK twice (P7).
    TwoAcks,
    /// A re-INVITE that asks for our offer (P10).
    AsksOffer,
    /// Hold by `c=0.0.0.0` (P12).
    ZeroHold,
    /// Hold upon hold, in another form each time (P12).
    HoldsTwice,
    /// Codecs that we do not speak, attributes that nobody needs, none for PCMU and PCMA (P15).
    ManyCodecs,
    /// Video beside the sound (P15).
    TwoMedia,
    /// Via and Contact name an address of the network at home (P17).
    PrivateContact,
    /// No `rport` in Via (P17).
    NoRport,
    /// The address translator gives it another SIP port in the call (P17).
    SipRebinds,
    /// Asks for a session interval that is too short, and then for our least (P18).
    ShortSession,
    /// Refreshes the session by UPDATE (P18).
    Refreshes,
    /// Leaves the refreshing to us (P18).
    LetsRefresh,
    /// Requests of 3 kB by UDP (P22).
    LargeRequests,
    /// A name that tries what can be tried (P24).
    OddName,
    /// Twenty Via with long branches (P24).
    ManyVias,
    /// Max-Forwards 0 (P24).
    NoHops,
    /// Another SSRC, sequence and timestamp after each re-INVITE (P27).
    NewSsrc,
    /// Another payload type for keys in the call.
    MovesKeys,
    /// No marker on keys, and their end six times.
    ManyEnds,
    /// Plays music while it holds us (P27).
    HoldMusic,
    /// BYE in place of the ACK (P28).
    ByeForAck,
    /// BYE that crosses ours (P28).
    ByeCrosses,
    /// BYE with Reason (P28).
    ByeTells,
    /// Leaves the refreshing to us, and its own re-INVITE meets ours (P8).
    Glares,
    /// A re-INVITE in place of the ACK (P8).
    ReinviteForAck,
    /// A re-INVITE, and BYE at once (P8).
    ReinviteWithBye,
    /// A re-INVITE in a call that its BYE has ended (P8).
    ReinviteAfterBye,
    /// A re-INVITE and an UPDATE at once, each with an offer (P8).
    ChangesTwice,
    /// A second INVITE before the first one has its answer (P8).
    AsksTwice,
    /// Takes our offer in a 183 only, and its first PRACK is lost (P9).
    NeedsPrack,
    /// No magic cookie in its branches (RFC 2543).
    OldBranch,
    /// No tag in its From (RFC 2543).
    NoFromTag,
    /// Refuses the sound with port 0 in a re-INVITE, which is no hold (P12).
    PortZero,
    /// Our requests take a way so long that they are too large for a datagram, and it takes no TCP (P22).
    LongRoute,
    /// 183 with sound before 180 (P11).
    EarlyMedia,
    /// 183 without SDP after 180 (P11).
    BareProgress,
    /// 180 after the 200 (P11).
    LateRinging,
    /// Rings in two places, one answers (P6).
    RingsTwice,
    /// Both places answer (P5, P6).
    AnswersTwice,
    /// Answers while we cancel (P5).
    AnswersAnyway,
    /// The 200 comes again after its ACK (P7).
    RepeatsAnswer,
    /// Wants to be left alone for a while: 503 with Retry-After.
    AsksForRest,
    /// Lets us refresh, and says 491 at first: a change of its own is under way (P8).
    DeskGlares,
    /// 180 that may not be lost, and answers only after its PRACK (P9).
    ReliableRinging,
    /// 183 with SDP that may not be lost, and the 200 without waiting for its PRACK (P9).
    AnswersBeforePrack,
    /// Its sound comes before the 200, and from another address than its SDP says (P17, P27).
    SoundFirst,
    /// The other place that rings sends sound as well, from elsewhere, and goes on after the 200 (P27).
    SecondSpeaks,
    /// Puts the caller on hold, speaks on, and takes him back.
    DeskHolds,
    /// Hands the caller on to somebody else by REFER.
    DeskHandsOn,
    /// Hands the caller on by keys: a code and a number.
    DeskKeysBlind,
    /// The same, and speaks with the other one first.
    DeskKeysAttended,
    /// Speaks with a colleague first, and hands the caller on to that one: REFER with Replaces.
    DeskConsults,
    /// The same, while the colleague's phone still rings.
    DeskConsultsRinging,
    /// The colleague hangs up before the caller is handed on.
    ColleagueLeaves,
    /// The REFER and the BYE of the call with the colleague meet.
    ReferCrossesBye,
    /// The colleague says no, and the caller is taken back.
    ColleagueRefuses,
    /// The same user goes on at another phone: INVITE with Replaces.
    TakesPlace,
    /// The same, and it means only a call that rings.
    TakesEarlyOnly,
    /// It names a dialog that is none.
    TakesUnknown,
    /// It is no user of ours.
    TakesAsStranger,
    /// It is another user.
    TakesAsColleague,
    /// Dials a colleague.
    DialsInside,
    /// Dials a number that a flow answers.
    DialsFlow,
    /// Dials what nobody may.
    DialsOutside,
    /// Another host of its name is not there: ICMP says so (P22).
    HostGone,
    /// Another host of its name says nothing at all.
    HostMute,
}

impl Quirk {
    /// Those of callers.
    pub const OF_CALLERS: [Quirk; 43] = [
        Quirk::CompactNames,
        Quirk::FoldedLines,
        Quirk::NoLength,
        Quirk::LooseRoute,
        Quirk::StrictRoute,
        Quirk::MovesContact,
        Quirk::LateCancel,
        Quirk::StrayCancel,
        Quirk::LateAck,
        Quirk::TwoAcks,
        Quirk::AsksOffer,
        Quirk::ZeroHold,
        Quirk::HoldsTwice,
        Quirk::ManyCodecs,
        Quirk::TwoMedia,
        Quirk::PrivateContact,
        Quirk::NoRport,
        Quirk::SipRebinds,
        Quirk::ShortSession,
        Quirk::Refreshes,
        Quirk::LetsRefresh,
        Quirk::LargeRequests,
        Quirk::OddName,
        Quirk::ManyVias,
        Quirk::NoHops,
        Quirk::NewSsrc,
        Quirk::MovesKeys,
        Quirk::ManyEnds,
        Quirk::HoldMusic,
        Quirk::ByeForAck,
        Quirk::ByeCrosses,
        Quirk::ByeTells,
        Quirk::Glares,
        Quirk::ReinviteForAck,
        Quirk::ReinviteWithBye,
        Quirk::ReinviteAfterBye,
        Quirk::ChangesTwice,
        Quirk::AsksTwice,
        Quirk::NeedsPrack,
        Quirk::OldBranch,
        Quirk::NoFromTag,
        Quirk::PortZero,
        Quirk::LongRoute,
    ];
    /// Those of persons who are called.
    pub const OF_PERSONS: [Quirk; 13] = [
        Quirk::EarlyMedia,
        Quirk::BareProgress,
        Quirk::LateRinging,
        Quirk::RingsTwice,
        Quirk::AnswersTwice,
        Quirk::AnswersAnyway,
        Quirk::RepeatsAnswer,
        Quirk::AsksForRest,
        Quirk::DeskGlares,
        Quirk::ReliableRinging,
        Quirk::AnswersBeforePrack,
        Quirk::SoundFirst,
        Quirk::SecondSpeaks,
    ];
    /// What persons do who have no quirk of chance, by turns.
    pub const OF_OTHERS: [Quirk; 4] =
        [Quirk::DeskHolds, Quirk::DeskKeysBlind, Quirk::DeskHandsOn, Quirk::DeskKeysAttended];
    /// What is done with two calls at once, by turns, where users log in.
    pub const WITH_TWO_CALLS: [Quirk; 10] = [
        Quirk::DeskConsults,
        Quirk::TakesPlace,
        Quirk::DeskConsultsRinging,
        Quirk::TakesEarlyOnly,
        Quirk::ColleagueLeaves,
        Quirk::TakesUnknown,
        Quirk::ReferCrossesBye,
        Quirk::TakesAsStranger,
        Quirk::ColleagueRefuses,
        Quirk::TakesAsColleague,
    ];
    /// What users dial.
    pub const OF_DIALLERS: [Quirk; 3] = [Quirk::DialsInside, Quirk::DialsFlow, Quirk::DialsOutside];
    /// Those of the network about a person.
    pub const OF_THE_NETWORK: [Quirk; 2] = [Quirk::HostGone, Quirk::HostMute];

    /// Every one of them.
    pub fn all() -> impl Iterator<Item = Quirk> {
        Self::OF_CALLERS
            .into_iter()
            .chain(Self::OF_PERSONS)
            .chain(Self::OF_OTHERS)
            .chain(Self::WITH_TWO_CALLS)
            .chain(Self::OF_DIALLERS)
            .chain(Self::OF_THE_NETWORK)
    }

    /// Two phones of three have one.
    pub fn random(of: &[Quirk], rng: &mut Rng) -> Option<Self> {
        let place = rng.below(of.len() as u64 * 3 / 2) as usize;
        of.get(place).copied()
    }

    /// Its place in a set of quirks.
    pub const fn bit(self) -> u128 {
        1 << self as u32
    }

    /// What it lets a caller do, each with the time since the answer.
    pub fn acts(self) -> Vec<(Duration, Act)> {
        let at = |ms: u64, act: Act| (Duration::from_millis(ms), act);
        match self {
            Quirk::MovesContact => vec![at(1_200, Act::MoveContact)],
            Quirk::StrayCancel => vec![at(900, Act::Stray)],
            Quirk::AsksOffer => vec![at(1_500, Act::AskOffer)],
            Quirk::ZeroHold => vec![at(1_500, Act::HoldByZero), at(4_500, Act::Resume)],
            Quirk::HoldsTwice => vec![
                at(1_500, Act::Hold),
                at(2_600, Act::HoldInactive),
                at(3_700, Act::HoldListening),
                at(4_800, Act::HoldInactive),
                at(5_900, Act::Resume),
            ],
            Quirk::SipRebinds => vec![at(1_400, Act::RebindSip)],
            Quirk::NewSsrc => vec![at(1_700, Act::Hold), at(3_600, Act::Resume)],
            Quirk::MovesKeys => vec![at(1_900, Act::MoveKeys), at(6_900, Act::MoveKeys)],
            Quirk::HoldMusic => vec![at(2_200, Act::HoldInactive), at(5_200, Act::Resume)],
            Quirk::ChangesTwice => vec![at(1_600, Act::ChangeTwice)],
            Quirk::PortZero => vec![at(1_500, Act::RefuseSound), at(4_500, Act::Resume)],
            _ => Vec::new(),
        }
    }

    /// It shows in every request, and so in each call that stands.
    pub fn is_in_writing(self) -> bool {
        matches!(
            self,
            Quirk::CompactNames
                | Quirk::FoldedLines
                | Quirk::NoLength
                | Quirk::ManyCodecs
                | Quirk::TwoMedia
                | Quirk::PrivateContact
                | Quirk::NoRport
                | Quirk::LargeRequests
                | Quirk::OddName
                | Quirk::ManyVias
                | Quirk::NoHops
                | Quirk::OldBranch
                | Quirk::NoFromTag
        )
    }
}

/// Where a phone is, and where it says it is.
#[derive(Clone, Copy, Debug)]
pub struct Whereabouts {
    /// Its SIP address as the engine sees it.
    pub at: SocketAddr,
    /// Its SIP address before any address translator gave it another.
    pub home: SocketAddr,
    /// The port in its Contact.
    pub contact_port: u16,
}

impl Whereabouts {
    /// Where Via and Contact say that it is.
    fn told(&self, quirk: Quirk) -> IpAddr {
        match (quirk, self.at.ip()) {
            (Quirk::PrivateContact | Quirk::SipRebinds, IpAddr::V4(ip)) => {
                IpAddr::from([192, 168, 7, ip.octets()[3]])
            }
            (_, ip) => ip,
        }
    }
}

/// A display name that tries what can be tried.
pub fn odd_name(rng: &mut Rng) -> String {
    let long = "x".repeat(280);
    let names =
        ["Zoë ☎️ 王", "a\\\"b\\\\c", "Robert'); DROP TABLE calls;--", "<sip:evil@e>, <sip:f@f>", "", &long];
    names[rng.below(names.len() as u64) as usize].to_owned()
}

/// Each long name with its letter (RFC 3261 §7.3.3).
const LETTERS: [(&str, &str); 7] = [
    ("\r\nVia: ", "\r\nV: "),
    ("\r\nFrom: ", "\r\nf:"),
    ("\r\nTo: ", "\r\nT:\t"),
    ("\r\nCall-ID: ", "\r\nI: "),
    ("\r\nContact: ", "\r\nm: "),
    ("\r\nContent-Type: ", "\r\nc: "),
    ("\r\nContent-Length: ", "\r\nL: "),
];

/// A request as a phone with that quirk writes it.
pub fn dress(quirk: Quirk, place: &Whereabouts, octets: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(octets).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let (home, at) = (place.home, place.at);
    let (mut head, mut body) = (head.to_owned(), body.to_owned());
    let add = |head: &mut String, lines: &str| *head = head.replacen("\r\n", &format!("\r\n{lines}\r\n"), 1);
    match quirk {
        Quirk::CompactNames => {
            LETTERS.iter().for_each(|(long, short)| head = head.replace(long, short));
            head += "\r\nz: what\r\nQ:\r\nk: timer";
        }
        Quirk::FoldedLines => {
            head = head.replace("\r\nFrom: ", "\r\nFROM:\r\n\t ").replace("\r\nTo: ", "\r\nto\t:  ");
            head = head.replace("\r\nCSeq: ", "\r\ncseq:\r\n ");
            head += "\r\nSubject: one,\r\n  two";
        }
        Quirk::NoLength => {
            let lines = head.split("\r\n").filter(|line| !line.starts_with("Content-Length"));
            head = format!("\r\n\r\n{}", lines.collect::<Vec<&str>>().join("\r\n"));
            head = head.replace("application/sdp", "application/sdp;charset=utf-8");
            body = body.replace("\r\n", "\n").trim_end().to_owned();
        }
        Quirk::LooseRoute if head.starts_with("INVITE ") => {
            let lines = format!("Record-Route: <sip:{at};lr>\r\nRecord-Route: <sip:second.invalid;lr>");
            add(&mut head, &lines);
        }
        Quirk::StrictRoute if head.starts_with("INVITE ") => {
            add(&mut head, &format!("Record-Route: <sip:proxy@{at}>"));
        }
        Quirk::MovesContact => {
            let moved = SocketAddr::new(at.ip(), place.contact_port);
            head = head.replace(&format!("<sip:phone@{at}>"), &format!("<sip:phone@{moved}>"));
        }
        Quirk::PrivateContact | Quirk::SipRebinds => {
            let told = SocketAddr::new(place.told(quirk), home.port()).to_string();
            head = head.replace(&at.to_string(), &told);
        }
        Quirk::NoRport => head = head.replace(";rport;", ";"),
        Quirk::OldBranch => head = head.replace(";branch=z9hG4bK", ";branch="),
        Quirk::NoFromTag => {
            let is_from = |line: &str| line.starts_with("From: ");
            let bare = |line: &str| line.split(";tag=").next().unwrap_or_default().to_owned();
            let lines =
                head.split("\r\n").map(|line| if is_from(line) { bare(line) } else { line.to_owned() });
            head = lines.collect::<Vec<String>>().join("\r\n");
        }
        Quirk::LongRoute if head.starts_with("INVITE ") => {
            add(&mut head, &format!("Record-Route: <sip:{at};lr;way={}>", "w".repeat(1_200)));
        }
        Quirk::LargeRequests => head += &format!("\r\nX-Filler: {}", "y".repeat(2_600)),
        Quirk::ManyVias => {
            let (first, rest) = head.split_once("\r\nMax-Forwards").unwrap_or((&head, ""));
            let vias = format!("\r\nVia: SIP/2.0/UDP h.invalid;branch=z9hG4bK{}", "b".repeat(150)).repeat(20);
            head = format!("{first}{vias}\r\nMax-Forwards{rest}");
        }
        Quirk::NoHops => head = head.replace("\r\nMax-Forwards: 70", "\r\nMax-Forwards: 0"),
        Quirk::ByeTells if head.starts_with("BYE ") => {
            add(&mut head, "Reason: Q.850;cause=16;text=\"Terminated\"\r\nReason: SIP;cause=200");
        }
        _ => {}
    }
    format!("{head}\r\n\r\n{body}").into_bytes()
}

/// An offer as a phone with that quirk writes it.
pub fn dress_offer(quirk: Quirk, plain: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&plain).into_owned();
    match quirk {
        Quirk::ManyCodecs => {
            let is_static = |line: &&str| line.starts_with("a=rtpmap:0 ") || line.starts_with("a=rtpmap:8 ");
            let lines: Vec<&str> = text.lines().filter(|line| !is_static(line)).collect();
            let text = lines.join("\r\n").replace(" RTP/AVP ", " RTP/AVP 111 4 18 ");
            let more = "a=rtpmap:111 opus/48000/2\r\na=rtpmap:4 G723/8000\r\na=rtpmap:18 G729/8000\r\n\
                        a=fmtp:18 annexb=no\r\na=maxptime:60\r\na=what:ever\r\n";
            format!("{text}\r\n{more}").into_bytes()
        }
        Quirk::TwoMedia => {
            let video = "m=video 40002 RTP/AVP 120\r\na=rtpmap:120 VP8/90000\r\na=sendrecv\r\n";
            format!("{text}{video}").into_bytes()
        }
        _ => plain,
    }
}

#[test]
fn what_is_written_oddly_is_read_as_it_was_meant() {
    use careline::wire::sip::message::{Message, parse};
    use careline::wire::sip::name::Name;
    let at: SocketAddr = "10.1.0.9:5060".parse().unwrap();
    let place = Whereabouts { at, home: at, contact_port: 5062 };
    let body = "v=0\r\na=sendrecv\r\n";
    let plain = format!(
        "INVITE sip:100@h SIP/2.0\r\nVia: SIP/2.0/UDP {at};rport;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\n\
         To: <sip:c@d>\r\nCall-ID: 7\r\nCSeq: 1 INVITE\r\nContact: <sip:phone@{at}>\r\nContent-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for quirk in Quirk::OF_CALLERS {
        let octets = dress(quirk, &place, plain.as_bytes());
        let text = String::from_utf8_lossy(&octets);
        let Ok(Message::Request(request)) = parse(&octets) else { panic!("{quirk:?}:\n{text}") };
        assert_eq!(request.headers.first(Name::CallId), Some(&b"7"[..]), "{quirk:?}:\n{text}");
        assert!(request.headers.first(Name::To).is_some_and(|to| to == b"<sip:c@d>"), "{quirk:?}:\n{text}");
        assert!(request.body.starts_with(b"v=0"), "{quirk:?}:\n{text}");
        let odd =
            quirk.is_in_writing() && !matches!(quirk, Quirk::OddName | Quirk::ManyCodecs | Quirk::TwoMedia);
        assert_eq!(octets != plain.as_bytes(), odd || is_in_the_way(quirk), "{quirk:?}:\n{text}");
    }
}

#[cfg(test)]
fn is_in_the_way(quirk: Quirk) -> bool {
    matches!(
        quirk,
        Quirk::LooseRoute | Quirk::StrictRoute | Quirk::LongRoute | Quirk::MovesContact | Quirk::SipRebinds
    )
}
