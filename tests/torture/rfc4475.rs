//! The torture messages of RFC 4475, all forty-nine, written anew after their descriptions, each with the
//! outcome that the RFC prescribes: what the judge of `wire/sip` says, and what the whole machine does.
//!
//! Where the RFC leaves the choice between refusing and understanding we understand: a refusal is a patient
//! not heard. We are no registrar and carry no MESSAGE, so a good one is answered 405 (RFC 3261 §8.2.1).

use crate::{wire, with};

/// A message, its name in the RFC, and what becomes of it.
pub struct Torture {
    pub name: &'static str,
    pub octets: Vec<u8>,
    /// What `validate` says.
    pub verdict: &'static str,
    /// What the machine does.
    pub outcome: &'static str,
}

/// A body that offers sound, as most of the RFC's INVITEs have one.
const SDP: &str = "v=0\no=mhandley 29739 7272939 IN IP4 192.0.2.3\ns=-\nc=IN IP4 192.0.2.4\nt=0 0\n\
    m=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\na=rtpmap:31 LPC\n";
const NO_SIP_URI: &str =
    "answer 416: the scheme of the Request-URI is not sip, sips or tel (RFC 3261 §8.2.2.1)";
const METHODS_DIFFER: &str =
    "answer 400: CSeq names another method than the request line (RFC 3261 §8.1.1.5)";
const NOT_OURS: &str = "405 Allow: INVITE, …";
const UNKNOWN: &str = "501 Allow: INVITE, …";

fn torture(name: &'static str, octets: Vec<u8>, verdict: &'static str, outcome: &'static str) -> Torture {
    Torture { name, octets, verdict, outcome }
}

/// The same message with a body of SDP and its length.
fn offering(start: &str, lines: &str) -> Vec<u8> {
    let body = wire(SDP);
    let head = format!("{lines}Content-Type: application/sdp\nContent-Length: {}\n\n", body.len());
    [with(start, &head), body].concat()
}

/// All of them, in the order of the RFC.
pub fn all() -> Vec<Torture> {
    [valid(), invalid_syntax(), invalid_lines(), transaction_layer(), application_layer(), compatibility()]
        .into_iter()
        .flatten()
        .collect()
}

/// RFC 4475 §3.1.1: valid messages.
fn valid() -> Vec<Torture> {
    vec![
        // To has a tag, and there is no such dialog.
        torture("wsinv", wsinv(), "ok", "481"),
        torture("intmeth", intmeth(), "ok", UNKNOWN),
        torture(
            "esc01",
            offering(
                "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
                "Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\n",
            ),
            "ok",
            "! call to `sips:user@example.com`, 200",
        ),
        torture(
            "escnull",
            with(
                "REGISTER sip:example.com SIP/2.0",
                "Contact: <sip:%00@host5.example.com>\nContact: <sip:%00%00@host5.example.com>\nl: 0\n\n",
            ),
            "ok",
            NOT_OURS,
        ),
        torture("esc02", esc02(), "ok", UNKNOWN),
        torture("lwsdisp", lwsdisp(), "ok", "200"),
        torture("longreq", longreq(), "ok", "! call to `user`, 200"),
        torture("dblreq", dblreq(), "ok", NOT_OURS),
        torture(
            "semiuri",
            with(
                "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0",
                "Accept: application/sdp, application/pkcs7-mime,\n multipart/mixed, multipart/signed,\n\
                 \x20message/sip, message/sipfrag\nl: 0\n\n",
            ),
            "ok",
            "200",
        ),
        torture("transports", transports(), "ok", "200"),
        torture("mpart01", mpart01(), "ok", NOT_OURS),
        torture("unreason", unreason(), "ok", "! Answered, ACK"),
        torture("noreason", noreason(), "ok", "taken"),
    ]
}

