"""Multi-assets mode: every asset is margin of every contract, by its price and its haircut."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from sadari.exchange import NO_SLIPPAGE, Collateral, Exchange, Refusal
from sadari.model.event import OrderFilled
from sadari.model.order import MarginMode, Side
from sadari.model.plan import Fees
from tests.exchange_orders import BTC, INSTRUMENT, D, T, account, buy, fills, limit

BUY = Side.BUY
USDC = "BTCUSDC"
ETH = "ETHUSDT"
PRICE = D(50_000)

INSTRUMENTS = {
    BTC: INSTRUMENT,
    ETH: replace(INSTRUMENT, symbol=ETH),
    USDC: replace(INSTRUMENT, symbol=USDC, quote_asset="USDC"),
}
ASSETS = {"BTC": Collateral(balance=D("0.1"), price=D(40_000), ratio=D("0.95"))}


def several(balance: str = "1000", *, multi_assets: bool = True, leverage: int = 10) -> Exchange:
    """An account with USDT and a tenth of a BTC, which counts 3 800 USD."""
    made = Exchange(
        INSTRUMENTS, Fees(), D(balance), slippage=NO_SLIPPAGE, assets=ASSETS, multi_assets=multi_assets
    )  # fmt: skip
    for symbol in INSTRUMENTS:
        made.set_leverage(symbol, leverage)
    return made


@pytest.mark.requirement("R001-6")
def test_all_assets_are_margin_by_their_haircut() -> None:
    """Totals are in USD; a single-asset account counts its own asset alone."""
    made = several()
    assert made.wallet_balance == made.available_balance() == made.margin_balance() == 4_800
    single = several(multi_assets=False)
    assert single.wallet_balance == single.available_balance() == single.margin_balance() == 1_000
    assert made.balances == single.balances == {"USDT": 1_000, "USDC": 0, "BTC": D("0.1")}


@pytest.mark.requirement("R001-6", "R001-7")
@pytest.mark.parametrize("symbol", INSTRUMENTS)
@pytest.mark.parametrize(("multi_assets", "mode", "code"), [
    (True, MarginMode.ISOLATED, -4168), (True, MarginMode.CROSSED, -4046),
    (False, MarginMode.ISOLATED, 0), (False, MarginMode.CROSSED, -4046),
])  # fmt: skip
def test_isolated_margin_is_refused_in_multi_assets_mode(
    symbol: str, mode: MarginMode, code: int, *, multi_assets: bool
) -> None:
    """Every symbol begins crossed: the matrix of account mode and margin mode wanted."""
    made = several(multi_assets=multi_assets)
    if code:
        with pytest.raises(Refusal) as refused:
            made.set_margin_mode(symbol, mode)
        assert refused.value.code == code
    else:
        made.set_margin_mode(symbol, mode)


def code_of(made: Exchange, *, multi_assets: bool) -> int:
    """The answer to a change of mode, 0 if it is done."""
    try:
        made.set_multi_assets(multi_assets=multi_assets)
    except Refusal as refusal:
        return refusal.code
    assert made.multi_assets is multi_assets
    return 0


@pytest.mark.requirement("R001-6")
def test_the_mode_changes_only_where_nothing_stands_against_it() -> None:
    """Unchanged -4171, open orders -4170, an isolated symbol -4167, a debt -4172, too little margin -4169."""
    made = several(multi_assets=False)
    assert code_of(made, multi_assets=False) == -4171
    made.submit(limit("l", BUY, "0.01", "49000"), T, PRICE)
    assert code_of(made, multi_assets=True) == -4170
    made.cancel(BTC, "l", T)
    made.set_margin_mode(ETH, MarginMode.ISOLATED)
    assert code_of(made, multi_assets=True) == -4167
    made.set_margin_mode(ETH, MarginMode.CROSSED)
    assert code_of(made, multi_assets=True) == 0
    made.submit(buy("a", "0.01", symbol=USDC), T, PRICE)
    assert code_of(made, multi_assets=False) == -4172
    made.transfer(T, D(1), "USDC")
    assert code_of(made, multi_assets=False) == -4169
    made.transfer(T, D(100), "USDC")
    assert code_of(made, multi_assets=False) == 0


def test_fees_and_profit_are_booked_in_the_margin_asset() -> None:
    """A USDC contract moves the USDC wallet, which may owe; the account report is in USD."""
    made = several()
    events = made.submit(buy("a", "0.1", symbol=USDC), T, PRICE)
    assert made.balances == {"USDT": 1_000, "USDC": D("-2.5"), "BTC": D("0.1")}
    assert (made.income[-1].asset, made.income[-1].amount) == ("USDC", D("-2.5"))
    assert account(events).wallet_balance == D("4797.5")
    assert account(events).available_balance == D("4297.5")


def test_a_debt_counts_in_full_and_a_balance_by_its_ratio() -> None:
    """The haircut makes nothing that is owed smaller."""
    assets = {"USDC": Collateral(price=D("0.999"), ratio=D("0.9"))}
    made = Exchange(INSTRUMENTS, Fees(), D(1_000), assets=assets, multi_assets=True)
    made.transfer(T, D(100), "USDC")
    assert made.wallet_balance == D(1_000) + D("89.91")
    made = Exchange(INSTRUMENTS, Fees(), D(1_000), slippage=NO_SLIPPAGE, assets=assets, multi_assets=True)
    made.submit(buy("a", "0.1", symbol=USDC), T, PRICE)
    assert made.wallet_balance == D(1_000) - D("2.5") * D("0.999")


@pytest.mark.requirement("R001-11")
def test_liquidation_is_by_the_totals() -> None:
    """USDT alone is used up long before: the BTC stands for it until all of it is."""
    made = several()
    made.submit(buy("a", "0.3"), T, PRICE)
    made.touch(BTC, T, D(45_000))
    assert made.balances["USDT"] - 1_500 < 0
    price = made.liquidation_price(BTC)
    assert price == ((D("4792.5") - 15_000) / D("-0.2988")).quantize(D("1e-8"), rounding="ROUND_CEILING")
    assert made.touch(BTC, T, D(int(price) + 1)) == []
    (trade,) = fills(made.touch(BTC, T, D(int(price))))
    assert trade.cause == "LIQUIDATION"
    assert made.wallet_balance == 0
    assert made.balances["USDT"] == -3_800


def test_the_liquidation_price_of_a_contract_whose_asset_has_a_haircut_is_where_it_happens() -> None:
    """With 3 000 USDC at nine tenths and 400 USDT beside it: the root of a line with a bend at zero."""
    assets = {"USDC": Collateral(balance=D(3_000), ratio=D("0.9"))}
    for usdt in ("400", "0"):
        made = Exchange(INSTRUMENTS, Fees(), D(usdt), slippage=NO_SLIPPAGE, assets=assets, multi_assets=True)
        made.set_leverage(USDC, 10)
        made.submit(buy("a", "0.3", symbol=USDC), T, PRICE)
        price = made.liquidation_price(USDC)
        assert price is not None
        assert made.touch(USDC, T, price.quantize(D("0.01"), rounding="ROUND_CEILING")) == []
        assert fills(made.touch(USDC, T, price.quantize(D("0.01"), rounding="ROUND_FLOOR"))) != []


def test_a_loss_beyond_all_assets_is_paid_by_the_insurance_fund() -> None:
    """In the asset of the contract, until the total is zero."""
    made = several()
    made.submit(buy("a", "0.3"), T, PRICE)
    made.touch(BTC, T, D(20_000))
    assert made.wallet_balance == 0
    assert (made.income[-1].kind, made.income[-1].asset) == ("INSURANCE_CLEAR", "USDT")


def test_contracts_of_a_single_asset_account_have_the_wallet_of_their_own_asset() -> None:
    """Without USDC no USDC contract is opened."""
    made = several(multi_assets=False)
    assert not isinstance(made.submit(buy("a", "0.01", symbol=USDC), T, PRICE)[0], OrderFilled)
    made.transfer(T, D(100), "USDC")
    assert isinstance(made.submit(buy("b", "0.01", symbol=USDC), T, PRICE)[0], OrderFilled)


def test_an_account_with_one_asset_is_the_same_in_either_mode() -> None:
    """Only USDT at price and ratio 1: the totals of multi-assets mode are those of single-asset mode."""
    for multi_assets in (False, True):
        made = Exchange(INSTRUMENTS, Fees(), D(2_000), slippage=NO_SLIPPAGE, multi_assets=multi_assets)
        made.set_leverage(BTC, 10)
        made.submit(buy("a", "0.3"), T, PRICE)
        made.touch(BTC, T, D(48_000))
        assert (made.wallet_balance, made.margin_balance()) == (D("1992.5"), D("1392.5"))
        assert made.available_balance() == 0
        assert made.equity({BTC: D(48_000)}) == D("1392.5")
