//! How a region's free units are shared among the requests that may grow: partitions (in sectors) and logical
//! volumes (in extents) alike.
//!
//! Source: blivet 3.6–3.14, `partitioning.py`, class `Chunk`. Each round gives every request that still grows the
//! share `base / sum of bases` of what is free, truncated; a request that reaches its limit leaves; the rest of
//! the last round goes to the first that still grows. What is free can be less than nothing (a thin pool that gave
//! up space for its metadata): then the growing requests shrink the same way.

use std::cmp::Ordering::{self, Less};

/// One request in a region: sizes in the region's unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// Units that it has before it grows.
    pub base: u64,
    /// The most it may gain; `None` for no limit of its own.
    pub limit: Option<u64>,
    /// Whether it takes part.
    pub growing: bool,
    /// Units gained; negative if it shrinks.
    pub growth: i64,
}

impl Share {
    /// A request that keeps its size.
    pub(super) fn fixed(base: u64) -> Share {
        Share { base, limit: None, growing: false, growth: 0 }
    }

    /// A request that grows up to `max` units in all (`None`: without limit). One that has reached it stays.
    pub(super) fn growable(base: u64, max: Option<u64>) -> Share {
        let limit = max.map(|m| m.saturating_sub(base));
        Share { base, limit, growing: limit != Some(0), growth: 0 }
    }

    /// Units that it has after it has grown.
    pub(super) fn units(&self) -> u64 {
        self.base.saturating_add_signed(self.growth)
    }
}

/// Shares `pool` free units among the growing requests, in their order. Returns the units that no request could take.
pub(super) fn grow(shares: &mut [Share], mut pool: i64) -> i64 {
    let total: u128 = shares.iter().filter(|s| s.growing).map(|s| u128::from(s.base)).sum();
    let mut base = u64::try_from(total).unwrap_or(u64::MAX);
    let mut last = 0;
    while pool != 0 && last != pool && shares.iter().any(|s| s.growing) {
        last = pool;
        let mut left = base;
        for share in shares.iter_mut().filter(|s| s.growing) {
            let part = truncated_share(share.base, base, last.unsigned_abs());
            let growth = i64::try_from(part).unwrap_or(i64::MAX).saturating_mul(last.signum());
            share.growth = share.growth.saturating_add(growth);
            pool = pool.saturating_sub(growth);
            if trim(share, &mut pool) {
                left = left.saturating_sub(share.base);
            }
        }
        base = left;
    }
    for share in shares.iter_mut().filter(|s| s.growing) {
        if pool == 0 {
            break;
        }
        share.growth = share.growth.saturating_add(pool);
        pool = 0;
        trim(share, &mut pool);
    }
    pool
}

/// Gives back what is beyond the limit; true if the request is done.
fn trim(share: &mut Share, pool: &mut i64) -> bool {
    let limit = share.limit.and_then(|l| i64::try_from(l).ok()).filter(|&l| l > 0);
    match limit {
        Some(limit) if share.growth >= limit => {
            *pool = pool.saturating_add(share.growth - limit);
            share.growth = limit;
            share.growing = false;
            true
        }
        _ => false,
    }
}

/// `int(Decimal(base) / Decimal(total) * pool)` with Python's 28 significant digits: where the exact result is a
/// whole number, the rounding of the quotient can lose one unit.
fn truncated_share(base: u64, total: u64, pool: u64) -> u64 {
    if total == 0 {
        return 0;
    }
    let wide_total = u128::from(total);
    let product = u128::from(base) * u128::from(pool);
    let exact = u64::try_from(product / wide_total).unwrap_or(u64::MAX);
    if product % wide_total != 0 || exact == 0 || base >= total {
        return exact;
    }
    // The quotient's 28 significant digits, by long division.
    let (mut rest, mut exponent, mut digits) = (u128::from(base), 0i32, 0);
    while digits < 28 {
        rest *= 10;
        exponent += 1;
        if digits > 0 || rest >= wide_total {
            digits += 1;
        }
        rest %= wide_total;
        if rest == 0 {
            return exact;
        }
    }
    if rest * 2 >= wide_total {
        return exact; // rounded up: the product is not below the whole number
    }
    // How far the product falls below the whole number, in units of its own 28th digit.
    let lost = (rest as f64 / total as f64) * pool as f64;
    let below = i32::from(is_power_of_ten(exact));
    let places = 28 - decimal_digits(exact) + below - exponent;
    if lost * 10f64.powi(places) > 0.5 { exact - 1 } else { exact }
}

fn decimal_digits(n: u64) -> i32 {
    n.checked_ilog10().map_or(1, |l| l as i32 + 1)
}

fn is_power_of_ten(n: u64) -> bool {
    n.checked_ilog10().is_some_and(|l| 10u64.pow(l) == n)
}

/// The most items that Python sorts by insertion.
const INSERTION: usize = 63;

