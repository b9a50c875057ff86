"""Options that several commands share, their helper functions, and shell completion."""

from __future__ import annotations

import datetime as dt
import io
import logging
from pathlib import Path

import click
import pytest
from llm_stats.cli import options
from llm_stats.cli.main import cli
from llm_stats.errors import UsageError
from llm_stats.table import Table
from support.new_warehouse import keep_snapshots, new_warehouse
from support.synthetic_catalog import synthetic_catalog

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
NUMBERS = Table(("n",), ("BIGINT",), [(number,) for number in range(3)])


def test_every_option_has_a_help_text_and_its_default() -> None:
    for name, command in cli.commands.items():
        with click.Context(command) as context:
            for parameter in command.params:
                if isinstance(parameter, click.Option):
                    text = parameter.get_help_record(context)
                    assert text is not None
                    assert len(text[1]) > 10, (name, parameter.name)
    assert "[default: table]" in cli.commands["show"].get_help(click.Context(cli))
    assert "[default: 20 for a table, else all]" in cli.commands["show"].get_help(
        click.Context(cli, terminal_width=200)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC)),
        ("36h", dt.datetime(2026, 11, 22, tzinfo=dt.UTC)),
        ("2026-11-01", dt.datetime(2026, 11, 1, tzinfo=dt.UTC)),
        ("2026-11-01T12:00", dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)),
        ("2026-11-01T12:00+02:00", dt.datetime(2026, 11, 1, 10, tzinfo=dt.UTC)),
    ],
)
def test_start_of_a_period(text: str, expected: dt.datetime) -> None:
    assert options.parse_since(text, NOW) == expected.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "--since soon: not a time span such as 7d or 36h, nor a date such as 2026-11-01"),
        ("999999d", "--since 999999d: the date is out of range; use a date such as 2026-11-01"),
    ],
)
def test_unreadable_start_of_a_period(text: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        options.parse_since(text, NOW)
    assert str(raised.value) == message


def test_default_number_of_rows() -> None:
    assert options.choose_limit(None, "table") == 20
    assert options.choose_limit(None, "csv") == 0
    assert options.choose_limit(3, "table") == options.choose_limit(3, "json") == 3
    assert options.choose_limit(0, "table") == 0


@pytest.mark.parametrize(
    ("arguments", "lines", "note"),
    [((2,), 2, "2 of 3 rows; --limit 0 shows all\n"), ((3,), 3, ""), ((0,), 3, ""), ((), 3, "")],
)
def test_omitted_rows_are_counted_on_standard_error(
    capsys: pytest.CaptureFixture[str], arguments: tuple[int, ...], lines: int, note: str
) -> None:
    options.print_table(NUMBERS, "csv", *arguments)
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 1 + lines
    assert printed.err == note


@pytest.mark.parametrize(
    ("size", "shown"),
    [(99_900, "99.9 kB"), (100_000, "0.1 MB"), (1_250_000, "1.2 MB"), (50, "0.1 kB")],
)
def test_size_of_a_written_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, size: int, shown: str
) -> None:
    (tmp_path / "page").write_bytes(b"x" * size)
    options.print_written(tmp_path / "page")
    assert capsys.readouterr().out == f"wrote {tmp_path}/page ({shown})\n"


def test_text_comes_from_a_file_or_from_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ids").write_text("é\n", "utf-8")
    assert options.read_text(tmp_path / "ids", "--ids-file") == "é\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("typed"))
    assert options.read_text(Path("-"), "sql") == "typed"
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, cause in (("binary", "not a text file"), ("gone", "No such file or directory")):
        with pytest.raises(UsageError) as raised:
            options.read_text(tmp_path / name, "--ids-file")
        assert str(raised.value) == f"--ids-file {tmp_path}/{name}: {cause}"


def test_one_handler_gets_the_warnings() -> None:
    logger = logging.getLogger("llm_stats")
    before = logger.handlers
    try:
        for _ in range(2):
            options.print_warnings(handler := logging.NullHandler())
        assert logger.handlers == [handler]
    finally:
        logger.handlers = before


class TestCompletion:
    """Completion in this process; `test_completion.py` completes in a real shell."""

    @pytest.fixture
    def context(self, tmp_path: Path) -> click.Context:
        with new_warehouse(tmp_path / "w.duckdb") as raw:
            record = synthetic_catalog(2, providers=1, scores=1)[0]
            ids = ["gpt-5.1", "a:b/c+d_e", "my model", "x;y", "llama"]
            raw.load([record | {"id": model_id} for model_id in ids], NOW)
            raw.apply()
        snapshot_ids = ("20261123T060000.000000Z", "20261224T060000.000000Z")
        keep_snapshots(tmp_path / "w.duckdb", *snapshot_ids)
        context = click.Context(cli)
        context.params = {"database": tmp_path / "w.duckdb"}
        return context

    def test_model_ids_without_characters_of_the_shell(self, context: click.Context) -> None:
        def complete(incomplete: str) -> list[str]:
            return options.complete_model_ids(context, context.command.params[0], incomplete)

        assert complete("") == ["a:b/c+d_e", "gpt-5.1", "llama"]
        assert complete("gp") == ["gpt-5.1"]
        context.params["destination"] = "nonsense"
        assert complete("") == []

    def test_views(self, context: click.Context) -> None:
        parameter = context.command.params[0]
        assert options.complete_views(context, parameter, "price_c") == ["price_changes"]
        assert options.complete_views(context, parameter, "prices_as") == [], "a macro"

    def test_checks_and_snapshots(self, context: click.Context) -> None:
        parameter = context.command.params[0]
        assert options.complete_checks(context, parameter, "prices_i") == ["prices_in_range"]
        ids = ["20261224T060000.000000Z", "20261123T060000.000000Z"]
        assert options.complete_snapshots(context, parameter, "2026") == ids
        assert options.complete_snapshots(context, parameter, "202612") == ids[:1]
        context.params = {"database": Path("x" * 300)}
        assert options.complete_snapshots(context, parameter, "") == []
        assert options.complete_model_ids(context, parameter, "") == []
