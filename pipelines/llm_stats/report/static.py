"""Rows of the page that need no JavaScript: the leaders and their cheapest offers."""

from __future__ import annotations

import html
from typing import Any

from llm_stats.report.encoding import display_text
from llm_stats.table import Table
from llm_stats.text import format_usd

_ROWS = 20


def leaders(tables: dict[str, Table]) -> str:
    """Return the best models overall as an HTML table, or a note if no model has a rank.

    `tables` is `ReportData.tables`. The scripts replace the table.
    """
    names = {row["model_id"]: row["model_name"] for row in tables["models"].to_dicts()}
    ranked = [
        row
        for row in tables["leaderboard"].to_dicts()
        if (row["category"], row["evidence_scope"]) == ("overall", "all") and row["rank"]
    ]
    prices = _cheapest_prices(tables["prices"])
    rows = "".join(
        _row(
            str(row["rank"]),
            names[row["model_id"]],
            f"{100 * row['adjusted_win_rate']:.1f} %",
            str(row["benchmark_count"]),
            format_usd(prices[row["model_id"]]) if row["model_id"] in prices else "–",
        )
        for row in ranked[:_ROWS]
    )
    if not rows:
        return '<p class="note">No model has a rank yet.</p>'
    head = _row("Rank", "Model", "Adjusted win rate", "Benchmarks", "US$ / M tokens", cell="th")
    caption = f"<caption>The best {min(len(ranked), _ROWS)} of {len(ranked):,} ranked models"
    return f"<table>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"


def _row(*texts: str, cell: str = "td") -> str:
    cells = "".join(f"<{cell}>{html.escape(display_text(text))}</{cell}>" for text in texts)
    return f"<tr>{cells}</tr>"


def _cheapest_prices(prices: Table) -> dict[Any, float]:
    """Return the lowest blended price of each model with an available priced offer."""
    model, offered, price = map(
        prices.columns.index, ("model_id", "is_offered", "blended_usd_per_mtok")
    )
    cheapest: dict[Any, float] = {}
    for row in prices.rows:
        if row[offered] and row[price] is not None:
            cheapest[row[model]] = min(row[price], cheapest.get(row[model], row[price]))
    return cheapest
