//! The guessing game: place the next point before the model shows its own, say what you expect, and see.
//!
//! A place is worth the share of the space that it beats, in points from 0 to 100: a place at random is worth 50 in
//! expectation, the best possible 100, whatever the function. What is expected is said as a band that should hold the
//! value four times in five, and is scored by the interval score, together with the model's band at the same place.

use std::sync::Arc;

use serde::Serialize;

use super::race::Course;
use crate::acquisition::sobol::Sobol;
use crate::analysis::Prediction;
use crate::study::{Configuration, Direction, Encoder, Value};

/// Places against which a place is measured.
const PLACES: usize = 512;
/// A band should hold the value with this probability.
pub const COVERAGE: f64 = 0.8;
/// `Φ⁻¹(0.9)`: half of such a band of a normal, in standard deviations.
const HALF_WIDTH: f64 = 1.281_551_565_544_600_4;
/// What a place at random is worth in expectation, and the best.
pub const AT_RANDOM: f64 = 50.0;
pub const BEST: f64 = 100.0;

/// A band and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    pub low: f64,
    pub high: f64,
}

impl Band {
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }

    /// `S = (u − l) + (2/α)(l − y)⁺ + (2/α)(y − u)⁺` with `α = 1 − COVERAGE`: smaller is better, and in expectation the
    /// true quantiles are best (Gneiting & Raftery 2007, eq. 43).
    #[must_use]
    pub fn score(&self, value: f64) -> f64 {
        let miss = (self.low - value).max(0.0) + (value - self.high).max(0.0);
        (self.high - self.low) + 2.0 / (1.0 - COVERAGE) * miss
    }

    /// The band of a prediction for an observation: its 68 % ends, stretched to [`COVERAGE`] and by the noise.
    #[must_use]
    pub fn of(p: &Prediction) -> Self {
        let noisier = if p.sd > 0.0 { p.sd_observed / p.sd } else { 1.0 };
        let stretch = HALF_WIDTH * noisier;
        Self {
            low: p.mean - (p.mean - p.low68) * stretch,
            high: p.mean + (p.high68 - p.mean) * stretch,
        }
    }
}

/// One placed point. Values are in the function's units.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    pub guess: Configuration,
    /// The band that was expected; `None`: none was said.
    pub band: Option<Band>,
    /// What the model would have chosen.
    pub picked: Configuration,
    /// The model's band at the guess.
    pub model_band: Option<Band>,
    /// What an evaluation at the guess gives, with its noise; `None`: it fails.
    pub value: Option<f64>,
    /// Points of the guess and of the model's pick.
    pub points: f64,
    pub picked_points: f64,
    /// The model's share of its best EI that it saw in the guess.
    pub ei_share: Option<f64>,
}

/// Where the game stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A point is to be placed; the model is hidden.
    Placing,
    /// The last round is laid open.
    Revealed,
}

/// A game on a course.
#[derive(Clone, Debug)]
pub struct Game {
    pub course: Arc<dyn Course>,
    /// What it is played on, in words.
    pub ground: String,
    pub of: usize,
    pub rounds: Vec<Round>,
    pub stage: Stage,
    /// True values at places spread over the space, the worst first.
    ladder: Vec<f64>,
}

/// A game in sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    pub rounds: usize,
    /// Mean points.
    pub you: f64,
    pub model: f64,
    /// Bands that were said and could be judged, and how many held the value.
    pub bands: usize,
    pub held: usize,
    /// Mean interval scores of these bands and of the model's at the same places; smaller is better.
    pub band_score: f64,
    pub model_band_score: f64,
    pub model_held: usize,
}

impl Game {
    #[must_use]
    pub fn new(course: Arc<dyn Course>, ground: String, of: usize, seed: u64) -> Self {
        let encoder = Encoder::new(course.space());
        let mut sobol = Sobol::new(encoder.dims(), seed);
        let sign = course.direction().sign();
        let mut ladder: Vec<f64> = (0..PLACES)
            .map(|_| {
                let unit = sobol.next_point();
                let point: Vec<f64> = (encoder.axes().zip(unit))
                    .map(|(axis, u)| axis.at_position(u))
                    .collect();
                encoder.decode(&encoder.snap(&point).0)
            })
            .map(|c| course.truth(&c).map_or(f64::NEG_INFINITY, |v| sign * v))
            .collect();
        ladder.sort_by(f64::total_cmp);
        Self {
            course,
            ground,
            of: of.max(1),
            rounds: Vec::new(),
            stage: Stage::Placing,
            ladder,
        }
    }

    /// What a place is worth: the share of the space that it beats, in points; equals count half.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of some hundred places")]
    pub fn points(&self, configuration: &[Value]) -> f64 {
        let Some(truth) = self.course.truth(configuration) else {
            return 0.0;
        };
        let value = self.course.direction().sign() * truth;
        let below = self.ladder.partition_point(|v| *v < value);
        let up_to = self.ladder.partition_point(|v| *v <= value);
        let beaten = below as f64 + (up_to - below) as f64 / 2.0;
        BEST * beaten / self.ladder.len().max(1) as f64
    }

