//! Surge verdicts: over columns, candle by candle, and the conditions over lines that are given.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sadari_kernel::candles::Candle;
use sadari_kernel::surge::attribution::{Attribution, CONDITIONS};
use sadari_kernel::surge::batch::{self, Verdicts};
use sadari_kernel::surge::conditions::{Memory, OnFifteen, OnMinutes, OnThree, Part, Row};
use sadari_kernel::surge::entry::{Entry, Signal, Tag};
use sadari_kernel::surge::settings::{Basis, Daily, Fifteen, Minute, Pair, Preset, Settings, Three};
use sadari_kernel::surge::{stream, word};

use crate::buffer::{Column, Input, refuse, same_length};
use crate::candles::{Table, raise, sentence};
use crate::lines::window;

/// The parameters, read off the attributes of an object.
#[derive(FromPyObject)]
pub struct SurgeRules {
    ma: (i64, i64, i64, i64),
    bb_fast: (i64, f64),
    bb_slow: (i64, f64),
    m1_min_true: u32,
    m1_n_gc_80_480: i64,
    m1_min_gap_80_480: f64,
    m1_signed_gap: bool,
    m1_n_gc_bb: i64,
    m1_gap_bb: f64,
    m1_n_dc_20_80: i64,
    m1_buy_point_pair: (i64, i64),
    m1_buy_point_n: i64,
    m1_composite_pair: (i64, i64),
    m1_composite_n: i64,
    m1_daily_surge_pct: f64,
    m1_daily_surge_days: i64,
    m1_daily_surge_basis: String,
    m1_daily_surge_require_days: i64,
    m3_n_gc_80_480: i64,
    m3_n_gc_bb: i64,
    m3_gap_bb: f64,
    m3_n_dc_20_80: i64,
    m3_gap_5_480: f64,
    m3_n_gc_5_20: i64,
    m3_v32_n: i64,
    m3_v32_gap: f64,
    m15_min_true: u32,
    m15_n_gc_80_480: i64,
    m15_gap_80_480: f64,
    m15_gap_5_480: f64,
    m15_n_gc_bb: i64,
    m15_fall_20: i64,
    preset: String,
}

impl SurgeRules {
    fn pair(&self, name: &str, (fast, slow): (i64, i64), n: i64) -> PyResult<Pair> {
        let lengths = [self.ma.0, self.ma.1, self.ma.2, self.ma.3];
        let place = |n: i64| lengths.iter().position(|length| *length == n);
        match (place(fast), place(slow)) {
            (Some(fast), Some(slow)) if fast < slow => Ok(Pair { fast, slow, n: window(name, n)? }),
            _ => Err(refuse(name, format!("({fast}, {slow})"), "two of the averages, the shorter one first")),
        }
    }

    fn minute(&self) -> PyResult<Minute> {
        Ok(Minute {
            min_true: self.m1_min_true,
            n_gc_80_480: window("m1_n_gc_80_480", self.m1_n_gc_80_480)?,
            min_gap_80_480: self.m1_min_gap_80_480,
            signed_gap: self.m1_signed_gap,
            n_gc_bb: window("m1_n_gc_bb", self.m1_n_gc_bb)?,
            gap_bb: self.m1_gap_bb,
            n_dc_20_80: window("m1_n_dc_20_80", self.m1_n_dc_20_80)?,
            buy_point: self.pair("m1_buy_point_pair", self.m1_buy_point_pair, self.m1_buy_point_n)?,
            composite: self.pair("m1_composite_pair", self.m1_composite_pair, self.m1_composite_n)?,
        })
    }

    fn three(&self) -> PyResult<Three> {
        Ok(Three {
            n_gc_80_480: window("m3_n_gc_80_480", self.m3_n_gc_80_480)?,
            n_gc_bb: window("m3_n_gc_bb", self.m3_n_gc_bb)?,
            gap_bb: self.m3_gap_bb,
            n_dc_20_80: window("m3_n_dc_20_80", self.m3_n_dc_20_80)?,
            gap_5_480: self.m3_gap_5_480,
            n_gc_5_20: window("m3_n_gc_5_20", self.m3_n_gc_5_20)?,
            n_v32: window("m3_v32_n", self.m3_v32_n)?,
            gap_v32: self.m3_v32_gap,
        })
    }

    fn fifteen(&self) -> PyResult<Fifteen> {
        Ok(Fifteen {
            min_true: self.m15_min_true,
            n_gc_80_480: window("m15_n_gc_80_480", self.m15_n_gc_80_480)?,
            gap_80_480: self.m15_gap_80_480,
            gap_5_480: self.m15_gap_5_480,
            n_gc_bb: window("m15_n_gc_bb", self.m15_n_gc_bb)?,
            fall_20: window("m15_fall_20", self.m15_fall_20)?,
        })
    }

