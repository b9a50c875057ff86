"""Text of a result: the lines that a run prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from llm_stats.text import format_command, pluralize

if TYPE_CHECKING:
    from llm_stats.pipeline.result import RunResult
    from llm_stats.schema.catalog import CatalogSummary

_MAX_LINES = 20


def format_result(result: RunResult) -> Iterator[str]:
    """Yield the lines that a run prints: counts, problems, changes, the published file."""
    yield result.message
    if result.catalog:
        yield from _format_catalog(result.catalog)
    if result.reused:
        reused = pluralize(result.reused, "response was", "responses were")
        yield f"{reused} reused from an earlier run that was not published"
    if result.skipped:
        reason = "not due" if result.catalog else "newer than --max-age"
        skipped = pluralize(result.skipped, "model skipped", "models skipped")
        yield f"{skipped} ({reason})"
    problems = result.problems
    for fetch in problems[:_MAX_LINES]:
        again = " again" if fetch.model_id in result.known_failures else ""
        yield f"  {fetch.outcome}{again}: {fetch.model_id}: {fetch.message}"
    if len(problems) > _MAX_LINES:
        query = "select * from marts.freshness where consecutive_failures > 0"
        yield f"  and {len(problems) - _MAX_LINES} more: {query}"
    if result.stop_reason:
        deferred = pluralize(result.outcomes["deferred"], "model is", "models are")
        rest = f"{deferred} deferred to a later run"
        if result.catalog and result.catalog.cut_off == "deferred":
            is_budget = result.stop_reason.kind == "budget"
            rest = "the catalog has more pages, " + (
                "so allow more requests" if is_budget else "which a later run reads"
            )
        yield f"stopped early: {result.stop_reason.message}; {rest}"
    if result.quota:
        yield f"quota: {result.quota}"
    if result.new_fields:
        yield f"new fields, kept in the column `extra`: {', '.join(sorted(result.new_fields))}"
    if not result.is_published:
        yield "nothing was published: no model is due"
        return
    for warning in result.warnings:
        yield f"allowed: {warning}" if warning.severity == "error" else str(warning)
    yield from _format_news(result)
    yield f"published {result.location}"


def _format_catalog(catalog: CatalogSummary) -> Iterator[str]:
    """Yield `catalog: 335 models on 2 pages, 4 new or changed`, and lines about problems."""
    models, pages = pluralize(catalog.models, "model"), pluralize(catalog.pages, "page")
    yield f"catalog: {models} on {pages}, {catalog.changed} new or changed"
    if not catalog.has_summaries:
        yield "warning: no summary in the catalog is valid; only its ids are used"
    if catalog.gap:
        yield f"warning: the catalog is incomplete: {catalog.gap}; no model was unlisted"
    elif catalog.missing and not catalog.is_trusted and catalog.has_summaries:
        yield (
            f"warning: {catalog.missing} of {catalog.listed_before} listed models are missing in "
            "the catalog; no model was unlisted; if they left, add --allow-failure models_left"
        )


def _format_news(result: RunResult) -> Iterator[str]:
    """Yield the news of a run: for a first run, only `14 new models`.

    For a later run, yield `1 new model, 6 changes, largest first:` and a line for each change
    or new model.
    """
    changes = [change["change"] for change in result.changes]
    new = pluralize(len(result.new_models), "new model")
    seen = result.catalog.models if result.catalog and result.catalog.has_summaries else 0
    if result.new_models and len(result.new_models) == max(seen, result.outcomes["loaded"]):
        yield new
        return
    count = pluralize(len(changes), "change") + (", largest first" if changes else "")
    news = [f"new: {model_id}" for model_id in result.new_models] + changes
    yield (f"{new}, {count}" if result.new_models else count) + (":" if news else "")
    yield from (f"  {line}" for line in news[:_MAX_LINES])
    if len(news) > _MAX_LINES:
        database = None if result.destination else result.database
        yield f"  and {len(news) - _MAX_LINES} more: {format_command('changes', database)}"
