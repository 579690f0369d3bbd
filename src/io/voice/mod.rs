//! The speech engine at the edge: a text in, its sound out within a second, or the word that there is none.
//!
//! ```text
//!  ask ─▶ bounded queue ─▶ one thread ─┬─ kept already ───────────────────────────────────┬─▶ answer
//!                                      └─ espeak-ng · flite · a command · HTTP ─▶ its level ─┘
//! ```
//! Texts may tell of a patient: they go to the engine by its standard input or in a request's body, never in an
//! argument, a file, a log or an error; what is kept lies in memory alone, under a hash. Every question is answered once.
//! An engine that hangs, floods or prints rubbish costs one answer: it is ended at its bound. Not here: what is said in
//! its place.

mod child;
pub mod engine;
mod kept;
mod sound;
#[cfg(test)]
mod tests;
pub mod voiced;

use crate::flow::content::digest;
use crate::id::{CallId, Language, VoicingId};
use crate::io::prompts::Voiced;
use crate::limits::{VOICE_AT_ONCE_MAX, VOICE_KEPT_MAX_OCTETS, VOICE_MAX, VOICE_WAITING_MAX};
use crate::phi::Phi;
use engine::Engine;
use kept::Kept;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;
use tokio::sync::{Semaphore, mpsc};

/// A text to be said.
#[derive(Debug)]
pub struct Question {
    /// Whose call it is for.
    pub call: CallId,
    /// The name of the question in that call.
    pub voicing: VoicingId,
    /// The language.
    pub language: Language,
    /// The text.
    pub text: Phi<String>,
}

/// What came of a [`Question`].
#[derive(Debug)]
pub struct Answer {
    /// Whose call it was for.
    pub call: CallId,
    /// The name of the question.
    pub voicing: VoicingId,
    /// The sound, if there is one.
    pub sound: Option<Voiced>,
}

/// Totals since the start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Texts that were asked for.
    pub asked: AtomicU64,
    /// Those whose sound was kept from before.
    pub kept: AtomicU64,
    /// Those that no sound came of.
    pub failed: AtomicU64,
}

/// Why a voice gave no sound. Nothing of the text is in it.
#[derive(Debug, Error)]
pub enum Failure {
    /// No voice is configured.
    #[error("no voice is configured")]
    NoVoice,
    /// It cannot be run or reached.
    #[error("it cannot be run or reached: {0}")]
    NotReached(io::Error),
    /// It took too long.
    #[error("it took longer than {} ms", VOICE_MAX.as_millis())]
    TooSlow,
    /// It said that it failed.
    #[error("it failed: {0}")]
    Failed(String),
    /// It gave more than any sound of this length has.
    #[error("it gave more octets than a sound may have")]
    TooMuch,
    /// What it gave is no sound.
    #[error("it gave no sound")]
    NoSound,
}

/// The questions and their answers.
#[derive(Debug)]
pub struct Voice {
    questions: mpsc::Sender<Question>,
    answer_to: mpsc::Sender<Answer>,
    answers: mpsc::Receiver<Answer>,
    counters: Arc<Counters>,
}

impl Voice {
    /// Starts the thread that speaks with this engine.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(engine: Engine) -> io::Result<Self> {
        let (questions, asked) = mpsc::channel(VOICE_WAITING_MAX);
        // Each question is answered, and a questioner's queue is as long as the questions that may wait.
        let (answer_to, answers) = mpsc::channel(2 * VOICE_WAITING_MAX);
        let counters = Arc::<Counters>::default();
        let speaking = Speaking {
            engine,
            kept: Mutex::new(Kept::new(VOICE_KEPT_MAX_OCTETS)),
            at_once: Semaphore::new(VOICE_AT_ONCE_MAX),
            answers: answer_to.clone(),
            counters: Arc::clone(&counters),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || runtime.block_on(Arc::new(speaking).serve(asked));
        std::thread::Builder::new().name("voice".to_owned()).spawn(work)?;
        Ok(Self { questions, answer_to, answers, counters })
    }

    /// What was counted.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Asks for a sound; [`Voice::answer`] brings what came of it. With too many questions waiting the answer is at once
    /// that there is none.
    pub fn ask(&self, question: Question) {
        self.counters.asked.fetch_add(1, Relaxed);
        if let Err(refused) = self.questions.try_send(question) {
            self.counters.failed.fetch_add(1, Relaxed);
            let Question { call, voicing, text, .. } = refused.into_inner();
            text.overwrite();
            // If this queue is full too, the flow goes on by its own time.
            let _ = self.answer_to.try_send(Answer { call, voicing, sound: None });
        }
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Answer {
        match self.answers.recv().await {
            Some(answer) => answer,
            // There is always a sender: our own.
            None => std::future::pending().await,
        }
    }
}

/// The thread's own.
struct Speaking {
    engine: Engine,
    kept: Mutex<Kept>,
    at_once: Semaphore,
    answers: mpsc::Sender<Answer>,
    counters: Arc<Counters>,
}

impl Speaking {
    async fn serve(self: Arc<Self>, mut asked: mpsc::Receiver<Question>) {
        while let Some(question) = asked.recv().await {
            let speaking = Arc::clone(&self);
            tokio::spawn(async move { speaking.answer(question).await });
        }
    }

    /// The bound holds from the question on, also for whoever waits for his turn.
    async fn answer(&self, question: Question) {
        let Question { call, voicing, language, text } = question;
        let said = tokio::time::timeout(VOICE_MAX, self.say(&language, &text)).await;
        text.overwrite();
        let sound = said.unwrap_or(Err(Failure::TooSlow)).inspect_err(|failure| {
            self.counters.failed.fetch_add(1, Relaxed);
            tracing::warn!(engine = self.engine.name(), %language, %failure, "the voice was not heard");
        });
        // Whoever asked may be gone.
        let _ = self.answers.try_send(Answer { call, voicing, sound: sound.ok() });
    }

    async fn say(&self, language: &Language, text: &Phi<String>) -> Result<Voiced, Failure> {
        let key = digest(format!("{language}\0{}", text.expose()).as_bytes());
        if let Some(sound) = self.kept().get(&key) {
            self.counters.kept.fetch_add(1, Relaxed);
            return Ok(sound);
        }
        let Ok(_turn) = self.at_once.acquire().await else { return Err(Failure::TooSlow) };
        let octets = self.engine.say(language, text).await?;
        let sound = sound::level(octets)?;
        self.kept().put(key, sound.clone());
        Ok(sound)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
