//! What the front desk does beside a talk with a patient: speaks with a colleague in a call of its own and hands the
//! patient on to him (RFC 5589 §7), or goes on at another phone (RFC 3891 §3); and what comes between: a colleague who
//! refuses or hangs up first, BYE that meets the REFER, and who asks for a place that is not his. One at a time.
//!
//! ```text
//!  desk ═ patient   hold ─▶ desk dials ═ colleague   REFER, Replaces ─▶ taken:   patient ═ colleague, desk out of both
//!                                                                     ─▶ refused: desk takes the patient back
//!  desk ═ patient   another phone: INVITE, Replaces ─▶ 200: patient ═ that phone, desk out     or a refusal: as before
//! ```
//! What must come of it is written without a look at how the engine does it.

use super::check::Wrong;
use super::fault::Fault;
use super::house::{COLLEAGUE, FRONT};
use super::phone::callee::Manner;
use super::phone::handing::Handing;
use super::phone::quirk::Quirk;
use super::phone::sdp::Way;
use super::phone::{GIVE_UP, Stage};
use super::world::World;
use careline::clock::Instant;
use careline::id::LegId;
use std::time::Duration;

/// The desk talks so long before it does anything.
const TALKS: Duration = Duration::from_millis(1_500);
/// The patient is on hold for so long before a colleague is dialled.
const HOLDS: Duration = Duration::from_millis(700);
/// So long the two speak.
const SPEAKS: Duration = Duration::from_secs(3);
/// A colleague's phone rings for so long before the patient is handed on to it.
const RINGS: Duration = Duration::from_millis(600);
/// What takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(25);
/// A patient who was handed on may be with nobody for so long, journeys to other workers included.
const APART: Duration = Duration::from_millis(1_500);
/// It is looked for so long whether he is with whom he was handed on to.
const WATCHED: Duration = Duration::from_secs(4);
/// Who is out of a call has heard of it by then, whatever is lost.
const DISMISSED_WITHIN: Duration = GIVE_UP;
/// Whoever dials hangs up of itself after this, if nobody ends it before.
const STAYS: Duration = Duration::from_secs(80);

/// One of them, and how far it is.
pub struct Consult {
    kind: Quirk,
    /// The desk's call with the patient, and his leg.
    desk: usize,
    patient: LegId,
    /// The desk's call with the colleague, or that of its other phone.
    line: Option<usize>,
    colleague: Option<usize>,
    step: Step,
    since: Instant,
    /// Since when the patient is not with whom he should be.
    apart: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The patient is on hold.
    Holds,
    /// The colleague was dialled.
    Asks,
    /// REFER has left.
    Refers,
    /// The other phone asks for the place.
    Takes,
    /// The patient is taken back.
    Back,
    /// He is to be with this phone; who handed him on is to be out.
    Done { with: usize },
    /// He is to be with the desk, as before.
    AsBefore,
}

impl Consult {
    fn goes(&mut self, now: Instant, step: Step) {
        (self.step, self.since, self.apart) = (step, now, None);
    }

    /// The colleague's phone is called: how he treats that.
    pub fn rings(&mut self, phone: usize) -> Option<Manner> {
        if self.step != Step::Asks || self.colleague.is_some() {
            return None;
        }
        self.colleague = Some(phone);
        let (soon, long) = (Duration::from_millis(700), Duration::from_secs(50));
        Some(match self.kind {
            Quirk::ColleagueRefuses => Manner::Refuses(486),
            Quirk::ColleagueLeaves => Manner::Answers { after: soon, talks: SPEAKS / 2 },
            Quirk::DeskConsultsRinging => Manner::Answers { after: 8 * soon, talks: long },
            _ => Manner::Answers { after: soon, talks: long },
        })
    }

    fn is_take(&self) -> bool {
        matches!(
            self.kind,
            Quirk::TakesPlace
                | Quirk::TakesEarlyOnly
                | Quirk::TakesUnknown
                | Quirk::TakesAsStranger
                | Quirk::TakesAsColleague
        )
    }

    /// What such a phone is told.
    fn expected(&self) -> u16 {
        match self.kind {
            Quirk::TakesEarlyOnly => 486,
            Quirk::TakesUnknown => 481,
            Quirk::TakesAsStranger | Quirk::TakesAsColleague => 403,
            _ => 200,
        }
    }
}

impl World {
    /// The one that goes on goes on; else another one begins.
    pub(super) fn tend_consult(&mut self) -> Result<(), Wrong> {
        let Some(mut it) = self.house.consult.take() else { return self.begin_consult() };
        let goes_on = match it.step {
            Step::Holds => self.holds(&mut it)?,
            Step::Asks => self.asks(&mut it)?,
            Step::Refers => self.refers(&mut it)?,
            Step::Takes => self.takes(&mut it)?,
            Step::Back => self.goes_back(&mut it)?,
            Step::Done { with } => self.done(&mut it, with)?,
            Step::AsBefore => self.as_before(&mut it)?,
        };
        self.house.consult = goes_on.then_some(it);
        Ok(())
    }