    /// Lays a round open. `picked`: the model's choice from the same data; `predicted`: what it expects of the guess.
    pub fn place(
        &mut self,
        guess: Configuration,
        band: Option<Band>,
        picked: Configuration,
        predicted: Option<&Prediction>,
        ei_share: Option<f64>,
        number: u64,
    ) {
        let round = Round {
            points: self.points(&guess),
            picked_points: self.points(&picked),
            value: self.course.observe(&guess, number),
            model_band: predicted.map(Band::of),
            band,
            picked,
            ei_share,
            guess,
        };
        self.rounds.push(round);
        self.stage = Stage::Revealed;
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Revealed && self.rounds.len() >= self.of
    }

    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.stage == Stage::Placing
    }

    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "few rounds")]
    pub fn score(&self) -> Score {
        let n = self.rounds.len();
        let mean = |sum: f64, n: usize| if n == 0 { 0.0 } else { sum / n as f64 };
        let judged: Vec<(Band, Band, f64)> = (self.rounds.iter())
            .filter_map(|r| Some((r.band?, r.model_band?, r.value?)))
            .collect();
        let bands = judged.len();
        Score {
            rounds: n,
            you: mean(self.rounds.iter().map(|r| r.points).sum(), n),
            model: mean(self.rounds.iter().map(|r| r.picked_points).sum(), n),
            bands,
            held: judged.iter().filter(|(b, _, y)| b.holds(*y)).count(),
            model_held: judged.iter().filter(|(_, m, y)| m.holds(*y)).count(),
            band_score: mean(judged.iter().map(|(b, _, y)| b.score(*y)).sum(), bands),
            model_band_score: mean(judged.iter().map(|(_, m, y)| m.score(*y)).sum(), bands),
        }
    }

    /// The verdict on the bands, in words; `None`: none was said.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "few rounds")]
    pub fn calibration(&self) -> Option<&'static str> {
        let score = self.score();
        if score.bands == 0 {
            return None;
        }
        let share = score.held as f64 / score.bands as f64;
        // One band more or less proves nothing.
        let slack = 1.0 / score.bands as f64;
        Some(if share + slack < COVERAGE {
            "too sure of yourself: the bands were too narrow"
        } else if score.held == score.bands
            && score.bands >= 5
            && score.band_score > 2.0 * score.model_band_score
        {
            "too careful: the bands were wider than they had to be"
        } else {
            "well calibrated, as far as so few bands can tell"
        })
    }

    /// The game as it is saved.
    #[must_use]
    pub fn record(&self, when: f64) -> serde_json::Value {
        let space = self.course.space();
        let round = |r: &Round| {
            serde_json::json!({
                "guess": space.configuration_to_json(&r.guess),
                "band": r.band,
                "picked": space.configuration_to_json(&r.picked),
                "model_band": r.model_band,
                "value": r.value,
                "points": r.points,
                "picked_points": r.picked_points,
                "ei_share": r.ei_share,
            })
        };
        serde_json::json!({
            "version": 1,
            "when": when,
            "ground": self.ground,
            "direction": match self.course.direction() {
                Direction::Minimize => "minimize",
                Direction::Maximize => "maximize",
            },
            "score": self.score(),
            "rounds": self.rounds.iter().map(round).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::function::Function;

    fn game() -> Game {
        let function = Function::named("forrester").unwrap();
        Game::new(Arc::new(function), "Forrester".to_owned(), 3, 1)
    }

    fn at(x: f64) -> Configuration {
        vec![Value::Float(x)]
    }

    #[test]
    fn a_place_is_worth_the_share_of_the_space_it_beats() {
        let game = game();
        let best = game
            .course
            .optimum()
            .map(|_| Function::named("forrester").unwrap().minimizers[0].clone());
        assert!(game.points(&best.unwrap()) > 99.0);
        assert!(game.points(&at(1.0)) < 1.0, "the worst end");
        let mean: f64 = (0..1000)
            .map(|i| game.points(&at((f64::from(i) + 0.5) / 1000.0)))
            .sum::<f64>()
            / 1000.0;
        assert!((mean - AT_RANDOM).abs() < 0.5, "{mean}");
    }

    #[test]
    fn the_interval_score_is_least_in_expectation_at_the_true_quantiles() {
        // A standard normal, by its quantiles.
        let draws: Vec<f64> = (0..4000)
            .map(|i| crate::acquisition::normal::quantile((f64::from(i) + 0.5) / 4000.0))
            .collect();
        let expected = |half: f64| {
            let band = Band {
                low: -half,
                high: half,
            };
            draws.iter().map(|y| band.score(*y)).sum::<f64>()
        };
        let true_half = expected(HALF_WIDTH);
        for half in [0.5, 1.0, 1.2, 1.4, 2.0, 3.0] {
            assert!(expected(half) > true_half, "{half}");
        }
        let band = Band { low: 1.0, high: 2.0 };
        assert!((band.score(1.5) - 1.0).abs() < 1e-12);
        assert!((band.score(2.5) - (1.0 + 10.0 * 0.5)).abs() < 1e-12);
    }

    #[test]
    fn rounds_add_up_and_the_record_holds_them() {
        let mut game = game();
        assert!(game.is_blind());
        let p = Prediction {
            mean: 0.0,
            sd: 1.0,
            sd_observed: 2.0,
            low68: -1.0,
            high68: 1.0,
            low95: -2.0,
            high95: 2.0,
            model_mean: 0.0,
            model_sd: 1.0,
            model_incumbent: 0.0,
            p_ok: None,
            p_feasible: None,
        };
        for k in 0..3 {
            game.stage = Stage::Placing;
            let band = (k < 2).then_some(Band {
                low: -30.0,
                high: 30.0,
            });
            game.place(at(0.3 * f64::from(k)), band, at(0.75), Some(&p), Some(0.5), 0);
        }
        assert!(game.is_over());
        let score = game.score();
        assert_eq!((score.rounds, score.bands, score.held), (3, 2, 2));
        assert!(score.model > score.you);
        let model_band = game.rounds[0].model_band.unwrap();
        assert!((model_band.high - 2.0 * HALF_WIDTH).abs() < 1e-12);
        let record = game.record(7.0);
        assert_eq!(record["rounds"].as_array().map(Vec::len), Some(3));
        assert_eq!(record["rounds"][0]["guess"]["x"].as_f64(), Some(0.0));
        assert!(game.calibration().is_some());
    }
}
