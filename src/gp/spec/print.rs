//! From a kernel to its notation.

use super::super::Kernel;

/// The kernel in the notation that [`super::parse`] reads; hyperparameters are left out.
#[must_use]
pub fn print(kernel: &Kernel, names: &[&str]) -> String {
    let leaf =
        |name: &str, inputs: &Option<Vec<usize>>| format!("{name}{}", listed(inputs.as_deref(), names));
    match kernel {
        Kernel::Constant { .. } => "constant".to_owned(),
        Kernel::Rbf { inputs, .. } => leaf("rbf", inputs),
        Kernel::Hamming { inputs, .. } => leaf("hamming", inputs),
        Kernel::RationalQuadratic { inputs, .. } => leaf("rq", inputs),
        Kernel::Periodic { inputs, .. } => leaf("periodic", inputs),
        Kernel::Categorical { inputs, .. } => leaf("categorical", inputs),
        #[expect(clippy::float_cmp, reason = "the default, exactly")]
        Kernel::Linear { center, inputs, .. } if *center == 0.5 => leaf("linear", inputs),
        Kernel::Linear { center, inputs, .. } => leaf(&format!("linear(center={center})"), inputs),
        Kernel::Matern { nu, inputs, .. } if nu.is_infinite() => leaf("rbf", inputs),
        Kernel::Matern { nu, inputs, .. } => {
            let named = NAMED_ORDERS.iter().find(|(_, order)| order == nu);
            let head = named.map_or_else(|| format!("matern(nu={nu})"), |(name, _)| (*name).to_owned());
            leaf(&head, inputs)
        }
        Kernel::Warp { inputs, kernel, .. } => leaf(&format!("warp({})", print(kernel, names)), inputs),
        Kernel::Sum(terms) => {
            let parts: Vec<String> = terms.iter().map(|t| print(t, names)).collect();
            parts.join(" + ")
        }
        Kernel::Product(factors) => {
            let parts: Vec<String> = factors
                .iter()
                .map(|f| match f {
                    Kernel::Sum(_) => format!("({})", print(f, names)),
                    _ => print(f, names),
                })
                .collect();
            parts.join("*")
        }
    }
}

pub(super) const NAMED_ORDERS: [(&str, f64); 4] = [
    ("matern12", 0.5),
    ("matern32", 1.5),
    ("matern52", 2.5),
    ("matern72", 3.5),
];

fn listed(inputs: Option<&[usize]>, names: &[&str]) -> String {
    let Some(inputs) = inputs else {
        return String::new();
    };
    let quoted = |j: &usize| {
        let name = names.get(*j).map_or_else(|| j.to_string(), |n| (*n).to_owned());
        let plain = !name.is_empty() && name.trim() == name && !name.contains([',', ']', '"']);
        if plain {
            name
        } else {
            format!("\"{}\"", name.replace('"', "\"\""))
        }
    };
    format!("[{}]", inputs.iter().map(quoted).collect::<Vec<_>>().join(","))
}
