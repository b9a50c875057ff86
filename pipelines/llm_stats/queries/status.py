"""Status of a warehouse: last run, requests, age and health of the data."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from llm_stats.api.quota import Quota
from llm_stats.destinations import DUCKDB
from llm_stats.errors import LlmStatsError, UsageError
from llm_stats.fetch.request_state import last_quota, requests_since
from llm_stats.queries import checks
from llm_stats.schema.fetch import SUCCESSES
from llm_stats.settings import WarehouseLocation
from llm_stats.warehouse import runs
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.reader import Reader

_STALEST = 5

_LAST_LOAD = "select load_id from staging.last_load"
_LAST_RUN_AT = f"""
    select max(attempted_at)
    from (
        select requested_at as attempted_at, load_id from staging.fetches
        union all
        select read_at as attempted_at, load_id from staging.catalog_reads
    ) as attempts
    where load_id = ({_LAST_LOAD})
"""
_LAST_RUN = f"""
    select outcome, count(*) as models, sum(attempts) as requests
    from staging.fetches
    where load_id = ({_LAST_LOAD})
    group by outcome
    order by models desc, outcome
    limit 10
"""
_AGE = """
    select
        count(*),
        min(fetched_at),
        max(fetched_at),
        count(*) filter (where fetched_at is null and unlisted_since is null)
    from marts.models
"""
#: Models outside the catalog are omitted, because no run with `--all` requests them.
_STALEST_MODELS = f"""
    select model_id, fetched_at from marts.models
    where fetched_at is not null and unlisted_since is null
    order by fetched_at, model_id limit {_STALEST}
"""
_CATALOG = f"""
    select
        read_at,
        model_count as models,
        total_count as total,
        is_complete,
        is_trusted,
        load_id = ({_LAST_LOAD}) as is_of_last_run
    from staging.catalog_reads
    order by read_at desc, load_id desc
    limit 1
"""
#: The last change of each model that left the catalog or came back.
_LISTING_CHANGES = """
    with last_changes as (
        select model_id, kind, reason, changed_at
        from marts.model_changes
        where kind <> 'listed'
        qualify row_number() over (partition by model_id order by changed_at desc) = 1
    )

    select model_id, kind, reason, changed_at
    from last_changes
    order by changed_at desc, model_id
    limit 10000
"""
#: Models with a failure after their last load. An id that was not found and never loaded is
#: probably misspelled, so it is selected only if the last run requested it.
_FAILING = f"""
    with failures as (
        select
            fetches.model_id,
            fetches.outcome,
            fetches.message as reason,
            count(*) over (partition by fetches.model_id) as times,
            min(fetches.requested_at) over (partition by fetches.model_id) as since,
            models.fetched_at as loaded_at,
            models.model_id is not null as is_known,
            row_number() over (
                partition by fetches.model_id
                order by fetches.requested_at desc, fetches.load_id desc
            ) as latest
        from staging.fetches as fetches
        left join staging.models as models on fetches.model_id = models.model_id
        where
            fetches.outcome not in ('loaded', 'not_modified', 'deferred')
            and fetches.requested_at > coalesce(models.fetched_at, '-infinity')
    )

    select model_id, outcome, reason, times, since, loaded_at
    from failures
    where
        latest = 1
        and (
            outcome <> 'not_found'
            or is_known
            or model_id in (select model_id from staging.fetches where load_id = ({_LAST_LOAD}))
        )
    order by times desc, model_id
    limit 10000
