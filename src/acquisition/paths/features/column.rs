//! The columns that inputs are embedded in: numbers through their warps, choices, circles.

/// A column of the embedded inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Column {
    Number(Number),
    /// Whether the input is this choice.
    Choice {
        input: usize,
        choice: usize,
    },
    /// Cosine or sine of `2πx/p`: on the circle, a periodic kernel is an RBF.
    Circle {
        number: Number,
        period: f64,
        is_sine: bool,
    },
}

/// An input, through the warps around its leaf (the outermost first).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) input: usize,
    pub(super) warps: Vec<(f64, f64)>,
}

impl Number {
    /// The warped value and its derivative by the input.
    fn at(&self, x: f64) -> (f64, f64) {
        self.warps.iter().fold((x, 1.0), |(x, slope), (a, b)| {
            let u = x.clamp(1e-6, 1.0 - 1e-6);
            let rest = 1.0 - u.powf(*a);
            let own = if u == x {
                a * b * u.powf(a - 1.0) * rest.powf(b - 1.0)
            } else {
                0.0
            };
            (1.0 - rest.powf(*b), slope * own)
        })
    }
}

impl Column {
    pub(super) fn input(&self) -> usize {
        match self {
            Self::Number(number) | Self::Circle { number, .. } => number.input,
            Self::Choice { input, .. } => *input,
        }
    }

    /// The entry and its derivative by the input.
    pub(super) fn at(&self, x: f64) -> (f64, f64) {
        match self {
            Self::Number(number) => number.at(x),
            #[expect(clippy::cast_precision_loss, reason = "few choices")]
            Self::Choice { choice, .. } => (f64::from(u8::from(x == *choice as f64)), 0.0),
            Self::Circle {
                number,
                period,
                is_sine,
            } => {
                let (u, slope) = number.at(x);
                let turn = std::f64::consts::TAU / period;
                let (sine, cosine) = (turn * u).sin_cos();
                if *is_sine {
                    (sine, turn * slope * cosine)
                } else {
                    (cosine, -turn * slope * sine)
                }
            }
        }
    }
}
