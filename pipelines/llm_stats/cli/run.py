"""Commands that build a warehouse: `run`, and `demo` on the bundled sample."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats.cli.options import (
    complete_checks,
    complete_model_ids,
    location_options,
    print_warnings,
    print_written,
    read_text,
)
from llm_stats.errors import UsageError
from llm_stats.terminal import WarningHandler, echo, echo_wrapped
from llm_stats.text import escape_control_chars, truncate_middle

if TYPE_CHECKING:
    from llm_stats.pipeline.result import RunResult
    from llm_stats.reporting.reporter import RunReporter


@click.command()
@click.argument("model_ids", nargs=-1, shell_complete=complete_model_ids)
@click.option(
    "--ids-file",
    type=click.Path(path_type=Path, allow_dash=True),
    help="File with one id per line and # comments; - reads standard input.",
)
@click.option(
    "--all",
    "all_models",
    is_flag=True,
    help="Read the catalog, and fetch every listed model that is due.",
)
@click.option(
    "--catalog-only", is_flag=True, help="With --all: read only the catalog, which has all prices."
)
@click.option("--base-url", help="Address of the API.")
@location_options
@click.option("--concurrency", type=int, help="Maximum requests in flight.  [default: 8]")
@click.option(
    "--requests-per-minute",
    type=int,
    help="Maximum requests in any minute; 0: no limit.  [default: 50]",
)
@click.option(
    "--max-requests",
    type=int,
    help="Maximum requests in this run, including retries; the next run fetches the other models.",
)
@click.option(
    "--max-age",
    help="Skip models fetched more recently, such as 6h or 7d.  [default: 7d with --all, else 0]",
)
@click.option(
    "--allow-failure",
    multiple=True,
    metavar="CHECK",
    shell_complete=complete_checks,
    help="Publish even though this check fails, in this run only. "
    "With models_left, missing models are unlisted, however many they are.",
)
@click.option(
    "--notify",
    is_flag=True,
    help="Send changes and failures to the setting `webhook_url`.",
)
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    help="Write the result of the run to this file, as JSON.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of progress and errors.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="After the run, write the page of `llm-stats report` to this file.",
)
@click.option(
    "--feed",
    type=click.Path(path_type=Path),
    help="After the run, write the changes of the last 30 days to this file, as an Atom feed.",
)
@click.option("--quiet", is_flag=True, help="Do not print progress.")
@click.pass_context
def run(
    context: click.Context,
    /,
    model_ids: tuple[str, ...],
    ids_file: Path | None,
    all_models: bool,
    catalog_only: bool,
    allow_failure: tuple[str, ...],
    notify: bool,
    summary: Path | None,
    log_format: str,
    report: Path | None,
    feed: Path | None,
    quiet: bool,
    **options: Any,
) -> int:
    """Fetch models into the warehouse and publish it.

    The API key comes from LLM_STATS_API_KEY or .dlt/secrets.toml, never from an option.

    \b
    llm-stats run gpt-5-2025-08-07 claude-opus-4-5
    llm-stats run --all --max-requests 240      models that are due, within the free daily quota
    llm-stats run --all --catalog-only          all prices, with one request per 200 models
    llm-stats run --ids-file watched.txt --max-age 6h
    llm-stats run --all --notify --summary run.json --log-format json     from a scheduler
    """
    from llm_stats.pipeline.interrupts import termination_interrupts
    from llm_stats.pipeline.progress import TextProgress
    from llm_stats.pipeline.run import execute
    from llm_stats.report.outputs import Outputs
    from llm_stats.reporting import json_log
    from llm_stats.selection import COMMAND, require_selection
    from llm_stats.settings import Settings

    is_json = log_format == "json"
    print_warnings(json_log.JsonLogHandler() if is_json else WarningHandler())
    is_debug = context.find_root().params["debug"]
    # the JSON log already contains the errors of the run; do not print them again
    logged_errors = (Exception, KeyboardInterrupt) if is_json and not is_debug else ()
    with (
        contextlib.suppress(*logged_errors),
        _make_reporter(summary, notify, is_json) as reporter,
        termination_interrupts(),
    ):
        ids = [*model_ids, *(_read_ids(ids_file) if ids_file else [])]
        settings = Settings.read(model_ids=ids or None, **options)
        reporter.start(settings)
        require_selection(
            COMMAND,
            settings.model_ids,
            are_given=bool(ids),
            all_models=all_models,
            catalog_only=catalog_only,
        )
        outputs = Outputs(report, feed)
        outputs.require_writable()  # fail before any request is sent
        progress = json_log.JsonProgress() if is_json else TextProgress()
        reporter.result = execute(
            settings,
            all_models=all_models,
            catalog_only=catalog_only,
            allowed_failures=allow_failure,
            progress=None if quiet else progress,
        )
        _print_result(reporter.result)
        for file in outputs.write(settings):
            print_written(file)
    return reporter.exit_code


def _make_reporter(summary: Path | None, notify: bool, is_json: bool) -> RunReporter:
    from llm_stats.reporting import json_log
    from llm_stats.reporting.reporter import RunReporter, make_sinks

    log = [json_log.JsonLog()] if is_json else []
    sinks = [*log, *make_sinks(summary, notify)]  # log the result before a failure to send it
    return RunReporter(sinks, json_log.log_sink_failure if is_json else None)


@click.command()
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=Path("llm_stats_demo.duckdb"),
    show_default=True,
    help="The file to write.",
)
def demo(database: Path) -> int:
    """Try everything on the bundled sample, without a key.

    \b
    llm-stats demo
    llm-stats show --database llm_stats_demo.duckdb
    """
    from llm_stats.cli.render import render
    from llm_stats.sample.demo import comparisons, run_demo

    print_warnings(WarningHandler())
    echo("This is a sample: the models, prices and scores are invented.\n")
    result = run_demo(database)
    _print_result(result)
    if not result.changes:
        echo_wrapped(
            "the sample has not changed since the last demo; list its earlier changes with "
            f"`llm-stats changes --since 7d --database {database}`"
        )
    for heading, table in comparisons(result.database):
        echo_wrapped(f"\n{heading}", indent=0)
        echo(render(table, "table"))
    next_steps = ("show", "show offers --describe", "report")
    echo(
        "\n".join(
            ["\nNext:", *(f"  llm-stats {step} --database {database}" for step in next_steps)]
        )
    )
    return result.exit_code


def _read_ids(file: Path) -> list[str]:
    """Return the ids of a file, one per line, without `#` comments."""
    text = read_text(file, "--ids-file")
    lines = text.removeprefix("\ufeff").splitlines()  # some editors write a byte order mark
    if not (ids := [model_id for line in lines if (model_id := line.split("#")[0].strip())]):
        raise UsageError(f"--ids-file {file} contains no ids")
    return ids


def _print_result(result: RunResult) -> None:
    from llm_stats.reporting.result_text import format_result

    for line in format_result(result):
        echo_wrapped(truncate_middle(escape_control_chars(line)))
