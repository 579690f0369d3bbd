//! The registrar: who can be called where (RFC 3261 §10.3 in all its steps; RFC 3327; RFC 5626 as far as two
//! registrations of one phone are one).
//!
//! ```text
//!  REGISTER  (the password is the digest's)
//!     │ ──admit──▶ 503, come later             a storm after a power cut is served at a bounded rate
//!     ▼
//!  all Contacts judged ──▶ one refused: nothing is done     423 too brief · 500 out of order · 403 too many
//!     │
//!     ▼
//!  bindings ──▶ Keep: to the disk ──durable──▶ 200           a change waits for it, a refresh only for the change before
//!     ▲ └── until: forgotten
//!     └── the connection is gone: forgotten at once
//! ```
//! A pure machine. Transactions, passwords and octets on the wire are the stack's, the disk is an edge's.

pub mod binding;
mod meter;

use crate::clock::Instant;
use crate::limits::{
    REGISTER_BINDINGS_MAX, REGISTER_CONTACT_MAX_OCTETS, REGISTER_CONTACTS_MAX, REGISTER_EXPIRES_MAX_S,
    REGISTER_EXPIRES_MIN_S, REGISTER_JITTER_PARTS, REGISTER_NAME_MAX_OCTETS, REGISTER_PATH_MAX_OCTETS,
    REGISTER_RETRY_AFTER_S,
};
use crate::phi::Phi;
use crate::rng::Rng;
use crate::sip::way::{ConnectionId, Way};
use crate::wire::sip::registration::{Wanted, Wish};
use crate::wire::sip::uri::{Scheme, Uri};
use binding::{Binding, Kept, way_to};
use meter::Meter;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// Where all users are.
pub struct Registrar {
    users: BTreeMap<Arc<str>, Places>,
    /// The earliest end of a binding of each user.
    due: BTreeSet<(Instant, Arc<str>)>,
    by_connection: BTreeSet<(ConnectionId, Arc<str>)>,
    /// How many bindings lead to each address.
    by_address: BTreeMap<IpAddr, usize>,
    bindings: usize,
    bindings_max: usize,
    changes: u64,
    /// The last change of each user that is not on disk yet. Only users log in, so there are never more than these.
    unkept: BTreeMap<Arc<str>, u64>,
    meter: Meter,
    rng: Rng,
    outputs: VecDeque<Keep>,
}

#[derive(Default)]
struct Places {
    bindings: Vec<Binding>,
    due: Option<Instant>,
}

/// A REGISTER of a user who has shown that it is he.
#[derive(Clone, Debug)]
pub struct Registration<'a> {
    /// Whose bindings.
    pub user: &'a str,
    /// How it came.
    pub way: Way,
    /// Its Call-ID.
    pub call_id: &'a [u8],
    /// Its number.
    pub cseq: u32,
    /// Its Path, all values with commas between them; empty if there is none.
    pub path: &'a [u8],
    /// What its Contacts ask for.
    pub wish: Wish<'a>,
}

/// What a REGISTER came to: 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The values of Contact: all bindings that hold now.
    pub contacts: Vec<Vec<u8>>,
    /// The 200 waits until this change is on disk.
    pub waits_for: Option<u64>,
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A later REGISTER of the same phone came before (RFC 3261 §10.3 step 7).
    #[error("a later REGISTER of this phone came before")]
    OutOfOrder,
    /// It asks for too short a time (RFC 3261 §10.2.8).
    #[error("it asks for too short a time")]
    TooBrief,
    /// A Contact, a Path or a Call-ID is longer than what is kept.
    #[error("a Contact, Path or Call-ID is too long")]
    TooLong,
    /// A Contact that we could not call.
    #[error("a Contact is no sip: URI")]
    NotSip,
    /// More Contacts than a user may have.
    #[error("too many Contacts for one user")]
    TooMany,
    /// No room for another binding.
    #[error("no room for another binding")]
    Full,
}

impl Refused {
    /// The status that answers it.
    pub const fn status(self) -> u16 {
        match self {
            Refused::OutOfOrder => 500,
            Refused::TooBrief => 423,
            Refused::TooLong => 400,
            Refused::NotSip => 416,
            Refused::TooMany => 403,
            Refused::Full => 503,
        }
    }
}