pub fn wsinv() -> Vec<u8> {
    wire(&format!(
        "INVITE sip:clinic@chair.example.com;unknownparam SIP/2.0\n\
         TO :\n sip:clinic@chair.example.com ;   tag    = 1918181833n\n\
         from   : \"A Patient \\\\\\\"\"       <sip:patient@example.com>\n  ;\n  tag = 98asjd8\n\
         MaX-fOrWaRdS: 0068\nCall-ID: wsinv.ndaksdj@192.0.2.1\nContent-Length   : {}\ncseq: 0009\n  INVITE\n\
         Via  : SIP  /   2.0\n /UDP\n    192.0.2.2;branch=390skdjuw\ns :\n\
         NewFangledHeader:   newfangled value\n continued newfangled value\n\
         UnknownHeaderWithUnusualValue: ;;,,;;,;\nContent-Type: application/sdp\n\
         Route:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n\
         v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   z9hG4bK9ikj8  ,\n\
         \x20SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n z9hG4bK30239\n\
         m:\"Quoted string \\\"\\\"\" <sip:patient@example.com> ; newparam =\n      newvalue ;\n  secondparam ; q = 0.33\n\
         \n{SDP}",
        wire(SDP).len()
    ))
}

pub fn intmeth() -> Vec<u8> {
    let mut octets = wire(
        "!interesting-Method0123456789_*+`.%indeed'~ \
         sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com \
         SIP/2.0\nVia: SIP/2.0/UDP host1.example.com;rport;branch=z9hG4bK-.!%66*_+`'~\nTo: \"BEL:\\",
    );
    octets.extend_from_slice(b"\x07 NUL:\\\x00 DEL:\\\x7f\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\r\n");
    octets.extend_from_slice(&wire(
        "From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\";tag=_token~1'+`*%!-.\n\
         Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n\
         CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\nMax-Forwards: 255\n\
         extensionHeader-!.%*+_`'~:大停電\nContent-Length: 0\n\n",
    ));
    octets
}

pub fn esc02() -> Vec<u8> {
    wire(
        "RE%47IST%45R sip:registrar.example.com SIP/2.0\nTo: \"%Z%45\" <sip:resource@example.com>\n\
         From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23\nCall-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf\n\
         Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234\nCSeq: 29344 RE%47IST%45R\nMax-Forwards: 70\n\
         Contact: <sip:alias1@host1.example.com>\nC%6Fntact: <sip:alias2@host2.example.com>\n\
         Contact: <sip:alias3@host3.example.com>\nl: 0\n\n",
    )
}

pub fn lwsdisp() -> Vec<u8> {
    wire(
        "OPTIONS sip:user@example.com SIP/2.0\nTo: sip:user@example.com\nFrom: caller<sip:caller@example.com>;tag=323\n\
         Max-Forwards: 70\nCall-ID: lwsdisp.1234abcd\nCSeq: 60 OPTIONS\n\
         Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw\nl: 0\n\n",
    )
}

/// One of the thirty-four Vias of longreq.
pub fn long_via(hop: usize) -> String {
    format!("SIP/2.0/TCP sip{hop}.example.com;branch=z9hG4bK{}{hop}", "verylong".repeat(20))
}

pub fn longreq() -> Vec<u8> {
    let vias: Vec<_> = (0..34).map(long_via).collect();
    let (long, name) = ("long".repeat(20), "name".repeat(25));
    let body = wire(SDP);
    let head = wire(&format!(
        "INVITE sip:user@example.com SIP/2.0\n\
         To: \"I have a user name of {}extreme{0} proportion\" <sip:user@example.com:6000;unknownparam1=very{long}value;\
         longparam{name}=shortvalue;very{long}ParameterNameWithNoValue>\n\
         F: sip:amazinglylongcallername{}@example.net;tag=12{}424;unknownheaderparam{name}=unknowheaderparam{}value;\
         unknownValueless{}paramname\nCall-ID: longreq.one{}longcallid\nCSeq: 3882340 INVITE\n\
         Unknown{}Name: unknown{long}value; unknown{long}parameter name = x\n\
         Via: SIP/2.0/TCP sip33.example.com\nv: {}\nMax-Forwards: 70\n\
         Contact: <sip:{}@host5.example.net>\nContent-Type: application/sdp\nl: {}\n\n",
        "extreme".repeat(9),
        "name".repeat(30),
        "982".repeat(50),
        "value".repeat(15),
        "valueless".repeat(10),
        "really".repeat(20),
        "Long".repeat(20),
        vias.join(",\n "),
        "amazinglylongcallername".repeat(5),
        body.len(),
    ));
    [head, body].concat()
}

