"""Text and JSON form of `llm-stats status`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from llm_stats.cli.render import render
from llm_stats.config_report import SECRETS, ConfigReport
from llm_stats.load.merge import INCOMING
from llm_stats.queries import checks
from llm_stats.queries.status import Status
from llm_stats.table import Table
from llm_stats.text import escape_control_chars, pluralize


def config_lines(report: ConfigReport) -> Iterator[str]:
    """Yield lines: the versions, the main settings, and settings that differ from their default."""
    yield "versions    " + ", ".join(f"{name} {number}" for name, number in report.versions.items())
    if report.problem:
        yield f"settings    {escape_control_chars(report.problem)}"
        return
    rest = []
    for name, setting in report.settings.items():
        value = (
            pluralize(len(setting["value"]), "id")
            if isinstance(setting["value"], list)
            else escape_control_chars(str(setting["value"]))
        )
        origin = f"({setting['origin']})"
        if name in SECRETS:
            yield f"{name:<12}" + (f"set {origin}" if setting["value"] else "not set")
        elif name in ("base_url", "database"):
            yield f"{name:<12}{value} {origin}"
        elif setting["origin"] != "default":
            rest.append(f"{name} {value} {origin}")
    yield "settings    " + (", ".join(rest) or "all others at their defaults")


_MAX_FAILING = 20
_MAX_LISTING_CHANGES = 5


def status_json(status: Status, config: ConfigReport) -> str:
    """Return one JSON object: `health`, and the fields of `status` and `config`."""
    fields = {"health": status.health} | asdict(status) | asdict(config)
    return json.dumps(fields, default=_format_utc, ensure_ascii=False, indent=2)


def _format_utc(time: dt.datetime) -> str:
    """Return a time such as `2026-11-23T05:15:00.120000Z`."""
    return f"{time.isoformat()}Z"


def status_lines(status: Status, check_command: str = "`llm-stats check`") -> Iterator[str]:
    """Yield the lines about the warehouse in `llm-stats status`.

    `check_command` is the command that runs the checks on this warehouse.
    """
    if status.engine:
        yield f"warehouse   {escape_control_chars(status.engine)}"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in status.last_run.items())
    requests = f"{pluralize(status.last_run_requests, 'request')} for models"
    outcomes = f"{counts}; {requests}" if counts else "read the catalog, requested no model"
    yield f"last run    {_format_age(status, status.last_run_at)}: {outcomes}"
    if status.last_run_at > status.at:
        page = '"Wrong clock" in docs/operations.md'
        yield f"clock       check it: the last run is in the future; see {page}"
    today = "unknown" if status.requests_today is None else status.requests_today
    yield f"requests    {today} sent today (since 00:00 UTC)"
    if status.quota and status.quota_at:
        quota = escape_control_chars(str(status.quota))
        yield f"quota       {quota}, {_format_age(status, status.quota_at)}"
    if status.catalog:
        yield f"catalog     {_format_catalog(status, status.catalog)}"
        yield from _format_listing_changes(status)
    if status.newest_at and status.oldest_at:
        newest, oldest = (
            _format_age(status, status.newest_at),
            _format_age(status, status.oldest_at),
        )
        models = pluralize(status.models, "model")
        missing = (
            f"; {status.never_fetched} never fetched, without scores"
            if status.never_fetched
            else ""
        )
        yield f"data        {models}, newest fetched {newest}, oldest {oldest}{missing}"
        yield "stalest     " + ", ".join(
            f"{escape_control_chars(row['model_id'])} ({_format_age(status, row['fetched_at'])})"
            for row in status.stalest
        )
    elif status.models:
        yield f"data        {pluralize(status.models, 'model')}, no record fetched yet"
    else:
        yield "data        none yet"
    yield f"health      {_format_health(status, check_command)}"
    if status.failed_at:
        failed = f"{_format_age(status, status.failed_at)} with exit code {status.failed_exit_code}"
        message = str(status.failed_message).partition("\n")[0].rstrip(":")
        yield f"failed      {failed}: {escape_control_chars(message)}"
    if status.rejected_at:
        kind = "state" if status.engine else "file"
        location = (
            f"the loaded rows stay in the schema {INCOMING}"
            if status.engine
            else f"it is kept at {status.rejected_file}"
        )
        rejected_by = ", ".join(map(escape_control_chars, status.rejected_by))
        age = _format_age(status, status.rejected_at)
        yield f"rejected    a newer {kind} {age}: {rejected_by}; {location}"
    if status.engine:
        macros = (
            f"{', '.join(status.unsupported)}, which only DuckDB and DuckLake have; "
            if status.unsupported
            else ""
        )
        yield f"missing     {macros}snapshots, rollback and export, which need a DuckDB file"
    if not status.failing:
        yield "failing     none"
        return
    note = (
        f", the first {_MAX_FAILING} below; --format json lists all"
        if len(status.failing) > _MAX_FAILING
        else ""
    )
    yield f"failing     {len(status.failing)}{note}\n"
    yield render(_tabulate_failing(status), "table")


def _format_catalog(status: Status, catalog: dict[str, Any]) -> str:
    total = "unknown" if catalog["total"] is None else catalog["total"]
    problem = (
        ""
        if catalog["is_trusted"]
        else ", not trusted: many listed models are missing; if they left: "
        "`llm-stats run --all --allow-failure models_left`"
        if catalog["is_complete"]
        else f" of {total}: incomplete, no model was unlisted"
    )
    models = pluralize(catalog["models"], "model")
    return f"read {_format_age(status, catalog['read_at'])}: {models}{problem}"


def _format_listing_changes(status: Status) -> Iterator[str]:
    """Yield a line for models that left the catalog, and a line for models that came back."""
    for label, kind in (("left", "unlisted"), ("came back", "relisted")):
        changes = [change for change in status.listing_changes if change["kind"] == kind]
        named = ", ".join(
            f"{escape_control_chars(change['model_id'])} "
            f"({_format_age(status, change['changed_at'])})"
            for change in changes[:_MAX_LISTING_CHANGES]
        )
        more = len(changes) - _MAX_LISTING_CHANGES
        if named:
            yield f"{label:<12}{named}{f', and {more} more' if more > 0 else ''}"


def _format_health(status: Status, check_command: str) -> str:
    last_run = "the last run loaded no model; " if status.has_loaded_nothing else ""
    if status.failed_at:
        last_run = "the last run failed; "
    level = f"{status.health}: {last_run}"
    if status.findings is None:
        return f"{level}{escape_control_chars(str(status.unchecked))}"
    errors = [
        f"{row['check']}: {row['description']}: {pluralize(row['row_count'], 'row')}"
        for row in status.findings
        if row["severity"] == "error"
    ]
    if errors:
        return f"{level}{'; '.join(errors)}; {check_command} prints the rows"
    names = ", ".join(row["check"] for row in status.findings)
    warnings = (
        f"{pluralize(len(status.findings), 'warning')} ({names}): {check_command} prints the rows"
        if names
        else "no warnings"
    )
    return f"{level}{pluralize(checks.count_checks(), 'check')}, no errors, {warnings}"


def _tabulate_failing(status: Status) -> Table:
    rows = [
        (
            row["model_id"],
            row["outcome"],
            row["times"],
            _format_age(status, row["since"]),
            row["reason"],
        )
        for row in status.failing
    ]
    columns = ("model_id", "outcome", "times", "since", "reason")
    return Table(
        columns, ("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR", "VARCHAR"), rows[:_MAX_FAILING]
    )


def _format_age(status: Status, time: dt.datetime) -> str:
    """Return an age such as `3 hours ago`, or `3 hours in the future` if the clock is wrong.

    The unit is seconds below 2 minutes, minutes below 2 hours, hours below 2 days, then days.
    """
    seconds = abs((status.at - time).total_seconds())
    direction = "in the future" if time > status.at else "ago"
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} {direction}"
    return f"{pluralize(round(seconds), 'second')} {direction}"
