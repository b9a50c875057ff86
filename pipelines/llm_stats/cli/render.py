"""Output formats of tables: aligned text, JSON, CSV, Markdown."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.cells import cell_len

from llm_stats import terminal
from llm_stats.table import Table, to_json_value, to_records
from llm_stats.terminal import escape_json
from llm_stats.text import (
    FORMULA,
    escape_control_chars,
    format_value,
    split_words,
    truncate_middle,
    wrap,
)

Format = Literal["table", "json", "csv", "markdown"]

_NUMERIC = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL\(\d+,\d+\)|NUMBER")
_NAME_PARTS = re.compile(r"[^-_ ]*[-_ ]*")  # `model_id` has two parts; the last match is empty
_GAP = "  "
#: Minimum width of a column; a column with only shorter lines may be narrower.
MIN_COLUMN_WIDTH = 16


def render(table: Table, output_format: Format) -> str:
    """Return the table in one of the formats, without a final newline."""
    if output_format == "json":
        return _json(to_records(table))
    if output_format == "csv":
        return _csv(table)
    if output_format == "markdown":
        return _markdown(table)
    return aligned(table, terminal.width())


def render_all(tables: dict[str, Table], output_format: Format) -> str:
    """Return tables separated by empty lines; for JSON, one object: `{"offers": […], …}`."""
    if output_format == "json":
        return _json({name: to_records(table) for name, table in tables.items()})
    return "\n\n".join(render(table, output_format) for table in tables.values())


def aligned(table: Table, width: int | None) -> str:
    """Return aligned columns in lines of at most `width`, with numbers right-aligned.

    Wide columns are wrapped, the widest first. Values are wrapped between words. Headers are also
    wrapped after `_` and `-`. If the columns still do not fit, each row becomes a block with one
    `name: value` per line.
    """
    if not table.columns:
        return ""
    names = [escape_control_chars(column) for column in table.columns]
    rows = [[_cell_lines(value, table.multiline) for value in row] for row in table.rows]
    bodies = [
        [line for cells in column for line in cells] for column in zip(*rows, strict=True)
    ] or [[""]] * len(names)
    widths = [max(map(cell_len, (name, *lines))) for name, lines in zip(names, bodies, strict=True)]
    if width is not None:
        needed = [_min_width(name, lines) for name, lines in zip(names, bodies, strict=True)]
        fitted = _fit_widths(widths, needed, width - len(_GAP) * (len(widths) - 1))
        if fitted is None:
            return _format_blocks(names, rows, width)
        widths = fitted
    numeric = [bool(_NUMERIC.fullmatch(kind)) for kind in table.types]
    header = [_header_lines(name, width) for name, width in zip(names, widths, strict=True)]
    rule = "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    lines = [_layout_row(row, widths, numeric) for row in rows]
    return "\n".join([*_layout_row(header, widths, numeric), rule, *itertools.chain(*lines)])


def _min_width(name: str, lines: list[str]) -> int:
    """Return the minimum width of a column.

    The longest word and the longest part of the column's name must fit. Lines of up to
    `MIN_COLUMN_WIDTH` characters must fit without wrapping.
    """
    longest_word = max(cell_len(word) for line in lines for word in split_words(line))
    longest_part = max(cell_len(part.rstrip()) for part in _NAME_PARTS.findall(name))
    return max(longest_part, longest_word, min(max(map(cell_len, lines)), MIN_COLUMN_WIDTH))


def _fit_widths(widths: list[int], needed: list[int], available: int) -> list[int] | None:
    """Return widths with a sum of at most `available`, reducing the widest columns first.

    No width is reduced below its entry in `needed`. Return None if the sum is still too large.
    """
    for limit in range(max(widths), 0, -1):
        fitted = [max(min(width, limit), need) for width, need in zip(widths, needed, strict=True)]
        if sum(fitted) <= available:
            return fitted
    return None


def _header_lines(name: str, width: int) -> list[str]:
    """Return the name of a column in lines of at most `width`."""
    lines = [""]
    for part in _NAME_PARTS.findall(name):
        if cell_len(lines[-1] + part.rstrip()) <= width:
            lines[-1] += part
        else:
            lines.append(part)
    return [line.rstrip() for line in lines]


def _format_blocks(names: list[str], rows: list[list[list[str]]], width: int) -> str:
    longest = max(map(cell_len, names)) + 1
    widths = [longest, max(width - longest - len(_GAP), 1)]
    blocks = [
        [
            line
            for name, cells in zip(names, row, strict=True)
            for line in _layout_row([[f"{name}:"], cells], widths)
        ]
        for row in rows
    ]
    return "\n\n".join("\n".join(block) for block in blocks)


def _layout_row(
    row: Sequence[Sequence[str]], widths: Sequence[int], numeric: Sequence[bool] = (False, False)
) -> Iterator[str]:
    """Yield the lines of one row; a cell may have several lines, and long lines are wrapped."""
    parts = [_wrapped_lines(cells, width) for cells, width in zip(row, widths, strict=True)]
    for line in itertools.zip_longest(*parts, fillvalue=""):
        padding = [" " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True)]
        padded = [
            pad + text if right else text + pad
            for text, pad, right in zip(line, padding, numeric, strict=True)
        ]
        yield _GAP.join(padded).rstrip()


def _wrapped_lines(lines: Iterable[str], width: int) -> list[str]:
    return [part for line in lines for part in wrap(line, width, breaks_words=True)]


def _cell_lines(value: object, multiline: bool) -> list[str]:
    """Return the lines of a cell; line breaks in the value are kept only if `multiline` is set."""
    parts = value.rstrip("\n").split("\n") if isinstance(value, str) and multiline else [value]
    return [truncate_middle(format_value(part)) for part in parts]


def _markdown(table: Table) -> str:
    rule = tuple("--:" if _NUMERIC.fullmatch(kind) else "---" for kind in table.types)
    lines = [
        tuple(map(escape_control_chars, table.columns)),
        rule,
        *(tuple(map(format_value, row)) for row in table.rows),
    ]
    return "\n".join(
        "| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines
    )


def _csv(table: Table) -> str:
    """Return CSV: null is an empty field, and an empty text is `""`.

    A `'` is added before a text that a spreadsheet would run as a formula.
    """
    text = "\n".join(",".join(map(_field, row)) for row in (table.columns, *table.rows))
    return (
        text if terminal.width() is None else "\n".join(map(escape_control_chars, text.split("\n")))
    )


def _field(value: object) -> str:
    if value is None:
        return ""
    plain = value if isinstance(value, float) else to_json_value(value)
    text = (
        re.sub(FORMULA, r"'\g<0>", plain)
        if isinstance(plain, str)
        else repr(plain)
        if isinstance(plain, float)
        else json.dumps(plain, ensure_ascii=False)
    )
    return '"' + text.replace('"', '""') + '"' if not text or re.search('[",\r\n]', text) else text


def _json(value: object) -> str:
    return escape_json(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