pub fn dblreq() -> Vec<u8> {
    let register =
        with("REGISTER sip:example.com SIP/2.0", "Contact: <sip:j@example.org>\nContent-Length: 0\n\n");
    [register, offering("INVITE sip:joe@example.com SIP/2.0", "Contact: <sip:j@example.org>\n")].concat()
}

pub fn transports() -> Vec<u8> {
    wire(
        "OPTIONS sip:user@example.com SIP/2.0\nTo: sip:user@example.com\nFrom: <sip:caller@example.com>;tag=323\n\
         Max-Forwards: 70\nCall-ID: transports.kijh4akdnaqjkwendsasfdj\nAccept: application/sdp\nCSeq: 60 OPTIONS\n\
         Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\nVia: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf\n\
         Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en\n\
         Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee\nl: 0\n\n",
    )
}

/// The body of mpart01: text and a binary signature with zeros and line ends in it.
pub fn multipart() -> Vec<u8> {
    let mut body = wire(
        "--7a9cbec02ceef655\nContent-Type: text/plain\nContent-Transfer-Encoding: binary\n\nHello\n--7a9cbec02ceef655\n\
        Content-Type: application/octet-stream\nContent-Transfer-Encoding: binary\n\n",
    );
    body.extend_from_slice(b"\x00\x30\x82\r\n\r\n\x00\xff\r\n--7a9cbec02ceef655--\r\n");
    body
}

pub fn mpart01() -> Vec<u8> {
    let body = multipart();
    let kind = "Content-Type: multipart/mixed;boundary=7a9cbec02ceef655";
    let head = format!("{kind}\nContent-Length: {}\n\n", body.len());
    [&with("MESSAGE sip:kumiko@example.org SIP/2.0", &head)[..], &body, b"spurious"].concat()
}

/// The header fields of unreason and noreason.
const RESPONSE: &str = "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923\nCall-ID: unreason.1234ksdfak3j2erwedfsASdf\n\
    CSeq: 35 INVITE\nFrom: sip:user@example.com;tag=11141343\nTo: sip:user@example.edu;tag=2229\n\
    Contact: <sip:user@host198.example.com>\n";

pub fn unreason() -> Vec<u8> {
    let body = wire(SDP);
    let start = "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое";
    let head =
        format!("{start}\n{RESPONSE}Content-Type: application/sdp\nContent-Length: {}\n\n", body.len());
    [wire(&head), body].concat()
}

pub fn noreason() -> Vec<u8> {
    wire(&format!("SIP/2.0 100 \n{RESPONSE}Content-Length: 0\n\n"))
}

