"""Python API: `run`, the counterpart of the command `llm-stats run`."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TypedDict, Unpack

from llm_stats.pipeline.result import RunResult

# `import llm_stats` loads this module and must be fast, so `run` imports everything else.


class RunSettings(TypedDict, total=False):
    """Keyword arguments of `run`, one per setting; None is the same as no argument.

    The class `Settings` documents each setting.
    """

    api_key: str | None
    base_url: str | None
    database: str | os.PathLike[str] | None
    destination: str | None
    requests_per_minute: int | None
    concurrency: int | None
    max_requests: int | None
    max_age: str | int | dt.timedelta | None
    cache_ttl: str | int | dt.timedelta | None
    keep_snapshots: int | None
    webhook_url: str | None
    notify_min_change_pct: float | None


def run(
    model_ids: Iterable[str] | None = None,
    *,
    all_models: bool = False,
    catalog_only: bool = False,
    allowed_failures: Collection[str] = (),
    notify: bool = False,
    summary: str | os.PathLike[str] | None = None,
    report: str | os.PathLike[str] | None = None,
    feed: str | os.PathLike[str] | None = None,
    **settings: Unpack[RunSettings],
) -> RunResult:
    """Fetch models, merge them into a copy of the warehouse and publish the copy.

    Every setting is also a keyword argument (`database=`, `base_url=`, `max_requests=`, …).
    Settings that are not passed come from the environment and `.dlt/`. With `all_models`, the run
    reads the catalog and fetches every listed model whose record is missing, old or changed. With
    `catalog_only`, no model is fetched.
    `allowed_failures` names checks whose errors are only warnings in this run.

    `notify` sends changes and failures to the URL in the setting `webhook_url`. `summary` is the
    path of a JSON file with the result. The notification and the summary also report a failed run.
    `report` and `feed` are the paths of an HTML page and an Atom feed, written after the run. If
    the notification or the summary fails, a warning is logged. The run logs nothing except
    warnings.

    Raises an `LlmStatsError` if the run fails as a whole; the published prices and scores
    are then unchanged. The result has exit code 4 after a run with failures, and 75 after a run
    that deferred models to a later run. On Ctrl-C, raises `Interrupted`, a `KeyboardInterrupt`.
    Raises `UsageError` after the run if the report or the feed cannot be written.
    """
    from llm_stats.pipeline.run import execute
    from llm_stats.report.outputs import Outputs
    from llm_stats.reporting.reporter import RunReporter, make_sinks
    from llm_stats.selection import PYTHON, require_selection
    from llm_stats.settings import Settings

    outputs = Outputs(_to_path(report), _to_path(feed))
    ids = model_ids if model_ids is None or isinstance(model_ids, str) else list(model_ids)
    with RunReporter(make_sinks(_to_path(summary), notify), _log_failure) as reporter:
        valid = Settings.read(model_ids=ids, **settings)
        reporter.start(valid)
        require_selection(
            PYTHON,
            valid.model_ids,
            are_given=bool(ids),
            all_models=all_models,
            catalog_only=catalog_only,
        )
        outputs.require_writable()  # fail before any request is sent
        result = reporter.result = execute(
            valid,
            all_models=all_models,
            catalog_only=catalog_only,
            allowed_failures=allowed_failures,
        )
        list(outputs.write(valid))
    return result


def _to_path(file: str | os.PathLike[str] | None) -> Path | None:
    return None if file is None else Path(file)


def _log_failure(_: str, message: str) -> None:
    logging.getLogger(__name__).warning(message)
