"""Golden cases: each folder under `cases/` is one; a new one needs no Python.

`runs.json` holds the fetched records by time, in order:

    {"2026-01-01": {"m": {"providers": [["p", 1, 2]], "scores": [["b", 0.5, {"rank": 1}]]}},
     "2026-01-02": {"m": "failed"}}

The lists are the arguments of `make_offer` and `make_score`. A word instead of a record is the
outcome of a fetch without a record, and a space after a time makes it another run at the same time.
Each `<schema>.<relation>.csv` is the complete content of that relation afterwards: the columns that
it names, rows in any order, null as an empty field.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from llm_stats.schema.fetch import Outcome
from support.history_database import built, empty, write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def applied() -> Iterator[RawTables]:
    with built() as raw:
        yield raw


@pytest.fixture
def tables(applied: RawTables) -> RawTables:
    """Yield empty raw tables with all views; the same connection for every case."""
    empty(applied)
    return applied


def replay(raw: RawTables, runs: dict[str, dict[str, Any]]) -> None:
    """Load run after run. Each is applied twice, which must have the same result as once."""
    for moment, answers in runs.items():
        at = dt.datetime.fromisoformat(moment.strip())
        raw.load(
            [
                expand(model_id, answer)
                for model_id, answer in answers.items()
                if isinstance(answer, dict)
            ],
            at,
        )
        for model_id, answer in answers.items():
            if isinstance(answer, str):
                raw.fetch([model_id], at, cast(Outcome, answer))
        write_history(raw.connection)
        write_history(raw.connection)


def expand(model_id: str, lists: dict[str, list[list[Any]]]) -> dict[str, Any]:
    def entry(make: Any, arguments: list[Any]) -> dict[str, Any]:
        overrides = arguments[-1] if isinstance(arguments[-1], dict) else {}
        return dict(
            make(
                *(argument for argument in arguments if not isinstance(argument, dict)), **overrides
            )
        )

    makers = {"providers": make_offer, "scores": make_score}
    return make_record(
        model_id,
        **{
            name: [entry(makers[name], arguments) for arguments in entries]
            for name, entries in lists.items()
        },
    )


def as_text(value: Any) -> str:
    """Return a value as the CSV files write it: `1`, `-13.6364`, `true`, `2026-01-02`."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dt.datetime() if value.time() == dt.time():
            return str(value.date())
    return str(value)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(tables: RawTables, case: Path) -> None:
    replay(tables, json.loads((case / "runs.json").read_text()))
    expectations = sorted(case.glob("*.csv"))
    assert expectations
    for path in expectations:
        header, *expected = csv.reader(path.read_text().splitlines())
        rows = tables.connection.execute(f"select {', '.join(header)} from {path.stem}").fetchall()
        actual = [[as_text(value) for value in row] for row in rows]
        assert sorted(actual) == sorted(expected), path.name
