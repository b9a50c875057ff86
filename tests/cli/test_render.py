"""Tables as text, JSON, CSV and Markdown."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from llm_stats.cli.render import Format, aligned, render, render_all
from llm_stats.queries import compare, cost, history
from llm_stats.table import Table
from llm_stats.text import escape_control_chars
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.new_warehouse import new_warehouse
from support.record_factory import make_offer, make_record, make_score


def test_csv_distinguishes_null_from_empty_text(on_demo: Command) -> None:
    query = (
        "select null as a, '' as b, true as c, false as d, 'x,\"y\"' as e, [1, null] as f, "
        "'nan'::double as g, 1e300 as h"
    )
    assert (
        on_demo("sql", query, "--format", "csv").out.splitlines()[1]
        == ',"",true,false,"x,""y""","[1, null]",nan,1e+300'
    )
    rows = on_demo("sql", "select unnest(['a', null]) as x", "--format", "csv").out
    assert rows == "x\na\n\n"


def test_formats_of_one_and_of_several_tables() -> None:
    rows = [("a|b\x1b", 1, 0.5, None), ("é", 20, 1.25, True)]
    table = Table(("name", "n", "x", "flag"), ("VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"), rows)
    formats: dict[Format, str] = {
        "table": (
            "name      n     x  flag\n"
            "───────────────────────\n"
            "a|b\\x1b   1   0.5  –\n"
            "é        20  1.25  yes"
        ),
        "csv": "name,n,x,flag\na|b\x1b,1,0.5,\né,20,1.25,true",
        "markdown": (
            "| name | n | x | flag |\n"
            "| --- | --: | --: | --- |\n"
            "| a\\|b\\x1b | 1 | 0.5 | – |\n"
            "| é | 20 | 1.25 | yes |"
        ),
    }
    for output_format, text in formats.items():
        assert render(table, output_format) == text
        assert render_all({"a": table, "b": table}, output_format) == f"{text}\n\n{text}"
    objects = [
        {"name": "a|b\x1b", "n": 1, "x": 0.5, "flag": None},
        {"name": "é", "n": 20, "x": 1.25, "flag": True},
    ]
    assert json.loads(render(table, "json")) == objects
    assert render(table, "json").startswith('[\n  {\n    "name": "a|b')
    assert json.loads(render_all({"a": table, "b": table}, "json")) == {"a": objects, "b": objects}
    assert "é" in render(table, "json")


def test_csv_escapes_texts_that_a_spreadsheet_takes_for_formulas() -> None:
    texts = ["=1+1", "+1", "-x", "@x", "\tx", "\rx", "\nx", "a=b", ""]
    table = Table(("=name", "number"), ("VARCHAR", "DOUBLE"), [(text, -1.5) for text in texts])
    assert render(table, "csv").replace(",-1.5", "") == (
        "'=name,number\n'=1+1\n'+1\n'-x\n'@x\n'\tx\n\"'\rx\"\n\"'\nx\"\na=b\n\"\""
    )
    assert [row["=name"] for row in json.loads(render(table, "json"))] == texts


LONG_NAMES = [f"mistral-small-3.{place}-24b-instruct-2503" for place in range(3)]


