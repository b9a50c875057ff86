"""Tables of the page that need no JavaScript: price moves of the week, and leaders with prices.

Numbers are rounded as in `assets/format.js`, so that a figure is the same with and without scripts.
"""

from __future__ import annotations

import datetime as dt
import html
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from llm_stats.report.encoding import compact, display_text
from llm_stats.table import Table
from llm_stats.text import format_number

_ROWS = 20
_WEEK = dt.timedelta(days=7)


def leaders(tables: dict[str, Table]) -> str:
    """Return the best models overall as an HTML table, or a note if no model has a rank.

    `tables` is `ReportData.tables`. Scripts of the page replace the HTML table.
    """
    names = {row["model_id"]: _model_name(row) for row in tables["models"].to_dicts()}
    board = [
        row
        for row in tables["leaderboard"].to_dicts()
        if (row["category"], row["evidence_scope"]) == ("overall", "all")
    ]
    ranked = [row for row in board if row["rank"]]
    most = max((row["benchmark_count"] for row in board), default=0)
    prices = _cheapest_prices(tables["prices"])
    rows = "".join(
        _row(
            str(row["rank"]),
            names[row["model_id"]]
            + (" (few benchmarks)" if row["benchmark_count"] < most / 4 else ""),
            f"{_rounded(100 * compact(row['adjusted_win_rate']), 1):f} %",
            f"{row['benchmark_count']} of {most}",
            _format_price(*prices[row["model_id"]]) if row["model_id"] in prices else "–",
        )
        for row in ranked[:_ROWS]
    )
    if not rows:
        return '<p class="note">No model has a rank yet.</p>'
    head = _row("Rank", "Model", "Adjusted win rate", "Benchmarks", "US$ / M tokens", cell="th")
    caption = f"<caption>The best {min(len(ranked), _ROWS)} of {len(ranked):,} ranked models"
    return f"<table>{caption}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"


def moves(table: Table, since: dt.datetime | None, until: dt.datetime | None) -> str:
    """Return the largest cuts and rises of cheapest prices in a week as two HTML tables.

    `table` has the rows of `queries/moves.sql`. The scripts turn the names of models into buttons.
    The week ends at `until`, the time of the newest data. `since` is when the first price was seen;
    the captions state it if it is in this week. If no price was seen, or all prices were seen on
    one day, return one sentence.
    """
    if since is None or until is None:
        return '<p class="note">No price of an available paid offer has been seen yet.</p>'
    rows = table.to_dicts()
    week = f"of the cheapest paid price in the 7 days up to {until:%Y-%m-%d}, the newest data"
    if not rows and since.date() == until.date():
        first = f"no history yet, prices were first seen on {since:%Y-%m-%d}"
        return f'<p class="note">Biggest cuts and rises {week}: {first}.</p>'
    short = f"; no history yet before {since:%Y-%m-%d}" if since > until - _WEEK else ""
    return "".join(
        _moves(f"{title} {week}", [row for row in rows if row["direction"] == direction], short)
        for direction, title in (("cut", "Biggest cuts"), ("rise", "Biggest rises"))
    )


def _moves(title: str, rows: list[dict[str, Any]], short: str) -> str:
    if not rows:
        return f'<p class="note">{title}: none{short}.</p>'
    head = _row("Model", "Cheapest now at", "Old", "New", "Change", cell="th")
    body = "".join(
        _row(
            _model_name(row),
            row["provider_name"],
            _format_usd(row["old_blended_usd_per_mtok"]),
            _format_price(row["new_blended_usd_per_mtok"], row["suspect_reason"]),
            _format_move(row["blended_change_pct"]),
        )
        for row in rows
    )
    counted = f"models: {len(rows)} of {rows[0]['changed_model_count']:,}"
    caption = f"{title} ({counted}{short})"
    return f"<table><caption>{caption}</caption><thead>{head}</thead><tbody>{body}</tbody></table>"


def _model_name(row: dict[str, Any]) -> str:
    """Return the name of a model, or its id if the name is blank."""
    name, model_id = str(row["model_name"]), str(row["model_id"])
    return name if name.strip() else model_id


def _format_move(change_pct: float) -> str:
    """Return `▼ 16.7 %` or `▲ 213 %`."""
    size = _rounded(abs(change_pct), 1 if abs(change_pct) < 100 else 0)
    return f"{'▲' if change_pct > 0 else '▼'} {format_number(float(size))} %"


def _format_price(price: float, suspect_reason: str | None) -> str:
    """Return `5.00`, or `5.00 suspect` if there is a reason to doubt the price."""
    return _format_usd(price) + (" suspect" if suspect_reason else "")


def _format_usd(price: float) -> str:
    """Return `5.00`, `0.0375` or `free`; prices below 1 have up to three significant digits."""
    if price == 0:
        return "free"
    if not 1e-6 <= price < 1e12:
        return f"{price:.2e}"
    if price >= 1e6:
        return f"{price:,.0f}"
    text = f"{_rounded(price, max(2, 2 - Decimal(repr(price)).adjusted())):,f}"
    whole, _, places = text.partition(".")
    return f"{whole}.{places[:2]}{places[2:].rstrip('0')}"


def _rounded(value: float, places: int) -> Decimal:
    """Round halves up, as `toLocaleString` does in the scripts of the page."""
    return Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _row(*texts: str, cell: str = "td") -> str:
    cells = "".join(f"<{cell}>{html.escape(display_text(text))}</{cell}>" for text in texts)
    return f"<tr>{cells}</tr>"


def _cheapest_prices(prices: Table) -> dict[Any, tuple[float, str | None]]:
    """Return the lowest blended price of each model, and its `suspect_reason`, which may be None.

    Models without an available priced offer are left out.
    """
    cheapest: dict[Any, tuple[float, str | None]] = {}
    columns = ("model_id", "is_offered", "blended_usd_per_mtok", "suspect_reason")
    for model_id, is_offered, price, reason in prices.select(*columns).rows:
        if not is_offered or price is None:
            continue
        if model_id not in cheapest or price < cheapest[model_id][0]:
            cheapest[model_id] = (price, reason)
    return cheapest
