"""The report without a browser: data equal to the marts, escaping, atomic writing."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from llm_stats import __version__
from llm_stats.errors import UsageError
from llm_stats.report import data as data_module
from llm_stats.report import page as page_module
from llm_stats.report.data import ReportData, collect
from llm_stats.report.encoding import compact
from llm_stats.sample import SampleApi, today, yesterday
from llm_stats.transform.files import files_in
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.connection_reader import ConnectionReader
from support.new_warehouse import new_warehouse
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score
from support.report_fixtures import CATALOGS, FIRST_DAY, HOSTILE, load_days, ranked

pytestmark = pytest.mark.slow

Rows = list[dict[str, Any]]
PageOf = Callable[[str], Path]


def rows(carried: dict[str, Any], name: str) -> Rows:
    """Return the rows of a table in the data of the page.

    The page stores repeated values in run-length encoding, and texts as indices into a list of
    strings. This function decodes both.
    """
    texts = carried["texts"]
    plain: dict[str, list[Any]] = {}
    for title, column in carried["tables"][name].items():
        runs = iter(column.get("runs", ()))
        values = column.get("values") or [
            value for value, count in zip(runs, runs, strict=True) for _ in range(count)
        ]
        is_text = column.get("is_text", False)
        plain[title] = [
            texts[value] if is_text and value is not None else value for value in values
        ]
    return [dict(zip(plain, values, strict=True)) for values in zip(*plain.values(), strict=True)]


class Elements(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if (
            self.elements
            and self.elements[-1][0] == "script"
            and len(self.scripts) < sum(tag == "script" for tag, _ in self.elements)
        ):
            self.scripts.append(data)

    @property
    def carried(self) -> dict[str, Any]:
        carried: dict[str, Any] = json.loads(self.scripts[0])
        return carried


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


def page_of_tables(raw: RawTables) -> str:
    return page_module.page(cast(Reader, ConnectionReader(raw)))


def data_of_tables(raw: RawTables) -> ReportData:
    return collect(cast(Reader, ConnectionReader(raw)))


@pytest.fixture
def reader(sample: Path) -> Iterator[Reader]:
    with DuckDBReader(sample) as opened:
        yield opened


@pytest.fixture(scope="module")
def data(sample: Path) -> ReportData:
    with DuckDBReader(sample) as reader:
        return collect(reader)


def test_data_equals_the_marts(reader: Reader, data: ReportData) -> None:
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


def header(raw: RawTables) -> str:
    """Return the text of the page's header, without tags."""
    markup = page_of_tables(raw).split("<header>")[1].split("</header>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())


def test_header_states_when_catalog_and_records_arrived(raw: RawTables) -> None:
    """The catalog is read, then two records are fetched, then the catalog is read again."""
    models = [make_record("a"), make_record("b")]
    days = [FIRST_DAY + dt.timedelta(days=day) for day in range(4)]
    no_record = "No record has been fetched yet."
    records = "Newest record 2026-11-22 12:00:00 UTC , oldest 2026-11-21 12:00:00 UTC ."
    assert header(raw).startswith(f"LLM prices and scores {no_record}")
    raw.read_catalog(models, days[0])
    raw.apply()
    before = header(raw)
    assert f"Catalog last read 2026-11-20 12:00:00 UTC . {no_record}" in before
    assert "Newest record" not in before
    for model, day in zip(models, days[1:3], strict=True):
        raw.load([model], day)
        raw.apply()
    raw.read_catalog(models, days[3])
    raw.apply()
    after = header(raw)
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
    named = header(raw)
    assert "4 verified or third-party, of which 2 with an example source." in named
    examples = {
        (row["benchmark_id"], row["has_example_source"])
        for row in rows(data_of_tables(raw).encoded, "scores")
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
    assert f"Models: 3 ({counts}), 0 with a price" in header(raw)


def test_header_counts_the_changes_of_the_table_including_models_that_left(raw: RawTables) -> None:
    """In the later read of the catalog, a price has changed and a model is missing."""
    kept, left, repriced = make_record("kept"), make_record("left"), make_record("kept")
    kept["providers"], repriced["providers"] = [make_offer("p", 1, 2)], [make_offer("p", 1, 3)]
    raw.read_catalog([kept, left], FIRST_DAY)
    raw.apply()
    raw.read_catalog([repriced], FIRST_DAY + dt.timedelta(days=1))
    raw.apply()
    carried = data_of_tables(raw).encoded
    (price,), (other,) = rows(carried, "price_changes"), rows(carried, "other_changes")
    assert price["model_id"], price["new_output_usd_per_mtok"] == ("kept", 3)
    assert other["change"] == "left: left the catalog"
    counted = "Changes in 30 days: 2 of prices, offers, scores and the catalog"
    assert counted in header(raw)


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
    reader: Reader, data: ReportData, table: str, mart: str
) -> None:
    (file,) = (file for file in files_in("marts") if file.path.stem == mart)
    key = [column for column in file.key if column not in ("valid_from", "changed_at")]
    query = f"select {', '.join(key)} from marts.{mart} order by {file.order}"
    carried = [tuple(row[column] for column in key) for row in rows(data.encoded, table)]
    assert carried == reader.query(query).rows


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


def test_doubtful_score_has_the_findings_about_it(reader: Reader, data: ReportData) -> None:
    """The column `doubt` contains the detail of each finding, except the benchmark's name."""
    doubts = " ".join(row["doubt"] or "" for row in rows(data.encoded, "scores"))
    found = reader.query(
        "select detail from marts.data_quality where rule in ('score_disputed', 'score_above_max')"
    ).rows
    assert found
    for (detail,) in found:
        assert detail.split(": ", 1)[1] in doubts


def test_suspect_price_is_marked_without_scripts_and_only_where_it_is_current(
    raw: RawTables,
) -> None:
    """A suspect price is found on the second day. On the third day, the output price changes."""
    days = [
        ranked({"a": prices, "b": (1, 1), "c": (1, 1)}) for prices in ((1, 1), (0.01, 6), (0.01, 4))
    ]
    load_days(raw, *days)
    encoded = data_of_tables(raw).encoded
    reason = "input price 0.01 and output price 4 differ by a factor of 100 or more"
    assert [it["suspect_reason"] for it in rows(encoded, "price_changes")] == [reason, None]
    assert [it["suspect_reason"] for it in rows(encoded, "moves")] == [reason]
    page = page_of_tables(raw)
    moves, leaders = (
        page.split(f'id="{part}"')[1].split("</table>")[0] for part in ("moves", "leaders-table")
    )
    assert "<td>1.01 suspect</td><td>▲ 0.8 %</td>" in moves
    assert "<td>1.01 suspect</td></tr>" in leaders


@pytest.mark.parametrize("world", CATALOGS)
def test_every_warehouse_gives_a_page(page_of: PageOf, world: str) -> None:
    elements = Elements(page_of(world).read_text("utf-8"))
    assert len(rows(elements.carried, "models")) == len(CATALOGS[world])
    ids = {attributes.get("id") for _, attributes in elements.elements}
    assert "source" in ids
    assert "sample" not in ids


@pytest.mark.parametrize(("world", "prices"), [("all free", {0}), ("no prices", {None})])
def test_null_is_not_zero(page_of: PageOf, world: str, prices: set[float | None]) -> None:
    """In "no prices", some models have only an input price or only an output price."""
    carried = Elements(page_of(world).read_text("utf-8")).carried
    assert {row["blended_usd_per_mtok"] for row in rows(carried, "prices")} == prices


def test_leaders_are_on_the_page_without_scripts(page_of: PageOf) -> None:
    sample = page_of("sample").read_text("utf-8")
    leaders = sample.split('id="leaders-table"')[1].split("</table>")[0]
    assert "The best 10 of 10 ranked models" in leaders
    first = "<td>1</td><td>Zenith Max (preview)</td><td>86.2 %</td><td>7 of 8</td><td>30.00</td>"
    assert first in leaders
    assert "<td>thin (few benchmarks)</td>" in page_of("few benchmarks").read_text("utf-8")
    assert "No model has a rank yet." in page_of("empty").read_text("utf-8")


def test_sample_is_labelled_and_mixed_models_are_counted(page_of: PageOf, raw: RawTables) -> None:
    whole = page_of("sample").read_text("utf-8")
    assert "All of this is a sample: invented models" in whole
    assert 'id="source"' not in whole
    made = rf"Made by llm-stats {re.escape(__version__)} on [\d-]{{10}} [\d:]{{8}} UTC\."
    assert re.search(made, whole)
    load_days(raw, [*today()[:2], *CATALOGS["one model"]])
    mixed = page_of_tables(raw)
    assert "2 of the 3 models here are a sample: invented models" in mixed
    link = '<a href="https://llm-stats.com">LLM Stats</a>'
    assert f'<p class="note" id="source">Data: {link}, retrieved 2026-11-20.</p>' in mixed


def test_hostile_names_stay_text(page_of: PageOf) -> None:
    page = page_of("hostile").read_text("utf-8")
    elements = Elements(page)
    plain = Elements(page_of("one model").read_text("utf-8"))
    in_leaders = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
    assert [tag for tag, _ in elements.elements if tag not in in_leaders] == [
        tag for tag, _ in plain.elements if tag not in in_leaders
    ], "no name becomes an element"
    texts = elements.carried["texts"]
    assert set(HOSTILE[:5]) <= set(texts)
    assert "\\u202edlrow\\u2066\\u2028\\u2029\\x1b[31m\\x00" in texts
    assert max(map(len, texts)) == 300
    carried = page.split('id="data">')[1].split("</script>")[0]
    assert not {"<", ">", "&", "\u2028"} & set(carried)


def test_policy_allows_only_the_two_scripts(page_of: PageOf) -> None:
    text = page_of("sample").read_text("utf-8")
    styles = "\n".join(page_module._read_asset(name) for name in page_module._STYLES)
    assert f"<style>\n{styles}</style>" in text
    elements = Elements(text)
    policy = next(
        attributes["content"]
        for tag, attributes in elements.elements
        if attributes.get("http-equiv")
    )
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in elements.scripts[1:]
    ]
    assert policy == (
        f"default-src 'none'; script-src {' '.join(hashes)}; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not [
        tag
        for tag, attributes in elements.elements
        if attributes.keys() & {"src", "href", "srcset", "onload", "onerror"}
    ]


