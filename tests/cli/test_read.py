"""Looking at the published file: what the commands show, in every format, and what they refuse."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import duckdb
import pytest
from llm_stats.cli.render import aligned, render
from llm_stats.errors import UsageError
from llm_stats.queries import compare, cost, history
from llm_stats.queries.checks import CheckResult
from llm_stats.queries.cost import parse_tokens
from llm_stats.table import Table
from llm_stats.text import escape_control_chars, format_number, format_value
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score


@pytest.fixture
def look(llm_stats: Command, demo: Path) -> Command:
    return lambda *arguments: llm_stats(*arguments, "--database", demo)


def test_show_lists_every_view_with_its_meaning(look: Command) -> None:
    listed = json.loads(look("show", "--format", "json").out)
    assert {"models", "offers", "scores", "benchmarks", "leaderboard", "prices_as_of"} <= {entry["name"] for entry in listed}
    assert all(entry["meaning"] for entry in listed)


def test_show_describes_every_column(look: Command) -> None:
    for entry in json.loads(look("show", "--format", "json").out):
        described = look("show", entry["name"], "--describe", "--format", "json")
        assert entry["meaning"] in described.err
        columns = json.loads(described.out)
        assert columns
        if entry["kind"] == "view":
            assert all(column["meaning"] for column in columns), entry["name"]


def test_show_in_every_format(look: Command) -> None:
    as_json = json.loads(look("show", "offers", "--limit", 3, "--format", "json").out)
    assert len(as_json) == 3
    as_csv = list(csv.DictReader(look("show", "offers", "--limit", 3, "--format", "csv").out.splitlines()))
    assert [row["provider_id"] for row in as_csv] == [row["provider_id"] for row in as_json]
    as_markdown = look("show", "offers", "--limit", 3, "--format", "markdown").out.splitlines()
    assert len(as_markdown) == 5
    assert as_markdown[0].startswith("| model_id | provider_id |")
    assert "model_id" in look("show", "offers").out


def test_only_a_table_for_people_is_cut_and_it_says_so(look: Command) -> None:
    cut = look("show", "offers")
    assert (len(cut.out.splitlines()), cut.err) == (2 + 20, "20 of 30 rows; --limit 0 shows all\n")
    whole = look("show", "offers", "--limit", 0)
    assert (len(whole.out.splitlines()), whole.err) == (2 + 30, "")
    for output_format, lines in (("csv", 1 + 30), ("markdown", 2 + 30)):
        done = look("show", "offers", "--format", output_format)
        assert (len(done.out.splitlines()), done.err) == (lines, "")
    assert len(json.loads(look("show", "offers", "--format", "json").out)) == 30
    asked = look("show", "offers", "--limit", 3, "--format", "json")
    assert (len(json.loads(asked.out)), asked.err) == (3, "3 of 30 rows; --limit 0 shows all\n")
    cost = ("cost", "--input-tokens", 1, "--output-tokens", 1)
    assert "20 of 28 rows" in look(*cost).err
    assert len(json.loads(look(*cost, "--format", "json").out)) == 28


def test_show_describes_a_macro_with_defaults_and_a_call(look: Command) -> None:
    done = look("show", "blended_price", "--describe")
    assert "For example: `marts.blended_price(5, 25)`" in done.out
    parameters = json.loads(look("show", "blended_price", "--describe", "--format", "json").out)
    assert [tuple(row.values()) for row in parameters] == [
        ("input", None),
        ("output", None),
        ("input_weight", "3"),
        ("output_weight", "1"),
    ]


@pytest.mark.parametrize("query", ["-- how many\nselect 1 as one", "--how many\nselect 1 as one;", "/* how */ select 1 as one"])
def test_a_query_may_begin_with_a_comment(llm_stats: Command, demo: Path, query: str) -> None:
    options = ("--format", "json", "--database", demo)
    for arguments in ((query, *options), (*options, query), (*options, "--", query)):
        assert json.loads(llm_stats("sql", *arguments).out) == [{"one": 1}]


def test_a_query_may_come_from_standard_input(look: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("-- a file\nselect 1 as one;\n"))
    assert json.loads(look("sql", "-", "--format", "json").out) == [{"one": 1}]


def test_json_is_valid_and_loses_no_column(look: Command) -> None:
    query = "select 'nan'::double as n, [1.5, 'inf'::double] as l, 1 as a, 2 as a, 3 as a_1, map {date '2026-01-02': 1} as m"
    done = look("sql", query, "--format", "json")
    assert json.loads(done.out, parse_constant=pytest.fail) == [
        {"n": None, "l": [1.5, None], "a": 1, "a_1": 2, "a_1_1": 3, "m": {"2026-01-02": 1}}
    ]


def test_csv_tells_null_from_empty_text(look: Command) -> None:
    query = "select null as a, '' as b, true as c, false as d, 'x,\"y\"' as e, [1, null] as f, 'nan'::double as g, 1e300 as h"
    assert look("sql", query, "--format", "csv").out.splitlines()[1] == ',"",true,false,"x,""y""","[1, null]",nan,1e+300'
    rows = look("sql", "select unnest(['a', null]) as x", "--format", "csv").out
    assert rows == "x\na\n\n"


