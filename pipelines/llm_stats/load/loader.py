"""One load with dlt: fetch results into a separate dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_stats.errors import LlmStatsError, LoadFailed

if TYPE_CHECKING:
    from llm_stats.schema.fetch import FetchResult

#: Models per page of Arrow tables; larger pages would barely reduce the load time.
_PAGE_SIZE = 200


def load(
    results: Iterable[FetchResult],
    folder: Path,
    destination: Any,
    dataset_name: str,
    *,
    file_format: Any = None,
    format_error: Callable[[BaseException], str] = str,
) -> str:
    """Load fetch results into a dataset of a dlt destination; return the load id.

    `folder` is a new folder for dlt's pipeline files. In a used folder, dlt would load pending data
    of an earlier run instead of `results`. `file_format` is the loader file format; None selects
    the destination's default. `format_error` converts an error to text. Raises `LoadFailed`.
    """
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed

    from llm_stats.load import dlt_config
    from llm_stats.load.source import raw_tables, to_pages
    from llm_stats.schema.arrow import to_arrow

    tables = raw_tables(lambda: map(to_arrow, to_pages(results, _PAGE_SIZE)), merge=False)
    try:
        with dlt_config.isolated():
            pipeline = dlt.pipeline(
                "llm_stats",
                pipelines_dir=str(folder),
                destination=destination,
                dataset_name=dataset_name,
            )
            info = pipeline.run(tables, loader_file_format=file_format)
    except PipelineStepFailed as error:
        cause = error.__cause__ or error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, LlmStatsError | KeyboardInterrupt):
            raise cause from None
        message = f"loading failed in step {error.step}: {format_error(cause)}"
        raise LoadFailed(f"{message}; nothing was published") from error
    return str(info.loads_ids[-1])
