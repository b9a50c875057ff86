"""Exit code of a run, and the text of its summary."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from llm_stats.pipeline.result import RunResult, format_result
from llm_stats.schema.fetch import Fetch, Outcome
from llm_stats.table import Table
from support.parameter_ids import parameter_id


def result_of(*outcomes: Outcome, **fields: Any) -> RunResult:
    """Return the result of a run with one model per outcome: `m0`, `m1`, …"""
    not_loaded = [
        Fetch(model_id=f"m{number}", requested_at=dt.datetime.now(dt.UTC), outcome=outcome)
        for number, outcome in enumerate(outcomes)
        if outcome != "loaded"
    ]
    counts = Counter[str](outcomes)
    return RunResult(Path("x.duckdb"), outcomes=counts, not_loaded=not_loaded, **fields)


CONFIRMED = {"is_base_url_confirmed": True}
KNOWN = {"known_failures": frozenset({"m0"})}
ALL = {"all_models": True, **CONFIRMED}


@pytest.mark.parametrize(
    ("outcomes", "fields", "code"),
    [
        (["loaded"], {}, 0),
        (["loaded", "deferred"], {}, 75),
        (["deferred"], {}, 75),
        (["failed", "loaded"], {}, 4),
        (["failed", "loaded", "deferred"], {}, 4),
        (["rejected", "deferred"], {}, 3),
        (["failed", "deferred"], {}, 3),
        (["rejected", "not_found"], CONFIRMED, 3),
        (["not_found", "deferred"], {}, 3),
        (["not_found", "deferred"], CONFIRMED, 4),
        (["not_found", "loaded"], KNOWN, 4),
        (["rejected", "loaded"], KNOWN | ALL, 0),
        (["rejected", "loaded", "deferred"], KNOWN | ALL, 75),
        (["rejected", "loaded", "failed"], KNOWN | ALL, 4),
        (["rejected"], KNOWN | ALL, 3),
        (["rejected"], KNOWN | ALL | {"skipped": 5}, 0),
        (["not_found"], KNOWN | ALL, 4),
    ],
    ids=parameter_id,
)
def test_exit_code(outcomes: list[Outcome], fields: dict[str, Any], code: int) -> None:
    assert result_of(*outcomes, **fields).exit_code == code


def test_model_that_failed_before_is_named() -> None:
    result = result_of("rejected", "failed", **KNOWN)
    assert list(format_result(result))[1:3] == [
        "  rejected again: m0: None",
        "  failed: m1: None",
    ]


def test_summary_uses_singular_and_plural() -> None:
    changes = Table(("change",), ("VARCHAR",), [])
    done = result_of(
        "loaded",
        "loaded",
        "loaded",
        requested=3,
        requests_sent=3,
        is_published=True,
        new_models=["m0", "m1"],
        changes=changes,
    )
    assert list(format_result(done)) == [
        "3 models requested: 3 loaded; 3 requests in 0.0 s",
        "2 new models, 0 changes",
        "published x.duckdb",
    ]
    skipped = RunResult(Path("x.duckdb"), requested=0, skipped=1, requests_sent=1)
    assert list(format_result(skipped)) == [
        "0 models requested: none; 1 request in 0.0 s",
        "1 model skipped (newer than --max-age)",
        "nothing was published: no model is due",
    ]
