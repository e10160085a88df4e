"""The venue's refusals: code, what it means to a decision, and the sentence that comes with it.

Source: reference binance-usdm §6.
"""

from __future__ import annotations

from typing import NamedTuple

from sadari.errors import RefusedError
from sadari.model.reason import RejectReason


class Meaning(NamedTuple):
    """What a code stands for."""

    reason: RejectReason
    message: str


REFUSALS: dict[int, Meaning] = {
    -1102: Meaning(RejectReason.OTHER, "A mandatory parameter was not sent or is malformed."),
    -1106: Meaning(RejectReason.OTHER, "A parameter was sent that this order does not take."),
    -1111: Meaning(RejectReason.FILTER, "Precision is over the maximum defined for this asset."),
    -1121: Meaning(RejectReason.NOT_FOUND, "Invalid symbol."),
    -2011: Meaning(RejectReason.NOT_FOUND, "Unknown order sent."),
    -2019: Meaning(RejectReason.INSUFFICIENT_MARGIN, "Margin is insufficient."),
    -2021: Meaning(RejectReason.WOULD_TRIGGER, "Order would immediately trigger."),
    -2022: Meaning(RejectReason.REDUCE_ONLY, "ReduceOnly Order is rejected."),
    -2025: Meaning(RejectReason.OTHER, "Reach max open order limit."),
    -2027: Meaning(RejectReason.LEVERAGE_BRACKET, "Exceeded the maximum allowable position at current leverage."),
    -4001: Meaning(RejectReason.FILTER, "Price less than or equal to zero."),
    -4002: Meaning(RejectReason.FILTER, "Price greater than max price."),
    -4003: Meaning(RejectReason.FILTER, "Quantity less than or equal to zero."),
    -4004: Meaning(RejectReason.FILTER, "Quantity less than min quantity."),
    -4005: Meaning(RejectReason.FILTER, "Quantity greater than max quantity."),
    -4013: Meaning(RejectReason.FILTER, "Price less than min price."),
    -4014: Meaning(RejectReason.FILTER, "Price not increased by tick size."),
    -4015: Meaning(RejectReason.OTHER, "Client order id is not valid."),
    -4016: Meaning(RejectReason.FILTER, "Limit price can't be higher than the upper band."),
    -4023: Meaning(RejectReason.FILTER, "Quantity not increased by step size."),
    -4024: Meaning(RejectReason.FILTER, "Limit price can't be lower than the lower band."),
    -4028: Meaning(RejectReason.LEVERAGE_BRACKET, "Leverage is not valid."),
    -4045: Meaning(RejectReason.STOP_ORDER_LIMIT, "Reach max stop order limit."),
    -4046: Meaning(RejectReason.OTHER, "No need to change margin type."),
    -4047: Meaning(RejectReason.OTHER, "Margin type cannot be changed if there exists open orders."),
    -4048: Meaning(RejectReason.OTHER, "Margin type cannot be changed if there exists position."),
    -4049: Meaning(RejectReason.OTHER, "Add margin only support for isolated position."),
    -4050: Meaning(RejectReason.INSUFFICIENT_MARGIN, "Cross balance insufficient."),
    -4051: Meaning(RejectReason.INSUFFICIENT_MARGIN, "Isolated balance insufficient."),
    -4054: Meaning(RejectReason.OTHER, "Cannot add position margin: position is 0."),
    -4059: Meaning(RejectReason.OTHER, "No need to change position side."),
    -4061: Meaning(RejectReason.OTHER, "Order's position side does not match user's setting."),
    -4067: Meaning(RejectReason.OTHER, "Position side cannot be changed if there exists open orders."),
    -4068: Meaning(RejectReason.OTHER, "Position side cannot be changed if there exists position."),
    -4116: Meaning(RejectReason.OTHER, "ClientOrderId is duplicated."),
    -4130: Meaning(RejectReason.CLOSE_POSITION_EXISTS, "An open close-position order in the direction exists."),
    -4136: Meaning(RejectReason.OTHER, "Close-position is not allowed with this order type."),
    -4137: Meaning(RejectReason.OTHER, "Quantity must be empty with close-position."),
    -4140: Meaning(RejectReason.OTHER, "Invalid symbol status for opening position."),
    -4161: Meaning(
        RejectReason.OTHER, "Leverage reduction is not supported in isolated margin mode with open positions."
    ),
    -4164: Meaning(RejectReason.MIN_NOTIONAL, "Order's notional is too small (unless you choose reduce only)."),
    -4167: Meaning(
        RejectReason.OTHER, "Unable to adjust to Multi-Assets mode with symbols under isolated-margin mode."
    ),
    -4168: Meaning(RejectReason.OTHER, "Unable to adjust to isolated-margin mode under the Multi-Assets mode."),
    -4169: Meaning(RejectReason.INSUFFICIENT_MARGIN, "Unable to adjust Multi-Assets Mode with insufficient margin."),
    -4170: Meaning(RejectReason.OTHER, "Unable to adjust Multi-Assets Mode with open orders."),
    -4171: Meaning(RejectReason.OTHER, "Adjusted asset mode is currently set and does not need to be adjusted."),
    -4172: Meaning(RejectReason.OTHER, "Unable to adjust Multi-Assets Mode with a negative wallet balance."),
    -5021: Meaning(RejectReason.OTHER, "The FOK order cannot be filled immediately and has been rejected."),
    -5022: Meaning(RejectReason.OTHER, "The post-only order would take and has been rejected."),
    -5024: Meaning(RejectReason.OTHER, "Symbol is not in trading status. Order amendment is not permitted."),
    -5025: Meaning(RejectReason.OTHER, "Only limit order is supported."),
    -5026: Meaning(RejectReason.OTHER, "Exceed maximum modify order limit."),
    -5027: Meaning(RejectReason.OTHER, "No need to modify the order."),
    -5029: Meaning(RejectReason.MIN_NOTIONAL, "Order's notional is too small (unless you choose reduce only)."),
    -5047: Meaning(RejectReason.OTHER, "The order that is to be modified is not reduce-only."),
}


class Refusal(RefusedError):  # noqa: N818 - it is the venue's word, not a fault
    """The venue said no.

    Attributes:
        code: The venue's code, negative.
        reason: What the code means to a decision.
        message: The venue's sentence.
    """

    def __init__(self, code: int) -> None:
        self.reason, message = REFUSALS[code]
        super().__init__(code, message)
