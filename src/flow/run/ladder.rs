//! The person ladder: one rung after the other is called while the caller is kept informed; the last
//! rung takes a message with a promise.
//!
//! In a crisis and in an emergency the ladder has no message: after its last call it rests a moment
//! and begins again, and the caller is told what else helps.

use super::steps::Heed;
use super::{AfterNotice, Call, Climb, FirstPass, For, Recorder, Run, Speech, State, Voice, Whom};
use crate::clock::Instant;
use crate::flow::action::{Action, Aid, Fact, Phrases, Urgency, Why};
use crate::flow::program::{Act, Own, Target};
use crate::id::ExitName;
use crate::limits::{COMFORT_EVERY, EMERGENCY_EVERY, ENGINE_ANSWER_MAX, INTERPRETER_WAIT_MAX, LADDER_REST};
use smallvec::smallvec;
use std::time::Duration;

/// What is said first.
fn first_words(why: Why) -> Own {
    match why {
        Why::Asked | Why::WrongKeys => Own::Person,
        Why::Nurse => Own::Nurse,
        Why::Crisis => Own::CrisisStay,
        Why::Emergency => Own::Emergency,
        Why::Silence => Own::SilenceAgain,
        Why::Fault => Own::Fault,
    }
}

/// What is said again and again while somebody is called.
fn waiting_words(why: Why) -> Own {
    match why {
        Why::Asked | Why::WrongKeys | Why::Nurse | Why::Silence | Why::Fault => Own::OneMoment,
        Why::Crisis => Own::CrisisWait,
        Why::Emergency => Own::Emergency,
    }
}

/// How long nothing is said between two words to a waiting caller.
pub(super) fn silence_between_words(why: Why) -> Duration {
    match why {
        Why::Emergency => EMERGENCY_EVERY,
        Why::Asked | Why::WrongKeys | Why::Nurse | Why::Silence | Why::Fault | Why::Crisis => COMFORT_EVERY,
    }
}

/// The exit of a call that a person answered.
pub(super) fn exit_name(why: Why) -> &'static str {
    match why {
        Why::Asked | Why::WrongKeys | Why::Silence | Why::Fault => "person",
        Why::Nurse => "nurse",
        Why::Crisis => "crisis",
        Why::Emergency => "emergency",
    }
}

/// Nobody in danger is asked to leave a message.
fn in_danger(why: Why) -> bool {
    why.urgency() == Urgency::Danger
}

/// Who cannot wait for the recording notice gets his person without it, and is not recorded.
fn in_a_hurry(why: Why) -> bool {
    match why {
        Why::Crisis | Why::Emergency | Why::Fault => true,
        Why::Asked | Why::WrongKeys | Why::Nurse | Why::Silence => false,
    }
}

impl Run {
    /// Leads to a person: says why, gives the recording notice if the talk is the first to be recorded,
    /// then goes up the ladder.
    pub(super) fn lead_to_person(&mut self, now: Instant, why: Why) {
        let words = self.own(first_words(why));
        self.lead_to_person_saying(now, why, smallvec![words], ExitName::from(exit_name(why)));
    }

    /// The same with these first words.
    pub(super) fn lead_to_person_saying(
        &mut self,
        now: Instant,
        why: Why,
        mut words: Phrases,
        exit: ExitName,
    ) {
        if in_a_hurry(why) || self.recorder != Recorder::NotYet {
            return self.climb_saying(now, why, words, exit);
        }
        self.ahead.clear();
        self.first_pass = FirstPass::Over;
        words.push(self.own(Own::Recording));
        self.give_notice(now, words, AfterNotice::Person { why, exit });
    }

    /// Goes up the ladder at once, with the words that belong to `why`.
    pub(super) fn climb(&mut self, now: Instant, why: Why) {
        let words = self.own(first_words(why));
        self.climb_saying(now, why, smallvec![words], ExitName::from(exit_name(why)));
    }

    /// Goes up the ladder with these first words. Who climbs already goes on from his rung, if the
    /// reason is a graver one.
    pub(super) fn climb_saying(&mut self, now: Instant, why: Why, words: Phrases, exit: ExitName) {
        self.ahead.clear();
        self.first_pass = FirstPass::Over;
        if let State::Notice(_) = self.state {
            self.notice_cut();
        }
        if let State::Opening { .. } | State::Recording { .. } = self.state {
            self.actions.push_back(Action::FinishMessage);
        }
        if why == Why::Crisis {
            self.record_no_more();
        }
        if let State::Climbing(climb) = &self.state {
            let (rung, call, old, whom) = (climb.rung, climb.call, climb.why, climb.whom);
            let graver = why != old && old != Why::Emergency && in_danger(why);
            if graver {
                self.climbing_for = exit;
                self.tell_rung(rung, why);
                self.actions.push_back(Action::Hurry);
                self.climbing(now, (why, whom), rung, call, words);
            }
            return;
        }
        self.climbing_for = exit;
        self.tell_rung(0, why);
        self.climbing(now, (why, Whom::Ladder), 0, Call::Resting { until: now }, words);
        self.call_rung(now);
    }

