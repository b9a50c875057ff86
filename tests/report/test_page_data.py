"""Data of the report page: values and order of the marts, and rows that are left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from llm_stats.report import data as data_module
from llm_stats.report.data import ReportData, collect
from llm_stats.report.encoding import compact
from llm_stats.sample import today, yesterday
from llm_stats.transform.files import files_in
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader
from support.report_page import Elements, rows

pytestmark = pytest.mark.slow

#: For each table of the page: the mart that it is read from, and the columns that the page's query
#: computes. All other columns must equal the columns of the mart.
_MARTS: dict[str, tuple[str, set[str]]] = {
    "models": ("models", {"row_count"}),
    "scores": ("scores", {"value", "has_example_source", "doubt", "doubt_rule"}),
    "benchmarks": ("benchmarks", {"is_counted"}),
    "leaderboard": ("leaderboard", set()),
    "prices": (
        "price_history",
        {"is_offered", "is_first_party", "suspect_reason", "known_until", "is_initial"},
    ),
    "lowest_prices": ("model_price_history", {"known_until"}),
    "price_changes": ("price_changes", {"suspect_reason"}),
    "providers": ("providers", set()),
    "findings": ("data_quality", {"finding_count", "model_count"}),
}


@pytest.fixture(scope="module")
def data(stored: Reader) -> ReportData:
    return collect(stored)


def test_data_equals_the_marts(sample: Path, data: ReportData) -> None:
    with DuckDBReader(sample) as reader:
        for name, (mart, computed) in _MARTS.items():
            carried = rows(data.encoded, name)
            shared = [column for column in carried[0] if column not in computed]
            expected = reader.query(f"select {', '.join(shared)} from marts.{mart}").rows
            plain = [[compact(value) for value in row] for row in expected]
            assert sorted(map(repr, plain)) == sorted(
                repr([row[column] for column in shared]) for row in carried
            ), name
    assert data.encoded["left_out"] == []
    assert data.headline["model_count"] == len(yesterday()) == len(today()) + 1
    changes = [row["change"] for row in rows(data.encoded, "other_changes")]
    assert data.headline["change_count"] == 7
    assert len(changes) + len(rows(data.encoded, "price_changes")) == 7
    assert "kestrel-embed-0: left the catalog" in changes


@pytest.mark.parametrize(
    ("table", "mart"),
    [
        ("benchmarks", "benchmarks"),
        ("leaderboard", "leaderboard"),
        ("prices", "price_history"),
        ("price_changes", "price_changes"),
        ("providers", "providers"),
        ("findings", "data_quality"),
    ],
)
def test_a_table_has_the_order_of_its_mart(
    stored: Reader, data: ReportData, table: str, mart: str
) -> None:
    (file,) = (file for file in files_in("marts") if file.path.stem == mart)
    key = [column for column in file.key if column not in ("valid_from", "changed_at")]
    query = f"select {', '.join(key)} from marts.{mart} order by {file.order}"
    carried = [tuple(row[column] for column in key) for row in rows(data.encoded, table)]
    assert carried == stored.query(query).rows


def test_best_models_are_first_and_the_categories_begin_with_overall(data: ReportData) -> None:
    ranked = [
        row["model_id"]
        for row in rows(data.encoded, "leaderboard")
        if (row["category"], row["evidence_scope"]) == ("overall", "all") and row["rank"]
    ]
    models = [row["model_id"] for row in rows(data.encoded, "models")]
    assert models[: len(ranked)] == ranked
    assert rows(data.encoded, "categories")[0]["category"] == "overall"


def test_totals_of_a_category_equal_its_rows(data: ReportData) -> None:
    board = rows(data.encoded, "leaderboard")
    for total in rows(data.encoded, "categories"):
        own = [
            row
            for row in board
            if (row["category"], row["evidence_scope"])
            == (total["category"], total["evidence_scope"])
        ]
        assert total["model_count"] == len(own)
        assert total["ranked_count"] == sum(row["rank"] is not None for row in own)
        assert total["most_benchmarks"] == max(row["benchmark_count"] for row in own)


def test_counted_benchmarks_of_a_category_are_those_of_the_leaderboard(data: ReportData) -> None:
    scores = rows(data.encoded, "scores")
    categories = rows(data.encoded, "benchmark_categories")
    for row in rows(data.encoded, "leaderboard"):
        is_all = row["evidence_scope"] == "all"
        flag = "is_counted" if is_all else "is_counted_independent"
        counted = {
            it["benchmark_id"]
            for it in categories
            if it["category"] == row["category"] and it[flag]
        }
        own = [
            it
            for it in scores
            if it["model_id"] == row["model_id"]
            and it["benchmark_id"] in counted
            and (is_all or it["evidence"] != "self_reported")
        ]
        assert row["benchmark_count"] == len(own), row


def test_doubtful_score_has_the_findings_about_it(stored: Reader, data: ReportData) -> None:
    """The column `doubt` contains the detail of each finding, except the benchmark's name."""
    doubts = " ".join(row["doubt"] or "" for row in rows(data.encoded, "scores"))
    found = stored.query(
        "select detail from marts.data_quality where rule in ('score_disputed', 'score_above_max')"
    ).rows
    assert found
    for (detail,) in found:
        assert detail.split(": ", 1)[1] in doubts


def test_changes_are_left_out_by_moment(
    stored: Reader, data: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All four price changes of the sample have the same time; the limit is three."""
    monkeypatch.setattr(data_module, "_MAX_CHANGES", 3)
    assert len(rows(data.encoded, "price_changes")) == 4
    encoded = collect(stored).encoded
    assert encoded["left_out"] == ["1 of 4 price changes"]
    assert encoded["changes_since"] == {"price_changes": encoded["as_of"]}
    assert data.encoded["changes_since"] == {}


def test_left_out_models_are_counted_and_leave_whole(
    data: ReportData, shortened_page: Path
) -> None:
    """The page is limited to 40 scores and prices, and keeps those of the best models."""
    carried = Elements(shortened_page.read_text("utf-8")).carried
    models = rows(carried, "models")
    assert carried["left_out"] == [f"{15 - len(models)} of 15 models"]
    assert 0 < sum(row["row_count"] for row in models) <= 40
    for name in ("scores", "prices", "leaderboard", "lowest_prices"):
        ids = {row["model_id"] for row in models}
        whole = [row for row in rows(data.encoded, name) if row["model_id"] in ids]
        assert rows(carried, name) == whole
