//! The names of things: each kind of thing has its own type, so that a leg can never be taken for a call.

use std::fmt;
use std::sync::Arc;

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:x}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let digits = text.strip_prefix($prefix).unwrap_or(text);
                u64::from_str_radix(digits, 16).map($name).map_err(|_| BadId { kind: stringify!($name) })
            }
        }
    };
}

/// A text that is no id of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind}: it is written as a letter and hexadecimal digits, as `careline calls` prints it")]
pub struct BadId {
    /// The kind of id that was expected.
    pub kind: &'static str,
}

numbered!(
    /// One call, from the first INVITE to its record. Unique over restarts: its upper bits are the start time.
    CallId,
    "c"
);
numbered!(
    /// One party's side of a call: a SIP dialog and, once answered, an RTP stream.
    LegId,
    "l"
);
numbered!(
    /// One recording on disk. Unique over restarts, because the file is named after it.
    RecordingId,
    "r"
);
numbered!(
    /// One request of a call to a server of the clinic, by its order in the call.
    RequestId,
    "q"
);
numbered!(
    /// One conversation of several legs on one media worker.
    RoomId,
    "m"
);
numbered!(
    /// One playing of one sequence of prompts to one leg.
    PlaybackId,
    "p"
);
numbered!(
    /// One text that a voice is asked to say, within its call.
    VoicingId,
    "v"
);
numbered!(
    /// One wish of the clinic's staff that is answered later, by its order since the start.
    AskId,
    "a"
);
numbered!(
    /// One trace: a number whose SIP is kept in full for a while.
    TraceId,
    "t"
);

macro_rules! named {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Arc<str>);

        impl $name {
            /// The name as it stands in the file.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "`{}`", self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

named!(
    /// A flow, by the name in its file.
    FlowName
);
named!(
    /// A step of a flow.
    StepName
);
named!(
    /// The named way in which a call left a flow.
    ExitName
);
named!(
    /// A carrier or gateway named in the configuration.
    TrunkName
);
named!(
    /// A prompt of the catalogue, such as `u.emergency`.
    PromptName
);
named!(
    /// A value that a flow saves, by the name that steps give it.
    ValueName
);
named!(
    /// A language by its two-letter code, such as `en`.
    Language
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_from_what_it_prints() {
        let id = CallId(0x1f3);
        assert_eq!(id.to_string(), "c1f3");
        assert_eq!("c1f3".parse::<CallId>(), Ok(id));
        assert_eq!("zz".parse::<CallId>(), Err(BadId { kind: "CallId" }));
    }
}