def test_script_element_cannot_be_closed_early() -> None:
    assert page_module._escape_script('"</script><!--"') == '"<\\/script><\\!--"'


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_borders_of_controls_and_texts_have_enough_contrast(mode: int) -> None:
    """The limits are those of WCAG 2.2: 3 for borders of controls, 4.5 for text."""
    styles = page_module._read_asset("styles/base.css")
    colours = [
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rule)) for rule in styles.split(":root")[1:]
    ][mode]

    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        red, green, blue = linear
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        low, high = sorted(luminance(colours[name]) for name in (one, other))
        return (high + 0.05) / (low + 0.05)

    for name in ("edge", "first", "second", "muted", *(f"model-{place}" for place in range(1, 6))):
        assert contrast(name, "paper") >= 3, name
    for name in ("ink", "soft", "first", "second"):
        assert contrast(name, "paper") >= 4.5, name


def test_changes_are_left_out_by_moment(
    reader: Reader, data: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All four price changes of the sample have the same time; the limit is three."""
    monkeypatch.setattr(data_module, "_MAX_CHANGES", 3)
    assert len(rows(data.encoded, "price_changes")) == 4
    encoded = collect(reader).encoded
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


def test_moves_of_the_week_are_on_the_page_without_scripts(raw: RawTables) -> None:
    """Model a: both prices fall. Model b: the price rises. Model c: a cheaper offer is listed."""
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
    encoded = data_of_tables(raw).encoded
    moves = rows(encoded, "moves")
    assert [(it["direction"], it["model_id"], it["blended_change_pct"]) for it in moves] == [
        ("cut", "a", -75),
        ("cut", "c", -10),
        ("rise", "b", 50),
    ]
    shown = header(raw)
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


@pytest.fixture(scope="module")
def no_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse without models, for the tests that do not read the page's content."""
    file = tmp_path_factory.mktemp("no_models") / "w.duckdb"
    with new_warehouse(file):
        return file


def test_command_names_the_page_after_the_database(
    llm_stats: Command, workdir: Path, no_models: Path
) -> None:
    (workdir / "w.html").write_text("<!doctype html>older")
    done = llm_stats("report", "--database", no_models)
    assert re.fullmatch(r"wrote w\.html \(1\.\d MB\)\n", done.out)
    assert done.code == 0
    assert (workdir / "w.html").read_text("utf-8").startswith("<!doctype html>")
    assert llm_stats("report", "--database", no_models, "--out", "new/folder/index.html").code == 0
    assert "<title>" in (workdir / "w.html").read_text("utf-8")
    assert sorted(path.name for path in workdir.rglob("*")) == [
        "folder",
        "index.html",
        "new",
        "w.html",
    ]


def test_unwritable_path(llm_stats: Command, workdir: Path, no_models: Path) -> None:
    (workdir / "w.duckdb").write_text("a file")
    done = llm_stats("report", "--database", no_models, "--out", "w.duckdb/x/report.html")
    assert done.err.endswith("cannot be written: Not a directory; name another file\n")
    assert done.code == 2
    with pytest.raises(UsageError, match=r"cannot be written: not a regular file; name another"):
        page_module.require_writable(workdir)


@pytest.mark.parametrize("out", ["llm_stats.duckdb", ".dlt/secrets.toml"])
def test_page_does_not_replace_another_file(
    out: str, llm_stats: Command, api: SampleApi, workdir: Path, one_model: Path
) -> None:
    assert one_model == workdir / "llm_stats.duckdb"
    (workdir / ".dlt").mkdir(exist_ok=True)
    (workdir / ".dlt/secrets.toml").write_text("[destination]\n")
    before = (workdir / out).read_bytes()

    run = ("run", "--all", "--base-url", api.base_url, "--quiet")
    for command in (("report", "--out", out), (*run, "--report", out)):
        done = llm_stats(*command)
        assert done.err.endswith("cannot be written: not an HTML page; name another file\n")
        assert done.code == 2
    assert (workdir / out).read_bytes() == before
    assert api.requests == []


def test_failed_write_keeps_the_old_page(
    llm_stats: Command, workdir: Path, no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "w.html").write_text("<!doctype html>older")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    done = llm_stats("report", "--database", no_models)
    assert "w.html cannot be written: No space left on device" in done.err
    assert done.code == 2
    assert [(path.name, path.read_text()) for path in workdir.iterdir()] == [
        ("w.html", "<!doctype html>older")
    ]


def test_file_that_is_not_a_warehouse(llm_stats: Command, workdir: Path) -> None:
    duckdb.connect(workdir / "other.duckdb").close()
    done = llm_stats("report", "--database", "other.duckdb")
    assert "other.duckdb is a DuckDB database but not an" in done.err
    assert len(done.err.splitlines()) == 1
    assert "does not exist; create it with" in llm_stats("report").err
    assert done.code == 2


def test_missing_chart_library_is_an_error_before_any_request(
    llm_stats: Command, api: SampleApi, two_days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    page_module._bundle_library.cache_clear()
    expected = (
        "llm-stats: the report needs the chart library of vl-convert-python, which is not "
        "installed; run `pip install 'vl-convert-python>=1.9,<2'`\n"
    )
    for command in (
        ("report",),
        ("run", "--all", "--base-url", api.base_url, "--quiet", "--report", "page.html"),
    ):
        done = llm_stats(*command)
        assert (done.code, done.err) == (2, expected)
    assert api.requests == []
    assert list(two_days.parent.glob("*.html")) == []


def test_run_writes_the_report_and_sends_no_request_if_it_cannot(
    llm_stats: Command, api: SampleApi, workdir: Path
) -> None:
    run = ("run", "aurora-large-1", "--base-url", api.base_url, "--quiet", "--report")
    done = llm_stats(*run, workdir)
    assert "not a regular file" in done.err
    assert done.code == 2
    assert not (workdir / "llm_stats.duckdb").exists()
    done = llm_stats(*run, "page.html")
    assert re.fullmatch(r"wrote page\.html \(1\.\d MB\)", done.out.splitlines()[-1])
    assert done.code == 0
    assert "aurora-large-1" in (workdir / "page.html").read_text("utf-8")
    assert not os.access(workdir / "llm_stats.html", os.F_OK)
