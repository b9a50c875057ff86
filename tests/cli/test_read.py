"""Commands that read the published file: `show`, `sql`, `compare`, `cost`, `history`."""

from __future__ import annotations

import csv
import io
import json
import resource
import subprocess
from pathlib import Path

import pytest
from llm_stats.schema.tables import TABLES
from llm_stats.transform.files import in_build_order
from llm_stats.warehouse.duckdb_reader import DuckDBReader, MaterializedReader
from support.command import Command
from support.parameter_ids import parameter_id
from support.processes import run_command

_NOT_RUN = "the query was not run: only one statement that reads is allowed"


def test_show_lists_every_view_with_its_meaning(on_demo: Command) -> None:
    listed = json.loads(on_demo("show", "--format", "json").out)
    assert {"models", "offers", "scores", "benchmarks", "leaderboard", "prices_as_of"} <= {
        entry["name"] for entry in listed
    }
    assert all(entry["meaning"] for entry in listed)


def test_show_describes_every_column(on_demo: Command, demo: Path) -> None:
    with DuckDBReader(demo) as reader:
        for name, kind, meaning in reader.catalog().rows:
            description, columns = reader.describe(str(name))
            assert str(meaning) in description
            assert columns.rows
            if kind == "view":
                assert all(column[columns.columns.index("meaning")] for column in columns.rows), (
                    name
                )
    described = on_demo("show", "offers", "--describe", "--format", "json")
    listed = json.loads(on_demo("show", "--format", "json").out)
    assert next(row["meaning"] for row in listed if row["name"] == "offers") in described.err
    assert all(column["meaning"] for column in json.loads(described.out))


def test_show_leaderboard_begins_with_the_overall_leaders(on_demo: Command) -> None:
    rows = json.loads(on_demo("show", "leaderboard", "--format", "json").out)
    first = rows[0]
    assert first["category"] == "overall"
    assert first["evidence_scope"] == "all"
    assert first["rank"] == 1
    overall = [row for row in rows if row["category"] == "overall"]
    assert rows[: len(overall)] == overall
    others = [row["category"] for row in rows[len(overall) :]]
    assert others == sorted(others)
    ranks = [row["rank"] for row in overall if row["evidence_scope"] == "all"]
    assert ranks == sorted(ranks, key=lambda rank: (rank is None, rank))
    limited = on_demo("show", "leaderboard", "--limit", 3, "--format", "json")
    assert json.loads(limited.out) == rows[:3]


def test_show_price_changes_begins_with_the_newest(on_demo: Command) -> None:
    rows = json.loads(on_demo("show", "price_changes", "--format", "json").out)
    found = [row["changed_at"] for row in rows]
    assert found == sorted(found, reverse=True)


def test_show_sorts_every_relation_as_its_file_declares(demo: Path) -> None:
    with MaterializedReader(demo) as reader:
        for file in (file for file in in_build_order() if file.is_relation):
            query = f"select * from {file.address} order by {file.order}"
            if file.address != "marts.freshness":  # `age_hours` grows between the two queries
                assert reader.fetch_table(file.address).rows == reader.query(query).rows, file.path


def test_relations_leave_out_tables_of_dlt(demo: Path) -> None:
    with DuckDBReader(demo) as reader:
        assert reader.query("select count(*) > 0 from raw._dlt_loads").rows == [(True,)]
        names = {relation.name for relation in reader.relations() if relation.schema == "raw"}
    assert names == {*TABLES, "sql_fingerprint"}


def test_show_sorts_a_relation_without_a_file_by_its_columns(on_demo: Command) -> None:
    rows = json.loads(on_demo("show", "raw.models__providers", "--format", "json").out)
    keys = [(row["model_id"], row["provider_id"]) for row in rows]
    assert keys == sorted(keys)


