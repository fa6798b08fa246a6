//! The scale on which a kernel changes along each input.

use crate::gp::Kernel;

/// The shortest lengthscale that acts on each of `dims` inputs; 1 where none does.
pub fn lengthscales(kernel: &Kernel, dims: usize) -> Vec<f64> {
    let mut scales = vec![f64::INFINITY; dims];
    gather(kernel, &mut scales);
    scales
        .into_iter()
        .map(|l| if l.is_finite() { l } else { 1.0 })
        .collect()
}

fn gather(kernel: &Kernel, scales: &mut [f64]) {
    let mut note = |input: usize, length: f64| {
        if let Some(slot) = scales.get_mut(input) {
            *slot = slot.min(length);
        }
    };
    match kernel {
        Kernel::Constant { .. } | Kernel::Linear { .. } => {}
        Kernel::Rbf { lengthscales, inputs }
        | Kernel::Matern {
            lengthscales, inputs, ..
        }
        | Kernel::RationalQuadratic {
            lengthscales, inputs, ..
        } => each(lengthscales, inputs.as_deref(), &mut note),
        Kernel::Periodic {
            lengthscales,
            periods,
            inputs,
        } => {
            // Close together, sin²(πΔ/p) is (πΔ/p)².
            let lengths: Vec<f64> = lengthscales
                .iter()
                .zip(periods)
                .map(|(l, p)| l * p / std::f64::consts::TAU)
                .collect();
            each(&lengths, inputs.as_deref(), &mut note);
        }
        Kernel::Categorical { lengthscales, inputs } => {
            // The lengthscale at which a mismatch inside a distance would correlate as much.
            #[expect(clippy::cast_precision_loss, reason = "few inputs")]
            let active = lengthscales.len() as f64;
            let lengths: Vec<f64> = lengthscales.iter().map(|l| (0.5 * active * l).sqrt()).collect();
            each(&lengths, inputs.as_deref(), &mut note);
        }
        Kernel::Warp { kernel, .. } => gather(kernel, scales),
        Kernel::Hamming { lengthscale, inputs } => match inputs {
            Some(list) => list.iter().for_each(|&input| note(input, *lengthscale)),
            None => (0..scales.len()).for_each(|input| {
                scales[input] = scales[input].min(*lengthscale);
            }),
        },
        Kernel::Sum(terms) | Kernel::Product(terms) => {
            terms.iter().for_each(|term| gather(term, scales));
        }
    }
}

fn each(lengths: &[f64], inputs: Option<&[usize]>, note: &mut dyn FnMut(usize, f64)) {
    for (k, length) in lengths.iter().enumerate() {
        if let Some(input) = inputs.map_or(Some(k), |list| list.get(k).copied()) {
            note(input, *length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_lengthscale_of_an_input_counts() {
        let kernel = Kernel::Sum(vec![
            Kernel::scaled_matern(1.0, 2.5, vec![0.5, 2.0, 0.3]),
            Kernel::Rbf {
                lengthscales: vec![0.1],
                inputs: Some(vec![1]),
            },
        ]);
        assert_eq!(lengthscales(&kernel, 4), [0.5, 0.1, 0.3, 1.0]);
    }
}
