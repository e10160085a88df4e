//! What is known of a minute in one number: its conditions in the low bits, why it cannot be read in the high ones.

/// The one-minute candles are too few since the last hole.
pub const COLD_1M: u32 = 1 << 20;
/// The three-minute candles are too few since the last hole, or the last is missing.
pub const COLD_3M: u32 = 1 << 21;
/// The fifteen-minute candles are too few since the last hole, or the last is missing.
pub const COLD_15M: u32 = 1 << 22;
/// Too few days are known.
pub const TOO_FEW_DAYS: u32 = 1 << 23;
/// Too many of the last minutes were without a trade.
pub const QUIET_1M: u32 = 1 << 24;
/// Too many of the last three-minute candles were without a trade.
pub const QUIET_3M: u32 = 1 << 25;
/// Too many of the last fifteen-minute candles were without a trade.
pub const QUIET_15M: u32 = 1 << 26;
/// All causes.
pub const CAUSES: u32 = 0x7F << CAUSES_SHIFT;
/// Where the causes begin.
pub const CAUSES_SHIFT: u32 = 20;

/// Candles looked at for trades, and how many of them may have had none. Source: strategies §1.5.
const QUIET_WINDOW: u32 = 20;
const MOST_QUIET: u32 = 5;

/// Which of the last candles were without a trade.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet(u32);

impl Quiet {
    /// Take the volume of the next candle; whether the market cannot be read.
    #[inline]
    pub fn push(&mut self, volume: f64) -> bool {
        self.0 = (self.0 << 1 | u32::from(volume == 0.0)) & ((1 << QUIET_WINDOW) - 1);
        self.0 != 0 && self.0.count_ones() > MOST_QUIET
    }
}