@pytest.fixture(scope="module")
def long_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse with the longest model, provider and benchmark names of the API."""
    file = tmp_path_factory.mktemp("long") / "w.duckdb"
    with new_warehouse(file) as raw:
        for day in (1, 2):
            raw.load(
                [
                    make_record(
                        name,
                        model_type="embedding" if place else "llm",
                        providers=[
                            make_offer(provider, 1.125 * day, 12.5)
                            for provider in ("alpine-cloud", "northlight")
                        ],
                        scores=[
                            make_score(benchmark, place / 4)
                            for benchmark in (
                                "swe-bench-verified",
                                "video-mme-(long,-no-subtitles)",
                            )
                        ],
                    )
                    for place, name in enumerate(LONG_NAMES)
                ],
                dt.datetime(2026, 1, day, tzinfo=dt.UTC),
            )
            raw.apply()
    return file


def test_the_tables_of_the_commands_fit_80_columns(demo: Path, long_names: Path) -> None:
    for database, many in ((demo, None), (long_names, LONG_NAMES)):
        with DuckDBReader(database) as reader:
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
            assert any(line.startswith("──") for line in lines[:5]), (
                f"{name} is a table, not blocks"
            )


def test_control_characters_are_escaped() -> None:
    hostile = Table(("x",), ("VARCHAR",), [("\x1b]0;owned\x07\u2066",)])
    for output_format in ("table", "markdown"):
        assert "\x1b" not in render(hostile, output_format)
    assert "\x1b" in next(iter(json.loads(render(hostile, "json"))[0].values()))
    assert escape_control_chars("plain – ünïcode") == "plain – ünïcode"


WIDE = Table(
    ("model_id", "price", "says"),
    ("VARCHAR", "DOUBLE", "VARCHAR"),
    [("a", 1.0, "as good as any"), ("b", None, "word " * 12)],
)


def test_table_that_fits_is_not_wrapped() -> None:
    in_a_pipe = aligned(WIDE, None)
    assert in_a_pipe == aligned(WIDE, 80)
    assert in_a_pipe.splitlines()[2:] == [
        "a             1  as good as any",
        "b             –  " + ("word " * 12).strip(),
    ]


def test_widest_column_is_wrapped_between_words() -> None:
    assert aligned(WIDE, 60).splitlines() == [
        "model_id  price  says",
        "─" * 60,
        "a             1  as good as any",
        "b             –  word word word word word word word word",
        "                 word word word word",
    ]


def test_several_columns_share_the_width() -> None:
    two = Table(
        ("a", "b"),
        ("VARCHAR", "VARCHAR"),
        [("one two three four five six", "one two three four five six seven eight nine")],
    )
    assert aligned(two, 42).splitlines()[2:] == [
        "one two three four    one two three four",
        "five six              five six seven eight",
        "                      nine",
    ]


def test_rows_become_blocks_if_columns_do_not_fit() -> None:
    assert aligned(WIDE, 26).splitlines() == [
        "model_id:  a",
        "price:     1",
        "says:      as good as any",
        "",
        "model_id:  b",
        "price:     –",
        "says:      word word word",
        "           word word word",
        "           word word word",
        "           word word word",
    ]


def test_words_are_not_broken_to_keep_a_table() -> None:
    assert aligned(
        Table(("id", "says"), ("VARCHAR", "VARCHAR"), [("x" * 30, "word " * 5)]), 45
    ).startswith("id:    xxx")


def test_header_is_wrapped_to_the_width_of_its_values() -> None:
    two = Table(
        ("input_usd_per_mtok", "kestrel-2-pro"), ("DOUBLE", "VARCHAR"), [(5.5, "x"), (12.25, "y")]
    )
    assert aligned(two, 33).splitlines()[0] == "input_usd_per_mtok  kestrel-2-pro"
    assert aligned(two, 20).splitlines() == [
        "   input_  kestrel-",
        " usd_per_  2-pro",
        "     mtok",
        "─" * 20,
        "      5.5  x",
        "    12.25  y",
    ]


def test_percent_signs_and_arrows_are_not_separated_from_numbers() -> None:
    change = Table(
        ("change",), ("VARCHAR",), [("input 0.50 → 0.60 (+20 %), output 0.60 → 0.70 (+17 %)",)]
    )
    assert aligned(change, 26).splitlines()[2:] == [
        "input 0.50 → 0.60 (+20 %),",
        "output 0.60 → 0.70 (+17 %)",
    ]
    assert aligned(change, 22).splitlines()[2:] == [
        "input 0.50 → 0.60",
        "(+20 %), output",
        "0.60 → 0.70 (+17 %)",
    ]


def test_many_columns_become_blocks_without_loss() -> None:
    names = tuple(f"column_{number}" for number in range(20))
    shown = aligned(Table(names, ("VARCHAR",) * 20, [names]), 80)
    assert [line.split() for line in shown.splitlines()] == [[f"{name}:", name] for name in names]


def test_wide_characters_count_as_two_columns() -> None:
    lines = aligned(
        Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("モデル", "x"), ("abc", "y")]), None
    ).splitlines()
    assert lines[2:] == ["モデル  x", "abc     y"]


def test_multiline_table_keeps_escaped_lines() -> None:
    two = Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("x", "one\n  t\x1bwo\n")])
    assert aligned(two, None).splitlines()[2:] == ["x  one\\n  t\\x1bwo\\n"], (
        "a newline in a name does not start a row"
    )
    assert aligned(replace(two, multiline=True), None).splitlines()[2:] == [
        "x  one",
        "     t\\x1bwo",
    ]


def test_long_name_is_truncated() -> None:
    lines = aligned(
        Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("x" * 100_000 + "end", "y")]), None
    ).splitlines()
    assert max(map(len, lines)) < 1100
    assert " … " in lines[2]
    assert lines[2].endswith("end  y")


def test_empty_table() -> None:
    assert aligned(Table((), (), []), 80) == ""
    assert aligned(Table(("a",), ("VARCHAR",), []), 80).splitlines() == ["a", "─"]
