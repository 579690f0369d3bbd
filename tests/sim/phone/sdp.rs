//! Session descriptions as the scripted phones write and read them: by hand, so that the phones do
//! not share a mistake with the engine (RFC 8866, RFC 3264).

use careline::wire::codec::Codec;
use std::net::{IpAddr, SocketAddr};

/// Who sends, as a phone says it (RFC 3264 §8.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Both.
    SendRecv,
    /// The phone only: we are on hold.
    SendOnly,
    /// Nobody.
    Inactive,
    /// We only: the phone listens and says nothing.
    RecvOnly,
    /// Nobody, as RFC 2543 said it: `c=0.0.0.0`.
    Zero,
}

/// What a phone can do, and where.
#[derive(Clone, Debug)]
pub struct Ability {
    /// Codecs, the best first.
    pub codecs: Vec<Codec>,
    /// The payload type for keys.
    pub keys: Option<u8>,
    /// Milliseconds per packet that it asks for.
    pub ptime: u32,
    /// Where it says that it hears.
    pub media: SocketAddr,
}

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where it hears.
    pub media: SocketAddr,
    /// Its codecs, the best first.
    pub codecs: Vec<Codec>,
    /// Its payload type for keys.
    pub keys: Option<u8>,
}

impl Way {
    fn attribute(self) -> &'static str {
        match self {
            Way::SendRecv => "sendrecv",
            Way::SendOnly => "sendonly",
            Way::Inactive => "inactive",
            Way::RecvOnly => "recvonly",
            Way::Zero => "sendrecv",
        }
    }
}

/// The number of a codec; every phone of this world speaks only those that have one.
pub fn number(codec: Codec) -> u8 {
    codec.static_payload_type().unwrap_or_else(|| panic!("{codec:?} has no number of its own"))
}

/// Writes an offer or answer.
pub fn write(ability: &Ability, way: Way, version: u64) -> Vec<u8> {
    let (own, port) = (ability.media.ip(), ability.media.port());
    let ip = if way == Way::Zero { IpAddr::from([0, 0, 0, 0]) } else { own };
    let mut formats: Vec<String> = ability.codecs.iter().map(|codec| number(*codec).to_string()).collect();
    formats.extend(ability.keys.map(|keys| keys.to_string()));
    let mut text = format!(
        "v=0\r\no=- 7 {version} IN IP4 {own}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP {}\r\n",
        formats.join(" ")
    );
    for codec in &ability.codecs {
        text += &format!("a=rtpmap:{} {}/8000\r\n", number(*codec), codec.encoding_name());
    }
    if let Some(keys) = ability.keys {
        text += &format!("a=rtpmap:{keys} telephone-event/8000\r\na=fmtp:{keys} 0-15\r\n");
    }
    text += &format!("a=ptime:{}\r\na={}\r\n", ability.ptime, way.attribute());
    text.into_bytes()
}

/// Reads what the engine said; `None` if there is no audio in it.
pub fn read(body: &[u8]) -> Option<Told> {
    let text = std::str::from_utf8(body).ok()?;
    let field = |start: &str| text.lines().find_map(|line| line.strip_prefix(start));
    let ip: IpAddr = field("c=IN IP4 ")?.trim().parse().ok()?;
    let mut media = field("m=audio ")?.split_whitespace();
    let port: u16 = media.next()?.parse().ok()?;
    let formats: Vec<u8> = media.skip(1).filter_map(|format| format.parse().ok()).collect();
    let codec =
        |format: &u8| Codec::ALL.into_iter().find(|codec| codec.static_payload_type() == Some(*format));
    let keys = text.lines().find_map(|line| {
        let (format, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
        name.eq_ignore_ascii_case("telephone-event/8000").then(|| format.parse().ok())?
    });
    (port != 0).then(|| Told {
        media: SocketAddr::new(ip, port),
        codecs: formats.iter().filter_map(codec).collect(),
        keys,
    })
}

#[test]
fn what_a_phone_writes_a_phone_reads() {
    let ability = Ability {
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        keys: Some(96),
        ptime: 20,
        media: "10.0.0.9:4000".parse().unwrap(),
    };
    let told = read(&write(&ability, Way::SendOnly, 1)).unwrap();
    assert_eq!(told, Told { media: ability.media, codecs: ability.codecs, keys: Some(96) });
}
