"""Options, shell completion and helper functions that several commands share."""

from __future__ import annotations

import datetime as dt
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats.errors import LlmStatsError, UsageError
from llm_stats.terminal import echo
from llm_stats.text import escape_control_chars

if TYPE_CHECKING:
    from llm_stats.cli.render import Format
    from llm_stats.table import Table
    from llm_stats.warehouse.reader import Reader

database_option = click.option(
    "--database",
    type=click.Path(path_type=Path),
    help="The warehouse file.  [default: llm_stats.duckdb]",
)
destination_option = click.option(
    "--destination", help="Where the warehouse is, such as postgres.  [default: duckdb]"
)


def location_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a command with the options `--database` and `--destination`."""
    return database_option(destination_option(command))


def make_format_option(*more: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--format` with the standard formats and those in `more`."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["table", "json", "csv", "markdown", *more]),
        default="table",
        show_default=True,
        help="Output format.",
    )


format_option = make_format_option()
_MAX_TABLE_ROWS = 20
limit_option = click.option(
    "--limit",
    type=click.IntRange(min=0),
    help=f"Maximum number of rows; 0: all.  [default: {_MAX_TABLE_ROWS} for a table, else all]",
)


def open_reader(**location: Any) -> Reader:
    """Open the published warehouse for reading. Raise `UsageError` if there is none."""
    from llm_stats import destinations
    from llm_stats.settings import WarehouseLocation

    return destinations.open_reader(WarehouseLocation.read(**location))


def print_written(file: Path) -> None:
    """Print the path and the size of a file that was written."""
    size = file.stat().st_size
    shown = f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
    echo(escape_control_chars(f"wrote {file} ({shown})"))


def print_warnings(handler: logging.Handler) -> None:
    """Replace all log handlers of this package by `handler`, which prints the warnings."""
    logging.getLogger("llm_stats").handlers = [handler]


def print_table(table: Table, output_format: Format, limit: int = 0) -> None:
    """Print the first `limit` rows (0: all); report omitted rows on standard error."""
    from llm_stats.cli.render import render

    shown = table.head(limit) if limit else table
    echo(render(shown, output_format))
    if len(shown.rows) < len(table.rows):
        echo(f"{len(shown.rows)} of {len(table.rows)} rows; --limit 0 shows all", err=True)


def choose_limit(limit: int | None, output_format: Format) -> int:
    """Return the given limit, or the default: 20 for the format `table`, else 0 (all rows)."""
    return limit if limit is not None else _MAX_TABLE_ROWS if output_format == "table" else 0


def parse_since(text: str, now: dt.datetime) -> dt.datetime:
    """Return the start time (UTC) given as `7d`, `36h`, `2026-11-01` or `2026-11-01T12:00`.

    Raise `UsageError` for another format.
    """
    from llm_stats.settings import duration

    try:
        try:
            start = now - duration(text)
        except ValueError:
            start = dt.datetime.fromisoformat(text)
        return start.astimezone(dt.UTC).replace(tzinfo=None) if start.tzinfo else start
    except OverflowError:
        raise UsageError(
            f"--since {text}: the date is out of range; use a date such as 2026-11-01"
        ) from None
    except ValueError:
        raise UsageError(
            f"--since {text}: not a time span such as 7d or 36h, nor a date such as 2026-11-01"
        ) from None


def read_text(file: Path, option: str) -> str:
    """Read a text file, or standard input for `-`. Raise `UsageError` for an unreadable file."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{option} {file}: {getattr(error, 'strerror', None) or 'not a text file'}"
        ) from None


def complete_model_ids(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Return the model ids that start with the text `incomplete`."""
    query = "select model_id from staging.models order by model_id"
    return _matching(
        context, incomplete, lambda reader: [model_id for (model_id,) in reader.query(query).rows]
    )


def complete_views(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Return the view names that start with the text `incomplete`."""
    return _matching(
        context,
        incomplete,
        lambda reader: [name for name, kind, _ in reader.catalog().rows if kind == "view"],
    )


def complete_checks(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Return the check names that start with the text `incomplete`."""
    from llm_stats.transform.checks import allowable_failures

    return [name for name in allowable_failures() if name.startswith(incomplete)]


def complete_snapshots(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
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