    fn begin_consult(&mut self) -> Result<(), Wrong> {
        let begins = self.desks().into_iter().find_map(|desk| {
            let phone = &self.phones[desk];
            phone.up_since().filter(|since| self.now.since(*since) > TALKS && phone.is_still())?;
            let leg = self.checker.streams.leg_of(desk)?;
            let patient = self.checker.streams.partner_of(leg).filter(|other| !self.is_of_house(*other))?;
            Some((desk, self.checker.streams.leg_of(patient)?))
        });
        let Some((desk, patient)) = begins else { return Ok(()) };
        let turn = self.house.turn;
        self.house.turn += 1;
        let in_turn = Quirk::WITH_TWO_CALLS[turn % Quirk::WITH_TWO_CALLS.len()];
        let kind = self.fault.and_then(Fault::consult).unwrap_or(in_turn);
        self.phones[desk].quirk = Some(kind);
        self.ladder.note(self.now, &format!("phone{desk}: {kind:?}"));
        let (line, colleague, apart) = (None, None, None);
        let (step, since) = (Step::Holds, self.now);
        let mut it = Consult { kind, desk, patient, line, colleague, step, since, apart };
        if it.is_take() {
            self.ask_for_place(&mut it);
        } else {
            let way = if turn.is_multiple_of(3) { Way::Inactive } else { Way::SendOnly };
            self.phones[desk].turn(self.now, way);
        }
        self.house.consult = Some(it);
        self.after_phone(desk)
    }

    /// Another phone asks for the place of the desk's.
    fn ask_for_place(&mut self, it: &mut Consult) {
        let set = match it.kind {
            Quirk::TakesAsColleague => self.house.set_of(COLLEAGUE, 0),
            _ => self.house.set_of(FRONT, 1),
        };
        let line = self.dial_from(set, FRONT, it.kind, STAYS);
        let named = match it.kind {
            Quirk::TakesUnknown => "never-heard@nowhere;to-tag=a;from-tag=b".to_owned(),
            Quirk::TakesEarlyOnly => format!("{};early-only", self.phones[it.desk].replaces()),
            _ => self.phones[it.desk].replaces(),
        };
        self.phones[line].ask_in_place_of(&named);
        if it.kind == Quirk::TakesAsStranger {
            self.phones[line].is_a_stranger();
        }
        it.line = Some(line);
        it.goes(self.now, Step::Takes);
    }

    fn holds(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        let age = self.now.since(it.since);
        if self.phones[it.desk].up_since().is_none() || age > PATIENCE {
            return Ok(false);
        }
        if age > HOLDS && self.phones[it.desk].is_still() {
            let set = self.house.set_of(FRONT, 0);
            it.line = Some(self.dial_from(set, COLLEAGUE, Quirk::DialsInside, STAYS));
            it.goes(self.now, Step::Asks);
        }
        Ok(true)
    }

    fn asks(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        let line = it.line.unwrap_or_default();
        let age = self.now.since(it.since);
        if self.phones[it.desk].up_since().is_none() || age > PATIENCE {
            return self.takes_back(it);
        }
        let colleague = it.colleague.map(|n| &self.phones[n]);
        let spoken = colleague.and_then(|phone| phone.up_since()).map(|since| self.now.since(since));
        let rings = colleague.is_some_and(|phone| phone.stage == Stage::Calling);
        let line_over = self.phones[line].is_over();
        let is_ready = match it.kind {
            Quirk::DeskConsultsRinging => rings && self.phones[line].up_since().is_some() && age > RINGS,
            // Whether the desk knows it or not.
            Quirk::ColleagueLeaves => line_over && self.phones[line].story.status == Some(200),
            Quirk::ColleagueRefuses => false,
            _ => spoken.is_some_and(|it| it > SPEAKS) && !line_over,
        };
        if !is_ready {
            return if line_over { self.takes_back(it) } else { Ok(true) };
        }
        let replaces = self.phones[line].replaces();
        let crosses = it.kind == Quirk::ReferCrossesBye;
        let first = self.house.turn.is_multiple_of(2);
        if crosses && first {
            self.phones[line].leave(self.now);
            self.after_phone(line)?;
        }
        self.phones[it.desk].hand_on_to(self.now, COLLEAGUE, &replaces);
        self.after_phone(it.desk)?;
        if crosses && !first {
            self.phones[line].leave(self.now);
            self.after_phone(line)?;
        }
        it.goes(self.now, Step::Refers);
        Ok(true)
    }

