//! What the generator heard: one account for each stream, and a summary that a person can read.

use super::gaps::Gaps;
use std::fmt;
use std::time::Duration;

/// What one line heard from the first packet to the last.
#[derive(Clone, Debug)]
pub struct Heard {
    /// It began within the window.
    pub in_window: bool,
    /// From the first packet to the end of the last packet's 20 ms.
    pub length: Duration,
    /// Packets that came.
    pub packets: u64,
    /// Packets that the sequence numbers say are missing, or came twice or late.
    pub disordered: u64,
    /// What the RTP timestamps say the length is.
    pub timestamps: Duration,
    /// What sounded up to the key.
    pub first_prompt: Prompt,
    /// What sounded after the key.
    pub second_prompt: Prompt,
    /// From the first packet to the first packet of the key.
    pub key_after: Option<Duration>,
    /// From the first packet of the key to the first sound of the second prompt.
    pub reaction: Option<Duration>,
    /// Another stream came to the line before this one was over.
    pub overlapped: bool,
}

/// One prompt as it was heard.
#[derive(Clone, Copy, Debug)]
pub struct Prompt {
    /// From its first packet to the end of its last, by the clock: longer when the sender falls behind.
    pub lasted: Duration,
    /// The sound in its packets: shorter when something was cut or lost.
    pub sound: Duration,
}

/// All that was heard.
#[derive(Clone, Debug)]
pub struct Report {
    /// Gaps between packets that came within the window.
    pub gaps: Gaps,
    /// One for each stream.
    pub heard: Vec<Heard>,
    /// CPU time of the generator's thread.
    pub cpu: Duration,
    /// The most that one of its slots was late.
    pub latest: Duration,
}

impl Report {
    /// Nothing heard yet.
    pub fn new() -> Self {
        Self { gaps: Gaps::new(), heard: Vec::new(), cpu: Duration::ZERO, latest: Duration::ZERO }
    }

    /// The streams that began within the window.
    pub fn in_window(&self) -> impl Iterator<Item = &Heard> {
        self.heard.iter().filter(|heard| heard.in_window)
    }

    /// The `share` quantile of what `of` says of the streams in the window, in ms; 0 if there are none.
    pub fn quantile_ms(&self, share: f64, of: impl Fn(&Heard) -> Option<Duration>) -> f64 {
        let mut values: Vec<_> = self.in_window().filter_map(of).collect();
        values.sort_unstable();
        let wanted = (values.len() as f64 * share).ceil() as usize;
        values.get(wanted.saturating_sub(1)).map_or(0.0, |value| value.as_secs_f64() * 1e3)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |of: fn(&Heard) -> u64| self.heard.iter().map(of).sum::<u64>();
        writeln!(
            f,
            "  streams: {} in all, {} in the window; {} packets, {} out of order or missing, {} overlaps",
            self.heard.len(),
            self.in_window().count(),
            sum(|heard| heard.packets),
            sum(|heard| heard.disordered),
            sum(|heard| u64::from(heard.overlapped)),
        )?;
        writeln!(
            f,
            "  gaps: {} in the window; ms: p50 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
            self.gaps.total(),
            self.gaps.quantile_ms(0.5),
            self.gaps.quantile_ms(0.99),
            self.gaps.quantile_ms(0.999),
            self.gaps.greatest_ms(),
        )?;
        let mut line = |name: &str, of: fn(&Heard) -> Option<Duration>| {
            let [least, half, most] = [0.0, 0.5, 1.0].map(|share| self.quantile_ms(share, of));
            if most == 0.0 {
                return Ok(());
            }
            writeln!(f, "  {name:<30} ms: least {least:.1}, median {half:.1}, most {most:.1}")
        };
        line("length of a stream", |heard| Some(heard.length))?;
        line("the same by its RTP timestamps", |heard| Some(heard.timestamps))?;
        line("first prompt", |heard| Some(heard.first_prompt.lasted))?;
        line("sound in its packets", |heard| Some(heard.first_prompt.sound))?;
        line("key after", |heard| heard.key_after)?;
        line("second prompt", |heard| Some(heard.second_prompt.lasted))?;
        line("sound in its packets", |heard| Some(heard.second_prompt.sound))?;
        line("key to second prompt", |heard| heard.reaction)?;
        write!(
            f,
            "  generator: {:.1} s CPU, at most {:.1} ms late",
            self.cpu.as_secs_f64(),
            self.latest.as_secs_f64() * 1e3
        )
    }
}
