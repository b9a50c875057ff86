"""Exit code of a run, and the text of its summary."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from llm_stats.api.stop import StopReason
from llm_stats.errors import CheckFailed, Interrupted
from llm_stats.pipeline.result import RunResult, is_failure, summarize_error
from llm_stats.queries.checks import CheckResult
from llm_stats.reporting.result_text import format_result
from llm_stats.schema.catalog import CatalogSummary
from llm_stats.schema.fetch import Fetch, FetchResult, Outcome
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
        (["not_found", "loaded"], KNOWN | ALL, 0),
        (["rejected", "loaded", "failed"], KNOWN | ALL, 4),
        (["rejected"], KNOWN | ALL, 3),
        (["rejected"], KNOWN | ALL | {"skipped": 5}, 0),
        (["not_found"], KNOWN | ALL, 4),
    ],
    ids=parameter_id,
)
def test_exit_code(outcomes: list[Outcome], fields: dict[str, Any], code: int) -> None:
    assert result_of(*outcomes, **fields).exit_code == code


def test_summary_of_a_run_that_a_budget_ended() -> None:
    stop = StopReason("budget", "the budget of 1 request is spent")
    result = result_of("loaded", "deferred", stop_reason=stop, is_published=True)
    written = json.loads(json.dumps(result.to_dict()))
    assert written["exit_code"] == 75
    assert written["kind"] == "deferred"
    assert written["outcomes"]["deferred"] == 1
    assert written["problems"] == []
    assert written["stop"] == {"kind": "budget", "message": "the budget of 1 request is spent"}
    assert written["message"] == result.message
    assert written["is_published"]
    assert written["database"] == "x.duckdb"


def test_summary_of_a_run_without_anything_to_do() -> None:
    started_at = dt.datetime(2026, 11, 23, 5, 15, tzinfo=dt.UTC)
    result = RunResult(Path("x.duckdb"), started_at=started_at, elapsed_seconds=1.23456)
    zero = dict.fromkeys(get_args(Outcome), 0)
    assert result.to_dict() == {
        "exit_code": 0,
        "kind": "done",
        "message": "no model requested; 0 requests in 1.2 s",
        "started_at": "2026-11-23T05:15:00Z",
        "elapsed_seconds": 1.235,
        "database": "x.duckdb",
        "is_published": False,
        "load_id": "",
        "requested": 0,
        "outcomes": zero,
        "skipped": 0,
        "requests_sent": 0,
        "reused": 0,
        "catalog": None,
        "stop": None,
        "quota": None,
        "problems": [],
        "new_models": [],
        "changes": [],
        "attribution": None,
        "warnings": [],
        "new_fields": [],
    }
    assert not result.is_migrated
    assert RunResult(Path("x.duckdb"), destination="postgres at h").location == "postgres at h"


def test_summary_of_a_run_with_problems_and_a_catalog() -> None:
    result = result_of(
        "failed",
        "loaded",
        "rejected",
        catalog=catalog_of(changed=1),
        new_fields={"b", "a"},
        attribution="Source: x",
        warnings=[CheckResult("doubt", "warning", "A doubt", 3, ("model_id",), [("m",)])],
    ).to_dict()
    assert result["exit_code"] == 4
    assert result["kind"] == "incomplete"
    assert result["catalog"]["changed"] == 1
    assert result["problems"] == [
        {"model_id": "m0", "outcome": "failed", "http_status": None, "message": None},
        {"model_id": "m2", "outcome": "rejected", "http_status": None, "message": None},
    ]
    assert result["new_fields"] == ["a", "b"]
    assert result["attribution"] == "Source: x"
    assert result["warnings"] == [{"check": "doubt", "description": "A doubt", "row_count": 3}]


@pytest.mark.parametrize(
    ("error", "code", "kind", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted", "interrupted"),
        (Interrupted("by SIGTERM", 143), 143, "interrupted", "by SIGTERM"),
        (CheckFailed("a\nb"), 5, "check_failed", "a\nb"),
        (ValueError("a\nb"), 1, "unexpected", "ValueError: a"),
    ],
)
def test_summary_of_an_error(error: BaseException, code: int, kind: str, message: str) -> None:
    started_at = dt.datetime(2026, 11, 23, 5, 15, tzinfo=dt.UTC)
    assert summarize_error(error, started_at, 0.12345) == {
        "exit_code": code,
        "kind": kind,
        "message": message,
        "started_at": "2026-11-23T05:15:00Z",
        "elapsed_seconds": 0.123,
    }
    assert is_failure({"kind": kind})


def test_counts_of_the_results() -> None:
    result = RunResult(Path("x.duckdb"))
    now = dt.datetime.now(dt.UTC)
    fetches = [
        Fetch(model_id="a", requested_at=now, outcome="loaded", attempts=0),
        Fetch(model_id="b", requested_at=now, outcome="loaded", attempts=2),
        Fetch(model_id="c", requested_at=now, outcome="deferred", attempts=0),
        Fetch(model_id="d", requested_at=now, outcome="failed", attempts=1),
    ]
    rows = [{"extra": '{"x": 1}'}, None, None, None]
    results = [FetchResult(fetch, row) for fetch, row in zip(fetches, rows, strict=True)]
    assert list(result.count(results)) == results
    assert result.outcomes == {"loaded": 2, "deferred": 1, "failed": 1}
    assert result.reused == 1
    assert [fetch.model_id for fetch in result.not_loaded] == ["c", "d"]
    assert [fetch.model_id for fetch in result.problems] == ["d"]


def test_lines_of_a_run_with_much_to_tell() -> None:
    changes = Table(("change",), ("VARCHAR",), [(f"change {n}",) for n in range(20)])
    stop = StopReason("quota", "the quota is spent")
    failed: list[Outcome] = ["failed"] * 21
    result = result_of(
        *failed,
        "loaded",
        "deferred",
        requested=23,
        requests_sent=1,
        reused=2,
        skipped=3,
        catalog=catalog_of(pages=1, changed=2),
        stop_reason=stop,
        new_fields={"b", "a"},
        warnings=[
            CheckResult("doubt", "warning", "A doubt", 1, ("model_id",), [("m",)]),
            CheckResult("keys", "error", "A key", 1, ("model_id",), [("m",)]),
        ],
        changes=changes,
        new_models=["n"],
        is_published=True,
    )
    lines = list(format_result(result))
    assert lines == [
        "23 models requested: 1 loaded, 21 failed, 1 deferred; 1 request in 0.0 s",
        "catalog: 3 models on 1 page, 2 new or changed",
        "2 responses were reused from an earlier run that was not published",
        "3 models skipped (not due)",
        *(f"  failed: m{n}: None" for n in range(20)),
        "  and 1 more: select * from marts.freshness where consecutive_failures > 0",
        "stopped early: the quota is spent; 1 model is deferred to a later run",
        "new fields, kept in the column `extra`: a, b",
        f"{result.warnings[0]}",
        f"allowed: {result.warnings[1]}",
        "1 new model, 20 changes, largest first:",
        "  new: n",
        *(f"  change {n}" for n in range(19)),
        "  and 1 more: `llm-stats changes --database x.duckdb`",
        "published x.duckdb",
    ]
    result.destination = "postgres at h"
    assert list(format_result(result))[-2:] == [
        "  and 1 more: `llm-stats changes`",
        "published postgres at h",
    ]
    result.not_loaded = result.not_loaded[:20]
    result.new_models = []
    shorter = list(format_result(result))
    assert "20 changes, largest first:" in shorter
    assert not [line for line in shorter if " more: " in line]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"new_models": ["m0", "m1"]}, "2 new models"),
        ({"new_models": ["m0"]}, "1 new model, 0 changes:"),
        ({"catalog": {"models": 3}, "new_models": ["a", "b", "c"]}, "3 new models"),
        ({"catalog": {"models": 3}, "new_models": ["a", "b"]}, "2 new models, 0 changes:"),
        (
            {"catalog": {"models": 3, "has_summaries": False}, "new_models": ["a", "b"]},
            "2 new models",
        ),
        ({}, "0 changes"),
    ],
)
def test_new_models_of_a_first_run_are_only_counted(fields: dict[str, Any], line: str) -> None:
    if values := fields.get("catalog"):
        fields = fields | {"catalog": catalog_of(**values)}
    lines = list(format_result(result_of("loaded", "loaded", is_published=True, **fields)))
    assert line in lines


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
        "2 new models, 0 changes:",
        "  new: m0",
        "  new: m1",
        "published x.duckdb",
    ]
    skipped = RunResult(Path("x.duckdb"), requested=0, skipped=1, requests_sent=1)
    assert list(format_result(skipped)) == [
        "no model requested; 1 request in 0.0 s",
        "1 model skipped (newer than --max-age)",
        "nothing was published: no model is due",
    ]


def catalog_of(**values: Any) -> CatalogSummary:
    """Return a complete read of three unchanged models; `values` override the defaults."""
    numbers: dict[str, Any] = {"pages": 2, "models": 3, "total": 3, "changed": 0, "rejected": 0}
    flags = {"has_summaries": True, "is_trusted": True, "cut_off": None, "gap": None}
    return CatalogSummary(**(numbers | {"missing": 0, "listed_before": 3} | flags | values))


@pytest.mark.parametrize(
    ("outcomes", "values", "code"),
    [
        ([], {}, 0),
        (["deferred"], {}, 75),
        (["failed"], {}, 4),
        (["failed"], {"has_summaries": False}, 3),
        ([], {"has_summaries": False}, 4),
        ([], {"gap": "why", "is_trusted": False}, 0),
        ([], {"cut_off": "deferred"}, 75),
        (["loaded", "deferred"], {"cut_off": "failed"}, 4),
        (["deferred"], {"cut_off": "deferred"}, 75),
    ],
    ids=parameter_id,
)
def test_exit_code_with_a_catalog(
    outcomes: list[Outcome], values: dict[str, Any], code: int
) -> None:
    """If a page of the catalog failed, the code is 4, even if the budget was spent later."""
    stop = StopReason("budget", "why") if "deferred" in outcomes else None
    result = result_of(*outcomes, catalog=catalog_of(**values), stop_reason=stop)
    assert result.exit_code == code


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({}, None),
        ({"missing": 2}, None),
        ({"gap": "why", "missing": 2}, "the catalog is incomplete: why; no model was unlisted"),
        (
            {"missing": 2},
            "2 of 3 listed models are missing in the catalog; no model was unlisted; "
            "if they left, add --allow-failure models_left",
        ),
        (
            {"has_summaries": False, "missing": 2},
            "no summary in the catalog is valid; only its ids are used",
        ),
    ],
    ids=["complete", "trusted", "incomplete", "missing", "no summaries"],
)
def test_catalog_that_is_not_trusted_is_a_warning(
    values: dict[str, Any], warning: str | None
) -> None:
    summary = catalog_of(**values, is_trusted=warning is None)
    lines = list(format_result(result_of(catalog=summary)))
    assert lines[1] == "catalog: 3 models on 2 pages, 0 new or changed"
    found = [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]
    assert found == ([warning] if warning else [])


@pytest.mark.parametrize(
    ("stop", "rest"),
    [
        (StopReason("budget", "the budget of 1 request is spent"), "so allow more requests"),
        (StopReason("quota", "the quota is spent"), "which a later run reads"),
    ],
    ids=["budget", "quota"],
)
def test_catalog_that_is_cut_off_has_more_pages(stop: StopReason, rest: str) -> None:
    catalog = catalog_of(pages=1, models=2, cut_off="deferred", gap="page 2 did not arrive")
    lines = list(format_result(result_of(catalog=catalog, stop_reason=stop)))
    assert lines[3] == f"stopped early: {stop.message}; the catalog has more pages, {rest}"


def test_new_models_of_a_later_run_are_named() -> None:
    changes = Table(("change",), ("VARCHAR",), [("m at p: output 7.00 → 2.19",)])
    result = result_of(
        catalog=catalog_of(changed=2), is_published=True, new_models=["n"], changes=changes
    )
    assert list(format_result(result))[2:5] == [
        "1 new model, 1 change, largest first:",
        "  new: n",
        "  m at p: output 7.00 → 2.19",
    ]
