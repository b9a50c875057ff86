"""Golden cases: folders with records and expected rows; a new case needs no Python code.

`records.json` holds the records of one run in short form. Each offer and each score is the list of
arguments of `make_offer` or `make_score` in `support.record_factory`:

    {"cheap": {"providers": [["p", 1, 2]], "scores": [["b", 0.5, {"category": "math"}]]}}

`runs.json` replaces `records.json` in a case with several runs. Each key is the time of a run. Each
value lists the models of the run. A model has either a record or, if the fetch returned no record,
an outcome such as `failed`:

    {"2026-01-01": {"m": {"providers": [["p", 1, 2]]}}, "2026-01-02": {"m": "failed"}}

If two runs have the same time, the second key ends with a space, because JSON keys must differ.

In a run, the key `catalog` holds the summaries that the run reads first, and `untrusted catalog`
those of an incomplete read. A summary has the form of a record; `rejected` stands for an invalid
summary. The field `cached_at` of a record is the time at which the response cache stored it:

    {"2026-01-01": {"catalog": {"m": {"providers": [["p", 1, 2]]}, "n": "rejected"}, "m": {}},
     "2026-01-02": {"untrusted catalog": {"m": {}}, "n": {"cached_at": "2026-01-01"}}}

Each CSV file holds expected rows. `<schema>.<relation>.csv` has the rows of a table or view, in any
order; `query.csv` has the rows that `query.sql` returns, in the same order. The header lists the
columns to compare. An empty field is null, and `|` separates the items of a list. The ids in a row
describe what the row tests.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, cast

from llm_stats.schema.fetch import Outcome
from support.history_database import write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

_RUN_AT = "2026-01-01"
_RELATION = re.compile(r"\b(?:staging|history|marts)\.\w+")


def find(folder: Path) -> list[Path]:
    """Return the folders of all cases under a folder."""
    return sorted({path.parent for path in folder.rglob("cases/**/*.csv")})


def load(raw: RawTables, case: Path) -> None:
    """Load the runs of a case and update the history after each run.

    Only the history tables that the expected rows depend on are updated. After several runs, a
    last update without new records must not change the history.
    """
    compared = _compared_relations(case)
    runs = _runs(case)
    for time, answers in runs.items():
        at = dt.datetime.fromisoformat(time.strip())
        _load_run(raw, at, answers)
        write_history(raw, read_by=compared)
    if len(runs) > 1:
        write_history(raw, read_by=compared)


def _load_run(raw: RawTables, at: dt.datetime, answers: dict[str, Any]) -> None:
    answers = dict(answers)
    for kind in ("catalog", "untrusted catalog"):
        if kind in answers:
            listed, rejected = _split(answers.pop(kind))
            raw.read_catalog(
                [_record(model_id, fields) for model_id, fields in listed.items()],
                at,
                rejected=dict.fromkeys(rejected, "invalid"),
                is_trusted=kind == "catalog",
            )
    found, outcomes = _split(answers)
    cached = {model_id: fields for model_id, fields in found.items() if "cached_at" in fields}
    fetched = {model_id: fields for model_id, fields in found.items() if model_id not in cached}
    if fetched:
        raw.load([_record(model_id, fields) for model_id, fields in fetched.items()], at)
    for model_id, fields in cached.items():
        time = dt.datetime.fromisoformat(fields["cached_at"])
        raw.load([_record(model_id, fields)], at, cached_at=time)
    for model_id, outcome in outcomes.items():
        raw.fetch([model_id], at, cast(Outcome, outcome))


def _split(answers: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return the records or summaries by model id, and the outcomes of the other models."""
    found = {name: answer for name, answer in answers.items() if isinstance(answer, dict)}
    return found, {name: answer for name, answer in answers.items() if name not in found}


def expected_and_actual(raw: RawTables, file: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Return the expected rows from a CSV file and the actual rows from the database.

    The case must already be loaded.
    """
    header, *expected = csv.reader(file.read_text("utf-8").splitlines())
    query = file.with_suffix(".sql")
    is_ordered = query.exists()
    if is_ordered:
        source = f"({query.read_text('utf-8')})"
        rows = raw.connection.execute(f"select {', '.join(header)} from {source}").fetchall()
    else:
        rows = raw.prepared.execute(f"from {file.stem}").select(*header).rows
    actual = [[_to_text(value) for value in row] for row in rows]
    return (expected, actual) if is_ordered else (sorted(expected), sorted(actual))


def _compared_relations(case: Path) -> set[str]:
    """Return the relations in the CSV file names and the queries of a case."""
    found = set()
    for file in case.glob("*.csv"):
        query = file.with_suffix(".sql")
        source = query.read_text("utf-8") if query.exists() else file.stem
        found |= set(_RELATION.findall(source))
    return found


def _runs(case: Path) -> dict[str, dict[str, Any]]:
    runs = case / "runs.json"
    if runs.exists():
        return cast("dict[str, dict[str, Any]]", json.loads(runs.read_text("utf-8")))
    return {_RUN_AT: json.loads((case / "records.json").read_text("utf-8"))}


def _record(model_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    factories = {"providers": make_offer, "scores": make_score}
    entries = {
        name: [_entry(factory, arguments) for arguments in fields.get(name, ())]
        for name, factory in factories.items()
    }
    documented = {name: value for name, value in fields.items() if name != "cached_at"}
    return make_record(model_id, **{**documented, **entries})


def _entry(factory: Any, arguments: list[Any]) -> dict[str, Any]:
    overrides = arguments[-1] if isinstance(arguments[-1], dict) else {}
    return dict(factory(*(item for item in arguments if not isinstance(item, dict)), **overrides))


def _to_text(value: Any) -> str:
    """Return a value in the format of the CSV files.

    For example: `1`, `0.333333`, `true`, `2026-01-02`, `a|b` (a list), `a=1|b=2` (a map).
    """
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
            return "|".join(f"{key}={_to_text(entry)}" for key, entry in value.items())
        case dt.datetime() if value.time() == dt.time():
            return str(value.date())
    return str(value)
