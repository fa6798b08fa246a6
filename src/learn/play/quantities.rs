//! What a check can ask about, as numbers.

use crate::learn::expression::Answer;
use crate::learn::lesson::vocabulary::QUANTITIES;

/// One field a name of [`QUANTITIES`]; no number where it is not known, so that no check on it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantities {
    pub points: f64,
    pub added: f64,
    pub removed: f64,
    pub steps: f64,
    /// The probe's parameters.
    pub at: [f64; 2],
    pub mean: f64,
    /// Against the best mean of the slice.
    pub mean_lost: f64,
    pub sd: f64,
    /// Largest on the slice.
    pub widest: f64,
    pub prior_sd: f64,
    pub z: f64,
    pub ei: f64,
    pub exploitation: f64,
    pub exploration: f64,
    pub pi: f64,
    pub ucb: f64,
    /// The next point's parameters.
    pub next: [f64; 2],
    pub gap: f64,
    pub nearest: f64,
    pub here: f64,
    pub jumps: f64,
    pub best: f64,
    pub regret: f64,
    pub evidence: f64,
    pub evidence_lost: f64,
    pub lengthscale: f64,
    pub noise: f64,
    pub nu: f64,
    pub xi: f64,
    pub beta: f64,
    pub samples: f64,
    pub trial: f64,
    pub score: f64,
    pub kernel: String,
    pub acquisition: String,
    pub sign: &'static str,
    pub truth: bool,
}

impl Default for Quantities {
    fn default() -> Self {
        let unknown = f64::NAN;
        Self {
            points: 0.0,
            added: 0.0,
            removed: 0.0,
            steps: 0.0,
            at: [unknown; 2],
            mean: unknown,
            mean_lost: unknown,
            sd: unknown,
            widest: unknown,
            prior_sd: unknown,
            z: unknown,
            ei: unknown,
            exploitation: unknown,
            exploration: unknown,
            pi: unknown,
            ucb: unknown,
            next: [unknown; 2],
            gap: unknown,
            nearest: unknown,
            here: 0.0,
            jumps: 0.0,
            best: unknown,
            regret: unknown,
            evidence: unknown,
            evidence_lost: unknown,
            lengthscale: unknown,
            noise: unknown,
            nu: unknown,
            xi: unknown,
            beta: unknown,
            samples: 0.0,
            trial: unknown,
            score: unknown,
            kernel: String::new(),
            acquisition: String::new(),
            sign: "right",
            truth: false,
        }
    }
}

impl Quantities {
    /// What stands for name `i` of [`QUANTITIES`].
    #[must_use]
    pub fn answer(&self, i: usize) -> Answer {
        QUANTITIES
            .get(i)
            .and_then(|(name, _)| self.named(name))
            .unwrap_or(Answer::Number(f64::NAN))
    }

    fn named(&self, name: &str) -> Option<Answer> {
        Some(Answer::Number(match name {
            "points" => self.points,
            "added" => self.added,
            "removed" => self.removed,
            "steps" => self.steps,
            "x1" => self.at[0],
            "x2" => self.at[1],
            "mean" => self.mean,
            "mean_lost" => self.mean_lost,
            "sd" => self.sd,
            "widest" => self.widest,
            "prior_sd" => self.prior_sd,
            "z" => self.z,
            "ei" => self.ei,
            "exploitation" => self.exploitation,
            "exploration" => self.exploration,
            "pi" => self.pi,
            "ucb" => self.ucb,
            "next1" => self.next[0],
            "next2" => self.next[1],
            "gap" => self.gap,
            "nearest" => self.nearest,
            "here" => self.here,
            "jumps" => self.jumps,
            "best" => self.best,
            "regret" => self.regret,
            "evidence" => self.evidence,
            "evidence_lost" => self.evidence_lost,
            "lengthscale" => self.lengthscale,
            "noise" => self.noise,
            "nu" => self.nu,
            "xi" => self.xi,
            "beta" => self.beta,
            "samples" => self.samples,
            "trial" => self.trial,
            "score" => self.score,
            "kernel" => return Some(Answer::Text(self.kernel.clone())),
            "acquisition" => return Some(Answer::Text(self.acquisition.clone())),
            "sign" => return Some(Answer::Text(self.sign.to_owned())),
            "truth" => return Some(Answer::Truth(self.truth)),
            _ => return None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_vocabulary_has_an_answer() {
        let quantities = Quantities::default();
        for (name, _) in QUANTITIES {
            assert!(quantities.named(name).is_some(), "{name}");
        }
        assert_eq!(quantities.named("nothing"), None);
    }

    #[test]
    fn what_is_not_known_makes_no_check_hold() {
        let names: Vec<&str> = QUANTITIES.iter().map(|(name, _)| *name).collect();
        for check in ["sd < 1", "sd >= 1", "sd != 1", "ei == ei"] {
            let check = crate::learn::expression::Expression::parse(check, &names).unwrap();
            assert!(!check.holds(&|i| Quantities::default().answer(i)), "{check}");
        }
    }
}
