//! Short texts to phones of users: for each phone one at a time, in the order in which they were given.
//!
//! ```text
//!  a text ─┬─ the phone is free ───────────────▶ MESSAGE ─ a final answer, or none ─▶ the next that waits for it
//!          └─ it has not answered the last one ─▶ waits, up to a bound
//! ```
//! So the end of something is never told before its beginning, and a phone that says nothing costs one transaction. A pure
//! machine: the MESSAGE on the wire (RFC 3428) is `stack/alert`'s. Nothing is told twice: a phone that refuses is left alone.

use super::registrar::Reached;
use crate::limits::alerts::{ALERT_PHONES_MAX, ALERT_WAITING_MAX};
use std::collections::VecDeque;
use std::sync::Arc;

/// What the phones of a user are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// His name.
    pub user: Arc<str>,
    /// What they show.
    pub says: Arc<str>,
}

/// The phones that have not answered.
#[derive(Default)]
pub struct Alerts {
    phones: Vec<Phone>,
    given: u64,
}

/// Names one MESSAGE: never used again for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertId(u64);

/// A MESSAGE that goes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its name.
    pub id: AlertId,
    /// Whose phone.
    pub user: Arc<str>,
    /// The phone.
    pub phone: Reached,
    /// What it says.
    pub text: Arc<str>,
}

/// What becomes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It goes now.
    Goes(Alert),
    /// It goes when the phone has answered.
    Waits,
    /// Too much waits for phones that do not answer.
    Dropped,
}

/// A phone that was told something and has not answered.
struct Phone {
    asked: AlertId,
    user: Arc<str>,
    reached: Reached,
    waiting: VecDeque<Arc<str>>,
}

impl Alerts {
    /// A text for this phone of that user.
    pub fn tell(&mut self, user: &Arc<str>, phone: Reached, text: &Arc<str>) -> Told {
        let is_it = |it: &&mut Phone| it.user == *user && it.reached == phone;
        if let Some(busy) = self.phones.iter_mut().find(is_it) {
            if busy.waiting.len() >= ALERT_WAITING_MAX {
                return Told::Dropped;
            }
            busy.waiting.push_back(Arc::clone(text));
            return Told::Waits;
        }
        if self.phones.len() >= ALERT_PHONES_MAX {
            return Told::Dropped;
        }
        let asked = self.name();
        let (user, reached) = (Arc::clone(user), phone);
        self.phones.push(Phone { asked, user, reached, waiting: VecDeque::new() });
        self.phones.last().map_or(Told::Dropped, |phone| Told::Goes(phone.told(Arc::clone(text))))
    }

    /// A MESSAGE has its final answer, or never gets one: what goes to the same phone now.
    pub fn answered(&mut self, id: AlertId) -> Option<Alert> {
        let place = self.phones.iter().position(|phone| phone.asked == id)?;
        let next = self.name();
        let phone = self.phones.get_mut(place)?;
        let Some(text) = phone.waiting.pop_front() else {
            self.phones.swap_remove(place);
            return None;
        };
        phone.asked = next;
        Some(phone.told(text))
    }

    const fn name(&mut self) -> AlertId {
        self.given += 1;
        AlertId(self.given)
    }
}

impl Phone {
    fn told(&self, text: Arc<str>) -> Alert {
        Alert { id: self.asked, user: Arc::clone(&self.user), phone: self.reached.clone(), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phi::Phi;
    use crate::sip::way::Way;

    fn phone(port: u16) -> Reached {
        let way = Way::udp("10.0.0.1:5060".parse().unwrap(), ([10, 0, 0, 2], port).into());
        Reached { uri: Phi::new(Box::from(&b"sip:x@y"[..])), route: Phi::new(Box::default()), way }
    }

    fn tell(alerts: &mut Alerts, port: u16, text: &str) -> Told {
        alerts.tell(&Arc::from("ann"), phone(port), &Arc::from(text))
    }

    fn goes(told: Told) -> AlertId {
        let Told::Goes(alert) = told else { panic!("{told:?}") };
        alert.id
    }

    #[test]
    fn each_phone_gets_one_text_at_a_time_in_their_order() {
        let mut alerts = Alerts::default();
        let first = goes(tell(&mut alerts, 1, "begins"));
        goes(tell(&mut alerts, 2, "begins"));
        assert_eq!(tell(&mut alerts, 1, "ends"), Told::Waits);
        let next = alerts.answered(first).expect("the end waits");
        assert_eq!((&*next.text, &next.phone), ("ends", &phone(1)));
        assert_eq!(alerts.answered(first), None, "an answer counts once");
        assert_eq!(alerts.answered(next.id), None);
        goes(tell(&mut alerts, 1, "begins anew"));
    }

    #[test]
    fn phones_that_never_answer_are_met_by_a_bound() {
        let mut alerts = Alerts::default();
        for port in (0_u16..).take(ALERT_PHONES_MAX) {
            goes(tell(&mut alerts, port, "x"));
        }
        assert_eq!(tell(&mut alerts, 9_999, "x"), Told::Dropped);
        for _ in 0..ALERT_WAITING_MAX {
            assert_eq!(tell(&mut alerts, 7, "x"), Told::Waits);
        }
        assert_eq!(tell(&mut alerts, 7, "x"), Told::Dropped);
    }
}
