"""Header of the report page: sources, counts, and moves of the week."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score
from support.report_fixtures import FIRST_DAY, load_days
from support.report_page import Elements, page_of_tables, rows

pytestmark = pytest.mark.slow

PageOf = Callable[[str], Path]


def header(page: str) -> str:
    """Return the text of the page's header, without tags."""
    markup = page.split("<header>")[1].split("</header>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_header_states_when_catalog_and_records_arrived(raw: RawTables) -> None:
    """The catalog is read, then two records are fetched, then the catalog is read again."""
    models = [make_record("a"), make_record("b")]
    days = [FIRST_DAY + dt.timedelta(days=day) for day in range(4)]
    no_record = "No record has been fetched yet."
    records = "Newest record 2026-11-22 12:00:00 UTC , oldest 2026-11-21 12:00:00 UTC ."
    assert header(page_of_tables(raw)).startswith(f"LLM prices and scores {no_record}")
    raw.read_catalog(models, days[0])
    raw.apply()
    before = header(page_of_tables(raw))
    assert f"Catalog last read 2026-11-20 12:00:00 UTC . {no_record}" in before
    assert "Newest record" not in before
    for model, day in zip(models, days[1:3], strict=True):
        raw.load([model], day)
    raw.read_catalog(models, days[3])
    raw.apply()
    after = header(page_of_tables(raw))
    assert f"Catalog last read 2026-11-23 12:00:00 UTC . {records}" in after
    assert no_record not in after


def test_header_without_a_read_of_the_catalog_states_only_the_records(raw: RawTables) -> None:
    for number, name in enumerate(("a", "b"), start=1):
        scores = [
            make_score(source, 0.5, is_self_reported=False, source_url=f"https://{source}.com/x")
            for source in ("example", "paper")
        ]
        raw.load([make_record(name, scores=scores)], FIRST_DAY + dt.timedelta(days=number))
    raw.apply()
    page = page_of_tables(raw)
    named = header(page)
    assert "4 verified or third-party, of which 2 with an example source." in named
    examples = {
        (row["benchmark_id"], row["has_example_source"])
        for row in rows(Elements(page).carried, "scores")
    }
    assert examples == {("example", 1), ("paper", 0)}
    assert "Newest record 2026-11-22 12:00:00 UTC , oldest 2026-11-21 12:00:00 UTC ." in named
    assert "Catalog" not in named
    assert "Models: 2, 0 with a price" in named


def test_header_counts_listed_models_models_that_left_and_models_without_scores(
    raw: RawTables,
) -> None:
    """Of three models, one has a record, and another one leaves the catalog."""
    models = [make_record(name) for name in ("fetched", "left", "new")]
    raw.read_catalog(models, FIRST_DAY)
    raw.load(models[:1], FIRST_DAY)
    raw.apply()
    raw.read_catalog([models[0], models[2]], FIRST_DAY + dt.timedelta(days=1))
    raw.apply()
    counts = "2 listed, 1 left, 1 without scores yet"
    assert f"Models: 3 ({counts}), 0 with a price" in header(page_of_tables(raw))


def test_header_counts_the_changes_of_the_table_including_models_that_left(raw: RawTables) -> None:
    """In the later read of the catalog, a price has changed and a model is missing."""
    kept, left, repriced = make_record("kept"), make_record("left"), make_record("kept")
    kept["providers"], repriced["providers"] = [make_offer("p", 1, 2)], [make_offer("p", 1, 3)]
    raw.read_catalog([kept, left], FIRST_DAY)
    raw.apply()
    raw.read_catalog([repriced], FIRST_DAY + dt.timedelta(days=1))
    raw.apply()
    page = page_of_tables(raw)
    carried = Elements(page).carried
    (price,), (other,) = rows(carried, "price_changes"), rows(carried, "other_changes")
    assert (price["model_id"], price["new_output_usd_per_mtok"]) == ("kept", 3)
    assert other["change"] == "left: left the catalog"
    counted = "Changes in 30 days: 2 of prices, offers, scores and the catalog"
    assert counted in header(page)


def test_moves_of_the_week_are_on_the_page_without_scripts(raw: RawTables) -> None:
    """Model a: both offers are cut. Model b: the price rises. Model c: a cheaper offer appears."""
    days = [
        [
            make_record("a", name="A", providers=[make_offer("p", *a), make_offer("q", 10, 10)]),
            make_record("b", name="B", providers=[make_offer("p", *b)]),
            make_record("c", name="C", providers=[make_offer("p", *c), *listed]),
        ]
        for a, b, c, listed in (
            ((8, 8), (1, 1), (3, 3), []),
            ((4, 4), (2, 2), (9, 9), []),
            ((2, 2), (1.5, 1.5), (9, 9), [make_offer("new", 2.7, 2.7)]),
        )
    ]
    days[2][0]["providers"][1] = make_offer("q", 9, 9)
    load_days(raw, *days)
    page = page_of_tables(raw)
    moves = rows(Elements(page).carried, "moves")
    assert [(it["direction"], it["model_id"], it["blended_change_pct"]) for it in moves] == [
        ("cut", "a", -75),
        ("cut", "c", -10),
        ("rise", "b", 50),
    ]
    shown = header(page)
    week = "of the cheapest paid price in the 7 days up to 2026-11-22, the newest data"
    assert f"Biggest cuts {week} (models: 2 of 2; no history yet before 2026-11-20)" in shown
    assert "A p 8.00 2.00 ▼ 75 %" in shown
    assert "C new 3.00 2.70 ▼ 10 %" in shown
    assert f"Biggest rises {week} (models: 1 of 1; no history yet before 2026-11-20)" in shown
    assert "B p 1.00 1.50 ▲ 50 %" in shown


def test_prices_of_one_day_are_not_compared(page_of: PageOf) -> None:
    def moves(world: str) -> str:
        return page_of(world).read_text("utf-8").split('id="moves"')[1].split("</div>")[0]

    assert (
        "Biggest cuts and rises of the cheapest paid price in the 7 days up to 2026-11-20, the "
        "newest data: no history yet, prices were first seen on 2026-11-20.</p>"
    ) in moves("one model")
    assert "No price of an available paid offer has been seen yet." in moves("all free")
