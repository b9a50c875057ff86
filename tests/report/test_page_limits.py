"""Limits of the page and texts of its header, without a warehouse."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, cast

import pytest
from llm_stats.errors import UsageError
from llm_stats.queries import changes
from llm_stats.queries.attribution import Attribution
from llm_stats.report import data, page
from llm_stats.report.encoding import compact
from llm_stats.table import Table
from llm_stats.transform.files import files_in
from llm_stats.warehouse.reader import Reader

NOW = dt.datetime(2026, 11, 20, 12)  # noqa: DTZ001  every stored time is UTC without a zone
SECOND = dt.timedelta(seconds=1)


def days_ago(days: float) -> dt.datetime:
    return NOW - dt.timedelta(days=days)


def make_table(columns: str, *rows: tuple[Any, ...]) -> Table:
    names = tuple(columns.split())
    return Table(names, ("VARCHAR",) * len(names), list(rows))


def fitting(*row_counts: int) -> list[int]:
    """Return which of the models, numbered from 0, fit on the page."""
    return sorted(data._fitting_models(make_table("model_id row_count", *enumerate(row_counts))))


def test_best_models_fit_up_to_the_limits_of_models_and_rows() -> None:
    assert fitting(499_998, 2, 0, 1, 0) == [0, 1, 2]
    assert fitting(500_001) == []
    assert fitting(*[0] * 50_001) == list(range(50_000))


def test_latest_changes_are_kept_up_to_the_limit() -> None:
    def moments(*times: int) -> list[int]:
        table = make_table("model_id changed_at", *(("m", time) for time in times))
        return [time for _, time in data._latest_moments(table).rows]

    assert len(moments(*[5] * 100_000)) == 100_000
    assert len(moments(*[5] * 100_001)) == 100_000, "all have the same time"
    assert moments(*[5] * 99_999, 4, 4) == [5] * 99_999
    assert moments(*[5] * 100_000, 4) == [5] * 100_000


def test_changes_of_30_days_are_counted() -> None:
    tables = {
        "price_changes": make_table("changed_at", (NOW,), (days_ago(30),)),
        "other_changes": make_table("changed_at", (days_ago(30),), (days_ago(30) - SECOND,)),
    }
    assert data._count_changes(tables, [days_ago(1), NOW]) == 3
    assert data._count_changes(tables, []) == 0


def test_other_changes_are_those_of_scores_and_of_the_catalog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kinds = ("listed", "delisted", "price_changed", "status_changed", "corrected")
    rows = [
        *((days_ago(3), "m", "p", kind, f"offer {kind}") for kind in kinds),
        (days_ago(2), "a", None, "listed", "large"),
        (days_ago(2), "b", None, "listed", "small"),
    ]
    columns = "changed_at model_id counterpart_id kind change"
    starts: list[dt.datetime] = []

    def since(_: Reader, start: dt.datetime) -> Table:
        starts.append(start)
        return make_table(columns, *rows)

    monkeypatch.setattr(changes, "since", since)
    table = data._read_other_changes(cast(Reader, None), [days_ago(4), NOW, days_ago(2)])
    assert starts == [days_ago(90)]
    assert table.columns == ("changed_at", "model_id", "kind", "change")
    assert table.rows == [
        (days_ago(2), "a", "listed", "large"),
        (days_ago(2), "b", "listed", "small"),
        (days_ago(3), "m", "corrected", "offer corrected"),
    ]
    none = data._read_other_changes(cast(Reader, None), [])
    assert (none.columns, none.rows) == (table.columns, [])
    assert none.types == ("TIMESTAMP", "VARCHAR", "VARCHAR", "VARCHAR")


@pytest.mark.parametrize(
    ("name", "column", "is_whole"),
    [
        ("scores", "model_id", False),
        ("findings", "model_id", True),
        ("moves", "model_id", True),
        ("price_changes", "model_id", True),
        ("providers", "provider_id", True),
    ],
)
def test_rows_of_omitted_models_are_omitted(name: str, column: str, is_whole: bool) -> None:
    table = make_table(f"x {column}", (1, "a"), (2, "b"))
    selected = data._select(table, name, {"b"})
    assert selected.rows == (table.rows if is_whole else [(2, "b")])
    assert selected.columns == table.columns


class SmallFile:
    """A reader of the page's tables: three models, of which two fit, and four price changes."""

    def __init__(self) -> None:
        files = files_in("queries", Path(data.__file__).parent)
        headline = {"read_at": days_ago(1), "newest_at": NOW, "prices_since": days_ago(9)}
        tables = {
            "models": make_table("model_id row_count", ("a", 1), ("b", 1), ("c", 1)),
            "scores": make_table("model_id value", ("c", 1), ("b", 2), ("a", 3)),
            "findings": make_table("model_id rule", ("c", "x"), ("a", "x")),
            "price_changes": make_table(
                "changed_at model_id", *((days_ago(days), "c") for days in (1, 2, 3, 3))
            ),
            "headline": make_table(" ".join(headline), tuple(headline.values())),
        }
        self.tables = {
            data._ordered(file): tables.get(file.path.stem, make_table("x", (1,))) for file in files
        }

    def query(self, query: str) -> Table:
        return self.tables[query]


