"""Runs against an API with ETags: a record that has not changed costs no unit of the quota.

`DailyRuns` requests one model at a time. The API counts the units of the quota.
"""

from __future__ import annotations

import copy
import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fake_api import faults, when
from fake_api.faults import Fault
from fake_api.server import FakeApi
from llm_stats.errors import LoadFailed
from llm_stats.sample.planned import PlannedFeatures
from support.daily_runs import DailyRuns
from support.sample_requests import requested_ids
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

ONE, TWO = IDS[:2]
MODELS = "select id, content_hash, etag from raw.models order by id"
CHILDREN = "select model_id, rowid from raw.models__scores order by all"


def rescored(records: list[dict[str, Any]], model_id: str) -> list[dict[str, Any]]:
    """Return the records with another score of one model; the catalog does not show scores."""
    changed = copy.deepcopy(records)
    for record in changed:
        if record["id"] == model_id:
            record["scores"][0]["score"] = 0.123
    return changed


def conditions(api: FakeApi) -> dict[str, str | None]:
    """Return the validator in the last request for each model; None if there was none."""
    return {
        request.model_id: request.headers.get("if-none-match")
        or request.headers.get("if-modified-since")
        for request in api.requests
        if request.model_id
    }


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "llm_stats.duckdb"


@pytest.fixture
def with_etags(build_once: Callable[[str, Callable[[Path], object]], Path], database: Path) -> Path:
    """Return the path of a database, published by a run for twelve models with ETags."""

    def fill(folder: Path) -> None:
        with FakeApi(RECORDS, planned=PlannedFeatures()) as api:
            DailyRuns(api, folder / database.name).run()

    shutil.copytree(
        build_once("with_etags", fill), database.parent, symlinks=True, dirs_exist_ok=True
    )
    return database


class TestUnchangedRecords:
    def test_cost_no_unit_stay_fresh_and_end_failures(self, with_etags: Path) -> None:
        """The next run is a week later, so that all records are due.

        A request for one model failed after it was loaded. A 304 ends its failures.
        """
        with duckdb.connect(with_etags) as connection:
            connection.execute(
                "insert into raw.fetches "
                "select * replace ('failed' as outcome, requested_at + interval 1 day as "
                f"requested_at) from raw.fetches where model_id = '{ONE}'"
            )
        planned = PlannedFeatures()
        with FakeApi(RECORDS, planned=planned) as api:
            runs = DailyRuns(api, with_etags)
            before, children = runs.query(MODELS), runs.query(CHILDREN)
            runs.day = 7
            result = runs.run()
            assert planned.units == 1, "the page of the catalog"
            assert result.outcomes == {"not_modified": 12}
            assert result.known_failures == {ONE}
            assert result.exit_code == 0
            assert result.is_published
            assert "12 models requested: 12 not_modified" in result.message
            assert sorted(runs.requested) == sorted(IDS)
            assert runs.query(MODELS) == before
            assert runs.query(CHILDREN) == children
            load = result.load_id
            assert runs.query("select distinct _dlt_load_id from raw.models") == [(load,)]
            assert runs.query(
                "select distinct scores_load_id, scores_last_seen_at > scores_first_seen_at "
                "from history.models"
            ) == [(load, True)]
            assert runs.query(
                "select distinct models.fetched_at = fetches.requested_at from raw.models "
                "inner join raw.fetches on models.id = fetches.model_id "
                "and models._dlt_load_id = fetches._dlt_load_id"
            ) == [(True,)], "not due again before max_age"
            assert runs.query(
                "select distinct last_outcome, consecutive_failures from marts.freshness"
            ) == [("not_modified", 0)]
            assert runs.query("select count(*) from marts.score_changes") == [(0,)]

    def test_changed_record_is_loaded_between_them(self, with_etags: Path) -> None:
        with FakeApi(rescored(RECORDS, ONE), planned=PlannedFeatures()) as api:
            runs = DailyRuns(api, with_etags)
            runs.day = 7
            result = runs.run()
        assert result.outcomes == {"loaded": 1, "not_modified": 11}
        assert runs.query("select model_id, kind from marts.score_changes") == [(ONE, "corrected")]

    def test_validators_of_reused_bodies_are_sent_back_as_they_came(self, database: Path) -> None:
        """A run fails before it publishes; the next run loads the cached bodies.

        One model has a weak ETag, the others have only Last-Modified.
        """
        weak: dict[str, Fault] = {ONE: faults.headers(ETag='W/"v1"')}
        with FakeApi(RECORDS, planned=PlannedFeatures(etags=False), faults=weak) as api:
            runs = DailyRuns(api, database, cache_ttl=dt.timedelta(hours=1))
            with pytest.raises(LoadFailed):
                runs.run(IDS, progress=_Failing())
            cached = runs.run(IDS)
            assert runs.requested == []
            result = runs.run(IDS)
        assert cached.outcomes == {"loaded": 12}
        assert result.outcomes == {"not_modified": 12}
        sent = conditions(api)
        assert sent.pop(ONE) == 'W/"v1"'
        assert all(str(value).endswith("GMT") for value in sent.values())


