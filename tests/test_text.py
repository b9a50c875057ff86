"""Values and numbers as text."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from pathlib import Path

import pytest
from llm_stats.text import (
    FORMULA,
    UNPRINTABLE,
    escape_control_chars,
    format_command,
    format_number,
    format_offer,
    format_usd,
    format_value,
    pluralize,
    split_words,
    sql_literal,
    truncate_end,
    truncate_middle,
    with_number,
    wrap,
)


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
        (("a", 1000, False), "a, 1,000, no"),
        (False, "no"),
        (decimal.Decimal("1234.50"), "1,234.5"),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC), "2026-01-02 03:04:05+00:00"),
        (dt.date(2026, 1, 2), "2026-01-02"),
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
    ("value", "text"),
    [
        (1e15, "1e+15"),
        (-1e15, "-1e+15"),
        (999_999_999_999_999.0, "999,999,999,999,999"),
        (0.001, "0.001"),
        (0.0009994, "0.000999"),
        (-0.0005, "-0.0005"),
        (100.0, "100"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_at_the_limits_of_a_form(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (None, "unknown"),
        (0, "0.00"),
        (7, "7.00"),
        (1234.5, "1,234.50"),
        (0.0575, "0.0575"),
        (0.005, "0.005"),
        (1e15, "1e+15"),
    ],
)
def test_prices_have_two_digits_or_all(price: float | None, text: str) -> None:
    assert format_usd(price) == text
    assert format_offer(price, 1) == f"{text} in, 1.00 out"


def test_nouns_and_names() -> None:
    assert [pluralize(number, "model") for number in (0, 1, 2)] == [
        "0 models",
        "1 model",
        "2 models",
    ]
    assert pluralize(2, "model is", "models are") == "2 models are"
    assert pluralize(1, "model is", "models are") == "1 model is"
    assert [with_number("p", number) for number in (1, 2)] == ["p", "p (no. 2)"]
    assert sql_literal("it's") == "'it''s'"


def test_long_texts_are_cut() -> None:
    assert truncate_end("abcd", 4) == "abcd"
    assert truncate_end("abcde", 4) == "abc…"
    line = "a" * 500 + "b" * 500
    assert truncate_middle(line) == line
    assert truncate_middle(line[:500] + "x" + line[500:]) == f"{'a' * 500} … {'b' * 500}"


def test_lines_are_wrapped_between_words() -> None:
    assert wrap("12345", 5) == ["12345"]
    assert wrap("aaa bbb ccc", 7) == ["aaa bbb", "ccc"]
    assert wrap("aaa bbb ccc", 7, indent=2) == ["aaa bbb", "  ccc"]
    assert wrap("aaaaaaaaa b", 4) == ["aaaaaaaaa", "b"]
    assert wrap("aaaaaaaaa b", 4, breaks_words=True) == ["aaaa", "aaaa", "a b"]
    assert wrap("from 1.00 → 2.00 (+17 %)", 12) == ["from", "1.00 → 2.00", "(+17 %)"]
    assert wrap("well-known", 6) == ["well-known"]
    assert split_words("1 → 2 (+17 %) x") == ["1\xa0→\xa02", "(+17\xa0%)", "x"]


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
    assert format_command("run") == "`llm-stats run`", "an engine without a file"


def test_formula_is_found_at_the_start_only() -> None:
    texts = ("-1", "=1", "+1", "@a", "\ta", "\ra", "\na", "a=1", " =1", "")
    assert [bool(re.search(FORMULA, text)) for text in texts] == [True] * 7 + [False] * 3


def test_printable_characters_are_not_escaped() -> None:
    printable = " ~\xa0\xac\xae\u200a\u2010\u2027\u202f\u205f\u2070\ufefe\uff10é–⚡"
    assert escape_control_chars(printable) == printable
    unprintable = "\x00\x1f\x7f\x9f\u061c\u200b\u200f\u2028\u202e\u2060\u206f\ufff9\ufffb"
    assert all(UNPRINTABLE.fullmatch(character) for character in unprintable)
    assert escape_control_chars("a\x1b\u200b\U000e0041") == "a\\x1b\\u200b\\U000e0041"
