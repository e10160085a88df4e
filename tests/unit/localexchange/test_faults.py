"""Which fault fires when: conditions, windows, chance, actions, and what is kept of it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.errors import ConfigError, RefusedError
from sadari.localexchange.faults.action_rules import ClockShift, HumanTrade
from sadari.localexchange.faults.faults import KEPT_FIRINGS, Actions, Faults, spared
from sadari.localexchange.faults.file import decode_fault, load_faults
from sadari.localexchange.faults.rule import Rule, verb_of
from sadari.localexchange.faults.rules import Code, DropFrame, LostReply, LostRequest
from sadari.model.units import SECOND_NS

D = Decimal


def fired_at(rule: Rule, count: int) -> list[int]:
    """The numbers, from 1, of the requests at which a rule alone fires."""
    faults = Faults([rule], 1, 0)
    return [number for number in range(1, count + 1) if faults.at_request("POST", "/fapi/v1/order", "", 0)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (LostReply(name="a"), [1, 2, 3, 4, 5, 6, 7]),
        (LostReply(name="a", nth=3), [3]),
        (LostReply(name="a", every=3), [3, 6]),
        (LostReply(name="a", times=2), [1, 2]),
        (LostReply(name="a", every=2, times=2), [2, 4]),
        (LostReply(name="a", probability=D(0)), []),
        (LostReply(name="a", probability=D(1)), [1, 2, 3, 4, 5, 6, 7]),
        (LostReply(name="a", method="GET"), []),
        (LostReply(name="a", path="/fapi/*/order"), [1, 2, 3, 4, 5, 6, 7]),
        (LostReply(name="a", path="/fapi/v1/orders"), []),
        (DropFrame(name="a"), []),
    ],
)
def test_a_rule_fires_at_its_matches(rule: Rule, expected: list[int]) -> None:
    """Number, multiple, bound, chance, method and path are what they say."""
    assert fired_at(rule, 7) == expected


def test_a_rule_stands_from_a_time_until_another() -> None:
    """Both are gateway seconds since the rule was added; the first is in the window and the last is not."""
    faults = Faults([], 1, 0)
    faults.add([LostReply(name="a", from_s=D(2), until_s=D("3.5"))], 10 * SECOND_NS)
    times = [11, 12, 13, 13.499, 13.5, 99]
    assert [bool(faults.at_request("GET", "/", "", int(at * SECOND_NS))) for at in times] == [0, 1, 1, 1, 0, 0]


def test_the_first_rule_that_fires_has_the_request_and_the_others_count_it() -> None:
    """A later rule's second match is the second request, though an earlier rule had the first."""
    faults = Faults(
        [LostReply(name="first", nth=1), LostRequest(name="second", nth=2), Code(name="rest", code=-1)], 1, 0
    )
    fired = [faults.at_request("GET", "/", "", at) for at in range(3)]
    assert [one.rule.name for one in fired if one] == ["first", "second", "rest"]
    assert [(one.name, one.time_ns, one.applied) for one in faults.firings()] == [
        ("first", 0, True), ("second", 1, False), ("rest", 2, False),
    ]  # fmt: skip
    assert faults.counts() == {"first": (3, 1), "second": (3, 1), "rest": (3, 1)}


CHANCES = st.lists(
    st.builds(
        Code, code=st.just(-1007), probability=st.decimals(0, 1, places=2), applied=st.just("random"),
        method=st.sampled_from([None, "GET", "POST"]),
    ),
    max_size=4,
)  # fmt: skip
REQUESTS = st.lists(st.sampled_from(["GET", "POST", "DELETE"]), max_size=40)


def firings(rules: list[Code], seed: int, methods: list[str]) -> Faults:
    """Named rules after some requests."""
    named = [Code(**{**{f: getattr(rule, f) for f in Code.__struct_fields__}, "name": f"r{number}"})
             for number, rule in enumerate(rules)]  # fmt: skip
    faults = Faults(named, seed, 0)
    for at, method in enumerate(methods):
        faults.at_request(method, "/fapi/v1/order", "", at)
    return faults


