//! Softly in and out: a sound in three forms, so that it can begin and stop at any tick without a click.
//!
//! ```text
//!  body     ▆▆▆▆▆▆▆▆▆▆▆▆        each tick as it is
//!  rising   ▁▃▆▁▃▆▁▃▆▁▃▆        each tick from nothing to itself
//!  falling  ▆▃▁▆▃▁▆▃▁▆▃▁        each tick from itself to nothing
//! ```
//! They are made once, when a sound is loaded; who plays chooses for each tick the form that fits.

use std::f64::consts::FRAC_PI_2;

/// Which way a tick goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fade {
    /// From nothing to full.
    In,
    /// From full to nothing.
    Out,
}

/// Each stretch of `tick` samples faded by itself. The curve is a squared sine: no edge at either end.
pub fn each_tick(samples: &[i16], tick: usize, fade: Fade) -> Vec<i16> {
    let tick = tick.max(1);
    let gain = |n: usize| {
        let risen = (FRAC_PI_2 * (n as f64 + 0.5) / tick as f64).sin().powi(2);
        match fade {
            Fade::In => risen,
            Fade::Out => 1.0 - risen,
        }
    };
    let faded = |(n, sample): (usize, &i16)| (f64::from(*sample) * gain(n % tick)).round() as i16;
    samples.iter().enumerate().map(faded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tick_begins_or_ends_in_nothing_and_both_together_are_the_sound() {
        let samples = [10_000_i16; 480];
        let (rising, falling) = (each_tick(&samples, 160, Fade::In), each_tick(&samples, 160, Fade::Out));
        for tick in 0..3 {
            let at = 160 * tick;
            let edges = (rising[at], rising[at + 159], falling[at], falling[at + 159]);
            assert_eq!(edges, (0, 10_000, 10_000, 0), "tick {tick}");
        }
        for (n, (up, down)) in rising.iter().zip(&falling).enumerate() {
            assert!((i32::from(*up) + i32::from(*down) - 10_000).abs() <= 1, "sample {n}: {up} and {down}");
        }
        let steps = rising[..160].windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(steps <= Some(100), "{steps:?}");
        assert!(each_tick(&[], 160, Fade::In).is_empty());
    }
}
