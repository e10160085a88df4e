"""The model check as a program: each scope in turn, its size, and the shortest path to what is wrong.

Run by `make model`; a scope of one's own is ``python -m tests.model.check FAULTS WISHES DEPTH [rise] [apart]``.
"""

from __future__ import annotations

import sys

from tests.model.explorer import Explorer, Found
from tests.model.scope import Scope

# The last goes through everything; the others through every action to a depth, which is told, and the ways home.
SCOPES = (
    Scope(faults=2, wishes=1, depth=5),
    Scope(faults=3, wishes=1, depth=4),
    Scope(faults=1, wishes=1, depth=6, rise=True, apart=True),
    Scope(faults=0, wishes=1, depth=9),
    Scope(faults=1, wishes=0, depth=8),
    Scope(faults=0, wishes=0),
)


def shown(scope: Scope, found: Found) -> str:
    """One line about an exploration, and the path if something is wrong."""
    reach = "closed" if found.closed else f"every action to depth {found.depth}, the way home beyond"
    world = f"{scope.faults} faults, {scope.wishes} wishes" + ", rise" * scope.rise + ", answers apart" * scope.apart
    verdict = found.wrong or (
        f"holds: {found.homes} ends, none out of reach; unprotected for at most {found.steps} steps "
        f"and {found.seconds:g} s of the engine's timers"
    )
    line = (
        f"{world}: {found.states} states, {found.transitions} transitions, {found.took_s:.1f} s, {reach}: {verdict}\n"
    )
    return line + "".join(f"  {number}. {action}\n" for number, action in enumerate(found.path, 1))


def main(arguments: list[str]) -> int:
    """Explore and tell; 1 if something is wrong."""
    scopes = list(SCOPES)
    if arguments:
        faults, wishes, depth, *more = arguments
        scopes = [Scope(int(faults), int(wishes), int(depth), rise="rise" in more, apart="apart" in more)]
    for scope in scopes:
        found = Explorer(scope).explore()
        sys.stdout.write(shown(scope, found))
        sys.stdout.flush()
        if found.wrong:
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
