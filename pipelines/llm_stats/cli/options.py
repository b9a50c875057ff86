"""Options and helper functions that several commands share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats.errors import UsageError
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


format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="Output format.",
)


def open_reader(**location: Any) -> Reader:
    """Open the published warehouse for reading. Raise `UsageError` if there is none."""
    from llm_stats import destinations
    from llm_stats.settings import WarehouseLocation

    return destinations.open_reader(WarehouseLocation.read(**location))


def write_report(out: Path | None, **location: Any) -> None:
    """Write the report to `out`; without `out`, to an HTML file named after the database."""
    from llm_stats.report import write

    with open_reader(**location) as reader:
        page = out or Path(reader.database.stem + ".html")
        write(reader, page)
    echo(escape_control_chars(f"wrote {page} ({page.stat().st_size / 1e6:.1f} MB)"))


def print_warnings(handler: logging.Handler) -> None:
    """Make `handler` the only log handler of this package."""
    logging.getLogger("llm_stats").handlers = [handler]


def print_table(table: Table, output_format: Format, limit: int = 0) -> None:
    """Print the first `limit` rows (0: all); report omitted rows on standard error."""
    from llm_stats.cli.render import render

    shown = table.head(limit) if limit else table
    echo(render(shown, output_format))
    if len(shown.rows) < len(table.rows):
        echo(f"{len(shown.rows)} of {len(table.rows)} rows; --limit 0 shows all", err=True)


def read_text(file: Path, option: str) -> str:
    """Read a text file, or standard input for `-`. Raise `UsageError` for an unreadable file."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{option} {file}: {getattr(error, 'strerror', None) or 'not a text file'}"
        ) from None