def test_an_explained_query_is_readable(look: Command) -> None:
    shown = look("sql", "explain select 1").out
    assert "\\n" not in shown
    assert len(shown.splitlines()) > 5


@pytest.mark.parametrize(("command", "options"), [("snapshots", ()), ("check", ()), ("rollback", ()), ("export", ("out",))])
def test_no_database_no_command(llm_stats: Command, workdir: Path, command: str, options: tuple[str, ...]) -> None:
    done = llm_stats(command, *options, "--database", "nowhere/x.duckdb")
    assert (done.code, "x.duckdb does not exist; make it with" in done.err) == (2, True)
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize("layout", ["99", "0", "'two'", "null", None])
def test_a_file_of_another_layout_is_refused_by_every_command(llm_stats: Command, workdir: Path, layout: str | None) -> None:
    with duckdb.connect(workdir / "w.duckdb") as connection:
        connection.execute(
            "create schema history; create table history.schema_version (version " + ("varchar" if layout == "'two'" else "int") + ")"
        )
        if layout:
            connection.execute(f"insert into history.schema_version values ({layout})")
    says = {"99": "knows 3 at most; upgrade", "0": "too old to migrate"}.get(str(layout), "but not an llm-stats warehouse")
    for command in ("show", "changes", "check", "status", "export out", "snapshots", "report", "run x"):
        done = llm_stats(*command.split(), "--database", "w.duckdb")
        assert (done.code, says in done.err) == (2, True), command
    assert [path.name for path in workdir.iterdir()] == ["w.duckdb"]


def test_a_link_that_leads_nowhere(llm_stats: Command, workdir: Path) -> None:
    (workdir / "w.duckdb").symlink_to("gone.duckdb")
    for command in ("show", "run x", "snapshots"):
        done = llm_stats(*command.split(), "--database", "w.duckdb")
        assert (done.code, "w.duckdb links to gone.duckdb, which does not exist; go back with" in done.err) == (2, True), command


def test_a_model_may_be_called_as_a_column(llm_stats: Command, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "w.duckdb") as connection:
        raw = RawTables(connection)
        raw.load([make_record("fact"), make_record("winner")], dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        raw.apply()
    compared = json.loads(llm_stats("compare", "fact", "winner", "--format", "json", "--database", tmp_path / "w.duckdb").out)
    assert compared["facts"][0].keys() == {"fact", "fact_1", "winner"}
    assert compared["facts"][0]["fact"] == "organization"


def test_show_reaches_the_other_schemas(look: Command) -> None:
    for name in ("raw.models", "staging.offers", "history.scores"):
        assert look("show", name, "--limit", 1).code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "ofers"), "there is no view 'ofers'; did you mean offers?"),
        (("show", "x; drop table raw.models"), "there is no view"),
        (("show", "prices_as_of"), "prices_as_of takes parameters"),
        (("sql", "select * from nowhere"), "Table with name nowhere does not exist"),
        (("sql", "select * from read_csv('/etc/passwd')"), "file system operations are disabled"),
        (("sql", "copy (select 1) to 'stolen.csv'"), "file system operations are disabled"),
        (("sql", "attach 'other.duckdb'"), "file system operations are disabled"),
        (("sql", "set enable_external_access = true"), "Cannot change configuration option"),
        (("sql", "create table t (x int)"), "read-only"),
        (("sql", "install httpfs"), ""),
        (("sql", ""), "the query is empty"),
        (("sql", " ; -- nothing"), "the query is empty"),
        (("sql", "select 1; select 2"), "expected one SQL statement, got 2"),
        (("sql", "\udcff"), "the query is not text"),
        (("changes", "--since", "99999999999d"), "--since 99999999999d: neither a time span"),
        (("changes", "--since", "999999d"), "--since 999999d: before all dates"),
        (("compare", "aurora-large-1"), "at least two different models"),
        (("compare", "aurora-large-1", "aurora-large"), "did you mean aurora-large-1"),
        (("cost", "--input-tokens", "ten", "--output-tokens", "1"), "'ten' is not a number of tokens; write 2000000, 500k, 2M or 1.5B"),
        (("cost", "--input-tokens", "1", "--output-tokens", "1", "nothing-like-it"), "there is no model 'nothing-like-it'"),
    ],
)
def test_what_cannot_be_shown_is_said(look: Command, workdir: Path, arguments: tuple[str, ...], says: str) -> None:
    done = look(*arguments)
    assert done.code == 2
    assert says in done.err
    assert list(workdir.iterdir()) == []