@given(CHANCES, st.integers(0, 2**32), REQUESTS)
def test_the_same_seed_and_requests_give_the_same_firings(rules: list[Code], seed: int, methods: list[str]) -> None:
    """Firings and what they have applied are a function of rules, seed and requests."""
    assert firings(rules, seed, methods).firings() == firings(rules, seed, methods).firings()


@given(CHANCES.filter(bool), st.integers(0, 2**32), REQUESTS)
def test_a_rule_draws_the_same_whatever_stands_behind_it(rules: list[Code], seed: int, methods: list[str]) -> None:
    """The first rule fires at the same requests alone and with others."""
    alone = list(firings(rules[:1], seed, methods).firings())
    among = [one for one in firings(rules, seed, methods).firings() if one.name == "r0"]
    assert alone == among


def test_different_seeds_differ() -> None:
    """A seed means something."""
    rules = [Code(code=-1, probability=D("0.5"))]
    assert len({tuple(one.time_ns for one in firings(rules, seed, ["GET"] * 40).firings()) for seed in range(9)}) > 1


def test_rules_come_and_go_while_it_runs() -> None:
    """A removed rule fires no more, its record stays, its name is free again; an unknown name is told the nearest."""
    faults = Faults([LostReply(name="slow-orders")], 1, 0)
    assert faults.at_request("GET", "/", "", 0)
    with pytest.raises(ConfigError, match="cannot be named 'slow-orders'"):
        faults.add([LostReply(name="slow-orders")], 0)
    with pytest.raises(ConfigError, match="did you mean 'slow-orders'"):
        faults.remove("slow-order")
    faults.remove("slow-orders")
    assert faults.at_request("GET", "/", "", 0) is None
    assert ([one.name for one in faults.firings()], faults.rules()) == (["slow-orders"], ())
    faults.add([LostReply(name="slow-orders")], 0)


def test_the_record_is_bounded_and_the_count_is_not() -> None:
    """A rule that fires at every frame does not fill the memory."""
    faults = Faults([DropFrame(name="all")], 1, 0)
    for _ in range(KEPT_FIRINGS + 5):
        faults.at_frame(1, "btcusdt@trade", b"", 0)
    assert len(faults.firings()) == KEPT_FIRINGS
    assert faults.counts()["all"].fired == KEPT_FIRINGS + 5


def test_an_action_happens_before_the_request_and_beside_another_fault() -> None:
    """The callable has run when the request is let on, and the fault of the transport still has the request."""
    done: list[HumanTrade] = []
    trade = HumanTrade(name="human", symbol="BTCUSDT", method="DELETE")
    faults = Faults([trade, LostReply(name="lost")], 1, 0, Actions(human_trade=done.append))
    assert faults.at_request("POST", "/fapi/v1/order", "", 0)
    assert not done
    fired = faults.at_request("DELETE", "/fapi/v1/order", "", 0)
    assert done == [trade]
    assert fired is not None
    assert fired.rule.name == "lost"


def test_an_action_can_wait_for_a_frame_or_for_its_time() -> None:
    """With a stream it happens at a frame, with nothing once and not before its time."""
    done: list[Decimal] = []
    at_frame = ClockShift(name="f", seconds=D(1), stream="ORDER_*", contains="FILLED")
    at_time = ClockShift(name="t", seconds=D(2), from_s=D(5))
    actions = Actions(clock_shift=lambda rule: done.append(rule.seconds))
    faults = Faults([at_frame, at_time], 1, 0, actions)
    faults.act(4 * SECOND_NS)
    assert faults.at_request("GET", "/", "", 6 * SECOND_NS) is None
    assert faults.at_frame(1, "ORDER_TRADE_UPDATE", b"NEW", 6 * SECOND_NS) is None
    assert not done
    assert faults.at_frame(1, "ORDER_TRADE_UPDATE", b"FILLED", 6 * SECOND_NS) is None
    faults.act(6 * SECOND_NS)
    faults.act(7 * SECOND_NS)
    assert done == [1, 2]
    assert [one.subject for one in faults.firings()] == ["ORDER_TRADE_UPDATE to connection 1", "time"]


