"""README and docs against the code: commands, settings, exit codes, views, query results, links."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb
import llm_stats
import pytest
from llm_stats import errors
from llm_stats.cli.main import cli
from llm_stats.settings import Settings
from llm_stats.text import format_value
from llm_stats.transform import files
from llm_stats.warehouse.duckdb_reader import DuckDBReader

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MAX_README_LINES = 200


@pytest.fixture(scope="module")
def reader(demo: Path) -> Iterator[DuckDBReader]:
    with DuckDBReader(demo) as opened:
        yield opened


def first_cells(heading: str) -> list[str]:
    """Return the first cell of each row of the tables under a heading."""
    return [cells[0] for cells in table_rows(heading)]


def table_rows(heading: str) -> list[list[str]]:
    """Return the cells of each row of the tables under a heading."""
    section = re.split(rf"^## {heading}$", README, flags=re.MULTILINE)[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| ") and "---" not in line
    ]


def names(cells: list[str]) -> set[str]:
    """Return the names in the code spans of the cells; omit the parameters of macros."""
    return {re.sub(r"\(.*", "", name) for text in cells for name in re.findall(r"`([^`]+)`", text)}


def test_readme_is_short() -> None:
    assert len(README.splitlines()) <= MAX_README_LINES


def test_readme_has_the_headings_that_people_search_for() -> None:
    headings = re.findall(r"^## (.+)$", README, re.MULTILINE)
    expected = [
        "Installation",
        "Quick start",
        "Configuration",
        "Architecture",
        "Scheduling",
        "Scaling",
        "Limitations",
    ]
    assert [heading for heading in headings if heading in expected] == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, target


def test_every_command_is_named_and_no_other() -> None:
    context = click.Context(cli)
    assert names(first_cells("Commands")) == set(cli.list_commands(context))


def test_every_command_and_option_has_help() -> None:
    for name, command in cli.commands.items():
        assert command.help, name
        assert [
            o.name
            for o in command.params
            if isinstance(o, click.Option) and not o.help and o.name not in ("database",)
        ] == [], name


def test_every_setting_is_named_with_its_default_and_no_other() -> None:
    assert names(first_cells("Configuration")) == set(Settings.model_fields)
    config = (ROOT / ".dlt" / "config.toml").read_text("utf-8")
    for name in set(Settings.model_fields) - {"api_key", "webhook_url"}:
        assert re.search(rf"^# {name} = ", config, re.MULTILINE), name


def test_every_exit_code_is_named_and_no_other() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and hasattr(kind, "exit_code")
    ]
    interrupts = {128 + number for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    assert {int(code) for code in first_cells("Exit codes")[1:]} == {
        kind.exit_code for kind in kinds
    } | {0, 4} | interrupts


def test_every_exception_is_named_with_its_exit_code() -> None:
    rows = table_rows("Exit codes")[1:]
    raised = {(kind, int(code)) for code, kinds, _ in rows for kind in names([kinds])}
    assert raised == {
        (name, getattr(kind, "exit_code", 130))  # `Interrupted` has no default
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and name != "RecordRejected"
    }


def test_every_view_and_macro_is_named_and_no_other() -> None:
    assert names(first_cells("Queries")) == {
        file.path.stem for layer in ("marts", "macros") for file in files.files_in(layer)
    }


SHOWN = [
    (file.name, query, answer)
    for file in PAGES
    for query, answer in re.findall(
        r"```sql\n(.*?)```\n\n((?:\|[^\n]*\n)+)", file.read_text("utf-8"), re.DOTALL
    )
]


@pytest.mark.parametrize(
    ("file", "query", "answer"),
    SHOWN,
    ids=[f"{file} query {number}" for number, (file, *_) in enumerate(SHOWN, 1)],
)
def test_every_query_in_the_docs_returns_the_rows_below_it(
    reader: DuckDBReader, file: str, query: str, answer: str
) -> None:
    table = reader.query(query)
    header, _, *rows = [
        [text.strip() for text in line.strip().strip("|").split("|")]
        for line in answer.strip().splitlines()
    ]
    assert list(table.columns) == header
    assert [[format_value(value) for value in row] for row in table.rows] == rows


def test_the_docs_contain_queries(reader: DuckDBReader) -> None:
    assert len(SHOWN) >= 9
    queries = re.findall(
        r"```sql\n(.*?)```", (ROOT / "docs" / "bi.md").read_text("utf-8"), re.DOTALL
    )
    for query in queries:
        if not query.startswith("attach "):
            assert reader.query(query).rows, query


def test_macros_of_an_attached_database_answer_as_in_the_docs(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(
        r"```sql\n(attach .*?)```", (ROOT / "docs" / "bi.md").read_text("utf-8"), re.DOTALL
    )
    assert len(blocks) == 2
    shutil.copyfile(demo, tmp_path / "backup.duckdb")
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        with duckdb.connect() as connection:
            assert connection.execute(block).fetchall()


def test_grafana_query_returns_a_continuous_line_for_each_offer(reader: DuckDBReader) -> None:
    section = (ROOT / "docs" / "bi.md").read_text("utf-8").partition("### Grafana")[2]
    (query,) = re.findall(r"```sql\n(.*?)```", section.partition("\n### ")[0], re.DOTALL)
    current = """
        select concat_ws(' ', model_id, provider_id, nullif(offer_number, 1)), valid_from
        from marts.offers where price_rank is not null
    """
    rows = reader.query(query).rows
    offers = dict(reader.query(current).rows)
    times = sorted({row[0] for row in rows})
    assert len(times) == 2, "yesterday and now"
    points = {time: {offer for at, offer, _ in rows if at == time} for time in times}
    assert points[times[1]] == offers.keys()
    unchanged = {offer for offer, valid_from in offers.items() if valid_from <= times[0]}
    assert unchanged
    assert unchanged <= points[times[0]]
    changed = points[times[0]] & (offers.keys() - unchanged)
    prices = {(time, offer): price for time, offer, price in rows}
    assert changed
    assert all(prices[times[0], offer] != prices[times[1], offer] for offer in changed)


def test_every_picture_exists_and_is_small() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert pictures
    assert all((ROOT / picture).stat().st_size < 300_000 for picture in pictures)


def test_the_package_exports_its_public_names_only() -> None:
    assert dir(llm_stats) == ["RunResult", "__version__", "llm_stats", "run"]
