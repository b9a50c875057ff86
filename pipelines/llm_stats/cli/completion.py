"""Shell completion of arguments: model ids, views, snapshots and checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from llm_stats.errors import LlmStatsError

if TYPE_CHECKING:
    from llm_stats.warehouse.reader import Reader


def model_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the model ids that start with the text `incomplete`."""
    query = "select model_id from staging.models order by model_id"
    return _matching(
        context, incomplete, lambda reader: [model_id for (model_id,) in reader.query(query).rows]
    )


def views(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the view names that start with the text `incomplete`."""
    return _matching(
        context,
        incomplete,
        lambda reader: [name for name, kind, _ in reader.catalog().rows if kind == "view"],
    )


def checks(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the check names that start with the text `incomplete`."""
    from llm_stats.transform.checks import allowable_failures

    return [name for name in allowable_failures() if name.startswith(incomplete)]


def snapshots(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the snapshot ids that start with the text `incomplete`, latest first."""
    from llm_stats.settings import WarehouseLocation
    from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

    try:
        existing = DuckDBWarehouse(
            WarehouseLocation.read(database=context.params.get("database")).database
        ).snapshots.all()
    except LlmStatsError:
        return []
    return [snapshot.id for snapshot in reversed(existing) if snapshot.id.startswith(incomplete)]


def _matching(
    context: click.Context, incomplete: str, read_names: Callable[[Reader], list[str]]
) -> list[str]:
    """Return the names from `read_names(reader)` that start with the text `incomplete`.

    Names with characters that a shell could interpret are omitted. The result is empty if there is
    no published warehouse.
    """
    from llm_stats.cli.options import open_reader

    try:
        with open_reader(
            database=context.params.get("database"), destination=context.params.get("destination")
        ) as reader:
            names = read_names(reader)
    except LlmStatsError:
        return []
    return [
        name
        for name in names
        if name.startswith(incomplete)
        and all(letter.isalnum() or letter in "._-:/+" for letter in name)
    ]
