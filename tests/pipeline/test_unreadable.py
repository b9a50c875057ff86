"""Runs with unreadable metadata: the prices load, and `data_quality` names the values."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from support.daily_runs import DailyRuns
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

_FINDINGS = """
    select model_id, detail from marts.data_quality where rule = 'unreadable_value' order by all
"""
_PRICES = "select model_id, input_usd_per_mtok from marts.offers order by all"
_CHANGES = "select count(*) from marts.price_changes"
_UNREADABLE: dict[str, Any] = {
    "context_window": 128000.5,
    "release_date": "2025-09",
    "created_at": 1735689600,
    "updated_at": "2016-12-31T23:59:60Z",
    "description": "Half \ud83d of a pair",
}


def repriced(**fields: Any) -> list[dict[str, Any]]:
    """Return the records with each input price raised by 0.5; `fields` override other fields."""
    records = copy.deepcopy(RECORDS)
    for record in records:
        record |= fields
        for offer in record["providers"]:
            offer["input_price_per_m"] += 0.5
    return records


def test_new_prices_load_and_no_value_that_becomes_readable_changes_them(
    twelve_models: Path,
) -> None:
    """A summary that stays unreadable makes no model due again."""
    other = _UNREADABLE | {"created_at": 1}
    with FakeApi(RECORDS) as api:
        runs = DailyRuns(api, twelve_models)
        before = runs.query(_PRICES)
        api.publish(repriced(**_UNREADABLE))
        runs.day = 1
        result = runs.run()
        assert result.exit_code == 0
        assert result.outcomes["rejected"] == 0
        assert runs.query(_PRICES) == [(model_id, price + 0.5) for model_id, price in before]
        details = [
            f'record: unreadable {field}: "{_escaped(value)}"'
            for field, value in sorted(_UNREADABLE.items())
        ]
        assert runs.query(_FINDINGS) == [
            (model_id, detail) for model_id in sorted(IDS) for detail in details
        ]
        changes = runs.query(_CHANGES)
        for day, fields, due in ((2, other, IDS), (3, other, []), (4, {}, IDS)):
            api.publish(repriced(**fields))
            runs.day = day
            assert runs.run().exit_code == 0
            assert sorted(runs.requested) == sorted(due)
            assert runs.query(_CHANGES) == changes
        assert runs.query(_FINDINGS) == []


def test_renamed_id_is_named_and_other_models_with_whole_floats_load(workdir: Path) -> None:
    """If whole floats were rejected, no record would load, and the warehouse would stay empty."""
    records = [record | {"param_count": 7e9} for record in RECORDS]
    moved = {IDS[0]: faults.redirect("/stats/v1/models/new-id", 301)}
    with FakeApi(records, faults=moved) as api:
        runs = DailyRuns(api, workdir / "w.duckdb")
        assert runs.run().outcomes == {"failed": 1, "loaded": 11}
    assert runs.query("select model_id, message from raw.fetches where outcome = 'failed'") == [
        (IDS[0], "HTTP 301: the model id moved to new-id; use the new id")
    ]
    assert runs.query("select distinct param_count from marts.models") == [(7_000_000_000,)]
    assert runs.query(_FINDINGS) == []


def _escaped(value: object) -> str:
    return str(value).replace("\ud83d", "\\ud83d")