/// A phone that can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The Request-URI.
    pub uri: Phi<Box<[u8]>>,
    /// The Route that it needs (RFC 3327 §5.4); empty for most.
    pub route: Phi<Box<[u8]>>,
    /// How it goes.
    pub way: Way,
}

/// A phone that can be called, and the login that bound it: another one is a phone that began anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// How it is reached.
    pub reached: Reached,
    /// The Call-ID of its REGISTERs.
    pub call_id: Phi<Box<[u8]>>,
}

/// All bindings of a user that outlive a restart, as they are from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Counts all of these.
    pub change: u64,
    /// Whose.
    pub user: Arc<str>,
    /// The bindings; none means that all are forgotten.
    pub bindings: Vec<Kept>,
}

/// What one REGISTER did to the bindings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Touched {
    /// Nothing that outlives a restart.
    #[default]
    Nothing,
    /// It only holds longer.
    Refreshed,
    /// Calls go elsewhere than before.
    Changed,
}

impl Registrar {
    /// A registrar that knows nobody yet, and judges so many REGISTERs in a second.
    pub fn new(a_second: u32, rng: Rng) -> Self {
        Self {
            users: BTreeMap::new(),
            due: BTreeSet::new(),
            by_connection: BTreeSet::new(),
            by_address: BTreeMap::new(),
            bindings: 0,
            bindings_max: REGISTER_BINDINGS_MAX,
            changes: 0,
            unkept: BTreeMap::new(),
            meter: Meter::new(a_second),
            rng,
            outputs: VecDeque::new(),
        }
    }

    /// Takes back what was kept of a user when the last run ended.
    pub fn load(&mut self, now: Instant, user: &str, kept: Vec<Kept>) {
        let room = self.bindings_max.saturating_sub(self.bindings).min(REGISTER_CONTACTS_MAX);
        let loaded: Vec<Binding> =
            kept.into_iter().take(room).map(|kept| Binding::from_kept(now, kept)).collect();
        self.bindings += loaded.len();
        loaded.iter().for_each(|binding| self.note_addresses(None, Some(binding.way)));
        let (user, places) = self.places(user);
        places.bindings.extend(loaded);
        self.settle(&user);
    }

    /// Whether a REGISTER is judged now.
    ///
    /// # Errors
    /// Seconds after which it may come again.
    pub fn admit(&mut self, now: Instant) -> Result<(), u32> {
        if self.meter.lets(now) { Ok(()) } else { Err(self.retry_after_s()) }
    }

    /// Some seconds, by chance, so that those who are turned away together do not come back together.
    pub fn retry_after_s(&mut self) -> u32 {
        let (first, last) = (*REGISTER_RETRY_AFTER_S.start(), *REGISTER_RETRY_AFTER_S.end());
        first + u32::try_from(self.rng.below(u64::from(last - first) + 1)).unwrap_or(0)
    }

    /// Does what a REGISTER asks for, all or nothing (RFC 3261 §10.3 steps 6 to 8).
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn register(&mut self, now: Instant, registration: &Registration<'_>) -> Result<Bound, Refused> {
        self.expire(now);
        self.check(registration)?;
        let touched = match &registration.wish {
            Wish::Fetch => Touched::Nothing,
            Wish::ForgetAll => self.forget_all(registration.user),
            Wish::Contacts(wanted) => {
                let each = wanted.iter().map(|wanted| self.bind(now, registration, wanted));
                each.max().unwrap_or_default()
            }
        };
        let user: Arc<str> = self.known(registration.user);
        self.settle(&user);
        match touched {
            Touched::Nothing => {}
            Touched::Refreshed => _ = self.keep(now, &user),
            Touched::Changed => {
                let change = self.keep(now, &user);
                self.unkept.insert(Arc::clone(&user), change);
            }
        }
        let waits_for = match &registration.wish {
            Wish::Fetch => None,
            // A phone that was sent away by a stuck disk comes again with the same: to say 200 to that would promise what
            // a crash still takes back.
            Wish::ForgetAll | Wish::Contacts(_) => self.unkept.get(&user).copied(),
        };
        let places = self.users.get(&user);
        let contacts = places.map(|places| places.bindings.iter().map(|one| one.to_value(now)).collect());
        Ok(Bound { contacts: contacts.unwrap_or_default(), waits_for })
    }

