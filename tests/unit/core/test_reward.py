"""Reward and risk of an entry, the least that is asked of it, and what is denied for it (strategies §8)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.core.reward import break_even, distances, minima, minimum
from sadari.model.command import RecordDecision
from sadari.model.entry import LimitEntry, Target
from sadari.model.order import Direction, MinimumReward, Purpose
from sadari.model.plan import Fees, Reward
from sadari.model.units import Exact, decimal_of
from tests.ladder_driver import START_NS, Driver, patient, shown

D = Decimal
SHORT, LONG = Direction.SHORT, Direction.LONG
MODES = MinimumReward
MULTIPLES = (("0.8", "0.4"), ("1.2", "0.3"), ("1.6", "0.3"))

# The five SHORT signals of strategies §8.1: entry, target, stop, reward, risk, ratio, net ratio, what passes.
SIGNALS = {
    "ZECUSDT": ("349.23", "348.23", "355.82", "1.00", "6.59", "0.151745", "0.0938", ""),
    "DOTUSDT": ("1.736", "1.734", "1.760", "0.002", "0.024", "0.083333", "0.0103", ""),
    "TAOUSDT": ("220.29", "218.61", "222.35", "1.68", "2.06", "0.815534", "0.6402", "0.3 0.4 0.5"),
    "TAOUSDT later": ("220.92", "220.76", "222.35", "0.16", "1.43", "0.111888", "-0.0368", ""),
    "DOGEUSDT": ("0.1167", "0.1163", "0.1187", "0.0004", "0.0020", "0.200000", "0.1339", ""),
}
LEAST = ("0.3", "0.4", "0.5", "1.0")


def entry(
    price: str, stop: str, *targets: Target, bias: str = "NEUTRAL", volatility: float | None = None
) -> LimitEntry:
    """The terms of an entry."""
    return LimitEntry(
        price=D(price), stop=D(stop), targets=targets, until_ns=START_NS * 2, bias=bias, volatility=volatility
    )


def in_parts(price: str, stop: str) -> LimitEntry:
    """An entry with the three targets of strategies §8.4."""
    risk = D(price) - D(stop)
    return entry(price, stop, *(Target(D(price) + risk * D(times), D(share)) for times, share in MULTIPLES))


@pytest.mark.requirement("R003-5", "R003-6", "R003-7")
@pytest.mark.parametrize("name", SIGNALS)
def test_the_five_worked_signals(name: str) -> None:
    """Strategies §8.1: reward, risk, both ratios."""
    price, target, stop, reward, risk, ratio, net, _ = SIGNALS[name]
    found = distances(entry(price, stop, Target(D(target))), SHORT, Fees())
    assert (decimal_of(found.reward), decimal_of(found.risk)) == (D(reward), D(risk))
    assert shown(found.raw, ratio) == D(ratio)
    assert shown(found.net, net) == D(net)


def test_the_five_worked_signals_have_a_mean_of_a_little_more_than_a_quarter() -> None:
    """Strategies §8.1: 0.2725 exactly; in all of them the target is nearer than the stop."""
    ratios = [
        distances(entry(price, stop, Target(D(target))), SHORT, Fees()).raw
        for price, target, stop, *_ in SIGNALS.values()
    ]
    assert shown(sum(ratios, Exact(0)) / 5, "0.2725") == D("0.2725")
    assert max(ratios) < 1


@pytest.mark.requirement("R003-5")
@pytest.mark.parametrize("least", LEAST)
@pytest.mark.parametrize("name", SIGNALS)
def test_the_five_worked_signals_pass_as_they_should(name: str, least: str) -> None:
    """By the engine; the one that loses at its target is denied for its costs, whatever is asked."""
    price, target, stop, *_, net, passing = SIGNALS[name]
    driver = Driver(patient(mode="FIXED", fixed=least), tick_size=D("0.0001"))
    said = driver.signal(SHORT, price, limit=entry(price, stop, Target(D(target))))
    if D(net) <= 0:
        assert said == ["DENIED REWARD_BELOW_COSTS"]
    else:
        assert said == ([] if least in passing.split() else ["DENIED RR_BELOW_MINIMUM"])


def test_the_least_ratio_is_inclusive() -> None:
    """A ratio of exactly the least one passes."""
    for fixed, said in (("0.2", []), ("0.2000001", ["DENIED RR_BELOW_MINIMUM"])):
        driver = Driver(patient(mode="FIXED", fixed=fixed), tick_size=D("0.0001"))
        assert driver.signal(SHORT, "0.1167", limit=entry("0.1167", "0.1187", Target(D("0.1163")))) == said


def test_a_filter_that_is_off_denies_nothing() -> None:
    """Not even what loses at its target: what it would have cost can be seen."""
    driver = Driver(patient(enabled=False))
    assert driver.signal(SHORT, "220.92", limit=entry("220.92", "222.35", Target(D("220.76")))) == []
    assert len(driver.sent(Purpose.ENTRY)) == 1


@pytest.mark.requirement("R003-19", "R003-20")
def test_the_atr_example() -> None:
    """Strategies §8.3: the ratio of 1.5 to 2.5 is 0.6, which FIXED rejects and COMPOSITE takes as a bearish SHORT."""
    target = Target(D("1.7833"))
    for mode, bias, said in (
        ("FIXED", "BEARISH", ["DENIED RR_BELOW_MINIMUM"]),
        ("COMPOSITE", "NEUTRAL", ["DENIED RR_BELOW_MINIMUM"]),
        ("COMPOSITE", "BEARISH", []),
    ):
        driver = Driver(patient(mode=mode), tick_size=D("0.0001"))
        assert driver.signal(SHORT, "1.8058", limit=entry("1.8058", "1.8433", target, bias=bias)) == said
        (decision,) = driver.of(RecordDecision)
        assert decision.reward is not None
        assert (decision.reward.raw, decision.reward.break_even) == (D("0.6"), D("0.625"))


@pytest.mark.requirement("R003-22", "R003-23")
@pytest.mark.parametrize("direction", [SHORT, LONG])
def test_several_targets_have_the_ratio_of_their_shares(direction: Direction) -> None:
    """Strategies §8.4: 0.4·0.8 + 0.3·1.2 + 0.3·1.6 = 1.16, on either side."""
    stop = {SHORT: "102", LONG: "98"}[direction]
    found = distances(in_parts("100", stop), direction, Fees())
    assert decimal_of(found.raw) == D("1.16")
    assert decimal_of(found.fees_at_target) == D("0.0005") * (200 + direction.sign * D("2.32"))


# Strategies §8.2: mode, direction, percentile, trend, least ratio.
MINIMA = [
    *(("FIXED", side, 90.0, "BEARISH", "1.0") for side in (SHORT, LONG)),
    ("DIRECTION", SHORT, 90.0, "BULLISH", "0.5"),
    ("DIRECTION", LONG, 90.0, "BULLISH", "1.0"),
    *(("VOLATILITY", SHORT, vol, "NEUTRAL", rr) for vol, rr in (
        (90.0, "0.3"), (80.1, "0.3"), (80.0, "0.4"), (60.0, "0.4"), (50.0, "0.5"), (40.0, "0.5"), (None, "0.5"),
    )),
    ("VOLATILITY", LONG, 90.0, "BULLISH", "1.0"),
    ("TREND", SHORT, 90.0, "BEARISH", "0.4"),
    ("TREND", LONG, 90.0, "BULLISH", "0.8"),
    ("TREND", SHORT, 90.0, "BULLISH", "1.0"),
    ("TREND", LONG, 90.0, "NEUTRAL", "1.0"),
    *(("COMPOSITE", SHORT, vol, "BEARISH", rr) for vol, rr in (
        (90.0, "0.4"), (60.0, "0.4"), (40.0, "0.5"), (None, "0.5"),
    )),
    ("COMPOSITE", SHORT, 90.0, "NEUTRAL", "1.0"),
    ("COMPOSITE", SHORT, 90.0, "BULLISH", "1.0"),
    ("COMPOSITE", LONG, 40.0, "BULLISH", "0.8"),
    ("COMPOSITE", LONG, 40.0, "BEARISH", "1.0"),
    ("COMPOSITE", LONG, 40.0, "NEUTRAL", "1.0"),
]  # fmt: skip


@pytest.mark.requirement("R003-15", "R003-16", "R003-17")
@pytest.mark.parametrize(("mode", "direction", "volatility", "bias", "least"), MINIMA)
def test_the_least_ratio_by_mode(
    mode: str, direction: Direction, volatility: float | None, bias: str, least: str
) -> None:
    """The table of strategies §8.2; a percentile that is not known counts as 0, the strictest."""
    assert minimum(Reward(mode=MODES(mode)), direction, volatility, bias) == D(least)


def test_every_least_ratio_that_may_be_asked() -> None:
    """Of COMPOSITE, by direction."""
    assert list(minima(Reward(), SHORT)) == [D("0.4"), D("0.5"), D("1.0")]
    assert list(minima(Reward(), LONG)) == [D("0.8"), D("1.0")]
    assert list(minima(Reward(mode=MODES.VOLATILITY), SHORT)) == [D("0.3"), D("0.4"), D("0.5")]


@pytest.mark.parametrize(
    ("ratio", "rate"),
    [
        ("0.3", "76.92"), ("0.4", "71.43"), ("0.5", "66.67"), ("0.6", "62.5"), ("0.8", "55.56"), ("1.0", "50"),
        ("1.16", "46.30"),
    ],
)  # fmt: skip
def test_the_share_of_trades_that_must_win(ratio: str, rate: str) -> None:
    """Strategies §8.2: 1/(1 + RR), in percent."""
    assert shown(100 * break_even(Exact(*D(ratio).as_integer_ratio())), rate) == D(rate)


def test_every_decision_on_such_an_entry_says_what_it_may_bring() -> None:
    """Accepted or denied for its reward: ratio, net ratio, what was asked, and the share that must win."""
    driver = Driver(patient())
    driver.signal(SHORT, "100", limit=in_parts("100", "102"))
    (decision,) = driver.of(RecordDecision)
    assert decision.accepted
    assert decision.reward is not None
    assert (decision.reward.raw, decision.reward.minimum) == (D("1.16"), D("1.0"))
    assert decision.reward.net < decision.reward.raw
    assert shown(decision.reward.break_even, "0.4630") == D("0.4630")


@pytest.mark.parametrize(("direction", "target"), [(SHORT, "100"), (SHORT, "100.5"), (LONG, "99"), (LONG, "100")])
def test_a_target_on_the_wrong_side_is_denied(direction: Direction, target: str) -> None:
    """Gate 16: reward not above 0."""
    driver = Driver(patient())
    stop = {SHORT: "102", LONG: "98"}[direction]
    assert driver.signal(direction, "100", limit=entry("100", stop, Target(D(target)))) == ["DENIED INVALID_PRICES"]