def test_a_database_that_is_not_there(llm_stats: Command, workdir: Path) -> None:
    done = llm_stats("show")
    assert (done.code, "llm_stats.duckdb does not exist; make it with" in done.err) == (2, True)
    (workdir / "text").write_text("x")
    assert "cannot be opened as a DuckDB database" in llm_stats("show", "--database", "text").err


def test_compare_shows_facts_and_the_winner_of_each_shared_benchmark(look: Command) -> None:
    found = json.loads(look("compare", "aurora-large-1", "kestrel-2-pro", "--format", "json").out)
    facts = {row["fact"]: (row["aurora-large-1"], row["kestrel-2-pro"]) for row in found["facts"]}
    assert facts["context window, tokens"] == ("400,000", "256,000")
    assert facts["cheapest offer, $ per M tokens"] == (
        "5.00 in, 25.00 out, alpine-cloud or northlight",
        "2.70 in, 13.50 out, bluebird",
    )
    winners = {row["benchmark_id"]: row["winner"] for row in found["benchmarks"]}
    assert winners["sample-arena"] == "aurora-large-1"
    assert winners["sample-math"] == "kestrel-2-pro"
    assert winners["sample-long-context"].startswith("not comparable: ")


def test_compare_says_who_shares_the_lowest_price(llm_stats: Command, workdir: Path) -> None:
    providers = [make_offer("c", 5, 25), make_offer("b", 4, 28), make_offer("a", 5, 25), make_offer("a", 5, 25), make_offer("d", 6, 30)]
    with duckdb.connect(workdir / "w.duckdb") as connection:
        raw = RawTables(connection)
        raw.load([make_record("m", providers=providers), make_record("n")], dt.datetime.fromisoformat("2026-01-01"))
        raw.apply()
    (*_, cheapest) = json.loads(llm_stats("compare", "m", "n", "--database", "w.duckdb", "--format", "json").out)["facts"]
    assert (cheapest["m"], cheapest["n"]) == ("5.00 in, 25.00 out, a or c; 4.00 in, 28.00 out, b", "–")


def test_cost_is_what_the_tokens_cost_cheapest_first(look: Command) -> None:
    rows = json.loads(look("cost", "--input-tokens", "10M", "--output-tokens", "2_000k", "aurora-large-1", "--format", "json").out)
    assert [(row["provider_id"], row["cost_usd"], row["model_cost_rank"]) for row in rows] == [
        ("alpine-cloud", 100.0, 1),
        ("northlight", 100.0, 1),
        ("bluebird", 110.0, 3),
    ]
    assert {row["model_type"] for row in rows} == {"llm"}
    everything = json.loads(look("cost", "--input-tokens", "1", "--output-tokens", "0", "--format", "json").out)
    costs = [row["cost_usd"] for row in everything]
    assert costs == sorted(costs)


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
            assert any(line.startswith("──") for line in lines[:5]), f"{name} is a table, no blocks"


