//! How a path sounds: the E-model for narrowband speech, ITU-T G.107, with the codecs of G.113 Appendix I.
//!
//! ```text
//!  R = Ro − Is − Idte − Idle − Idd − Ie,eff        MOS from R as in G.107 Annex B
//!      └─ of a path without packets ─┘  └ packets
//! ```
//! What packets do not change has G.107's default values: telephones, rooms and their noise, an echo loss of 65 dB.
//! Where the figures come from is not this file's job.

use crate::rtp::loss::Losses;
use std::time::Duration;

/// What carries the speech, as G.113 tells codecs apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// G.711 with the concealment of its Appendix I: Ie 0, Bpl 25.1 (G.113 Appendix I).
    G711,
    /// G.711 without concealment: Ie 0, Bpl 4.3 (G.113 Appendix I).
    G711Bare,
    /// G.722 at 64 kbit/s. On a narrowband scale wideband cannot be worse than G.711, so Ie is 0; G.113 has no
    /// narrowband Bpl for it, so it gets G.107's default of 4.3, which is rather worse than what is heard.
    G722,
    /// Linear samples, concealed as G.711's: Ie 0, Bpl 25.1.
    L16,
}

impl Coding {
    /// Ie: how bad it is without loss.
    const fn impairment(self) -> f64 {
        match self {
            Self::G711 | Self::G711Bare | Self::G722 | Self::L16 => 0.0,
        }
    }

    /// Bpl: how well it bears loss.
    const fn robustness(self) -> f64 {
        match self {
            Self::G711 | Self::L16 => 25.1,
            Self::G711Bare | Self::G722 => 4.3,
        }
    }
}

/// One direction of a call, as packets tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// The codec.
    pub coding: Coding,
    /// Packets that came in time, those that didn't, and in how many bursts.
    pub losses: Losses,
    /// From mouth to ear (Ta).
    pub delay: Duration,
}

/// How a path sounds. A record may keep it: there is no fraction in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    /// The rating R in tenths, 0 to 1 000; 932 is a flawless narrowband call (ITU-T G.107).
    pub r_tenths: u16,
    /// The mean opinion score of a conversation in hundredths, 100 to 450 (ITU-T G.107 Annex B).
    pub mos_hundredths: u16,
}

impl Path {
    /// How it sounds; `None` when no packet was due: what nobody sent has no quality.
    pub fn quality(&self) -> Option<Quality> {
        let Losses { received, lost, .. } = self.losses;
        let due = received as f64 + lost as f64;
        if due < 1.0 {
            return None;
        }
        let burst_ratio = f64::from(self.losses.burst_ratio_hundredths().unwrap_or(100)) / 100.0;
        let equipment = equipment_impairment(self.coding, 100.0 * lost as f64 / due, burst_ratio);
        let rating = UNDELAYED - delay_impairment(self.delay.as_secs_f64() * 1_000.0) - equipment;
        Some(Quality {
            r_tenths: (rating.clamp(0.0, 100.0) * 10.0).round() as u16,
            mos_hundredths: (mean_opinion(rating) * 100.0).round() as u16,
        })
    }
}

/// Ie,eff of a share of lost packets in percent (G.107 §7.5). A ratio outside the model's range is taken as its end.
fn equipment_impairment(coding: Coding, lost_percent: f64, burst_ratio: f64) -> f64 {
    let (impairment, burst_ratio) = (coding.impairment(), burst_ratio.clamp(1.0, BURST_RATIO_MAX));
    impairment + (95.0 - impairment) * lost_percent / (lost_percent / burst_ratio + coding.robustness())
}

/// Id of a delay in ms, the same in both directions: T = Ta, Tr = 2·Ta (G.107 §7.4).
fn delay_impairment(delay_ms: f64) -> f64 {
    talker_echo(delay_ms) + listener_echo(2.0 * delay_ms) + absolute_delay(delay_ms)
}

/// Idte: one's own voice comes back (G.107 §7.4).
fn talker_echo(one_way_ms: f64) -> f64 {
    let t = one_way_ms;
    let masked = 6.0 * (-0.3 * t * t).exp();
    let loudness = ECHO_LOSS_DB - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10() + masked;
    let (without, with) = (-1.5 * (NOISE_DBM0P - RECEIVE_LOUDNESS_DB), 80.0 + 2.5 * (loudness - 14.0));
    let half = (without - with) / 2.0;
    (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp())
}

/// Idle: the other's voice comes twice (G.107 §7.4).
fn listener_echo(round_trip_ms: f64) -> f64 {
    let with = 10.5 * (FOUR_WIRE_LOSS_DB + 7.0) * (round_trip_ms + 1.0).powf(-0.25);
    let half = (SIGNAL_TO_NOISE - with) / 2.0;
    half + (half * half + 169.0).sqrt()
}

