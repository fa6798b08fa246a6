//! Factorisations and triangular solves on nalgebra's memory, done by faer.
//!
//! Single-threaded: at these sizes a second thread costs more than it brings, and the caller has its own.

use std::sync::Arc;

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::matmul;
use faer::linalg::matmul::triangular::{BlockStructure, matmul as triangular_matmul};
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::prelude::{Reborrow, ReborrowMut};
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector};

/// Work space of factorisations of one size.
pub(crate) struct Work {
    cholesky: MemBuffer,
    inverse: MemBuffer,
}

impl Work {
    pub(crate) fn new(n: usize) -> Self {
        Self {
            cholesky: MemBuffer::new(llt::factor::cholesky_in_place_scratch::<f64>(
                n,
                Par::Seq,
                faer::Spec::default(),
            )),
            inverse: MemBuffer::new(llt::inverse::inverse_scratch::<f64>(n, Par::Seq)),
        }
    }
}

fn view(a: &[f64], rows: usize, cols: usize) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(a, rows, cols)
}

fn view_mut(a: &mut [f64], rows: usize, cols: usize) -> MatMut<'_, f64> {
    MatMut::from_column_major_slice_mut(a, rows, cols)
}

/// The lower triangle of `a` (n × n) becomes its Cholesky factor; the upper one is left alone. `false`
/// where a pivot is not a finite number above the rounding of the largest, `n ε max L_ii²`: such a pivot is noise, and
/// what is divided by it is, too.
pub(crate) fn cholesky(a: &mut [f64], n: usize, work: &mut Work) -> bool {
    if n == 0 {
        return true;
    }
    let stack = MemStack::new(&mut work.cholesky);
    let done = llt::factor::cholesky_in_place(
        view_mut(a, n, n),
        llt::factor::LltRegularization::default(),
        Par::Seq,
        stack,
        faer::Spec::default(),
    );
    let pivot = |i: usize| a[i * n + i] * a[i * n + i];
    let largest = (0..n).map(pivot).fold(0.0, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let rounding = n as f64 * f64::EPSILON * largest;
    done.is_ok() && (0..n).all(|i| pivot(i).is_finite() && pivot(i) > rounding)
}

/// The lower triangle of `out` becomes that of `(L Lᵀ)⁻¹`.
pub(crate) fn inverse_lower(out: &mut [f64], l: &[f64], n: usize, work: &mut Work) {
    if n > 0 {
        let stack = MemStack::new(&mut work.inverse);
        llt::inverse::inverse(view_mut(out, n, n), view(l, n, n), Par::Seq, stack);
    }
}

/// Copies the lower triangle onto the upper one.
pub(crate) fn mirror(a: &mut [f64], n: usize) {
    // Tiles keep both sides in the cache.
    const TILE: usize = 32;
    for jb in (0..n).step_by(TILE) {
        for ib in (jb..n).step_by(TILE) {
            for j in jb..(jb + TILE).min(n) {
                for i in ib.max(j + 1)..(ib + TILE).min(n) {
                    a[i * n + j] = a[j * n + i];
                }
            }
        }
    }
}

/// The lower triangle of `out` becomes that of `scale · A Aᵀ`, `A` n × n.
pub(crate) fn gram_lower(out: &mut [f64], a: &[f64], n: usize, scale: f64) {
    let a = view(a, n, n);
    triangular_matmul(
        view_mut(out, n, n),
        BlockStructure::TriangularLower,
        Accum::Replace,
        a,
        BlockStructure::Rectangular,
        a.transpose(),
        BlockStructure::Rectangular,
        scale,
        Par::Seq,
    );
}

/// `b ← L⁻¹ b` for the lower triangle of `l` (n × n) and `b` (n × m).
pub(crate) fn solve_lower(l: &[f64], n: usize, b: &mut [f64], m: usize) {
    if n > 0 && m > 0 {
        solve_lower_triangular_in_place(view(l, n, n), view_mut(b, n, m), Par::Seq);
    }
}

/// `b ← L⁻ᵀ b`.
pub(crate) fn solve_lower_transposed(l: &[f64], n: usize, b: &mut [f64], m: usize) {
    if n > 0 && m > 0 {
        solve_upper_triangular_in_place(view(l, n, n).transpose(), view_mut(b, n, m), Par::Seq);
    }
}

/// A Cholesky factor that grows by rows without copying what is there:
/// `L = [[base, 0], [side, corner]]`.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    base: Arc<DMatrix<f64>>,
    side: DMatrix<f64>,
    corner: DMatrix<f64>,
}

impl Factor {
    /// Of a matrix whose lower triangle is a factor already.
    pub(crate) fn from_lower(l: DMatrix<f64>) -> Self {
        let n = l.nrows();
        Self {
            base: Arc::new(l),
            side: DMatrix::zeros(0, n),
            corner: DMatrix::zeros(0, 0),
        }
    }

    pub(crate) fn n(&self) -> usize {
        self.base.nrows() + self.corner.nrows()
    }

    /// Rows added since the factorisation.
    pub(crate) fn grown(&self) -> usize {
        self.corner.nrows()
    }

    /// The factor with one more row `(l, diagonal)`, `l = L⁻¹ k`.
    pub(crate) fn grow(&self, l: &[f64], diagonal: f64) -> Self {
        let (n, m) = (self.base.nrows(), self.grown());
        let mut side = self.side.clone().resize_vertically(m + 1, 0.0);
        for j in 0..n {
            side[(m, j)] = l[j];
        }
        let mut corner = self.corner.clone().resize(m + 1, m + 1, 0.0);
        for j in 0..m {
            corner[(m, j)] = l[n + j];
        }
        corner[(m, m)] = diagonal;
        Self {
            base: Arc::clone(&self.base),
            side,
            corner,
        }
    }

