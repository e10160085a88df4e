"""Naive engines: each is ours with one function that does what others have done wrong, and the test that catches it.

These are the deliberate exception from the rule that our own code is never mocked: they prove that tests can fail.
"""

from __future__ import annotations

from tests.mutants import accounting, closing, hearing, keeping, protecting, unclear
from tests.mutants.mutant import Mutant

MUTANTS: dict[str, Mutant] = (
    unclear.MUTANTS | protecting.MUTANTS | hearing.MUTANTS | accounting.MUTANTS | closing.MUTANTS | keeping.MUTANTS
)
