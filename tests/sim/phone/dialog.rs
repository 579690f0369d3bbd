//! A phone's half of a dialog, and the requests that it writes in it (RFC 3261 §12).

use careline::sip::way::Transport;
use careline::wire::sip::emit;
use careline::wire::sip::method::Method;
use careline::wire::sip::name::Name;
use std::net::SocketAddr;

/// What identifies a dialog, as header values.
#[derive(Clone, Debug, Default)]
pub struct Dialog {
    /// Call-ID.
    pub call_id: String,
    /// Our From, tag included.
    pub local: String,
    /// The tag alone.
    pub local_tag: String,
    /// Our To; with a tag once there is a dialog.
    pub remote: String,
    /// Where requests go: the Contact of the other side.
    pub target: String,
    /// Our last sequence number.
    pub cseq: u32,
    /// More lines for each INVITE and UPDATE, such as Session-Expires.
    pub extra: Vec<(Name, String)>,
    /// What the next PRACK acknowledges (RFC 3262 §7.2).
    pub rack: String,
    /// To whom its REFER points.
    pub refer_to: String,
    /// How its requests go.
    pub transport: Transport,
}

impl Dialog {
    /// Writes a request of this dialog, or the INVITE that begins it.
    pub fn request(
        &self,
        method: Method<'_>,
        branch: &[u8],
        cseq: u32,
        at: SocketAddr,
        body: Option<&[u8]>,
    ) -> Vec<u8> {
        let mut builder = self.begin(method, branch, cseq, at, self.remote.as_bytes());
        if matches!(method, Method::Invite | Method::Update) {
            for (name, value) in &self.extra {
                builder = builder.header(*name, value);
            }
        }
        if method == Method::Prack {
            builder = builder.header(Name::RAck, &self.rack);
        }
        if method == Method::Refer {
            builder = builder.header(Name::ReferTo, &self.refer_to);
        }
        if matches!(method, Method::Invite | Method::Options | Method::Update | Method::Refer) {
            let transport = match self.transport {
                Transport::Udp => "",
                Transport::Tcp => ";transport=tcp",
            };
            builder = builder.header_fmt(Name::Contact, format_args!("<sip:phone@{at}{transport}>"));
        }
        match body {
            Some(body) => builder.finish_with("application/sdp", body),
            None => builder.finish(),
        }
    }

    /// Writes the CANCEL of the INVITE with that branch (RFC 3261 §9.1).
    pub fn cancel(&self, branch: &[u8], at: SocketAddr) -> Vec<u8> {
        self.begin(Method::Cancel, branch, self.cseq, at, self.remote.as_bytes()).finish()
    }

    /// Writes the ACK of an answer over 299 (RFC 3261 §17.1.1.3).
    pub fn ack_of_refusal(&self, branch: &[u8], cseq: u32, at: SocketAddr, to: &[u8]) -> Vec<u8> {
        self.begin(Method::Ack, branch, cseq, at, to).finish()
    }

    fn begin(
        &self,
        method: Method<'_>,
        branch: &[u8],
        cseq: u32,
        at: SocketAddr,
        to: &[u8],
    ) -> emit::Builder {
        let branch = String::from_utf8_lossy(branch);
        let via = self.transport.in_via();
        emit::request(method, self.target.as_bytes())
            .header_fmt(Name::Via, format_args!("SIP/2.0/{via} {at};rport;branch={branch}"))
            .header(Name::MaxForwards, "70")
            .header(Name::From, &self.local)
            .header(Name::To, to)
            .header(Name::CallId, &self.call_id)
            .header_fmt(Name::CSeq, format_args!("{cseq} {method}"))
    }
}
