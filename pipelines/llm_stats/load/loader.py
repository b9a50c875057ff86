"""One load with dlt: from answers to tables of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_stats.errors import LlmStatsError, LoadFailed

if TYPE_CHECKING:
    from llm_stats.schema.fetch import FetchResult


def disable_dlt_side_effects() -> None:
    """Has dlt send nothing and say nothing, unless the environment wants it otherwise; called before dlt is imported."""
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    os.environ.setdefault("RUNTIME__INTERCEPT_SIGNALS", "false")  # a first Ctrl-C would only be noted
    os.environ.setdefault("RUNTIME__LOG_LEVEL", "CRITICAL")  # failures come as exceptions, and are reported once


def load(
    answers: Iterable[FetchResult],
    folder: Path,
    destination: Any,
    dataset_name: str,
    *,
    file_format: Any = None,
    format_error: Callable[[BaseException], str] = str,
) -> str:
    """Loads what answers bring into a dataset of a destination of dlt's, from a clean working folder; the id of the load.

    Nothing pending from another run can get in the way, for there is none. `file_format` is the one to load with, if not the destination's
    favourite; `format_error` returns the message of an error. Raises `LoadFailed`.
    """
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed

    from llm_stats.load.source import batches

    pipeline = dlt.pipeline("llm_stats", pipelines_dir=str(folder), destination=destination, dataset_name=dataset_name)
    try:
        info = pipeline.run(batches(answers), loader_file_format=file_format)
    except PipelineStepFailed as error:
        cause = error.__cause__ or error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, LlmStatsError | KeyboardInterrupt):
            raise cause from None
        raise LoadFailed(f"loading failed in step {error.step}: {format_error(cause)}; nothing was published") from error
    return str(info.loads_ids[-1])
