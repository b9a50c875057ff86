"""Tables as text, JSON, CSV and Markdown."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest
from llm_stats.cli.render import aligned, render
from llm_stats.queries import compare, cost, history
from llm_stats.table import Table
from llm_stats.text import escape_control_chars
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score


def test_csv_tells_null_from_empty_text(on_demo: Command) -> None:
    query = "select null as a, '' as b, true as c, false as d, 'x,\"y\"' as e, [1, null] as f, 'nan'::double as g, 1e300 as h"
    assert on_demo("sql", query, "--format", "csv").out.splitlines()[1] == ',"",true,false,"x,""y""","[1, null]",nan,1e+300'
    rows = on_demo("sql", "select unnest(['a', null]) as x", "--format", "csv").out
    assert rows == "x\na\n\n"


LONG_NAMES = [f"mistral-small-3.{place}-24b-instruct-2503" for place in range(3)]


@pytest.fixture(scope="module")
def long_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models, providers and benchmarks with the longest names that the API has."""
    file = tmp_path_factory.mktemp("long") / "w.duckdb"
    with duckdb.connect(file) as connection:
        raw = RawTables(connection)
        for day in (1, 2):
            raw.load(
                [
                    make_record(
                        name,
                        model_type="embedding" if place else "llm",
                        providers=[make_offer(provider, 1.125 * day, 12.5) for provider in ("alpine-cloud", "northlight")],
                        scores=[make_score(benchmark, place / 4) for benchmark in ("swe-bench-verified", "video-mme-(long,-no-subtitles)")],
                    )
                    for place, name in enumerate(LONG_NAMES)
                ],
                dt.datetime(2026, 1, day, tzinfo=dt.UTC),
            )
            raw.apply()
    return file


def test_the_tables_of_the_commands_fit_80_columns(demo: Path, long_names: Path) -> None:
    for database, many in ((demo, None), (long_names, LONG_NAMES)):
        with Reader(database) as reader:
            ids = many or ["aurora-large-1", "kestrel-2-pro", "zenith-max-preview"]
            tables = {
                "cost": cost.for_terminal(cost.cost(reader, 10e6, 2e6, many or [])),
                "history": history.for_terminal(history.history(reader, ids[0])),
                "facts": compare.facts(reader, ids),
                "benchmarks": compare.benchmarks_for_terminal(reader, ids),
            }
        for name, table in tables.items():
            lines = aligned(table, 80).splitlines()
            assert max(map(len, lines)) <= 80, name
            assert any(line.startswith("──") for line in lines[:5]), f"{name} is a table, no blocks"


def test_text_that_would_steer_a_terminal_is_shown_and_not_obeyed() -> None:
    hostile = Table(("x",), ("VARCHAR",), [("\x1b]0;owned\x07\u2066",)])
    for output_format in ("table", "markdown"):
        assert "\x1b" not in render(hostile, output_format)
    assert "\x1b" in next(iter(json.loads(render(hostile, "json"))[0].values()))
    assert escape_control_chars("plain – ünïcode") == "plain – ünïcode"
