"""Every failure of Sadari, named by what the caller does next.

SadariError
├── ConfigError            the input is wrong: fix it and start again (exit code 2)
│   └── DataError          a data file is wrong: names the file and the row
├── RefusedError           the venue said no, with a code: asking again unchanged is pointless
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


class RefusedError(SadariError):
    """The venue refused with a definite code."""


class FatalError(SadariError):
    """The engine cannot go on. It never closes positions by itself."""


class JournalError(FatalError):
    """The journal cannot be written or does not verify; the message names the record."""


class IllegalTransitionError(SadariError):
    """An internal event with no row in the lifecycle's table."""