def test_show_in_every_format_and_only_the_table_is_limited_with_a_note(on_demo: Command) -> None:
    cut = on_demo("show", "offers")
    assert "model_id" in cut.out
    assert len(cut.out.splitlines()) == 2 + 20
    assert cut.err == "20 of 31 rows; --limit 0 shows all\n"
    whole = on_demo("show", "offers", "--limit", 0)
    assert len(whole.out.splitlines()) == 2 + 31
    assert whole.err == ""
    as_csv, as_markdown, as_json = (
        on_demo("show", "offers", "--format", output_format)
        for output_format in ("csv", "markdown", "json")
    )
    assert as_csv.err == as_markdown.err == as_json.err == ""
    assert len(as_csv.out.splitlines()) == 1 + 31
    assert len(as_markdown.out.splitlines()) == 2 + 31
    assert as_markdown.out.startswith("| model_id | provider_id |")
    rows = json.loads(as_json.out)
    assert len(rows) == 31
    assert [row["provider_id"] for row in csv.DictReader(as_csv.out.splitlines())] == [
        row["provider_id"] for row in rows
    ]
    limited = on_demo("show", "offers", "--limit", 3, "--format", "json")
    assert json.loads(limited.out) == rows[:3]
    assert limited.err == "3 of 31 rows; --limit 0 shows all\n"
    cost = ("cost", "--input-tokens", 1, "--output-tokens", 1)
    assert "20 of 28 rows" in on_demo(*cost).err
    assert len(json.loads(on_demo(*cost, "--format", "json").out)) == 28


def test_show_describes_a_macro_with_defaults_and_a_call(on_demo: Command) -> None:
    done = on_demo("show", "blended_price", "--describe")
    assert "For example: `marts.blended_price(5, 25)`" in done.out
    parameters = json.loads(on_demo("show", "blended_price", "--describe", "--format", "json").out)
    assert [tuple(row.values()) for row in parameters] == [
        ("input", None),
        ("output", None),
        ("input_weight", "3"),
        ("output_weight", "1"),
    ]


@pytest.mark.parametrize(
    "query",
    ["-- how many\nselect 1 as one", "--how many\nselect 1 as one;", "/* how */ select 1 as one"],
)
def test_query_may_begin_with_a_comment(llm_stats: Command, demo: Path, query: str) -> None:
    options = ("--format", "json", "--database", demo)
    for arguments in ((query, *options), (*options, query), (*options, "--", query)):
        assert json.loads(llm_stats("sql", *arguments).out) == [{"one": 1}]


def test_query_may_come_from_standard_input(
    on_demo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("-- a file\nselect 1 as one;\n"))
    assert json.loads(on_demo("sql", "-", "--format", "json").out) == [{"one": 1}]


def test_standard_input_that_is_not_text_is_an_error(
    on_demo: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), "utf-8"))
    done = on_demo("sql", "-")
    assert done.err == "llm-stats: sql -: not a text file\n"
    assert done.code == 2


def test_explain_keeps_its_lines(on_demo: Command) -> None:
    shown = on_demo("sql", "explain select 1").out
    assert "\\n" not in shown
    assert len(shown.splitlines()) > 5


def test_result_of_a_query_is_limited(on_demo: Command) -> None:
    done = on_demo("sql", "select repeat('x', 10000) from range(20000)")
    assert done.err == (
        "llm-stats: the query failed: its result exceeds 100 MB; select fewer rows or columns\n"
    )
    assert done.code == 1


def test_memory_and_spill_files_of_a_query_are_limited(on_demo: Command) -> None:
    done = on_demo("sql", "select list(range) from range(1000000000)")
    assert done.err.startswith("llm-stats: the query failed: out of memory (")
    assert done.err.endswith("; select fewer rows, or shorter values\n")
    assert len(done.err.splitlines()) == 1
    assert done.code == 1
    setting = "select current_setting('max_temp_directory_size') as size"
    assert on_demo("sql", setting, "--format", "csv").out == "size\n1.8 GiB\n"


@pytest.mark.slow
def test_values_that_duckdb_does_not_count_are_limited_too(demo: Path) -> None:
    """Without its own memory limit, the command would reach the test's limit of 8 GB."""
    query = "select repeat('x', 100000000) from range(1000)"
    done = run_command(
        "sql",
        query,
        "--database",
        demo,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (8 * 10**9,) * 2),
    )
    assert done.stderr.startswith("llm-stats: the query failed: out of memory (")
    assert len(done.stderr.splitlines()) == 1
    assert done.returncode == 1
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert children.ru_maxrss < 3_000_000  # kB


