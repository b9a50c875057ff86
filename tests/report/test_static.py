"""Rows of the page that need no JavaScript, made from tables in memory."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from llm_stats.report import static
from llm_stats.table import Table

NEWEST = dt.datetime(2026, 11, 22, 12)  # noqa: DTZ001  every stored time is UTC without a zone
DAY = dt.timedelta(days=1)


def make_table(columns: str, *rows: tuple[Any, ...]) -> Table:
    names = tuple(columns.split())
    return Table(names, ("VARCHAR",) * len(names), list(rows))


def cells(markup: str) -> list[list[str]]:
    """Return the texts of the cells, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", markup)
    return [re.findall(r"<t[dh]>(.*?)</t[dh]>", row) for row in rows]


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (0, "free"),
        (9.99e-7, "9.99e-07"),
        (1e-6, "0.000001"),
        (0.000123456, "0.000123"),
        (0.0375, "0.0375"),
        (0.05, "0.05"),
        (0.0999, "0.0999"),
        (0.1, "0.10"),
        (0.1234, "0.123"),
        (0.1235, "0.124"),
        (0.9996, "1.00"),
        (1.0, "1.00"),
        (1.234, "1.23"),
        (2.125, "2.13"),
        (999_999.994, "999,999.99"),
        (1e6, "1,000,000"),
        (1_234_567.8, "1,234,568"),
        (999_999_999_999.0, "999,999,999,999"),
        (1e12, "1.00e+12"),
    ],
)
def test_price(price: float, text: str) -> None:
    assert static._format_usd(price) == text


@pytest.mark.parametrize(
    ("change_pct", "text"),
    [
        (-16.66, "▼ 16.7 %"),
        (0.04, "▲ 0 %"),
        (0.05, "▲ 0.1 %"),
        (99.94, "▲ 99.9 %"),
        (100.0, "▲ 100 %"),
        (212.5, "▲ 213 %"),
        (-100.0, "▼ 100 %"),
        (0.0, "▼ 0 %"),
    ],
)
def test_move(change_pct: float, text: str) -> None:
    assert static._format_move(change_pct) == text


def board_of(*rows: tuple[Any, ...], models: Table, prices: tuple[Any, ...] = ()) -> str:
    return static.leaders(
        {
            "models": models,
            "leaderboard": make_table(
                "category evidence_scope model_id adjusted_win_rate benchmark_count rank", *rows
            ),
            "prices": make_table(
                "model_id provider_id is_offered blended_usd_per_mtok suspect_reason", *prices
            ),
        }
    )


def test_leaders_have_rank_rate_benchmarks_and_lowest_price() -> None:
    """`few` has less than a quarter of the highest benchmark count, `quarter` exactly a quarter."""
    models = make_table(
        "model_id model_name",
        ("first", "A & B"),
        ("few", "Few"),
        ("quarter", " "),
        ("unranked", "Unranked"),
    )
    markup = board_of(
        ("math", "all", "unranked", 0.9, 99, 1),
        ("overall", "independent", "unranked", 0.9, 99, 1),
        ("overall", "all", "first", 0.98765, 7, 1),
        ("overall", "all", "few", 0.50049, 2, 2),
        ("overall", "all", "quarter", 0.1, 3, 2),
        ("overall", "all", "unranked", 0.9, 12, None),
        models=models,
        prices=(
            ("first", "a", False, 1.0, "not offered"),
            ("first", "b", None, 1.5, "in the past"),
            ("first", "c", True, None, "no price"),
            ("first", "d", True, 4.0, "higher"),
            ("first", "e", True, 2.0, None),
            ("first", "f", True, 2.0, "second"),
            ("few", "a", True, 2.0, "doubt"),
            ("few", "b", True, 2.0, None),
        ),
    )
    assert cells(markup) == [
        ["Rank", "Model", "Adjusted win rate", "Benchmarks", "US$ / M tokens"],
        ["1", "A &amp; B", "98.8 %", "7 of 12", "2.00"],
        ["2", "Few (few benchmarks)", "50.0 %", "2 of 12", "2.00 suspect"],
        ["2", "quarter", "10.0 %", "3 of 12", "–"],
    ]
    caption = "<table><caption>The best 3 of 3 ranked models</caption><thead><tr><th>Rank</th>"
    assert markup.startswith(caption)
    assert markup.endswith("</td></tr></tbody></table>")


