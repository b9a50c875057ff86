"""Values and numbers as text."""

from __future__ import annotations

from pathlib import Path

import pytest
from llm_stats.text import format_command, format_number, format_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (0.0, "0"),
        (4800.0, "4,800"),
        (0.35, "0.35"),
        (0.0000125, "1.25e-05"),
        (10.0, "10"),
        (-29.5, "-29.5"),
        (1e300, "1e+300"),
        (2.5e14, "250,000,000,000,000"),
        (400000, "400,000"),
        (["a", None], "a, –"),
        ("\x1b[31mred\u202e\n", "\\x1b[31mred\\u202e\\n"),
    ],
)
def test_format_value(value: object, text: str) -> None:
    assert format_value(value) == text


def test_format_number_has_no_insignificant_digits() -> None:
    assert [format_number(value) for value in (1.0, 0.5, 1 / 3, 1e-9, 1234567.891)] == [
        "1",
        "0.5",
        "0.3333",
        "1e-09",
        "1,234,567.891",
    ]


@pytest.mark.parametrize(
    ("database", "command"),
    [
        ("llm_stats.duckdb", "`llm-stats run`"),
        ("my data/w.duckdb", "`llm-stats run --database 'my data/w.duckdb'`"),
        ("/srv/llm_stats.duckdb", "`llm-stats run --database /srv/llm_stats.duckdb`"),
    ],
)
def test_command_names_a_database_other_than_the_default(database: str, command: str) -> None:
    assert format_command("run", Path.cwd() / database) == command
