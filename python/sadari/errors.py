"""Every failure of Sadari, named by what the caller does next.

SadariError
├── ConfigError            the input is wrong: fix it and start again (exit code 2)
│   └── DataError          a data file is wrong: names the file and the row
├── RetryableError         nothing was done: the same may be asked again, after a while
│   ├── ClockOffError      refused for its time: measure the server's clock first
│   └── BannedError        the address is banned: ask nothing at all until then
├── RefusedError           the venue said no, with a code: asking again unchanged is pointless
├── UnknownOutcomeError    no one knows whether it was done: look before anything else
├── FatalError             the engine cannot go on: it stops, protection stays
│   └── JournalError       the journal cannot be written, or is not what was written
└── IllegalTransitionError an internal event that the lifecycle does not list: a bug
"""

from __future__ import annotations


class SadariError(Exception):
    """The root of all failures raised on purpose."""


class ConfigError(SadariError):
    """A setting, argument or file content that cannot be used; the message names field, value and what is allowed."""


class DataError(ConfigError):
    """Market data that cannot be used; the message names file, row and what is allowed."""


class RetryableError(SadariError):
    """Nothing was done. ``after_s`` is how long to wait at least, 0 if nothing was said."""

    def __init__(self, message: str, after_s: float = 0.0) -> None:
        super().__init__(message)
        self.after_s = after_s


class ClockOffError(RetryableError):
    """Nothing was done: by the venue's clock the request is of another time than now."""


class BannedError(RetryableError):
    """Nothing was done, and nothing is to be asked for ``after_s``: every request makes the ban longer."""


class RefusedError(SadariError):
    """The venue refused with a definite code; ``message`` is its own text, whole."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class UnknownOutcomeError(SadariError):
    """A request that changes something went out, and no answer says what became of it."""


class FatalError(SadariError):
    """The engine cannot go on. It never closes positions by itself."""


class JournalError(FatalError):
    """The journal cannot be written or does not verify; the message names the record."""


class IllegalTransitionError(SadariError):
    """An internal event with no row in the lifecycle's table."""
