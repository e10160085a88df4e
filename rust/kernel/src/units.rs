//! Prices as integers: 1e-8 of the quote currency, whatever a symbol's tick is.
//!
//! Every price of the exchange has at most eight decimals, so the integer is the price itself and comparing integers is
//! comparing the exact decimals.

/// Units in one whole quote currency.
pub const PRICE_SCALE: i64 = 100_000_000;
/// Prices at or above this are not representable to the unit in an f64 and are refused.
pub const MAX_PRICE: f64 = 2e7;

const SCALE: f64 = PRICE_SCALE as f64;
/// 1.5·2^52: adding it leaves the nearest integer in the low bits of the sum, in one step the compiler can vectorise.
const SHIFT: f64 = 6_755_399_441_055_744.0;

/// The units nearest to a price the caller knows to be valid (see [`checked_units`]).
#[must_use]
#[inline]
pub fn to_units(price: f64) -> i64 {
    (price * SCALE + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as i64
}

/// The units of a price, or `None` if it is not finite, not positive or too large to be exact.
#[must_use]
#[inline]
pub fn checked_units(price: f64) -> Option<i64> {
    (price > 0.0 && price < MAX_PRICE).then(|| to_units(price))
}

/// The least whole number of units that is not below `amount`, exact for the value the f64 holds.
///
/// Saturates beyond the range of i64.
#[must_use]
pub fn ceil_units(amount: f64) -> i64 {
    let scaled = amount * SCALE;
    let ceiling = scaled.ceil();
    // The product was rounded. Only when it landed on an integer can the true product lie above it.
    if ceiling.total_cmp(&scaled).is_eq() && amount.mul_add(SCALE, -scaled) > 0.0 {
        return (ceiling as i64).saturating_add(1);
    }
    ceiling as i64
}

/// A price moved by a share of it, in units of 1e-8 of the whole: the level that a price on the unit grid has to meet.
///
/// A level above is rounded up and one below down, so that comparing with it is comparing with the exact product.
#[must_use]
pub fn moved(price: f64, share: i64) -> f64 {
    const WHOLE: i128 = PRICE_SCALE as i128;
    let product = (price * SCALE).round() as i128 * (WHOLE + i128::from(share));
    let level = if share > 0 { -(-product).div_euclid(WHOLE) } else { product.div_euclid(WHOLE) };
    level as f64 / SCALE
}

/// The largest multiple of `tick` that is not above `price`.
#[must_use]
#[inline]
pub fn floor_grid(price: i64, tick: i64) -> i64 {
    price - price.rem_euclid(tick)
}

/// The least multiple of `tick` that is not below `price`.
#[must_use]
#[inline]
pub fn ceil_grid(price: i64, tick: i64) -> i64 {
    -floor_grid(-price, tick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_price_is_its_own_integer() {
        assert_eq!(to_units(45_918.33), 4_591_833_000_000);
        assert_eq!(to_units(0.000_000_01), 1);
        assert_eq!(to_units(19_999_999.999_999_99), 1_999_999_999_999_999);
    }

    #[test]
    fn impossible_prices_have_no_units() {
        for price in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e7] {
            assert_eq!(checked_units(price), None);
        }
    }

    #[test]
    fn a_ceiling_counts_the_part_that_rounding_hid() {
        assert_eq!(ceil_units(1.5), 150_000_000);
        assert_eq!(ceil_units(1.500_000_001), 150_000_001);
        // 0.1 as an f64 is a little more than a tenth although 0.1 * 1e8 rounds to ten million.
        assert_eq!(ceil_units(0.1), 10_000_001);
    }

    #[test]
    fn a_moved_price_is_rounded_away_from_the_price() {
        assert!(moved(100.0, 3_000_000).total_cmp(&103.0).is_eq());
        assert!(moved(0.07, 3_000_000).total_cmp(&0.0721).is_eq());
        assert!(moved(0.000_000_01, 3_000_000).total_cmp(&0.000_000_02).is_eq());
        assert!(moved(0.07, -3_000_000).total_cmp(&0.0679).is_eq());
        assert!(moved(0.000_000_07, -3_000_000).total_cmp(&0.000_000_06).is_eq());
    }

    #[test]
    fn the_grid_is_symmetric_about_zero() {
        assert_eq!((floor_grid(17, 5), ceil_grid(17, 5)), (15, 20));
        assert_eq!((floor_grid(-17, 5), ceil_grid(-17, 5)), (-20, -15));
        assert_eq!((floor_grid(15, 5), ceil_grid(15, 5)), (15, 15));
    }
}
