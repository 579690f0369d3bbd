//! How long the packets of the last seconds waited before they were played, as if the delay had always been what
//! it is now. What is done about it is the buffer's.

/// The waits of the last 3 to 6 seconds, in units of the RTP clock; a late packet's is negative.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waits {
    now: Span,
    /// The whole span before; nothing is concluded from less.
    before: Span,
    ticks: u32,
    /// By how much the delay was made longer since the first wait was noted.
    shifted: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    packets: i64,
    /// Of waits less what the delay was made longer before each.
    sum: i64,
    shortest: i64,
}

impl Waits {
    /// A packet has to wait for `units`.
    pub fn note(&mut self, units: i64) {
        let wait = units - self.shifted;
        let span = &mut self.now;
        span.shortest = if span.packets == 0 { wait } else { span.shortest.min(wait) };
        span.packets += 1;
        span.sum += wait;
    }

    /// The delay became longer by `units`.
    pub fn shift(&mut self, units: i64) {
        self.shifted += units;
    }

    /// 20 ms have passed.
    pub fn tick(&mut self) {
        self.ticks += 1;
        if self.ticks >= SPAN_TICKS && self.now.packets > 0 {
            *self = Self { now: Span::default(), before: self.now, ticks: 0, shifted: self.shifted };
        }
    }

    /// By how much the delay may be made shorter: the mean wait comes down to `settled` at the most, and the
    /// shortest to `margin` and half of how far the mean is from it.
    pub fn excess(&self, settled: i64, margin: i64) -> u32 {
        if self.before.packets == 0 {
            return 0;
        }
        let packets = self.before.packets + self.now.packets;
        let mean = (self.before.sum + self.now.sum) / packets + self.shifted;
        let in_this = if self.now.packets == 0 { i64::MAX } else { self.now.shortest };
        let shortest = self.before.shortest.min(in_this) + self.shifted;
        let least = margin + (mean - shortest) / 2;
        u32::try_from((mean - settled).min(shortest - least)).unwrap_or(0)
    }
}

/// How long a span is, in ticks: 3 s, so that the delay is short again 10 s after the line became calm.
const SPAN_TICKS: u32 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    fn after(waits: &[i64], spans: u32) -> Waits {
        let mut seen = Waits::default();
        for _ in 0..spans {
            waits.iter().for_each(|wait| seen.note(*wait));
            (0..SPAN_TICKS).for_each(|_| seen.tick());
        }
        seen
    }

    #[test]
    fn what_may_be_cut_of_which_waits() {
        let check = |why: &str, waits: &[i64], expected| {
            assert_eq!(after(waits, 1).excess(320, 80), expected, "{why}");
        };
        check("a calm line at its delay", &[320, 320], 0);
        check("a calm line far behind", &[2_400, 2_400], 2_080);
        check("to and fro by a tick", &[240, 400], 0);
        check("to and fro by a tick, farther behind", &[320, 480], 80);
        check("unsteady: the shortest keeps a margin", &[0, 960], 0);
        check("unsteady, and far behind", &[960, 1_920], 640);
        check("one was late", &[-10, 2_400, 2_400], 0);
        check("nothing came", &[], 0);
        assert_eq!(Waits::default().excess(320, 80), 0, "nothing is concluded from nothing");
    }

    #[test]
    fn what_was_noted_moves_with_the_delay() {
        let mut waits = after(&[640, 640], 1);
        waits.shift(-160);
        assert_eq!(waits.excess(320, 80), 160);
        waits.note(480);
        assert_eq!(waits.excess(320, 80), 160);
    }

    #[test]
    fn a_late_packet_is_forgotten_after_two_spans() {
        let mut waits = after(&[-100, 640], 1);
        waits.note(640);
        (0..SPAN_TICKS).for_each(|_| waits.tick());
        assert_eq!(waits.excess(320, 80), 320);
    }
}