/// RFC 4475 §3.1.2: invalid messages, up to request lines.
fn invalid_syntax() -> Vec<Torture> {
    let invite = |lines: &str| with("INVITE sip:user@example.com SIP/2.0", &format!("{lines}\n\nv=0\n"));
    let start = |start: &str| offering(start, "Contact: <sip:caller@host5.example.net>\n");
    vec![
        // RFC 4475 §3.1.2.1
        torture(
            "badinv01",
            wire(
                "INVITE sip:user@example.com SIP/2.0\nTo: sip:j.user@example.com\nFrom: sip:caller@example.net;tag=134161461246\n\
                 Max-Forwards: 7\nCall-ID: badinv01.0ha0isndaksdjasdf3234nas\nCSeq: 8 INVITE\n\
                 Via: SIP/2.0/UDP 192.0.2.15;;,;,,\nContact: \"Joe\" <sip:joe@example.org>;;;;\nl: 0\n\n",
            ),
            "answer 400: the top Via is malformed (RFC 3261 §20.42): a semicolon has no parameter after it",
            "400",
        ),
        torture(
            "clerr",
            invite("Content-Length: 9999"),
            "answer 400: Content-Length announces 9999 octets, but 5 came (RFC 3261 §18.3)",
            "400",
        ),
        torture(
            "ncl",
            invite("Content-Length: -999"),
            "answer 400: Content-Length is negative (RFC 3261 §20.14)",
            "400",
        ),
        torture("scalar02", scalar02(), TOO_LARGE, "400"),
        torture("scalarlg", scalarlg(), DROPPED_TOO_LARGE, "INVITE"),
        torture(
            "quotbal",
            wire(
                "INVITE sip:user@example.com SIP/2.0\nTo: \"Mr. J. User <sip:j.user@example.com>\n\
                 From: sip:caller@example.net;tag=93334\nMax-Forwards: 10\nCall-ID: quotbal.aksdj\nContact: <sip:caller@host59.example.net>\n\
                 CSeq: 8 INVITE\nVia: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234\nContent-Length: 0\n\n",
            ),
            "answer 400: To is malformed (RFC 3261 §20): a quoted name is never closed",
            "400",
        ),
        torture(
            "ltgtruri",
            start("INVITE <sip:user@example.com> SIP/2.0"),
            "answer 400: the Request-URI is malformed (RFC 3261 §19.1): it holds octet 0x3c, which must be escaped",
            "400",
        ),
        torture(
            "lwsruri",
            start("INVITE sip:user@example.com; lr SIP/2.0"),
            "answer 400: the Request-URI is missing or has white space in it (RFC 3261 §7.1)",
            "400",
        ),
        // RFC 4475 §3.1.2.9
        torture("lwsstart", start("INVITE  sip:user@example.com  SIP/2.0"), "ok", "! call to `user`, 200"),
        // RFC 4475 §3.1.2.10
        torture("trws", with("OPTIONS sip:remote-target@example.com SIP/2.0  ", "l: 0\n\n"), "ok", "200"),
        // The Route in the URI is ignored.
        torture(
            "escruri",
            start("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0"),
            "ok",
            "! call to `user`, 200",
        ),
    ]
}

const TOO_LARGE: &str = "answer 400: CSeq is malformed (RFC 3261 §20.16): its number is not below 2147483648";
const DROPPED_TOO_LARGE: &str =
    "drop: CSeq is malformed (RFC 3261 §20.16): its number is not below 2147483648";

fn scalar02() -> Vec<u8> {
    wire(
        "REGISTER sip:example.com SIP/2.0\nVia: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3\n\
         To: <sip:user@example.com>\nFrom: <sip:user@example.com>;tag=239232jh3\nCSeq: 36893488147419103232 REGISTER\n\
         Call-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32\nMax-Forwards: 300\nExpires: 10000000000000000000000000000000\n\
         Contact: <sip:user@host129.example.com>;expires=280297596632815\nContent-Length: 0\n\n",
    )
}

pub fn scalarlg() -> Vec<u8> {
    wire(
        "SIP/2.0 503 Service Unavailable\nVia: SIP/2.0/TCP host129.example.com;branch=z9hG4bKzzxdiwo34sw;received=192.0.2.129\n\
         To: <sip:user@example.com>\nFrom: <sip:other@example.net>;tag=2easdjfejw\nCSeq: 9292394834772304023312 OPTIONS\n\
         Call-ID: scalarlg.noase0of0234hn2qofoaf0232aewf2394r\nRetry-After: 949302838503028349304023988\n\
         Warning: 1812 overture \"In Progress\"\nContent-Length: 0\n\n",
    )
}

