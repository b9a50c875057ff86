"""Encoding of tables as compact JSON: lists of values by column.

    {"texts": ["aurora-large-1", "Aurora Large 1", …],
     "tables": {"models": {"model_id": {"is_text": true, "values": [0, …]}, …}, …}}

Strings are dictionary-encoded: a column with `is_text` contains indices into `texts`. Scripts
compare ids by index, so ids that look equal stay distinct. A column with long runs of one value has
`runs`, `[value, count, value, count, …]`, instead of `values`.
`assets/data.js` decodes the tables.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import Counter
from typing import Any

from llm_stats.table import Table
from llm_stats.text import escape_control_chars, truncate_end

#: Maximum length of a string in a table or chart.
_MAX_CHARACTERS = 300


def encode(tables: dict[str, Table]) -> dict[str, Any]:
    """Return the tables in the format that the module docstring describes.

    Frequent strings come first in `texts`, so that they have short indices.
    """
    columns = {
        name: {
            column: [compact(row[index]) for row in table.rows]
            for index, column in enumerate(table.columns)
        }
        for name, table in tables.items()
    }
    counts: Counter[str] = Counter()
    for column in itertools.chain.from_iterable(table.values() for table in columns.values()):
        counts.update(value for value in column if isinstance(value, str))
    text_indices = {text: index for index, (text, _) in enumerate(counts.most_common())}

    def encode_column(values: list[Any]) -> dict[str, Any]:
        kind = {"is_text": True} if any(isinstance(value, str) for value in values) else {}
        if kind:
            values = [value if value is None else text_indices[value] for value in values]
        runs = [(value, sum(1 for _ in run)) for value, run in itertools.groupby(values)]
        if 4 * len(runs) <= len(values):
            return {**kind, "runs": list(itertools.chain.from_iterable(runs))}
        return {**kind, "values": values}

    encoded = {
        name: {column: encode_column(values) for column, values in table.items()}
        for name, table in columns.items()
    }
    return {"texts": [display_text(text) for text in text_indices], "tables": encoded}


def compact(value: Any) -> Any:
    """Shorten a value for JSON.

    Round floats to 7 significant digits. Convert times to Unix times, dates to `2026-01-31`, lists
    to `text, image`, and Booleans to 0 or 1. Return other values unchanged.
    """
    if isinstance(value, dt.datetime):
        return int(value.replace(tzinfo=dt.UTC).timestamp())
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return int(value)
    return float(f"{value:.7g}") if isinstance(value, float) else value


def display_text(text: str) -> str:
    """Return a string of limited length, with control characters made visible."""
    return truncate_end(escape_control_chars(text[: _MAX_CHARACTERS + 1]), _MAX_CHARACTERS)
