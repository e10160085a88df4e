//! What the surge rules are made of. Source: strategies §3.1; D-02 to D-05.

/// A golden cross of two of the averages within so many candles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Which of the averages crosses, from 0.
    pub fast: usize,
    /// Which of the averages is crossed.
    pub slow: usize,
    /// Within how many candles, the present one included.
    pub n: usize,
}

/// The one-minute conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minute {
    /// How many of the seven have to hold.
    pub min_true: u32,
    /// M1-1: within how many candles.
    pub n_gc_80_480: usize,
    /// M1-2: the least distance, as a fraction of the slow line.
    pub min_gap_80_480: f64,
    /// M1-2: whether the faster line has to be the upper one.
    pub signed_gap: bool,
    /// M1-3: within how many candles.
    pub n_gc_bb: usize,
    /// M1-3: the greatest distance of the bands.
    pub gap_bb: f64,
    /// M1-4: within how many candles.
    pub n_dc_20_80: usize,
    /// M1-5.
    pub buy_point: Pair,
    /// M1-7.
    pub composite: Pair,
}

/// The three-minute conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Three {
    /// M3-1: within how many candles.
    pub n_gc_80_480: usize,
    /// M3-2: within how many candles.
    pub n_gc_bb: usize,
    /// M3-2: the greatest distance of the bands.
    pub gap_bb: f64,
    /// M3-3: within how many candles.
    pub n_dc_20_80: usize,
    /// M3-4: the greatest distance.
    pub gap_5_480: f64,
    /// M3-5: within how many candles.
    pub n_gc_5_20: usize,
    /// The v3.2 filter: within how many candles.
    pub n_v32: usize,
    /// The v3.2 filter: the greatest distance below the slow line.
    pub gap_v32: f64,
}

/// The fifteen-minute conditions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fifteen {
    /// How many of the four have to hold.
    pub min_true: u32,
    /// M15-1: within how many candles.
    pub n_gc_80_480: usize,
    /// M15-1: the greatest distance below the slow line.
    pub gap_80_480: f64,
    /// M15-2: the greatest distance.
    pub gap_5_480: f64,
    /// M15-3: within how many candles.
    pub n_gc_bb: usize,
    /// M15-4: how many declines in a row.
    pub fall_20: usize,
}

/// What a daily surge is measured from, and to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// From the open to the high.
    HighOverOpen,
    /// From the close of the day before to the close.
    CloseOverPrevClose,
    /// From the close of the day before to the high.
    HighOverPrevClose,
}

/// The daily surge, M1-6.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Daily {
    /// The least rise, as a fraction.
    pub pct: f64,
    /// How many days back count.
    pub days: usize,
    /// What is measured.
    pub basis: Basis,
    /// How many of the days have to be known.
    pub require: usize,
}

/// Which entry is made of the conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Enough of the one-minute conditions or all three-minute ones, and enough of the fifteen-minute ones.
    V33,
    /// The same, and the three-minute filter of v3.2.
    V32,
    /// Nine of thirteen: nine one-minute conditions, the alternatives of M1-1 and M1-3 counted apart, and M15-1 to 4.
    NineOfThirteen,
}

/// All parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The averages, shortest first.
    pub ma: [usize; 4],
    /// The faster band: candles and deviations.
    pub bb_fast: (usize, f64),
    /// The slower band.
    pub bb_slow: (usize, f64),
    /// Conditions on minutes.
    pub minute: Minute,
    /// Conditions on three minutes.
    pub three: Three,
    /// Conditions on fifteen minutes.
    pub fifteen: Fifteen,
    /// The condition on days.
    pub daily: Daily,
    /// The entry.
    pub preset: Preset,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ma: [5, 20, 80, 480],
            bb_fast: (200, 2.0),
            bb_slow: (480, 1.5),
            minute: Minute {
                min_true: 6,
                n_gc_80_480: 150,
                min_gap_80_480: 0.005,
                signed_gap: false,
                n_gc_bb: 150,
                gap_bb: 0.03,
                n_dc_20_80: 20,
                buy_point: Pair { fast: 0, slow: 1, n: 5 },
                composite: Pair { fast: 2, slow: 3, n: 150 },
            },
            three: Three {
                n_gc_80_480: 150,
                n_gc_bb: 150,
                gap_bb: 0.02,
                n_dc_20_80: 20,
                gap_5_480: 0.02,
                n_gc_5_20: 5,
                n_v32: 60,
                gap_v32: 0.10,
            },
            fifteen: Fifteen {
                min_true: 3,
                n_gc_80_480: 150,
                gap_80_480: 0.05,
                gap_5_480: 0.02,
                n_gc_bb: 150,
                fall_20: 2,
            },
            daily: Daily { pct: 0.15, days: 30, basis: Basis::HighOverOpen, require: 1 },
            preset: Preset::V33,
        }
    }
}

impl Settings {
    /// The longest look-back: over so many candles with lines every condition is defined. Source: strategies §3.3.
    #[must_use]
    pub fn look_back(&self) -> usize {
        let Self { minute, three, fifteen, .. } = self;
        [
            minute.n_gc_80_480,
            minute.n_gc_bb,
            minute.n_dc_20_80,
            minute.buy_point.n,
            minute.composite.n,
            three.n_gc_80_480,
            three.n_gc_bb,
            three.n_dc_20_80,
            three.n_gc_5_20,
            three.n_v32,
            fifteen.n_gc_80_480,
            fifteen.n_gc_bb,
            fifteen.fall_20,
        ]
        .into_iter()
        .fold(0, usize::max)
    }

    /// How many contiguous closed candles of a time frame its conditions need: 630 by default.
    #[must_use]
    pub fn warm_up(&self) -> usize {
        self.look_back() + self.ma[3].max(self.bb_fast.0).max(self.bb_slow.0)
    }
}