    /// Calls the party of the `transfer` step that is here.
    pub(super) fn transfer(&mut self, now: Instant, words: Phrases, exit: ExitName) {
        self.ahead.clear();
        self.first_pass = FirstPass::Over;
        self.climbing_for = exit;
        self.climbing(now, (Why::Asked, Whom::Step), 0, Call::Resting { until: now }, words);
        self.call_rung(now);
    }

    pub(super) fn rest_and_climb(&mut self, now: Instant, words: Phrases) {
        self.climbing_for = ExitName::from("person");
        let rest = Call::Resting { until: now + LADDER_REST };
        self.climbing(now, (Why::Fault, Whom::Ladder), 0, rest, words);
    }

    fn climbing(&mut self, now: Instant, (why, whom): (Why, Whom), rung: usize, call: Call, words: Phrases) {
        let voice = Voice::Speaking(self.speak(now, words.clone()));
        self.state = State::Climbing(Climb { why, whom, rung, call, voice, said: words });
    }

    fn tell_rung(&mut self, rung: usize, why: Why) {
        let rung = u32::try_from(rung + 1).unwrap_or(u32::MAX);
        self.tell(Fact::LadderRung { rung, why });
    }

    /// Calls the party of the rung that is climbed.
    fn call_rung(&mut self, now: Instant) {
        let language = self.language().clone();
        let State::Climbing(climb) = &mut self.state else { return };
        let rung = match (climb.whom, self.set.step(self.here).map(|step| &step.act)) {
            (Whom::Step, Some(Act::Transfer { to, interpreter, .. })) => {
                self.interpreter = interpreter.clone().or(self.interpreter.take());
                Some(to)
            }
            (Whom::Step | Whom::Ladder, _) => self.set.clinic().ladder.get(climb.rung),
        };
        let Some(rung) = rung else { return };
        let interpreter = self.interpreter.clone();
        let wait = interpreter.as_ref().map_or(Duration::ZERO, |_| INTERPRETER_WAIT_MAX);
        climb.call = Call::Ringing { by: now + rung.ring + wait + ENGINE_ANSWER_MAX };
        let urgency = climb.why.urgency();
        let keys = rung.keys.get(&language).cloned().unwrap_or_default();
        let (target, ring, aid) = (rung.target.clone(), rung.ring, Aid { interpreter, keys });
        self.actions.push_back(Action::Connect { target, ring, urgency, aid });
    }

    /// Nobody answered on this rung.
    pub(super) fn not_reached(&mut self, now: Instant) {
        let State::Climbing(climb) = &mut self.state else { return };
        if let Call::Resting { .. } = climb.call {
            return;
        }
        let why = climb.why;
        if climb.whom == Whom::Step {
            return self.nobody_at_the_step(now, why);
        }
        if climb.rung + 1 < self.set.clinic().ladder.len() {
            climb.rung += 1;
            let rung = climb.rung;
            self.tell_rung(rung, why);
            self.call_rung(now);
        } else if in_danger(why) {
            climb.rung = 0;
            climb.call = Call::Resting { until: now + LADDER_REST };
        } else {
            self.message(now, why);
        }
    }

    /// The party of a `transfer` step did not answer: what the step says of that, or the ladder for who is in danger.
    fn nobody_at_the_step(&mut self, now: Instant, why: Why) {
        let failed = match self.set.step(self.here).map(|step| &step.act) {
            Some(Act::Transfer { failed, .. }) if !in_danger(why) => *failed,
            _ => Target::Ladder(why),
        };
        self.state = State::Over;
        match failed {
            Target::Ladder(why) => self.climb(now, why),
            other => self.go(now, other),
        }
    }

    pub(super) fn climb_timeout(&mut self, now: Instant) {
        let State::Climbing(climb) = &mut self.state else { return };
        match (climb.call, &climb.voice) {
            (Call::Ringing { by }, _) if by <= now => {
                self.tell_fault("the end of a call to a person was not told");
                self.not_reached(now);
            }
            (Call::Resting { until }, _) if until <= now => {
                let (rung, why) = (climb.rung, climb.why);
                self.tell_rung(rung, why);
                self.call_rung(now);
            }
            (_, Voice::Speaking(_)) => {
                climb.voice = Voice::Quiet { until: now + silence_between_words(climb.why) };
                self.tell_fault("the end of a prompt was not told");
            }
            (_, Voice::Quiet { .. }) => {
                let words = waiting_words(climb.why);
                let words = smallvec![self.own(words)];
                self.say_while_climbing(now, words);
            }
        }
    }

    fn say_while_climbing(&mut self, now: Instant, words: Phrases) {
        let speech = self.speak(now, words.clone());
        self.spoken_while_climbing(speech, words);
    }

    fn spoken_while_climbing(&mut self, speech: Speech, words: Phrases) {
        if let State::Climbing(climb) = &mut self.state {
            climb.voice = Voice::Speaking(speech);
            climb.said = words;
        }
    }