/// Sorts as Python does up to 63 items: by binary insertion after the run that is already in order. More items are
/// sorted in parts, which are merged.
/// Anaconda's orders of requests are not always transitive, so the way of sorting is part of the result.
pub(super) fn python_sort<T: Copy>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if items.len() <= INSERTION {
        return insertion_sort(items, &compare);
    }
    items.chunks_mut(INSERTION).for_each(|part| insertion_sort(part, &compare));
    let mut sorted = INSERTION;
    while sorted < items.len() {
        let merge = |two: &[T]| {
            let (mut left, mut right) = two.split_at(sorted.min(two.len()));
            let mut merged = Vec::with_capacity(two.len());
            while let ([l, left_rest @ ..], [r, right_rest @ ..]) = (left, right) {
                if compare(r, l) == Less {
                    merged.push(*r);
                    right = right_rest;
                } else {
                    merged.push(*l);
                    left = left_rest;
                }
            }
            merged.extend(left);
            merged.extend(right);
            merged
        };
        let merged: Vec<T> = items.chunks(sorted.saturating_mul(2)).flat_map(merge).collect();
        items.copy_from_slice(&merged);
        sorted = sorted.saturating_mul(2);
    }
}

fn insertion_sort<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    if items.len() < 2 {
        return;
    }
    let mut run = 2;
    if compare(&items[1], &items[0]) == Less {
        while run < items.len() && compare(&items[run], &items[run - 1]) == Less {
            run += 1;
        }
        items[..run].reverse();
    } else {
        while run < items.len() && compare(&items[run], &items[run - 1]) != Less {
            run += 1;
        }
    }
    for next in run..items.len() {
        let (mut left, mut right) = (0, next);
        while left < right {
            let middle = (left + right) / 2;
            if compare(&items[next], &items[middle]) == Less {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        items[left..=next].rotate_right(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_units_go_in_proportion_to_the_base() {
        let mut s = [Share::growable(30, None), Share::growable(10, None), Share::fixed(5)];
        assert_eq!(grow(&mut s, 400), 0);
        assert_eq!(s.each_ref().map(|s| s.growth), [300, 100, 0]);
    }

    #[test]
    fn what_a_limit_gives_back_goes_to_the_others() {
        let mut s = [Share::growable(10, Some(15)), Share::growable(10, None)];
        assert_eq!(grow(&mut s, 100), 0);
        assert_eq!(s.each_ref().map(|s| s.growth), [5, 95]);
    }

    #[test]
    fn the_leftover_goes_to_the_first_that_grows() {
        let mut s = [Share::growable(1, None), Share::growable(1, None), Share::growable(1, None)];
        assert_eq!(grow(&mut s, 4), 0);
        assert_eq!(s.each_ref().map(|s| s.growth), [2, 1, 1]);
    }

    #[test]
    fn rounding_of_a_third_can_lose_a_unit() {
        assert_eq!(truncated_share(1, 3, 3), 0, "0.333… · 3 is below 1 in 28 digits");
        assert_eq!(truncated_share(1, 4, 8), 2);
        assert_eq!(truncated_share(2, 3, 3), 2, "0.666…7 · 3 is above 2");
    }

    #[test]
    fn what_is_missing_is_taken_in_proportion_too() {
        let mut s = [Share::growable(20, None), Share::growable(10, None)];
        assert_eq!(grow(&mut s, -6), 0);
        assert_eq!(s.each_ref().map(|s| s.growth), [-4, -2]);
    }

    #[test]
    fn sorting_keeps_equal_items_in_order() {
        let mut items = [(3, 'a'), (1, 'a'), (3, 'b'), (2, 'a'), (1, 'b')];
        python_sort(&mut items, |a, b| a.0.cmp(&b.0));
        assert_eq!(items, [(1, 'a'), (1, 'b'), (2, 'a'), (3, 'a'), (3, 'b')]);
    }

    proptest::proptest! {
        #[test]
        fn many_items_are_sorted_stably_too(keys in proptest::collection::vec(0u8..50, 0..400)) {
            let mut items: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|(key, _)| *key);
            python_sort(&mut items, |a, b| a.0.cmp(&b.0));
            proptest::prop_assert_eq!(items, expected);
        }

        #[test]
        fn nothing_is_made_of_nothing(
            bases in proptest::collection::vec((1u64..1 << 40, 0u64..1 << 40), 1..20),
            pool in 0i64..1 << 50,
        ) {
            let limit = |max| (max > 0).then_some(max);
            let mut s: Vec<Share> = bases.iter().map(|&(b, max)| Share::growable(b, limit(max))).collect();
            let left = grow(&mut s, pool);
            let grown: i64 = s.iter().map(|s| s.growth).sum();
            proptest::prop_assert_eq!(grown + left, pool);
            for (share, &(base, max)) in s.iter().zip(&bases) {
                proptest::prop_assert!(max == 0 || share.growth as u64 <= max.saturating_sub(base));
            }
        }
    }
}
