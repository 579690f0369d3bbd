//! Names of header fields: a closed set of those that we read or write, each with its compact form
//! (RFC 3261 §7.3.3 and the IANA registry of SIP header fields).

use std::fmt;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident = $text:literal $(, $compact:literal)?;)*) => {
        /// A header field that this engine reads or writes. Others are reached through
        /// [`Headers::iter`](super::header::Headers::iter), as they are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Name { $($(#[$doc])* $name,)* }

        impl Name {
            /// Every name.
            pub const ALL: [Name; [$($text),*].len()] = [$(Name::$name),*];

            /// The name in full, as it is written on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Name::$name => $text,)* }
            }

            /// The one-letter form, lower case, if there is one.
            pub const fn compact(self) -> Option<u8> {
                match self { $(Name::$name => names!(@compact $($compact)?),)* }
            }
        }
    };
    (@compact $compact:literal) => { Some($compact) };
    (@compact) => { None };
}

names! {
    /// RFC 3261 §20.1
    Accept = "Accept";
    /// RFC 3841 §9.2
    AcceptContact = "Accept-Contact", b'a';
    /// RFC 3261 §20.5
    Allow = "Allow";
    /// RFC 6665 §8.2.2
    AllowEvents = "Allow-Events", b'u';
    /// RFC 3261 §20.7
    Authorization = "Authorization";
    /// RFC 3261 §20.8
    CallId = "Call-ID", b'i';
    /// RFC 3261 §20.10
    Contact = "Contact", b'm';
    /// RFC 3261 §20.11
    ContentDisposition = "Content-Disposition";
    /// RFC 3261 §20.12
    ContentEncoding = "Content-Encoding", b'e';
    /// RFC 3261 §20.14
    ContentLength = "Content-Length", b'l';
    /// RFC 3261 §20.15
    ContentType = "Content-Type", b'c';
    /// RFC 3261 §20.16
    CSeq = "CSeq";
    /// RFC 3261 §20.17
    Date = "Date";
    /// RFC 5806 §3
    Diversion = "Diversion";
    /// RFC 6665 §8.2.1
    Event = "Event", b'o';
    /// RFC 3261 §20.19
    Expires = "Expires";
    /// RFC 3261 §20.20
    From = "From", b'f';
    /// RFC 7044 §5
    HistoryInfo = "History-Info";
    /// RFC 8224 §4
    Identity = "Identity", b'y';
    /// RFC 4474 §9
    IdentityInfo = "Identity-Info", b'n';
    /// RFC 3261 §20.22
    MaxForwards = "Max-Forwards";
    /// RFC 3261 §20.23
    MinExpires = "Min-Expires";
    /// RFC 4028 §5
    MinSe = "Min-SE";
    /// RFC 3325 §9.1
    PAssertedIdentity = "P-Asserted-Identity";
    /// RFC 7315 §4.2
    PCalledPartyId = "P-Called-Party-ID";
    /// RFC 3327 §4
    Path = "Path";
    /// RFC 3323 §4.2
    Privacy = "Privacy";
    /// RFC 3261 §20.27
    ProxyAuthenticate = "Proxy-Authenticate";
    /// RFC 3261 §20.28
    ProxyAuthorization = "Proxy-Authorization";
    /// RFC 3261 §20.29
    ProxyRequire = "Proxy-Require";
    /// RFC 3262 §7.2
    RAck = "RAck";
    /// RFC 3326 §2
    Reason = "Reason";
    /// RFC 3261 §20.30
    RecordRoute = "Record-Route";
    /// RFC 4488 §3
    ReferSub = "Refer-Sub";
    /// RFC 3515 §2.1
    ReferTo = "Refer-To", b'r';
    /// RFC 3892 §3
    ReferredBy = "Referred-By", b'b';
    /// RFC 3841 §9.3
    RejectContact = "Reject-Contact", b'j';
    /// The predecessor of P-Asserted-Identity, still sent.
    RemotePartyId = "Remote-Party-ID";
    /// RFC 3891 §6.1
    Replaces = "Replaces";
    /// RFC 3841 §9.1
    RequestDisposition = "Request-Disposition", b'd';
    /// RFC 3261 §20.32
    Require = "Require";
    /// RFC 3261 §20.33
    RetryAfter = "Retry-After";
    /// RFC 3261 §20.34
    Route = "Route";
    /// RFC 3262 §7.1
    RSeq = "RSeq";
    /// RFC 3261 §20.35
    Server = "Server";
    /// RFC 4028 §4
    SessionExpires = "Session-Expires", b'x';
    /// RFC 3261 §20.36
    Subject = "Subject", b's';
    /// RFC 6665 §8.2.3
    SubscriptionState = "Subscription-State";
    /// RFC 3261 §20.37
    Supported = "Supported", b'k';
    /// RFC 3261 §20.38
    Timestamp = "Timestamp";
    /// RFC 3261 §20.39
    To = "To", b't';
    /// RFC 3261 §20.40
    Unsupported = "Unsupported";
    /// RFC 3261 §20.41
    UserAgent = "User-Agent";
    /// RFC 3261 §20.42
    Via = "Via", b'v';
    /// RFC 3261 §20.43
    Warning = "Warning";
    /// RFC 3261 §20.44
    WwwAuthenticate = "WWW-Authenticate";
}