def test_a_refused_action_is_on_record_and_disturbs_nobody() -> None:
    """The exchange model may say no to a person as well."""

    def refuse(_rule: HumanTrade) -> None:
        raise RefusedError(-2019, "Margin is insufficient.")

    faults = Faults([HumanTrade(name="human", symbol="BTCUSDT")], 1, 0, Actions(human_trade=refuse))
    faults.act(0)
    assert [(one.applied, one.refusal) for one in faults.firings()] == [(False, "-2019: Margin is insufficient.")]


def test_an_action_at_a_frame_is_not_set_off_by_what_it_sends_itself() -> None:
    """A trade on each fill is one trade for each fill of others."""
    sent: list[bytes] = []

    def trade(_rule: HumanTrade) -> None:
        sent.append(b"FILLED")
        faults.at_frame(1, "ORDER_TRADE_UPDATE", b"FILLED", 0)

    faults = Faults([HumanTrade(name="a", symbol="A", stream="ORDER_*")], 1, 0, Actions(human_trade=trade))
    for _ in range(2):
        faults.at_frame(1, "ORDER_TRADE_UPDATE", b"FILLED", 0)
    assert (len(sent), len(faults.firings())) == (2, 2)


def test_an_action_that_nobody_performs_is_refused() -> None:
    """A rule never stands that could not happen."""
    with pytest.raises(ConfigError, match=r"no action 'clock_shift'[.] Allowed: human_trade"):
        Faults([ClockShift(name="a", seconds=D(1))], 1, 0, Actions(human_trade=lambda _rule: None))


@pytest.mark.parametrize(
    ("method", "parameters", "expected"),
    [
        ("DELETE", "", True), ("POST", "", False), ("POST", "reduceOnly=true", True),
        ("POST", "reduceOnly=false", False), ("POST", "closePosition=true", True),
        ("POST", "positionSide=SHORT&side=BUY", True),
        ("POST", "positionSide=SHORT&side=SELL", False), ("POST", "positionSide=BOTH&side=SELL", False),
    ],
)  # fmt: skip
def test_what_lowers_a_position_is_spared(method: str, parameters: str, expected: bool) -> None:
    """As the exchange says of its throttling."""
    assert spared(method, parameters) is expected