    pub(super) fn repeat_while_climbing(&mut self, now: Instant) {
        let State::Climbing(climb) = &self.state else { return };
        let said = climb.said.clone();
        let speech = self.speak_again(now, said.clone());
        self.spoken_while_climbing(speech, said);
    }

    /// The far party hung up: who is in danger gets another one, everybody else the menu again.
    pub(super) fn after_talk(&mut self, now: Instant, why: Why) {
        self.callers.clear();
        if in_danger(why) {
            self.climb(now, why);
        } else {
            self.go(now, Target::CalledNumber);
        }
    }

    /// A person handed him on to somebody who was not there, and left: he is led to others from the first rung on.
    pub(super) fn lost_on_the_way(&mut self, now: Instant, why: Why) {
        self.callers.clear();
        self.climb(now, why);
    }

    /// Whether the caller is in danger: a person is called for him, or talks with him, because of a crisis or an emergency,
    /// or he has called a number for such. Once in danger he is so to the end of the call: only he may end it.
    pub fn is_in_danger(&self) -> bool {
        let why = match &self.state {
            State::Climbing(climb) => Some(climb.why),
            State::Talking { why, .. } => Some(*why),
            State::Waiting | State::Saying(_) | State::Closed(_) | State::Notice(_) | State::Asking(_) => {
                None
            }
            State::Entering(_) | State::ByPhone(_) | State::Requesting(_) | State::Pausing { .. } => None,
            State::Prompting(..) | State::Opening { .. } | State::Recording { .. } => None,
            State::Saving { .. } | State::Parting { .. } | State::Over => None,
        };
        why.is_some_and(in_danger) || self.set.is_urgent(&self.set.flows()[self.called].name)
    }

    /// The call has lasted as long as a call may, and nobody talks with the caller. He is led to a person as one who is silent
    /// is, at once as with key 0; unless somebody is called for him already, or a message or last words are under way.
    pub(super) fn long_alone(&mut self, now: Instant) {
        match &self.state {
            State::Saying(_) | State::Closed(_) | State::Notice(_) | State::Asking(_) => {}
            State::Entering(_) | State::ByPhone(_) | State::Requesting(_) | State::Pausing { .. } => {}
            State::Waiting | State::Climbing(_) | State::Talking { .. } => return,
            State::Prompting(..) | State::Opening { .. } | State::Recording { .. } => return,
            State::Saving { .. } | State::Parting { .. } | State::Over => return,
        }
        let words = smallvec![self.own(Own::Person)];
        self.climb_saying(now, Why::Silence, words, ExitName::from(exit_name(Why::Silence)));
    }

    /// Somebody answered and was never heard: the way goes on as if he had let it ring. Who was not called on a way goes up
    /// from the first rung.
    pub(super) fn never_heard(&mut self, now: Instant, why: Why, reached: Option<(Whom, usize)>) {
        let Some((whom, rung)) = reached else { return self.lost_on_the_way(now, why) };
        self.exit = None;
        let said = smallvec![self.own(waiting_words(why))];
        let (call, voice) = (Call::Ringing { by: now }, Voice::Quiet { until: now });
        self.state = State::Climbing(Climb { why, whom, rung, call, voice, said });
        self.not_reached(now);
        if let State::Climbing(Climb { voice: Voice::Quiet { .. }, said, .. }) = &self.state {
            let words = said.clone();
            self.say_while_climbing(now, words);
        }
    }

    /// The caller pressed 7 when the notice was over: recording stops, and he is told.
    pub(super) fn refuse_after_notice(&mut self, now: Instant) {
        if self.refuse_recording() == Heed::Ignored {
            return;
        }
        let words = smallvec![self.own(Own::NotRecorded)];
        match &self.state {
            State::Climbing(climb) if !in_danger(climb.why) => self.say_while_climbing(now, words),
            State::Prompting(_, For::Ladder) => self.ask_for_message(now, words),
            State::Prompting(_, For::Step) => self.ask_for_comment(now, words),
            _ => {}
        }
    }

    /// The last rung.
    pub(super) fn message(&mut self, now: Instant, why: Why) {
        let last = self.set.clinic().ladder.len();
        let asked_for = !matches!(self.state, State::Climbing(_));
        self.ahead.clear();
        self.tell_rung(last, why);
        let mut words = Phrases::new();
        if !asked_for {
            words.push(self.own(Own::NotReached));
        }
        match self.recorder {
            Recorder::NotYet | Recorder::Cut => {
                words.push(self.own(Own::Recording));
                self.give_notice(now, words, AfterNotice::Message);
            }
            Recorder::On | Recorder::Paused | Recorder::Never => self.ask_for_message(now, words),
        }
    }

    /// Says `words`, then asks for the message.
    pub(super) fn ask_for_message(&mut self, now: Instant, mut words: Phrases) {
        words.push(self.in_callers_language(&self.set.clinic().message.prompt));
        self.state = State::Prompting(self.speak(now, words), For::Ladder);
    }

    /// Whether the call is recorded now.
    pub fn is_recorded(&self) -> bool {
        self.recorder == Recorder::On
    }
}