def test_people_are_shown_fewer_columns_and_programs_all(look: Command) -> None:
    cost = ("cost", "--input-tokens", "10M", "--output-tokens", "2M", "kestrel-embed-1")
    assert look(*cost).out.splitlines()[0].split() == ["model_id", "provider_id", "in", "$/M", "out", "$/M", "cost", "$"]
    assert "kestrel-embed-1 (embedding)  kestrel " in look(*cost).out
    names = ["model_id", "model_type", "provider_id", "input_usd_per_mtok", "output_usd_per_mtok", "cost_usd", "model_cost_rank"]
    assert look(*cost, "--format", "csv").out.splitlines()[0].split(",") == names
    changed, unchanged = (look("history", model_id).out.splitlines() for model_id in ("aurora-large-1", "storm-1-nano"))
    assert [changed[0].split("  ")[0], "until (UTC)" in changed[0], "until (UTC)" in unchanged[0]] == ["from (UTC)", True, False]
    assert any(line.endswith("  at northlight: 6.00 in, 30.00 out, active") for line in changed)
    names = ["valid_from", "valid_to", "kind", "counterpart_id", "description"]
    assert look("history", "storm-1-nano", "--format", "csv").out.splitlines()[0].split(",") == names
    compared = look("compare", "aurora-large-1", "kestrel-2-pro").out.split("\n\n")[1].splitlines()
    assert compared[0].split() == ["benchmark_id", "aurora-large-1", "kestrel-2-pro", "note"]
    assert next(line for line in compared if line.startswith("sample-math ")).split() == ["sample-math", "0.91", "best", "0.93", "–"]
    assert any("not comparable: values look like two units mixed" in line for line in compared)
    assert "note" not in look("compare", "aurora-large-1", "quill-coder-1").out


@pytest.mark.parametrize(
    ("text", "number_of"),
    [
        ("2000000", 2e6),
        ("2_000_000", 2e6),
        ("2,000,000", 2e6),
        ("1e6", 1e6),
        ("1.5e+6", 1.5e6),
        ("500k", 5e5),
        ("1.5B", 1.5e9),
        ("1,500.5k", 1500500.0),
    ],
)
def test_tokens_as_people_write_them(text: str, number_of: float) -> None:
    assert parse_tokens(text) == number_of


@pytest.mark.parametrize("text", ["", "ten", "-1", "1,5M", "1,00", "1e999", "nan", "1__000_", "0x10"])
def test_what_is_no_number_of_tokens(text: str) -> None:
    with pytest.raises(UsageError, match="is not a number of tokens; write 2000000, 500k, 2M or"):
        parse_tokens(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (True, "yes"),
        (0.0, "0"),
        (4800.0, "4,800"),
        (0.35, "0.35"),
        (0.0000125, "1.25e-05"),
        (10.0, "10"),
        (-29.5, "-29.5"),
        (1e300, "1e+300"),
        (2.5e14, "250,000,000,000,000"),
        (400000, "400,000"),
        (["a", None], "a, –"),
        ("\x1b[31mred\u202e\n", "\\x1b[31mred\\u202e\\n"),
    ],
)
def test_values_as_people_read_them(value: object, text: str) -> None:
    assert format_value(value) == text


def test_numbers_keep_no_digit_that_says_nothing() -> None:
    assert [format_number(value) for value in (1.0, 0.5, 1 / 3, 1e-9, 1234567.891)] == ["1", "0.5", "0.3333", "1e-09", "1,234,567.891"]


def test_text_that_would_steer_a_terminal_is_shown_and_not_obeyed() -> None:
    hostile = Table(("x",), ("VARCHAR",), [("\x1b]0;owned\x07\u2066",)])
    for output_format in ("table", "markdown"):
        assert "\x1b" not in render(hostile, output_format)
    assert "\x1b" in next(iter(json.loads(render(hostile, "json"))[0].values()))
    assert escape_control_chars("plain – ünïcode") == "plain – ünïcode"


def test_a_finding_is_one_line_whatever_the_names() -> None:
    finding = CheckResult("keys", "error", "Says so", 1, ("model_id",), [("a\n  error: forged",)])
    assert str(finding) == "error: keys: Says so: 1 row: model_id=a\\n  error: forged"


def test_an_error_quotes_names_safely(look: Command) -> None:
    done = look("show", "\x1b[2J")
    assert "\x1b" not in done.err
