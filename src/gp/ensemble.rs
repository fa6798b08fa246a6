//! Several posteriors of the same rows: what is left of a Gaussian process when its hyperparameters are averaged over.

use nalgebra::DMatrix;

use super::{Moments, Posterior};

/// Posteriors of the same rows under hyperparameters of equal weight. At least one.
#[derive(Clone, Debug)]
pub struct Ensemble {
    first: Posterior,
    others: Vec<Posterior>,
}

impl Ensemble {
    /// One posterior alone: everything is then what that one says.
    #[must_use]
    pub fn one(posterior: Posterior) -> Self {
        Self {
            first: posterior,
            others: Vec::new(),
        }
    }

    /// Several; `None` without any.
    #[must_use]
    pub fn new(members: Vec<Posterior>) -> Option<Self> {
        let mut members = members.into_iter();
        Some(Self {
            first: members.next()?,
            others: members.collect(),
        })
    }

    /// The members.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Posterior> + Clone {
        Members(std::slice::from_ref(&self.first), &self.others)
    }

    /// Number of members; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// Never: there is at least one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Each member changed in the same way.
    ///
    /// # Errors
    /// The first that fails.
    pub fn map<E>(&self, mut f: impl FnMut(&Posterior) -> Result<Posterior, E>) -> Result<Self, E> {
        Ok(Self {
            first: f(&self.first)?,
            others: self.others.iter().map(f).collect::<Result<_, E>>()?,
        })
    }

    /// Moments of the latent function at the rows of `points` (m × d), hyperparameters averaged over, by the laws of total
    /// expectation and variance: `μ = mean_k μ_k`, `σ² = mean_k σ_k² + mean_k (μ_k − μ)²`.
    #[must_use]
    pub fn predict(&self, points: &DMatrix<f64>) -> Moments {
        if self.others.is_empty() {
            return self.first.predict(points);
        }
        let each: Vec<Moments> = self.members().map(|p| p.predict(points)).collect();
        mixture(&each, points.nrows())
    }

    /// Noise variance of one observation, averaged.
    #[must_use]
    pub fn noise_variance(&self) -> f64 {
        self.members().map(|p| p.model().noise_variance).sum::<f64>() / self.count()
    }

    #[expect(clippy::cast_precision_loss, reason = "a count")]
    fn count(&self) -> f64 {
        self.len() as f64
    }
}

/// Moments of a mixture of equal weights.
fn mixture(each: &[Moments], points: usize) -> Moments {
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let count = each.len() as f64;
    let mut out = Moments::default();
    for i in 0..points {
        let mean = each.iter().map(|m| m.mean[i]).sum::<f64>() / count;
        let within: f64 = each.iter().map(|m| m.variance[i]).sum();
        let between: f64 = each.iter().map(|m| (m.mean[i] - mean).powi(2)).sum();
        out.mean.push(mean);
        out.variance.push((within + between) / count);
    }
    out
}

/// The first, then the others.
#[derive(Clone)]
struct Members<'a>(&'a [Posterior], &'a [Posterior]);

impl<'a> Iterator for Members<'a> {
    type Item = &'a Posterior;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            std::mem::swap(&mut self.0, &mut self.1);
        }
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.0.len() + self.1.len();
        (left, Some(left))
    }
}

impl ExactSizeIterator for Members<'_> {}
