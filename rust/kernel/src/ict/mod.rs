//! The ICT concepts of a market, read off closed candles: alternating swings, fair value gaps, order blocks, liquidity,
//! and the entry model that is made of them. Source: strategies §7; swings and breaks are in [`crate::structure`].
//!
//! Each concept is written for one side and reads the other one in a mirror: prices with their sign turned over, highs for
//! lows. Negation is exact, so that the two sides are one rule.

pub mod alternation;
pub mod blocks;
pub mod facts;
pub mod gaps;
pub mod liquidity;
pub mod reader;
pub mod settings;
pub mod setup;
pub mod stream;

/// The prices of a closed candle.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
}

impl Bar {
    /// As the other side sees it.
    #[inline]
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { open: -self.open, high: -self.low, low: -self.high, close: -self.close }
    }
}

/// A side's own view of a bar.
#[inline]
fn seen(bar: Bar, mirrored: bool) -> Bar {
    if mirrored { bar.mirrored() } else { bar }
}

/// A price from a side's own view, or into it.
#[inline]
fn turned(price: f64, mirrored: bool) -> f64 {
    if mirrored { -price } else { price }
}