def test_show_finds_views_of_other_schemas(on_demo: Command) -> None:
    for name in ("raw.models", "staging.offers", "history.scores"):
        assert on_demo("show", name, "--limit", 1).code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "ofers"), "there is no view 'ofers'; did you mean offers?"),
        (("show", "x; drop table raw.models"), "there is no view"),
        (("show", "prices_as_of"), "prices_as_of takes parameters"),
        (("sql", "select * from nowhere"), "Table with name nowhere does not exist"),
        (("sql", "select * from read_csv('/etc/passwd')"), "file system operations are disabled"),
        (("sql", "copy (select 1) to 'stolen.csv'"), _NOT_RUN),
        (("sql", "attach 'other.duckdb'"), _NOT_RUN),
        (("sql", "set enable_external_access = true"), _NOT_RUN),
        (("sql", "create table t (x int)"), _NOT_RUN),
        (("sql", "install httpfs"), _NOT_RUN),
        (("sql", ""), "the query is empty"),
        (("sql", " ; -- nothing"), "the query is empty"),
        (("sql", "select 1; select 2"), _NOT_RUN),
        (("sql", "\udcff"), "the query is not valid UTF-8"),
        (("changes", "--since", "99999999999d"), "--since 99999999999d: not a time span"),
        (("changes", "--since", "999999d"), "--since 999999d: the date is out of range"),
        (("compare", "aurora-large-1"), "at least two different models"),
        (("compare", "aurora-large-1", "aurora-large"), "did you mean aurora-large-1"),
        (
            ("cost", "--input-tokens", "ten", "--output-tokens", "1"),
            "'ten' is not a number of tokens; write 2000000, 500k, 2M or 1.5B",
        ),
        (
            ("cost", "--input-tokens", "1", "--output-tokens", "1", "nothing-like-it"),
            "there is no model 'nothing-like-it'",
        ),
    ],
    ids=parameter_id,
)
def test_unknown_view_or_macro_is_an_error(
    on_demo: Command, workdir: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = on_demo(*arguments)
    assert message in done.err
    assert done.code == 2
    assert list(workdir.iterdir()) == []


def test_table_format_has_fewer_columns_than_json(on_demo: Command) -> None:
    cost = ("cost", "--input-tokens", "10M", "--output-tokens", "2M", "kestrel-embed-1")
    costs = on_demo(*cost).out
    assert costs.splitlines()[0].split() == [
        "model_id",
        "provider_id",
        "in",
        "$/M",
        "out",
        "$/M",
        "cost",
        "$",
    ]
    assert "kestrel-embed-1 (embedding)  kestrel " in costs
    names = [
        "model_id",
        "model_type",
        "provider_id",
        "input_usd_per_mtok",
        "output_usd_per_mtok",
        "cost_usd",
        "model_cost_rank",
        "suspect_reason",
    ]
    assert on_demo(*cost, "--format", "csv").out.splitlines()[0].split(",") == names
    changed, unchanged = (
        on_demo("history", model_id).out.splitlines()
        for model_id in ("aurora-large-1", "storm-1-nano")
    )
    assert [
        changed[0].split("  ")[0],
        "until (UTC)" in changed[0],
        "until (UTC)" in unchanged[0],
    ] == ["from (UTC)", True, False]
    assert any(line.endswith("  at northlight: 6.00 in, 30.00 out, active") for line in changed)
    names = ["valid_from", "valid_to", "kind", "counterpart_id", "description"]
    assert (
        on_demo("history", "storm-1-nano", "--format", "csv").out.splitlines()[0].split(",")
        == names
    )
    compared = (
        on_demo("compare", "aurora-large-1", "kestrel-2-pro").out.split("\n\n")[1].splitlines()
    )
    assert compared[0].split() == ["benchmark_id", "aurora-large-1", "kestrel-2-pro", "note"]
    assert next(line for line in compared if line.startswith("sample-math ")).split() == [
        "sample-math",
        "0.91",
        "best",
        "0.93",
        "–",
    ]
    assert any("not comparable: values look like two units mixed" in line for line in compared)
    assert "note" not in on_demo("compare", "aurora-large-1", "quill-coder-1").out


def test_error_escapes_names(on_demo: Command) -> None:
    done = on_demo("show", "\x1b[2J")
    assert "\x1b" not in done.err