    /// Changes up to this one are on disk.
    pub fn kept(&mut self, up_to: u64) {
        self.unkept.retain(|_, change| *change > up_to);
    }

    /// The phones of a user, the preferred ones first, among equals the one that was heard of last.
    pub fn reached(&self, now: Instant, user: &str) -> Vec<Reached> {
        let mut there: Vec<&Binding> = self.holding(now, user).collect();
        there.sort_by_key(|binding| std::cmp::Reverse((binding.preference, binding.holds)));
        there.into_iter().map(reached_at).collect()
    }

    /// The same, as they stand, each with its login.
    pub fn registered(&self, now: Instant, user: &str) -> Vec<Registered> {
        let registered =
            |binding: &Binding| Registered { reached: reached_at(binding), call_id: binding.call_id.clone() };
        self.holding(now, user).map(registered).collect()
    }

    fn holding(&self, now: Instant, user: &str) -> impl Iterator<Item = &Binding> {
        let places = self.users.get(user).map(|places| places.bindings.as_slice()).unwrap_or_default();
        places.iter().filter(move |binding| binding.holds > now)
    }

    /// The user with a phone that is reached there: over that very way, or else at that address. It looks at all
    /// bindings, so only a call asks that cannot be known otherwise.
    pub fn at(&self, now: Instant, way: &Way) -> Option<Arc<str>> {
        let find = |is_there: &dyn Fn(SocketAddr) -> bool| {
            let holds = |binding: &Binding| binding.holds > now && is_there(binding.way.remote);
            let found = self.users.iter().find(|(_, places)| places.bindings.iter().any(holds));
            found.map(|(user, _)| Arc::clone(user))
        };
        find(&|there| there == way.remote).or_else(|| find(&|there| there.ip() == way.remote.ip()))
    }

    /// Whether a phone is reached at that address. It is asked of whoever calls for help, before anything else is known of him.
    pub fn has_phone_at(&self, address: IpAddr) -> bool {
        self.by_address.contains_key(&address)
    }

    /// A connection is gone, and what was bound over it with it.
    pub fn lost(&mut self, connection: ConnectionId) {
        let first = (connection, Arc::from(""));
        let gone: Vec<Arc<str>> = self
            .by_connection
            .range(first..)
            .take_while(|(id, _)| *id == connection)
            .map(|(_, user)| Arc::clone(user))
            .collect();
        for user in gone {
            self.drop_where(&user, |binding| binding.way.connection == Some(connection));
        }
    }

