"""The start after a fault of the disk: what was promised is there, is told truly, and nothing is given out twice."""

from __future__ import annotations

import re
from pathlib import Path

from sadari.errors import ConfigError, JournalError
from sadari.model.command import PlaceOrder, RecordDecision
from sadari.run.live.journals import replay
from sadari.run.live.resume import rebuilt
from sadari.store import audit
from sadari.store.folder import Folder
from sadari.store.journal import decode, rows, verify
from tests.disk.flow import Flow, Good

REFUSED = (ConfigError, JournalError)
# What a refusal advises: a sentence without advice leaves a person alone with it.
ADVICE = (
    "see sadari repair",
    "put it back",
    "put back the file",
    "start again",
    "restore a backup",
    "look at the venue",
)
# An order or a cancel in a line of the audit.
NOT_SENT = re.compile(rb'"type":"(PlaceOrder|CancelOrder)"')


def advises(sentence: str) -> bool:
    """Whether a refusal says what to do."""
    return any(advice in sentence for advice in ADVICE)


class Next:
    """The start after a fault, on a disk that is well again.

    Attributes:
        wrong: What must not be.
    """

    def __init__(self, folder: Folder, before: Flow, *, dark: bool) -> None:
        self.wrong: list[str] = []
        self._folder = folder
        self._promised = promised = before.promised
        self._dark = dark
        self._failed = before.failures
        self._whole_audit = not before.audit_faults
        self._rows = promised.rows[: promised.synced] if dark else promised.rows
        self._flow = Flow(folder, Good())
        self._flow.follow(before)

    def live(self) -> None:
        """Start, compare what is there with what was promised, trade and stop."""
        try:
            self._flow.begin()
        except REFUSED as error:
            self.wrong.append(f"the next start is refused: {error}")
            return
        if self._flow.driver.failure:
            self.wrong.append(f"a good disk fails: {self._flow.driver.failure}")
        self._compare([row.lines for row in rows(self._folder.journal)])
        self._flow.get_out()
        self._flow.enter("48500")
        self._flow.get_out()
        self._flow.stop()
        given = identifiers(self._flow.promised.sent)
        if twice := given & identifiers(self._promised.sent):
            self.wrong.append(f"ids were given twice: {sorted(twice)}")
        # An emergency that is taken over without the rows that the power took may shut the gate, and says so.
        if not given and not (self._dark and any(not one.accepted for one in self._flow.of(RecordDecision))):
            self.wrong.append("nothing is traded any more, and nobody is told why")
        if fault := verify(self._folder.journal).fault or replay(self._folder.journal).difference:
            self.wrong.append(fault)
        if not self._dark:
            self._look_at_audit()

    def _look_at_audit(self) -> None:
        """No line of it is torn; where no fault was told of, it is what the journal says, byte for byte."""
        written = audit.files(self._folder.audit)
        self.wrong += [f"lines {lines} of {path.name} are torn" for path in written if (lines := audit.faults(path))]
        if not self._whole_audit:
            return
        whole = audit.Audit(self._folder.path / "whole", "run")
        rebuilt(self._folder.journal, whole.observe)
        whole.close()
        missing = missing_lines(told(written), told(audit.files(whole.folder)))
        # What a journal that had failed kept from going out is in the journal and in no audit.
        if missing is None or not all(self._failed and NOT_SENT.search(line) for line in missing):
            self.wrong.append(f"the audit is not what the journal says, and told of no fault: {missing}")

    def _compare(self, stored: list[bytes]) -> None:
        place = iter(stored)
        if lost := next((row for row in self._rows if row not in place), None):
            self.wrong.append(f"was acknowledged and is not there: {lost.decode()}")
        lines = {line for row in stored for line in row.splitlines()}
        for frame in self._promised.emergencies:
            if missing := next((line for line in frame.splitlines() if line not in lines), None):
                self.wrong.append(f"was in the reserve and is not there: {missing.decode()}")
        if missing := next((line for line in self._promised.sent if line not in lines), None):
            self.wrong.append(f"was sent and is not there: {missing.decode()}")


def identifiers(sent: list[bytes]) -> set[str]:
    """The client order ids of the orders among what was sent."""
    return {one.client_order_id for line in sent if isinstance(one := decode(line), PlaceOrder)}


def told(files: list[Path]) -> list[bytes]:
    """The lines of an audit."""
    return [line for path in files for line in path.read_bytes().splitlines()]


def missing_lines(some: list[bytes], every: list[bytes]) -> list[bytes] | None:
    """What a list lacks of another; None if it has what the other one lacks, or another order."""
    missing, place = [], 0
    for line in every:
        if place < len(some) and some[place] == line:
            place += 1
        else:
            missing.append(line)
    return missing if place == len(some) else None