    fn refers(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        let desk = &mut self.phones[it.desk];
        match (desk.handing, it.colleague) {
            (Handing::Told(200), Some(with)) => {
                desk.story.odd = true;
                self.house.taken += 1;
                it.goes(self.now, Step::Done { with });
            }
            (Handing::Told(_) | Handing::Refused, _) => return self.takes_back(it),
            _ if self.now.since(it.since) > PATIENCE + GIVE_UP => return self.takes_back(it),
            _ => {}
        }
        Ok(true)
    }

    fn takes(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        let line = it.line.unwrap_or_default();
        let Some(status) = self.phones[line].story.status.filter(|status| *status != 407) else {
            return Ok(!self.phones[line].is_over());
        };
        let is_there = self.phones[it.desk].up_since().is_some();
        // Nobody is where he was, or there is no room.
        let besides: &[u16] = if is_there { &[503] } else { &[503, 481, 603] };
        if status != it.expected() && !besides.contains(&status) {
            return Err(format!("phone{line} asks for a place, {:?}, and is told {status}", it.kind));
        }
        self.phones[line].story.odd |= status == it.expected();
        if status == 200 {
            self.house.taken += 1;
            self.house.replaced += 1;
            it.goes(self.now, Step::Done { with: line });
        } else {
            it.goes(self.now, Step::AsBefore);
        }
        Ok(true)
    }

    /// The desk takes the patient back, and its other call is over.
    fn takes_back(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        let shows =
            matches!(it.kind, Quirk::ColleagueLeaves | Quirk::ColleagueRefuses | Quirk::ReferCrossesBye);
        self.phones[it.desk].story.odd |= shows;
        it.goes(self.now, Step::Back);
        if let Some(line) = it.line {
            self.phones[line].leave(self.now);
            self.after_phone(line)?;
        }
        self.goes_back(it)
    }

    fn goes_back(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        if self.phones[it.desk].up_since().is_none() || self.now.since(it.since) > PATIENCE {
            return Ok(false);
        }
        if !self.phones[it.desk].is_still() {
            return Ok(true);
        }
        if self.phones[it.desk].is_held() {
            self.phones[it.desk].turn(self.now, Way::SendRecv);
            self.after_phone(it.desk)?;
            return Ok(true);
        }
        it.goes(self.now, Step::AsBefore);
        Ok(true)
    }

    /// The patient talks with whom he was handed on to, and who handed him on hears that it is over.
    fn done(&mut self, it: &mut Consult, with: usize) -> Result<bool, Wrong> {
        let age = self.now.since(it.since);
        if age <= WATCHED {
            // Whom he was handed on to may ring still.
            let is_there = self.phones[with].up_since().is_some();
            self.judge_company(it, with, is_there)?;
        }
        let left = [Some(it.desk), it.line].into_iter().flatten();
        let left: Vec<usize> = left.filter(|n| *n != with && !self.phones[*n].is_over()).collect();
        match left.first() {
            Some(n) if age > DISMISSED_WITHIN => {
                Err(format!("phone{n} has handed on, and nobody told it BYE"))
            }
            Some(_) => Ok(true),
            None => Ok(age <= WATCHED),
        }
    }

    fn as_before(&mut self, it: &mut Consult) -> Result<bool, Wrong> {
        let is_there = self.phones[it.desk].up_since().is_some();
        self.judge_company(it, it.desk, is_there)?;
        Ok(is_there && self.now.since(it.since) <= WATCHED)
    }

    /// Whether this phone has just handed a patient on.
    pub(super) fn has_handed_on(&self, phone: usize) -> bool {
        let it = self.house.consult.as_ref();
        it.is_some_and(|it| it.desk == phone && matches!(it.step, Step::Refers | Step::Done { .. }))
    }

    /// The patient is with this phone, as long as both are there.
    fn judge_company(&self, it: &mut Consult, with: usize, is_there: bool) -> Result<(), Wrong> {
        let streams = &self.checker.streams;
        let (now, gone) = (self.now, !streams.is_open(it.patient));
        // Both sides count: who has hung up may not know that the other one has.
        let is_with = streams.partner_of(it.patient) == Some(with);
        if !is_there || gone || is_with || self.draining {
            it.apart = None;
            return Ok(());
        }
        let since = *it.apart.get_or_insert(now);
        if now.since(since) > APART {
            return Err(format!(
                "{} is to talk with phone{with} ({:?}), and since {since:?} it talks with {:?}",
                it.patient,
                it.kind,
                streams.partner_of(it.patient)
            ));
        }
        Ok(())
    }
}
