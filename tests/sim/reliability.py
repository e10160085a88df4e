"""The text of `docs/reliability.md` around its figures."""

from __future__ import annotations

PAGE = """\
# Reliability

Written by `{command} PUBLISH=docs/reliability.md`; no figure here is written by hand.

The whole system but its sockets runs in one process on made-up time: engine, client libraries, the exchange with its
faults, and the journal on a real file system. One seed is one run: `python -m tests.sim.check --replay SEED` tells all
that happens in it. An auditor looks at the exchange's truth and at the journal's file after every step, never at what
the engine says of itself.

{runs}

## Times

In seconds. The simulated network takes 1 ms and 2 ms more on average, each way.

| what | times | median | p99 | maximum |
|---|---|---|---|---|
{times}

## Invariants

| | | where it is looked at |
|---|---|---|
| I1 | protected | at every change: stops in state NEW on the losing side cover all that is held, within 2 s while \
nothing is wrong, else within 25 s beyond the time that something was: a fault, a limit or a firewall, a minute or two \
in which the trades of a thousand hand orders are read; in hedge mode of the side that is traded |
| I2 | no gap by our hand | at every stop that we cancel: what is left covers what is held, or an exit works; not in \
seeds in which a hand trades, since what nobody has told is not known then |
| I3 | at most once | at every new order: no id of ours twice; at the end: none filled beyond its intent |
| I4 | journal first | at every order that arrives: its wish is in the journal's file, read beside the engine |
| I5 | unknown is a state | at the end: no order without a last word |
| I6 | no record lost, none doubled | at the end: the ledger has the exchange's trades, key by key |
| I7 | no made-up number | at the end: no exit price but a positive one; fills come from trades by I6 |
| I8 | money adds up | at the end: every account of the ledger is the sum of the exchange's income, difference 0 |
| I9 | agreement | at the end: engine and exchange hold the same under the same stops |
| I10 | exits only shrink | at every new order that is no opening: it is reduce-only or close-position |
| I11 | bounded risk | at every opening that arrives: with what is held and open no more than the plan; not \
where a hand trades |
| I12 | no blind loops | at every request: none while none is to be made, no refusal more than twelve times in a row |
| I13 | every ending has a reason | at the end: each position has ended once, for a reason of the closed list |
| I14 | losing sight is no reason to sell | by that list; `make faults` looks at it directly |
| I15 | one writer | a second engine in the folder is refused; no order of somebody else is canceled |
| I16 | any crash is recoverable | every restart ends in agreement (I9), at every point of the kills |
| I17 | replayable | every journal makes the same engine again; the same seed gives the same bytes |
| I18 | known account settings | at every opening in a calm time: leverage is as planned (of the other position \
mode the exchange takes no order), unless the exchange has changed the brackets |
| I19 | stale data never opens | **not checked**: what the engine has seen is not in the exchange's truth |
| I20 | secrets | at the end: neither key nor secret in anything that was written or told |
| I21 | side parts cannot hurt | **not checked**: channels are threads, and made-up time has one; \
`tests/wire/test_live_alerts.py` shows it |
| I22 | things end | at the end: an engine runs and agrees within 90 s, two minutes more for each thousand \
trades by hand; every {liveness}th seed with faults that go on |

## What was met

How often each fault has happened in these seeds. {beyond} are none of the exchange's, and
a liquidation is no fault. In every {liveness}th seed, the
liveness mode, one or two of {lasting} go on beyond the end of the others. In every {hedge}th the account is in hedge
mode.

| fault | times |
|---|---|
{fired}

Points of the kills: {moments}.

## Open rows

Rows of the fault catalog that the exchange produces and no run judges:

{open_rows}

Rows that it does not produce stand with their reasons in [exchange-faults.md](exchange-faults.md).
"""