def test_leaders_are_the_first_twenty() -> None:
    names = [f"m{number}" for number in range(1234)]
    markup = board_of(
        *(("overall", "all", name, 0.5, 3, 1) for name in names),
        models=make_table("model_id model_name", *((name, name) for name in names)),
    )
    assert [row[1] for row in cells(markup)[1:]] == names[:20]
    assert "<caption>The best 20 of 1,234 ranked models</caption>" in markup


@pytest.mark.parametrize("rank", [(), (("overall", "all", "m", 0.5, 2, None),)])
def test_no_rank_yet(rank: tuple[tuple[Any, ...], ...]) -> None:
    markup = board_of(*rank, models=make_table("model_id model_name", ("m", "M")))
    assert markup == '<p class="note">No model has a rank yet.</p>'


MOVES = make_table(
    "direction model_id model_name provider_name suspect_reason old_blended_usd_per_mtok "
    "new_blended_usd_per_mtok blended_change_pct changed_model_count",
    ("cut", "a", "A", "<P>", None, 8.0, 2.0, -75.0, 1234),
    ("cut", "b", "", "Q", "doubt", 3.0, 2.7, -10.0, 1234),
)
WEEK = "of the cheapest paid price in the 7 days up to 2026-11-22, the newest data"


def test_moves_of_a_whole_week() -> None:
    markup = static.moves(MOVES, NEWEST - 7 * DAY, NEWEST)
    assert cells(markup) == [
        ["Model", "Cheapest now at", "Old", "New", "Change"],
        ["A", "&lt;P&gt;", "8.00", "2.00", "▼ 75 %"],
        ["b", "Q", "3.00", "2.70 suspect", "▼ 10 %"],
    ]
    assert markup.startswith(
        f"<table><caption>Biggest cuts {WEEK} (models: 2 of 1,234)</caption><thead><tr><th>Model"
    )
    rises = f'<p class="note">Biggest rises {WEEK}: none.</p>'
    assert markup.endswith(f"</td></tr></tbody></table>{rises}")


def test_moves_of_a_shorter_history_name_its_start() -> None:
    markup = static.moves(MOVES, NEWEST - 7 * DAY + dt.timedelta(seconds=1), NEWEST)
    assert f"Biggest cuts {WEEK} (models: 2 of 1,234; no history yet before 2026-11-15)" in markup
    assert f"Biggest rises {WEEK}: none; no history yet before 2026-11-15.</p>" in markup
    same_day = static.moves(MOVES, NEWEST, NEWEST)
    assert "Biggest cuts" in same_day, "the prices of one day can change too"


@pytest.mark.parametrize(
    ("since", "until", "markup"),
    [
        (None, NEWEST, "No price of an available paid offer has been seen yet."),
        (NEWEST, None, "No price of an available paid offer has been seen yet."),
        (
            NEWEST.replace(hour=0),
            NEWEST,
            f"Biggest cuts and rises {WEEK}: no history yet, prices were first seen on 2026-11-22.",
        ),
    ],
)
def test_no_moves(since: dt.datetime | None, until: dt.datetime | None, markup: str) -> None:
    empty = Table(MOVES.columns, MOVES.types, [])
    assert static.moves(empty, since, until) == f'<p class="note">{markup}</p>'


def test_no_moves_of_several_days() -> None:
    empty = Table(MOVES.columns, MOVES.types, [])
    assert static.moves(empty, NEWEST - 9 * DAY, NEWEST) == "".join(
        f'<p class="note">{title} {WEEK}: none.</p>' for title in ("Biggest cuts", "Biggest rises")
    )
