"""The ledger: each amount once, never changed, forgotten only where it cannot come again."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sadari.core.ledger import KEPT_DAYS, Entry, Ledger, Posting
from sadari.model.command import SendAlert
from sadari.model.event import AccountUpdated, OrderFilled, TransferListed
from sadari.model.units import DAY_NS
from tests.ladder_driver import START_NS, SYMBOL, Driver, held, patient

D = Decimal
KEY = ("COMMISSION", SYMBOL, 7)


def fill(*, fee: str = "0.5", profit: str = "2", cause: str = "") -> OrderFilled:
    """A trade that realized something."""
    return OrderFilled(
        time_ns=START_NS, symbol=SYMBOL, client_order_id="x", trade_id=7, price=D(100), qty=D(1), fee=D(fee),
        realized_pnl=D(profit), buyer=False, cause=cause,
    )  # fmt: skip


def test_a_key_is_booked_once_and_never_with_another_amount() -> None:
    """The same again is counted, something else is told, and neither changes a sum."""
    ledger = Ledger()
    assert ledger.post(KEY, START_NS, "fees", D("-0.5")) is Posting.BOOKED
    assert ledger.post(KEY, START_NS + 5, "fees", D("-0.5")) is Posting.KNOWN
    assert ledger.post(KEY, START_NS, "fees", D("-0.4")) is Posting.CONTRADICTS
    assert ledger.post(KEY, START_NS, "fees", D(0)) is Posting.CONTRADICTS
    assert (ledger.change, ledger.repeated) == (D("-0.5"), 1)
    assert ledger.find(KEY) == Entry(KEY, START_NS, "USDT", "fees", "wallet:USDT", D("0.5"))


@pytest.mark.parametrize(("cause", "account"), [("", "fees"), ("LIQUIDATION", "insurance")])
def test_a_trade_is_a_profit_and_a_fee(cause: str, account: str) -> None:
    """Both against the wallet; the fee of a liquidation goes to the insurance fund."""
    ledger = Ledger()
    ledger.trade(fill(cause=cause))
    day = ledger.day(START_NS // DAY_NS)
    assert day == {"wallet:USDT": D("1.5"), f"position:{SYMBOL}": D(-2), account: D("0.5")}


def test_keys_are_forgotten_when_they_cannot_come_again_and_sums_are_not() -> None:
    """What is older than the kept days is refused, because nobody can say whether it is booked; the archive has all."""
    archive: list[Entry] = []
    ledger = Ledger(archive)
    for day in range(30):
        ledger.post(("COMMISSION", SYMBOL, day), day * DAY_NS, "fees", D(-1))
    assert sum(ledger.find(("COMMISSION", SYMBOL, day)) is not None for day in range(30)) == KEPT_DAYS
    assert ledger.post(("COMMISSION", SYMBOL, 3), 3 * DAY_NS, "fees", D(-1)) is Posting.TOO_OLD
    assert (ledger.change, len(archive), ledger.day(3)["fees"]) == (D(-30), 30, D(1))


def test_a_transfer_is_booked_once_and_leaves_the_wallet_agreed() -> None:
    """Its amount is what the venue's wallet has beyond the ledger's; told again it changes nothing."""
    driver = Driver(patient())
    driver.now_ns += 1
    driver.wallet += 500
    driver.account(cause="TRANSFER")
    driver.account(cause="TRANSFER")
    driver.now_ns += 1
    driver.account()
    ledger = driver.engine.ledger
    assert (ledger.change, ledger.day(START_NS // DAY_NS)["transfers"]) == (D(500), D(-500))
    assert driver.audits() == []


def test_a_difference_is_told_once_and_again_when_it_changes() -> None:
    """Beyond a cent it is critical; when the wallets agree again, that is told too."""
    driver = held()
    for beyond in ("0.005", "0", "0", "5", "-5.005", "0"):
        driver.wallet += D(beyond)
        driver.now_ns += 1
        driver.account()
    driver.now_ns += 1
    driver.account()
    severities = [a.severity for a in driver.of(SendAlert) if a.code == "LEDGER_DIFFERS"]
    assert severities == ["warning", "critical", "info"]


def test_a_contradicting_report_of_a_known_trade_is_critical() -> None:
    """The first amount stays."""
    driver = held()
    driver.give(fill())
    driver.give(fill(fee="0.6"))
    assert ("critical", "SETTLEMENT_MISMATCH") in driver.alerts()
    entry = driver.engine.ledger.find(KEY)
    assert entry is not None
    assert entry.amount == D("0.5")


@pytest.mark.parametrize("first", ["stream", "list"])
@pytest.mark.parametrize("apart_ns", [0, 900_000_000])
def test_a_transfer_that_two_sources_tell_is_one(first: str, apart_ns: int) -> None:
    """In either order, by different names and times; told again by either it stays one, and another one is another."""
    ledger = Ledger()
    listed = TransferListed(time_ns=START_NS + 9, asset="USDT", amount=D(-50), booked_ns=START_NS + apart_ns)

    def by_stream() -> Posting:
        return ledger.without_trade("WITHDRAW", START_NS, D(-50))

    def by_list() -> Posting:
        return ledger.transfer(listed)

    told, again = (by_stream, by_list) if first == "stream" else (by_list, by_stream)
    assert (told(), again()) == (Posting.BOOKED, Posting.KNOWN)
    assert (by_stream(), by_list()) == (Posting.KNOWN, Posting.KNOWN)
    assert ledger.change == D(-50)
    assert ledger.without_trade("WITHDRAW", START_NS + 1, D(-50)) is Posting.BOOKED
    assert ledger.change == D(-100)


@pytest.mark.parametrize("first", ["stream", "list"])
def test_transfers_of_hours_that_one_source_was_out_of_sight_stay_one_each(first: str) -> None:
    """A list that is read only after several transfers, or a stream that is heard only then, repeats all of them."""
    ledger, hour_ns = Ledger(), 3_600 * 1_000_000_000
    times = [START_NS, START_NS + hour_ns, START_NS + 2 * hour_ns]
    sources = {
        "stream": lambda at_ns: ledger.without_trade("WITHDRAW", at_ns, D(-50)),
        "list": lambda at_ns: ledger.transfer(
            TransferListed(time_ns=times[-1] + 1, asset="USDT", amount=D(-50), booked_ns=at_ns)
        ),
    }
    again = "list" if first == "stream" else "stream"
    assert [sources[first](at_ns) for at_ns in times] == [Posting.BOOKED] * 3
    assert [sources[again](at_ns) for at_ns in times] == [Posting.KNOWN] * 3
    assert ledger.change == D(-150)


def test_a_list_that_is_told_again_takes_no_other_transfer_for_its_own() -> None:
    """After a restart it begins earlier: the first of two like ones is known, and the second one's turn is kept."""
    ledger, apart_ns = Ledger(), 48 * 1_000_000_000
    rows = [
        TransferListed(time_ns=START_NS, asset="USDT", amount=D(-500), booked_ns=START_NS + at * apart_ns)
        for at in range(2)
    ]
    told = [
        ledger.without_trade("WITHDRAW", START_NS, D(-500)),
        ledger.transfer(rows[0]),
        ledger.without_trade("WITHDRAW", START_NS + apart_ns, D(-500)),
        *(ledger.transfer(row) for row in rows),
    ]
    assert told == [Posting.BOOKED, Posting.KNOWN, Posting.BOOKED, Posting.KNOWN, Posting.KNOWN]
    assert ledger.change == D(-1000)


def test_a_transfer_is_neither_a_profit_nor_a_loss_of_the_day() -> None:
    """By whatever name the venue tells it; it moves the peak that a fall is measured from, too."""
    driver = Driver(patient())
    account = driver.engine.account
    before = account.day_result(account.wallet_balance), account.peak_equity - account.wallet_balance
    driver.wallet -= 4000
    event = AccountUpdated(
        time_ns=driver.now_ns + 1, cause="WITHDRAW", wallet_balance=driver.wallet, available_balance=D(9_000),
        change=D(-4000),
    )  # fmt: skip
    driver.give(event)
    driver.give(TransferListed(time_ns=driver.now_ns + 2, asset="USDT", amount=D(-4000), booked_ns=driver.now_ns + 1))
    assert account.wallet_balance == driver.wallet
    assert (account.day_result(account.wallet_balance), account.peak_equity - account.wallet_balance) == before