    fn daily(&self) -> PyResult<Daily> {
        let basis = match self.m1_daily_surge_basis.as_str() {
            "HIGH_OVER_OPEN" => Basis::HighOverOpen,
            "CLOSE_OVER_PREV_CLOSE" => Basis::CloseOverPrevClose,
            "HIGH_OVER_PREV_CLOSE" => Basis::HighOverPrevClose,
            other => return Err(refuse("m1_daily_surge_basis", other, "a known basis")),
        };
        Ok(Daily {
            pct: self.m1_daily_surge_pct,
            days: window("m1_daily_surge_days", self.m1_daily_surge_days)?,
            basis,
            require: window("m1_daily_surge_require_days", self.m1_daily_surge_require_days)?,
        })
    }

    fn settings(&self) -> PyResult<Settings> {
        let preset = match self.preset.as_str() {
            "v33" => Preset::V33,
            "v32" => Preset::V32,
            "nine_of_thirteen" => Preset::NineOfThirteen,
            other => return Err(refuse("preset", other, "v33, v32 or nine_of_thirteen")),
        };
        let ma = [self.ma.0, self.ma.1, self.ma.2, self.ma.3];
        if !ma.is_sorted_by(|a, b| a < b) {
            return Err(refuse("ma", format!("{ma:?}"), "four different lengths, the shortest first"));
        }
        Ok(Settings {
            ma: [window("ma", ma[0])?, window("ma", ma[1])?, window("ma", ma[2])?, window("ma", ma[3])?],
            bb_fast: (window("bb_fast", self.bb_fast.0)?, self.bb_fast.1),
            bb_slow: (window("bb_slow", self.bb_slow.0)?, self.bb_slow.1),
            minute: self.minute()?,
            three: self.three()?,
            fifteen: self.fifteen()?,
            daily: self.daily()?,
            preset,
        })
    }
}

