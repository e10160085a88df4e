"""From answers to outcomes: the table of codes, and everything that an answer may be in place of one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadari.binance import codes
from sadari.binance.codes import MEANINGS, Next, meaning
from sadari.binance.judge import fault_of, judge
from sadari.errors import FatalError, RefusedError, RetryableError, UnknownOutcomeError
from sadari.exchange.refusals import REFUSALS
from sadari.localexchange.faults.http import UNAVAILABLE
from sadari.localexchange.serving.known import CODES
from tests.conftest import SHARED

MULTI_ASSETS = "Unable to adjust to isolated-margin mode under the Multi-Assets mode."
_CODE = re.compile(r"-\d{4}")
_RANGE = re.compile(r"(-\d{4})…(-\d{4})")


def error_body(code: int, message: str = "a sentence") -> bytes:
    """The exchange's error body."""
    return json.dumps({"code": code, "msg": message}).encode()


def listed_codes() -> set[int]:
    """Every code of the reference's table of codes, ranges and all."""
    reference = SHARED / "reference" / "binance-usdm.md"
    if not reference.is_file():
        pytest.skip("no reference beside this checkout (../shared/reference)")
    section = reference.read_text(encoding="utf-8").partition("## 6.")[2].partition("## 7.")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| -")]
    found = {int(code) for cell in cells for code in _CODE.findall(cell)}
    for cell in cells:
        for first, last in _RANGE.findall(cell):
            found |= set(range(int(first), int(last) - 1, -1))
    return found


def test_the_table_has_every_code_of_the_reference() -> None:
    """What the caller does next is decided for each of them, once."""
    listed = listed_codes()
    assert len(listed) > 130
    assert listed <= set(MEANINGS)


def test_the_table_has_every_code_that_the_local_exchange_knows() -> None:
    """The two were read from one reference."""
    assert set(CODES) <= set(MEANINGS)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_means_here_what_it_means_to_the_exchange_model(code: int) -> None:
    """A decision is the same over history and over the wire."""
    assert meaning(code).reason is REFUSALS[code].reason


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_each_code_becomes_the_exception_of_its_row(code: int) -> None:
    """Of something that changes the account; a refusal keeps its code and its text."""
    error = judge(400, error_body(code), changes=True)
    row = MEANINGS[code]
    if row.fatal:
        assert isinstance(error, FatalError)
    elif row.next is Next.UNKNOWN or code == -1001:
        assert isinstance(error, UnknownOutcomeError)
    elif row.next is Next.RETRY:
        assert isinstance(error, RetryableError)
    else:
        assert isinstance(error, RefusedError)
        assert (error.code, error.message) == (code, "a sentence")


@pytest.mark.parametrize("code", sorted(MEANINGS))
def test_no_code_leaves_the_outcome_of_a_read_unknown(code: int) -> None:
    """A read has nothing to look for: it is asked again."""
    assert not isinstance(judge(503, error_body(code), changes=False), UnknownOutcomeError | None)


def test_a_code_of_no_table_is_a_refusal_where_the_status_says_so_and_unknown_where_not() -> None:
    """New codes appear; that the request was not executed needs a definite word."""
    assert isinstance(judge(400, error_body(-9999), changes=True), RefusedError)
    assert isinstance(judge(500, error_body(-9999), changes=True), UnknownOutcomeError)


@pytest.mark.parametrize(("variant", "unknown"), [("A", True), ("B", False), ("C", False), ("D", False)])
def test_the_four_kinds_of_503_are_told_apart_by_their_text(variant: str, *, unknown: bool) -> None:
    """Only the first may have been executed (faults F03, F04, F05); as JSON or as bare text."""
    code, message = UNAVAILABLE[variant]
    for body in (error_body(code, message), message.encode(), f"{message}\n".encode()):
        error = judge(503, body, changes=True)
        assert isinstance(error, UnknownOutcomeError if unknown else RetryableError)
        assert message in str(error)


@pytest.mark.parametrize("variant", ["B", "C"])
def test_one_byte_changed_in_the_text_of_a_503_makes_it_unknown(variant: str) -> None:
    """A sentence that we do not know proves nothing (faults F04)."""
    code, message = UNAVAILABLE[variant]
    for at in range(len(message)):
        changed = message[:at] + ("x" if message[at] != "x" else "y") + message[at + 1 :]
        for body in (error_body(code, changed), changed.encode()):
            assert isinstance(judge(503, body, changes=True), UnknownOutcomeError), changed


@pytest.mark.parametrize("status", [200, 400, 503])
@pytest.mark.parametrize("body", [b'{"orderId":1,"status":"NEW"}', error_body(-2019)])
def test_a_body_that_is_cut_anywhere_says_nothing(status: int, body: bytes) -> None:
    """No field is taken from a part of an answer (faults F08)."""
    for sent in range(len(body)):
        assert isinstance(judge(status, body[:sent], changes=True), UnknownOutcomeError)
        assert isinstance(judge(status, body[:sent], changes=False), RetryableError)