class _Failing:
    """Progress display that raises an error after the last result."""

    def announce_wait(self, _: object) -> None:
        pass

    def show(self, results: Any, total: int, _: object) -> Any:
        yield from results
        raise ZeroDivisionError


def test_etag_that_never_changes_hides_a_new_body_but_no_new_price(with_etags: Path) -> None:
    """A new price changes the summary, so the record is requested without a condition.

    A new score does not change the summary. The 304 hides the score until `max_age` is 0.
    """
    stale: dict[str, Fault] = {ONE: faults.headers(ETag='"always"')}
    with FakeApi(RECORDS, planned=PlannedFeatures(), faults=stale) as api:
        runs = DailyRuns(api, with_etags)
        repriced = copy.deepcopy(RECORDS)
        repriced[0]["providers"][0]["input_price_per_m"] = 77
        assert repriced[0]["id"] == ONE
        api.publish(repriced)
        runs.day = 1
        assert runs.run().outcomes == {"loaded": 1}
        assert conditions(api) == {ONE: None}
        assert runs.query(
            f"select max(input_usd_per_mtok) from marts.offers where model_id = '{ONE}'"
        ) == [(77,)]
        api.publish(rescored(repriced, ONE))
        runs.day = 8
        assert runs.run().outcomes == {"not_modified": 12}
        runs.day = 9
        assert runs.run(max_age=dt.timedelta(0)).outcomes == {"loaded": 12}
        assert set(conditions(api).values()) == {None}
        assert runs.query("select model_id, kind from marts.score_changes") == [(ONE, "corrected")]


def test_304_without_a_condition_is_requested_again_without_a_cache(twelve_models: Path) -> None:
    """A broken cache returns 304, although the stored records have no validators.

    The first requests for the catalog and for one model get a 304, and all requests for another.
    """
    broken: dict[str, Fault] = {
        faults.LIST: when.first(1, faults.not_modified()),
        ONE: when.first(1, faults.not_modified()),
        TWO: faults.not_modified(),
    }
    with FakeApi(RECORDS, faults=broken) as api:
        runs = DailyRuns(api, twelve_models)
        runs.day = 7
        result = runs.run()
    assert result.outcomes == {"loaded": 11, "failed": 1}
    assert result.exit_code == 4
    assert set(conditions(api).values()) == {None}
    first, second = (request for request in api.requests if request.model_id == ONE)
    assert "cache-control" not in first.headers
    assert second.headers["cache-control"] == "no-cache"
    assert requested_ids(api).count(TWO) == 2
    (problem,) = result.problems
    assert problem.http_status == 304
    assert problem.message == (
        "HTTP 304 for a request without a condition, twice: a cache between this machine and "
        "the API is broken; bypass the proxy"
    )
