"""Tables as people and programs read them: aligned text, JSON, CSV, Markdown."""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import io
import json
import re
import sys
from typing import Any, Literal

from llm_stats.reader import Table

Format = Literal["table", "json", "csv", "markdown"]
FORMATS: tuple[Format, ...] = ("table", "json", "csv", "markdown")

#: Control characters, and marks that change the direction of text: a name from the API must not steer a terminal.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def safe(text: str) -> str:
    """Text with what could steer a terminal made visible: `\\x1b[31m`."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def cell(value: object) -> str:
    """One value as a person reads it; null is `–`, never 0."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | decimal.Decimal):
        return number(float(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    return safe(str(value))


def number(value: float) -> str:
    """`4,800`, `0.35`, `0.0000125`: no digit that says nothing."""
    if value and abs(value) < 0.001:
        return f"{value:.3g}"
    text = f"{value:,.4f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def render(table: Table, form: Format) -> str:
    """The table in one of the formats, without a final newline."""
    if form == "json":
        return _json(_records(table))
    if form == "csv":
        return _csv(table)
    if form == "markdown":
        lines = [table.columns, tuple("--:" if numeric else "---" for numeric in _numeric(table)), *_cells(table)]
        return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)
    return _aligned(table)


def render_all(tables: dict[str, Table], form: Format) -> str:
    """Several tables: one JSON object, or one after the other."""
    if form == "json":
        return _json({name: _records(table) for name, table in tables.items()})
    return "\n\n".join(render(table, form) for table in tables.values())


def _records(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False, indent=2)


def _aligned(table: Table) -> str:
    """Columns that fit the terminal, numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    # in a pipe nothing is cut or folded: the next program wants whole lines
    console = Console() if sys.stdout.isatty() else Console(file=io.StringIO(), width=10_000, color_system=None)
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column, numeric in zip(table.columns, _numeric(table), strict=True):
        drawn.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in _cells(table):
        drawn.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


def _csv(table: Table) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([["" if value is None else _plain(value) for value in row] for row in table.rows])
    text = written.getvalue().rstrip("\n")
    return "\n".join(map(safe, text.split("\n"))) if sys.stdout.isatty() else text


def _cells(table: Table) -> list[tuple[str, ...]]:
    return [tuple(map(cell, row)) for row in table.rows]


def _numeric(table: Table) -> list[bool]:
    return [bool(re.match(r"(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DOUBLE|FLOAT|DECIMAL|NUMBER)", kind.upper())) for kind in table.types]


def _plain(value: Any) -> Any:
    """A value for JSON or CSV: times in ISO 8601, decimals as numbers."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, list | dict):
        return json.dumps(value, default=_plain, ensure_ascii=False)
    return value if isinstance(value, str | int | float) else str(value)