@pytest.mark.parametrize("status", [403, 404, 408, 500, 502, 503, 504])
def test_a_page_of_a_proxy_is_unknown_for_a_change_and_retryable_for_a_read(status: int) -> None:
    """Nobody knows whether the venue has seen it (faults F09)."""
    page = b"<html><body><h1>Bad Gateway</h1></body></html>"
    change, read = judge(status, page, changes=True), judge(status, page, changes=False)
    assert isinstance(change, UnknownOutcomeError)
    assert isinstance(read, RetryableError)
    assert "Bad Gateway" in str(change)
    assert (read.after_s > 0) == (status == 403)


@pytest.mark.requirement("R001-3")
@pytest.mark.parametrize(
    "body",
    [
        error_body(-4168, MULTI_ASSETS),
        json.dumps({"error": error_body(-4168, MULTI_ASSETS).decode()}).encode(),
        json.dumps({"error": {"code": -4168, "msg": MULTI_ASSETS}}).encode(),
        json.dumps({"status": 400, "error": json.dumps({"error": error_body(-4168, MULTI_ASSETS).decode()})}).encode(),
        json.dumps(error_body(-4168, MULTI_ASSETS).decode()).encode(),
        json.dumps({"code": "-4168", "msg": MULTI_ASSETS}).encode(),
    ],
    ids=["plain", "text within", "object within", "twice within", "text", "code as text"],
)
def test_the_code_is_found_however_deep_the_error_is_nested(body: bytes) -> None:
    """The form in which some clients hand errors on is read like the plain one."""
    error = judge(400, body, changes=True)
    assert isinstance(error, RefusedError)
    assert error.code == codes.NO_ISOLATED_IN_MULTI_ASSETS
    assert MULTI_ASSETS in error.message


@pytest.mark.requirement("R001-9")
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=10), max_size=3), st.booleans())
def test_nothing_that_stands_beside_the_code_is_lost(beside: dict[str, str], nested: bool) -> None:
    """The message of a refusal has the whole answer where it is more than code and text."""
    body = json.dumps({**beside, "code": -4047, "msg": "orders"}, ensure_ascii=False)
    whole = json.dumps({"error": body}, ensure_ascii=False) if nested else body
    error = judge(400, whole.encode(), changes=True)
    assert isinstance(error, RefusedError)
    if set(beside) - {"code", "msg"} or nested:
        assert whole in error.message
    else:
        assert error.message == "orders"


@pytest.mark.requirement("R001-9")
@given(st.binary(max_size=60), st.sampled_from([400, 401, 500, 503]))
def test_whatever_an_error_body_is_its_text_is_kept(body: bytes, status: int) -> None:
    """Bytes that are no JSON, and no text either, are shown in the message; nothing is raised over them."""
    error = judge(status, body, changes=True)
    assert isinstance(error, UnknownOutcomeError | RefusedError | RetryableError)
    text = body.decode(errors="backslashreplace").strip()
    assert text in str(error) or fault_of(body) is not None


def test_a_broken_limit_says_when_to_come_back() -> None:
    """By the header where there is one, else by the window or the shortest ban (faults F16 to F18)."""
    waits = {
        (429, -1003, 7.0): 7.0,
        (429, -1003, None): 60.0,
        (429, -1015, None): 10.0,
        (418, -1003, None): 120.0,
        (418, -1003, 259_200.0): 259_200.0,
        (400, -1015, None): 10.0,
    }
    for (status, code, retry_after_s), wait_s in waits.items():
        error = judge(status, error_body(code), changes=True, retry_after_s=retry_after_s)
        assert isinstance(error, RetryableError)
        assert error.after_s == wait_s
    page = judge(429, b"<html></html>", changes=True)
    assert isinstance(page, RetryableError)
    assert page.after_s == 60.0


def test_a_good_answer_is_no_failure_even_if_it_speaks_of_success_in_codes() -> None:
    """Some answers are a code of 200, as a number or as text."""
    for body in (b"{}", b"[]", b'{"code":200,"msg":"success"}', b'{"algoId":1,"code":"200","msg":"success"}'):
        assert judge(200, body, changes=True) is None


def test_an_error_with_status_200_is_an_error() -> None:
    """The status line is no proof (faults F10)."""
    assert isinstance(judge(200, error_body(-2019), changes=True), RefusedError)


def test_recorded_errors_of_the_key_are_fatal(recorded_data: Path) -> None:
    """As the exchange sent them."""
    for name in ("http-error-2014-api-key-format-invalid.json", "http-error-2015-invalid-key.json"):
        body = (recorded_data / "payloads/rest/errors" / name).read_bytes()
        assert isinstance(judge(401, body, changes=True), FatalError), body


@pytest.mark.parametrize("code", [-1008, -1001, -2019, -9999])
def test_a_timeout_of_the_backend_is_unknown_whatever_code_comes_with_it(code: int) -> None:
    """The status alone says that nobody waited for the end of it."""
    assert isinstance(judge(408, error_body(code), changes=True), UnknownOutcomeError)
