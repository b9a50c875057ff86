"""How the warehouse is doing: what the last run brought, how old and how healthy the data is, what keeps failing, what today has cost."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from llm_stats.api.cache import requests_since
from llm_stats.cli.render import render
from llm_stats.errors import LlmStatsError, UsageError
from llm_stats.load.merge import INCOMING
from llm_stats.pipeline.result import counted
from llm_stats.queries import checks
from llm_stats.queries.environment import Environment
from llm_stats.terminal import safe
from llm_stats.warehouse.duckdb_file import Warehouse
from llm_stats.warehouse.reader import Reader, Table

_STALEST = 5
_MOST_FAILING = 20

_LAST_RUN = """
    select outcome, count(*) as models, sum(attempts) as requests, max(requested_at) as at
    from staging.fetches
    where load_id = (select load_id from staging.fetches order by requested_at desc, load_id desc limit 1)
    group by outcome
    order by models desc, outcome
    limit 10
"""
_AGE = "select count(*), min(fetched_at), max(fetched_at) from staging.models"
_STALEST_MODELS = f"select model_id, fetched_at from staging.models order by fetched_at, model_id limit {_STALEST}"
_FAILING = """
    with failures as (
        select
            fetches.model_id,
            fetches.outcome,
            fetches.message as reason,
            count(*) over (partition by fetches.model_id) as times,
            min(fetches.requested_at) over (partition by fetches.model_id) as since,
            models.fetched_at as loaded_at,
            row_number() over (partition by fetches.model_id order by fetches.requested_at desc, fetches.load_id desc) as latest
        from staging.fetches as fetches
        left join staging.models as models on fetches.model_id = models.model_id
        where fetches.outcome not in ('loaded', 'deferred') and fetches.requested_at > coalesce(models.fetched_at, '-infinity')
    )

    select model_id, outcome, reason, times, since, loaded_at
    from failures
    where latest = 1
    order by times desc, model_id
    limit 10000
