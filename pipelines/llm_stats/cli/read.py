"""Commands that read a published warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from llm_stats.cli.options import (
    choose_limit,
    complete_model_ids,
    complete_views,
    format_option,
    limit_option,
    location_options,
    make_format_option,
    open_reader,
    parse_since,
    print_table,
    print_written,
    read_text,
)
from llm_stats.terminal import echo, echo_wrapped
from llm_stats.text import escape_control_chars

if TYPE_CHECKING:
    from llm_stats.cli.render import Format


@click.command()
@click.argument("name", required=False, shell_complete=complete_views)
@limit_option
@click.option("--describe", is_flag=True, help="Print the meaning of the view and its columns.")
@format_option
@location_options
def show(
    name: str | None, limit: int | None, describe: bool, output_format: Format, **location: Any
) -> None:
    """Print a view; without a name, list all views.

    \b
    llm-stats show
    llm-stats show offers --describe
    llm-stats show model_prices --limit 5 --format markdown
    """
    with open_reader(**location) as reader:
        if name is None:
            print_table(reader.catalog(), output_format)
        elif describe:
            description, columns = reader.describe(name)
            echo_wrapped(
                escape_control_chars(description) + "\n", indent=0, err=output_format != "table"
            )
            print_table(columns, output_format)
        else:
            print_table(reader.fetch_table(name), output_format, choose_limit(limit, output_format))


class _Query(click.Command):
    """A command that runs an SQL query; the query may begin with a `--` comment."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(
            ctx, [f" {arg}" if arg.startswith("--") and "\n" in arg else arg for arg in args]
        )


@click.command(cls=_Query)
@click.argument("query")
@format_option
@location_options
def sql(query: str, output_format: Format, **location: Any) -> None:
    """Run an SQL query.

    QUERY is one read-only statement. With `-`, the statement is read from standard input. A query
    cannot change the warehouse file or access other files. Its memory and the size of its result
    are limited. If two columns have the same name, the second gets a number: a, a_1.

    \b
    llm-stats sql "select model_id, cheapest_provider_ids from marts.model_prices limit 5"
    llm-stats sql "$(cat question.sql)" --format csv
    llm-stats sql - < question.sql
    """
    from llm_stats.user_query import limited_process

    with open_reader(**location) as reader, limited_process():
        print_table(
            reader.execute_user_query(read_text(Path("-"), "sql") if query == "-" else query),
            output_format,
        )


@click.command()
@click.option(
    "--since",
    default="7d",
    show_default=True,
    help="A time span such as 36h, or a date such as 2026-11-01 (UTC).",
)
@make_format_option("atom")
@location_options
def changes(since: str, output_format: Format | Literal["atom"], **location: Any) -> None:
    """List changes of prices, scores and the catalog.

    The largest changes come first. The first run has no changes. The format `atom` is a feed with
    the newest changes first; small price changes are omitted, as in notifications.

    \b
    llm-stats changes --since 30d
    llm-stats changes --since 2026-11-01 --format markdown
    llm-stats changes --since 30d --format atom > changes.xml
    """
    import datetime as dt

    from llm_stats.queries import changes as queries

    start = parse_since(since, dt.datetime.now(dt.UTC))
    with open_reader(**location) as reader:
        if output_format == "atom":
            from llm_stats.report.feed import feed
            from llm_stats.settings import Settings

            echo(feed(reader, start, Settings.read(**location).notify_min_change_pct))
            return
        table = queries.since(reader, start)
    if output_format == "table" and not table.rows:
        echo(f"nothing changed since {start:%Y-%m-%d %H:%M} UTC")
    else:
        print_table(
            table if output_format == "json" else table.select("changed_at", "change"),
            output_format,
        )


@click.command()
@click.argument("model_id", shell_complete=complete_model_ids)
@format_option
@location_options
def history(model_id: str, output_format: Format, **location: Any) -> None:
    """Print the history of one model.

    The history shows offers, scores, and when the catalog listed the model. Each row has its period
    of validity (UTC). The oldest rows come first.

    \b
    llm-stats history aurora-large-1 --database llm_stats_demo.duckdb
    """
    from llm_stats.queries import history as queries

    with open_reader(**location) as reader:
        timeline = queries.history(reader, model_id)
    print_table(
        queries.for_terminal(timeline) if output_format == "table" else timeline, output_format
    )


@click.command()
@click.argument("model_ids", nargs=-1, required=True, shell_complete=complete_model_ids)
@format_option
@location_options
def compare(model_ids: tuple[str, ...], output_format: Format, **location: Any) -> None:
    """Compare models: facts, prices, benchmarks, wins and losses.

    Wins and losses omit the benchmarks marked `not counted`. A benchmark is not counted if it has
    fewer than three models, or models of only one organization.

    \b
    llm-stats compare aurora-large-1 kestrel-2-pro --database llm_stats_demo.duckdb
    """
    from llm_stats.cli.render import render_all
    from llm_stats.queries import compare as queries

    ids = list(dict.fromkeys(model_ids))
    with open_reader(**location) as reader:
        benchmarks = (
            queries.benchmarks_for_terminal if output_format == "table" else queries.benchmarks
        )
        tables = {
            "facts": queries.facts(reader, ids),
            "benchmarks": benchmarks(reader, ids),
            "head_to_head": queries.head_to_head(reader, ids),
        }
    echo(render_all(tables, output_format))


@click.command()
@click.argument("model_ids", nargs=-1, shell_complete=complete_model_ids)
@click.option("--input-tokens", required=True, help="Number, such as 2M, 500k, 1e6 or 2,000,000.")
@click.option("--output-tokens", required=True, help="Number, such as 500k.")
@limit_option
@format_option
@location_options
def cost(
    model_ids: tuple[str, ...],
    input_tokens: str,
    output_tokens: str,
    limit: int | None,
    output_format: Format,
    **location: Any,
) -> None:
    """Print the cost of a workload, cheapest offer first.

    Without model ids, the command compares all models. The same numbers of tokens do not mean the
    same work, because models need different numbers of tokens for the same task. A note marks an
    offer with a price that looks wrong.

    \b
    llm-stats cost --input-tokens 10M --output-tokens 2M
    llm-stats cost --input-tokens 2M --output-tokens 500k aurora-large-1 kestrel-2-pro
    """
    from llm_stats.queries import cost as queries

    with open_reader(**location) as reader:
        tokens = queries.parse_tokens(input_tokens), queries.parse_tokens(output_tokens)
        costs = queries.cost(reader, *tokens, model_ids)
    rows = choose_limit(limit, output_format)
    table = queries.for_terminal(costs, rows) if output_format == "table" else costs
    print_table(table, output_format, rows)


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write.  [default: llm_stats.html, named after the database]",
)
@location_options
def report(out: Path | None, **location: Any) -> int:
    """Write comparisons of all models as one HTML page.

    The page needs no server and no network. Mail it, keep it as a build artifact, or put it on any
    web server. An earlier page is replaced.

    \b
    llm-stats report
    llm-stats report --out public/index.html
    """
    from llm_stats.report.page import write

    with open_reader(**location) as reader:
        page = out or Path(reader.database.stem + ".html")
        write(reader, page)
    print_written(page)
    return 0


COMMANDS = (show, sql, changes, history, compare, cost, report)