/// RFC 4475 §3.1.2 from the date on.
fn invalid_lines() -> Vec<Torture> {
    let other = |start: &str| {
        let invite =
            with("INVITE sip:user@example.com SIP/2.0", "Contact: <sip:caller@host5.example.net>\nl: 0\n\n");
        String::from_utf8(invite).unwrap().replacen("INVITE", start, 1).into_bytes()
    };
    vec![
        torture(
            "baddate",
            offering(
                "INVITE sip:user@example.com SIP/2.0",
                "Contact: <sip:caller@host5.example.net>\nDate: Fri, 01 Jan 2010 16:00:00 EST\n",
            ),
            "ok",
            "! call to `user`, 200",
        ),
        torture(
            "regbadct",
            with(
                "REGISTER sip:example.com SIP/2.0",
                "Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E\nl: 0\n\n",
            ),
            "answer 400: Contact is malformed (RFC 3261 §20.10): a URI with header fields is not in angle brackets",
            "400",
        ),
        // RFC 4475 §3.1.2.14
        torture("badaspec", badaspec(), "ok", "200"),
        // RFC 4475 §3.1.2.15
        torture("baddn", baddn(), "ok", "200"),
        torture(
            "badvers",
            with("OPTIONS sip:t.watson@example.org SIP/7.0", "l: 0\n\n"),
            "answer 505: the version is not SIP/2.0 (RFC 3261 §7.1)",
            "505",
        ),
        torture("mismatch01", other("OPTIONS"), METHODS_DIFFER, "400"),
        torture("mismatch02", other("NEWMETHOD"), METHODS_DIFFER, "400"),
        torture(
            "bigcode",
            wire(&format!(
                "SIP/2.0 4294967301 better not break the receiver\n{RESPONSE}Content-Length: 0\n\n"
            )),
            "no message: the status code is no number from 100 to 699 (RFC 3261 §7.2)",
            "INVITE",
        ),
    ]
}

pub fn badaspec() -> Vec<u8> {
    wire(
        "OPTIONS sip:user@example.org SIP/2.0\nVia: SIP/2.0/UDP host4.example.com:5060;branch=z9hG4bKkdju43234\n\
         Max-Forwards: 70\nFrom: \"Bell, Alexander\" <sip:a.g.bell@example.com>;tag=433423\n\
         To: \"Watson, Thomas\" < sip:t.watson@example.org >\nCall-ID: badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3\n\
         Accept: application/sdp\nCSeq: 3923239 OPTIONS\nl: 0\n\n",
    )
}

pub fn baddn() -> Vec<u8> {
    wire(
        "OPTIONS sip:t.watson@example.org SIP/2.0\nVia: SIP/2.0/UDP c.example.com:5060;branch=z9hG4bKkdjuw\n\
         Max-Forwards: 70\nFrom: Bell, Alexander <sip:a.g.bell@example.com>;tag=43\n\
         To: Watson, Thomas <sip:t.watson@example.org>\nCall-ID: baddn.31415@c.example.com\nAccept: application/sdp\n\
         CSeq: 3923239 OPTIONS\nl: 0\n\n",
    )
}

/// RFC 4475 §3.2: transaction layer semantics.
fn transaction_layer() -> Vec<Torture> {
    // RFC 4475 §3.2.1
    vec![torture("badbranch", badbranch(), "ok", "200")]
}

pub fn badbranch() -> Vec<u8> {
    let text = String::from_utf8(with("OPTIONS sip:user@example.com SIP/2.0", "l: 0\n\n")).unwrap();
    text.replace("z9hG4bKkdjuw", "z9hG4bK").into_bytes()
}

