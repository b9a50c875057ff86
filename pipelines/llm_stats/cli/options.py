"""What the commands share: options, and the few steps that several of them take."""

from __future__ import annotations

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

database_option = click.option("--database", type=click.Path(path_type=Path), help="The warehouse file.  [default: llm_stats.duckdb]")
destination_option = click.option("--destination", help="Where the warehouse lives, such as postgres.  [default: duckdb]")


def location_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where to read from: the options `--database` and `--destination`, as settings."""
    return database_option(destination_option(command))


format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json", "csv", "markdown"]),
    default="table",
    show_default=True,
    help="How to print.",
)


def open_reader(**place: Any) -> Reader:
    """What is published, for reading. Raises `UsageError` if there is nothing."""
    from llm_stats import destinations
    from llm_stats.settings import WarehouseLocation

    return destinations.open_reader(WarehouseLocation.read(**place))


def write_report(out: Path | None, **place: Any) -> None:
    """Writes the page of the published file."""
    from llm_stats.report import write

    with open_reader(**place) as reader:
        page = out or Path(reader.database.stem + ".html")
        write(reader, page)
    echo(escape_control_chars(f"wrote {page} ({page.stat().st_size / 1e6:.1f} MB)"))


def print_table(table: Table, output_format: Format, most: int = 0) -> None:
    """Prints the first rows, 0 for all; that some are left out is said beside the output, not in it."""
    from llm_stats.cli.render import render

    shown = table.head(most) if most else table
    echo(render(shown, output_format))
    if len(shown.rows) < len(table.rows):
        echo(f"{len(shown.rows)} of {len(table.rows)} rows; --limit 0 shows all", err=True)


def read_text(file: Path, what: str) -> str:
    """A text file; `-` is standard input. Raises `UsageError`."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{what} {file}: {getattr(error, 'strerror', None) or 'not a text file'}") from None
