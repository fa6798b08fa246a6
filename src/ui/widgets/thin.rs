//! Fewer marks where there are thousands: those that say most about what is in hand stay.

/// Marks beyond which a cloud hides what it is drawn over.
const MOST: usize = 300;

/// At most 300 of the items, the heaviest, in their order; of equal ones every k-th.
pub fn thinned<T>(items: &[T], weight: impl Fn(&T) -> f64) -> Vec<&T> {
    let Some(surplus) = items.len().checked_sub(MOST).filter(|n| *n > 0) else {
        return items.iter().collect();
    };
    let mut weights: Vec<f64> = items.iter().map(&weight).collect();
    let (_, limit, _) = weights.select_nth_unstable_by(surplus, f64::total_cmp);
    let limit = *limit;
    let heavier = items
        .iter()
        .filter(|t| weight(t).total_cmp(&limit).is_gt())
        .count();
    let equal = items
        .iter()
        .filter(|t| weight(t).total_cmp(&limit).is_eq())
        .count();
    let stride = equal.div_ceil((MOST - heavier).max(1)).max(1);
    let mut seen = 0;
    items
        .iter()
        .filter(|t| {
            let order = weight(t).total_cmp(&limit);
            if order.is_eq() {
                seen += 1;
                return (seen - 1) % stride == 0;
            }
            order.is_gt()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_stay_and_there_are_never_more_than_can_be_told_apart() {
        let few: Vec<f64> = (0..300).map(f64::from).collect();
        assert_eq!(thinned(&few, |w| *w).len(), 300);
        let many: Vec<f64> = (0..10_000).map(f64::from).collect();
        let kept = thinned(&many, |w| *w);
        assert_eq!(kept.len(), 300);
        assert!(kept.iter().all(|w| **w >= 9700.0));
        let equal = vec![0.5; 10_000];
        let kept = thinned(&equal, |w| *w).len();
        assert!((150..=300).contains(&kept), "{kept}");
        let bad = vec![f64::NAN; 1000];
        assert!(thinned(&bad, |w| *w).len() <= 300);
    }
}
