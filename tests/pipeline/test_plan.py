"""Plan of a run: due models, trust in a read of the catalog, missing models."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from llm_stats.errors import UsageError
from llm_stats.fetch.catalog import Catalog
from llm_stats.pipeline.plan import Plan, make_plan, require_clock
from llm_stats.schema.catalog import (
    CatalogLoad,
    CatalogRead,
    CatalogSummary,
    RecordVersion,
    SummaryVersion,
)
from llm_stats.schema.fetch import Fetch, FetchResult, Validators
from llm_stats.settings import Settings
from llm_stats.warehouse.base import FetchState

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)
YESTERDAY = NOW - dt.timedelta(days=1)
IDS = [f"m{number:02}" for number in range(60)]


def version(content_hash: str = "a") -> SummaryVersion:
    return SummaryVersion(content_hash, YESTERDAY)


def catalog_of(model_ids: list[str], summaries: list[str] | None = None, **fields: Any) -> Catalog:
    valid = model_ids if summaries is None else summaries
    return Catalog(
        NOW,
        pages=1,
        model_ids=model_ids,
        versions={model_id: version() for model_id in valid},
        total=len(model_ids),
        **fields,
    )


def state_of(model_ids: list[str], **fields: Any) -> FetchState:
    """Return the state of a warehouse that loaded all summaries and records yesterday."""
    return FetchState(
        last_attempted_at=YESTERDAY,
        fetched_at=dict.fromkeys(model_ids, YESTERDAY),
        records={model_id: RecordVersion("a", YESTERDAY) for model_id in model_ids},
        summaries={model_id: version() for model_id in model_ids},
        **fields,
    )


def plan_of(catalog: Catalog | None, state: FetchState, **options: Any) -> Plan:
    settings = Settings.read(model_ids=options.pop("model_ids", None))
    max_age = options.pop("max_age", None)
    settings = settings.model_copy(update={"max_age": max_age})
    return make_plan(settings, catalog, state, NOW, **options)


def missing_of(plan: Plan) -> list[str]:
    assert plan.catalog_load is not None
    return plan.catalog_load.missing


def is_trusted(plan: Plan) -> bool:
    assert plan.catalog_load is not None
    return plan.catalog_load.read.is_trusted


def test_nothing_is_due_on_an_unchanged_day() -> None:
    plan = plan_of(catalog_of(IDS), state_of(IDS))
    assert plan.due == []
    assert plan.skipped == 60
    assert is_trusted(plan)
    assert missing_of(plan) == []


def test_named_ids_are_due_at_any_age_by_default() -> None:
    plan = plan_of(None, state_of(IDS), model_ids=IDS[:3])
    assert plan.due == IDS[:3]
    assert plan.catalog_load is None
    assert plan_of(None, state_of(IDS), model_ids=IDS[:3], max_age=dt.timedelta(days=2)).due == []


def test_models_that_are_not_due_are_counted() -> None:
    state = state_of(IDS[:57])
    plan = plan_of(catalog_of(IDS), state)
    assert plan.due == IDS[57:]
    assert plan.skipped == 57
    named = plan_of(None, state, model_ids=[*IDS[55:], IDS[59]], max_age=dt.timedelta(days=2))
    assert named.due == IDS[57:]
    assert named.skipped == 2


def test_records_are_due_half_a_day_before_seven_days() -> None:
    state = state_of(IDS)
    age = dt.timedelta(days=6.5)
    state.fetched_at.update({IDS[0]: NOW - age, IDS[1]: NOW - age + dt.timedelta(seconds=1)})
    assert plan_of(catalog_of(IDS), state).due == IDS[:1]


def test_read_of_the_catalog_is_stored_and_counted() -> None:
    catalog = catalog_of(IDS[:3], rejected={IDS[0]: "why"}, changed=[{"id": IDS[1]}])
    plan = plan_of(replace(catalog, total=9, gap="a page failed", cut_off="failed"), FetchState())
    read = CatalogRead(read_at=NOW, pages=1, models=3, total=9, is_complete=False, is_trusted=False)
    assert plan.catalog_load == CatalogLoad(read, [{"id": IDS[1]}], [], {IDS[0]: "why"})
    assert plan.catalog_summary == CatalogSummary(
        pages=1,
        models=3,
        total=9,
        changed=1,
        rejected=1,
        missing=0,
        listed_before=0,
        has_summaries=True,
        is_trusted=False,
        cut_off="failed",
        gap="a page failed",
    )
    assert plan.listed == frozenset(IDS[:3])


def test_earlier_clock_is_an_error() -> None:
    class Restorable:
        def way_back(self, time: dt.datetime) -> str:
            return f"go back before {time:%H:%M}"

    warehouse: Any = Restorable()
    require_clock(NOW, None, warehouse)
    require_clock(NOW, NOW, warehouse)
    with pytest.raises(UsageError) as raised:
        require_clock(NOW, NOW + dt.timedelta(milliseconds=1), warehouse)
    assert str(raised.value) == (
        "system clock (2026-11-28 12:00:00.000 UTC) is earlier than the last run "
        "(2026-11-28 12:00:00.001); fix the clock, or go back before 12:00"
    )


def test_catalog_only_requests_no_model() -> None:
    plan = plan_of(catalog_of(IDS), FetchState(), catalog_only=True)
    assert plan.due == []
    assert plan.skipped == 0, "skipped models are those that are not due"


def test_stored_summary_that_is_ahead_makes_its_record_due() -> None:
    """The catalog does not list the model in this run, for example because a page failed."""
    state = state_of(IDS)
    state.summaries[IDS[1]] = version("b")
    assert plan_of(catalog_of(IDS[:1], gap="why"), state).due == IDS[1:2]


def test_results_get_facts_from_the_catalog() -> None:
    plan = plan_of(catalog_of(IDS[:2]), state_of(IDS))

    def result(model_id: str, attempts: int = 1) -> FetchResult:
        fetch = Fetch(model_id=model_id, requested_at=NOW, outcome="loaded", attempts=attempts)
        return FetchResult(fetch, {"updated_at": YESTERDAY, "summary_hash": None})

    results = list(plan.with_catalog([result(IDS[0]), result(IDS[1], 0), result(IDS[2])]))
    assert [result.fetch.is_listed for result in results] == [True, True, False]
    assert [result.row and result.row["summary_hash"] for result in results] == ["a", None, "a"]
    by_id = plan_of(None, state_of(IDS), model_ids=IDS[:1])
    (by_id_result,) = by_id.with_catalog([result(IDS[0])])
    assert by_id_result.fetch.is_listed is None


def test_rejected_summary_makes_its_record_due() -> None:
    plan = plan_of(catalog_of(IDS, IDS[1:], rejected={IDS[0]: "why"}), state_of(IDS))
    assert plan.due == IDS[:1]
    assert missing_of(plan) == [], "it is listed"
    assert is_trusted(plan)


class TestConditions:
    STORED = Validators('"1"')

    def state(self, **fields: Any) -> FetchState:
        """Return a state with old records; all except the last have validators."""
        validators = dict.fromkeys(IDS[:-1], self.STORED)
        return replace(state_of(IDS, validators=validators), **fields)

    @pytest.mark.parametrize("max_age", [None, dt.timedelta(seconds=1)], ids=["default", "1s"])
    def test_due_records_with_validators_are_requested_with_a_condition(
        self, max_age: dt.timedelta | None
    ) -> None:
        plan = plan_of(None, self.state(), model_ids=IDS, max_age=max_age)
        assert plan.due == IDS
        assert plan.validators == dict.fromkeys(IDS[:-1], self.STORED)

    def test_max_age_0_makes_all_requests_unconditional(self) -> None:
        plan = plan_of(None, self.state(), model_ids=IDS, max_age=dt.timedelta(0))
        assert plan.due == IDS
        assert plan.validators == {}

    @pytest.mark.parametrize("with_catalog", [True, False])
    def test_summary_that_is_ahead_makes_the_request_unconditional(
        self, with_catalog: bool
    ) -> None:
        """The record has changed, so a 304 would only show that the ETag is wrong."""
        state = self.state()
        state.summaries[IDS[0]] = version("b")
        catalog = catalog_of(IDS[1:], gap="why") if with_catalog else None
        plan = plan_of(catalog, state, model_ids=IDS, max_age=dt.timedelta(hours=1))
        assert set(plan.due) == set(IDS)
        assert plan.validators.keys() == set(IDS[1:-1])

    def test_rejected_summary_leaves_the_condition(self) -> None:
        plan = plan_of(catalog_of(IDS, IDS[1:], rejected={IDS[0]: "why"}), self.state())
        assert plan.validators == {IDS[0]: self.STORED}

    def test_summary_hash_is_updated_by_a_304(self) -> None:
        """The record had no hash, for example because it came from the response cache."""
        state = self.state()
        state.records[IDS[0]] = RecordVersion(None, YESTERDAY)
        plan = plan_of(catalog_of(IDS), state, max_age=dt.timedelta(hours=1))
        fetch = Fetch(model_id=IDS[0], requested_at=NOW, outcome="not_modified", attempts=1)
        (result,) = plan.with_catalog([FetchResult(fetch)])
        assert result.fetch.summary_hash == "a"


@pytest.mark.parametrize("max_age", [None, dt.timedelta(days=2)], ids=["default", "2d"])
def test_without_valid_summaries_records_are_due_by_age(max_age: dt.timedelta | None) -> None:
    """Prices come only from the records, so `max_age` is 0 by default, not seven days."""
    catalog = catalog_of(IDS[1:], [], rejected=dict.fromkeys(IDS[1:10], "why"))
    plan = plan_of(catalog, state_of(IDS), max_age=max_age)
    assert plan.due == ([] if max_age else [*IDS[1:], IDS[0]])
    assert not is_trusted(plan)
    assert missing_of(plan) == []


class TestTrust:
    def test_missing_models_are_those_of_a_trusted_read(self) -> None:
        plan = plan_of(catalog_of(IDS[12:]), state_of(IDS))
        assert is_trusted(plan)
        assert missing_of(plan) == IDS[:12], "a fifth"

    def test_read_in_which_many_models_are_missing(self) -> None:
        plan = plan_of(catalog_of(IDS[13:]), state_of(IDS))
        assert not is_trusted(plan)
        assert missing_of(plan) == []
        assert plan.catalog_summary is not None
        assert plan.catalog_summary.missing == 13
        assert plan.catalog_summary.listed_before == 60

    def test_allowed_failure_trusts_it(self) -> None:
        plan = plan_of(catalog_of(IDS[13:]), state_of(IDS), allowed_failures=["models_left"])
        assert is_trusted(plan)
        assert missing_of(plan) == IDS[:13]

    def test_unlisted_models_are_not_missing_again(self) -> None:
        state = state_of(IDS, unlisted=frozenset(IDS[:13]))
        plan = plan_of(catalog_of(IDS[14:]), state)
        assert is_trusted(plan)
        assert missing_of(plan) == IDS[:14], "all models that the read does not list"
        assert plan.catalog_summary is not None
        assert plan.catalog_summary.missing == 1
        assert plan.catalog_summary.listed_before == 47

    @pytest.mark.parametrize("allowed", [[], ["models_left"]], ids=str)
    def test_incomplete_read_is_never_trusted(self, allowed: list[str]) -> None:
        plan = plan_of(catalog_of(IDS[1:], gap="why"), state_of(IDS), allowed_failures=allowed)
        assert not is_trusted(plan)
        assert missing_of(plan) == []

    def test_models_missing_in_an_untrusted_read_are_due_by_age(self) -> None:
        """If a page of the catalog fails every day, its models must still be fetched."""
        state = state_of(IDS, unlisted=frozenset(IDS[:1]))
        state.fetched_at.update(dict.fromkeys(IDS[:3], NOW - dt.timedelta(days=8)))
        assert plan_of(catalog_of(IDS[5:], gap="why"), state).due == IDS[1:3]
        assert plan_of(catalog_of(IDS[5:]), state).due == [], "trusted: they left"
