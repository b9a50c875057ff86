"""The `status` command and its text form."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import click

from llm_stats.cli.options import location_options, open_reader
from llm_stats.cli.render import render
from llm_stats.errors import UsageError
from llm_stats.load.merge import INCOMING
from llm_stats.queries import checks
from llm_stats.queries.status import SECRETS, ConfigReport, Status
from llm_stats.table import Table
from llm_stats.terminal import echo, echo_wrapped, escape_json
from llm_stats.text import escape_control_chars, pluralize


@click.command()
@click.option("--format", "output_format", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print.")
@location_options
def status(output_format: str, **place: Any) -> int:
    """How the warehouse is doing, and what is configured.

    The last run, the requests of today, the age and health of the data, what keeps failing; then versions, and where settings come from.

    \b
    llm-stats status
    llm-stats status --format json
    """
    from llm_stats.queries import status as queries

    here = queries.config_report(**place)
    try:
        with open_reader(**place) as reader:
            found = queries.status(reader)
        if output_format == "json":
            echo(escape_json(status_json(found, here)))
        else:
            _echo_fields(status_lines(found))
    finally:  # before the first run too, for that is when one asks
        if output_format == "table":
            _echo_fields(["", *config_lines(here)])
    return UsageError.exit_code if here.problem else 0


def _echo_fields(lines: Iterable[str]) -> None:
    """Prints lines of a name and a value, which begins at column 12."""
    for line in lines:
        echo_wrapped(line, indent=12)


def config_lines(found: ConfigReport) -> Iterator[str]:
    """Line by line: what is always worth knowing, then the other settings that are not at their default."""
    yield "versions    " + ", ".join(f"{name} {number}" for name, number in found.versions.items())
    if found.problem:
        yield f"settings    {escape_control_chars(found.problem)}"
        return
    rest = []
    for name, setting in found.settings.items():
        value = f"{len(setting['value'])} ids" if isinstance(setting["value"], list) else escape_control_chars(str(setting["value"]))
        origin = f"({setting['origin']})"
        if name in SECRETS:
            yield f"{name:<12}" + (f"set {origin}" if setting["value"] else "not set")
        elif name in ("base_url", "database"):
            yield f"{name:<12}{value} {origin}"
        elif setting["origin"] != "default":
            rest.append(f"{name} {value} {origin}")
    yield "settings    " + (", ".join(rest) or "all others at their defaults")


_MAX_FAILING = 20


def status_json(found: Status, here: ConfigReport) -> str:
    return json.dumps(asdict(found) | asdict(here), default=dt.datetime.isoformat, ensure_ascii=False, indent=2)


def status_lines(found: Status) -> Iterator[str]:
    """Line by line, in a dozen lines when all is well."""
    if found.engine:
        yield f"warehouse   {escape_control_chars(found.engine)}"
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.last_run.items())
    yield f"last run    {_ago(found, found.last_run_at)}: {counts}; {found.last_run_requests} requests"
    yield f"requests    {'unknown' if found.requests_today is None else found.requests_today} today (since 00:00 UTC)"
    if found.newest_at and found.oldest_at:
        newest, oldest = _ago(found, found.newest_at), _ago(found, found.oldest_at)
        yield f"data        {found.models} models, the newest fetched {newest}, the oldest {oldest}"
        yield "stalest     " + ", ".join(
            f"{escape_control_chars(row['model_id'])} ({_ago(found, row['fetched_at'])})" for row in found.stalest
        )
    else:
        yield "data        none yet"
    yield f"health      {_health(found)}"
    if found.rejected_at:
        what = "state" if found.engine else "file"
        where = f"what was loaded stays in the schema {INCOMING}" if found.engine else f"it is kept at {found.rejected_file}"
        rejected_by = ", ".join(map(escape_control_chars, found.rejected_by))
        yield f"rejected    a newer {what} {_ago(found, found.rejected_at)}: {rejected_by}; {where}"
    if found.engine:
        macros = f"{', '.join(found.unsupported)}, which only DuckDB and DuckLake have; " if found.unsupported else ""
        yield f"missing     {macros}snapshots, rollback and export, which are for a file"
    if not found.failing:
        yield "failing     none"
        return
    cut = f", the first {_MAX_FAILING} here; --format json has all" if len(found.failing) > _MAX_FAILING else ""
    yield f"failing     {len(found.failing)}{cut}\n"
    yield render(_failing_models(found), "table")


def _health(found: Status) -> str:
    if found.findings is None:
        return f"unknown: {escape_control_chars(str(found.unchecked))}"
    errors = [
        f"{row['check']}: {row['description']}: {pluralize(row['row_count'], 'row')}"
        for row in found.findings
        if row["severity"] == "error"
    ]
    if errors:
        return f"what is published is not healthy: {'; '.join(errors)}; `llm-stats check` shows the rows"
    names = ", ".join(row["check"] for row in found.findings)
    warnings = f"{pluralize(len(found.findings), 'warning')} ({names}): `llm-stats check` shows more" if names else "no warning"
    return f"what is published is healthy: {pluralize(checks.count_checks(), 'check')}, no error, {warnings}"


def _failing_models(found: Status) -> Table:
    rows = [(row["model_id"], row["outcome"], row["times"], _ago(found, row["since"]), row["reason"]) for row in found.failing]
    columns = ("model_id", "outcome", "times", "since", "reason")
    return Table(columns, ("VARCHAR", "VARCHAR", "BIGINT", "VARCHAR", "VARCHAR"), rows[:_MAX_FAILING])


def _ago(found: Status, moment: dt.datetime) -> str:
    """`3 hours ago`, in the largest unit of which there is more than one."""
    seconds = max((found.at - moment).total_seconds(), 0)
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{seconds:.0f} seconds ago"
