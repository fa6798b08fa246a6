//! Whether two looks at a trial show the same.

use crate::study::Trial;

/// Whether two trials show the same.
pub(super) fn is_same(a: &Trial, b: &Trial) -> bool {
    let bits = |x: &f64| x.to_bits();
    let points = |t: &Trial| {
        t.intermediate
            .iter()
            .map(|(s, x)| (*s, x.to_bits()))
            .collect::<Vec<_>>()
    };
    a.id == b.id
        && a.state == b.state
        && a.params == b.params
        && a.values.iter().map(bits).eq(b.values.iter().map(bits))
        && a.intermediate.len() == b.intermediate.len()
        && points(a) == points(b)
        && a.started == b.started
        && a.finished == b.finished
        && a.queue_id == b.queue_id
        && a.attributes == b.attributes
        && a.constraints.iter().map(bits).eq(b.constraints.iter().map(bits))
}