/// Idd: waiting makes people talk at the same time (G.107 §7.4).
fn absolute_delay(delay_ms: f64) -> f64 {
    if delay_ms <= 100.0 {
        return 0.0;
    }
    let x = (delay_ms / 100.0).log2();
    let sixth = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
}

/// MOS of a rating (G.107 Annex B); under 6.5 the polynomial would fall below 1.
fn mean_opinion(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

/// Ro with G.107's defaults: SLR 8, RLR 2, Ps = Pr = 35 dB(A), Ds = 3, LSTR 18, Nc −70, Nfor −64 (G.107 §7.2).
const SIGNAL_TO_NOISE: f64 = 94.768_8;
/// Ro − Is with G.107's defaults, besides those STMR 15, TELR 65, one quantization (G.107 §7.3).
const UNDELAYED: f64 = 93.355_3;
/// No with G.107's defaults, in dBm0p (G.107 §7.2).
const NOISE_DBM0P: f64 = -61.179_2;
/// RLR, G.107's default.
const RECEIVE_LOUDNESS_DB: f64 = 2.0;
/// TELR, G.107's default.
const ECHO_LOSS_DB: f64 = 65.0;
/// WEPL, G.107's default.
const FOUR_WIRE_LOSS_DB: f64 = 110.0;
/// The longest bursts that G.107 knows.
const BURST_RATIO_MAX: f64 = 8.0;

#[cfg(test)]
mod tests {
    use super::*;

    const fn path(coding: Coding, received: u64, lost: u64, delay_ms: u64) -> Path {
        let losses = Losses::scattered(received, lost);
        Path { coding, losses, delay: Duration::from_millis(delay_ms) }
    }

    fn tenths_and_hundredths(path: Path) -> Option<(u16, u16)> {
        path.quality().map(|quality| (quality.r_tenths, quality.mos_hundredths))
    }

    #[test]
    fn with_default_values_the_rating_is_93_2_and_the_score_4_41() {
        // ITU-T G.107 §7.7, Annex B
        let flawless = Some((932, 441));
        for coding in [Coding::G711, Coding::G711Bare, Coding::G722, Coding::L16] {
            assert_eq!(tenths_and_hundredths(path(coding, 1_000, 0, 0)), flawless, "{coding:?}");
        }
    }

    #[test]
    fn where_no_packet_was_due_the_quality_is_unknown() {
        assert_eq!(path(Coding::G711, 0, 0, 20).quality(), None);
        assert_eq!(tenths_and_hundredths(path(Coding::G711, 1, 0, 0)), Some((932, 441)), "one is enough");
        let silence = path(Coding::G711, 0, 50, 0).quality().unwrap();
        assert_eq!(silence.mos_hundredths, 118, "all were due and none came: {silence:?}");
    }

    #[test]
    fn ratings_become_scores_as_in_the_table() {
        // ITU-T G.107 table B.1, and the ends of the formula
        for (rating, hundredths) in [
            (100.0, 450.0),
            (93.2, 440.9),
            (90.0, 433.9),
            (80.0, 402.4),
            (70.0, 359.7),
            (60.0, 310.0),
            (50.0, 257.5),
            (6.0, 100.0),
            (0.0, 100.0),
            (-20.0, 100.0),
            (120.0, 450.0),
        ] {
            let found = 100.0 * mean_opinion(rating);
            assert!((found - hundredths).abs() < 0.06, "R {rating}: {found}, not {hundredths}");
        }
    }

    #[test]
    fn loss_impairs_as_far_as_the_codec_lets_it() {
        // ITU-T G.107 §7.5: (95 − Ie) · Ppl / (Ppl / BurstR + Bpl)
        for (coding, percent, burst_ratio, expected) in [
            (Coding::G711, 0.0, 1.0, 0.0),
            (Coding::G711, 1.0, 1.0, 3.64),
            (Coding::G711, 3.0, 1.0, 10.14),
            (Coding::G711, 5.0, 1.0, 15.78),
            (Coding::G711, 5.0, 2.0, 17.21),
            (Coding::G711, 20.0, 1.0, 42.13),
            (Coding::G711, 100.0, 1.0, 75.94),
            (Coding::G711Bare, 1.0, 1.0, 17.92),
            (Coding::G711Bare, 2.0, 2.0, 35.85),
            (Coding::G711Bare, 10.0, 1.0, 66.43),
            (Coding::G722, 1.0, 1.0, 17.92),
            (Coding::L16, 3.0, 1.0, 10.14),
            (Coding::G711, 1.0, 0.4, 3.64),
            (Coding::G711, 4.0, 99.0, 14.84),
        ] {
            let found = equipment_impairment(coding, percent, burst_ratio);
            let case = format!("{coding:?} {percent} % {burst_ratio}");
            assert!((found - expected).abs() < 0.01, "{case}: {found}, not {expected}");
        }
    }

    #[test]
    fn delay_impairs_by_echo_and_by_waiting() {
        // ITU-T G.107 §7.4 with TELR 65 and WEPL 110: Ta in ms, Idte, Idle, Idd
        for (ta, idte, idle, idd) in [
            (0.0, 0.0, 0.15, 0.0),
            (20.0, 0.39, 0.43, 0.0),
            (100.0, 1.96, 0.73, 0.0),
            (101.0, 1.98, 0.73, 0.0),
            (150.0, 2.81, 0.84, 0.16),
            (200.0, 3.57, 0.94, 3.04),
            (250.0, 4.24, 1.02, 8.92),
            (300.0, 4.83, 1.09, 14.76),
            (400.0, 5.81, 1.23, 24.07),
            (500.0, 6.56, 1.35, 30.64),
        ] {
            let found = [talker_echo(ta), listener_echo(2.0 * ta), absolute_delay(ta)];
            let close = found.iter().zip([idte, idle, idd]).all(|(a, b)| (a - b).abs() < 0.006);
            assert!(close, "{ta} ms: {found:?}, not {:?}", [idte, idle, idd]);
        }
    }

    #[test]
    fn whole_paths_have_the_ratings_of_the_whole_formula() {
        // ITU-T G.107, eq. 7-1, all terms computed on their own
        let check =
            |path: Path, expected| assert_eq!(tenths_and_hundredths(path), Some(expected), "{path:?}");
        for (delay_ms, expected) in
            [(100, (907, 435)), (150, (895, 433)), (200, (858, 422)), (300, (727, 372)), (400, (622, 322))]
        {
            check(path(Coding::G711, 500, 0, delay_ms), expected);
        }
        check(path(Coding::G711, 99, 1, 250), (755, 384));
        check(path(Coding::G711Bare, 95, 5, 400), (112, 105));
        check(path(Coding::G711, 97, 3, 0), (831, 413));
        let losses = Losses { received: 9_800, lost: 200, bursts: 131 };
        check(Path { coding: Coding::G711, losses, delay: Duration::from_millis(150) }, (824, 411));
    }

    #[test]
    fn the_constants_are_what_the_default_values_give() {
        // ITU-T G.107 §7.2, §7.3, table 2
        let power = |db: f64| 10f64.powf(db / 10.0);
        let (slr, rlr, olr, stmr, lstr) = (8.0, 2.0, 10.0, 15.0, 18.0);
        let (ps, pr, ds): (f64, f64, f64) = (35.0, 35.0, 3.0);
        let nos = ps - slr - ds - 100.0 + 0.004 * (ps - olr - ds - 14.0).powi(2);
        let pre = pr + 10.0 * (1.0 + power(10.0 - lstr)).log10();
        let nor = rlr - 121.0 + pre + 0.008 * (pre - 35.0).powi(2);
        let no = 10.0 * (power(-70.0) + power(nos) + power(nor) + power(-64.0 + rlr)).log10();
        let ro = 15.0 - 1.5 * (slr + no);
        let xolr = olr + 0.2 * (64.0 + no - rlr);
        let iolr = 20.0 * ((1.0 + (xolr / 8.0).powi(8)).powf(1.0 / 8.0) - xolr / 8.0);
        let stmro = -10.0 * (power(-stmr) + power(-65.0)).log10();
        let ist = 12.0 * (1.0 + ((stmro - 13.0) / 6.0).powi(8)).powf(1.0 / 8.0)
            - 28.0 * (1.0 + ((stmro + 1.0) / 19.4).powi(35)).powf(1.0 / 35.0)
            - 13.0 * (1.0 + ((stmro - 3.0) / 33.0).powi(13)).powf(1.0 / 13.0)
            + 29.0;
        let q = 37.0;
        let g = 1.07 + 0.258 * q + 0.0602 * q * q;
        let (y, z) = ((ro - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0, 46.0 / 30.0 - g / 40.0);
        let iq = 15.0 * (1.0 + 10f64.powf(y) + 10f64.powf(z)).log10();
        let found = [no, ro, ro - iolr - ist - iq];
        for (found, constant) in found.into_iter().zip([NOISE_DBM0P, SIGNAL_TO_NOISE, UNDELAYED]) {
            assert!((found - constant).abs() < 0.000_1, "{found}, not {constant}");
        }
    }
}
