"""One load with dlt: fetch results and the catalog into a separate dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_stats.errors import LlmStatsError, LoadFailed

if TYPE_CHECKING:
    from llm_stats.schema.catalog import CatalogLoad
    from llm_stats.schema.fetch import FetchResult

#: Models per page of Arrow tables; larger pages would barely reduce the load time.
_PAGE_SIZE = 200


def load(
    results: Iterable[FetchResult],
    catalog: CatalogLoad | None,
    folder: Path,
    destination: Any,
    dataset_name: str,
    *,
    file_format: Any = None,
    format_error: Callable[[BaseException], str] = str,
) -> str:
    """Load fetch results and the catalog into a dataset; return the load id.

    `folder` is a new folder for dlt's pipeline files. In a used folder, dlt would load pending data
    of an earlier run instead of `results`. `file_format` is the loader file format; None selects
    the destination's default. `format_error` converts an error to text. Raises `LoadFailed`.
    """
    import dlt
    from dlt.pipeline.exceptions import PipelineStepFailed

    from llm_stats.load import dlt_config
    from llm_stats.load.source import Page, raw_tables, to_pages
    from llm_stats.schema.arrow import catalog_to_arrow, empty_tables, to_arrow

    def pages() -> Iterator[Page]:
        results_by_page = map(to_arrow, to_pages(results, _PAGE_SIZE))
        first = next(results_by_page, {})
        # dlt creates a table only if some page contains it, so the first page contains all tables
        yield empty_tables() | (catalog_to_arrow(catalog) if catalog else {}) | first
        yield from results_by_page

    tables = raw_tables(pages, merge=False)
    try:
        with dlt_config.isolated(), dlt_config.separate_pipeline():
            pipeline = dlt.pipeline(
                "llm_stats",
                pipelines_dir=str(folder),
                destination=destination,
                dataset_name=dataset_name,
            )
            info = pipeline.run(tables, loader_file_format=file_format)
    except PipelineStepFailed as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        if isinstance(cause, LlmStatsError | KeyboardInterrupt):
            raise cause from None
        message = f"loading failed in step {error.step}: {format_error(cause)}"
        raise LoadFailed(f"{message}; nothing was published") from error
    return str(info.loads_ids[-1])