/// (close time, tag, episode).
type Shown = (i64, &'static str, u32);

fn shown(signal: Signal) -> Shown {
    let tag = match signal.tag {
        Tag::OneMinute => "ONE_MINUTE",
        Tag::ThreeMinute => "THREE_MINUTE",
        Tag::Both => "BOTH",
        Tag::NineOfThirteen => "NINE_OF_THIRTEEN",
    };
    (signal.close_ns, tag, signal.episode)
}

/// The verdicts over one symbol's candles.
#[pyclass(frozen, module = "sadari._kernel")]
pub struct SurgeVerdicts {
    verdicts: Verdicts,
    counted: Attribution,
}

#[pymethods]
impl SurgeVerdicts {
    #[getter]
    fn signals(&self) -> Vec<Shown> {
        self.verdicts.signals.iter().copied().map(shown).collect()
    }

    #[getter]
    fn histogram(&self) -> Vec<(u32, u64)> {
        self.verdicts.histogram.sets().collect()
    }

    #[getter]
    fn minutes(&self) -> u64 {
        self.verdicts.minutes
    }

    #[getter]
    fn not_ready(&self) -> Vec<u64> {
        self.verdicts.not_ready.to_vec()
    }

    #[getter]
    fn entry_minutes(&self) -> u64 {
        self.verdicts.entry_minutes
    }

    #[getter]
    fn episodes(&self) -> u32 {
        self.verdicts.episodes
    }

    #[getter]
    fn days_known(&self) -> (usize, usize) {
        self.verdicts.days_known.into()
    }

    #[getter]
    fn held(&self) -> [u64; CONDITIONS] {
        self.counted.held
    }

    #[getter]
    fn combinations(&self) -> [u64; 8] {
        self.counted.combinations
    }

    #[getter]
    fn missing(&self) -> [[u64; CONDITIONS]; 4] {
        self.counted.missing
    }
}

/// Columns of one table of candles, in the order of a candle's fields.
pub type Given<'py> =
    (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

pub fn table(given: &Given<'_>) -> PyResult<Table> {
    let (open_time_ns, open, high, low, close, volume) = given;
    Table::read(open_time_ns, [open, high, low, close], volume, None)
}

/// Tables of 3-minute, 15-minute and daily candles.
type Longer<'py> = (Option<Given<'py>>, Option<Given<'py>>, Option<Given<'py>>);

fn tables((three, fifteen, days): &Longer<'_>) -> PyResult<[Option<Table>; 3]> {
    let read = |given: &Option<Given<'_>>| given.as_ref().map(table).transpose();
    Ok([read(three)?, read(fifteen)?, read(days)?])
}

#[pyfunction]
#[pyo3(signature = (rules, candles, longer=(None, None, None), *, short=false))]
#[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
pub fn surge_batch(
    py: Python<'_>,
    rules: SurgeRules,
    candles: Given<'_>,
    longer: Longer<'_>,
    short: bool,
) -> PyResult<SurgeVerdicts> {
    let settings = rules.settings()?;
    let (minutes, longer) = (table(&candles)?, tables(&longer)?);
    let (view, longer) = (minutes.view(), longer.each_ref().map(|table| table.as_ref().map(Table::view)));
    py.detach(|| {
        let verdicts = batch::verdicts(view, longer, &settings, short)?;
        let counted = Attribution::new(&verdicts.histogram, &Entry::new(&settings));
        Ok(SurgeVerdicts { verdicts, counted })
    })
    .map_err(raise)
}

/// The verdicts of one symbol, one closed minute at a time.
#[pyclass(module = "sadari._kernel")]
pub struct SurgeStream(stream::Stream);

#[pymethods]
impl SurgeStream {
    #[new]
    #[pyo3(signature = (rules, longer=(None, None, None), *, short=false))]
    #[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
    fn new(rules: SurgeRules, longer: Longer<'_>, short: bool) -> PyResult<Self> {
        let longer = tables(&longer)?;
        let longer = longer.map(|table| table.map_or_else(Vec::new, |table| table.view().candles().collect()));
        Ok(Self(stream::Stream::new(&rules.settings()?, short, longer)))
    }

    fn push(
        &mut self,
        open_time_ns: i64,
        open: f64,
        high: f64,
        low: f64,
        close: f64,
        volume: f64,
    ) -> PyResult<Option<Shown>> {
        let candle = Candle { open_time_ns, open, high, low, close, volume, quote_volume: 0.0 };
        let signal = self.0.push(candle).map_err(|kind| {
            PyValueError::new_err(format!("the candle opened at {open_time_ns} has {}", sentence(kind)))
        })?;
        Ok(signal.map(shown))
    }

    #[getter]
    fn mask(&self) -> u32 {
        self.0.word() & !word::CAUSES
    }

    #[getter]
    fn causes(&self) -> u32 {
        (self.0.word() & word::CAUSES) >> word::CAUSES_SHIFT
    }
}

/// The conditions over given lines, -1 where a line is unknown.
fn conditions(part: &impl Part, lines: &[&[f64]], settings: &Settings) -> Vec<i64> {
    let mut memory = Memory::new(part.windows(), settings.look_back());
    let mut ma_20_before = f64::NAN;
    let row = |at: usize, ma_20_before: f64| Row {
        ma: [lines[0][at], lines[1][at], lines[2][at], lines[3][at]],
        fast: lines[4][at],
        slow: lines[5][at],
        open: lines[6][at],
        close: lines[7][at],
        ma_20_before,
    };
    (0..lines[0].len())
        .map(|at| {
            let now = row(at, ma_20_before);
            ma_20_before = now.ma[1];
            let unknown = lines[..6].iter().any(|line| line[at].is_nan());
            let (conditions, _) = memory.step(part, part.flags(&now));
            if unknown { -1 } else { i64::from(conditions) }
        })
        .collect()
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
pub fn surge_conditions(rules: SurgeRules, minutes: i64, lines: Vec<Bound<'_, PyAny>>) -> PyResult<Column> {
    let settings = rules.settings()?;
    if lines.len() != 8 {
        return Err(refuse("the number of lines", lines.len(), "8: four averages, two bands, open and close"));
    }
    let lines = lines.iter().map(|line| Input::<f64>::read("a line", line)).collect::<PyResult<Vec<_>>>()?;
    let lines: Vec<&[f64]> = lines.iter().map(Input::values).collect();
    same_length(&lines.iter().map(|line| ("a line", line.len())).collect::<Vec<_>>())?;
    Ok(match minutes {
        1 => conditions(&OnMinutes::new(&settings), &lines, &settings),
        3 => conditions(&OnThree(settings.three), &lines, &settings),
        15 => conditions(&OnFifteen(settings.fifteen), &lines, &settings),
        _ => return Err(refuse("minutes", minutes, "1, 3 or 15")),
    }
    .into())
}

#[pyfunction]
#[allow(clippy::needless_pass_by_value)] // arguments are extracted as owned values
pub fn surge_entry(rules: SurgeRules, mask: u32) -> PyResult<(bool, bool, bool, Option<&'static str>)> {
    let entry = Entry::new(&rules.settings()?);
    let [one, three, fifteen] = entry.parts(mask);
    let tag = entry.tag(mask).map(|tag| shown(Signal { close_ns: 0, tag, episode: 0 }).1);
    Ok((one, three, fifteen, tag))
}
