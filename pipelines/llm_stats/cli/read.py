"""Commands that read a published warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats.cli import completion
from llm_stats.cli.options import format_option, location_options, open_reader, print_table, read_text, write_report
from llm_stats.cli.status import status
from llm_stats.terminal import echo, echo_wrapped
from llm_stats.text import escape_control_chars

if TYPE_CHECKING:
    from llm_stats.cli.render import Format

_MOST_ROWS = 20

_limit_option = click.option(
    "--limit", type=click.IntRange(min=0), help=f"Most rows; 0: all.  [default: {_MOST_ROWS} for a table, else all]"
)


@click.command()
@click.argument("name", required=False, shell_complete=completion.views)
@_limit_option
@click.option("--describe", is_flag=True, help="What it says, and what each column means.")
@format_option
@location_options
def show(name: str | None, limit: int | None, describe: bool, output_format: Format, **place: Any) -> None:
    """Show a view; without a name, list what there is.

    \b
    llm-stats show
    llm-stats show offers --describe
    llm-stats show model_prices --limit 5 --format markdown
    """
    with open_reader(**place) as reader:
        if name is None:
            print_table(reader.catalog(), output_format)
        elif describe:
            says, columns = reader.describe(name)
            echo_wrapped(escape_control_chars(says) + "\n", indent=0, err=output_format != "table")
            print_table(columns, output_format)
        else:
            print_table(reader.fetch_table(name), output_format, _most(limit, output_format))


class _Query(click.Command):
    """A command whose argument may begin with `-- a comment`, which is no option: such a query goes on in another line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, [f" {arg}" if arg.startswith("--") and "\n" in arg else arg for arg in args])


@click.command(cls=_Query)
@click.argument("query")
@format_option
@location_options
def sql(query: str, output_format: Format, **place: Any) -> None:
    """Ask the warehouse anything, in SQL.

    One statement; `-` reads it from standard input. The file is opened read-only, and no other file can be reached. Of two columns with
    one name, the second gets a number: a, a_1.

    \b
    llm-stats sql "select model_id, cheapest_provider_ids from marts.model_prices limit 5"
    llm-stats sql "$(cat question.sql)" --format csv
    llm-stats sql - < question.sql
    """
    with open_reader(**place) as reader:
        print_table(reader.execute_user_query(read_text(Path("-"), "sql") if query == "-" else query), output_format)


@click.command()
@click.option("--since", default="7d", show_default=True, help="A time span such as 36h, or a date such as 2026-11-01 (UTC).")
@format_option
@location_options
def changes(since: str, output_format: Format, **place: Any) -> None:
    """What changed, biggest first.

    \b
    llm-stats changes --since 30d
    llm-stats changes --since 2026-11-01 --format markdown
    """
    import datetime as dt

    from llm_stats.queries import changes as changed

    moment = changed.parse_since(since, dt.datetime.now(dt.UTC))
    with open_reader(**place) as reader:
        found = changed.since(reader, moment)
    if output_format == "table" and not found.rows:
        echo(f"nothing changed since {moment:%Y-%m-%d %H:%M} UTC")
    else:
        print_table(found if output_format == "json" else found.select("changed_at", "change"), output_format)


@click.command()
@click.argument("model_id", shell_complete=completion.model_ids)
@format_option
@location_options
def history(model_id: str, output_format: Format, **place: Any) -> None:
    """The timeline of one model: its offers and scores.

    Each with from when to when it was true (UTC), oldest first.

    \b
    llm-stats history aurora-large-1 --database llm_stats_demo.duckdb
    """
    from llm_stats.queries import history

    with open_reader(**place) as reader:
        found = history.history(reader, model_id)
    print_table(history.for_terminal(found) if output_format == "table" else found, output_format)


@click.command()
@click.argument("model_ids", nargs=-1, required=True, shell_complete=completion.model_ids)
@format_option
@location_options
def compare(model_ids: tuple[str, ...], output_format: Format, **place: Any) -> None:
    """Models side by side: facts, prices, shared benchmarks.

    \b
    llm-stats compare aurora-large-1 kestrel-2-pro --database llm_stats_demo.duckdb
    """
    from llm_stats.cli.render import render_all
    from llm_stats.queries import compare as side_by_side

    ids = list(dict.fromkeys(model_ids))
    with open_reader(**place) as reader:
        benchmarks = side_by_side.benchmarks_for_terminal if output_format == "table" else side_by_side.benchmarks
        tables = {"facts": side_by_side.facts(reader, ids), "benchmarks": benchmarks(reader, ids)}
    echo(render_all(tables, output_format))


@click.command()
@click.argument("model_ids", nargs=-1, shell_complete=completion.model_ids)
@click.option("--input-tokens", required=True, help="Such as 2M, 500k, 1e6 or 2,000,000.")
@click.option("--output-tokens", required=True, help="Such as 500k.")
@_limit_option
@format_option
@location_options
def cost(model_ids: tuple[str, ...], input_tokens: str, output_tokens: str, limit: int | None, output_format: Format, **place: Any) -> None:
    """What so many tokens cost, cheapest offer first.

    For all models, or those named.

    \b
    llm-stats cost --input-tokens 10M --output-tokens 2M
    llm-stats cost --input-tokens 2M --output-tokens 500k aurora-large-1 kestrel-2-pro
    """
    from llm_stats.queries import cost as workload

    with open_reader(**place) as reader:
        sums = workload.parse_tokens(input_tokens), workload.parse_tokens(output_tokens)
        found = workload.cost(reader, *sums, model_ids)
    print_table(workload.for_terminal(found) if output_format == "table" else found, output_format, _most(limit, output_format))


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: llm_stats.html, named after the database]")
@location_options
def report(out: Path | None, **place: Any) -> int:
    """Write the comparisons as one HTML page.

    It needs no server and no network, so it can be mailed, kept as a build artifact or put on any web server. An earlier page is replaced.

    \b
    llm-stats report
    llm-stats report --out public/index.html
    """
    write_report(out, **place)
    return 0


COMMANDS = (show, sql, changes, history, compare, cost, status, report)


def _most(limit: int | None, output_format: Format) -> int:
    """People read a screen; a program wants everything."""
    return limit if limit is not None else _MOST_ROWS if output_format == "table" else 0