    /// Forgets what does not hold any more.
    pub fn expire(&mut self, now: Instant) {
        while let Some((at, user)) = self.due.first().cloned().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, Arc::clone(&user)));
            // On disk its time is over just as well.
            self.drop_where(&user, |binding| binding.holds <= now);
        }
    }

    /// When something does not hold any more.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The next thing to be kept.
    pub fn poll_output(&mut self) -> Option<Keep> {
        self.outputs.pop_front()
    }

    /// Bindings that hold.
    pub fn bindings(&self) -> usize {
        self.bindings
    }

    /// Judges all Contacts before one is touched.
    fn check(&self, registration: &Registration<'_>) -> Result<(), Refused> {
        let known =
            self.users.get(registration.user).map(|places| places.bindings.as_slice()).unwrap_or_default();
        let in_order = |binding: &Binding| {
            &**binding.call_id.expose() != registration.call_id || registration.cseq > binding.cseq
        };
        let is_too_long = registration.call_id.len() > REGISTER_NAME_MAX_OCTETS
            || registration.path.len() > REGISTER_PATH_MAX_OCTETS;
        if is_too_long {
            return Err(Refused::TooLong);
        }
        let wanted = match &registration.wish {
            Wish::Fetch => return Ok(()),
            Wish::ForgetAll if known.iter().all(in_order) => return Ok(()),
            Wish::ForgetAll => return Err(Refused::OutOfOrder),
            Wish::Contacts(wanted) => wanted,
        };
        let (mut added, mut removed) = (0, 0);
        for one in wanted {
            let uri = self.check_contact(one)?;
            let found = known.iter().find(|binding| binding.is_of(&uri, one));
            if found.is_some_and(|binding| !in_order(binding)) {
                return Err(Refused::OutOfOrder);
            }
            match (found.is_some(), one.expires_s == Some(0)) {
                (true, true) => removed += 1,
                (false, false) => added += 1,
                (true, false) | (false, true) => {}
            }
        }
        if known.len() + added > REGISTER_CONTACTS_MAX + removed {
            return Err(Refused::TooMany);
        }
        if self.bindings + added > self.bindings_max + removed { Err(Refused::Full) } else { Ok(()) }
    }

    fn check_contact<'a>(&self, wanted: &Wanted<'a>) -> Result<Uri<'a>, Refused> {
        let instance = wanted.instance.as_deref().unwrap_or_default();
        if wanted.uri.len() > REGISTER_CONTACT_MAX_OCTETS || instance.len() > REGISTER_NAME_MAX_OCTETS {
            return Err(Refused::TooLong);
        }
        let uri =
            Uri::read(wanted.uri).ok().filter(|uri| uri.scheme == Scheme::Sip).ok_or(Refused::NotSip)?;
        match wanted.expires_s {
            Some(1..REGISTER_EXPIRES_MIN_S) => Err(Refused::TooBrief),
            Some(_) | None => Ok(uri),
        }
    }

    /// Binds, refreshes or forgets one Contact that was judged before.
    fn bind(&mut self, now: Instant, registration: &Registration<'_>, wanted: &Wanted<'_>) -> Touched {
        let asked_s = wanted.expires_s.unwrap_or(REGISTER_EXPIRES_MAX_S);
        let granted = self.granted(asked_s);
        let Ok(uri) = Uri::read(wanted.uri) else { return Touched::Nothing };
        let kept = |octets: &[u8]| Phi::new(Box::from(octets));
        let fresh = Binding {
            contact: kept(wanted.uri),
            path: kept(registration.path),
            instance: kept(wanted.instance.as_deref().unwrap_or_default()),
            reg_id: wanted.reg_id,
            way: way_to(&uri, registration.way, registration.path),
            preference: wanted.preference,
            call_id: kept(registration.call_id),
            cseq: registration.cseq,
            holds: now + granted,
        };
        let (user, places) = self.places(registration.user);
        let at = places.bindings.iter().position(|binding| binding.is_of(&uri, wanted));
        let (before, after) = match (at, asked_s) {
            (None, 0) => (None, None),
            (Some(at), 0) => (Some(places.bindings.remove(at)), None),
            (None, _) => (None, Some(fresh)),
            (Some(at), _) => (Some(places.bindings.remove(at)), Some(fresh)),
        };
        let step = touched(before.as_ref(), after.as_ref());
        let (more, less) = (usize::from(after.is_some()), usize::from(before.is_some()));
        let connection = |binding: &Option<Binding>| binding.as_ref().and_then(|one| one.way.connection);
        let (left, come) = (connection(&before), connection(&after));
        let way = |binding: &Option<Binding>| binding.as_ref().map(|one| one.way);
        let (way_before, way_after) = (way(&before), way(&after));
        // Nearly everybody has one phone: a vector that grows by itself would make room for four.
        places.bindings.reserve_exact(more);
        places.bindings.extend(after);
        self.bindings = self.bindings + more - less;
        self.note_connections(&user, left, come);
        self.note_addresses(way_before, way_after);
        step
    }

    /// How long it holds: not longer than it asks for, and by chance a little shorter (RFC 3261 §10.2.1.1).
    fn granted(&mut self, asked_s: u32) -> Duration {
        let most = asked_s.min(REGISTER_EXPIRES_MAX_S);
        let shorter = self.rng.below(u64::from(most / REGISTER_JITTER_PARTS) + 1);
        let granted = u64::from(most).saturating_sub(shorter).max(u64::from(REGISTER_EXPIRES_MIN_S));
        Duration::from_secs(granted)
    }

    fn forget_all(&mut self, user: &str) -> Touched {
        let user = self.known(user);
        let was_kept =
            self.users.get(&user).is_some_and(|places| places.bindings.iter().any(Binding::is_kept));
        self.drop_where(&user, |_| true);
        if was_kept { Touched::Changed } else { Touched::Nothing }
    }

    fn drop_where(&mut self, user: &Arc<str>, is_gone: impl Fn(&Binding) -> bool) {
        let Some(places) = self.users.get_mut(user) else { return };
        let gone: Vec<Binding> = places.bindings.extract_if(.., |binding| is_gone(binding)).collect();
        self.bindings -= gone.len();
        for binding in &gone {
            self.note_connections(user, binding.way.connection, None);
            self.note_addresses(Some(binding.way), None);
        }
        self.settle(user);
    }

    /// Which connections lead to this user.
    fn note_connections(&mut self, user: &Arc<str>, left: Option<ConnectionId>, come: Option<ConnectionId>) {
        self.by_connection.extend(come.map(|connection| (connection, Arc::clone(user))));
        let Some(connection) = left else { return };
        let places = self.users.get(user);
        let is_used =
            places.is_some_and(|it| it.bindings.iter().any(|b| b.way.connection == Some(connection)));
        if !is_used {
            self.by_connection.remove(&(connection, Arc::clone(user)));
        }
    }

    /// Which addresses a binding led to, and leads to.
    fn note_addresses(&mut self, left: Option<Way>, come: Option<Way>) {
        if let Some(way) = come {
            *self.by_address.entry(way.remote.ip()).or_default() += 1;
        }
        let Some(address) = left.map(|way| way.remote.ip()) else { return };
        if let Some(bindings) = self.by_address.get_mut(&address) {
            *bindings -= 1;
            if *bindings == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    /// After the bindings of a user have changed: his next end, or he is forgotten.
    fn settle(&mut self, user: &Arc<str>) {
        let Some(places) = self.users.get_mut(user) else { return };
        let due = places.bindings.iter().map(|binding| binding.holds).min();
        if places.due != due {
            if let Some(before) = places.due {
                self.due.remove(&(before, Arc::clone(user)));
            }
            self.due.extend(due.map(|due| (due, Arc::clone(user))));
            places.due = due;
        }
        if due.is_none() {
            self.users.remove(user);
        }
    }

    fn keep(&mut self, now: Instant, user: &Arc<str>) -> u64 {
        self.changes += 1;
        let places = self.users.get(user).map(|places| places.bindings.as_slice()).unwrap_or_default();
        let kept = places.iter().filter(|binding| binding.is_kept());
        let bindings = kept.map(|binding| binding.to_kept(now)).collect();
        self.outputs.push_back(Keep { change: self.changes, user: Arc::clone(user), bindings });
        self.changes
    }

    /// The name as it is known already, so that it is not copied.
    fn known(&self, user: &str) -> Arc<str> {
        self.users.get_key_value(user).map_or_else(|| Arc::from(user), |(known, _)| Arc::clone(known))
    }

    fn places(&mut self, user: &str) -> (Arc<str>, &mut Places) {
        let user = self.known(user);
        let places = self.users.entry(Arc::clone(&user)).or_default();
        (user, places)
    }
}

fn reached_at(binding: &Binding) -> Reached {
    Reached { uri: binding.contact.clone(), route: binding.path.clone(), way: binding.way }
}

/// What the step from one binding to another is to the disk.
fn touched(before: Option<&Binding>, after: Option<&Binding>) -> Touched {
    let is_kept = |binding: Option<&Binding>| binding.is_some_and(Binding::is_kept);
    match (before, after) {
        _ if !is_kept(before) && !is_kept(after) => Touched::Nothing,
        (Some(before), Some(after)) if before.leads_like(after) => Touched::Refreshed,
        (Some(_) | None, Some(_) | None) => Touched::Changed,
    }
}

#[cfg(test)]
mod tests;