/// Places of the table in which a name is looked up.
const SLOTS: usize = 256;
/// Most names in one place of it.
const SLOT_MAX: usize = 2;

/// Where a name stands in the table, from its length and its outer letters: nearly every name has a place
/// of its own, so that reading one compares once.
const fn slot(octets: &[u8]) -> usize {
    let [first, .., last] = octets else { return 0 };
    // A set bit 5 makes small letters of capitals and leaves hyphens and digits alone.
    (octets.len() + 22 * (*first | 0x20) as usize + (*last | 0x20) as usize) % SLOTS
}

/// The names by their place. Two in one place are found by comparing with both; three fail the build.
const BY_SLOT: [[Option<Name>; SLOT_MAX]; SLOTS] = {
    let mut table = [[None; SLOT_MAX]; SLOTS];
    let mut index = 0;
    while index < Name::ALL.len() {
        let name = Name::ALL[index];
        let row = &mut table[slot(name.as_str().as_bytes())];
        let place = if row[0].is_none() { 0 } else { 1 };
        assert!(row[place].is_none(), "three names in one place: change the factor in `slot`");
        row[place] = Some(name);
        index += 1;
    }
    table
};

/// The names by their compact letter.
const BY_LETTER: [Option<Name>; 26] = {
    let mut table = [None; 26];
    let mut index = 0;
    while index < Name::ALL.len() {
        if let Some(letter) = Name::ALL[index].compact() {
            table[(letter - b'a') as usize] = Some(Name::ALL[index]);
        }
        index += 1;
    }
    table
};

impl Name {
    /// How many names there are.
    pub const COUNT: usize = Name::ALL.len();

    /// The name that the octets write in full or compact form, whatever their case.
    pub fn read(octets: &[u8]) -> Option<Self> {
        if let [letter] = octets {
            let index = letter.to_ascii_lowercase().checked_sub(b'a')?;
            return BY_LETTER.get(usize::from(index)).copied().flatten();
        }
        let [first, second] = BY_SLOT[slot(octets)];
        first.filter(|name| name.is_written(octets)).or_else(|| second.filter(|name| name.is_written(octets)))
    }

    fn is_written(self, octets: &[u8]) -> bool {
        let name = self.as_str().as_bytes();
        // Nearly everybody writes names as the RFC does.
        octets == name || octets.eq_ignore_ascii_case(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_in_full_in_capitals_and_compact() {
        // RFC 3261 §7.3.3, §20.1, §20.5, §20.7, §20.8, §20.10, §20.11, §20.12, §20.14, §20.15, §20.16,
        // §20.17, §20.19, §20.20, §20.22, §20.23, §20.27, §20.28, §20.29, §20.30, §20.32, §20.33, §20.34, §20.35, §20.36,
        // §20.37, §20.38, §20.39, §20.40, §20.41, §20.42, §20.43, §20.44. RFC 3262 §7.1, §7.2. RFC 3323 §4.2. RFC 3327 §4.
        // RFC 3325 §9.1. RFC 3326 §2. RFC 3515 §2.1. RFC 3841 §9.1, §9.2, §9.3. RFC 3891 §6.1. RFC 3892 §3.
        // RFC 4028 §4, §5. RFC 4474 §9. RFC 5806 §3. RFC 6665 §8.2.1, §8.2.2. RFC 7044 §5. RFC 7315 §4.2.
        // RFC 8224 §4
        for name in Name::ALL {
            assert_eq!(Name::read(name.as_str().as_bytes()), Some(name));
            assert_eq!(Name::read(name.as_str().to_uppercase().as_bytes()), Some(name));
            if let Some(letter) = name.compact() {
                assert_eq!(Name::read(&[letter]), Some(name));
                assert_eq!(Name::read(&[letter.to_ascii_uppercase()]), Some(name));
            }
        }
    }

    #[test]
    fn every_compact_letter_in_use_is_known() {
        for letter in b"vftmiclksorbuadejnxy" {
            assert!(Name::read(&[*letter]).is_some(), "letter {}", letter.escape_ascii());
        }
        for letter in [b"q", b"z", b"1", b"-"] {
            assert_eq!(Name::read(letter), None);
        }
    }

    #[test]
    fn other_names_are_not_known() {
        for name in [&b""[..], b"Vi", b"Call-ID ", b"NewFangledHeader", &[b'x'; 300]] {
            assert_eq!(Name::read(name), None, "{}", name.escape_ascii());
        }
    }
}
