//! AdamW and the learning-rate schedules.

use super::model::Layout;

/// Shape of the learning rate after the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    Linear,
    Cosine,
    Constant,
}

impl Scheduler {
    pub const ALL: [Self; 3] = [Self::Linear, Self::Cosine, Self::Constant];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Cosine => "cosine",
            Self::Constant => "constant",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// The factor on the learning rate at `step` of `steps`.
    ///
    /// With `w` warm-up steps: `(step + 1)/w` while `step < w`; then, with
    /// `p = (step − w)/(steps − w)`, `1 − p` (linear), `½(1 + cos πp)` (cosine) or 1 (constant).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "step counts are small")]
    pub fn factor(self, step: usize, warmup: usize, steps: usize) -> f64 {
        if step < warmup {
            return (step + 1) as f64 / warmup as f64;
        }
        let progress = (step - warmup) as f64 / steps.saturating_sub(warmup).max(1) as f64;
        match self {
            Self::Linear => 1.0 - progress,
            Self::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
            Self::Constant => 1.0,
        }
    }
}

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).
///
/// ```text
/// m ← β₁m + (1 − β₁)g        v ← β₂v + (1 − β₂)g²
/// w ← w − η( m̂/(√v̂ + ε) + λw )     m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)
/// ```
/// β₁ = 0.9, β₂ = 0.999, ε = 1e-8; λ acts on matrices only. Gradients are not clipped. Checked by
/// `an_optimizer_step_agrees_with_one_worked_by_hand`.
#[derive(Debug)]
pub struct AdamW {
    first: Vec<f32>,
    second: Vec<f32>,
    /// `(start, end, whether λ acts)`
    spans: Vec<(usize, usize, bool)>,
    weight_decay: f32,
    steps: i32,
}

impl AdamW {
    /// For the layers `frozen..` of a network.
    #[must_use]
    pub fn new(layout: &Layout, frozen: usize, weight_decay: f64) -> Self {
        let spans = layout
            .parts()
            .iter()
            .filter(|p| p.layer >= frozen)
            .map(|p| (p.range().start, p.range().end, p.decays))
            .collect();
        #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
        let weight_decay = weight_decay as f32;
        Self {
            first: vec![0.0; layout.len()],
            second: vec![0.0; layout.len()],
            spans,
            weight_decay,
            steps: 0,
        }
    }

    /// One step with learning rate `rate`; weights outside the trained layers stay untouched.
    #[expect(clippy::cast_possible_truncation, reason = "single precision is meant")]
    pub fn step(&mut self, rate: f64, gradient: &[f32], weights: &mut [f32]) {
        self.steps += 1;
        let rate = rate as f32;
        let correct1 = (1.0 - f64::from(BETA1).powi(self.steps)) as f32;
        let correct2 = (1.0 - f64::from(BETA2).powi(self.steps)) as f32;
        for &(start, end, decays) in &self.spans {
            let decay = if decays { self.weight_decay } else { 0.0 };
            let moments = self.first[start..end]
                .iter_mut()
                .zip(&mut self.second[start..end]);
            for ((w, &g), (m, v)) in weights[start..end]
                .iter_mut()
                .zip(&gradient[start..end])
                .zip(moments)
            {
                *m = BETA1 * *m + (1.0 - BETA1) * g;
                *v = BETA2 * *v + (1.0 - BETA2) * g * g;
                let direction = (*m / correct1) / ((*v / correct2).sqrt() + EPSILON);
                *w -= rate * (direction + decay * *w);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::model::Shape;

    #[test]
    fn the_factor_follows_its_formulas() {
        let at = |s: Scheduler, step| s.factor(step, 10, 110);
        for scheduler in Scheduler::ALL {
            assert_eq!(at(scheduler, 0), 0.1);
            assert_eq!(at(scheduler, 9), 1.0);
            assert_eq!(at(scheduler, 10), 1.0);
        }
        assert_eq!(at(Scheduler::Linear, 60), 0.5);
        assert!((at(Scheduler::Linear, 109) - 0.01).abs() < 1e-15);
        assert!((at(Scheduler::Cosine, 60) - 0.5).abs() < 1e-15);
        assert!((at(Scheduler::Cosine, 35) - 0.853_553_390_593_273_8).abs() < 1e-15);
        assert_eq!(at(Scheduler::Constant, 109), 1.0);
        assert_eq!(Scheduler::Linear.factor(0, 0, 4), 1.0);
    }

    #[test]
    fn an_optimizer_step_agrees_with_one_worked_by_hand() {
        let shape = Shape {
            vocabulary: 2,
            context: 1,
            embedding: 1,
            hidden: 2,
            inner: 2,
            blocks: 0,
        };
        let layout = Layout::new(shape);
        let bias = layout.parts().iter().position(|p| !p.decays).unwrap();
        let (matrix, bias) = (layout.parts()[0].start, layout.parts()[bias].start);
        let mut weights = vec![0.0; layout.len()];
        let mut gradient = vec![0.0; layout.len()];
        (weights[matrix], gradient[matrix]) = (2.0, 0.5);
        (weights[bias], gradient[bias]) = (2.0, -0.5);
        let mut adam = AdamW::new(&layout, 0, 0.1);
        // Step 1: m̂ = g and v̂ = g², so the direction is the sign; 2 − 0.01·(1 + 0.1·2) = 1.988.
        adam.step(0.01, &gradient, &mut weights);
        assert!((weights[matrix] - 1.988).abs() < 1e-6, "{}", weights[matrix]);
        assert!((weights[bias] - 2.01).abs() < 1e-6, "{}", weights[bias]);
        // Step 2 with g = −0.25: m = 0.9·0.05 − 0.025 = 0.02, m̂ = 0.02/0.19;
        // v = 0.999·0.00025 + 0.0000625 = 0.00031225, v̂ = v/0.001999; direction 0.266337.
        gradient[matrix] = -0.25;
        adam.step(0.01, &gradient, &mut weights);
        let expected = 1.988 - 0.01 * (0.266_337 + 0.1 * 1.988);
        assert!((weights[matrix] - expected).abs() < 1e-6, "{}", weights[matrix]);
    }

    #[test]
    fn frozen_layers_keep_their_weights() {
        let shape = Shape {
            vocabulary: 3,
            context: 2,
            embedding: 2,
            hidden: 4,
            inner: 4,
            blocks: 2,
        };
        let layout = Layout::new(shape);
        let mut weights = vec![1.0; layout.len()];
        AdamW::new(&layout, 2, 0.1).step(0.1, &vec![1.0; layout.len()], &mut weights);
        let first = layout.first_of_layer(2);
        assert!(first > 0);
        assert!(weights[..first].iter().all(|&w| w == 1.0));
        assert!(weights[first..].iter().all(|&w| w < 1.0));
    }
}
