"""The exchange's error answer."""

from __future__ import annotations

from sadari.errors import RefusedError


class Refused(RefusedError):  # noqa: N818 - it is the venue's word, not a fault
    """An answer with the exchange's error body ``{"code": …, "msg": …}``.

    Attributes:
        code: The exchange's code, negative.
        message: Its sentence.
        status: The HTTP status.
    """

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.status = status