def test_a_file_is_its_rules_in_order_with_names() -> None:
    """A rule without a name gets its verb and number; numbers keep their digits."""
    rules = load_faults('[[fault]]\nverb = "lost_reply"\nprobability = 0.1\n[[fault]]\nverb = "close"\nname = "x"\n')
    assert [rule.name for rule in rules] == ["lost_reply-1", "x"]
    assert rules[0].probability == D("0.1")
    assert load_faults("") == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[fault", "the faults are not TOML"),
        ("faults = 1", "the faults have no key 'faults'; did you mean 'fault'?"),
        ("fault = 1", "fault is no list of tables"),
        ("fault = [1]", "fault 1 is 1; allowed: a table with a verb"),
        ("[[fault]]", "fault 1 lacks its verb; allowed: lost_request, lost_reply"),
        ("[[fault]]\nverb = 7", "fault 1 has no verb 7"),
        ('[[fault]]\nverb = "lost_repply"', "fault 1 has no verb 'lost_repply'; did you mean 'lost_reply'?"),
        ('[[fault]]\nverb = "delay"\nsecond = 1', r"fault 1 \(delay\) has no key 'second'; did you mean 'seconds'?"),
        ('[[fault]]\nverb = "delay"', r"fault 1 \(delay\) lacks seconds"),
        ('[[fault]]\nverb = "delay"\nseconds = "x"', r"fault 1 \(delay\) seconds is 'x': "),
        ('[[fault]]\nverb = "delay"\nseconds = -1', "seconds is -1; allowed: from 0 to"),
        ('[[fault]]\nverb = "delay"\nseconds = nan', "seconds is NaN; allowed: "),
        ('[[fault]]\nverb = "delay"\nseconds = inf', "seconds is Infinity; allowed: from 0 to"),
        ('[[fault]]\nverb = "price_gap"\nsymbol = "A"\nfraction = nan', "fraction is NaN; allowed: a number"),
        ('[[fault]]\nverb = "close"\ncode = 70000', "code is 70000; allowed: from 1000 to 4999"),
        ('[[fault]]\nverb = "code"\ncode = 99999999999999999999999', "allowed: from -99999 to 99999"),
        ('[[fault]]\nverb = "lost_reply"\nstream = "a"', "has no key 'stream'"),
        ('[[fault]]\nverb = "close"\npath = "a"', "has no key 'path'"),
        ('[[fault]]\nverb = "lost_reply"\nprobability = 2', "probability is 2; allowed: from 0 to 1"),
        ('[[fault]]\nverb = "lost_reply"\nnth = 0', "nth is 0; allowed: 1 or more"),
        ('[[fault]]\nverb = "lost_reply"\nnth = 1\nevery = 2', "has nth and every; allowed: one of"),
        ('[[fault]]\nverb = "lost_reply"\nmethod = "get"', "method is 'get'; allowed: GET, POST"),
        ('[[fault]]\nverb = "retry_after"\nstatus = 430', "status is 430"),
        ('[[fault]]\nverb = "html"\nstatus = 99', "status is 99; allowed: from 200 to 599"),
        ('[[fault]]\nverb = "html"\napplied = "maybe"', "applied is 'maybe'"),
        ('[[fault]]\nverb = "alter_reply"\nfind = "("\nput = ""', r"find is '\(' with put ''"),
        ('[[fault]]\nverb = "alter_reply"\nfind = "a"\nput = "\\\\2"', "invalid group reference"),
        ('[[fault]]\nverb = "clock_shift"\nseconds = 1\npath = "a"\nstream = "b"', "allowed: path, or stream"),
        ('[[fault]]\nverb = "close"\nname = "a"\n[[fault]]\nverb = "stall"\nseconds = 1\nname = "a"', "named 'a'"),
    ],
)
def test_what_is_no_fault_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    """Place, key, value and what is allowed."""
    with pytest.raises(ConfigError, match=sentence) as refusal:
        load_faults(text)
    assert "\n" not in str(refusal.value)


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text(), max_size=4))
def test_any_table_is_a_rule_or_a_sentence(table: dict[str, object]) -> None:
    """What the control API is sent is a rule of its verb with its keys, or refused with the rule named."""
    for verb in ("delay", "human_mode", "alter_frame"):
        given_table = {"verb": verb} | table
        outcome = rule_or_sentence(given_table)
        if isinstance(outcome, str):
            assert outcome.startswith("fault 1")
        else:
            assert verb_of(outcome) == given_table["verb"]
            assert set(table) - {"verb"} <= {field.name for field in msgspec.structs.fields(outcome)}


def rule_or_sentence(table: dict[str, object]) -> Rule | str:
    """What a table is read as."""
    try:
        return decode_fault(table, 1)
    except ConfigError as refusal:
        return str(refusal)


def test_rules_are_added_together_or_not_at_all() -> None:
    """One name that is taken, and none of them stands."""
    faults = Faults([LostReply(name="old")], 1, 0)
    with pytest.raises(ConfigError, match="'old'"):
        faults.add([LostReply(name="new"), LostReply(name="old")], 0)
    assert [rule.name for rule in faults.rules()] == ["old"]