"""


@dataclass(frozen=True)
class Status:
    """The status of a warehouse at the time `at`; all times are UTC.

    `last_run` counts the models of the last run by outcome; it is empty if the run only read the
    catalog. `last_run_requests` counts only requests for models. `requests_today` includes requests
    of running and failed runs; it is None if unknown. `quota` is the quota in the last response to
    this machine, and `quota_at` the time of this response. `quota` and `quota_at` are None if the
    quota is unknown, or if it was reset after this response. `never_fetched` counts the listed
    models without a record. `catalog` is the last read of the catalog, or None. `listing_changes`
    has the last change of each model that left or rejoined the catalog.

    `findings` are the failed checks of the published data, errors first. If the checks could not
    run, `findings` is None and `unchecked` is the reason.

    The `rejected_…` fields are set if checks rejected a run after the last published run:
    `rejected_at` is the time, `rejected_by` are the names of the checks, and `rejected_file` is the
    path of the rejected database. The `failed_…` fields are set if the last run failed: time, exit
    code and error message.

    `unsupported` lists the macros that the engine cannot store. For an engine other than DuckDB,
    `engine` is the engine's name, and `rejected_file` and the `failed_…` fields are None.
    """

    at: dt.datetime
    last_run_at: dt.datetime
    last_run: dict[str, int]
    last_run_requests: int
    requests_today: int | None
    quota: Quota | None
    quota_at: dt.datetime | None
    models: int
    never_fetched: int
    oldest_at: dt.datetime | None
    newest_at: dt.datetime | None
    stalest: list[dict[str, Any]]
    failing: list[dict[str, Any]]
    catalog: dict[str, Any] | None
    listing_changes: list[dict[str, Any]]
    findings: list[dict[str, Any]] | None
    unchecked: str | None = None
    rejected_at: dt.datetime | None = None
    rejected_by: tuple[str, ...] = ()
    rejected_file: str | None = None
    failed_at: dt.datetime | None = None
    failed_exit_code: int | None = None
    failed_message: str | None = None
    engine: str | None = None
    unsupported: tuple[str, ...] = ()

    @property
    def health(self) -> str:
        """Health of the data, worst first: `unknown`, `errors`, `poor` or `good`.

        - `unknown`: the checks could not run
        - `errors`: the published data fails a check
        - `poor`: the last run failed, or `has_loaded_nothing` is set
        - `good`: none of the above; warnings are allowed
        """
        if self.findings is None:
            return "unknown"
        if any(finding["severity"] == "error" for finding in self.findings):
            return "errors"
        return "poor" if self.failed_at or self.has_loaded_nothing else "good"

    @property
    def has_loaded_nothing(self) -> bool:
        """Whether the last run requested models but loaded none, and did not read the catalog."""
        has_read_catalog = self.catalog is not None and self.catalog["is_of_last_run"]
        has_loaded = any(self.last_run.get(success) for success in SUCCESSES)
        return not has_read_catalog and not has_loaded and bool(self.last_run.keys() - {"deferred"})


def status(reader: Reader, now: dt.datetime | None = None) -> Status:
    """Return the status of a warehouse. Raise `UsageError` if no run has been published."""
    now = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(tzinfo=None)
    try:
        ((last_run_at,),) = reader.query(_LAST_RUN_AT).rows
    except UsageError:
        raise UsageError(
            "this database is not an llm-stats warehouse, or no run has been published to it; "
            f"start a run with {reader.command('run')}"
        ) from None
    if last_run_at is None:
        raise UsageError(f"no run has been published yet; start one with {reader.command('run')}")
    ((models, oldest_at, newest_at, never_fetched),) = reader.query(_AGE).rows
    last = reader.query(_LAST_RUN).rows
    catalog = reader.query(_CATALOG).to_dicts()
    midnight = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
    cache = DuckDBWarehouse(reader.database).cache
    quota, quota_at = last_quota(cache, now.replace(tzinfo=dt.UTC)) or (None, None)
    return Status(
        at=now,
        last_run_at=last_run_at,
        last_run={row[0]: row[1] for row in last},
        last_run_requests=int(sum(row[2] for row in last)),
        catalog=catalog[0] if catalog else None,
        listing_changes=reader.query(_LISTING_CHANGES).to_dicts(),
        requests_today=requests_since(cache, midnight),
        quota=quota,
        quota_at=quota_at and quota_at.replace(tzinfo=None),
        models=models,
        never_fetched=never_fetched,
        oldest_at=oldest_at,
        newest_at=newest_at,
        stalest=reader.query(_STALEST_MODELS).to_dicts(),
        failing=reader.query(_FAILING).to_dicts(),
        engine=reader.engine_name,
        unsupported=reader.unsupported,
        **_run_checks(reader),
        **_find_rejection(reader, last_run_at),
        **_find_failure(reader),
    )


def describe_failed_first_run(location: WarehouseLocation) -> str:
    """Return `; the last run failed with exit code 3: …`, or an empty string.

    The string is empty if the database exists, or if the last run did not fail.
    """
    if location.destination != DUCKDB or location.database.exists():
        return ""
    failure = runs.read_failure(DuckDBWarehouse(location.database).last_failure)
    if failure is None:
        return ""
    return f"; the last run failed with exit code {failure.exit_code}: {failure.message}"


def _run_checks(reader: Reader) -> dict[str, Any]:
    """Run the checks on the published data and return the fields `findings` and `unchecked`.

    Published data can fail a check: `run --allow-failure` publishes data despite failed checks.
    """
    try:
        with reader.materialized() as materialized_reader:
            results = checks.run_checks(materialized_reader)
    except LlmStatsError as error:
        return {"findings": None, "unchecked": str(error)}
    return {
        "findings": [
            {
                "check": row.check,
                "severity": row.severity,
                "description": row.description,
                "row_count": row.row_count,
            }
            for row in results
        ]
    }


def _find_rejection(reader: Reader, since: dt.datetime) -> dict[str, Any]:
    """Return the `rejected_…` fields if checks rejected a run after the last published run."""
    rejected = DuckDBWarehouse(reader.database).rejected
    reason = rejected / "reason.txt"
    if (
        not reason.exists()
        or (at := dt.datetime.fromtimestamp(reason.stat().st_mtime, dt.UTC).replace(tzinfo=None))
        <= since
    ):
        return {}
    names = re.findall(r"^  error: (\w+):", reason.read_text("utf-8"), re.MULTILINE)
    return {
        "rejected_at": at,
        "rejected_by": tuple(names),
        "rejected_file": None if reader.engine_name else str(rejected / reader.database.name),
    }


def _find_failure(reader: Reader) -> dict[str, Any]:
    """Return the `failed_…` fields if the last run failed."""
    if reader.engine_name or not (
        failure := runs.read_failure(DuckDBWarehouse(reader.database).last_failure)
    ):
        return {}
    return {
        "failed_at": dt.datetime.fromisoformat(failure.at).replace(tzinfo=None),
        "failed_exit_code": failure.exit_code,
        "failed_message": failure.message,
    }