def test_tables_of_the_page_and_what_was_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = "changed_at model_id counterpart_id kind change"
    other = make_table(columns, (days_ago(2), "c", None, "listed", "c: new in the catalog"))
    monkeypatch.setattr(changes, "since", lambda *_: other)
    monkeypatch.setattr(data, "read_attribution", lambda _: Attribution(3, 0, NOW))
    monkeypatch.setattr(data, "_MAX_ROWS", 2)
    monkeypatch.setattr(data, "_MAX_CHANGES", 3)
    found = data._collect(cast(Reader, SmallFile()))
    assert found.attribution == Attribution(3, 0, NOW)
    assert found.headline["as_of"] == NOW
    assert found.headline["change_count"] == 5, "omitted changes count"
    assert {name: table.rows for name, table in found.tables.items() if len(table.columns) > 1} == {
        "models": [("a", 1), ("b", 1)],
        "scores": [("b", 2), ("a", 3)],
        "findings": [("c", "x"), ("a", "x")],
        "price_changes": [(days_ago(1), "c"), (days_ago(2), "c")],
        "other_changes": [(days_ago(2), "c", "listed", "c: new in the catalog")],
    }
    assert "headline" not in found.tables
    assert found.encoded.keys() == {
        *("texts", "tables", "as_of", "prices_since", "changes_since", "left_out")
    }
    assert found.encoded["as_of"] == compact(NOW)
    assert found.encoded["prices_since"] == compact(days_ago(9))
    assert found.encoded["changes_since"] == {"price_changes": compact(days_ago(2))}
    assert found.encoded["left_out"] == ["1 of 3 models", "2 of 4 price changes"]


class OtherFile:
    """A reader of a file that is not a warehouse."""

    database = Path("other.duckdb")

    def query(self, _: str) -> Table:
        raise UsageError("Catalog Error: no models\nLINE 1: …")

    def command(self, command: str) -> str:
        return f"`llm-stats {command}`"


def test_file_of_another_version_is_an_error() -> None:
    with pytest.raises(UsageError) as raised:
        data._collect(cast(Reader, OtherFile()))
    assert str(raised.value) == (
        "other.duckdb is not an llm-stats warehouse, or another version built it: "
        "Catalog Error: no models; try `llm-stats run`"
    )


def time_of(time: dt.datetime) -> str:
    return f'<time datetime="{time.isoformat()}Z">{time} UTC</time>'


@pytest.mark.parametrize(
    ("read_at", "newest_at", "oldest_at", "text"),
    [
        (None, None, None, "No record has been fetched yet."),
        (None, NOW, None, "No record has been fetched yet."),
        (None, None, NOW, "No record has been fetched yet."),
        (NOW, None, None, f"Catalog last read {time_of(NOW)}. No record has been fetched yet."),
        (
            None,
            NOW,
            days_ago(1),
            f"Newest record {time_of(NOW)}, oldest {time_of(days_ago(1))}.",
        ),
        (
            days_ago(2),
            NOW.replace(microsecond=5),
            NOW,
            f"Catalog last read {time_of(days_ago(2))}. "
            f"Newest record {time_of(NOW)}, oldest {time_of(NOW)}.",
        ),
    ],
)
def test_times_of_the_header(
    read_at: dt.datetime | None,
    newest_at: dt.datetime | None,
    oldest_at: dt.datetime | None,
    text: str,
) -> None:
    assert page._format_times(read_at, newest_at, oldest_at) == text


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((0, 0, 0), ""),
        ((1234, 0, 0), " (1,234 listed)"),
        ((0, 1, 0), " (1 left)"),
        ((0, 0, 1), " (1 without scores yet)"),
        ((3, 2, 1), " (3 listed, 2 left, 1 without scores yet)"),
    ],
)
def test_numbers_of_models_of_the_header(counts: tuple[int, int, int], text: str) -> None:
    names = ("listed_count", "unlisted_count", "unfetched_count")
    assert page._format_listings(dict(zip(names, counts, strict=True))) == text


def test_number_of_example_sources_of_the_header() -> None:
    assert page._format_examples(0) == ""
    assert page._format_examples(1) == ", of which 1 with an example source"
    assert page._format_examples(1234) == ", of which 1,234 with an example source"


LINK = 'Data: <a href="https://llm-stats.com">LLM Stats</a>'


@pytest.mark.parametrize(
    ("attribution", "markup"),
    [
        (Attribution(0, 0, None), f'<p class="note" id="source">{LINK}.</p>'),
        (
            Attribution(3, 0, NOW),
            f'<p class="note" id="source">{LINK}, retrieved 2026-11-20.</p>',
        ),
        (
            Attribution(3, 3, NOW),
            '<p class="warning" id="sample">All of this is a sample: invented models, with '
            "invented prices and scores.</p>",
        ),
        (
            Attribution(3456, 1234, None),
            f'<p class="note" id="source">{LINK}.</p><p class="warning" id="sample">1,234 of the '
            "3,456 models here are a sample: invented models, with invented prices and scores.</p>",
        ),
    ],
)
def test_source_of_the_header(attribution: Attribution, markup: str) -> None:
    assert page._format_source(attribution) == markup


def test_json_of_the_page_is_short_and_cannot_end_its_element() -> None:
    assert page._to_script_json({"a": ["<&>", 1]}) == '{"a":["\\u003c\\u0026\\u003e",1]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        page._to_script_json([float("nan")])


def test_only_pages_are_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "page", lambda _: "<!doctype html>new")
    monkeypatch.setattr(page, "_bundle_library", lambda: "")  # takes seconds
    (tmp_path / "notes.html").write_text("my notes")
    with pytest.raises(UsageError, match="not an HTML page; name another file"):
        page.write(cast(Reader, None), tmp_path / "notes.html")
    assert (tmp_path / "notes.html").read_text() == "my notes"
    (tmp_path / "page.html").write_text("<!doctype html>old")
    page.write(cast(Reader, None), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == "<!doctype html>new"
