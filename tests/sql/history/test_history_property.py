"""Random histories compared with a simple reference implementation.

A history consists of several runs over two models. Records are new, unchanged, shuffled, or changed
in one place. They contain duplicates and empty lists, and the same number both as `1` and as `1.0`.
Some models fail or are not requested. Sometimes two runs have the same time, or the clock goes
back.

Three results are compared:

- At each time, the valid rows equal the offers and scores of the latest records.
- All rows of the history tables equal the rows of `Ledger`, a slow implementation in simple loops.
- The changes equal the changes computed from the rows of `Ledger`.

`HISTORIES=1000 pytest tests/sql/history/test_history_property.py` runs 1000 random histories.
Without `HISTORIES`, the same few histories run every time, and a failure is not shrunk.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from llm_stats.schema.fetch import Outcome
from support.history_database import empty, write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

pytestmark = pytest.mark.slow

HISTORIES = int(os.environ.get("HISTORIES", "0"))
_HISTORY = ("history.models", "history.offers", "history.scores")
START = dt.datetime(2026, 1, 1)  # noqa: DTZ001  every stored time is UTC without a zone

Entry = tuple[str, tuple[Any, ...]]  # (id of the provider or benchmark, all compared values)
Answers = dict[str, Any]  # model id → record, or the outcome of a fetch without a record


@dataclass(frozen=True)
class Run:
    at: dt.datetime
    answers: Answers
    twice: bool


@dataclass
class Row:
    """A row of `history.offers` or `history.scores`."""

    model_id: str
    key: str
    number: int
    content: tuple[Any, ...]
    valid_from: dt.datetime
    valid_to: dt.datetime | None = None

    @property
    def line(self) -> tuple[str, str, int]:
        return self.model_id, self.key, self.number


@dataclass
class Ledger:
    """Reference implementation of the history, in simple loops.

    `enter` adds the offers or the scores of one record.
    """

    rows: list[Row] = field(default_factory=list)
    by_content: bool = False  # True for offers; scores are paired by their order

    def enter(self, model_id: str, entries: list[Entry], at: dt.datetime) -> None:
        for key in {key for key, _ in entries} | {
            row.key for row in self.rows if row.model_id == model_id
        }:
            self._enter(
                model_id, key, [content for entry_key, content in entries if entry_key == key], at
            )

    def _enter(
        self, model_id: str, key: str, contents: list[tuple[Any, ...]], at: dt.datetime
    ) -> None:
        mine = sorted(
            (row for row in self.rows if (row.model_id, row.key) == (model_id, key)),
            key=lambda row: row.number,
        )
        new = list(contents)
        for row in (row for row in mine if row.valid_to is None):
            if row.content in new:
                new.remove(row.content)
            else:
                row.valid_to = at
        new = self._last_copies(contents, new)  # of equal entries, the last count as new
        taken = {row.number for row in mine if row.valid_to is None}
        ended = sorted({row.number for row in mine if row.valid_to == at} - taken)
        others = [
            number
            for number in range(1, len(contents) + 1)
            if number not in taken and number not in ended
        ]
        pairs = list(zip(ended + others, new, strict=False))
        if self.by_content:
            closed = {
                row.number: row.content
                for row in mine
                if row.valid_to == at and row.number not in taken
            }
            pairs = _paired_by_content(closed, new, others)
        for number, content in pairs:
            self.rows.append(Row(model_id, key, number, content, at))
        self.rows = [
            row for row in self.rows if row.valid_to is None or row.valid_from < row.valid_to
        ]

    @staticmethod
    def _last_copies(
        contents: list[tuple[Any, ...]], new: list[tuple[Any, ...]]
    ) -> list[tuple[Any, ...]]:
        wanted = Counter(new)
        kept: list[tuple[Any, ...]] = []
        for content in reversed(contents):
            if wanted[content]:
                wanted[content] -= 1
                kept.insert(0, content)
        return kept


def _paired_by_content(
    closed: dict[int, tuple[Any, ...]], new: list[tuple[Any, ...]], others: list[int]
) -> list[tuple[int, tuple[Any, ...]]]:
    """Return `(number, offer)` for each new offer.

    In order of price, each new offer gets the number of the cheapest closed offer with the same
    provider name. Each number is used once. Then the remaining new offers, in order of price, get
    the remaining numbers.
    """

    def price(content: tuple[Any, ...]) -> list[tuple[bool, Any]]:
        name, status, given, taken = content
        blended = None if None in (given, taken) else 3 * given + taken
        return [(value is None, value or 0) for value in (blended, given, taken)] + [
            (False, name),
            (False, status),
        ]

    numbers = sorted(closed, key=lambda number: (price(closed[number]), number))
    new = sorted(new, key=price)
    found = []
    for content in list(new):
        same = [number for number in numbers if closed[number][0] == content[0]]
        if same:
            found.append((same[0], content))
            numbers.remove(same[0])
            new.remove(content)
    return found + list(zip([*numbers, *others], new, strict=False))


def offer_entries(document: dict[str, Any]) -> list[Entry]:
    names = ("provider_name", "status", "input_price_per_m", "output_price_per_m")
    return [
        (entry["provider_id"], tuple(entry[name] for name in names))
        for entry in document["providers"]
    ]


def score_entries(document: dict[str, Any]) -> list[Entry]:
    plain = (
        "benchmark_name",
        "score",
        "max_score",
        "normalized_score",
        "is_self_reported",
        "verified_by_llmstats",
    )
    # A score listed under several categories counts once. An empty source URL counts as null.
    found = {
        (
            entry["benchmark_id"],
            (*(entry[name] for name in plain), entry.get("source_url") or None),
            entry["scored_at"],
        ): None
        for entry in document["scores"]
    }
    return [(benchmark_id, content) for benchmark_id, content, _ in found]


OFFER_COLUMNS = (
    "model_id, provider_id, offer_number, provider_name, status, input_usd_per_mtok, "
    "output_usd_per_mtok"
)
SCORE_COLUMNS = ", ".join(
    (
        "model_id, benchmark_id, score_number",
        "benchmark_name, score, max_score, normalized_score, is_self_reported, is_verified",
        "source_url",
    )
)

prices = st.sampled_from([1, None, 0, -0.0, 1.0, 2, 2.5])
offers = st.builds(
    make_offer,
    st.sampled_from(["p", "q"]),
    prices,
    prices,
    provider_name=st.sampled_from(["A", "B"]),
    status=st.sampled_from(["active", "paused"]),
)
scores = st.builds(
    make_score,
    st.sampled_from(["x", "y → 'z'"]),
    st.sampled_from([1, 1.0, 0, -0.0, 0.5]),
    normalized_score=st.sampled_from([None, 1, 1.0, 0.5]),
    verified_by_llmstats=st.booleans(),
    category=st.sampled_from([None, "", "math"]),
    source_url=st.sampled_from([None, "https://a"]),
    rank=st.sampled_from([None, 1, 2]),
    scored_at=st.sampled_from(["2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z", "2025", None]),
)
KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {"providers": offers, "scores": scores}
NOT_LOADED = ("failed", "not_found", "rejected", "deferred")


@st.composite
def histories(draw: st.DrawFn) -> list[Run]:
    at, runs = START, list[Run]()
    known: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.integers(1, 6))):
        answers: Answers = {}
        for model_id in ("m", "n"):
            answer = draw(
                st.sampled_from(["loaded", "loaded", "loaded", "not requested", *NOT_LOADED])
            )
            if answer == "loaded":
                answers[model_id] = known[model_id] = draw(documents(model_id, known.get(model_id)))
            elif answer != "not requested":
                answers[model_id] = answer
        runs.append(Run(at, answers, draw(st.booleans())))
        at += dt.timedelta(days=draw(st.sampled_from([1, 1, 1, 1, 1, 20, 0, -1])))
    return runs


@st.composite
def documents(draw: st.DrawFn, model_id: str, before: dict[str, Any] | None) -> dict[str, Any]:
    return make_record(
        model_id,
        **{name: draw(lists(one, before[name] if before else None)) for name, one in KINDS.items()},
    )


@st.composite
def lists(
    draw: st.DrawFn, one: st.SearchStrategy[dict[str, Any]], before: list[dict[str, Any]] | None
) -> list[dict[str, Any]]:
    how = (
        draw(st.sampled_from(["new", "same", "shuffled", "one changed", "one doubled", "one gone"]))
        if before
        else "new"
    )
    if before is None or how == "new":
        return draw(st.lists(one, max_size=4))
    entries = draw(st.permutations(before)) if how != "same" else list(before)
    match how:
        case "one changed":
            entries[0] = draw(one) | {
                key: value
                for key, value in entries[0].items()
                if key in ("provider_id", "benchmark_id")
            }
        case "one doubled":
            entries.append(entries[0])
        case "one gone":
            entries.pop()
    return entries


@pytest.mark.timeout(0 if HISTORIES else 120)
@settings(
    max_examples=HISTORIES or 6,
    derandomize=not HISTORIES,
    database=None,
    phases=list(Phase) if HISTORIES else settings().phases,
)
@given(runs=histories())
def test_history_equals_the_reference(built_tables: RawTables, runs: list[Run]) -> None:
    tables = built_tables
    empty(tables)
    replay(tables, runs)
    loads = list(effective_loads(runs))
    assert_true_at_every_moment(tables, loads)
    for kind, columns, entries in (
        ("offers", OFFER_COLUMNS, offer_entries),
        ("scores", SCORE_COLUMNS, score_entries),
    ):
        ledger = Ledger(by_content=kind == "offers")
        for at, model_id, document in loads:
            ledger.enter(model_id, entries(document), at)
        found = [
            Row(row[0], row[1], row[2], row[3:-2], *row[-2:])
            for row in fetch(tables, f"{columns}, valid_from, valid_to", f"history.{kind}")
        ]
        assert_intervals(found)
        assert counted(found) == counted(ledger.rows)
        first = {model_id: at for at, model_id, _ in reversed(loads)}
        assert_changes(tables, kind, ledger.rows, first)
    assert_fresh(tables, runs)


def replay(tables: RawTables, runs: list[Run]) -> None:
    for number, run in enumerate(runs):
        load_id = f"{number:04}"
        tables.load(
            [answer for answer in run.answers.values() if isinstance(answer, dict)], run.at, load_id
        )
        for model_id, answer in run.answers.items():
            if isinstance(answer, str):
                tables.fetch([model_id], run.at, cast(Outcome, answer), load_id)
        write_history(tables, read_by=_HISTORY)
        if run.twice:
            before = everything(tables)
            write_history(tables, read_by=_HISTORY)
            assert everything(tables) == before


def everything(tables: RawTables) -> list[Counter[Any]]:
    return [Counter(fetch(tables, "*", table)) for table in _HISTORY]


def effective_loads(runs: list[Run]) -> Iterator[tuple[dt.datetime, str, dict[str, Any]]]:
    """Yield each record with the time from which it is valid.

    This time is the fetch time, but never earlier than the time of the model's previous record.
    """
    clock: dict[str, dt.datetime] = {}
    for run in runs:
        for model_id, answer in run.answers.items():
            if isinstance(answer, dict):
                clock[model_id] = max(run.at, clock.get(model_id, run.at))
                yield clock[model_id], model_id, answer


def assert_true_at_every_moment(
    tables: RawTables, loads: list[tuple[dt.datetime, str, dict[str, Any]]]
) -> None:
    events = sorted({at for at, _, _ in loads})
    instant = dt.timedelta(microseconds=1)
    moments = {at + step for at in events for step in (-instant, dt.timedelta(), instant)}
    moments |= {early + (late - early) / 2 for early, late in pairwise(events)}
    moments |= {START - dt.timedelta(days=9), START + dt.timedelta(days=999)}
    for macro, columns, entries in (
        ("prices_as_of", OFFER_COLUMNS, offer_entries),
        ("scores_as_of", SCORE_COLUMNS, score_entries),
    ):
        # one query for all moments, because planning it takes longer than executing it
        each = "(select unnest($moments::timestamp[]) as moment) as moments"
        query = f"select moment, {columns} from {each}, marts.{macro}(moments.moment)"
        found = defaultdict(list)
        for moment, *row in tables.connection.execute(
            query, {"moments": sorted(moments)}
        ).fetchall():
            found[moment].append(tuple(row))
        for moment in sorted(moments):
            latest = {model_id: document for at, model_id, document in loads if at <= moment}
            expected = Counter(
                (model_id, key, *content)
                for model_id in latest
                for key, content in entries(latest[model_id])
            )
            rows = found[moment]
            assert Counter((*row[:2], *row[3:]) for row in rows) == expected, (macro, moment)
            assert max(Counter(row[:3] for row in rows).values(), default=1) == 1, (macro, moment)


def fetch(tables: RawTables, columns: str, relation: str) -> list[tuple[Any, ...]]:
    return tables.prepared.execute(f"select {columns} from {relation}").rows


def counted(rows: list[Row]) -> Counter[Any]:
    return Counter((*row.line, row.content, row.valid_from, row.valid_to) for row in rows)


def lines(rows: list[Row]) -> list[list[Row]]:
    """Group the rows by offer or score; order each group by time."""
    found: dict[tuple[str, str, int], list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.valid_from):
        found.setdefault(row.line, []).append(row)
    return list(found.values())


def assert_intervals(rows: list[Row]) -> None:
    """Assert that the rows of each offer or score do not overlap.

    Each row must end after it begins. Only the last row of an offer or score may have no end.
    """
    for line in lines(rows):
        assert all(row.valid_to is None or row.valid_from < row.valid_to for row in line)
        assert all(
            early.valid_to is not None and early.valid_to <= late.valid_from
            for early, late in pairwise(line)
        )


def assert_changes(
    tables: RawTables, kind: str, rows: list[Row], first: dict[str, dt.datetime]
) -> None:
    """Assert the exact set of changes: (model, provider or benchmark, number, time, kind)."""
    offers_wanted = kind == "offers"
    appears, goes = ("listed", "delisted") if offers_wanted else ("added", "withdrawn")
    expected: list[tuple[Any, ...]] = []
    for line in lines(rows):
        for row, before, after in zip(line, [None, *line], [*line[1:], None], strict=False):
            if before is None or before.valid_to != row.valid_from:
                if row.valid_from != first[row.model_id]:
                    expected.append((*row.line, row.valid_from, appears))
            else:
                found = (
                    offer_differences(before, row)
                    if offers_wanted
                    else score_differences(before, row)
                )
                expected += [(*row.line, row.valid_from, difference) for difference in found]
            if row.valid_to and (after is None or after.valid_from != row.valid_to):
                expected.append((*row.line, row.valid_to, goes))
    key = "provider_id, offer_number" if offers_wanted else "benchmark_id, score_number"
    view = "marts.price_changes" if offers_wanted else "marts.score_changes"
    assert Counter(fetch(tables, f"model_id, {key}, changed_at, kind", view)) == Counter(expected)


def offer_differences(before: Row, after: Row) -> list[str]:
    (_, old_status, *old_prices), (_, new_status, *new_prices) = before.content, after.content
    return ["price_changed"] * (old_prices != new_prices) + ["status_changed"] * (
        old_status != new_status
    )


def score_differences(before: Row, after: Row) -> list[str]:
    (_, *old_values, _, was_verified, _), (_, *new_values, _, is_verified, _) = (
        before.content,
        after.content,
    )
    return ["corrected"] * (old_values != new_values) + ["verified"] * (
        is_verified and not was_verified
    )


def assert_fresh(tables: RawTables, runs: list[Run]) -> None:
    expected: list[tuple[Any, ...]] = []
    for model_id in {model_id for run in runs for model_id in run.answers}:
        mine = [(run.at, run.answers[model_id]) for run in runs if model_id in run.answers]
        fetched_at = [at for at, answer in mine if isinstance(answer, dict)]
        attempts = sorted(
            ((at, "loaded" if isinstance(answer, dict) else answer) for at, answer in mine),
            key=lambda attempt: attempt[0],
        )
        attempts = [attempt for attempt in attempts if attempt[1] != "deferred"]
        failures = 0
        for _, outcome in attempts:
            failures = 0 if outcome == "loaded" else failures + 1
        last_at, last = attempts[-1] if attempts else (None, None)
        expected.append((model_id, fetched_at[-1] if fetched_at else None, last, last_at, failures))
    columns = "model_id, fetched_at, last_outcome, last_attempted_at, consecutive_failures"
    assert Counter(fetch(tables, columns, "marts.freshness")) == Counter(expected)
