"""Golden cases: each folder `cases/<view>/<case>` is one; a new one needs no Python.

`records.json` holds records in shorthand; the lists are the arguments of `make_offer` and
`make_score`:

    {"m": {"name": "M", "providers": [["p", 1, 2]], "scores": [["b", 0.5, {"category": "math"}]]}}

`expect.csv` is the complete content of the view: the columns that it names, rows in any order, null
as an empty field, a list separated by `|`. If there is a `query.sql`, it is run instead of
selecting from the view, and its rows must have the order of the file.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llm_stats.transform import files
from support.history_database import built, empty, write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/*/records.json"))

#: Views that are tested with histories instead, in tests/sql/history.
_ON_HISTORY = {
    "price_history",
    "price_changes",
    "score_changes",
    "freshness",
    "prices_as_of",
    "scores_as_of",
}


@pytest.fixture(scope="module")
def applied() -> Iterator[RawTables]:
    with built() as raw:
        yield raw


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(applied: RawTables, case: Path) -> None:
    empty(applied)
    records = json.loads((case / "records.json").read_text("utf-8"))
    applied.load(
        [_expand(model_id, fields) for model_id, fields in records.items()],
        dt.datetime.fromisoformat("2026-01-01"),
    )
    write_history(applied.connection)
    header, *expected = csv.reader((case / "expect.csv").read_text("utf-8").splitlines())
    query = case / "query.sql"
    source = f"({query.read_text('utf-8')})" if query.exists() else f"marts.{case.parent.name}"
    rows = applied.connection.execute(f"select {', '.join(header)} from {source}").fetchall()
    actual = [[_as_text(value) for value in row] for row in rows]
    assert actual == expected if query.exists() else sorted(actual) == sorted(expected)


def test_every_view_and_macro_has_cases() -> None:
    covered = {case.parent.name for case in CASES} | _ON_HISTORY
    assert {
        file.path.stem for layer in ("marts", "macros") for file in files.files_in(layer)
    } == covered


def _expand(model_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    makers = {"providers": make_offer, "scores": make_score}
    entries = {
        name: [_entry(maker, arguments) for arguments in fields.get(name, ())]
        for name, maker in makers.items()
    }
    return make_record(model_id, **{**fields, **entries})


def _entry(make: Any, arguments: list[Any]) -> dict[str, Any]:
    overrides = arguments[-1] if isinstance(arguments[-1], dict) else {}
    return dict(
        make(*(argument for argument in arguments if not isinstance(argument, dict)), **overrides)
    )


def _as_text(value: Any) -> str:
    """Return a value as the CSV files write it: `1`, `0.333333`, `true`, `2026-01-02`, `a|b`."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case list():
            return "|".join(value)
        case dict():
            return "|".join(f"{key}={_as_text(entry)}" for key, entry in value.items())
        case dt.datetime() if value.time() == dt.time():
            return str(value.date())
    return str(value)