    /// `Σ ln L_ii`.
    pub(crate) fn half_log_det(&self) -> f64 {
        let sum = |a: &DMatrix<f64>| a.diagonal().iter().map(|v| v.ln()).sum::<f64>();
        sum(&self.base) + sum(&self.corner)
    }

    /// `b ← L⁻¹ b`.
    pub(crate) fn solve(&self, b: &mut DMatrix<f64>) {
        if self.grown() == 0 {
            let m = b.ncols();
            return solve_lower(self.base.as_slice(), self.base.nrows(), b.as_mut_slice(), m);
        }
        let (n, m, cols) = (self.base.nrows(), self.grown(), b.ncols());
        if cols == 0 {
            return;
        }
        let mut b = view_mut(b.as_mut_slice(), n + m, cols);
        let (mut top, mut bottom) = b.rb_mut().split_at_row_mut(n);
        if n > 0 {
            solve_lower_triangular_in_place(view(self.base.as_slice(), n, n), top.rb_mut(), Par::Seq);
            let side = view(self.side.as_slice(), m, n);
            matmul(bottom.rb_mut(), Accum::Add, side, top.rb(), -1.0, Par::Seq);
        }
        solve_lower_triangular_in_place(view(self.corner.as_slice(), m, m), bottom, Par::Seq);
    }

    /// `b ← L⁻ᵀ b`.
    pub(crate) fn solve_transposed(&self, b: &mut DMatrix<f64>) {
        if self.grown() == 0 {
            let m = b.ncols();
            return solve_lower_transposed(self.base.as_slice(), self.base.nrows(), b.as_mut_slice(), m);
        }
        let (n, m, cols) = (self.base.nrows(), self.grown(), b.ncols());
        if cols == 0 {
            return;
        }
        let mut b = view_mut(b.as_mut_slice(), n + m, cols);
        let (mut top, mut bottom) = b.rb_mut().split_at_row_mut(n);
        let corner = view(self.corner.as_slice(), m, m);
        solve_upper_triangular_in_place(corner.transpose(), bottom.rb_mut(), Par::Seq);
        if n > 0 {
            let side = view(self.side.as_slice(), m, n);
            matmul(
                top.rb_mut(),
                Accum::Add,
                side.transpose(),
                bottom.rb(),
                -1.0,
                Par::Seq,
            );
            solve_upper_triangular_in_place(view(self.base.as_slice(), n, n).transpose(), top, Par::Seq);
        }
    }

    /// `L`, with zeros above the diagonal.
    pub(crate) fn assemble(&self) -> DMatrix<f64> {
        let (n, m) = (self.base.nrows(), self.grown());
        let mut l = DMatrix::zeros(n + m, n + m);
        for j in 0..n {
            for i in j..n {
                l[(i, j)] = self.base[(i, j)];
            }
            for i in 0..m {
                l[(n + i, j)] = self.side[(i, j)];
            }
        }
        for j in 0..m {
            for i in j..m {
                l[(n + i, n + j)] = self.corner[(i, j)];
            }
        }
        l
    }

    /// `(L Lᵀ)⁻¹`, both triangles.
    pub(crate) fn inverse(&self) -> DMatrix<f64> {
        let n = self.n();
        let mut out = DMatrix::zeros(n, n);
        let l = self.assemble();
        inverse_lower(out.as_mut_slice(), l.as_slice(), n, &mut Work::new(n));
        mirror(out.as_mut_slice(), n);
        out
    }
}

/// `a · v` for a column-major matrix, in the order of memory.
pub(crate) fn times_transposed(a: &DMatrix<f64>, v: &DVector<f64>) -> Vec<f64> {
    a.column_iter().map(|c| c.dot(v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spd(n: usize) -> DMatrix<f64> {
        DMatrix::from_fn(n, n, |i, j| {
            let d = i as f64 - j as f64;
            (-0.1 * d * d).exp() + if i == j { 0.5 } else { 0.0 }
        })
    }

    #[test]
    fn a_grown_factor_solves_like_one_made_at_once() {
        let a = spd(70);
        let mut base = a.view((0, 0), (66, 66)).into_owned();
        assert!(cholesky(base.as_mut_slice(), 66, &mut Work::new(66)));
        let mut factor = Factor::from_lower(base);
        for r in 66..70 {
            let mut l = a.view((0, r), (r, 1)).into_owned();
            let mut rhs = DMatrix::from_column_slice(r, 1, l.as_slice());
            factor.solve(&mut rhs);
            l.copy_from(&rhs);
            let diagonal = (a[(r, r)] - l.norm_squared()).sqrt();
            factor = factor.grow(l.as_slice(), diagonal);
        }
        let b = DMatrix::from_fn(70, 3, |i, j| ((i * 7 + j * 3) % 11) as f64 - 5.0);
        let mut x = b.clone();
        factor.solve(&mut x);
        factor.solve_transposed(&mut x);
        assert!((&a * x - &b).amax() < 1e-10);
        assert!((factor.inverse() * &a - DMatrix::identity(70, 70)).amax() < 1e-10);
        let l = factor.assemble();
        assert!((&l * l.transpose() - &a).amax() < 1e-12);
    }
}