"""


@dataclass(frozen=True)
class Status:
    """All times are UTC. `requests_today` counts every request that left, of runs under way or refused too; None if that is not known.

    `findings` are the checks that find something in the published file, errors first; None if they could not run, `unchecked` says why.
    `refused_by` names the checks that refused a newer state, at `refused_at`; the file that it lies in, if it is one, is `refused_file`.
    `engine` says where a warehouse is that is no file, and `missing` what `sql/` defines and that engine does not have.
    """

    at: dt.datetime
    last_run_at: dt.datetime
    last_run: dict[str, int]
    last_run_requests: int
    requests_today: int | None
    models: int
    oldest_at: dt.datetime | None
    newest_at: dt.datetime | None
    stalest: list[dict[str, Any]]
    failing: list[dict[str, Any]]
    findings: list[dict[str, Any]] | None
    unchecked: str | None = None
    refused_at: dt.datetime | None = None
    refused_by: tuple[str, ...] = ()
    refused_file: str | None = None
    engine: str | None = None
    missing: tuple[str, ...] = ()


def status(reader: Reader, now: dt.datetime | None = None) -> Status:
    """The status of a warehouse. Raises `UsageError` if no run ever was published there."""
    now = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).replace(tzinfo=None)
    try:
        last = reader.query(_LAST_RUN).rows
    except UsageError:
        raise UsageError("this is no llm-stats warehouse, or one without any run; make one with `llm-stats run`") from None
    if not last:
        raise UsageError("no run has been published here yet; start one with `llm-stats run`")
    ((models, oldest_at, newest_at),) = reader.query(_AGE).rows
    last_run_at = max(row[3] for row in last)
    midnight = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
    return Status(
        at=now,
        last_run_at=last_run_at,
        last_run={row[0]: row[1] for row in last},
        last_run_requests=int(sum(row[2] for row in last)),
        requests_today=requests_since(Warehouse(reader.database).cache, midnight),
        models=models,
        oldest_at=oldest_at,
        newest_at=newest_at,
        stalest=_dicts(reader.query(_STALEST_MODELS)),
        failing=_dicts(reader.query(_FAILING)),
        engine=reader.engine_name,
        missing=reader.missing,
        **_checked(reader),
        **_refusal(reader, last_run_at),
    )


def as_json(found: Status, here: Environment) -> str:
    return json.dumps(asdict(found) | asdict(here), default=dt.datetime.isoformat, ensure_ascii=False, indent=2)


def as_text(found: Status) -> Iterator[str]:
    """Line by line, in a dozen lines when all is well."""
    if found.engine:
        yield f"warehouse   {safe(found.engine)}"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.last_run.items())
    yield f"last run    {_ago(found, found.last_run_at)}: {counts}; {found.last_run_requests} requests"
    yield f"requests    {'unknown' if found.requests_today is None else found.requests_today} today (since 00:00 UTC)"
    if found.newest_at and found.oldest_at:
        newest, oldest = _ago(found, found.newest_at), _ago(found, found.oldest_at)
        yield f"data        {found.models} models, the newest fetched {newest}, the oldest {oldest}"
        yield "stalest     " + ", ".join(f"{safe(row['model_id'])} ({_ago(found, row['fetched_at'])})" for row in found.stalest)
    else:
        yield "data        none yet"
    yield f"health      {_health(found)}"
    if found.refused_at:
        what = "state" if found.engine else "file"
        where = f"what was loaded stays in the schema {INCOMING}" if found.engine else f"it is kept at {found.refused_file}"
        yield f"refused     a newer {what} {_ago(found, found.refused_at)}: {', '.join(map(safe, found.refused_by))}; {where}"
    if found.engine:
        macros = f"{', '.join(found.missing)}, which only DuckDB and DuckLake have; " if found.missing else ""
        yield f"missing     {macros}snapshots, rollback and export, which are for a file"
    if not found.failing:
        yield "failing     none"
        return
    cut = f", the first {_MOST_FAILING} here; --format json has all" if len(found.failing) > _MOST_FAILING else ""
    yield f"failing     {len(found.failing)}{cut}\n"
    yield render(_failing(found), "table")


def _checked(reader: Reader) -> dict[str, Any]:
    """What the checks find in the published file, which may have come from elsewhere, or with `--accept`."""
    try:
        with checks.ready(reader) as computed:
            found = checks.findings(computed)
    except LlmStatsError as error:
        return {"findings": None, "unchecked": str(error)}
    return {"findings": [{"check": row.check, "severity": row.severity, "says": row.says, "row_count": row.row_count} for row in found]}


def _health(found: Status) -> str:
    if found.findings is None:
        return f"unknown: {safe(str(found.unchecked))}"
    errors = [f"{row['check']}: {row['says']}: {counted(row['row_count'], 'row')}" for row in found.findings if row["severity"] == "error"]
    if errors:
        return f"what is published is not healthy: {'; '.join(errors)}; `llm-stats check` shows the rows"
    names = ", ".join(row["check"] for row in found.findings)
    warnings = f"{counted(len(found.findings), 'warning')} ({names}): `llm-stats check` shows more" if names else "no warning"
    return f"what is published is healthy: {counted(checks.count(), 'check')}, no error, {warnings}"


def _refusal(reader: Reader, since: dt.datetime) -> dict[str, Any]:
    """What a check has refused since the last run that was published."""
    refused = Warehouse(reader.database).refused
    reason = refused / "reason.txt"
    if not reason.exists() or (at := dt.datetime.fromtimestamp(reason.stat().st_mtime, dt.UTC).replace(tzinfo=None)) <= since:
        return {}
    by = re.findall(r"^  error: (\w+):", reason.read_text("utf-8"), re.MULTILINE)
    return {"refused_at": at, "refused_by": tuple(by), "refused_file": None if reader.engine_name else str(refused / reader.database.name)}


def _failing(found: Status) -> Table:
    rows = [(row["model_id"], row["outcome"], row["times"], _ago(found, row["since"]), row["reason"]) for row in found.failing]
    columns = ("model_id", "outcome", "times", "since", "reason")
    return Table(columns, ("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR", "VARCHAR"), rows[:_MOST_FAILING])


def _dicts(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _ago(found: Status, moment: dt.datetime) -> str:
    """`3 hours ago`, in the largest unit of which there is more than one."""
    seconds = max((found.at - moment).total_seconds(), 0)
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} seconds ago"
