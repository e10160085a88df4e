"""Engines that are careless in closing everything: whom they believe, when they begin, when it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sadari.core.liquidation.course import end_notice
from tests.mutants.mutant import Mutant, always, nothing, unit


def _no_notice(right: Callable[..., Any]) -> Callable[..., Any]:
    def give(desk: Any, liquidation: Any, event: str) -> None:
        right(desk, liquidation, event)
        if liquidation.is_in("NOTICE"):
            end_notice(desk, liquidation, "deadline")

    return give


def _takes_it_again(right: Callable[..., Any]) -> Callable[..., Any]:
    def refusal(desk: Any, event: Any, source: Any) -> Any:
        desk.liquidations_seen.clear()
        return right(desk, event, source)

    return refusal


MUTANTS = {
    "takes-any-word-for-it": Mutant(
        "F132", "closes everything for whoever asks", "sadari.run.settings.tokens:_doubts", always(iter(())),
        unit("run/test_tokens", "test_whatever_a_token_does_not_sign_is_doubted"),
    ),
    "takes-it-again": Mutant(
        "F133", "carries a request out a second time", "sadari.core.liquidation.request:_refusal", _takes_it_again,
        unit("core/test_liquidation_requests", "test_a_request_is_taken_once_and_never_again"),
    ),
    "without-a-notice": Mutant(
        "F132", "closes everything in the moment of being asked", "sadari.core.liquidation.course:give_notice",
        _no_notice,
        unit("core/test_liquidation", "test_nothing_is_sent_before_the_notice_is_over"),
    ),
    "three-of-four": Mutant(
        "F118", "sends each closing order once and looks at none again", "sadari.core.liquidation.course:close_again",
        nothing,
        unit("core/test_liquidation_vectors", "test_a_symbol_that_fails_at_first_is_closed_by_a_later_pass"),
    ),
    "forgets-to-close": Mutant(
        "F106", "leaves a liquidation off where its process ended", "sadari.core.liquidation.course:resume", nothing,
        unit("core/test_liquidation_restart", "test_it_goes_on_in_the_phase_it_was_in"),
    ),
}  # fmt: skip