/// RFC 4475 §3.3: application layer semantics.
fn application_layer() -> Vec<Torture> {
    let register = |lines: &str| with("REGISTER sip:example.com SIP/2.0", &format!("{lines}\nl: 0\n\n"));
    let insuf = wire(
        "INVITE sip:user@example.com SIP/2.0\nCSeq: 193942 INVITE\nVia: SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj.insuf\n\
         Content-Type: application/sdp\nl: 5\n\nv=0\n",
    );
    vec![
        // RFC 4475 §3.3.1
        torture("insuf", insuf, "answer 400: From is missing (RFC 3261 §8.1.1)", "400"),
        torture(
            "unkscm",
            with("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", "l: 0\n\n"),
            NO_SIP_URI,
            "416",
        ),
        torture(
            "novelsc",
            with("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", "l: 0\n\n"),
            NO_SIP_URI,
            "416",
        ),
        torture(
            "unksm2",
            wire(
                "REGISTER sip:example.com SIP/2.0\nTo: isbn:2983792873\nFrom: <http://www.example.com>;tag=3234233\n\
                 Call-ID: unksm2.daksdj@hyphenated-host.example.com\nCSeq: 234902 REGISTER\nMax-Forwards: 70\n\
                 Via: SIP/2.0/UDP 192.0.2.21:5060;branch=z9hG4bKkdjuw\nContact: <name:John_Smith>\nl: 0\n\n",
            ),
            "answer 400: To of a REGISTER is not a SIP or SIPS URI (RFC 3261 §10.2)",
            "400",
        ),
        // Proxy-Require is for proxies: it is not in Unsupported.
        torture(
            "bext01",
            with(
                "OPTIONS sip:user@example.com SIP/2.0",
                "Require: nothingSupportsThis, nothingSupportsThisEither\n\
                 Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\nContent-Length: 0\n\n",
            ),
            "ok",
            "420 Unsupported: nothingSupportsThis, nothingSupportsThisEither",
        ),
        torture(
            "invut",
            with(
                "INVITE sip:user@example.com SIP/2.0",
                "Contact: <sip:caller@host5.example.net>\nContent-Type: application/unknownformat\nContent-Length: 6\n\n<a/>\n",
            ),
            "ok",
            "415 Accept: application/sdp",
        ),
        torture(
            "regaut01",
            register(
                "Contact: <sip:j.user@host5.example.com>\nAuthorization: NoOneKnowsThisScheme opaque-data=here",
            ),
            "ok",
            NOT_OURS,
        ),
        torture(
            "multi01",
            with(
                "INVITE sip:user@company.com SIP/2.0",
                "CSeq: 59 INVITE\nCall-ID: multi01.98asdh@192.0.2.2\nMax-Forwards: 5\nTo: sip:other@company.com\n\
                 From: sip:caller2@example.net;tag=1\nContact: <sip:caller@host25.example.net>\nl: 0\n\n",
            ),
            "answer 400: From stands more than once with different values (RFC 3261 §7.3.1)",
            "400",
        ),
        torture(
            "mcl01",
            with(
                "OPTIONS sip:user@example.com SIP/2.0",
                "Content-Length: 13\nAccept: application/sdp\nContent-Length: 5\n\nv=0\n",
            ),
            "answer 400: Content-Length stands twice, with 13 and 5 octets (RFC 3261 §20.14)",
            "400",
        ),
        // It came to the wrong place (RFC 3261 §8.1.3.3), so our INVITE goes out again.
        torture("bcast", bcast(), "ok", "INVITE"),
        torture("zeromf", zeromf(), "ok", "200"),
        torture(
            "cparam01",
            register("Contact: sip:+19725552222@gw1.example.net;unknownparam"),
            "ok",
            NOT_OURS,
        ),
        torture(
            "cparam02",
            register("Contact: <sip:+19725552222@gw1.example.net;unknownparam>"),
            "ok",
            NOT_OURS,
        ),
        torture(
            "regescrt",
            register("Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>"),
            "ok",
            NOT_OURS,
        ),
        torture(
            "sdp01",
            offering(
                "INVITE sip:user@example.com SIP/2.0",
                "Contact: <sip:caller@host15.example.net>\nAccept: text/nobodyKnowsThis\n",
            ),
            "ok",
            "406 Accept: application/sdp",
        ),
    ]
}

fn bcast() -> Vec<u8> {
    let second = "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\nCall-ID";
    let response = String::from_utf8(unreason()).unwrap();
    response.replacen("Call-ID", &second.replace('\n', "\r\n"), 1).into_bytes()
}

fn zeromf() -> Vec<u8> {
    let text = String::from_utf8(with("OPTIONS sip:user@example.com SIP/2.0", "l: 0\n\n")).unwrap();
    text.replace("Max-Forwards: 70", "Max-Forwards: 0").into_bytes()
}

/// RFC 4475 §3.4: backward compatibility.
fn compatibility() -> Vec<Torture> {
    // RFC 4475 §3.4.1
    vec![torture("inv2543", inv2543(), "ok", "! call to `UserB`, 200")]
}

pub fn inv2543() -> Vec<u8> {
    wire(&format!(
        "INVITE sip:UserB@example.com SIP/2.0\nVia: SIP/2.0/UDP iftgw.example.com\n\
         From: <sip:+13035551111@ift.client.example.net;user=phone>\n\
         Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\nTo: sip:+16505552222@ss1.example.net;user=phone\n\
         Call-ID: inv2543.1717@ift.client.example.com\nCSeq: 56 INVITE\nContent-Type: application/sdp\n\n{SDP}"
    ))
}
