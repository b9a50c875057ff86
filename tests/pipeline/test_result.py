"""Exit code of a run, and the text of its summary."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from llm_stats.api.stop import StopReason
from llm_stats.pipeline.result import RunResult
from llm_stats.reporting.result_text import format_result
from llm_stats.schema.catalog import CatalogSummary
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
