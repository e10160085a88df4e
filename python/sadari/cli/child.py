"""`python -m sadari.cli.child …`: the command line for a program that starts it and is to outlive it in no case.

The starter holds the other end of the standard input. When that closes, however the starter has ended, this process
ends as Ctrl-C would end it; Ctrl-C itself reaches only the starter, which ends its children in their order.
"""

from __future__ import annotations

import os
import signal
import sys
from threading import Thread

from sadari.cli.main import main


def _end_with_the_starter() -> None:
    # The descriptor itself: a reader of its own would be locked while the interpreter ends.
    while os.read(0, 1 << 12):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    Thread(target=_end_with_the_starter, daemon=True).start()
    sys.exit(main())
